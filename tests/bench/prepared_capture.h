// A capture as the importer's thread gets it: prepared dumps whose addresses have their numbers.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <vector>

#include "procnet/address.h"
#include "procnet/dump.h"
#include "read_capture.h"
#include "store/prepared_dump.h"

namespace tcpsnap::bench {

struct PreparedCapture {
  std::vector<store::PreparedDump> dumps;
  std::vector<procnet::Address> addresses6;  ///< id - 1 is the place

  explicit PreparedCapture(const char* path) {
    ReadCapture(path, [this](procnet::DumpBuilder& dump) { Add(dump); });
  }

 private:
  void Add(procnet::DumpBuilder& builder) {
    const auto family = builder.family().value_or(procnet::Family::kTcp);
    dumps.push_back(store::PrepareDump(builder.TakeRecords(), family, procnet::ByteOrder::kLittle));
    store::PreparedDump& dump = dumps.back();
    for (store::SocketRow& row : dump.rows) {
      row.local = WithId(dump, row.local);
      row.remote = WithId(dump, row.remote);
    }
  }
  // The number of an IPv6 address within its dump becomes the one it has in the database.
  int64_t WithId(const store::PreparedDump& dump, int64_t endpoint) {
    const int64_t key = store::AddressKey(endpoint);
    if (key < store::kFirstKey6) return endpoint;
    const procnet::Address& address = dump.addresses6[static_cast<size_t>(key - store::kFirstKey6)];
    const auto [place, is_new] =
        ids_.emplace(address.bytes, static_cast<int64_t>(addresses6.size()) + 1);
    if (is_new) addresses6.push_back(address);
    return store::PackEndpoint(store::kFirstKey6 + place->second, store::Port(endpoint));
  }

  std::map<std::array<uint8_t, 16>, int64_t> ids_;
};

}  // namespace tcpsnap::bench
