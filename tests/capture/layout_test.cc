// Marker lines and file names: what they tell, and what is none.
#include "capture/layout.h"

#include <string>
#include <vector>

#include "support/catch.h"

namespace tcpsnap::capture {
namespace {

constexpr int64_t kMoment = 1'795'333'047'000;  // 2026-11-22T07:37:27Z

struct GoodLine {
  const char* line;
  int64_t utc_ms;
  const char* layout;
};

TEST_CASE("a line that is a time and nothing else is a marker") {
  for (const GoodLine& good : std::vector<GoodLine>{
           {"1795333047", kMoment, "epoch-line"},
           {"1795333047.123456", kMoment + 123, "epoch-fraction-line"},
           {"1795333047123", kMoment + 123, "epoch-line"},
           {"Sun Nov 22 07:37:27 UTC 2026", kMoment, "date-line"},
           {"Sun Nov  1 07:37:27 UTC 2026", kMoment - 21 * 86'400'000LL, "date-line"},
           {"Sun Nov 22 07:37:27 AM UTC 2026", kMoment, "date-12h-line"},
           {"Sun Nov 22 07:37:27 PM UTC 2026", kMoment + 43'200'000, "date-12h-line"},
           {"2026-11-22T07:37:27+00:00", kMoment, "iso-line"},
           {"2026-11-22T09:37:27+02:00", kMoment, "iso-line"},
           {"2026-11-22T07:37:27Z", kMoment, "iso-line"},
           {"2026-11-22 07:37:27", kMoment, "iso-line"},
           {"20261122-073727", kMoment, "compact-line"}}) {
    CAPTURE(good.line);
    const std::optional<Marker> marker = ReadTimeLine(good.line, Zone());
    REQUIRE(marker);
    CHECK(marker->layout == good.layout);
    CHECK(marker->file == NamedFile::kUnsaid);
    REQUIRE(marker->time);
    REQUIRE(marker->time->time);
    CHECK(marker->time->time->utc_ms == good.utc_ms);
  }
}

TEST_CASE("a time that can't be told is a marker too, with the reason") {
  for (const auto& [line, error] : std::vector<std::pair<const char*, TimeError>>{
           {"Sun Nov 22 07:37:27 CST 2026", TimeError::kAmbiguousZone},
           {"Sun Nov 22 07:37:27 XYZ 2026", TimeError::kUnknownZone}}) {
    CAPTURE(line);
    const std::optional<Marker> marker = ReadTimeLine(line, Zone());
    REQUIRE(marker);
    REQUIRE(marker->time);
    CHECK_FALSE(marker->time->time);
    CHECK(marker->time->error == error);
  }
}

TEST_CASE("a zone given settles what the line leaves open") {
  const std::optional<Marker> cst =
      ReadTimeLine("Sun Nov 22 01:37:27 CST 2026", Zone::Find("America/Chicago"));
  REQUIRE(cst);
  REQUIRE(cst->time->time);
  CHECK(cst->time->time->utc_ms == kMoment);
  const std::optional<Marker> bare =
      ReadTimeLine("2026-11-22 08:37:27", Zone::Find("Europe/Berlin"));
  REQUIRE(bare);
  CHECK(bare->time->time->utc_ms == kMoment);
}

TEST_CASE("other lines are no time lines") {
  for (const char* line : {"",
                           "07:37:27",
                           "T07:37:27.123456789",
                           "2000: 0100007F:1538",
                           "2000",
                           "20:",
                           "12",
                           "1795333047:",
                           "1795333047 x",
                           "x 1795333047",
                           "0",
                           "-1795333047",
                           "99999999999999999999999",
                           "1795333047.",
                           "17953330471",
                           "2026-11-22",
                           "Sun Nov 22 2026",
                           "Sun Nov 22 07:37:27 UTC 2026 host1",
                           "2026-11-22T25:37:27Z",
                           "2026-13-22T07:37:27Z",
                           "Mon Nov 22 07:37:27 UTC 2026",
                           "uptime",
                           "---",
                           "root@host1:~# date",
                           "sl  local_address rem_address   st tx_queue rx_queue"}) {
    CAPTURE(line);
    CHECK_FALSE(ReadTimeLine(line, Zone()));
  }
}

TEST_CASE("a line that names a file is a marker") {
  using File = NamedFile;
  struct PathLine {
    const char* line;
    File file;
    bool has_time;
  };
  for (const PathLine& good :
       std::vector<PathLine>{{"==> /proc/net/tcp <==", File::kTcp, false},
                             {"==> /proc/net/tcp6 <==", File::kTcp, false},
                             {"=== /proc/net/tcp ===", File::kTcp, false},
                             {"--- /proc/net/tcp6 ---", File::kTcp, false},
                             {"## /proc/net/tcp", File::kTcp, false},
                             {"==> tcp <==", File::kTcp, false},
                             {"==> tcp6 <==", File::kTcp, false},
                             {"==> snaps/20261122-073727/tcp6 <==", File::kTcp, true},
                             {"==> 1795333047/proc/net/tcp <==", File::kTcp, true},
                             {"==> /proc/net/udp <==", File::kForeign, false},
                             {"=== /proc/net/udp6 ===", File::kForeign, false},
                             {"=== /proc/net/unix ===", File::kForeign, false},
                             {"=== /proc/net/sockstat ===", File::kForeign, false},
                             {"==> logs/2026-11-22T07:37:27+00:00.txt <==", File::kUnsaid, true},
                             {"==> /etc/hosts <==", File::kUnsaid, false}}) {
    CAPTURE(good.line);
    const std::optional<Marker> marker = ReadPathLine(good.line, Zone());
    REQUIRE(marker);
    CHECK(marker->layout == "path-line");
    CHECK(marker->file == good.file);
    REQUIRE(marker->time.has_value() == good.has_time);
    if (good.has_time) CHECK(marker->time->time->utc_ms == kMoment);
  }
}

TEST_CASE("other lines are no path lines") {
  for (const char* line : {"", "=", "======", "--- done ---", "--- a  b/c ---", "/proc/net/tcp",
                           "tcp", "=/proc/net/tcp", "cat /proc/net/tcp", "==> udp <==", "<== ==>",
                           "2000: 0100007F:1538 00000000:0000", "--- t=12 ---"}) {
    CAPTURE(line);
    CHECK_FALSE(ReadPathLine(line, Zone()));
  }
}

TEST_CASE("the readers are asked in order, and no row is a marker for any of them") {
  for (const MarkerReader reader : MarkerReaders()) {
    for (const char* line :
         {"2000: 0100007F:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0      "
          "  0 371114 1 00000000e8439b5a 100 0 0 10 0",
          "2026: 0100007F:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000",
          "1795333047: 0100007F:1538 00000000:0000 0A"}) {
      CHECK_FALSE(reader(line, Zone()));
    }
  }
}

TEST_CASE("a time in a file's own name counts") {
  for (const char* path :
       {"2026-11-22T07:37:27+00:00.txt", "tcp.20261122-073727", "web1_1795333047.log",
        "2026-11-22_07-37-27", "pile/2026-11-22T07:37:27+00:00.txt",
        "/var/log/tcp6.20261122-073727", "2020-01-01/tcp.20261122-073727"}) {
    CAPTURE(path);
    const NameFacts facts = ReadFileName(path, Zone());
    REQUIRE(facts.time);
    REQUIRE(facts.time->time);
    CHECK(facts.time->time->utc_ms == kMoment);
  }
}

TEST_CASE("a time in the folder's name counts for files that are named tcp or tcp6") {
  for (const char* folder : {"20261122-073727", "2026-11-22T07:37:27Z", "snaps/1795333047",
                             "/a/b/2026-11-22_07-37-27"}) {
    for (const char* file :
         {"tcp", "tcp6", "tcp.txt", "tcp6.log", "net/tcp", "net/tcp6", "proc/net/tcp6"}) {
      const std::string path = std::string(folder) + "/" + file;
      CAPTURE(path);
      const NameFacts facts = ReadFileName(path, Zone());
      REQUIRE(facts.time);
      REQUIRE(facts.time->time);
      CHECK(facts.time->time->utc_ms == kMoment);
    }
  }
}

TEST_CASE("names that tell no time") {
  for (const char* path :
       {"-", "tcp", "tcp6", "/proc/net/tcp", "webhost.log", "2026-11-22/tcp",
        "20261122-073727/web.log", "20261122-073727/other/tcp", "20261122-073727/udp",
        "pid-12345/tcp", "tcp.1", "incident-4711.log", "2026112207.log"}) {
    CAPTURE(path);
    CHECK_FALSE(ReadFileName(path, Zone()).time);
  }
}

TEST_CASE("a name's time is of the zone given, and may be untellable") {
  const NameFacts facts = ReadFileName("tcp.20261122-083727", Zone::Find("Europe/Berlin"));
  REQUIRE(facts.time);
  CHECK(facts.time->time->utc_ms == kMoment);
  const NameFacts gap = ReadFileName("tcp.20260329-023000", Zone::Find("Europe/Berlin"));
  REQUIRE(gap.time);
  CHECK_FALSE(gap.time->time);
  CHECK(gap.time->error == TimeError::kGap);
}

}  // namespace
}  // namespace tcpsnap::capture
