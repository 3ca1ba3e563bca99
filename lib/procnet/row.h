// One line -> one record.
//
//    0: 0100007F:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0
//   371114 1 00000000c1b4bb9e 100 0 0 10 0
//    2: 0100007F:D87E 0100007F:1538 06 00000000:00000000 03:00001770 00000000     0        0
//   0 3 000000009a7fc3b1
//    0: 00000000:0071 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 120494
//
// Refused: anything whose columns do not stand in this order, bad or oversized numbers, states that
// the kernel never prints, and rows that were cut. The number of tokens decides what is cut, since
// a row cut inside its inode reads as a plausible socket: 17 or more are whole; 12 only in states
// 03, 05 and 06, and then only with inode 0 and (05, 06) the timewait timer, as a minisocket or
// request socket has; 10 only where every row of the dump has 10 (Linux 2.2, checked by
// DumpBuilder); any other number is cut, unless the header names further columns. What follows the
// last column must be such columns: another row or a time behind it means that a line end was lost.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "procnet/reason.h"
#include "procnet/socket_record.h"

namespace tcpsnap::procnet {

/// What the header of a dump tells about its rows.
struct RowFormat {
  /// How many columns it names behind those of the kernel (2 for a vendor's `pid comm`); nullopt
  /// without a header: any number may follow.
  std::optional<int> extra_columns;
};

/// The outcome of one line: `reason` is kNone and `record` is filled, or it says what is wrong and
/// `column` (0-based byte in the line) where.
struct RowResult {
  Reason reason = Reason::kNone;
  size_t column = 0;
};

/// Parses one line without its line end (a trailing '\r' is taken as one). Trailing blanks are
/// skipped. This is the complete parser; ParseRows in row_fast.h is its fast path.
RowResult ParseRow(std::string_view line, RowFormat format, SocketRecord& record) noexcept;

/// What a line looks like, judged by its beginning and its words, not by its columns.
enum class Likeness : uint8_t {
  kOther,  ///< other text
  kRow,    ///< a row, whole or damaged: `12: 0100...`, or an endpoint (`0100007F:1F90`) somewhere
  kFragment,  ///< four or more numbers: behind a row that was cut, the rest of a wrapped one
};
Likeness LooksLike(std::string_view line) noexcept;

}  // namespace tcpsnap::procnet
