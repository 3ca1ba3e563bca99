#include "store/known_dumps.h"

#include <string_view>

namespace tcpsnap::store {

KnownDumps::KnownDumps(Database& database)
    : find_(database.Prepare("SELECT 1 FROM host AS h CROSS JOIN dump AS d ON d.host_id = h.id"
                             " WHERE h.name = ? AND h.netns = ? AND d.family = ? AND d.taken_ms = ?"
                             " AND d.content_hash = ?")) {}

bool KnownDumps::Has(const std::string& host, const std::string& netns, int64_t taken_ms,
                     const PreparedDump& dump) {
  find_.Bind(1, std::string_view(host)).Bind(2, std::string_view(netns));
  find_.Bind(3, static_cast<int64_t>(dump.family)).Bind(4, taken_ms);
  find_.Bind(5, static_cast<int64_t>(dump.content_hash));
  const bool found = find_.Step();
  find_.Reset();
  return found;
}

KnownOrders KnownByteOrders(Database& database) {
  Statement find = database.Prepare(
      "SELECT h.name, h.netns, (SELECT d.byte_order = 'little' FROM dump AS d"
      " WHERE d.host_id = h.id AND d.byte_order_origin <> 'assumed' LIMIT 1) FROM host AS h");
  KnownOrders orders;
  while (find.Step()) {
    if (find.Type(2) == ValueType::kNull) continue;
    orders[{std::string(find.Text(0)), std::string(find.Text(1))}] =
        find.Integer(2) == 1 ? procnet::ByteOrder::kLittle : procnet::ByteOrder::kBig;
  }
  return orders;
}

}  // namespace tcpsnap::store
