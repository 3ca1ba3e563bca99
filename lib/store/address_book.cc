#include "store/address_book.h"

#include <string_view>

namespace tcpsnap::store {

AddressBook::AddressBook(Database& database)
    : database_(database),
      find_(database.Prepare("SELECT id FROM address6 WHERE bytes = ?")),
      insert_(database.Prepare("INSERT INTO address6 (bytes, text) VALUES (?, ?)")) {}

int64_t AddressBook::Id(const procnet::Address& address) {
  const std::string bytes(reinterpret_cast<const char*>(address.bytes.data()),
                          address.bytes.size());
  if (const auto known = ids_.find(bytes); known != ids_.end()) return known->second;
  constexpr size_t kMost = 100'000;
  if (ids_.size() >= kMost) ids_.clear();
  int64_t id = 0;
  find_.BindBlob(1, bytes);
  if (find_.Step()) {
    id = find_.Integer(0);
  } else {
    insert_.BindBlob(1, bytes).Bind(2, std::string_view(AddressText(address))).Run();
    id = database_.LastInsertRowId();
  }
  find_.Reset();
  ids_.emplace(bytes, id);
  return id;
}

}  // namespace tcpsnap::store
