// What it costs to follow connections: the sockets of a capture, parsed and classified beforehand,
// followed from dump to dump and written to the derived tables of a new database. Only that is
// timed.
//
//   follow CAPTURE DATABASE INTERVAL     seconds between its snapshots; two dumps are one snapshot
//   rows=2000000 seconds=0.21
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "prepared_capture.h"
#include "store/connection_follower.h"
#include "store/database.h"

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fputs("follow CAPTURE DATABASE INTERVAL\n", stderr);
    return 2;
  }
  tcpsnap::bench::PreparedCapture capture(argv[1]);
  const int64_t interval_ms = std::atoll(argv[3]) * 1000;
  auto database = tcpsnap::store::Database::OpenForImport(argv[2]);
  database.Execute("INSERT INTO host (id, name) VALUES (1, 'web1')");

  const auto begin = std::chrono::steady_clock::now();
  tcpsnap::store::Transaction transaction(database);
  tcpsnap::store::ConnectionFollower follower(database);
  int64_t rows = 0;
  int64_t dump_id = 0;
  for (tcpsnap::store::PreparedDump& dump : capture.dumps) {
    const int64_t taken_ms = (1 + dump_id / 2) * interval_ms;
    const int64_t first_row = rows + 1;
    rows += static_cast<int64_t>(dump.rows.size());
    follower.Add({1, static_cast<int64_t>(dump.family), ++dump_id, taken_ms, 0, 0, first_row,
                  std::move(dump.rows)});
  }
  follower.Finish([](int64_t) {});
  transaction.Commit();
  const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - begin;
  std::printf("rows=%lld seconds=%.6f\n", static_cast<long long>(rows), spent.count());
  return 0;
}
