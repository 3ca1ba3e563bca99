// When two reads are one dump, and which of them is the better one.
//
// The same host, family, time and rows are the same dump. A dump that its file ended in (open) may
// be the beginning of a longer one of the same host, family and time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "procnet/address.h"
#include "store/socket_row.h"

namespace tcpsnap::store {

/// A dump that the database has, as far as identity needs it.
struct StoredDump {
  int64_t id = 0;
  int64_t content_hash = 0;
  int64_t source_id = 0;
  int64_t byte_offset = 0;
  int64_t line = 0;
  bool open = false;
  int64_t row_count = 0;
  int64_t duplicates = 0;
  int64_t first_row = 0;
  int64_t last_row = 0;
  int64_t first_census = 0;
  int64_t last_census = 0;
  std::string time_origin;
  std::string byte_order;
  std::string byte_order_origin;
  int64_t ordinal = 0;
};

/// True when both rows are of one socket, as far as that stays the same while it is listed.
bool IsSameSocket(const SocketRow& a, const SocketRow& b);

/// True when `shorter` is what a read of `longer` looks like that was cut: every row of it is in
/// `longer`, but for those of which the rest of the dump brought a fresher copy.
bool IsBeginning(std::vector<SocketRow> shorter, std::vector<SocketRow> longer,
                 int64_t longer_duplicates);

/// "little" or "big".
std::string_view ByteOrderName(procnet::ByteOrder order);

/// True when the rows of a dump that is there must be read anew: the other byte order is better
/// founded (given over told over voted over assumed).
bool CorrectsByteOrder(const StoredDump& stored, procnet::ByteOrder order, std::string_view origin);

/// True when a time from `origin` is trusted more than one from `other`: marker, prefix, name,
/// date_file, mtime, given.
bool IsBetterTimeOrigin(std::string_view origin, std::string_view other);

}  // namespace tcpsnap::store
