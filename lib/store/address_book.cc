#include "store/address_book.h"

#include <string_view>

namespace tcpsnap::store {

AddressBook::AddressBook(Database& database)
    : database_(database),
      find_(database.Prepare("SELECT id FROM address6 WHERE bytes = ?")),
      insert_(database.Prepare("INSERT INTO address6 (bytes, text) VALUES (?, ?)")) {}

int64_t AddressBook::Id(const procnet::Address& address) {
  constexpr size_t kMost = 100'000;
  if (ids_.size() >= kMost) Forget();
  const uint32_t number = known_.Intern(address);
  if (number < ids_.size()) return ids_[number];
  const std::string_view bytes(reinterpret_cast<const char*>(address.bytes.data()),
                               address.bytes.size());
  int64_t id = 0;
  find_.BindBlob(1, bytes);
  if (find_.Step()) {
    id = find_.Integer(0);
  } else {
    insert_.BindBlob(1, bytes).Bind(2, std::string_view(AddressText(address))).Run();
    id = database_.LastInsertRowId();
  }
  find_.Reset();
  ids_.push_back(id);
  return id;
}

void AddressBook::Forget() {
  known_.Clear();
  ids_.clear();
}

}  // namespace tcpsnap::store
