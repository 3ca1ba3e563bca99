// The ceiling of an import: the rows that it writes, made beforehand, inserted into the tables of a
// new database in one transaction. Only that is timed.
//
//   insert CAPTURE DATABASE INTERVAL [values]
//   rows=2000000 census=70500 addresses=20000 seconds=0.45
//
// INTERVAL is the seconds between its snapshots; two dumps are one snapshot. `values`: samples and
// census by INSERT ... SELECT from a virtual table, value by value; else by whole records, as an
// import writes them (store/appended_rows.h).
//
// Of an import's tables these are the ones that hold more than one row a dump.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <span>
#include <string_view>

#include "prepared_capture.h"
#include "store/appended_rows.h"
#include "store/connection_tracker.h"
#include "store/database.h"
#include "store/derived_writer.h"
#include "store/staged_rows.h"

namespace {

using tcpsnap::bench::PreparedCapture;
using tcpsnap::procnet::Address;
using tcpsnap::procnet::Family;
using tcpsnap::store::ConnectionTracker;
using tcpsnap::store::PreparedDump;

void Follow(const PreparedCapture& capture, int64_t interval_ms,
            tcpsnap::store::DerivedWriter& derived) {
  std::map<Family, ConnectionTracker> trackers;
  int64_t dump_id = 0;
  int64_t rows = 0;
  for (const PreparedDump& dump : capture.dumps) {
    const int64_t taken_ms = (1 + dump_id / 2) * interval_ms;
    ConnectionTracker& tracker = trackers.try_emplace(dump.family, 100, derived).first->second;
    tracker.Follow({++dump_id, taken_ms, rows + 1, dump.rows});
    rows += static_cast<int64_t>(dump.rows.size());
  }
  for (auto& [family, tracker] : trackers) {
    while (tracker.FinishSome()) {
    }
  }
}

template <typename Writer>
void Insert(const PreparedCapture& capture, tcpsnap::store::Database& database,
            tcpsnap::store::DerivedWriter& derived) {
  Writer rows(database, "socket_row", tcpsnap::store::kSocketRowColumns);
  Writer census(database, "census", tcpsnap::store::kCensusColumns);
  auto address6 = database.Prepare("INSERT INTO address6 (bytes, text) VALUES (?, ?)");
  tcpsnap::store::Transaction transaction(database);
  for (const Address& address : capture.addresses6) {
    const auto* bytes = reinterpret_cast<const char*>(address.bytes.data());
    address6.BindBlob(1, {bytes, address.bytes.size()});
    address6.Bind(2, AddressText(address));
    address6.Run();
  }
  for (const PreparedDump& dump : capture.dumps) {
    rows.Insert(ValuesOf(dump.rows));
    census.Insert(ValuesOf(dump.census));
  }
  derived.Write();
  transaction.Commit();
}

}  // namespace

int main(int argc, char** argv) {
  const bool by_values = argc == 5 && argv[4] == std::string_view("values");
  if (argc != 4 && !by_values) {
    std::fputs("insert CAPTURE DATABASE INTERVAL [values]\n", stderr);
    return 2;
  }
  const PreparedCapture capture(argv[1]);
  auto database = tcpsnap::store::Database::OpenForImport(argv[2]);
  tcpsnap::store::DerivedWriter derived(database);
  Follow(capture, std::atoll(argv[3]) * 1000, derived);

  const auto begin = std::chrono::steady_clock::now();
  if (by_values) {
    Insert<tcpsnap::store::StagedRows>(capture, database, derived);
  } else {
    Insert<tcpsnap::store::AppendedRows>(capture, database, derived);
  }
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
