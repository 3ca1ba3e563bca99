#include "store/host_facts.h"

#include <algorithm>
#include <string_view>
#include <tuple>

namespace tcpsnap::store {

bool HostFacts::TellsNothing() const {
  return !uname && !port_range_low && !port_range_high && !somaxconn && !tcp_max_tw_buckets;
}

HostFacts LaterFacts(const HostFacts& a, const HostFacts& b) {
  if (a.TellsNothing()) return b;
  if (b.TellsNothing()) return a;
  if (a.told_ms != b.told_ms) return a.told_ms < b.told_ms ? b : a;
  HostFacts both = a;
  both.uname = std::max(a.uname, b.uname);
  std::tie(both.port_range_low, both.port_range_high) = std::max(
      std::tie(a.port_range_low, a.port_range_high), std::tie(b.port_range_low, b.port_range_high));
  both.somaxconn = std::max(a.somaxconn, b.somaxconn);
  both.tcp_max_tw_buckets = std::max(a.tcp_max_tw_buckets, b.tcp_max_tw_buckets);
  return both;
}

HostFacts ReadHostFacts(Database& database, int64_t host_id) {
  Statement find = database.Prepare(
      "SELECT facts_ms, uname, port_range_low, port_range_high, somaxconn, tcp_max_tw_buckets"
      " FROM host WHERE id = ?");
  HostFacts facts;
  find.Bind(1, host_id);
  if (!find.Step()) return facts;
  const auto integer = [&](int column) {
    return find.Type(column) == ValueType::kNull ? std::nullopt
                                                 : std::optional(find.Integer(column));
  };
  facts.told_ms = integer(0);
  if (find.Type(1) != ValueType::kNull) facts.uname = find.Text(1);
  facts.port_range_low = integer(2);
  facts.port_range_high = integer(3);
  facts.somaxconn = integer(4);
  facts.tcp_max_tw_buckets = integer(5);
  return facts;
}

void WriteHostFacts(Database& database, int64_t host_id, const HostFacts& facts) {
  Statement update = database.Prepare(
      "UPDATE host SET facts_ms = ?, uname = ?, port_range_low = ?, port_range_high = ?,"
      " somaxconn = ?, tcp_max_tw_buckets = ? WHERE id = ?");
  update.Bind(1, facts.told_ms);
  if (facts.uname) {
    update.Bind(2, std::string_view(*facts.uname));
  } else {
    update.BindNull(2);
  }
  update.Bind(3, facts.port_range_low).Bind(4, facts.port_range_high).Bind(5, facts.somaxconn);
  update.Bind(6, facts.tcp_max_tw_buckets).Bind(7, host_id).Run();
}

}  // namespace tcpsnap::store
