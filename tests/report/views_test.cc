// What the views show of odd rows.
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "report/sample_database.h"
#include "store/socket_row.h"
#include "support/catch.h"

namespace tcpsnap::report {
namespace {

using procnet::Timer;
using store::Database;
using store::PackCwndSsthresh;
using store::PackRtoAto;
using testing::Rows;
using testing::SampleDatabase;
using testing::Socket;
using Lines = std::vector<std::string>;

constexpr int64_t kNoon = 1'795'348'800'000;

TEST_CASE("views: addresses of both families, times with three decimals") {
  SampleDatabase sample(Database::OpenInMemory());
  sample.AddSnapshot("web1", kNoon + 7,
                     {{.direction = "in",
                       .local_ip = "255.255.255.255",
                       .local_port = 65535,
                       .remote_ip = "0.0.0.0",
                       .remote_port = 0},
                      {.family = 6,
                       .direction = "out",
                       .local_ip = "::1",
                       .local_port = 65535,
                       .remote_ip = "fe80::1",
                       .remote_port = 443},
                      {.family = 6, .direction = "in", .remote_ip = "192.168.1.5"}});
  CHECK(Rows(*sample,
             "SELECT taken_at, taken_ms, family, local_ip, local_port, remote_ip, remote_port,"
             " direction, service_port FROM sockets ORDER BY family, remote_ip") ==
        Lines{"2026-11-22 12:00:00.007|1795348800007|4|255.255.255.255|65535|0.0.0.0|0|in|65535",
              "2026-11-22 12:00:00.007|1795348800007|6|10.0.0.1|443|192.168.1.5|40000|in|443",
              "2026-11-22 12:00:00.007|1795348800007|6|::1|65535|fe80::1|443|out|443"});
  CHECK(Rows(*sample,
             "SELECT count(*) FROM sockets WHERE taken_at > datetime('2026-11-22 12:00')"
             " AND taken_at < datetime('2026-11-22 12:00:01')") == Lines{"3"});
}

TEST_CASE("views: timers, and what the kernel didn't print") {
  SampleDatabase sample(Database::OpenInMemory());
  std::vector<Socket> sockets;
  const uint64_t overflow = uint64_t{1} << 32;
  for (const auto& [timer, ticks] : std::vector<std::pair<Timer, uint64_t>>{
           {Timer::kOff, 0},
           {Timer::kOn, 200},
           {Timer::kKeepalive, 720'000},
           {Timer::kTimewait, 6000},
           {Timer::kPersist, 1},
           {Timer::kOn, overflow - 1},
           {Timer::kOff, overflow},
           {Timer::kOn, overflow},
           {Timer::kPersist, overflow},
       }) {
    sockets.push_back({.direction = "in", .timer = timer, .timer_ticks = ticks});
  }
  sample.AddSnapshot("web1", kNoon, sockets);
  const std::string sql = "SELECT timer, timer_expires_ms FROM sockets";
  CHECK(Rows(*sample, sql) == Lines{"off|NULL", "on|2000", "keepalive|7200000", "timewait|60000",
                                    "persist|10", "on|42949672950", "off|NULL", "on|NULL",
                                    "persist|NULL"});
  sample->Execute("UPDATE host SET ticks_per_second = 1024");
  CHECK(Rows(*sample, sql)[3] == "timewait|5859");
}

TEST_CASE("views: the packed columns, at their ends") {
  SampleDatabase sample(Database::OpenInMemory());
  sample.AddSnapshot("web1", kNoon, {{.direction = "in", .uid = -2}});
  const auto show = [&] {
    return Rows(*sample,
                "SELECT rto_ms, ato_ms, quick, pingpong, cwnd, ssthresh, uid, tx_queue, rx_queue,"
                " retransmits, probes FROM sockets")[0];
  };
  const auto unpack = [&](uint32_t rto, uint32_t ato, uint32_t quick_pingpong, uint32_t cwnd,
                          int32_t ssthresh) {
    sample->Prepare("UPDATE socket_row SET rto_ato = ?, cwnd_ssthresh = ?")
        .Bind(1, store::PackRtoAto(rto, ato, quick_pingpong))
        .Bind(2, store::PackCwndSsthresh(cwnd, ssthresh))
        .Run();
    return show();
  };
  CHECK(show() == "NULL|NULL|NULL|NULL|NULL|NULL|-2|0|0|0|0");
  CHECK(unpack(20, 4, 31, 10, -1) == "200|40|15|1|10|-1|-2|0|0|0|0");
  CHECK(unpack(4096, 256, 2, 4096, 2047) == "40960|2560|1|0|4096|2047|-2|0|0|0|0");
  CHECK(unpack(UINT32_MAX, (1u << 20) - 1, 1023, UINT32_MAX, INT32_MAX - 1) ==
        "42949672950|10485750|511|1|4294967295|2147483646|-2|0|0|0|0");

  sample
      ->Prepare(
          "UPDATE socket_row SET rto_ato = NULL, cwnd_ssthresh = NULL, queues = ?,"
          " retries = ?")
      .Bind(1, store::PackQueues(INT32_MAX, INT32_MAX))
      .Bind(2, store::PackRetries(UINT32_MAX, INT32_MAX))
      .Run();
  CHECK(show() == "NULL|NULL|NULL|NULL|NULL|NULL|-2|2147483647|2147483647|4294967295|2147483647");
  sample->Prepare("UPDATE socket_row SET retries = ?").Bind(1, store::PackRetries(3, -1)).Run();
  CHECK(show() == "NULL|NULL|NULL|NULL|NULL|NULL|-2|2147483647|2147483647|3|-1");
}

TEST_CASE("views: a snapshot of one family, or of no socket, has its row and its zeros") {
  SampleDatabase sample(Database::OpenInMemory());
  sample.AddSnapshot("a", kNoon, {{.direction = "in"}}, {4});
  sample.AddSnapshot("a", kNoon + 1, {{.family = 6, .direction = "in"}}, {6});
  sample.AddSnapshot("a", kNoon + 2, {});
  CHECK(Rows(*sample,
             "SELECT has_tcp, has_tcp6, sockets, row_count, duplicates, established, time_wait"
             " FROM snapshots ORDER BY taken_ms") ==
        Lines{"1|0|1|1|0|1|0", "0|1|1|1|0|1|0", "1|1|0|0|0|0|0"});
  CHECK(Rows(*sample, "SELECT count(*) FROM dumps") == Lines{"4"});
  CHECK(Rows(*sample, "SELECT sum(sockets) FROM counts") == Lines{"2"});
  CHECK(Rows(*sample, "SELECT count(*) FROM sockets") == Lines{"2"});
}

TEST_CASE("views: totals, census and samples tell the same") {
  SampleDatabase sample(Database::OpenInMemory());
  for (int i = 0; i < 20; ++i) {
    std::vector<Socket> sockets;
    for (int state = 1; state <= 11; ++state) {
      for (int n = 0; n < (i * state) % 4; ++n) {
        sockets.push_back({.family = n % 2 == 0 ? 4 : 6,
                           .state = state,
                           .direction = state == 10  ? "listen"
                                        : n % 3 == 0 ? "out"
                                                     : "in"});
      }
    }
    sample.AddSnapshot("h" + std::to_string(i % 2), kNoon + i, sockets);
  }
  const Lines samples =
      Rows(*sample,
           "SELECT host, taken_ms, state, count(*) FROM sockets GROUP BY 1, 2, 3 ORDER BY 1, 2, 3");
  CHECK(samples.size() > 100);
  CHECK(Rows(*sample,
             "SELECT host, taken_ms, state, sum(sockets) FROM counts GROUP BY 1, 2, 3"
             " ORDER BY 1, 2, 3") == samples);
  CHECK(Rows(*sample, "SELECT sum(time_wait), sum(closing), sum(sockets) FROM snapshots") ==
        Rows(*sample,
             "SELECT sum(state = 'TIME_WAIT'), sum(state = 'CLOSING'), count(*)"
             " FROM sockets"));
}

}  // namespace
}  // namespace tcpsnap::report
