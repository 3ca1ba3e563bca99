// A row of row_fast.h on CPUs with AVX2: without a branch on what stands in its columns.
#pragma once

#include <cstddef>

#include "procnet/row_fast.h"
#include "procnet/socket_record.h"

namespace tcpsnap::procnet {

/// True where ParseRowsAvx2 can run: on x86-64 with AVX2, BMI and POPCNT (Intel Haswell, AMD Zen
/// and later).
bool HasAvx2() noexcept;

/// ParseRows for fewer rows: it stops at some that ParseRowsPortable takes (a uid or count of many
/// digits, pointers of 8 digits, rows wider than usual). Takes nothing where HasAvx2() is compiled
/// out.
RowsParsed ParseRowsAvx2(const char* begin, const char* end, Family family, SocketRecord* records,
                         size_t capacity) noexcept;

}  // namespace tcpsnap::procnet
