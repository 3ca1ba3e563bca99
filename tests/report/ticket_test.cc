#include "report/ticket.h"

#include <string>
#include <string_view>
#include <vector>

#include "report/catalogue.h"
#include "report/message_of.h"
#include "report/sample_database.h"
#include "support/catch.h"

namespace tcpsnap::report {
namespace {

using store::Database;
using testing::Contains;
using testing::MessageOf;
using testing::SampleDatabase;

constexpr int64_t kNoon = 1'795'348'800'000;

/// "own" has a row for each number below its parameter count; "other" has a parameter of that name.
Report CountingReport(const std::string& name) {
  return ParseReport(name, name + ".sql",
                     "-- title: Numbers | counted\n-- group: own\n-- description: Numbers. More.\n"
                     "-- param: count integer 3 how many\n-- param: state state optional which\n"
                     "-- param: wait duration 90s how long\n-- param: from time optional when\n"
                     "-- column: host text - the host\n-- column: number integer things a number\n"
                     "-- column: taken_at time - a time\n-- column: unknown real s not known\n"
                     "WITH RECURSIVE n (number) AS (SELECT 0 UNION ALL SELECT number + 1 FROM n"
                     " WHERE number + 1 < :count)\n"
                     "SELECT 'web1' AS host, number, 1795348800000 + number AS taken_at,"
                     " NULL AS unknown FROM n\n"
                     "WHERE number < :count AND ifnull(:state, '') <> 'x' AND :wait <> 1"
                     " AND ifnull(:from, 0) <> 1 ORDER BY number\n");
}

Ticket Read(Database& database, std::vector<Report> reports, const Request& request = {},
            size_t most_rows = 100) {
  TicketOptions options;
  options.tool_version = "1.2.3";
  options.reports = std::move(reports);
  options.most_rows = most_rows;
  return ReadTicket(database, request, ResolveScope(database, request), options);
}

Finding Leak() {
  Finding finding;
  finding.rule = "leak";
  finding.host = "web1";
  finding.severity = Severity::kCritical;
  finding.weight = 563;
  finding.what = "563 connections to port 7001 are leaked";
  finding.since_ms = kNoon;
  finding.until_ms = kNoon + 60'000;
  finding.confidence = "likely";
  finding.why = "none of them was closed";
  finding.numbers = R"({"sockets":563,"growth":414.05,"uid":null})";
  finding.evidence = R"(["10.0.0.1:7001 <- 10.0.0.2:41980","a `b` | c"])";
  finding.more = "report DB close-wait -p limit=5";
  return finding;
}

TEST_CASE("ticket: rows are bounded, their count is not") {
  Database database = Database::OpenInMemory();
  Request request;
  request.parameters["count"] = "1000";
  const Ticket ticket = Read(database, {CountingReport("own")}, request, 2);
  REQUIRE(ticket.reports.size() == 1);
  CHECK(ticket.reports[0].rows.count == 1000);
  CHECK(ticket.reports[0].rows.items.size() == 2);
  CHECK(ticket.reports[0].rows.is_truncated());
  CHECK(Contains(TicketAsJson(ticket), "\"row_count\": 1000,\n      \"truncated\": true,"));
  CHECK(Contains(TicketAsMarkdown(ticket), "Only the first 2 of 1000 rows are shown.\n"));

  const Ticket whole = Read(database, {CountingReport("own")}, {}, 3);
  CHECK_FALSE(whole.reports[0].rows.is_truncated());
  const Ticket counted = Read(database, {CountingReport("own")}, {}, 0);
  CHECK(counted.reports[0].rows.count == 3);
  CHECK(Contains(TicketAsMarkdown(counted), "3 rows, not shown.\n"));
}

TEST_CASE("ticket: a parameter goes to all that have it, or to the one report before its dot") {
  Database database = Database::OpenInMemory();
  Request request;
  request.parameters = {{"count", "5"}, {"own.count", "7"}};
  const Ticket ticket = Read(database, {CountingReport("own"), CountingReport("other")}, request);
  CHECK(ticket.reports[0].rows.count == 7);
  CHECK(ticket.reports[1].rows.count == 5);

  const auto message = [&](const std::string& name) {
    Request wrong;
    wrong.parameters[name] = "1";
    return MessageOf([&] { Read(database, {CountingReport("own")}, wrong); });
  };
  CHECK(message("cuont") ==
        "nothing in the ticket has the parameter 'cuont' (did you mean count?)");
  CHECK(message("own.cuont") == "the report own has no parameter 'cuont' (did you mean count?)");
  CHECK(message("onw.count") == "-p onw.count: the ticket has no report 'onw' (did you mean own?)");
  Request bucket;
  bucket.bucket = "1m";
  CHECK(MessageOf([&] { Read(database, {CountingReport("own")}, bucket); }) ==
        "no report of the ticket has buckets: leave out --bucket");
  CHECK(MessageOf([&] {
          Read(database, {CountingReport("own"), CountingReport("own")});
        }) == "the report own is named twice");
}

TEST_CASE("ticket: parameters are told as they were used") {
  Database database = Database::OpenInMemory();
  Request request;
  request.parameters = {{"state", "06"}, {"from", "2026-11-22T12:00:00Z"}};
  const std::string json = TicketAsJson(Read(database, {CountingReport("own")}, request));
  const auto has = [&](const char* text) { return Contains(json, text); };
  CHECK(has("\"type\": \"integer\",\n          \"value\": 3,\n          \"given\": false"));
  CHECK(has("\"value\": [\n            \"TIME_WAIT\"\n          ],\n          \"given\": true"));
  CHECK(has("\"type\": \"duration\",\n          \"value\": 90000,"));
  CHECK(has("\"type\": \"time\",\n          \"value\": \"2026-11-22T12:00:00Z\","));
}

TEST_CASE("ticket: findings as JSON and as Markdown") {
  Database database = Database::OpenInMemory();
  Ticket ticket = Read(database, {});
  CHECK(Contains(TicketAsJson(ticket), "\"findings\": null,"));
  CHECK_FALSE(Contains(TicketAsMarkdown(ticket), "## Findings"));

  ticket.findings.emplace().count = 2;
  ticket.findings->items = {Leak()};
  CHECK(Contains(TicketAsJson(ticket), R"(  "findings": {
    "count": 2,
    "truncated": true,
    "items": [
      {
        "rule": "leak",
        "host": "web1",
        "severity": "critical",
        "weight": 563.0,
        "what": "563 connections to port 7001 are leaked",
        "since": "2026-11-22T12:00:00Z",
        "until": "2026-11-22T12:01:00Z",
        "confidence": "likely",
        "why": "none of them was closed",
        "numbers": {
          "sockets": 563,
          "growth": 414.05,
          "uid": null
        },
        "evidence": [
          "10.0.0.1:7001 <- 10.0.0.2:41980",
          "a `b` | c"
        ],
        "more": "report DB close-wait -p limit=5"
      }
    ]
  },
)"));
  CHECK(Contains(TicketAsMarkdown(ticket), R"(## Findings

### 1. Critical: 563 connections to port 7001 are leaked

On web1, from 2026-11-22 12:00:00 to 2026-11-22 12:01:00. Likely: none of them was closed

Figures: sockets 563, growth 414.05, uid null.

- `10.0.0.1:7001 <- 10.0.0.2:41980`
- `` a `b` | c ``

Rule `leak`. More: `tcpsnap-query report DB close-wait -p limit=5`

Only the first 1 of 2 findings are shown.

)"));
}

TEST_CASE("ticket: JSON of a rule that is none is refused with the name of the rule") {
  Database database = Database::OpenInMemory();
  Ticket ticket = Read(database, {});
  ticket.findings.emplace().items = {Leak()};
  ticket.findings->items[0].numbers = "{";
  CHECK(MessageOf([&] { TicketAsJson(ticket); }) ==
        "the rule leak: '{' should be numbers, a JSON object");
  ticket.findings->items[0] = Leak();
  ticket.findings->items[0].evidence = "{}";
  CHECK(MessageOf([&] { TicketAsMarkdown(ticket); }) ==
        "the rule leak: '{}' should be evidence, a JSON array of texts");
}

TEST_CASE("ticket: text of captures is mapped wherever it stands, text of report files is not") {
  SampleDatabase sample(Database::OpenInMemory());
  sample.AddSnapshot("web1", kNoon, {{.direction = "in"}}, {4});
  sample->Execute("UPDATE host SET uname = 'Linux web1'; UPDATE source SET path = '/web1/a.log'");
  Request request;
  request.host = "web1";
  TicketOptions options;
  options.reports = {Catalogue::BuiltIn().Find("remotes")};
  options.map_text = [](std::string_view text) {
    std::string mapped(text);
    for (const auto& [from, to] :
         {std::pair<std::string, std::string>{"web1", "host-x"}, {"10.9.9", "192.0.2"}}) {
      for (size_t at = 0; (at = mapped.find(from, at)) != std::string::npos; at += to.size()) {
        mapped.replace(at, from.size(), to);
      }
    }
    return mapped;
  };
  Ticket ticket = ReadTicket(*sample, request, ResolveScope(*sample, request), options);
  for (const std::string& text : {TicketAsJson(ticket), TicketAsMarkdown(ticket)}) {
    INFO(text);
    CHECK_FALSE(Contains(text, "web1"));
    CHECK_FALSE(Contains(text, "10.9.9"));
    CHECK(Contains(text, "/host-x/a.log"));
    CHECK(Contains(text, "Linux host-x"));
    CHECK(Contains(text, "192.0.2"));
    CHECK(Contains(text, ticket.reports[0].title));
  }
}

TEST_CASE("ticket: bytes that are no UTF-8 break neither form") {
  SampleDatabase sample(Database::OpenInMemory());
  sample.AddSnapshot("web1", kNoon, {{.direction = "in"}});
  sample->Execute("UPDATE source SET path = CAST(x'612fe97c0a602e6c6f67' AS TEXT)");
  const Ticket ticket = Read(*sample, {CountingReport("own")});
  CHECK(Contains(TicketAsJson(ticket), "\"path\": \"a/\xEF\xBF\xBD|\\n`.log\""));
  CHECK(Contains(TicketAsMarkdown(ticket), "\n| `` a/\xEF\xBF\xBD\\|\\n`.log `` | "));
}

TEST_CASE("ticket: in Markdown what marks up is escaped, and words stay as they are") {
  Database database = Database::OpenInMemory();
  Ticket ticket = Read(database, {CountingReport("own")});
  ticket.reports[0].rows.count = 2;
  ticket.reports[0].rows.items = {{"a|b*c <i> [x](y) `z` ~$", int64_t{1}, int64_t{kNoon}, Value()},
                                  {"TIME_WAIT _x_ 50 %", int64_t{-2}, int64_t{kNoon}, Value()}};
  CHECK(Contains(TicketAsMarkdown(ticket), R"(### Numbers \| counted (`own`)

Numbers.

Parameters: `count` 3 (default), `wait` 90000 ms (default).

The same in every row shown: taken_at 2026-11-22 12:00:00.

| host | number |
| --- | ---: |
| a\|b\*c \<i\> \[x\](y) \`z\` \~\$ | 1 |
| TIME_WAIT \_x\_ 50 % | -2 |

Columns: `host` the host; `number` a number (things); `taken_at` a time; `unknown` not known (s).
)"));
}

TEST_CASE("ticket: Markdown of one row stands upright, wide tables and long cells are cut") {
  Database database = Database::OpenInMemory();
  Ticket ticket = Read(database, {CountingReport("own")});
  TicketReport& report = ticket.reports[0];
  report.rows.items = {{"web1", int64_t{1}, int64_t{kNoon}, Value()}};
  CHECK(Contains(TicketAsMarkdown(ticket),
                 "| column | value | unit |\n| --- | ---: | --- |\n"
                 "| host | web1 |  |\n| number | 1 | things |\n"));
  report.columns.clear();
  report.rows.items = {{}, {}};
  for (int i = 0; i < 12; ++i) {
    report.columns.push_back({"c" + std::to_string(i), ColumnType::kText, "", "", 0});
    for (size_t row : {0U, 1U}) {
      report.rows.items[row].emplace_back(std::string(70 + row, i == 0 ? 'x' : 'y'));
    }
  }
  const std::string text = TicketAsMarkdown(ticket);
  CHECK(Contains(text, "| c0 | c1 | c2 | c3 | c4 | c5 | c6 | c7 | c8 | c9 |\n"));
  CHECK(Contains(text, "| " + std::string(60, 'x') + "… | " + std::string(60, 'y') + "… | "));
  CHECK(Contains(text, "Further columns, for want of room: c10, c11.\n"));
}

TEST_CASE("ticket: warnings name what is missing, host by host") {
  SampleDatabase sample(Database::OpenInMemory());
  const auto texts = [&](const Request& request = {}) {
    std::vector<std::string> lines;
    for (const TicketWarning& warning : Read(*sample, {}, request).warnings.items) {
      lines.push_back(warning.kind + " " + warning.host.value_or("-") + ": " + warning.text);
    }
    return lines;
  };
  using Lines = std::vector<std::string>;
  CHECK(texts() == Lines{"empty_window -: there are no snapshots"});
  for (const int minute : {0, 1, 2, 3, 9, 10, 14}) {
    sample.AddSnapshot("web1", kNoon + minute * 60'000, {});
  }
  sample.AddSnapshot("web2", kNoon, {}, {4});
  CHECK(texts() ==
        Lines{"gap web1: 2 gaps of more than twice the usual distance of snapshots, the longest "
              "360.00 s",
              "single_snapshot web2: a single snapshot: nothing can be said about changes",
              "missing_family web2: no tcp6 table in 1 of 1 snapshot: its sockets count as 0"});
  CHECK(Read(*sample, {}).warnings.items[0].at_ms == kNoon + 9 * 60'000);
  Request later;
  later.since = "2026-11-22T13:00:00Z";
  CHECK(texts(later) == Lines{"empty_window -: no snapshot in the window; there are some in "
                              "2026-11-22 12:00:00 to 2026-11-22 12:14:00 (UTC)"});
  sample->Execute("UPDATE source SET lines = 1000, samples = 993, rejected = 7");
  CHECK(texts()[0] ==
        "rejected_lines -: 7 of 1000 lines could not be read (0.7 %): what they "
        "held is missing");
}

}  // namespace
}  // namespace tcpsnap::report
