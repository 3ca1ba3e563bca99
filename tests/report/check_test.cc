// The check of reports: what breaks the contract is found, and what keeps it is not.
#include "report/check.h"

#include <string>
#include <vector>

#include "report/catalogue.h"
#include "report/check_sample.h"
#include "report/check_sql.h"
#include "report/message_of.h"
#include "report/sample_database.h"
#include "support/catch.h"

namespace tcpsnap::report {
namespace {

using testing::BeginsWith;
using testing::Contains;
using Texts = std::vector<std::string>;

const std::string kWindow =
    "WHERE taken_ms >= ifnull(:since, -9223372036854775808)\n"
    "  AND taken_ms < ifnull(:until, 9223372036854775807)\n"
    "  AND host = ifnull(:host, host)\n";

/// Lines 1 to 6 of a good report.
const std::string kHead =
    "-- title: Sockets of each peer\n"
    "-- group: own\n"
    "-- description: How many.\n"
    "-- column: host text - the host\n"
    "-- column: peer address - the peer\n"
    "-- column: seen integer rows in the window\n";

/// Lines 7 to 12.
const std::string kSelect =
    "SELECT host, remote_ip AS peer, count(*) AS seen\n"
    "FROM sockets\n" +
    kWindow + "GROUP BY host, remote_ip\n";

const std::string kGood = kHead + kSelect + "ORDER BY host, seen DESC, peer;\n";

Texts Check(const std::string& text, const std::string& file = "mine.sql") {
  Texts texts;
  for (const Problem& problem : CheckReportText(file, text)) texts.push_back(ProblemText(problem));
  return texts;
}

/// The one problem there is.
std::string Only(const std::string& text) {
  const Texts texts = Check(text);
  REQUIRE(texts.size() == 1);
  return texts[0];
}

std::string With(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

TEST_CASE("check: every built-in report keeps the contract") {
  const std::vector<Catalogue> catalogues = {Catalogue::BuiltIn(), Catalogue::BuiltInRules()};
  for (const Catalogue& catalogue : catalogues) {
    REQUIRE_FALSE(catalogue.reports().empty());
    for (const Report& report : catalogue.reports()) {
      INFO(report.name);
      for (const Problem& problem : CheckReport(report)) FAIL_CHECK(ProblemText(problem));
    }
  }
}

/// Lines 1 to 14 of a good rule.
const std::string kRuleHead =
    "-- title: Hosts\n"
    "-- group: triage\n"
    "-- description: All of them.\n"
    "-- column: host text - the host\n"
    "-- column: severity text - how bad\n"
    "-- column: weight real - order\n"
    "-- column: what text - sentence\n"
    "-- column: since time - first\n"
    "-- column: until time - last\n"
    "-- column: confidence text - how sure\n"
    "-- column: why text - why\n"
    "-- column: numbers json - figures\n"
    "-- column: evidence json - peers\n"
    "-- column: more text - command\n";

const std::string kGoodRule =
    kRuleHead +
    "SELECT host, 'notice' AS severity, count(*) AS weight, 'a host' AS what,\n"
    "  min(taken_ms) AS since, max(taken_ms) AS until, 'sure' AS confidence, 'it is' AS why,\n"
    "  json_object('snapshots', count(*)) AS numbers, json_array(host) AS evidence,\n"
    "  'info DB' AS more\n"
    "FROM snapshots\n" +
    kWindow + "GROUP BY host ORDER BY host;\n";

TEST_CASE("check: a rule has the columns of a finding and their words") {
  CHECK(Check(kGoodRule).empty());
  CHECK(Check(With(kGoodRule, "-- column: more text - command\n", "")) ==
        Texts{"mine.sql:14: the SELECT gives the column 'more', which is not declared: add"
              " '-- column: more type unit help'",
              "mine.sql:14: a finding has 11 columns: after the last one add '-- column: more text"
              " - help'"});
  CHECK(Check(With(kGoodRule, "numbers json", "numbers text")) ==
        Texts{"mine.sql:12: column 9 of a finding is numbers: declare '-- column: numbers json -"
              " help'"});
  CHECK(
      Check(With(kGoodRule, "command\nSELECT", "command\n-- column: x text - x\nSELECT")).size() ==
      2);
  CHECK(Check(With(kGoodRule, "'notice'", "'bad'")) ==
        Texts{"mine.sql:5: column severity: 'bad' is none of: critical, warning, notice"});
  CHECK(Check(With(kGoodRule, "'sure'", "'very'")) ==
        Texts{"mine.sql:10: column confidence: 'very' is none of: sure, likely, possible"});
  CHECK(Check(With(kGoodRule, "'it is'", "NULL")) ==
        Texts{"mine.sql:11: column why: NULL is no text: a finding needs it"});
  CHECK(Check(With(kGoodRule, "json_array(host)", "json_array(1)")) ==
        Texts{"mine.sql:13: column evidence: '[1]' is no JSON array of texts: make it with "
              "json_group_array()"});
  CHECK(Check(With(kGoodRule, "json_object('snapshots', count(*))", "'a=1'")) ==
        Texts{"mine.sql:12: column numbers: 'a=1' is no JSON object of plain values: make it with "
              "json_object()"});
  // Of another group it is a report, and free.
  CHECK(Check(With(With(kGoodRule, "group: triage", "group: own"), "'sure'", "'very'")).empty());
}

TEST_CASE("check: a good report") {
  CHECK(Check(kGood).empty());
  CHECK(Check(With(kGood, ";", "")).empty());
  CHECK(Check(With(kGood, ";", "  -- the end; SELECT 1\n;;")).empty());
  CHECK(Check(With(kGood, "ORDER BY host, seen DESC, peer", "ORDER BY 1, 3, 2 LIMIT 3")).empty());
  CHECK(Check(With(kGood, "count(*)", "count(*) + 0 * length(';')")).empty());
}

TEST_CASE("check: the sample has what reports look for") {
  store::Database database = store::Database::OpenInMemory();
  FillSample(database);
  const auto one = [&](const std::string& sql) { return testing::Rows(database, sql)[0]; };
  CHECK(one("SELECT count(*), count(DISTINCT host) FROM snapshots") == "10|2");
  CHECK(one("SELECT min(taken_ms), max(taken_ms) FROM snapshots") ==
        std::to_string(kSampleSinceMs - 1'200'000) + "|" +
            std::to_string(kSampleUntilMs + 600'000));
  CHECK(one("SELECT count(DISTINCT state) FROM sockets") == "10");
  CHECK(one("SELECT count(DISTINCT timer) FROM sockets") == "5");
  CHECK(one("SELECT count(DISTINCT owner_class) FROM sockets") == "5");
  CHECK(one("SELECT count(DISTINCT direction || is_local) FROM sockets") == "5");
  CHECK(one("SELECT count(*) FROM transitions WHERE to_state = 'CLOSE_WAIT'") ==
        one("SELECT count(*) FROM transitions"));
  CHECK(one("SELECT min(missed), max(missed) FROM turnover_counts") == "0|1");
  CHECK(one("SELECT count(*) > 0 FROM rejected_lines") == "1");
  // The totals, the rollup and the samples tell the same.
  const std::string sockets = one("SELECT count(*) FROM sockets");
  CHECK(one("SELECT sum(sockets) FROM snapshots") == sockets);
  CHECK(one("SELECT sum(sockets) FROM counts") == sockets);
  CHECK(one("SELECT sum(row_count) FROM dumps") == sockets);
  CHECK(testing::Rows(database,
                      "SELECT taken_ms, host, ordinal, state, sum(sockets) FROM counts GROUP BY"
                      " 1, 2, 3, 4 EXCEPT SELECT taken_ms, host, ordinal, state, count(*) FROM"
                      " sockets GROUP BY 1, 2, 3, 4")
            .empty());
  CHECK(one("SELECT sum(samples) FROM connections") ==
        one("SELECT sum(n) FROM (SELECT count(*) AS n FROM sockets GROUP BY host, family, local_ip,"
            " local_port, remote_ip, remote_port, iif(state = 'LISTEN', inode, 0)) WHERE n > 1"));
}

TEST_CASE("check: front-matter, all of it, and the SQL below it") {
  CHECK(Check(With(With(kGood, "group: own", "group: mine"), "peer address", "peer adress")) ==
        Texts{"mine.sql:2: no group is called 'mine' (there are: change, who, accept, reach, leak,"
              " network, trust, own, triage)",
              "mine.sql:5: unknown type 'adress' (did you mean address?)"});
  CHECK(Check(With(With(kGood, "-- title: Sockets of each peer\n", ""), "FROM sockets",
                   "FROM sokets")) ==
        Texts{"mine.sql:1: no '-- title:'",
              "mine.sql:7:6: no such table: sokets\n  7 | FROM sokets\n           ^\n"
              "the views and their columns: tcpsnap-query schema"});
  CHECK(Check(kHead) == Texts{"mine.sql:7: no SQL after the comments"});
  CHECK(Check(kHead + "/* nothing */") ==
        Texts{"mine.sql:7: no SQL: write one SELECT after the comments"});
  CHECK(Check(kGood, "x/My Report.sql") ==
        Texts{"x/My Report.sql:1: 'My Report' is no name for a report: call the file by a-z, 0-9"
              " and '-', as in open-ports.sql"});
}

TEST_CASE("check: one statement, and it reads") {
  CHECK(
      Only(kGood + "SELECT 2;\n") ==
      "mine.sql:14:1: a second statement: a report is one SELECT, leave out what follows the ';'");
  for (const std::string sql : {"DELETE FROM host", "PRAGMA page_size", "BEGIN", "EXPLAIN SELECT 1",
                                "VALUES (1)", "ATTACH 'a.db' AS a"}) {
    CHECK(Only(kHead + sql) ==
          "mine.sql:7:1: a report is one SELECT, or WITH ... SELECT; this"
          " begins with '" +
              sql.substr(0, sql.find(' ')) + "'");
  }
  CHECK(Only(kHead + "WITH a AS (SELECT 1) DELETE FROM host") ==
        "mine.sql:7:1: this statement writes: a report only reads");
  CHECK(Only(With(kGood, "remote_ip AS", "remot_ip AS")) ==
        "mine.sql:7:14: no such column: remot_ip\n"
        "  7 | SELECT host, remot_ip AS peer, count(*) AS seen\n"
        "                   ^\n"
        "the views and their columns: tcpsnap-query schema");
}

TEST_CASE("check: parameters as declared") {
  const std::string declared =
      With(kGood, "-- column: host", "-- param: port port optional this one\n-- column: host");
  CHECK(Only(declared) ==
        "mine.sql:4: the SQL does not use the parameter :port: use it, or leave it out");
  const std::string filter = "  AND service_port = ifnull(:port, service_port)\nGROUP BY";
  CHECK(Check(With(declared, "GROUP BY", filter)).empty());
  CHECK(Only(With(kGood, "GROUP BY", filter)) ==
        "mine.sql:12:29: the parameter :port is not declared (there are: since, until, host): add"
        " '-- param: port type default|optional help'");
  // In comments and texts it is none.
  CHECK(Only(With(declared, "GROUP BY", "-- :port\n  AND ':port' <> ''\nGROUP BY")) ==
        "mine.sql:4: the SQL does not use the parameter :port: use it, or leave it out");
  CHECK(Only(With(kGood, "GROUP BY", "  AND service_port <> ?\nGROUP BY")) ==
        "mine.sql:12:23: a parameter without a name: write :name and declare it (-- param: name"
        " ...)");
  CHECK(Only(With(kGood, "  AND host = ifnull(:host, host)\n", "")) ==
        "mine.sql:7: the SQL does not use :host, so --host would have no effect: filter by host ="
        " ifnull(:host, host)");
  CHECK(Only(With(kGood, ":until", "NULL")) ==
        "mine.sql:7: the SQL does not use :until, so --until would have no effect: filter by"
        " taken_ms < ifnull(:until, 9223372036854775807)");
  CHECK(Only(With(kGood, ":since", "NULL")) ==
        "mine.sql:7: the SQL does not use :since, so --since would have no effect: filter by"
        " taken_ms >= ifnull(:since, -9223372036854775808)");
  // A default that is relative to the last snapshot, of which an empty database has none.
  CHECK(Check(With(With(kGood, "-- column: host",
                        "-- param: from time -2h since then\n-- column: host"),
                   "GROUP BY", "  AND taken_ms >= :from\nGROUP BY"))
            .empty());
}

TEST_CASE("check: columns as declared") {
  CHECK(Check(With(With(kGood, "AS peer", "AS pear"), "DESC, peer", "DESC, pear")) ==
        Texts{
            "mine.sql:5: the SELECT gives no column 'peer' (did you mean pear?): name it AS peer",
            "mine.sql:7: the SELECT gives the column 'pear', which is not declared: add"
            " '-- column: pear type unit help'",
        });
  CHECK(Only(With(kGood, "host, remote_ip AS peer,", "remote_ip AS peer, host,")) ==
        "mine.sql:4: the SELECT gives the columns in another order (peer, host, seen): declare them"
        " in that order");
  CHECK(
      Only(With(kGood, "seen integer rows", "seen text -")) ==
      "mine.sql:6: column seen is declared as text and gives an integer (612): declare what it is,"
      " or convert it (CAST, or * 1.0 for a real number)");
  CHECK(Only(With(kGood, "peer address", "peer port")) ==
        "mine.sql:5: column peer is declared as port and gives text (10.0.0.1): declare what it is,"
        " or convert it (CAST, or * 1.0 for a real number)");
  CHECK(Only(With(kGood, "count(*) AS", "count(*) * 1.0 AS")) ==
        "mine.sql:6: column seen is declared as integer and gives a real number (612): declare what"
        " it is, or convert it (CAST, or * 1.0 for a real number)");
  CHECK(Only(With(kGood, "count(*) AS", "CAST('a' AS BLOB) AS")) ==
        "mine.sql:6: column seen is declared as integer and gives a blob (61): declare what it is,"
        " or convert it (CAST, or * 1.0 for a real number)");
  CHECK(Only(With(kGood, "seen integer", "seen percent")) ==
        "mine.sql:6: column seen is declared as percent and gives 612: a percentage is from 0 to"
        " 100");
  CHECK(Check(With(kGood, "count(*) AS", "NULL AS")).empty());
  CHECK(Check(With(kGood, "seen integer", "seen real")).empty());
}

TEST_CASE("check: an order that decides") {
  CHECK(Only(kHead + kSelect) ==
        "mine.sql:12:16: no ORDER BY at the end, so rows come in any order: end with one that names"
        " enough columns to tell any two rows apart");
  // That of a window or a subquery is not that of the rows.
  CHECK(BeginsWith(Only(kHead + With(kSelect, "count(*)",
                                     "count(*) + 0 * row_number() OVER (ORDER"
                                     " BY host, remote_ip)")),
                   "mine.sql:12:16: no ORDER BY at the end"));
  CHECK(BeginsWith(Only(With(kGood, "ORDER BY host, seen DESC, peer", "ORDER BY host, seen DESC")),
                   "mine.sql:13:1: this ORDER BY leaves the order of some rows open (on the sample"
                   " of the check row "));
  CHECK(Contains(Only(With(kGood, "ORDER BY host, seen DESC, peer", "ORDER BY seen LIMIT 2")),
                 "): add columns until no two rows can be equal in all of them"));
  // Rows that are equal in all that is shown may change places.
  CHECK(
      Check(With(With(kGood, "remote_ip AS peer", "'10.0.0.1' AS peer"), "seen DESC, peer", "seen"))
          .empty());
}

TEST_CASE("check: values that depend on the order of reading") {
  const std::string message =
      Only(kHead + "WITH some AS (\nSELECT host, remote_ip, taken_ms\nFROM sockets\n" + kWindow +
           "LIMIT 5\n)\nSELECT host, remote_ip AS peer, max(taken_ms) AS seen\nFROM some\n"
           "GROUP BY host, remote_ip\nORDER BY host, peer\n");
  CHECK(BeginsWith(message,
                   "mine.sql:7: the values depend on the order in which SQLite reads (on"
                   " the sample of the check row 1 can be (web1, "));
  CHECK(Contains(message, "): give LIMIT, row_number(), lag(), group_concat() and their like an"));
}

TEST_CASE("check: what is read beyond the window") {
  CHECK(Only(With(kGood,
                  "taken_ms >= ifnull(:since, -9223372036854775808)\n"
                  "  AND taken_ms < ifnull(:until, 9223372036854775807)",
                  "(:since IS NULL OR taken_ms >= :since)\n"
                  "  AND (:until IS NULL OR taken_ms < :until)")) ==
        "mine.sql:8:6: reads all snapshots (table snapshot, which every view over time reads)"
        " whatever the window is: filter every use of a view by taken_ms >= ifnull(:since,"
        " -9223372036854775808) AND taken_ms < ifnull(:until, 9223372036854775807), not by (:since"
        " IS NULL OR ...)");
  CHECK(BeginsWith(Only(With(kGood, "count(*) AS", "(SELECT count(*) FROM socket_row) AS")),
                   "mine.sql:7:55: reads the whole table socket_row (view sockets) whatever"));
  // Two places: which of them is not told.
  CHECK(BeginsWith(Only(With(kGood, "count(*) AS", "(SELECT count(*) FROM sockets) AS")),
                   "mine.sql:7: reads all snapshots (table snapshot"));
}

TEST_CASE("check: a report that fails when it runs") {
  CHECK(Only(With(kGood, "count(*) AS", "json_extract('{', '$.a') || count(*) AS")) ==
        "mine.sql:7: fails on the sample of the check: malformed JSON");
}

TEST_CASE("check: SQL in words") {
  const auto words = [](std::string_view sql) {
    std::string text;
    for (const SqlWord& word : SqlWords(sql)) {
      text += std::string(word.text) + "@" + std::to_string(word.at) + "/" +
              std::to_string(word.depth) + " ";
    }
    return text;
  };
  CHECK(words("a (b)--c\n;") == "a@0/0 (@2/0 b@3/1 )@4/0 ;@9/0 ");
  CHECK(words("/* x */ :a 'it''s;' \"b c\" [d] `e` 1.5") ==
        "a@8/0 'it'@11/0 's;'@15/0 b c@20/0 d@26/0 e@30/0 1@34/0 .@35/0 5@36/0 ");
  CHECK(words("") == "");
  CHECK(words("/* open") == "");
  CHECK(words("'open") == "'open@0/0 ");
  CHECK(words("\"open") == "open@0/0 ");
  CHECK(words(":") == "@0/0 ");
  CHECK(words(")") == ")@0/-1 ");
  CHECK(IsKeyword(SqlWords("Order")[0], "ORDER"));
  CHECK_FALSE(IsKeyword(SqlWords("'order'")[0], "ORDER"));
  CHECK_FALSE(IsKeyword(SqlWords("orders")[0], "ORDER"));
}

}  // namespace
}  // namespace tcpsnap::report
