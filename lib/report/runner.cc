#include "report/runner.h"

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "capture/clock.h"
#include "report/error.h"
#include "report/nearest.h"
#include "report/parameter.h"
#include "report/sql_error.h"

namespace tcpsnap::report {
namespace {

using store::Database;
using store::Statement;

void RegisterBucket(Database& database, const Scope& scope) {
  auto buckets = std::make_shared<capture::Buckets>(scope.zone, scope.bucket_ms);
  database.RegisterFunction("bucket",
                            [buckets](int64_t taken_ms) { return buckets->Start(taken_ms); });
}

Values ScopeValues(const Scope& scope) {
  Values values;
  values["since"] = scope.since_ms ? Value(*scope.since_ms) : Value();
  values["until"] = scope.until_ms ? Value(*scope.until_ms) : Value();
  values["host"] = scope.host ? Value(*scope.host) : Value();
  return values;
}

void Bind(Statement& statement, int index, const Value& value) {
  if (const auto* integer = std::get_if<int64_t>(&value)) {
    statement.Bind(index, *integer);
  } else if (const auto* real = std::get_if<double>(&value)) {
    statement.Bind(index, *real);
  } else if (const auto* text = std::get_if<std::string>(&value)) {
    statement.Bind(index, std::string_view(*text));
  } else {
    statement.BindNull(index);
  }
}

/// Binds every parameter of the statement and notes their names in `used`.
void BindAll(Statement& statement, const Values& values, std::set<std::string>& used) {
  for (int i = 1; i <= statement.ParameterCount(); ++i) {
    const std::string written = statement.ParameterName(i);
    if (written.size() < 2 || written[0] == '?') {
      throw UserError("the SQL has a parameter without a name: write :name and give -p name=value");
    }
    const std::string name = written.substr(1);
    const auto found = values.find(name);
    if (found == values.end()) {
      throw UserError("the SQL has the parameter " + written + ": give it with -p " + name +
                      "=value");
    }
    Bind(statement, i, found->second);
    used.insert(name);
  }
}

/// The first step comes before anything is written, so that what fails at once leaves no output.
int64_t WriteRows(Statement& statement, std::vector<OutputColumn> columns, RowWriter& writer) {
  bool has_row = statement.Step();
  std::vector<Cell> cells(columns.size());
  writer.Begin(std::move(columns));
  int64_t rows = 0;
  for (; has_row; has_row = statement.Step()) {
    for (size_t i = 0; i < cells.size(); ++i) {
      cells[i] = ReadCell(statement, static_cast<int>(i));
    }
    writer.Row(cells);
    ++rows;
  }
  writer.End();
  return rows;
}

std::vector<std::string> ParameterNames(const Report& report) {
  std::vector<std::string> names;
  for (const Parameter& parameter : report.parameters) names.push_back(parameter.name);
  return names;
}

void CheckNames(const Report& report, const Request& request) {
  const std::vector<std::string> names = ParameterNames(report);
  for (const auto& [name, text] : request.parameters) {
    bool known = false;
    for (const std::string& other : names) known = known || other == name;
    if (known) continue;
    if (name == "since" || name == "until" || name == "host" || name == "bucket") {
      throw UserError("'" + name + "' is given with --" + name + ", not with -p");
    }
    const std::string hint = names.empty() ? " (it takes none with -p)" : DidYouMean(name, names);
    throw UserError("the report " + report.name + " has no parameter '" + name + "'" + hint);
  }
  if (request.bucket && !report.UsesBuckets()) {
    throw UserError("the report " + report.name + " has no buckets: leave out --bucket");
  }
}

/// The declared columns, after a check that the SELECT gives just these.
std::vector<OutputColumn> DeclaredColumns(const Report& report, const Statement& statement) {
  std::vector<OutputColumn> columns;
  std::vector<std::string> declared;
  std::vector<std::string> given;
  for (const Column& column : report.columns) {
    columns.push_back({column.name, column.type});
    declared.push_back(column.name);
  }
  for (int i = 0; i < statement.ColumnCount(); ++i) given.push_back(statement.ColumnName(i));
  if (declared != given) {
    throw UserError(report.file + ": the SELECT gives the columns " + JoinNames(given) +
                    ", but declared are " + JoinNames(declared));
  }
  return columns;
}

std::vector<OutputColumn> PlainColumns(const Statement& statement) {
  std::vector<OutputColumn> columns;
  for (int i = 0; i < statement.ColumnCount(); ++i) {
    columns.push_back({statement.ColumnName(i), ColumnType::kAny});
  }
  return columns;
}

/// What was given on the command line and no statement asked for was a mistake.
void CheckAllUsed(const Request& request, const std::set<std::string>& used) {
  const auto complain = [](const std::string& option, const std::string& name) {
    throw UserError(option + " has no effect: the SQL doesn't use :" + name);
  };
  if (request.since && used.count("since") == 0) complain("--since", "since");
  if (request.until && used.count("until") == 0) complain("--until", "until");
  if (request.host && used.count("host") == 0) complain("--host", "host");
  for (const auto& [name, text] : request.parameters) {
    if (used.count(name) == 0) complain("-p " + name, name);
  }
}

/// Prepares the statements of a script one after the other.
class Script {
 public:
  Script(Database& database, std::string_view text)
      : database_(database), text_(text), rest_(text) {}

