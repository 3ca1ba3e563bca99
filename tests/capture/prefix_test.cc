// What stands before the lines of a dump: what it tells, and what is none.
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "capture/layout.h"
#include "support/catch.h"

namespace tcpsnap::capture {
namespace {

constexpr int64_t kMoment = 1'795'333'047'000;  // 2026-11-22T07:37:27Z
const std::string kRow = "   0: 0100007F:1538 00000000:0000 0A 00000000:00000000 00:00000000";
const std::string kHeader = "  sl  local_address rem_address   st tx_queue rx_queue";

bool IsTable(std::string_view text) { return text.starts_with(kRow) || text.starts_with(kHeader); }

// As one who calls does: the first reader that leaves something which may stand behind a prefix.
template <typename Accepts>
std::optional<Prefix> ReadPrefix(std::string_view line, const Accepts& accepts) {
  for (const PrefixReader reader : PrefixReaders()) {
    const std::optional<Prefix> prefix = reader(line, Zone());
    if (prefix && accepts(line.substr(prefix->length))) return prefix;
  }
  return std::nullopt;
}

std::optional<Prefix> ReadAnyPrefix(std::string_view line) {
  return ReadPrefix(line, [](std::string_view) { return true; });
}

// All that a prefix says but its length: "syslog-prefix at 0 host=host1"; a time is shown by how
// far it is from kMoment.
std::string Describe(const std::optional<Prefix>& prefix) {
  if (!prefix) return "none";
  std::string text(prefix->layout);
  if (prefix->time && prefix->time->time) {
    text += " at " + std::to_string(prefix->time->time->utc_ms - kMoment);
  } else if (prefix->time) {
    text += prefix->time->partial ? " partial" : " broken";
  }
  if (!prefix->host.empty()) text += " host=" + std::string(prefix->host);
  if (!prefix->path.empty()) text += " path=" + std::string(prefix->path);
  if (!prefix->source.empty()) text += " source=" + std::string(prefix->source);
  return text;
}

struct Expected {
  const char* prefix;
  const char* description;
};

// Before rows and headers; what is left must be these, every blank of them.
void CheckBeforeTable(const std::vector<Expected>& table) {
  for (const Expected& expected : table) {
    for (const std::string& rest : {kRow, kHeader}) {
      const std::string line = expected.prefix + rest;
      CAPTURE(line);
      const std::optional<Prefix> prefix = ReadPrefix(line, IsTable);
      CHECK(Describe(prefix) == expected.description);
      if (prefix) CHECK(line.substr(prefix->length) == rest);
    }
  }
}

TEST_CASE("the file before each line, as grep writes it") {
  CheckBeforeTable({
      {"/proc/net/tcp:", "path-prefix path=/proc/net/tcp"},
      {"/proc/net/tcp6:12:", "path-prefix path=/proc/net/tcp6"},
      {"/proc/net/tcp-12-", "path-prefix path=/proc/net/tcp"},
      {"/proc/net/udp:", "path-prefix path=/proc/net/udp"},
      {"tcp:", "path-prefix path=tcp"},
      {"tcp6:3:", "path-prefix path=tcp6"},
      {"web1/20261122_073727/tcp6:", "path-prefix at 0 path=web1/20261122_073727/tcp6"},
      {"web-1/proc/4711/net/tcp:1:", "path-prefix path=web-1/proc/4711/net/tcp"},
      {"2026-11-22T07:37:27+00:00.txt:2:", "path-prefix at 0 path=2026-11-22T07:37:27+00:00.txt"},
      {"capture.log:", "path-prefix path=capture.log"},
      {"sosreport-host1-1234-20261122073727/proc/net/tcp:",
       "path-prefix path=sosreport-host1-1234-20261122073727/proc/net/tcp"},
      {"12:", "path-prefix"},
      {"12-", "path-prefix"},
      {"C:", "none"},
      {"note:", "none"},
      {"/proc/net/tcp=", "none"},
      {"my files/tcp:", "none"},
  });
}

TEST_CASE("a time before each line") {
  CheckBeforeTable({
      {"Nov 22 07:37:27 ", "ts-prefix partial"},
      {"07:37:27.123456 ", "ts-prefix partial"},
      {"[07:37:27] ", "ts-prefix partial"},
      {"2026-11-22T07:37:27.123456789Z ", "iso-prefix at 123"},
      {"2026-11-22 07:37:27,5 ", "iso-prefix at 500"},
      {"2026-11-22 07:37:27\t", "iso-prefix at 0"},
      {"2026-11-22T08:37:27+01:00: ", "iso-prefix at 0"},
      {"2026-11-22T07:37:27Z, ", "iso-prefix at 0"},
      {"2026-11-22 07:37:27 | ", "iso-prefix at 0"},
      {"2026-11-22 07:37:27 - ", "iso-prefix at 0"},
      {"20261122-073727 ", "iso-prefix at 0"},
      {"1795333047 ", "epoch-prefix at 0"},
      {"1795333047.25 ", "epoch-prefix at 250"},
      {"[1795333047] ", "epoch-prefix at 0"},
      {"1795333047: ", "epoch-prefix at 0"},
      {"Sun Nov 22 07:37:27 UTC 2026 ", "date-prefix at 0"},
      {"[Sun Nov 22 07:37:27 2026] ", "date-prefix at 0"},
      {"[Sun Nov 22 07:37:27 2026]: ", "date-prefix at 0"},
      {"Sun Nov 22 07:37:27 AM UTC 2026 ", "date-prefix at 0"},
      {"Sun Nov 22 07:37:27 CST 2026 ", "date-prefix broken"},
      {"2026-11-22 07:37:27 CST ", "iso-prefix broken"},
      {"[2026-11-22T07:37:27Z ", "log-prefix at 0"},
      {"2026-11-31T07:37:27Z ", "none"},
      {"2026-11-22 ", "none"},
      {"Mon Nov 22 07:37:27 UTC 2026 ", "none"},
      {"179533304 ", "none"},
      {"12 ", "none"},
  });
}

TEST_CASE("a mark behind a time may stand close to the line") {
  const std::optional<Prefix> comma = ReadAnyPrefix("1795333047,12345: 0100007F:1538");
  REQUIRE(comma);
  CHECK(comma->length == std::string("1795333047,").size());
}

TEST_CASE("a time, a host and a tag before each line") {
  CheckBeforeTable({
      {"Nov 22 07:37:27 host1 tcplog[1234]: ", "syslog-prefix partial host=host1"},
      {"Nov  1 07:37:27 HOST1 tcplog: ", "syslog-prefix partial host=HOST1"},
      {"Nov 22 07:37:27 WEB tcplog: ", "syslog-prefix partial host=WEB"},
      {"<13>Nov 22 07:37:27 host1 tcplog: ", "syslog-prefix partial host=host1"},
      {"Nov 22 07:37:27 10.0.0.1 (cron)[1]: ", "syslog-prefix partial host=10.0.0.1"},
      {"Nov 22 07:37:27 fe80::1 kernel: ", "syslog-prefix partial host=fe80::1"},
      {"Nov 22 07:37:27 tcplog[1]: ", "syslog-prefix partial"},
      {"Sun Nov 22 07:37:27 2026 user.notice tcplog: ", "syslog-prefix at 0"},
      {"Nov 22 07:37:27 web1 user.notice tcplog: ", "syslog-prefix partial host=web1"},
      {"Nov 22 07:37:27 web1 local7.debug tcplog[12]: ", "syslog-prefix partial host=web1"},
      {"Nov 22 07:37:27 user.notice tcplog: ", "syslog-prefix partial"},
      {"Nov 22 07:37:27 user.example.org tcplog: ", "syslog-prefix partial host=user.example.org"},
      {"Nov 22 07:37:27 - tcplog: ", "syslog-prefix partial"},
      {"Nov 22 07:37:27 - user.notice tcplog: ", "syslog-prefix partial"},
      {"2026-11-22T07:37:27.1Z - json: ", "iso-syslog-prefix at 100"},
      {"Sun Nov 22 07:37:27 UTC 2026: ", "date-prefix at 0"},
      {"2026-11-22T07:37:27.000000+00:00 host1 tcplog: ", "iso-syslog-prefix at 0 host=host1"},
      {"2026-11-22T07:37:27 WEB tcplog: ", "iso-syslog-prefix at 0 host=WEB"},
      {"2026-11-22T07:37:27+0000 host1 tcplog[7]: ", "iso-syslog-prefix at 0 host=host1"},
      {"2026-11-22 07:37:27 host1 tcplog[7]: ", "iso-syslog-prefix at 0 host=host1"},
      {"Sun 2026-11-22 07:37:27 UTC host1 tcplog[12]: ", "iso-syslog-prefix at 0 host=host1"},
      {"1795333047.123456 host1 tcplog[12]: ", "iso-syslog-prefix at 123 host=host1"},
      {"<13>1 2026-11-22T07:37:27.000003Z host1 app 12 ID47 - ",
       "iso-syslog-prefix at 0 host=host1"},
      {"<13>1 2026-11-22T07:37:27Z host1 app - - [a b=\"x] \\\"y\"][c] ",
       "iso-syslog-prefix at 0 host=host1"},
      {"<13>1 2026-11-22T07:37:27Z - app - - - \xEF\xBB\xBF", "iso-syslog-prefix at 0"},
      {"<13>1 2026-11-22T07:37:27Z host1 app - - [a ", "log-prefix at 0 source=13>1"},
      {"<13>1 2026-11-22T07:37:27Z host1 app - ", "log-prefix at 0 source=13>1"},
      {"<x>Nov 22 07:37:27 host1 tcplog: ", "none"},
      {"Nov 22 07:37:27 host1 tcplog ", "log-prefix partial"},
      {"Nov 22 host1 tcplog: ", "none"},
      {"Nov 32 07:37:27 host1 tcplog: ", "none"},
  });
}

TEST_CASE("a container before each line") {
  CheckBeforeTable({
      {"[pod/web-1/app] ", "kubernetes-prefix host=web-1"},
      {"web_1  | ", "compose-prefix host=web_1"},
      {"web-1 | ", "compose-prefix host=web-1"},
      {"web-1 app ", "none"},
      {"[pod/web-1] ", "none"},
      {"[pod//app] ", "none"},
      {"[pod/web-1/app ", "none"},
      {"[job/web-1/app] ", "none"},
      {"12 | ", "none"},
      {"web_1| ", "none"},
      {"web_1 || ", "none"},
  });
}

TEST_CASE("the words of a log before each line") {
  CheckBeforeTable({
      {"2026-11-22 07:37:27,123 INFO tcp - ", "log-prefix at 123"},
      {"INFO 2026-11-22 07:37:27 tcp: ", "log-prefix at 0"},
      {"[2026-11-22 07:37:27.123] [info] [tcp] ", "log-prefix at 123"},
      {"[info] [2026-11-22 07:37:27] ", "log-prefix at 0"},
      {"time=2026-11-22T07:37:27Z level=info msg=\"", "log-prefix at 0"},
      {"ts=1795333047 msg=\"", "log-prefix at 0"},
      {"07:37:27 [main] INFO tcp - ", "log-prefix partial"},
      {"2026-11-22 07:37:27 INFO ", "log-prefix at 0"},
      {"> ", "quote-prefix"},
      {">> ", "quote-prefix"},
      {"> > ", "quote-prefix"},
      {"| ", "quote-prefix"},
      {"* ", "quote-prefix"},
      {"INFO tcp - ", "none"},
      {"INFO Mon Nov 22 07:37:27 UTC 2026 tcp ", "none"},
      {"INFO 2026-11-31 07:37:27 tcp ", "none"},
      {"seq=12 inode=1795333047 ", "none"},
      {"0 1795333047 1 00000000e8439b5a ", "none"},
      {"1795333047 1 00000000e8439b5a 100 ", "none"},
      {"2026-11-22 07:37:27 100 0 ", "none"},
  });
  const std::string words(250, 'x');
  CHECK_FALSE(ReadPrefix("2026-11-22 07:37:27 " + words + " " + kRow, IsTable));
  CHECK_FALSE(ReadAnyPrefix("> nothing like a row"));
  CHECK_FALSE(ReadLogPrefix("2026-11-22 07:37:27 INFO started", Zone()));
}

TEST_CASE("the words before the time of a log tell its writers apart") {
  CheckBeforeTable({
      {"web-1 app 2026-11-22T07:37:27Z ", "log-prefix at 0 source=web-1 app"},
      {"web-2 app 2026-11-22T07:37:27Z ", "log-prefix at 0 source=web-2 app"},
      {"[web-1] [app] [2026-11-22T07:37:27Z] ", "log-prefix at 0 source=web-1] [app"},
      {"web-1 | time=2026-11-22T07:37:27Z msg=\"", "log-prefix at 0 source=web-1"},
      {"pod=web-1 ts=1795333047 ", "none"},
      {"12345 web-1 INFO 2026-11-22T07:37:27Z ", "log-prefix at 0 source=web-1"},
      {"seq=12 level=info ts=2026-11-22T07:37:27Z ", "log-prefix at 0"},
      {"[ERROR] [12] [2026-11-22T07:37:27Z] ", "log-prefix at 0"},
      {"((2026-11-22T07:37:27Z)) x ", "log-prefix at 0"},
      {"2026-11-22T07:37:27Z web-1 app ", "log-prefix at 0"},
  });
}

TEST_CASE("a row that was cut and the row below it are no prefix and row") {
  for (const char* line : {
           "   1: 0100007F:15   2: 0100007F:1538 00000000:0000 0A",
           "1: 0100007F:15   2: 0100007F:1538 00000000:0000 0A",
           "1: 0100007   2: 0100007F:1538 00000000:0000 0A",
           "12:   2: 0100007",
           "0100007F:1538 00000000:0000 0A    2: 0100007F:1538 00000000:0000 0A",
           "00000000:00000000 00:00000000     2: 0100007F:1538 00000000:0000 0A",
       }) {
    CAPTURE(line);
    CHECK(Describe(ReadAnyPrefix(line)) == "none");
  }
  CHECK_FALSE(ReadLogPrefix("2026-11-22 07:37:27 x 0100007F:1538 " + kRow, Zone()));
  CHECK_FALSE(ReadLogPrefix("1: 2026-11-22 07:37:27 INFO " + kRow, Zone()));
}

TEST_CASE("rows and headers themselves have no prefix") {
  for (const char* line :
       {"   0: 0100007F:1538 00000000:0000 0A", "12: 0100007F:1538 00000000:0000 0A",
        "12: 01000012:1538 00000000:0000 0A", "2000: 0100007F:1538 00000000:0000 0A",
        "1795333047: 0100007F:1538 00000000:0000 0A", "1795333047: 01000012:1538 00000000:0000 0A",
        "20261122: 0100007F:1538 00000000:0000 0A", "  sl  local_address rem_address   st",
        "sl  local_address rem_address   st", "", " ", ":", "-", "["}) {
    CAPTURE(line);
    CHECK(Describe(ReadAnyPrefix(line)) == "none");
  }
}

TEST_CASE("the prefix of an empty line may have lost its blank") {
  for (const char* line :
       {"Nov 22 07:37:27", "2026-11-22T07:37:27Z", "[1795333047]",
        "Nov 22 07:37:27 host1 tcplog[1]:", "/proc/net/tcp:", "/proc/net/tcp:3:", "[pod/web-1/app]",
        "web_1  |", "<13>1 2026-11-22T07:37:27Z host1 app 12 - -"}) {
    CAPTURE(line);
    const std::optional<Prefix> prefix = ReadAnyPrefix(line);
    REQUIRE(prefix);
    CHECK(prefix->length == std::string_view(line).size());
  }
}

TEST_CASE("every layout of a prefix has its word") {
  std::set<std::string_view> words;
  for (const LayoutWord& word : LayoutWords()) words.insert(word.word);
  for (const char* front : {"/proc/net/tcp:", "Nov 22 07:37:27 ", "2026-11-22T07:37:27Z ",
                            "1795333047 ", "Sun Nov 22 07:37:27 2026 ",
                            "Nov 22 07:37:27 host1 a: ", "1795333047 host1 a: ", "[pod/a/b] ",
                            "a | ", "2026-11-22 07:37:27 INFO x ", "> "}) {
    CAPTURE(front);
    const std::optional<Prefix> prefix = ReadPrefix(front + kRow, IsTable);
    REQUIRE(prefix);
    CHECK(words.count(prefix->layout) == 1);
  }
}

TEST_CASE("no bytes upset the readers of prefixes") {
  for (const char* front :
       {"", "[", "[pod/", "[pod/a/", "<", "<13>1 ", "<13>1 2026-11-22T07:37:27Z a b c d [", "Nov ",
        "Nov 22 07:37:27 ", "2026-11-22T07:37:27Z ", "1795333047", "/", "tcp", "tcp:", "a ", "> ",
        "12", "2026-11-22 07:37:27 INFO "}) {
    for (int byte = 0; byte < 256; ++byte) {
      for (const size_t length : {size_t{1}, size_t{100}, size_t{65'536}}) {
        if (length > 100 && std::string_view(" :-[]/|\"\\.0aS>").find(static_cast<char>(byte)) ==
                                std::string_view::npos) {
          continue;
        }
        const std::string line = front + std::string(length, static_cast<char>(byte));
        const std::optional<Prefix> prefix = ReadAnyPrefix(line);
        if (!prefix) continue;
        CAPTURE(front, byte);
        CHECK(prefix->length > 0);
        CHECK(prefix->length <= line.size());
      }
    }
  }
}

}  // namespace
}  // namespace tcpsnap::capture
