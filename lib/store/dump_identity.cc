#include "store/dump_identity.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <set>
#include <tuple>

namespace tcpsnap::store {
namespace {

// How far an origin is trusted: the place in a list that begins with the least.
template <size_t kCount>
size_t Trust(const std::array<std::string_view, kCount>& list, std::string_view origin) {
  return static_cast<size_t>(std::find(list.begin(), list.end(), origin) - list.begin());
}
constexpr std::array<std::string_view, 6> kTimeOrigins = {"given", "mtime",  "date_file",
                                                          "name",  "prefix", "marker"};
constexpr std::array<std::string_view, 4> kByteOrderOrigins = {"assumed", "voted", "told", "given"};

std::tuple<int64_t, int64_t, int64_t> Identity(const SocketRow& row) {
  return {row.local, row.remote, row.inode};
}

}  // namespace

bool IsSameSocket(const SocketRow& a, const SocketRow& b) { return Identity(a) == Identity(b); }

bool IsBeginning(std::vector<SocketRow> shorter, std::vector<SocketRow> longer,
                 int64_t longer_duplicates) {
  if (shorter.size() > longer.size()) return false;
  // Direction and is_local are decided over the whole dump: a later row may change them.
  for (std::vector<SocketRow>* rows : {&shorter, &longer}) {
    for (SocketRow& row : *rows) row.kind &= ~kWholeDumpKindBits;
    std::sort(rows->begin(), rows->end());
  }
  std::vector<SocketRow> missing;
  std::set_difference(shorter.begin(), shorter.end(), longer.begin(), longer.end(),
                      std::back_inserter(missing));
  if (static_cast<int64_t>(missing.size()) > longer_duplicates) return false;
  if (missing.empty()) return true;
  std::set<std::tuple<int64_t, int64_t, int64_t>> sockets;
  for (const SocketRow& row : longer) sockets.insert(Identity(row));
  return std::all_of(missing.begin(), missing.end(),
                     [&](const SocketRow& row) { return sockets.contains(Identity(row)); });
}

std::string_view ByteOrderName(procnet::ByteOrder order) {
  return order == procnet::ByteOrder::kLittle ? "little" : "big";
}

bool CorrectsByteOrder(const StoredDump& stored, procnet::ByteOrder order,
                       std::string_view origin) {
  return stored.byte_order != ByteOrderName(order) && origin != "assumed" &&
         Trust(kByteOrderOrigins, origin) >= Trust(kByteOrderOrigins, stored.byte_order_origin);
}

bool IsBetterTimeOrigin(std::string_view origin, std::string_view other) {
  return Trust(kTimeOrigins, origin) > Trust(kTimeOrigins, other);
}

}  // namespace tcpsnap::store
