// Asks whether a database has a dump already, without importing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

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

/// The byte order that the dumps of a host show or were given; nullopt where there are none.
std::optional<procnet::ByteOrder> KnownByteOrder(Database& database, const std::string& host,
                                                 const std::string& netns);

}  // namespace tcpsnap::store
