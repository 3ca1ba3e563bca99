// Ad-hoc SQL: parameters, several statements, mistakes.
#include <string>

#include "report/error.h"
#include "report/message_of.h"
#include "report/runner.h"
#include "report/sample_database.h"
#include "report/sql_error.h"
#include "support/catch.h"

namespace tcpsnap::report {
namespace {

using store::Database;
using testing::Contains;
using testing::MessageOf;
using testing::SampleDatabase;
using testing::TemporaryFolder;

constexpr int64_t kNoon = 1'795'348'800'000;

std::string Run(Database& database, const std::string& sql, const Request& request = {},
                const std::string& format = "tsv") {
  std::string text;
  const auto writer =
      MakeRowWriter(ParseFormat(format),
                    {true, request.zone, [&text](std::string_view piece) { text += piece; }});
  RunSql(database, sql, request, ResolveScope(database, request), *writer);
  return text;
}

TEST_CASE("sql: parameters of the window, of -p, and the function bucket") {
  SampleDatabase sample(Database::OpenInMemory());
  sample.AddSnapshot("web1", kNoon, {});
  Request request;
  request.since = "-30m";
  request.host = "web1";
  request.bucket = "1d";
  request.parameters = {{"port", "443"}, {"share", "0.5"}, {"ip", "10.0.0.1"}};
  CHECK(Run(*sample,
            "SELECT :since AS a, :until AS b, :host AS c, typeof(:port) AS d, typeof(@share) AS e,"
            " $ip AS f, bucket(taken_ms) AS g, bucket(NULL) AS h FROM snapshots",
            request) ==
        "a\tb\tc\td\te\tf\tg\th\n"
        "1795347000000\t\tweb1\tinteger\treal\t10.0.0.1\t1795305600000\t\n");
}

TEST_CASE("sql: what has no value, and what has no effect") {
  Database database = Database::OpenInMemory();
  const auto error = [&](const std::string& sql, const Request& request = {}) {
    return MessageOf([&] { Run(database, sql, request); });
  };
  CHECK(error("SELECT :port") == "the SQL has the parameter :port: give it with -p port=value");
  CHECK(Contains(error("SELECT ?"), "a parameter without a name"));
  CHECK(Contains(error("SELECT ?1"), "a parameter without a name"));
  Request request;
  request.parameters = {{"x", "1"}};
  CHECK(error("SELECT 1", request) == "-p x has no effect: the SQL doesn't use :x");
  CHECK(error("SELECT 1; SELECT :x", request) == "nothing was thrown");
  request = Request();
  request.since = "2026-11-22T12:00:00Z";
  CHECK(error("SELECT 1", request) == "--since has no effect: the SQL doesn't use :since");
  CHECK(error("") == "there is no SQL statement to run");
  CHECK(error(" ; -- only this\n;") == "there is no SQL statement to run");
}

TEST_CASE("sql: several statements follow one another") {
  Database database = Database::OpenInMemory();
  const std::string sql = "SELECT 1 AS a; ; -- a comment\nSELECT 2 AS b WHERE 0; SELECT 3 AS c;";
  CHECK(Run(database, sql) == "a\n1\n\nb\n\nc\n3\n");
  CHECK(Run(database, sql, {}, "json") == "[\n{\"a\":1}\n]\n[]\n[\n{\"c\":3}\n]\n");
  CHECK(Run(database, "BEGIN; SELECT 1 AS a; COMMIT") == "a\n1\n");
}

TEST_CASE("sql: a mistake anywhere shows before anything is written") {
  Database database = Database::OpenInMemory();
  std::string text;
  const auto writer =
      MakeTsvWriter({true, capture::Zone(), [&text](std::string_view piece) { text += piece; }});
  const Request request;
  CHECK_THROWS_AS(
      RunSql(database, "SELECT 1; SELECT nope", request, ResolveScope(database, request), *writer),
      UserError);
  CHECK(text.empty());
}

TEST_CASE("sql: mistakes get their line and a caret") {
  Database database = Database::OpenInMemory();
  const auto error = [&](const std::string& sql) { return MessageOf([&] { Run(database, sql); }); };
  const std::string schema = "\nthe views and their columns: tcpsnap-query schema";
  CHECK(error("SELECT stat FROM sockets") ==
        "no such column: stat\n"
        "  1 | SELECT stat FROM sockets\n"
        "             ^" +
            schema);
  CHECK(error("SELECT 1;\n\nSELECT host,\n\t nope\n  FROM sockets;") ==
        "no such column: nope\n"
        "  4 | \\t nope\n"
        "         ^" +
            schema);
  CHECK(error("SELECT 'käse' || nope") ==
        "no such column: nope\n"
        "  1 | SELECT 'käse' || nope\n"
        "                       ^" +
            schema);
  CHECK(error("SELECT sockts, 1 FROM sockts") ==
        "no such table: sockts\n"
        "  1 | SELECT sockts, 1 FROM sockts\n"
        "             ^" +
            schema);
  CHECK(error("SELEC 1") ==
        "near \"SELEC\": syntax error\n"
        "  1 | SELEC 1\n"
        "      ^");
  CHECK(error("SELECT (1 + \n") ==
        "incomplete input\n"
        "  1 | SELECT (1 + \n"
        "                 ^");
  CHECK(error("SELECT abs(-9223372036854775808)") == "integer overflow");
  CHECK(error("SELECT '" + std::string(150, 'x') + "', nope, '" + std::string(150, 'y') + "'") ==
        "no such column: nope\n"
        "  1 | ..." +
            std::string(47, 'x') + "', nope, '" + std::string(43, 'y') + "...\n" +
            std::string(59, ' ') + "^" + schema);
  CHECK(error("SELECT nope" + std::string(100'000, ' ')).size() < 300);
}

TEST_CASE("sql: writing is refused as a mistake of the user") {
  const TemporaryFolder folder;
  const std::string path = folder.Path("a.db");
  Database::OpenForImport(path);
  Database database = Database::OpenReadOnly(path);
  CHECK(Contains(MessageOf([&] { Run(database, "SELECT 1; DROP TABLE host"); }),
                 "only reading is allowed here"));
  CHECK_THROWS_AS(Run(database, "VACUUM INTO '" + folder.Path("b.db") + "'"), UserError);
  CHECK(folder.Names() == std::vector<std::string>{"a.db"});
}

TEST_CASE("sql: an interrupt leaves through the writer") {
  Database database = Database::OpenInMemory();
  int pieces = 0;
  const auto writer = MakeTsvWriter({true, capture::Zone(), [&](std::string_view) {
                                       ++pieces;
                                       database.Interrupt();
                                     }});
  const Request request;
  CHECK_THROWS_AS(
      RunSql(database,
             "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n",
             request, ResolveScope(database, request), *writer),
      store::Interrupted);
  CHECK(pieces == 1);
}

}  // namespace
}  // namespace tcpsnap::report
