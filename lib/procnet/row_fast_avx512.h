// A row of row_fast.h on CPUs with AVX-512 VBMI2: without a branch on what stands in its columns.
#pragma once

#include <cstddef>

#include "procnet/row_fast.h"
#include "procnet/socket_record.h"

namespace tcpsnap::procnet {

/// True where ParseRowsAvx512 can run: on x86-64 with AVX-512 VBMI and VBMI2 (Intel Ice Lake,
/// AMD Zen 4 and later).
bool HasAvx512() noexcept;

/// ParseRows for fewer rows: it stops at some that ParseRowsPortable takes (a uid or count of many
/// digits, rows wider than usual). Takes nothing where HasAvx512() is compiled out.
RowsParsed ParseRowsAvx512(const char* begin, const char* end, Family family, SocketRecord* records,
                           size_t capacity) noexcept;

}  // namespace tcpsnap::procnet
