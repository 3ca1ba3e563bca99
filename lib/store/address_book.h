// The ids that the database gives to IPv6 addresses.
#pragma once

#include <cstdint>
#include <vector>

#include "procnet/address.h"
#include "store/database.h"
#include "store/interner.h"

namespace tcpsnap::store {

class AddressBook {
 public:
  explicit AddressBook(Database& database);

  /// address6.id, a new row if there was none. Memory is bounded: beyond 100 thousand addresses the
  /// index of the table is asked again.
  int64_t Id(const procnet::Address& address);
  /// After a rollback the ids may be others.
  void Forget();

 private:
  Database& database_;
  Statement find_;
  Statement insert_;
  Interner<procnet::Address, AddressHash> known_;
  std::vector<int64_t> ids_;  ///< of those, by their numbers
};

}  // namespace tcpsnap::store