  std::optional<Statement> Next() {
    const auto before = static_cast<int>(rest_.data() - text_.data());
    try {
      return database_.PrepareNext(rest_, &rest_);
    } catch (const store::SqlError& error) {
      throw store::SqlError(error.what(), error.code(), std::string(text_),
                            error.offset() < 0 ? -1 : before + error.offset());
    }
  }

 private:
  Database& database_;
  std::string_view text_;
  std::string_view rest_;
};

int64_t RunScript(Database& database, std::string_view script, const Request& request,
                  const Scope& scope, RowWriter& writer) {
  Values values = ScopeValues(scope);
  for (const auto& [name, text] : request.parameters) values[name] = GuessValue(text);
  RegisterBucket(database, scope);

  // A first pass, so that a mistake in the last statement shows before the first one has run. (It
  // prepares only: nothing that one statement does can make another one right.)
  std::set<std::string> used;
  Script rehearsal(database, script);
  bool has_statement = false;
  while (std::optional<Statement> statement = rehearsal.Next()) {
    BindAll(*statement, values, used);
    has_statement = true;
  }
  if (!has_statement) throw UserError("there is no SQL statement to run");
  CheckAllUsed(request, used);

  int64_t rows = 0;
  Script performance(database, script);
  while (std::optional<Statement> statement = performance.Next()) {
    BindAll(*statement, values, used);
    if (statement->ColumnCount() == 0) {  // BEGIN, COMMIT
      statement->Run();
    } else {
      rows += WriteRows(*statement, PlainColumns(*statement), writer);
    }
  }
  return rows;
}

}  // namespace

Values ReportParameters(const Report& report, const Request& request, const Scope& scope) {
  CheckNames(report, request);
  Values values;
  for (const Parameter& parameter : report.parameters) {
    const auto given = request.parameters.find(parameter.name);
    if (given != request.parameters.end()) {
      values[parameter.name] = ParseParameter(parameter, given->second, scope.zone, scope.last_ms);
    } else if (parameter.optional) {
      values[parameter.name] = Value();
    } else {
      values[parameter.name] =
          ParseParameter(parameter, parameter.default_text, scope.zone, scope.last_ms);
    }
  }
  return values;
}

int64_t RunReport(Database& database, const Report& report, const Request& request,
                  const Scope& scope, RowWriter& writer) {
  Values values = ReportParameters(report, request, scope);
  values.merge(ScopeValues(scope));
  RegisterBucket(database, scope);
  Statement statement = database.Prepare(report.sql);
  std::set<std::string> used;
  BindAll(statement, values, used);
  return WriteRows(statement, DeclaredColumns(report, statement), writer);
}

int64_t RunReportForUser(Database& database, const Report& report, const Request& request,
                         const Scope& scope, RowWriter& writer) {
  try {
    return RunReport(database, report, request, scope, writer);
  } catch (const store::SqlError& error) {
    const PlacedSqlError placed = PlaceSqlError(error, report.sql_line);
    throw UserError(ProblemText({report.file, placed.line, placed.column, placed.message}));
  }
}

int64_t RunSql(Database& database, std::string_view script, const Request& request,
               const Scope& scope, RowWriter& writer) {
  try {
    return RunScript(database, script, request, scope, writer);
  } catch (const store::SqlError& error) {
    throw UserError(DescribeSqlError(error));
  }
}

}  // namespace tcpsnap::report
