// Asks whether a database has a dump already, without importing.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "store/database.h"
#include "store/prepared_dump.h"

namespace tcpsnap::store {

class KnownDumps {
 public:
  explicit KnownDumps(Database& database);
  /// True when the same rows of the same host, family and time are there.
  bool Has(const std::string& host, const std::string& netns, int64_t taken_ms,
           const PreparedDump& dump);

 private:
  Statement find_;
};

/// By name and network namespace of a host.
using KnownOrders = std::map<std::pair<std::string, std::string>, procnet::ByteOrder>;

/// The byte order that the dumps of each host show or were given; hosts without such dumps are not
/// there.
KnownOrders KnownByteOrders(Database& database);

}  // namespace tcpsnap::store
