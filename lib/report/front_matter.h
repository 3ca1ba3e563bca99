// A report file: what it declares, then its one SELECT.
//
//   -- title: TIME_WAIT over time
//   -- group: change
//   -- description: How many sockets were in TIME_WAIT, and which
//   --   side makes them.
//   --
//   --   A second paragraph.
//   -- param: limit integer 20 rows for each host
//   -- param: state state optional only these states
//   -- column: host text - host, or host/network namespace
//   -- column: avg real sockets average over the snapshots
//   SELECT ...
//
// A column's unit `-` is none. A line that is indented by two or more blanks goes on with the one
// before it. Refused, with file and line: unknown keys, types and words out of place, names that
// occur twice, parameters named since, until or host (every report has these), defaults that are
// not of their type, and files without title, group, description, columns or SQL.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tcpsnap::report {

/// How a value is shown. Times are milliseconds since 1970 UTC in SQL.
enum class ColumnType : uint8_t {
  kAny,  ///< as SQLite says, value by value: ad-hoc SQL
  kTime,
  kInteger,
  kReal,
  kText,
  kBytes,    ///< an integer
  kAddress,  ///< text: an IP address, or a prefix "10.0.0.0/8"
  kPort,     ///< an integer
  kUid,      ///< an integer
  kPercent,  ///< a real number, 0 to 100
  kJson,     ///< text: an object or an array, which JSON output holds as such
};

enum class ParameterType : uint8_t {
  kInteger,
  kReal,
  kText,
  kState,     ///< bound as a JSON array of names: json_each(:state)
  kPort,      ///< 0 to 65535
  kDuration,  ///< "90s": bound in milliseconds
  kTime,      ///< as --since takes it: bound in milliseconds since 1970
};

struct Parameter {
  std::string name;
  ParameterType type = ParameterType::kText;
  bool optional = false;  ///< NULL unless given
  std::string default_text;
  std::string help;
  int line = 0;  ///< of the file, 1-based
};

struct Column {
  std::string name;
  ColumnType type = ColumnType::kAny;
  std::string unit;  ///< empty: none
  std::string help;
  int line = 0;  ///< of the file, 1-based
};

/// The questions that reports answer, in the order of `list`.
struct Group {
  std::string_view name;  ///< the word in the file
  std::string_view question;
};
std::span<const Group> Groups();

/// The group of the rules of triage (rule.h): reports whose rows are findings.
inline constexpr std::string_view kRuleGroup = "triage";

struct Report {
  std::string name;
  std::string file;  ///< for messages
  bool is_built_in = false;
  std::string title;
  std::string group;        ///< the name of one of Groups()
  std::string description;  ///< paragraphs are separated by '\n'
  std::vector<Parameter> parameters;
  std::vector<Column> columns;
  std::string sql;
  int sql_line = 0;  ///< where it begins in the file, 1-based

  bool UsesBuckets() const;
};

/// The question of the report's group.
std::string_view QuestionOf(const Report& report);

/// What is wrong with a report file, and what to do.
struct Problem {
  std::string file;
  int line = 0;    ///< 1-based
  int column = 0;  ///< byte of the line, 1-based; 0: the line as a whole
  std::string message;
};
/// "reports/x.sql:3: ..." or "reports/x.sql:3:14: ..."
std::string ProblemText(const Problem& problem);

/// Throws UserError with the first problem.
Report ParseReport(std::string_view name, std::string_view file, std::string_view text);
/// Adds all that is wrong to `problems`, and leaves the entries out that are.
Report ParseReport(std::string_view name, std::string_view file, std::string_view text,
                   std::vector<Problem>& problems);

/// The name of the report in the file "folder/NAME.sql". Throws UserError where it holds other
/// characters than a-z, 0-9 and '-'.
std::string ReportName(std::string_view file);

/// "integer", "state": the word in the file.
std::string_view TypeName(ParameterType type);
std::string_view TypeName(ColumnType type);

}  // namespace tcpsnap::report
