// One dump: the rows of one read of tcp or tcp6, without the copies that the kernel repeats.
//
// A read of a changing table repeats rows (input: the seq_file resumes by bucket and offset, and at
// the end rescans from the start), so within one dump equal endpoints with the same inode (if not
// 0), else the same pointer (if not 0), else nothing more, are one socket; the last copy is kept.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "procnet/address.h"
#include "procnet/header.h"
#include "procnet/reason.h"
#include "procnet/row.h"
#include "procnet/socket_record.h"

namespace tcpsnap::procnet {

/// Where a line stands in its file.
struct LinePosition {
  uint64_t line = 0;    ///< 1-based
  uint64_t offset = 0;  ///< bytes before it
};

/// A line that was refused, whole, with the place and the reason.
struct RefusedLine {
  LinePosition position;
  size_t column = 0;  ///< 0-based byte in `text`
  Reason reason = Reason::kNone;
  std::string text;
};

/// Leaves new elements as they are: the parser fills every byte of a record, zeroing them before
/// would write the memory twice.
template <typename T>
struct UninitializedAllocator : std::allocator<T> {
  template <typename U>
  struct rebind {
    using other = UninitializedAllocator<U>;
  };
  template <typename U>
  void construct(U* place) noexcept {
    ::new (static_cast<void*>(place)) U;
  }
  template <typename U, typename... Args>
  void construct(U* place, Args&&... args) {
    ::new (static_cast<void*>(place)) U(std::forward<Args>(args)...);
  }
};
using Records = std::vector<SocketRecord, UninitializedAllocator<SocketRecord>>;

/// Collects the rows of one dump. Reuse it (Clear) to keep its memory.
class DumpBuilder {
 public:
  /// Which row begins another read, though no header stands above it.
  enum class Restart : uint8_t {
    kNever,
    kAtZero,      ///< a second row 0, below one of a higher number
    kAtNoHigher,  ///< a row numbered no higher than the one above it
  };

  /// Starts over, for a dump whose header line is `header` (or that has none).
  void Clear(const Header& header = {});

  /// Consumes as many whole rows of the common shape as it can from `text`, which must start at a
  /// line and be followed by kReadAhead readable bytes. Returns the bytes consumed, always up to a
  /// line's start, and moves `position` along. Takes nothing before the first row, which AddLine
  /// must take: it tells what the others look like; nor a row that `restart` speaks of, or that
  /// falls.
  size_t AddRows(std::string_view text, LinePosition& position, Restart restart = Restart::kNever);

  /// True when the line, which is no header, belongs to the rows: whole, damaged, or the rest of
  /// one that was cut before it. Everything else is other text.
  bool Wants(std::string_view line, bool terminated) const;

  enum class Added : uint8_t {
    kTaken,
    kRefused,      ///< it stands in refused()
    kOtherFamily,  ///< a whole row of the other family: it belongs to another dump; nothing was
                   ///< done
    kRestarts,     ///< a whole row that `restart` speaks of; nothing was done
    kFalls,        ///< numbered no higher than the row above, where all were numbered from 0 on:
                   ///< what was between them is lost; nothing was done (not with kNever)
  };
  /// Adds one line, by the complete parser. `terminated` is false for a last line without '\n',
  /// which is taken only when it is surely whole.
  Added AddLine(std::string_view line, LinePosition position, bool terminated,
                Restart restart = Restart::kNever);

  /// Notes a line as refused that was found to belong to this dump.
  void Refuse(std::string_view line, LinePosition position, size_t column, Reason reason);

  /// Shows the last refused line with what stood before it in its file.
  void PrependToLastRefused(std::string_view prefix);

  /// The family of the rows so far.
  std::optional<Family> family() const { return family_; }
  /// True when no row has been added or refused.
  bool empty() const { return records_.empty() && refused_.empty(); }
  /// Rows taken so far, copies included.
  const Records& records() const { return records_; }
  const std::vector<RefusedLine>& refused() const { return refused_; }
  /// Hands the rows over and leaves none.
  Records TakeRecords() { return std::exchange(records_, {}); }
  std::vector<RefusedLine> TakeRefused() { return std::exchange(refused_, {}); }

 private:
  struct PlacedLine {
    LinePosition position;
    std::string text;
  };
  bool Restarts(uint64_t last, uint64_t slot, Restart restart) const;
  bool Falls(uint64_t last, uint64_t slot) const;
  void LearnFrom(std::string_view first_line, const SocketRecord& record);
  bool IsSurelyWhole(std::string_view line, const SocketRecord& record) const;
  void RefuseLinux22Rows();

  Header header_;
  std::optional<Family> family_;
  bool padded_ = false;        ///< the header or some tcp row was padded to 149
  bool last_was_cut_ = false;  ///< the last line was refused
  bool has_row_zero_ = false;
  bool is_contiguous_ = false;  ///< the rows are numbered 0, 1, 2, ...
  size_t pointer_digits_ = 0;   ///< of the first row; 0 where it has no pointer
  Records records_;
  std::vector<RefusedLine> refused_;
  std::vector<PlacedLine> linux22_rows_;  ///< the rows so far, while all of them have 10 columns
};

/// True when both are rows of one socket within a dump: equal endpoints, and the same inode if it
/// is not 0, else the same pointer (hidden pointers are all 0).
bool IsCopy(const SocketRecord& a, const SocketRecord& b) noexcept;

/// Moves the last copy of each socket to the front, keeping their order, and drops the others.
/// Returns how many rows were dropped.
size_t DropDuplicates(Records& records);

/// A dump parsed from memory, for users of this library alone.
struct Dump {
  Family family = Family::kTcp;
  ByteOrder byte_order = ByteOrder::kLittle;
  bool byte_order_decided = false;
  Records sockets;  ///< duplicates dropped
  size_t duplicates = 0;
  std::vector<RefusedLine> refused;
  size_t other_lines = 0;  ///< lines that are neither rows nor the header (blank ones not counted)
  Table table = Table::kNone;  ///< what the header announced; rows of kUdp and kUnix are not read
};

/// Parses the text of one read of one file. Rows of the other family are refused (kForeignFamily).
/// `order` overrides the vote.
Dump ParseDump(std::string_view text, std::optional<ByteOrder> order = std::nullopt);

}  // namespace tcpsnap::procnet
