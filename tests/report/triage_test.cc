// Triage: the engine, its rules' contract, and how findings are written.
#include "report/triage.h"

#include <string>
#include <utility>
#include <vector>

#include "report/check_sample.h"
#include "report/error.h"
#include "report/finding_json.h"
#include "report/message_of.h"
#include "report/rule.h"
#include "report/sample_database.h"
#include "report/triage_text.h"
#include "support/catch.h"

namespace tcpsnap::report {
namespace {

using store::Database;
using testing::Contains;
using testing::MessageOf;
using testing::SampleDatabase;
using Texts = std::vector<std::string>;

constexpr int64_t kNoon = 1'795'348'800'000;  // 2026-11-22T12:00:00Z

/// A rule whose SELECT is `rows`, behind `parameters`.
Report Rule(const std::string& name, const std::string& rows, const std::string& parameters = "") {
  std::string text = "-- title: A rule\n-- group: triage\n-- description: Made for a test.\n";
  text += parameters;
  for (const OutputColumn& column : FindingColumns()) {
    text += "-- column: " + column.name + " " + std::string(TypeName(column.type)) + " - x\n";
  }
  return ParseReport(name, name + ".sql", text + rows);
}

/// A row of a finding.
std::string Row(const std::string& host, const std::string& severity, const std::string& weight,
                const std::string& what, const std::string& more = "'report DB states'") {
  return "SELECT '" + host + "' AS host, '" + severity + "' AS severity, " + weight +
         " AS weight, " + what +
         " AS what, 1 AS since, 2 AS until, 'sure' AS confidence, 'so' AS why,"
         " json_object('n', 1) AS numbers, json_array('a') AS evidence, " +
         more + " AS more";
}

Catalogue Rules(std::vector<Report> rules) {
  Catalogue catalogue;
  for (Report& rule : rules) catalogue.Add(std::move(rule));
  return catalogue;
}

std::vector<Finding> Run(const Catalogue& rules, const Request& request = {}) {
  SampleDatabase sample(Database::OpenInMemory());
  sample.AddSnapshot("web1", kNoon, {});
  return Triage(*sample, rules, request, ResolveScope(*sample, request));
}

Texts Whats(const std::vector<Finding>& findings) {
  Texts texts;
  for (const Finding& finding : findings) texts.push_back(finding.rule + ":" + finding.what);
  return texts;
}

TEST_CASE("triage: worst first, by severity, weight, host, rule, and the order of the rule") {
  const Catalogue rules = Rules({
      Rule("b", Row("h", "notice", "99", "'1'") + " UNION ALL " + Row("h", "warning", "3", "'2'") +
                    " UNION ALL " + Row("h", "critical", "1", "'3'")),
      Rule("a", Row("h", "warning", "3", "'4'") + " UNION ALL " + Row("h", "warning", "3", "'5'") +
                    " UNION ALL " + Row("g", "warning", "3.0", "'6'") + " UNION ALL " +
                    Row("z", "warning", "3.5", "'7'")),
  });
  CHECK(Whats(Run(rules)) == Texts{"b:3", "a:7", "a:6", "a:4", "a:5", "b:2", "b:1"});
  CHECK(Run(Rules({})).empty());
  CHECK(Run(Rules({Rule("none", Row("h", "notice", "1", "'x'") + " WHERE 0")})).empty());
}

TEST_CASE("triage: a finding is taken as the rule gives it") {
  const Finding finding = Run(Rules({Rule("a", Row("h", "warning", "3.5", "'what'"))}))[0];
  CHECK(finding.rule == "a");
  CHECK(finding.host == "h");
  CHECK(finding.severity == Severity::kWarning);
  CHECK(finding.weight == 3.5);
  CHECK(finding.since_ms == 1);
  CHECK(finding.until_ms == 2);
  CHECK(finding.confidence == "sure");
  CHECK(finding.why == "so");
  CHECK(finding.numbers == "{\"n\":1}");
  CHECK(finding.evidence == "[\"a\"]");
  CHECK(finding.more == "report DB states --host h");
}

TEST_CASE("triage: commands get the host, unless they have one or take none") {
  const auto more = [](const std::string& host, const std::string& words) {
    return Run(Rules({Rule("a", Row(host, "notice", "1", "'x'", words))}))[0].more;
  };
  CHECK(more("web1/blue", "'report DB states'") == "report DB states --host web1/blue");
  CHECK(more("it''s me", "'sockets DB state listening'") ==
        "sockets DB state listening --host 'it'\\''s me'");
  CHECK(more("h", "'report DB states --host g'") == "report DB states --host g");
  CHECK(more("h", "'info DB'") == "info DB");
  CHECK(more("h", "NULL").empty());
}

TEST_CASE("triage: parameters go to the rules that declare them") {
  const std::string least = "-- param: least integer 1 at least\n";
  const Catalogue rules = Rules({Rule("a", Row("h", "notice", ":least", "'a' || :least"), least),
                                 Rule("b", Row("h", "notice", "0", "'b'")),
                                 Rule("c", Row("h", "notice", ":least", "'c' || :least"), least)});
  CHECK(Whats(Run(rules)) == Texts{"a:a1", "c:c1", "b:b"});
  Request request;
  request.parameters["least"] = "7";
  CHECK(Whats(Run(rules, request)) == Texts{"a:a7", "c:c7", "b:b"});
  request.parameters["lest"] = "7";
  CHECK(MessageOf([&] { Run(rules, request); }) ==
        "no rule has the parameter 'lest' (did you mean least?)");
  request.parameters = {{"least", "many"}};
  CHECK(Contains(MessageOf([&] { Run(rules, request); }), "least"));
}

TEST_CASE("triage: a rule that is wrong says where") {
  const auto message = [](const Report& rule) { return MessageOf([&] { Run(Rules({rule})); }); };
  CHECK(message(Rule("a", Row("h", "bad", "1", "'x'"))) ==
        "a.sql:5: column severity: 'bad' is none of: critical, warning, notice");
  CHECK(message(Rule("a", Row("h", "notice", "'heavy'", "'x'"))) ==
        "a.sql:6: column weight: 'heavy' is no number");
  CHECK(message(Rule("a", Row("h", "notice", "1", "NULL"))) ==
        "a.sql:7: column what: NULL is no text: a finding needs it");
  CHECK(message(Rule("a", Row("h", "notice", "1", "17"))) ==
        "a.sql:7: column what: 17 is no text: a finding needs it");
  CHECK(message(Rule("a", Row("h", "notice", "1", "lost"))).find("a.sql:15:") == 0);
  Report other = Rule("a", Row("h", "notice", "1", "'x'"));
  other.group = "own";
  CHECK(message(other) == "a.sql:1: a rule is of the group triage: write '-- group: triage'");
  Report few = Rule("a", Row("h", "notice", "1", "'x'"));
  few.columns.erase(few.columns.begin());
  CHECK(message(few) ==
        "a.sql:5: column 1 of a finding is host: declare '-- column: host text - help'");
}

TEST_CASE("triage: times that are none are refused, and NULL is no time") {
  Report rule = Rule("a", Row("h", "notice", "1", "'x'"));
  rule.sql.replace(rule.sql.find("1 AS since"), 10, "NULL AS since");
  CHECK_FALSE(Run(Rules({rule}))[0].since_ms);
  rule.sql.replace(rule.sql.find("2 AS until"), 10, "'2026' AS until");
  CHECK(MessageOf([&] { Run(Rules({rule})); }) ==
        "a.sql:9: column until: '2026' is no time: give milliseconds since 1970, as taken_ms");
}

TEST_CASE("catalogue: a user's rule takes the place of a built-in one, two of a name don't pass") {
  Catalogue rules = Catalogue::BuiltInRules();
  const size_t count = rules.reports().size();
  rules.AddOrReplace(Rule("orphans", Row("h", "notice", "1", "'mine'")));
  CHECK(rules.reports().size() == count);
  CHECK(rules.Find("orphans").file == "orphans.sql");
  CHECK(MessageOf([&] { rules.AddOrReplace(Rule("orphans", Row("h", "notice", "1", "'2'"))); }) ==
        "two reports are called 'orphans': orphans.sql and orphans.sql; rename one of them");
}

TEST_CASE("triage: every built-in rule is one, on the sample too with thresholds at nothing") {
  const Catalogue rules = Catalogue::BuiltInRules();
  Request low;
  for (const Report& rule : rules.reports()) {
    INFO(rule.name);
    CHECK(RuleProblems(rule).empty());
    for (const Parameter& parameter : rule.parameters) {
      const bool is_limit = Contains(parameter.name, "limit") || parameter.name == "looks" ||
                            parameter.name == "listener_events";
      if (!is_limit) low.parameters[parameter.name] = "0";
    }
  }
  Database database = Database::OpenInMemory();
  FillSample(database);
  const auto texts = [&] {
    Texts lines;
    for (const Finding& finding : Triage(database, rules, low, ResolveScope(database, low))) {
      lines.push_back(FindingAsText(finding, capture::Zone(), "x.db"));
    }
    return lines;
  };
  const Texts lines = texts();
  CHECK(lines.size() > 20);
  database.Execute("PRAGMA reverse_unordered_selects = ON");
  CHECK(texts() == lines);
}

TEST_CASE("finding: numbers and evidence") {
  using Numbers = std::vector<std::pair<std::string, std::string>>;
  CHECK(ReadNumbers(R"({"b":1,"a":2.345,"c":null,"d":"x","e":true})") ==
        Numbers{{"b", "1"}, {"a", "2.35"}, {"c", "-"}, {"d", "x"}, {"e", "true"}});
  CHECK(ReadNumbers("{}") == Numbers{});
  CHECK_FALSE(ReadNumbers(R"({"a":[1]})"));
  CHECK_FALSE(ReadNumbers("[1]"));
  CHECK_FALSE(ReadNumbers("{"));
  CHECK_FALSE(ReadNumbers(""));
  CHECK(ReadEvidence(R"(["a","b"])") == Texts{"a", "b"});
  CHECK(ReadEvidence("[]") == Texts{});
  CHECK_FALSE(ReadEvidence(R"([1])"));
  CHECK_FALSE(ReadEvidence(R"({"a":"b"})"));
}

TEST_CASE("finding: as text, in the zone, with a command that a shell takes") {
  Finding finding;
  finding.rule = "a";
  finding.host = "web1";
  finding.severity = Severity::kCritical;
  finding.what = "it\x1b burns";
  finding.since_ms = kNoon;
  finding.until_ms = kNoon + 1000;
  finding.confidence = "likely";
  finding.why = "smoke";
  finding.numbers = R"({"fires":2})";
  finding.evidence = R"(["here","there"])";
  finding.more = "report DB states -p x=DB";
  const capture::Zone berlin = capture::Zone::Find("Europe/Berlin");
  CHECK(FindingAsText(finding, berlin, "a b.db") ==
        "CRITICAL    web1: it\\x1b burns\n"
        "  when      2026-11-22 13:00:00+01:00 to 2026-11-22 13:00:01+01:00\n"
        "  likely    smoke\n"
        "  numbers   fires 2\n"
        "  evidence  here\n"
        "            there\n"
        "  more      tcpsnap-query report 'a b.db' states -p x=DB\n"
        "  rule      a\n");
  finding.until_ms = kNoon;
  finding.numbers = "{}";
  finding.evidence = "[]";
  finding.more = "";
  CHECK(FindingAsText(finding, berlin, "x.db") ==
        "CRITICAL    web1: it\\x1b burns\n"
        "  when      2026-11-22 13:00:00+01:00\n"
        "  likely    smoke\n"
        "  rule      a\n");
  finding.more = "report DBX";
  CHECK(MoreCommand(finding, "x.db") == "tcpsnap-query report DBX");
  finding.more = "info DB";
  CHECK(MoreCommand(finding, "x.db") == "tcpsnap-query info x.db");
  CHECK(ShellWord("") == "''");
  CHECK(ShellWord("/a/b-c.db") == "/a/b-c.db");
  CHECK(ShellWord("a'b") == "'a'\\''b'");
}

}  // namespace
}  // namespace tcpsnap::report
