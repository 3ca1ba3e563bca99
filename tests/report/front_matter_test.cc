#include "report/front_matter.h"

#include <string>

#include "report/catalogue.h"
#include "report/error.h"
#include "report/message_of.h"
#include "report/nearest.h"
#include "support/catch.h"

namespace tcpsnap::report {
namespace {

using testing::MessageOf;

const std::string kGood =
    "-- title: A title\n"
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
  CHECK(report.sql_line == 10);
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
        "reports/x.sql:9: unknown key 'colum' (did you mean column?)");
  CHECK(ErrorOf(With("-- column: avg real", "-- column: avg reel")) ==
        "reports/x.sql:9: unknown type 'reel' (did you mean real?)");
  CHECK(ErrorOf(With("limit integer", "limit number")) ==
        "reports/x.sql:6: unknown type 'number' (there are: integer, real, text, state, port, "
        "duration, time)");
  CHECK(ErrorOf(With("limit integer 20", "limit integer many")) ==
        "reports/x.sql:6: parameter limit: 'many' is not an integer");
  CHECK(ErrorOf(With("param: limit", "param: since")) ==
        "reports/x.sql:6: every report has the parameter 'since' already");
  CHECK(ErrorOf(With("param: state", "param: limit")) ==
        "reports/x.sql:7: a second parameter 'limit'");
  CHECK(ErrorOf(With("column: avg", "column: host")) == "reports/x.sql:9: a second column 'host'");
  CHECK(ErrorOf(With("limit integer 20 rows for each host", "limit integer 20")) ==
        "reports/x.sql:6: a parameter is 'name type default|optional help'");
  CHECK(ErrorOf(With("avg real sockets average", "avg real sockets")) ==
        "reports/x.sql:9: a column is 'name type unit help'");
  CHECK(ErrorOf(With("column: avg", "column: Avg")) ==
        "reports/x.sql:9: 'Avg' is no name for a column (a-z, 0-9, _)");
  CHECK(ErrorOf(With("-- title: A title", "-- A title")) ==
        "reports/x.sql:1: 'A title' is not of the form '-- key: value'");
  CHECK(ErrorOf(With("-- title: A title", "--   A title")) ==
        "reports/x.sql:1: an indented line with nothing to go on with");
  CHECK(ErrorOf(With("-- title: A title\n", "")) == "reports/x.sql:1: no '-- title:'");
  CHECK(ErrorOf(With("-- title: A title\n", "-- title: A\n-- title: B\n")) ==
        "reports/x.sql:2: a second 'title'");
  CHECK(ErrorOf(With("-- title: A title", "-- title:")) == "reports/x.sql:1: 'title' has no value");
  CHECK(ErrorOf(kGood.substr(0, kGood.find("SELECT"))) ==
        "reports/x.sql:10: no SQL after the comments");
  CHECK(ErrorOf("SELECT 1") == "reports/x.sql:1: no '-- title:'");
  CHECK(ErrorOf("") == "reports/x.sql:1: no '-- title:'");
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
