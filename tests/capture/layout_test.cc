// Marker lines and file names: what they tell, and what is none.
#include "capture/layout.h"

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "support/catch.h"

namespace tcpsnap::capture {
namespace {

constexpr int64_t kMoment = 1'795'333'047'000;  // 2026-11-22T07:37:27Z

const char* ErrorWord(TimeError error) {
  switch (error) {
    case TimeError::kAmbiguousZone:
      return "ambiguous-zone";
    case TimeError::kUnknownZone:
      return "unknown-zone";
    case TimeError::kGap:
      return "gap";
    case TimeError::kOtherDate:
      return "other-date";
    case TimeError::kNoDate:
      return "no-date";
    default:
      return "not-a-time";
  }
}

// All that a marker says, as text: "path-line tcp /proc/net/tcp"; "none" where it is none. A time
// is shown by how far it is from kMoment.
std::string Describe(const std::optional<Marker>& marker) {
  if (!marker) return "none";
  std::string text(marker->layout);
  if (marker->time && marker->time->time) {
    text += " at " + std::to_string(marker->time->time->utc_ms - kMoment);
  } else if (marker->time) {
    text += std::string(" error ") + ErrorWord(marker->time->error);
    if (marker->time->partial) text += "*";
  }
  if (marker->relative_ms) text += " +" + std::to_string(*marker->relative_ms);
  if (marker->file == NamedFile::kTcp) text += " tcp";
  if (marker->file == NamedFile::kForeign) text += " foreign";
  if (!marker->path.empty()) text += " " + std::string(marker->path);
  if (!marker->host.empty()) text += " host=" + std::string(marker->host);
  if (marker->closes) text += " closes";
  if (marker->is_screen) text += " screen";
  if (marker->weak) text += " weak";
  return text;
}

// As a splitter asks: the first reader that takes the line.
std::optional<Marker> ReadMarker(std::string_view line, const Zone& zone = Zone()) {
  for (const MarkerReader reader : MarkerReaders()) {
    if (std::optional<Marker> marker = reader(line, zone)) return marker;
  }
  return std::nullopt;
}

struct Expected {
  const char* line;
  const char* description;
};

void CheckAll(const std::vector<Expected>& table, const Zone& zone = Zone()) {
  for (const Expected& expected : table) {
    CAPTURE(expected.line);
    CHECK(Describe(ReadMarker(expected.line, zone)) == expected.description);
  }
}

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
                           "7:37",
                           "25:37:27",
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
  for (const char* line : {"",
                           "=",
                           "======",
                           "--- done ---",
                           "--- a  b/c ---",
                           "--- a b/c ---",
                           "--- 3 req/s ---",
                           "/etc/hosts",
                           "/dev",
                           "tcp",
                           "=/proc/net/tcp",
                           "cat /etc/hosts",
                           "cat: /proc/net/tcp6: No such file or directory",
                           "File: /etc/hosts",
                           "route:",
                           "==>  <==",
                           "<== ==>",
                           "tcp: 12",
                           "/proc/net/tcp is empty",
                           "2000: 0100007F:1538 00000000:0000",
                           "--- t=12 ---"}) {
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

TEST_CASE("lines that name a file, as commands and scripts write them") {
  CheckAll({
      {"# cat /proc/net/tcp", "path-line tcp /proc/net/tcp"},
      {"$ cat /proc/net/tcp6", "path-line tcp /proc/net/tcp6"},
      {"+ cat /proc/net/tcp", "path-line tcp /proc/net/tcp"},
      {"cat /proc/net/tcp", "path-line tcp /proc/net/tcp"},
      {"cat /proc/net/tcp /proc/net/tcp6", "path-line tcp /proc/net/tcp"},
      {"--- cat /proc/4711/net/tcp ---", "path-line tcp /proc/4711/net/tcp"},
      {"cat /proc/net/udp", "path-line foreign /proc/net/udp"},
      {"/proc/net/tcp", "path-line tcp /proc/net/tcp"},
      {"/proc/net/tcp6:", "path-line tcp /proc/net/tcp6"},
      {"/proc/net/sockstat:", "path-line foreign /proc/net/sockstat"},
      {"/proc/net/dev", "path-line foreign /proc/net/dev"},
      {"[/proc/net/tcp]", "path-line tcp /proc/net/tcp"},
      {"File: /proc/net/tcp", "path-line tcp /proc/net/tcp"},
      {"=== File: /proc/net/netstat ===", "path-line foreign /proc/net/netstat"},
      {"tcp6:", "path-line tcp tcp6"},
      {"udp:", "path-line foreign udp"},
      {"==> udp <==", "path-line foreign udp"},
      {"==> tcp.20261122-073727 <==", "path-line at 0 tcp tcp.20261122-073727"},
      {"==> notes of today <==", "path-line notes of today"},
      {"==> 20261122/073727/web1/tcp <==", "path-line at 0 tcp 20261122/073727/web1/tcp"},
      {"==> a.tar.gz!20261122-073727/tcp6 <==", "path-line at 0 tcp a.tar.gz!20261122-073727/tcp6"},
      {"==> sosreport-host1-1234-20261122073727/proc/net/tcp <==",
       "path-line tcp sosreport-host1-1234-20261122073727/proc/net/tcp"},
      {"=== I/O ===", "path-line I/O"},
  });
  CHECK(FileOfPath("/proc/net/route") == NamedFile::kForeign);
  CHECK(FileOfPath("/etc/route") == NamedFile::kUnsaid);
  CHECK(FileOfPath("a.zip!udp6.txt") == NamedFile::kForeign);
  CHECK(FileOfPath("") == NamedFile::kUnsaid);
  CHECK(FileOfPath("/proc/net/tcp/") == NamedFile::kUnsaid);
}

TEST_CASE("a time that lacks its date is a marker that says so") {
  CheckAll({
      {"07:37:27", "time-of-day-line error no-date*"},
      {"T07:37:27.123456789", "time-of-day-line error no-date*"},
      {"07:37", "time-of-day-line error no-date*"},
      {"Nov 22 07:37:27", "time-of-day-line error no-date*"},
      {"--- 07:37:27 ---", "dressed-time error no-date*"},
      {"Time: 07:37:27", "dressed-time error no-date*"},
      {"--- Duration: 00:00:12 ---", "none"},
      {"Uptime: 12:34:56", "none"},
      {"load 07:37:27", "none"},
      {"- 07:37:27", "none"},
      {"07:37:27 up 3 days,  2:10,  1 user", "none"},
  });
}

TEST_CASE("a time in a line that says little else") {
  CheckAll({
      {"===== 2026-11-22 07:37:27.123456789+00:00 (UTC) =====", "dressed-time at 123"},
      {"===== 2026-11-22 07:37:27 =====", "dressed-time at 0"},
      {"=====2026-11-22 07:37:27=====", "dressed-time at 0"},
      {"TIMESTAMP: 2026-11-22T07:37:27Z", "dressed-time at 0"},
      {"--- Check: Sun Nov 22 07:37:27 UTC 2026 ---", "dressed-time at 0"},
      {"<> [2026-11-22 07:37:27]", "dressed-time at 0"},
      {"[2026-11-22 07:37:27] Count:3", "dressed-time at 0"},
      {"### Sun Nov 22 07:37:27 UTC 2026 ###", "dressed-time at 0"},
      {"*** 1795333047 ***", "dressed-time at 0"},
      {"-- 2026/11/22 07:37:27 --", "dressed-time at 0"},
      {">>> 2026-11-22T07:37:27Z", "dressed-time at 0"},
      {"> 2026-11-22T07:37:27Z", "dressed-time at 0"},
      {"# Sun Nov 22 07:37:27 UTC 2026", "dressed-time at 0"},
      {"Date: Sun Nov 22 07:37:27 UTC 2026", "dressed-time at 0"},
      {"=== Date: Sun, 22 Nov 2026 07:37:27 +0000 ===", "dressed-time at 0"},
      {"=== Sun, 22 Nov 2026 07:37:27 +0000 ===", "dressed-time at 0"},
      {"TIMESTAMP: Sun, 22 Nov 2026 07:37:27 +0000", "dressed-time at 0"},
      {"--- start 2026-11-22 07:37:27 ---", "dressed-time at 0"},
      {"date is Sun Nov 22 07:37:27 UTC 2026", "dressed-time at 0"},
      {"time=1795333047", "dressed-time at 0"},
      {"time = 1795333047.5", "dressed-time at 500"},
      {"ts: 1795333047", "dressed-time at 0"},
      {"unix_ts 1795333047123", "dressed-time at 123"},
      {"Snapshot 12 at 2026-11-22 07:37:27", "dressed-time at 0"},
      {"Snapshot #12: 1795333047", "dressed-time at 0"},
      {"=== 2026-11-22 07:37:27: /proc/net/tcp ===", "dressed-time at 0 tcp /proc/net/tcp"},
      {"=== /proc/net/tcp6 2026-11-22 07:37:27 ===", "dressed-time at 0 tcp /proc/net/tcp6"},
      {"=== /proc/net/udp 2026-11-22 07:37:27 ===", "dressed-time at 0 foreign /proc/net/udp"},
  });
}

TEST_CASE("a zone in brackets is the time's own only where it has none") {
  CheckAll({
      {"=== 2026-11-22 08:37:27 (CET) ===", "dressed-time at 0"},
      {"=== 2026-11-22 07:37:27+00:00 (CET) ===", "dressed-time at 0"},
      {"=== 2026-11-22 08:37:27 (+01:00) ===", "dressed-time at 0"},
      {"=== 1795333047 (CET) ===", "dressed-time at 0"},
      {"=== 2026-11-22 07:37:27 (local) ===", "dressed-time at 0"},
      {"=== 2026-11-22 07:37:27 (CST) ===", "dressed-time error ambiguous-zone"},
      {"=== 2026-11-22 07:37:27 (QQQ) ===", "dressed-time error unknown-zone"},
      {"=== 2026-11-22 08:37:27 (Europe/Berlin) ===", "dressed-time error unknown-zone"},
      {"=== Sun Nov 22 07:37:27 CST 2026 ===", "dressed-time error ambiguous-zone"},
      {"=== 07:37:27 (CET) ===", "dressed-time error no-date*"},
  });
  CheckAll(
      {
          {"=== 2026-11-22 08:37:27 (Europe/Berlin) ===", "dressed-time at 0"},
          {"=== 2026-11-22 07:37:27 (UTC) ===", "dressed-time at 0"},
          {"=== 2026-03-29 02:30:00 ===", "dressed-time error gap"},
          {"=== 2026-03-29 02:30:00 (UTC) ===", "dressed-time at -20581647000"},
      },
      Zone::Find("Europe/Berlin"));
}

TEST_CASE("lines with a time in them that are no dressed times") {
  CheckAll({
      {"INFO 2026-11-22 07:37:27 connection refused from 10.0.0.1", "none"},
      {"2026-11-22 07:37:27 started", "none"},
      {"[2026-11-22 07:37:27] started", "none"},
      {"=== 2026-11-22 07:37:27 sample 3 of 5 ===", "none"},
      {"the backup began at 2026-11-22 07:37:27", "none"},
      {"Last login: Sun Nov 22 07:37:27 UTC 2026", "none"},
      {"Modify: 2026-11-22 07:37:27.123456789 +0000", "none"},
      {"btime 1795333047", "none"},
      {"ctxt 1795333047", "none"},
      {"rx_bytes: 1795333047", "none"},
      {"--- rx_bytes: 1795333047 ---", "none"},
      {"rx_bytes: 20261122073727", "none"},
      {"-1795333047", "none"},
      {"1795333047:", "none"},
      {"12 1795333047", "none"},
      {"===== 2026-11-22 =====", "none"},
      {"===== 2026-11-31 07:37:27 =====", "none"},
      {"===== 2026-11-22 25:37:27 =====", "none"},
      {"===== 22/11/2026 07:37:27 =====", "none"},
      {"=== Mon Nov 22 07:37:27 UTC 2026 ===", "none"},
      {"=== Nov 32 07:37:27 ===", "none"},
      {"=== 2000 ===", "none"},
      {"2000: 0100007F:1538 00000000:0000", "none"},
      {"=====", "none"},
      {"--- done ---", "none"},
  });
}

TEST_CASE("moments of something else are no markers") {
  CheckAll({
      {"last-modified: 2026-11-22T07:37:27Z", "none"},
      {"Last-Modified: Sun, 22 Nov 2026 07:37:27 GMT", "none"},
      {"notBefore=Nov 22 07:37:27 2026 GMT", "none"},
      {"notAfter=Nov 22 07:37:27 2026 GMT", "none"},
      {"Not Before: Nov 22 07:37:27 2026 GMT", "none"},
      {"expires: 2026-11-22T07:37:27Z", "none"},
      {"StartedAt: 2026-11-22T07:37:27Z", "none"},
      {"startedAt: 2026-11-22T07:37:27Z", "none"},
      {"Started at 2026-11-22 07:37:27", "none"},
      {"started: 2026-11-22T07:37:27Z", "none"},
      {"restarted_at=2026-11-22T07:37:27Z", "none"},
      {"finished: 2026-11-22T07:37:27Z", "none"},
      {"Completed: 2026-11-22T07:37:27Z", "none"},
      {"deployed 2026-11-22T07:37:27Z", "none"},
      {"AuthorDate: Sun Nov 22 07:37:27 2026 +0000", "none"},
      {"CommitDate: Sun Nov 22 07:37:27 2026 +0000", "none"},
      {"committer.date 2026-11-22T07:37:27Z", "none"},
      {"CreatedAt: 2026-11-22T07:37:27Z", "none"},
      {"Start Time:   Sun, 22 Nov 2026 07:37:27 +0000", "none"},
      {"End Time: 2026-11-22T07:37:27Z", "none"},
      {"start_time: 1795333047", "none"},
      {"startTime: 2026-11-22T07:37:27Z", "none"},
      {"end_time=2026-11-22T07:37:27Z", "none"},
      {"updated: 2026-11-22T07:37:27Z", "none"},
      {"scheduled: 2026-11-22T07:37:27Z", "none"},
      {"issued: 2026-11-22T07:37:27Z", "none"},
      {"valid: 2026-11-22T07:37:27Z", "none"},
      {"renewed: 2026-11-22T07:37:27Z", "none"},
      {"--- rotated 2026-11-22 07:37:27 ---", "none"},
      {"Date: Sun, 22 Nov 2026 09:00:00 +0100", "none"},
      {"date: Sun, 22 Nov 2026 07:37:27 GMT", "none"},
      {"Delivery-Date: Sun, 22 Nov 2026 09:00:00 +0100", "none"},
      {"< Date: Sun, 22 Nov 2026 07:37:27 GMT", "none"},
  });
}

TEST_CASE("behind words that say nothing of time a marker is weak") {
  CheckAll({
      {"INFO: 2026-11-22T07:37:27Z", "dressed-time at 0 weak"},
      {"--- backup 2026-11-22 07:37:27 ---", "dressed-time at 0 weak"},
      {"web1: Sun Nov 22 07:37:27 UTC 2026", "dressed-time at 0 weak"},
      {"release notes 2026-11-22 07:37:27", "none"},
      {"host web1 2026-11-22 07:37:27", "dressed-time at 0 weak"},
      {"snapshot of 2026-11-22 07:37:27", "dressed-time at 0 weak"},
      {"--- Check: 2026-11-22 07:37:27 ---", "dressed-time at 0"},
      {"# 12 2026-11-22 07:37:27", "dressed-time at 0"},
      {"snap-ts: 2026-11-22 07:37:27", "dressed-time at 0"},
      {"=== /proc/net/tcp 2026-11-22 07:37:27 ===", "dressed-time at 0 tcp /proc/net/tcp"},
  });
}

TEST_CASE("lines of OSWatcher and ExaWatcher") {
  CheckAll({
      {"zzz ***Sun Nov 22 07:37:27 UTC 2026", "oswatcher at 0"},
      {"zzz ***Sun Nov 22 07:37:27 CST 2026", "oswatcher error ambiguous-zone"},
      {"zzz *** 2026-11-22 07:37:27", "oswatcher at 0"},
      {"Linux OSWbb v8.3.2 host1", "oswatcher host=host1"},
      {"Linux OSWbb v7.3.1", "oswatcher"},
      {"Linux OSWbb v7.3.1 host1 up since 3 days", "none"},
      {"Linux host1 6.1.0", "none"},
      {"zzz <11/22/2026 07:37:27> Count:0", "exawatcher at 0"},
      {"zzz <11/22/2026 07:37:27.5>", "exawatcher at 500"},
      {"zzz <22/11/2026 07:37:27> Count:0", "none"},
      {"zzz <11/22/2026 07:37:27 Count:0", "none"},
      {"zzz <11/22/2026 07:37:27> again", "none"},
      {"zzz <1/22/2026 07:37:27>", "none"},
      {"zzz <", "none"},
      {"zzz ***", "none"},
      {"zzz ***Mon Nov 22 07:37:27 UTC 2026", "none"},
      {"zzz ***Sun Nov 22 07:37:27 UTC 2026 and more", "none"},
      {"SNAP_INTERVAL 30", "none"},
  });
}

TEST_CASE("seconds since a start") {
  CheckAll({
      {"--- t=12 ---", "relative-time +12000"},
      {"t=12.5", "relative-time +12500"},
      {"t=12s", "relative-time +12000"},
      {"t=0", "relative-time +0"},
      {"t = 1500 ms", "relative-time +1500"},
      {"T+12s", "relative-time +12000"},
      {"T+00:01:12", "relative-time +72000"},
      {"T+00:00:12.3456", "relative-time +12345"},
      {"=== +12.345s ===", "relative-time +12345"},
      {"elapsed: 12 s", "relative-time +12000"},
      {"Elapsed: 01:00:00", "relative-time +3600000"},
      {"12", "none"},
      {"--- 12 ---", "none"},
      {"+12s", "none"},
      {"=== +12 ===", "none"},
      {"t=", "none"},
      {"t=12x", "none"},
      {"T+00:60:12", "none"},
      {"T+00:12", "none"},
      {"t=-12", "none"},
      {"t=999999999999999999999", "none"},
      {"--- t=1795333047 ---", "dressed-time at 0"},
  });
}

TEST_CASE("a shell's prompt ends what stands above, and names what follows") {
  CheckAll({
      {"root@host1:~# cat /proc/net/tcp", "prompt-line tcp /proc/net/tcp"},
      {"root@host1:~# cat /proc/net/tcp | grep 0A", "prompt-line tcp /proc/net/tcp"},
      {"root@host1:~# date", "prompt-line"},
      {"root@host1:~#", "prompt-line"},
      {"[root@host1 ~]# date; cat /proc/net/tcp6", "prompt-line tcp /proc/net/tcp6"},
      {"[root@host1 ~]# ss -tan", "prompt-line foreign"},
      {"host1:~$ sudo netstat -nat", "prompt-line foreign"},
      {"host1:/var/log$ ./collect", "prompt-line"},
      {"sh-4.2# head -n 40 /proc/net/tcp", "prompt-line tcp /proc/net/tcp"},
      {"bash-5.1$ /usr/sbin/ss -s", "prompt-line foreign"},
      {"generic_x86:/ # cat /proc/net/tcp", "prompt-line tcp /proc/net/tcp"},
      {"130|generic_x86:/data/local/tmp $ cat /proc/net/udp", "prompt-line foreign /proc/net/udp"},
      {"(venv) root@host1:~# ls", "prompt-line"},
      {"/ # cat /proc/net/tcp", "prompt-line tcp /proc/net/tcp"},
      {"# ss -tan", "prompt-line foreign"},
      {"# date", "prompt-line"},
      {"#", "prompt-line"},
      {"$ ls -l tcp", "prompt-line"},
      {"+ netstat -nat", "prompt-line foreign"},
      {"++ date", "prompt-line"},
      {"root@host1:~# ss -tan; cat /proc/net/tcp", "prompt-line tcp /proc/net/tcp"},
      {"# this is a comment", "none"},
      {"+ a line of a diff", "none"},
      {"$ 12.50", "none"},
      {"PS C:\\> dir", "none"},
      {"user@host1: 12 $ left", "none"},
      {"http://host1/a # b", "none"},
      {"note: see #12", "none"},
      {"root@host1:~#date", "none"},
      {"[root@host1 ~] date", "none"},
      {"[pod/web-1/app] # date", "none"},
      {"/dev/sda1 # the first disk", "none"},
  });
}

TEST_CASE("sections of supportconfig and dumpstate") {
  CheckAll({
      {"#==[ Command ]======================================#", "supportconfig"},
      {"#==[ Configuration File ]===========================#", "supportconfig"},
      {"#==[ Verification ]=================================#", "supportconfig"},
      {"#==[ Log File ]=====================================#", "supportconfig"},
      {"# /proc/net/tcp", "supportconfig tcp /proc/net/tcp"},
      {"# /proc/net/udp", "supportconfig foreign /proc/net/udp"},
      {"# /bin/date", "supportconfig"},
      {"# /usr/sbin/ss -an", "supportconfig foreign"},
      {"# /etc/hosts", "supportconfig"},
      {"#==[ Command", "none"},
      {"#=====", "none"},
      {"------ TCP (/proc/net/tcp: 2026-11-22 07:37:27) ------",
       "dumpstate at 0 tcp /proc/net/tcp"},
      {"------ TCP (/proc/net/tcp) ------", "dumpstate tcp /proc/net/tcp"},
      {"------ TCP (/proc/net/tcp: 2026-11-31 07:37:27) ------", "dumpstate tcp /proc/net/tcp"},
      {"------ UDP (/proc/net/udp: 2026-11-22 07:37:27) ------",
       "dumpstate at 0 foreign /proc/net/udp"},
      {"------ LAST KMSG (/data/kmsg: 2025-01-01 00:00:00) ------", "dumpstate /data/kmsg"},
      {"------ NETSTAT (netstat -nW) ------", "dumpstate foreign"},
      {"------ UPTIME (uptime) ------", "dumpstate"},
      {"------ 0.003s was the duration of 'TCP' ------", "dumpstate closes"},
      {"== dumpstate: 2026-11-22 07:37:27", "dumpstate at 0"},
      {"== dumpstate: 2026-11-31 07:37:27", "none"},
      {"------ 2026-11-22 07:37:27 ------", "dressed-time at 0"},
      {"------ /proc/net/tcp ------", "path-line tcp /proc/net/tcp"},
      {"------ ------", "none"},
      {"------ a ------ b", "none"},
  });
}

TEST_CASE("the first line of watch") {
  CheckAll({
      {"Every 1.0s: cat /proc/net/tcp                    host1: Sun Nov 22 07:37:27 2026",
       "watch at 0 tcp /proc/net/tcp screen"},
      {"Every 2.0s: cat /proc/net/tcp                    host1: Sun Nov  1 07:37:27 2026",
       "watch at -1814400000 tcp /proc/net/tcp screen"},
      {"Every 2.0s: cat /proc/net/tcp6                          Sun Nov 22 07:37:27 2026",
       "watch at 0 tcp /proc/net/tcp6 screen"},
      {"Every 2.0s: cat /proc/net/tcp           2026-11-22 07:37:27",
       "watch at 0 tcp /proc/net/tcp screen"},
      {"Every 2.0s: cat /proc/net/tcp", "watch tcp /proc/net/tcp screen"},
      {"Every 0,5s: ss -tan       host1: Sun Nov 22 07:37:27 2026", "watch at 0 foreign screen"},
      {"Every 2.0s: cat /proc/net/tcp        host1: Mon Nov 22 07:37:27 2026",
       "watch tcp /proc/net/tcp screen"},
      {"Every 2.0s: cat /proc/net/tcp        host1: Sun Nov 22 07:37",
       "watch tcp /proc/net/tcp screen"},
      {"Every 1.0: cat /proc/net/tcp", "none"},
      {"Every day at 07:37:27", "none"},
      {"Every ", "none"},
  });
}

TEST_CASE("lines of tcpsnap-capture") {
  CheckAll({
      {"# tcpsnap-capture 1", "tcpsnap-capture"},
      {"# tcpsnap host web1", "tcpsnap-capture host=web1"},
      {"# tcpsnap kernel Linux 6.1.0 x86_64", "tcpsnap-capture"},
      {"# tcpsnap netns 4026531840", "tcpsnap-capture"},
      {"# tcpsnap zone +0100", "tcpsnap-capture"},
      {"# tcpsnap begin 2026-11-22T07:37:27.123456789Z", "tcpsnap-capture at 123"},
      {"# tcpsnap end 2026-11-22T07:37:28Z", "tcpsnap-capture closes"},
      {"# tcpsnap load 0.1", "tcpsnap-capture"},
      {"# tcpsnap begin", "none"},
      {"# tcpsnap begin 2026-11-31T07:37:27Z", "none"},
      {"# tcpsnap", "none"},
      {"# tcpsnap 12", "none"},
      {"# tcpsnapshot host web1", "none"},
      {"# tcpsnap-capture of today", "none"},
  });
}

TEST_CASE("every layout of a marker has its word, and every word a sentence") {
  std::set<std::string_view> words;
  for (const LayoutWord& word : LayoutWords()) {
    CAPTURE(word.word);
    CHECK(words.insert(word.word).second);
    CHECK(word.sentence.size() > 20);
    CHECK((word.sentence.ends_with('.') || word.sentence.ends_with("...")));
  }
  for (const char* line :
       {"1795333047", "1795333047.5", "Sun Nov 22 07:37:27 UTC 2026",
        "Sun Nov 22 07:37:27 AM UTC 2026", "2026-11-22T07:37:27Z", "20261122-073727", "07:37:27",
        "Sun Nov 22 07:37:27 CST 2026", "2026-11-22 07:37:27 CST",
        "=== 2026-11-22 07:37:27 ===", "zzz ***Sun Nov 22 07:37:27 UTC 2026",
        "zzz <11/22/2026 07:37:27>", "t=12", "==> tcp <==", "# date", "# /bin/date",
        "------ UPTIME (uptime) ------", "Every 1.0s: date", "# tcpsnap host web1"}) {
    CAPTURE(line);
    const std::optional<Marker> marker = ReadMarker(line);
    REQUIRE(marker);
    CHECK(words.count(marker->layout) == 1);
  }
}

TEST_CASE("no bytes upset the readers of markers") {
  // Fronts that lead far into a reader, followed by long runs of every byte.
  for (const char* front :
       {"",           "=== ", "zzz ***",    "zzz <", "Linux OSW",
        "Every 1s: ", "# ",   "# tcpsnap ", "[a@b ", "root@host1:",
        "/",          "t=",   "T+",         "cat ",  "------ (",
        "# /",        "==> ", "1795333047", "Sun ",  "=== 2026-11-22 07:37:27 ("}) {
    for (int byte = 0; byte < 256; ++byte) {
      for (const size_t length : {size_t{1}, size_t{100}, size_t{65'536}}) {
        // Long lines of a few bytes that mean something; of the others short ones.
        if (length > 100 && std::string_view(" #$/:(.-=0aS[\"").find(static_cast<char>(byte)) ==
                                std::string_view::npos) {
          continue;
        }
        const std::string line = front + std::string(length, static_cast<char>(byte));
        const std::optional<Marker> marker = ReadMarker(line);
        if (length < 65'536 || !marker) continue;
        CAPTURE(front, byte);
        CHECK_FALSE(marker->time);
      }
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
  for (const char* folder :
       {"20261122-073727", "2026-11-22T07:37:27Z", "snaps/1795333047", "/a/b/2026-11-22_07-37-27",
        "20261122/073727", "snap/2026-11-22/07-37-27", "snaps.tar.gz!20261122-073727"}) {
    for (const char* file : {"tcp", "tcp6", "tcp.txt", "tcp6.log", "proc_net_tcp.txt",
                             "proc_net_tcp6", "net_tcp", "net/tcp", "net/tcp6", "proc/net/tcp",
                             "proc/net/tcp6", "proc/4711/net/tcp", "proc/self/net/tcp6"}) {
      const std::string path = std::string(folder) + "/" + file;
      CAPTURE(path);
      const NameFacts facts = ReadFileName(path, Zone());
      REQUIRE(facts.time);
      REQUIRE(facts.time->time);
      CHECK(facts.time->time->utc_ms == kMoment);
    }
  }
}

TEST_CASE("the names of Oracle's collectors tell the host") {
  const auto host = [](std::string_view path) { return ReadFileName(path, Zone()).host; };
  CHECK(host("2026_11_22_07_00_00_NetstatExaWatcher_db1.dat") == "db1");
  CHECK(host("a/2026_11_22_07_00_00_NetstatExaWatcher_db1.example.org.dat.bz2") ==
        "db1.example.org");
  CHECK(host("a.tar!2026_11_22_07_00_00_NetstatExaWatcher_db-1.dat.gz") == "db-1");
  CHECK(host("osw/archive/netstat/db1_netstat_26.11.22.0700.dat") == "db1");
  CHECK(host("a/oswnetstat/db1_netstat_26.11.22.0700.dat.gz") == "db1");
  CHECK(host("oswbb.tar!oswprvtnet/db1_prvtnet_26.11.22.0700.dat") == "db1");
  for (const char* path :
       {"", "db1.dat", "netstat/db1_netstat_26.11.22.0700.dat", "db1_netstat_26.11.22.0700.dat",
        "oswnetstat/db1_netstat_26.11.22.07.dat", "oswnetstat/db1_26.11.22.0700.dat",
        "oswnetstat/db1_netstat_26.11.22.0700.txt", "oswnetstat/_netstat_26.11.22.0700.dat",
        "2026_11_22_07_00_00_NetstatExaWatcher_db1.txt", "NetstatExaWatcher_.dat",
        "NetstatExaWatcher_-.dat", "20261122-073727/tcp"}) {
    CAPTURE(path);
    CHECK(host(path).empty());
  }
  const NameFacts exawatcher =
      ReadFileName("2026_11_22_07_37_27_NetstatExaWatcher_db1.dat.bz2", Zone());
  REQUIRE(exawatcher.time);
  CHECK(exawatcher.time->time->utc_ms == kMoment);
  CHECK_FALSE(ReadFileName("oswnetstat/db1_netstat_26.11.22.0700.dat", Zone()).time);
}

TEST_CASE("names that tell no time") {
  for (const char* path : {"-",
                           "tcp",
                           "tcp6",
                           "/proc/net/tcp",
                           "webhost.log",
                           "2026-11-22/tcp",
                           "20261122-073727/web.log",
                           "20261122-073727/other/tcp",
                           "20261122-073727/udp",
                           "20261122-073727/proc_net_udp.txt",
                           "pid-12345/tcp",
                           "tcp.1",
                           "incident-4711.log",
                           "2026112207.log",
                           "20261122-073727/4711/net/tcp",
                           "20261122-073727/proc/sys/net/tcp",
                           "sosreport-host1-1234-20261122073727/proc/net/tcp",
                           "sosreport-host1-1234-20261122073727/proc/3255/net/tcp",
                           "sosreport-host1-1234-20261122073727.tar.xz!proc/net/tcp",
                           "scc_host1_20261122_073727/tcp",
                           "nts_host1_20261122_073727.tgz!tcp",
                           "a.tar.gz!tcp",
                           "20261122-old/073727/tcp",
                           "",
                           "/",
                           "!",
                           "20261122-073727/tcp/"}) {
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
