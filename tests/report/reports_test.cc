// The built-in reports: the rules of counting, and agreement with SQL over the views.
#include <cmath>
#include <cstdio>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "report/error.h"
#include "report/message_of.h"
#include "report/run_report.h"
#include "report/sample_database.h"
#include "support/catch.h"

namespace tcpsnap::report {
namespace {

using store::Database;
using testing::All;
using testing::Contains;
using testing::MessageOf;
using testing::Rows;
using testing::RunReport;
using testing::SampleDatabase;
using testing::Socket;
using testing::Times;
using Lines = std::vector<std::string>;

constexpr int64_t kSecond = 1000;
constexpr int64_t kMinute = 60 * kSecond;
constexpr int64_t kHour = 60 * kMinute;
constexpr int64_t kNoon = 1'795'348'800'000;  // 2026-11-22T12:00:00Z

const Socket kListen = {
    .state = 10, .direction = "listen", .remote_ip = "0.0.0.0", .remote_port = 0};
const Socket kIn = {.state = 1, .direction = "in"};
const Socket kInWaiting = {.state = 6, .direction = "in"};
const Socket kOutWaiting = {.state = 6,
                            .direction = "out",
                            .local_port = 50000,
                            .remote_ip = "10.0.0.7",
                            .remote_port = 5432};
const Socket kSelfWaiting = {.state = 6,
                             .direction = "out",
                             .local_port = 50001,
                             .remote_ip = "10.0.0.1",
                             .remote_port = 443,
                             .is_local = true};
const Socket kV6Waiting = {.family = 6,
                           .state = 6,
                           .direction = "in",
                           .local_ip = "fe80::1",
                           .remote_ip = "2001:db8::5",
                           .remote_port = 999};

/// web1: 12:00:00 two waiting, 12:00:30 none, 13:00 six; db1: 12:00 one.
void Fill(SampleDatabase& sample) {
  sample.AddSnapshot("web1", kNoon, All({{kListen, kIn, kInWaiting, kV6Waiting}}));
  sample.AddSnapshot("web1", kNoon + 30 * kSecond, {kListen, kIn, kIn});
  sample.AddSnapshot("web1", kNoon + kHour,
                     All({{kListen, kSelfWaiting}, Times(3, kOutWaiting), Times(2, kInWaiting)}));
  sample.AddSnapshot("db1", kNoon, {kListen, kOutWaiting}, {4});
}

Lines Split(const std::string& line) {
  Lines parts(1);
  for (const char c : line) {
    if (c == '|') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

Request With(std::map<std::string, std::string> parameters) {
  Request request;
  request.parameters = std::move(parameters);
  return request;
}

TEST_CASE("states: zeros count, nothing is summed over snapshots or hosts") {
  SampleDatabase sample(Database::OpenInMemory());
  Fill(sample);
  CHECK(RunReport(*sample, "states") == Lines{"db1|2026-11-22 12:00:00|TIME_WAIT|1|1|1|1",
                                              "db1|2026-11-22 12:00:00|LISTEN|1|1|1|1",
                                              "web1|2026-11-22 12:00:00|ESTABLISHED|2|1.5|1|2",
                                              "web1|2026-11-22 12:00:00|TIME_WAIT|2|1|0|2",
                                              "web1|2026-11-22 12:00:00|LISTEN|2|1|1|1",
                                              "web1|2026-11-22 13:00:00|ESTABLISHED|1|0|0|0",
                                              "web1|2026-11-22 13:00:00|TIME_WAIT|1|6|6|6",
                                              "web1|2026-11-22 13:00:00|LISTEN|1|1|1|1"});
}

TEST_CASE("states: which states a host shows depends on its own window") {
  SampleDatabase sample(Database::OpenInMemory());
  Fill(sample);
  Request request;
  request.since = "2026-11-22T13:00:00Z";
  CHECK(RunReport(*sample, "states", request) == Lines{"web1|2026-11-22 13:00:00|TIME_WAIT|1|6|6|6",
                                                       "web1|2026-11-22 13:00:00|LISTEN|1|1|1|1"});
  request.since.reset();
  request.host = "db1";
  request.parameters["state"] = "time-wait,estab";
  CHECK(RunReport(*sample, "states", request) ==
        Lines{"db1|2026-11-22 12:00:00|TIME_WAIT|1|1|1|1"});
}

TEST_CASE("timewait: directions and local peers add up") {
  SampleDatabase sample(Database::OpenInMemory());
  Fill(sample);
  CHECK(RunReport(*sample, "timewait") == Lines{"db1|2026-11-22 12:00:00|1|1|1|1|0|1|0",
                                                "web1|2026-11-22 12:00:00|2|1|0|2|1|0|0",
                                                "web1|2026-11-22 13:00:00|1|6|6|6|2|4|1"});
}

TEST_CASE("timewait: a bucket without snapshots has no row, one without TIME_WAIT has zeros") {
  SampleDatabase sample(Database::OpenInMemory());
  sample.AddSnapshot("web1", kNoon, {kListen});
  sample.AddSnapshot("web1", kNoon + 2 * kHour, {});
  CHECK(RunReport(*sample, "timewait") ==
        Lines{"web1|2026-11-22 12:00:00|1|0|0|0|0|0|0", "web1|2026-11-22 14:00:00|1|0|0|0|0|0|0"});
  CHECK(RunReport(*sample, "states") == Lines{"web1|2026-11-22 12:00:00|LISTEN|1|1|1|1",
                                              "web1|2026-11-22 14:00:00|LISTEN|1|0|0|0"});
}

TEST_CASE("timewait-peers: the average is over all snapshots, the most over both families") {
  SampleDatabase sample(Database::OpenInMemory());
  Fill(sample);
  CHECK(RunReport(*sample, "timewait-peers") ==
        Lines{"db1|out|0|10.0.0.7|5432|1|1|1|1|2026-11-22 12:00:00|2026-11-22 12:00:00",
              "web1|in|0|10.9.9.9|443|3|2|1|2|2026-11-22 12:00:00|2026-11-22 13:00:00",
              "web1|out|0|10.0.0.7|5432|3|1|1|3|2026-11-22 13:00:00|2026-11-22 13:00:00",
              "web1|in|0|2001:db8::5|443|3|1|0.3333333333333333|1|2026-11-22 12:00:00|"
              "2026-11-22 12:00:00",
              "web1|out|1|10.0.0.1|443|3|1|0.3333333333333333|1|2026-11-22 13:00:00|"
              "2026-11-22 13:00:00"});
  const Lines limited = RunReport(*sample, "timewait-peers", With({{"limit", "1"}}));
  REQUIRE(limited.size() == 2);  // for each host
  CHECK(Contains(limited[1], "web1|in|0|10.9.9.9"));
}

TEST_CASE("timewait-peers: one peer in both tables is one") {
  SampleDatabase sample(Database::OpenInMemory());
  Socket mapped = kInWaiting;
  mapped.family = 6;
  sample.AddSnapshot("web1", kNoon, {kInWaiting, mapped, mapped});
  CHECK(RunReport(*sample, "timewait-peers") ==
        Lines{"web1|in|0|10.9.9.9|443|1|1|3|3|2026-11-22 12:00:00|2026-11-22 12:00:00"});
}

TEST_CASE("services: per port, accept queues of all its listeners together") {
  SampleDatabase sample(Database::OpenInMemory());
  Socket listen6 = kListen;
  listen6.family = 6;
  listen6.rx_queue = 4;
  Socket listen4 = kListen;
  listen4.rx_queue = 3;
  Socket leaking = {.state = 8, .direction = "in", .remote_ip = "10.9.9.8", .rx_queue = 1};
  Socket busy = {.state = 1, .direction = "in", .tx_queue = 100, .rx_queue = 50};
  sample.AddSnapshot("web1", kNoon, {listen4, listen6, busy, busy, leaking, kOutWaiting});
  sample.AddSnapshot("web1", kNoon + kMinute, {});
  CHECK(RunReport(*sample, "services") ==
        Lines{"web1|443|2|1|1|2|0|0|0.5|1|0|0|3.5|7|50.5|101|100|200|2"});
  CHECK(RunReport(*sample, "services", With({{"peers", "0"}})) ==
        Lines{"web1|443|2|1|1|2|0|0|0.5|1|0|0|3.5|7|50.5|101|100|200|"});
}

TEST_CASE("quality: gaps against the median, missing families") {
  SampleDatabase sample(Database::OpenInMemory());
  for (const int64_t second : {0, 10, 20, 45, 55}) {
    sample.AddSnapshot("web1", kNoon + second * kSecond, {kListen},
                       second == 20 ? std::vector<int>{6} : std::vector<int>{4, 6});
  }
  sample->Execute(
      "INSERT INTO rejected_line (source_id, dump_id, line, byte_offset, column, reason, text)"
      " VALUES (1, 1, 5, 100, 1, 'cut_row', 'x'), (1, 2, 6, 200, 1, 'cut_row', 'y')");
  const std::string tail = "|marker|little|voted|a.log";
  CHECK(RunReport(*sample, "quality") ==
        Lines{"web1|2026-11-22 12:00:00||||0|tcp,tcp6||1|1|0|2|0" + tail,
              "web1|2026-11-22 12:00:10|10|0||0|tcp,tcp6||1|1|0|0|0" + tail,
              "web1|2026-11-22 12:00:20|10|0||0|tcp6|tcp|0|0|0|0|0" + tail,
              "web1|2026-11-22 12:00:45|25|1||0|tcp,tcp6||1|1|0|0|0" + tail,
              "web1|2026-11-22 12:00:55|10|0||0|tcp,tcp6||1|1|0|0|0" + tail});
}

TEST_CASE("reports: every one runs on an empty database and gives nothing") {
  Database database = Database::OpenInMemory();
  const Catalogue catalogue = Catalogue::BuiltIn();
  for (const Report& report : catalogue.reports()) {
    INFO(report.name);
    CHECK(RunReport(database, report.name).empty());
  }
}

TEST_CASE("reports: they agree with plain SQL over the views") {
  SampleDatabase sample(Database::OpenInMemory());
  // A few hundred snapshots of three hosts with numbers of sockets that are easy to make and hard
  // to guess.
  for (int i = 0; i < 300; ++i) {
    const std::string host = "h" + std::to_string(i % 3);
    Socket other_peer = kInWaiting;
    other_peer.remote_ip = i % 2 == 0 ? "10.1.1.1" : "2001:db8::9";
    other_peer.family = i % 2 == 0 ? 4 : 6;
    sample.AddSnapshot(host, kNoon + i * 97 * kSecond,
                       All({Times(i % 7, kInWaiting),
                            Times(i % 5, kOutWaiting),
                            Times(i % 3, other_peer),
                            Times(i % 11, kIn),
                            {kListen}}));
  }
  sample->RegisterFunction("bucket", [](int64_t ms) { return ms - ms % kHour; });
  Database& database = *sample;

  // Over the samples, not over the totals or the census: each (host, hour) has its snapshots, each
  // snapshot its count.
  const Lines expected =
      Rows(database,
           "WITH every AS (SELECT host, taken_ms, ordinal FROM snapshots),"
           " waiting AS (SELECT host, taken_ms, ordinal, direction, count(*) AS n FROM sockets"
           "  WHERE state = 'TIME_WAIT' GROUP BY 1, 2, 3, 4),"
           " counted AS (SELECT host, taken_ms,"
           "  ifnull((SELECT sum(n) FROM waiting AS w WHERE w.host = e.host"
           "   AND w.taken_ms = e.taken_ms), 0) AS n,"
           "  ifnull((SELECT sum(n) FROM waiting AS w WHERE w.host = e.host"
           "   AND w.taken_ms = e.taken_ms AND w.direction = 'in'), 0) AS n_in FROM every AS e)"
           " SELECT host, strftime('%Y-%m-%d %H:00:00', taken_ms / 1000, 'unixepoch') AS hour,"
           "  count(*), printf('%.9f', avg(n)), min(n), max(n), printf('%.9f', avg(n_in))"
           " FROM counted GROUP BY 1, 2 ORDER BY 1, 2");
  Lines given;
  for (const std::string& line : RunReport(database, "timewait")) {
    const Lines parts = Split(line);
    const auto fixed = [](const std::string& text) {
      char digits[40];
      std::snprintf(digits, sizeof digits, "%.9f", std::stod(text));
      return std::string(digits);
    };
    given.push_back(parts[0] + "|" + parts[1] + "|" + parts[2] + "|" + fixed(parts[3]) + "|" +
                    parts[4] + "|" + parts[5] + "|" + fixed(parts[6]));
  }
  REQUIRE(expected.size() > 20);
  CHECK(given == expected);

  // The report on states tells the same about TIME_WAIT: host, bucket, snapshots, avg, min, max.
  Lines from_states;
  for (std::string line : RunReport(database, "states", With({{"state", "06"}}))) {
    from_states.push_back(line.erase(line.find("|TIME_WAIT"), 10));
  }
  Lines from_timewait;
  for (std::string line : RunReport(database, "timewait")) {
    for (int i = 0; i < 3; ++i) line.erase(line.rfind('|'));
    from_timewait.push_back(line);
  }
  CHECK(from_states == from_timewait);

  // Peers: sums over the samples, divided by the snapshots of the host.
  const Lines peers = Rows(database,
                           "SELECT s.host, direction, is_local, remote_ip, service_port,"
                           "  (SELECT count(*) FROM snapshots AS a WHERE a.host = s.host),"
                           "  count(DISTINCT taken_ms), count(*)"
                           " FROM sockets AS s WHERE state = 'TIME_WAIT' GROUP BY 1, 2, 3, 4, 5"
                           " ORDER BY host, count(*) DESC, direction");
  Lines from_report;
  for (const std::string& line : RunReport(database, "timewait-peers")) {
    const Lines parts = Split(line);
    const double sum = std::stod(parts[7]) * std::stod(parts[5]);
    std::string row;
    for (size_t i = 0; i < 7; ++i) row += parts[i] + "|";
    from_report.push_back(row + std::to_string(std::lround(sum)));
  }
  CHECK(from_report == peers);
}

}  // namespace
}  // namespace tcpsnap::report
