// The ceiling of an import: the rows of a capture, parsed and classified beforehand, inserted into
// the tables of a new database in one transaction. Only that is timed.
//
//   insert CAPTURE DATABASE
//   rows=2000000 census=70500 addresses=20000 seconds=0.71
//
// Of an import's tables these are the three that hold more than one row a dump.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <span>

#include "prepared_capture.h"
#include "store/database.h"
#include "store/staged_rows.h"

namespace {

using tcpsnap::bench::PreparedCapture;
using tcpsnap::procnet::Address;
using tcpsnap::store::PreparedDump;

void Insert(const PreparedCapture& capture, tcpsnap::store::Database& database) {
  tcpsnap::store::StagedRows staged(database, "socket_row", tcpsnap::store::kSocketRowColumns);
  tcpsnap::store::StagedRows census(database, "census", tcpsnap::store::kCensusColumns);
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
    census.InsertRows(std::span(dump.census));
  }
  transaction.Commit();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("insert CAPTURE DATABASE\n", stderr);
    return 2;
  }
  const PreparedCapture capture(argv[1]);
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
