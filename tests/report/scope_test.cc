// Windows, zones, buckets, hosts: what the words of the command line mean in a database.
#include "report/scope.h"

#include <string>
#include <vector>

#include "report/error.h"
#include "report/message_of.h"
#include "report/run_report.h"
#include "report/sample_database.h"
#include "support/catch.h"

namespace tcpsnap::report {
namespace {

using store::Database;
using testing::BeginsWith;
using testing::MessageOf;
using testing::RunReport;
using testing::SampleDatabase;
using Lines = std::vector<std::string>;

constexpr int64_t kHour = 3'600'000;
constexpr int64_t kMinute = 60'000;
constexpr int64_t kNoon = 1'795'348'800'000;  // 2026-11-22T12:00:00Z

std::string ErrorOf(Database& database, const Request& request) {
  return MessageOf([&] { ResolveScope(database, request); });
}

TEST_CASE("scope: relative times count from the last snapshot, since from until") {
  SampleDatabase sample(Database::OpenInMemory());
  sample.AddSnapshot("web1", kNoon - kHour, {});
  sample.AddSnapshot("web1", kNoon, {});
  sample.AddSnapshot("db1", kNoon - 2 * kHour, {});
  Request request;
  Scope scope = ResolveScope(*sample, request);
  CHECK_FALSE(scope.since_ms);
  CHECK_FALSE(scope.until_ms);
  CHECK(scope.bucket_ms == kHour);
  CHECK(scope.first_ms == kNoon - 2 * kHour);
  CHECK(scope.last_ms == kNoon);

  request.since = "-90m";
  CHECK(ResolveScope(*sample, request).since_ms == kNoon - 90 * kMinute);
  request.until = "-1h";
  scope = ResolveScope(*sample, request);
  CHECK(scope.until_ms == kNoon - kHour);
  CHECK(scope.since_ms == kNoon - kHour - 90 * kMinute);
  request.until = "11:30";
  request.since = "23:00";  // of the day before
  scope = ResolveScope(*sample, request);
  CHECK(scope.until_ms == kNoon - 30 * kMinute);
  CHECK(scope.since_ms == kNoon - 13 * kHour);

  request = Request();
  request.host = "db1";
  request.since = "-1m";
  CHECK(ResolveScope(*sample, request).since_ms == kNoon - 2 * kHour - kMinute);
}

TEST_CASE("scope: since is inside of the window, until outside") {
  SampleDatabase sample(Database::OpenInMemory());
  for (int i = 0; i < 4; ++i) sample.AddSnapshot("web1", kNoon + i * kMinute, {});
  Request request;
  request.since = "12:01";
  request.until = "12:03";
  CHECK(RunReport(*sample, "timewait", request) == Lines{"web1|2026-11-22 12:00:00|2|0|0|0|0|0|0"});
  CHECK(CountSnapshots(*sample, ResolveScope(*sample, request)) == 2);
  request.since = "2020-01-01T00:00:00Z";
  request.until = "2020-01-02T00:00:00Z";
  CHECK(CountSnapshots(*sample, ResolveScope(*sample, request)) == 0);
  CHECK(DescribeEmptyWindow(ResolveScope(*sample, request)) ==
        "no snapshot in 2020-01-01 00:00:00 to 2020-01-02 00:00:00 (UTC); there are some in"
        " 2026-11-22 12:00:00 to 2026-11-22 12:03:00 (UTC)");
  CHECK(DescribeEmptyWindow(Scope()) == "there are no snapshots");
}

TEST_CASE("scope: what can't be") {
  SampleDatabase sample(Database::OpenInMemory());
  Request request;
  request.since = "-1h";
  CHECK(ErrorOf(*sample, request) ==
        "--since '-1h': there is no snapshot that this time could be relative to");
  sample.AddSnapshot("web1", kNoon, {});
  sample.AddSnapshot("web2", kNoon, {});
  request.since = "yesterday";
  CHECK(BeginsWith(ErrorOf(*sample, request), "--since 'yesterday': "));
  request.since = "12:00";
  request.until = "11:00";
  CHECK(BeginsWith(ErrorOf(*sample, request), "nothing was thrown"));  // 12:00 of the day before
  request.since = "2026-11-22T12:00:00Z";
  CHECK(ErrorOf(*sample, request) ==
        "the window is empty: --since (2026-11-22 12:00:00) is not before --until (2026-11-22 "
        "11:00:00)");
  request = Request();
  request.host = "web9";
  CHECK(ErrorOf(*sample, request) ==
        "--host 'web9': the database has no such host (did you mean web1 or web2?)");
  request.host = "mail";
  CHECK(ErrorOf(*sample, request) ==
        "--host 'mail': the database has no such host (there are: web1, web2)");
  request = Request();
  request.bucket = "7m";
  CHECK(BeginsWith(ErrorOf(*sample, request), "--bucket '7m': "));
}

/// The starts of the buckets that `timewait` shows, in the zone.
Lines BucketStarts(const std::string& zone, const std::string& width, int64_t begin_ms,
                   int64_t step_ms, int count) {
  SampleDatabase sample(Database::OpenInMemory());
  for (int i = 0; i < count; ++i) sample.AddSnapshot("h", begin_ms + i * step_ms, {}, {4});
  Request request;
  request.zone = capture::Zone::Find(zone);
  request.bucket = width;
  Lines starts;
  for (const std::string& line : RunReport(*sample, "timewait", request)) {
    const size_t first = line.find('|') + 1;
    const size_t second = line.find('|', first) + 1;
    starts.push_back(line.substr(first, line.find('|', second) - first));
  }
  return starts;
}

TEST_CASE("buckets: days of 23 and 25 hours in Berlin") {
  // 2026-10-25: clocks go back at 01:00 UTC. Hourly snapshots from 22:00 UTC the day before, when
  // the day begins.
  CHECK(BucketStarts("Europe/Berlin", "1d", 1'792'879'200'000, kHour, 27) ==
        Lines{"2026-10-25 00:00:00+02:00|25", "2026-10-26 00:00:00+01:00|2"});
  // 2026-03-29: forward at 01:00 UTC; the day begins at 23:00 UTC.
  CHECK(BucketStarts("Europe/Berlin", "1d", 1'774'738'800'000, kHour, 25) ==
        Lines{"2026-03-29 00:00:00+01:00|23", "2026-03-30 00:00:00+02:00|2"});
}

TEST_CASE("buckets: the hour that occurs twice is two, the one that was skipped is none") {
  CHECK(BucketStarts("Europe/Berlin", "1h", 1'792'886'400'000, 30 * kMinute, 6) ==
        Lines{"2026-10-25 02:00:00+02:00|2", "2026-10-25 02:00:00+01:00|2",
              "2026-10-25 03:00:00+01:00|2"});
  CHECK(BucketStarts("Europe/Berlin", "1h", 1'774'742'400'000, 30 * kMinute, 4) ==
        Lines{"2026-03-29 01:00:00+01:00|2", "2026-03-29 03:00:00+02:00|2"});
}

TEST_CASE("buckets: borders of an hour lie on the clock of the zone") {
  CHECK(BucketStarts("Asia/Kolkata", "1h", kNoon, 15 * kMinute, 4) ==
        Lines{"2026-11-22 17:00:00+05:30|2", "2026-11-22 18:00:00+05:30|2"});
  CHECK(BucketStarts("UTC", "10s", kNoon, 5'000, 3) ==
        Lines{"2026-11-22 12:00:00|2", "2026-11-22 12:00:10|1"});
}

TEST_CASE("scope: the window in words") {
  SampleDatabase sample(Database::OpenInMemory());
  CHECK(DescribeWindow(ResolveScope(*sample, Request())) == "? to ? (UTC)");
  sample.AddSnapshot("web1", kNoon, {});
  Request request;
  request.since = "-1h";
  request.zone = capture::Zone::Find("Europe/Berlin");
  CHECK(DescribeWindow(ResolveScope(*sample, request)) ==
        "2026-11-22 12:00:00+01:00 to 2026-11-22 13:00:00+01:00 (Europe/Berlin)");
}

}  // namespace
}  // namespace tcpsnap::report
