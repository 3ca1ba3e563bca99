// Many lines -> many records: the common shapes of a row, without splitting the text first.
#pragma once

#include <cstddef>

#include "procnet/socket_record.h"

namespace tcpsnap::procnet {

/// Bytes that must be readable behind the end of a text given to ParseRows; their values are free.
inline constexpr size_t kReadAhead = 256;

struct RowsParsed {
  const char* stop;  ///< the first byte that was not consumed: the start of a line, or `end`
  size_t count;      ///< records written
};

/// Parses consecutive whole rows of `family`, each ended by '\n', from `begin`, until a line is no
/// row of the kernel's present formats, the text ends or `capacity` records are written. A line
/// that stops it is not judged: hand it to ParseRow. What it takes, ParseRow (with no extra
/// columns) takes too, with the same record.
RowsParsed ParseRows(const char* begin, const char* end, Family family, SocketRecord* records,
                     size_t capacity) noexcept;

/// The same, without what is particular to a CPU (row_fast_avx2.h, row_fast_avx512.h).
RowsParsed ParseRowsPortable(const char* begin, const char* end, Family family,
                             SocketRecord* records, size_t capacity) noexcept;

}  // namespace tcpsnap::procnet
