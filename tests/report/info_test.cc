#include "report/info.h"

#include <string>
#include <vector>

#include "report/catalogue.h"
#include "report/describe.h"
#include "report/message_of.h"
#include "report/sample_database.h"
#include "support/catch.h"

namespace tcpsnap::report {
namespace {

using store::Database;
using testing::Contains;
using testing::SampleDatabase;
using Lines = std::vector<std::string>;

constexpr int64_t kNoon = 1'795'348'800'000;

TEST_CASE("health: nothing to say, or a clause for each thing") {
  SampleDatabase sample(Database::OpenInMemory());
  CHECK(ReadHealth(*sample).empty());
  sample.AddSnapshot("web1", kNoon, {{.direction = "in"}});
  CHECK(ReadHealth(*sample).empty());
  sample.AddSnapshot("web2", kNoon, {}, {4});
  sample.AddSnapshot("web3", kNoon, {}, {6});
  CHECK(ReadHealth(*sample) == Lines{"no tcp table of web3", "no tcp6 table of web2"});
  for (const char* host : {"a", "b", "c"}) sample.AddSnapshot(host, kNoon, {}, {4});
  CHECK(ReadHealth(*sample)[1] == "no tcp6 table of 4 hosts");
  sample->Execute(
      "UPDATE source SET complete = 0, lines = 1000, samples = 988, duplicates = 5, rejected = 7");
  CHECK(ReadHealth(*sample)[0] == "1 import was interrupted (run it again)");
  CHECK(ReadHealth(*sample)[1] == "0.7 % of the rows were refused (view rejected_lines)");
}

TEST_CASE("info: as text and as JSON") {
  SampleDatabase sample(Database::OpenInMemory());
  sample.AddSnapshot("web1", kNoon, {{.direction = "in"}, {.family = 6, .direction = "in"}});
  sample.AddSnapshot("web1", kNoon + 60'000, {{.direction = "in"}});
  sample->Execute(
      "UPDATE source SET path = CAST(x'612fe9' AS TEXT), lines = 6, markers = 2, headers = 0,"
      " samples = 3, rejected = 1;"
      "INSERT INTO rejected_line (source_id, line, byte_offset, column, reason, text)"
      " VALUES (1, 6, 100, 1, 'cut_row', 'x')");
  const DatabaseInfo info = ReadInfo(*sample);
  CHECK(info.samples == 3);
  REQUIRE(info.sources.size() == 1);
  CHECK(info.sources[0].lines == 6);
  REQUIRE(info.rejects.size() == 1);
  CHECK(info.rejects[0].reason == "cut_row");
  CHECK_FALSE(info.rejects[0].sentence.empty());

  const std::string text = InfoAsText(info, capture::Zone::Find("Europe/Berlin"));
  CHECK(Contains(text, ": 0 bytes, 2 snapshots, 3 samples; times in Europe/Berlin\n"));
  CHECK(Contains(text, "! 25.0 % of the rows were refused (view rejected_lines)\n"));
  CHECK(Contains(text,
                 "web1          2  2026-11-22 13:00:00+01:00  2026-11-22 13:01:00+01:00  "
                 "tcp, tcp6\n"));
  CHECK(Contains(text, "a/\xEF\xBF\xBD"));
  CHECK(Contains(text, "cut_row       1  "));

  const std::string json = InfoAsJson(info);
  CHECK(Contains(json, "\"first\": \"2026-11-22T12:00:00Z\""));
  CHECK(Contains(json, "\"has_tcp6\": true"));
  CHECK(Contains(json, "\"path\": \"a/\xEF\xBF\xBD\""));
  CHECK(Contains(json, "\"rejected\": 1"));
  CHECK(Contains(json, "\"25.0 % of the rows were refused (view rejected_lines)\""));
}

TEST_CASE("info: an empty database") {
  Database database = Database::OpenInMemory();
  const DatabaseInfo info = ReadInfo(database);
  CHECK(Contains(InfoAsText(info, capture::Zone()), "0 snapshots, 0 samples"));
  CHECK(Contains(InfoAsJson(info), "\"hosts\": []"));
}

TEST_CASE("describe: a report tells what it takes and gives") {
  const std::string text = DescribeReport(Catalogue::BuiltIn().Find("timewait-peers"));
  CHECK(Contains(text, "timewait-peers: Who the TIME_WAIT sockets were with\n\n"));
  CHECK(Contains(text, "  limit  integer, default 20  rows for each host\n"));
  CHECK(Contains(text, "Options: --since, --until, --host, --tz\n"));
  CHECK(Contains(text, "\nSQL:\nWITH total AS ("));
  CHECK(
      Contains(DescribeReport(Catalogue::BuiltIn().Find("states")), "--bucket (1h unless given)"));
}

TEST_CASE("describe: lines are wrapped at blanks, paragraphs stay") {
  CHECK(Wrap("one two three\nfour", 8) == "one two\nthree\nfour\n");
  CHECK(Wrap("abcdefghijkl m", 5, "  ") == "  abcdefghijkl m\n");
  CHECK(Wrap("", 5) == "\n");
}

}  // namespace
}  // namespace tcpsnap::report
