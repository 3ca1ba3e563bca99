// One dump: the rows of one read of tcp or tcp6, without the copies that the kernel repeats.
//
// A read of a changing table repeats rows (input: the seq_file resumes by bucket and offset, and at
// the end rescans from the start), so within one dump equal endpoints with the same inode (if not
// 0), else the same pointer (if not 0), else nothing more, are one socket; the last copy is kept.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
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

/// Collects the rows of one dump. Reuse it (Clear) to keep its memory.
class DumpBuilder {
 public:
  /// Starts over, for a dump whose header line is `header` (or that has none).
  void Clear(Header header = {});

  /// Consumes as many whole rows as it can from `text`, which must be followed by kReadAhead
  /// readable bytes and start at a line. Returns the bytes consumed, always up to a line's start;
  /// `position` is moved along.
  size_t AddRows(std::string_view text, LinePosition& position);

  /// Adds one line, by the complete parser. `terminated` is false for a last line without '\n',
  /// which is taken only when it is surely whole. Returns false when it was refused (then it
  /// stands in refused()).
  bool AddLine(std::string_view line, LinePosition position, bool terminated);

  /// Notes a line as refused that was found to belong to this dump.
  void Refuse(std::string_view line, LinePosition position, size_t column, Reason reason);

  /// The family of the rows so far.
  std::optional<Family> family() const { return family_; }
  /// True when no row has been added or refused.
  bool empty() const { return records_.empty() && refused_.empty(); }
  /// Rows taken so far, copies included.
  size_t row_count() const { return records_.size(); }
  const std::vector<SocketRecord>& records() const { return records_; }
  const std::vector<RefusedLine>& refused() const { return refused_; }

 private:
  struct Linux22Row;
  void ResolveLinux22();

  Header header_;
  std::optional<Family> family_;
  bool padded_ = false;  ///< some tcp row or the header was padded to 149
  std::vector<SocketRecord> records_;
  std::vector<RefusedLine> refused_;
};

/// Moves the copies that are kept to the front of `records`, in the order of the last copies, and
/// returns how many they are. The rest are the duplicates.
size_t DropDuplicates(std::vector<SocketRecord>& records);

/// A dump parsed from memory, for users of this library alone.
struct Dump {
  Family family = Family::kTcp;
  ByteOrder byte_order = ByteOrder::kLittle;
  bool byte_order_decided = false;
  std::vector<SocketRecord> sockets;  ///< duplicates dropped
  size_t duplicates = 0;
  std::vector<RefusedLine> refused;
  size_t other_lines = 0;  ///< lines that are neither rows nor the header (blank ones not counted)
  Table table = Table::kNone;  ///< what the header announced; rows of kUdp and kUnix are not read
};

/// Parses the text of one read of one file. Rows of the other family are refused (kForeignFamily).
/// `order` overrides the vote.
Dump ParseDump(std::string_view text, std::optional<ByteOrder> order = std::nullopt);

}  // namespace tcpsnap::procnet
