#include "report/front_matter.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "report/catalogue.h"
#include "report/error.h"
#include "report/message_of.h"
#include "report/nearest.h"
#include "support/catch.h"
#include "support/temporary_folder.h"

namespace tcpsnap::report {
namespace {

using testing::MessageOf;

const std::string kGood =
    "-- title: A title\n"
    "-- group: who\n"
    "-- description: First line\n"
    "--   and second.\n"
    "--\n"
    "--   A paragraph.\n"
    "-- param: limit integer 20 rows for each host\n"
    "-- param: state state optional only these\n"
    "-- column: host text - the host\n"
    "-- column: avg real sockets average\n"
    "SELECT 'a' AS host, 1.0 AS avg -- no front-matter: this comment\n";

std::string ErrorOf(const std::string& text) {
  try {
    ParseReport("x", "reports/x.sql", text);
  } catch (const UserError& error) {
    return error.what();
  }
  return "taken";
}

/// kGood with the first occurrence of `from` changed.
std::string With(const std::string& from, const std::string& to) {
  std::string text = kGood;
  const size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

TEST_CASE("front-matter: a whole file") {
  const Report report = ParseReport("x", "reports/x.sql", kGood);
  CHECK(report.name == "x");
  CHECK(report.title == "A title");
  CHECK(report.group == "who");
  CHECK(report.description == "First line and second.\nA paragraph.");
  REQUIRE(report.parameters.size() == 2);
  CHECK(report.parameters[0].name == "limit");
  CHECK(report.parameters[0].type == ParameterType::kInteger);
  CHECK(report.parameters[0].default_text == "20");
  CHECK_FALSE(report.parameters[0].optional);
  CHECK(report.parameters[0].help == "rows for each host");
  CHECK(report.parameters[1].optional);
  REQUIRE(report.columns.size() == 2);
  CHECK(report.columns[0].unit.empty());
  CHECK(report.columns[1].type == ColumnType::kReal);
  CHECK(report.columns[1].unit == "sockets");
  CHECK(report.sql == "SELECT 'a' AS host, 1.0 AS avg -- no front-matter: this comment\n");
  CHECK(report.sql_line == 11);
  CHECK(report.parameters[0].line == 7);
  CHECK(report.columns[1].line == 10);
  CHECK_FALSE(report.UsesBuckets());
}

TEST_CASE("front-matter: CRLF and a blank line before the SQL are taken") {
  std::string text = With("average\n", "average\n\n");
  size_t at = 0;
  while ((at = text.find('\n', at)) != std::string::npos) {
    text.replace(at, 1, "\r\n");
    at += 2;
  }
  const Report report = ParseReport("x", "x.sql", text);
  CHECK(report.description == "First line and second.\nA paragraph.");
  CHECK(report.columns[1].help == "average");
}

TEST_CASE("front-matter: what is wrong is named with file and line") {
  CHECK(ErrorOf(kGood) == "taken");
  CHECK(ErrorOf(With("-- column: avg", "-- colum: avg")) ==
        "reports/x.sql:10: unknown key 'colum' (did you mean column?)");
  CHECK(ErrorOf(With("-- column: avg real", "-- column: avg reel")) ==
        "reports/x.sql:10: unknown type 'reel' (did you mean real?)");
  CHECK(ErrorOf(With("limit integer", "limit number")) ==
        "reports/x.sql:7: unknown type 'number' (there are: integer, real, text, state, port, "
        "duration, time)");
  CHECK(ErrorOf(With("limit integer 20", "limit integer many")) ==
        "reports/x.sql:7: parameter limit: 'many' is not an integer");
  CHECK(ErrorOf(With("param: limit", "param: since")) ==
        "reports/x.sql:7: every report has the parameter 'since' already");
  CHECK(ErrorOf(With("param: state", "param: limit")) ==
        "reports/x.sql:8: a second parameter 'limit'");
  CHECK(ErrorOf(With("column: avg", "column: host")) == "reports/x.sql:10: a second column 'host'");
  CHECK(ErrorOf(With("limit integer 20 rows for each host", "limit integer 20")) ==
        "reports/x.sql:7: a parameter is 'name type default|optional help'");
  CHECK(ErrorOf(With("avg real sockets average", "avg real sockets")) ==
        "reports/x.sql:10: a column is 'name type unit help'");
  CHECK(ErrorOf(With("column: avg", "column: Avg")) ==
        "reports/x.sql:10: 'Avg' is no name for a column (a-z, 0-9, _)");
  CHECK(ErrorOf(With("-- title: A title", "-- A title")) ==
        "reports/x.sql:1: 'A title' is not of the form '-- key: value'");
  CHECK(ErrorOf(With("-- title: A title", "--   A title")) ==
        "reports/x.sql:1: an indented line with nothing to go on with");
  CHECK(ErrorOf(With("-- title: A title\n", "")) == "reports/x.sql:1: no '-- title:'");
  CHECK(ErrorOf(With("-- title: A title\n", "-- title: A\n-- title: B\n")) ==
        "reports/x.sql:2: a second 'title'");
  CHECK(ErrorOf(With("-- title: A title", "-- title:")) == "reports/x.sql:1: 'title' has no value");
  CHECK(ErrorOf(kGood.substr(0, kGood.find("SELECT"))) ==
        "reports/x.sql:11: no SQL after the comments");
  CHECK(ErrorOf(With("-- group: who\n", "")) == "reports/x.sql:1: no '-- group:'");
  CHECK(ErrorOf(With("group: who", "group: whom")) ==
        "reports/x.sql:2: no group is called 'whom' (there are: change, who, accept, reach, leak, "
        "network, trust, own, triage)");
  CHECK(ErrorOf(With("-- group: who\n", "-- group: who\n-- group: who\n")) ==
        "reports/x.sql:3: a second 'group'");
  CHECK(ErrorOf(With("-- group: who\n", "-- group: who\n--\n")) == "taken");
  CHECK(ErrorOf("--\n" + kGood) == "reports/x.sql:1: an empty comment before the title");
  CHECK(ErrorOf(With("column: host text - the host", "column: host txt - the host")) ==
        "reports/x.sql:9: unknown type 'txt' (did you mean text?)");
  CHECK(ErrorOf(With("param: limit", "param: 1limit")) ==
        "reports/x.sql:7: '1limit' is no name for a parameter (a-z, 0-9, _)");
  CHECK(ErrorOf("SELECT 1") == "reports/x.sql:1: no '-- title:'");
  CHECK(ErrorOf("") == "reports/x.sql:1: no '-- title:'");
}

TEST_CASE("front-matter: all that is wrong is found, and what is right is kept") {
  std::string text = With("group: who", "group: whom\n--   going on");
  text.replace(text.find("column: host"), 12, "colum: host");
  text.replace(text.find("limit integer 20"), 16, "limit integer many");
  std::vector<Problem> problems;
  const Report report = ParseReport("x", "x.sql", text, problems);
  std::vector<std::string> texts;
  for (const Problem& problem : problems) texts.push_back(ProblemText(problem));
  CHECK(texts == std::vector<std::string>{
                     "x.sql:2: no group is called 'whom going on' (there are: change, who, accept,"
                     " reach, leak, network, trust, own, triage)",
                     "x.sql:8: parameter limit: 'many' is not an integer",
                     "x.sql:10: unknown key 'colum' (did you mean column?)"});
  REQUIRE(report.parameters.size() == 1);
  CHECK(report.parameters[0].name == "state");
  CHECK(report.parameters[0].line == 9);
  REQUIRE(report.columns.size() == 1);
  CHECK(report.columns[0].name == "avg");
  CHECK(report.columns[0].line == 11);
  CHECK(report.sql_line == 12);
}

TEST_CASE("front-matter: an entry that is wrong is told once, whatever lines go on with it") {
  std::vector<Problem> problems;
  ParseReport("x", "x.sql", With("-- description: First line", "-- First line"), problems);
  std::vector<std::string> texts;
  for (const Problem& problem : problems) texts.push_back(ProblemText(problem));
  CHECK(texts ==
        std::vector<std::string>{"x.sql:3: 'First line' is not of the form '-- key: value'",
                                 "x.sql:1: no '-- description:'"});
}

TEST_CASE("front-matter: a problem with and without a column") {
  CHECK(ProblemText({"a.sql", 3, 0, "wrong"}) == "a.sql:3: wrong");
  CHECK(ProblemText({"a.sql", 3, 14, "wrong"}) == "a.sql:3:14: wrong");
}

TEST_CASE("front-matter: the name of a report is that of its file") {
  CHECK(ReportName("reports/timewait-peers.sql") == "timewait-peers");
  CHECK(ReportName("./2nd") == "2nd");
  CHECK(ReportName("a.sql") == "a");
  for (const char* file : {"x/My.sql", "x/a_b.sql", "x/.sql", "x/", "x/a.sql.sql"}) {
    INFO(file);
    const std::string message = MessageOf([&] { ReportName(file); });
    CHECK(testing::BeginsWith(message, std::string(file) + ": '"));
    CHECK(testing::Contains(message, "is no name for a report: call the file by a-z, 0-9"));
  }
}

TEST_CASE("front-matter: every group has a question of its own") {
  std::set<std::string_view> names, questions;
  for (const Group& group : Groups()) {
    CHECK(names.insert(group.name).second);
    CHECK(questions.insert(group.question).second);
    Report report;
    report.group = group.name;
    CHECK(QuestionOf(report) == group.question);
  }
  CHECK(names.count("own") == 1);
}

TEST_CASE("catalogue: the built-in reports are whole, and unknown names get near ones") {
  const Catalogue catalogue = Catalogue::BuiltIn();
  std::vector<std::string> names;
  for (const Report& report : catalogue.reports()) names.push_back(report.name);
  for (const char* name : {"quality", "services", "states", "timewait", "timewait-peers"}) {
    CHECK(catalogue.Find(name).name == name);
  }
  CHECK(std::is_sorted(names.begin(), names.end()));
  CHECK(MessageOf([&] { catalogue.Find("timwait"); }) ==
        "no report is called 'timwait' (did you mean timewait?)");
  CHECK(MessageOf([&] { catalogue.Find("Time_Wait"); }) ==
        "no report is called 'Time_Wait' (did you mean timewait?)");
  CHECK(MessageOf([&] { catalogue.Find("xyzzy"); }) ==
        "no report is called 'xyzzy' (there are: " + JoinNames(names) + ")");
}

TEST_CASE("catalogue: reports of a folder, and two of one name") {
  const testing::TemporaryFolder folder;
  folder.Write("one/zz-mine.sql", kGood);
  folder.Write("one/notes.txt", "no report");
  folder.Write("two/zz-mine.sql", kGood);
  folder.Write("three/states.sql", kGood);
  folder.Write("four/notes.txt", "no report");
  folder.Write("five/bad.sql", "SELECT 1");
  const auto path = [&](const std::string& name) { return folder.path() + "/" + name; };

  Catalogue catalogue = Catalogue::BuiltIn();
  const size_t built_in = catalogue.reports().size();
  catalogue.AddFolder(path("one"));
  CHECK(catalogue.reports().size() == built_in + 1);
  CHECK(catalogue.Find("zz-mine").file == path("one/zz-mine.sql"));
  CHECK(MessageOf([&] { catalogue.AddFolder(path("two")); }) ==
        "two reports are called 'zz-mine': " + path("one/zz-mine.sql") + " and " +
            path("two/zz-mine.sql") + "; rename one of them");
  CHECK(MessageOf([&] { catalogue.AddFolder(path("three")); }) ==
        "two reports are called 'states': reports/states.sql (built in) and " +
            path("three/states.sql") + "; rename yours");
  CHECK(MessageOf([&] { catalogue.AddFolder(path("four")); }) ==
        "the folder " + path("four") + " holds no report (no *.sql)");
  CHECK(MessageOf([&] { catalogue.AddFolder(path("five")); }) ==
        path("five/bad.sql") + ":1: no '-- title:'");
  CHECK(MessageOf([&] { catalogue.AddFolder(path("six")); }) ==
        "can't read the folder " + path("six") + ": No such file or directory");
  CHECK(MessageOf([&] { ReadReport(path("nowhere.sql")); }) ==
        "can't read " + path("nowhere.sql") + ": No such file or directory");
  CHECK(MessageOf([&] { ReadReport(path("one")); }) ==
        "can't read " + path("one") + ": Is a directory");
  CHECK(ReadReport(path("one/zz-mine.sql")).name == "zz-mine");
}

TEST_CASE("catalogue: a path is told from a name") {
  for (const char* word : {"a.sql", "./a", "/x/a.sql", "x/a", ".sql"}) CHECK(IsReportPath(word));
  for (const char* word : {"a", "timewait-peers", "sql", ""}) CHECK_FALSE(IsReportPath(word));
}

TEST_CASE("catalogue: the next reports that a description names exist") {
  const Catalogue catalogue = Catalogue::BuiltIn();
  for (const Report& report : catalogue.reports()) {
    const size_t next = report.description.find("\nNext: ");
    INFO(report.name);
    REQUIRE(next != std::string::npos);
    size_t named = 0;
    for (const Report& other : catalogue.reports()) {
      const size_t at = report.description.find(other.name, next);
      named += at != std::string::npos;
    }
    CHECK(named >= 1);
    CHECK(report.description.substr(next + 7).find_first_of(" ,") != std::string::npos);
    const std::string first = report.description.substr(
        next + 7, report.description.find_first_of(" ,", next + 7) - next - 7);
    CHECK_NOTHROW(catalogue.Find(first));
  }
}

TEST_CASE("nearest: swaps, missing letters, parts of words; nothing for strangers") {
  const std::vector<std::string> names = {"states", "timewait", "timewait-peers", "services"};
  CHECK(Nearest("sattes", names) == std::vector<std::string>{"states"});
  CHECK(Nearest("peers", names) == std::vector<std::string>{"timewait-peers"});
  CHECK(Nearest("service", names) == std::vector<std::string>{"services"});
  CHECK(Nearest("", names).empty());
  CHECK(Nearest("q", names).empty());
  CHECK(Nearest(std::string(100'000, 'x'), names).empty());
}

}  // namespace
}  // namespace tcpsnap::report
