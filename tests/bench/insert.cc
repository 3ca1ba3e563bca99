// The ceiling of an import: the rows of a capture, parsed and classified beforehand, inserted into
// the tables of a new database in one transaction. Only that is timed.
//
//   insert CAPTURE DATABASE
//   rows=2000000 census=70500 addresses=20000 seconds=0.71
//
// Of an import's tables these are the three that hold more than one row a dump.
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <map>
#include <string_view>
#include <vector>

#include "procnet/address.h"
#include "procnet/dump.h"
#include "read_capture.h"
#include "store/database.h"
#include "store/prepared_dump.h"
#include "store/staged_rows.h"

namespace {

using tcpsnap::procnet::Address;
using tcpsnap::store::CensusRow;
using tcpsnap::store::PreparedDump;
using tcpsnap::store::SocketRow;

struct Capture {
  std::vector<PreparedDump> dumps;
  std::vector<Address> addresses6;  ///< id - 1 is the place
  std::map<std::array<uint8_t, 16>, int64_t> ids;

  void Add(tcpsnap::procnet::DumpBuilder& builder) {
    const auto family = builder.family().value_or(tcpsnap::procnet::Family::kTcp);
    dumps.push_back(tcpsnap::store::PrepareDump(builder.TakeRecords(), family,
                                                tcpsnap::procnet::ByteOrder::kLittle));
    PreparedDump& dump = dumps.back();
    for (SocketRow& row : dump.rows) {
      row.local = WithId(dump, row.local);
      row.remote = WithId(dump, row.remote);
    }
  }

 private:
  // The number of an IPv6 address within its dump becomes the one it has in the database.
  int64_t WithId(const PreparedDump& dump, int64_t endpoint) {
    const int64_t key = tcpsnap::store::AddressKey(endpoint);
    if (key < tcpsnap::store::kFirstKey6) return endpoint;
    const Address& address = dump.addresses6[static_cast<size_t>(key - tcpsnap::store::kFirstKey6)];
    const auto [place, is_new] =
        ids.emplace(address.bytes, static_cast<int64_t>(addresses6.size()) + 1);
    if (is_new) addresses6.push_back(address);
    return tcpsnap::store::PackEndpoint(tcpsnap::store::kFirstKey6 + place->second,
                                        tcpsnap::store::Port(endpoint));
  }
};

void Insert(const Capture& capture, tcpsnap::store::Database& database) {
  tcpsnap::store::StagedRows staged(database, "socket_row", tcpsnap::store::kSocketRowColumns);
  auto census = database.Prepare(
      "INSERT INTO census (kind, service_port, sockets, tx_queue, rx_queue, retransmitting,"
      " unowned) VALUES (?, ?, ?, ?, ?, ?, ?)");
  auto address6 = database.Prepare("INSERT INTO address6 (bytes, text) VALUES (?, ?)");
  tcpsnap::store::Transaction transaction(database);
  for (const Address& address : capture.addresses6) {
    const auto* bytes = reinterpret_cast<const char*>(address.bytes.data());
    address6.BindBlob(1, {bytes, address.bytes.size()});
    address6.Bind(2, AddressText(address));
    address6.Run();
  }
  for (const PreparedDump& dump : capture.dumps) {
    staged.InsertRows(std::span(dump.rows));
    for (const CensusRow& row : dump.census) {
      int column = 0;
      for (const int64_t value : {row.kind, row.service_port, row.sockets, row.tx_queue,
                                  row.rx_queue, row.retransmitting, row.unowned}) {
        census.Bind(++column, value);
      }
      census.Run();
    }
  }
  transaction.Commit();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("insert CAPTURE DATABASE\n", stderr);
    return 2;
  }
  Capture capture;
  tcpsnap::bench::ReadCapture(argv[1],
                              [&](tcpsnap::procnet::DumpBuilder& dump) { capture.Add(dump); });
  auto database = tcpsnap::store::Database::OpenForImport(argv[2]);

  const auto begin = std::chrono::steady_clock::now();
  Insert(capture, database);
  const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - begin;

  size_t rows = 0;
  size_t census = 0;
  for (const PreparedDump& dump : capture.dumps) {
    rows += dump.rows.size();
    census += dump.census.size();
  }
  std::printf("rows=%zu census=%zu addresses=%zu seconds=%.6f\n", rows, census,
              capture.addresses6.size(), spent.count());
  return 0;
}
