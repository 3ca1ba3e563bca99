// The ids that the database gives to IPv6 addresses.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

#include "procnet/address.h"
#include "store/database.h"

namespace tcpsnap::store {

class AddressBook {
 public:
  explicit AddressBook(Database& database);

  /// address6.id, a new row if there was none. Memory is bounded: beyond 100 thousand addresses the
  /// index of the table is asked again.
  int64_t Id(const procnet::Address& address);
  /// After a rollback the ids may be others.
  void Forget() { ids_.clear(); }

 private:
  Database& database_;
  Statement find_;
  Statement insert_;
  std::unordered_map<std::string, int64_t> ids_;  // by the 16 bytes
};

}  // namespace tcpsnap::store
