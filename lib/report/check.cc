#include "report/check.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "report/cell_text.h"
#include "report/check_plan.h"
#include "report/check_sample.h"
#include "report/check_sql.h"
#include "report/error.h"
#include "report/nearest.h"
#include "report/row_writer.h"
#include "report/rule.h"
#include "report/runner.h"
#include "report/scope.h"
#include "report/sql_error.h"
#include "store/database.h"

namespace tcpsnap::report {
namespace {

using store::Database;
using store::Statement;
using store::ValueType;

constexpr std::array<std::string_view, 3> kCommonParameters = {"since", "until", "host"};

/// One cell as text that can be compared. Sums of reals differ in their last digits with the order
/// in which they were added up: that is no other row.
std::string ComparableText(const Cell& cell) {
  std::string text;
  if (cell.type == ValueType::kReal) {
    std::array<char, 32> digits{};
    std::snprintf(digits.data(), digits.size(), "%.10g", cell.real);
    text = digits.data();
  } else if (cell.type == ValueType::kNull) {
    text = "NULL";
  } else if (cell.type == ValueType::kText) {
    AppendPrintable(text, cell.bytes);
  } else {
    AppendExactCell(text, cell, ColumnType::kAny, capture::Zone());
  }
  return text;
}

std::string_view NameOf(ValueType type) {
  switch (type) {
    case ValueType::kNull:
      return "NULL";
    case ValueType::kInteger:
      return "an integer";
    case ValueType::kReal:
      return "a real number";
    case ValueType::kText:
      return "text";
    case ValueType::kBlob:
      break;
  }
  return "a blob";
}

/// NULL is of every type.
bool IsOfType(const Cell& cell, ColumnType type) {
  if (cell.type == ValueType::kNull) return true;
  switch (type) {
    case ColumnType::kAny:
      return true;
    case ColumnType::kTime:
    case ColumnType::kInteger:
    case ColumnType::kBytes:
    case ColumnType::kPort:
    case ColumnType::kUid:
      return cell.type == ValueType::kInteger;
    case ColumnType::kReal:
    case ColumnType::kPercent:
      return cell.type == ValueType::kReal || cell.type == ValueType::kInteger;
    case ColumnType::kText:
    case ColumnType::kAddress:
    case ColumnType::kJson:
      return cell.type == ValueType::kText;
  }
  return true;
}

/// Keeps the rows for comparison, and of each column the first value that is not of its type.
class RowKeeper : public RowWriter {
 public:
  using Rows = std::vector<std::vector<std::string>>;
  struct WrongType {
    size_t column = 0;
    std::string message;
  };

  explicit RowKeeper(const Report& report)
      : RowWriter({true, capture::Zone(), [](std::string_view) {}}), report_(report) {}

  Rows rows;
  std::vector<WrongType> wrong_types;

 private:
  void WriteBegin() override {}
  void WriteEnd() override {}

  void WriteRow(std::span<const Cell> cells) override {
    std::vector<std::string> row;
    for (size_t i = 0; i < cells.size(); ++i) {
      row.push_back(ComparableText(cells[i]));
      CheckType(i, cells[i], row.back());
    }
    if (report_.group == kRuleGroup && wrong_types.empty()) ReadFinding(report_, cells);
    rows.push_back(std::move(row));
  }

  void CheckType(size_t column, const Cell& cell, const std::string& text) {
    const ColumnType type = columns()[column].type;
    std::string wrong;
    if (!IsOfType(cell, type)) {
      wrong = "gives " + std::string(NameOf(cell.type)) + " (" + text +
              "): declare what it is, or convert it (CAST, or * 1.0 for a real number)";
    } else if (type == ColumnType::kPercent) {
      const double value =
          cell.type == ValueType::kReal ? cell.real : static_cast<double>(cell.integer);
      if (value < 0 || value > 100) wrong = "gives " + text + ": a percentage is from 0 to 100";
    }
    if (wrong.empty() || !reported_.insert(column).second) return;
    wrong_types.push_back({column, "column " + columns()[column].name + " is declared as " +
                                       std::string(TypeName(type)) + " and " + wrong});
  }

  const Report& report_;
  std::set<size_t> reported_;
};

class Checker {
 public:
  explicit Checker(const Report& report)
      : report_(report), words_(SqlWords(report.sql)), database_(Database::OpenInMemory()) {
    // What runs on a user's database may not write either.
    database_.Execute("PRAGMA query_only = ON");
    database_.RegisterFunction("bucket", [](int64_t taken_ms) { return taken_ms; });
  }

  /// `declared` false: the declarations are known to be wrong, don't compare with them.
  std::vector<Problem> Check(bool declared) {
    if (!CheckStatement(declared)) return std::move(problems_);
    if (declared && report_.group == kRuleGroup) {
      for (Problem& problem : RuleProblems(report_)) problems_.push_back(std::move(problem));
    }
    CheckOrderBy();
    CheckReads();
    if (declared && problems_.empty()) CheckRuns();
    return std::move(problems_);
  }

 private:
  void Add(int line, int column, std::string message) {
    problems_.push_back({report_.file, line, column, std::move(message)});
  }

  void AddAtSql(std::string message) { Add(report_.sql_line, 0, std::move(message)); }

  void AddAt(const SqlWord& word, std::string message) {
    const auto before = std::string_view(report_.sql).substr(0, word.at);
    const auto lines = static_cast<int>(std::count(before.begin(), before.end(), '\n'));
    const size_t line_begin = before.rfind('\n') + 1;  // npos + 1 is 0
    Add(report_.sql_line + lines, static_cast<int>(word.at - line_begin) + 1, std::move(message));
  }

  /// False when there is nothing to look at further.
  bool CheckStatement(bool declared) {
    if (words_.empty()) {
      AddAtSql("no SQL: write one SELECT after the comments");
      return false;
    }
    const SqlWord& first = words_.front();
    if (!IsKeyword(first, "SELECT") && !IsKeyword(first, "WITH")) {
      AddAt(first, "a report is one SELECT, or WITH ... SELECT; this begins with '" +
                       std::string(first.text) + "'");
      return false;
    }
    CheckNoMore();
    try {
      const std::optional<Statement> statement = database_.PrepareNext(report_.sql, nullptr);
      if (!statement || !statement->IsReadOnly()) {
        AddAt(first, "this statement writes: a report only reads");
        return false;
      }
      if (declared) {
        CheckParameters(*statement);
        CheckColumns(*statement);
      }
    } catch (const store::SqlError& error) {
      const PlacedSqlError placed = PlaceSqlError(error, report_.sql_line);
      Add(placed.line, placed.column, placed.message);
      return false;
    }
    return true;
  }

  void CheckNoMore() {
    bool ended = false;
    for (const SqlWord& word : words_) {
      const bool is_semicolon = word.type == SqlWordType::kOther && word.text == ";";
      if (ended && !is_semicolon) {
        AddAt(word, "a second statement: a report is one SELECT, leave out what follows the ';'");
        first_statement_ = first_statement_.substr(0, word.at);
        words_.resize(static_cast<size_t>(&word - words_.data()));
        return;
      }
      ended = ended || is_semicolon;
    }
  }

  void CheckParameters(const Statement& statement) {
    std::set<std::string> used;
    for (int i = 1; i <= statement.ParameterCount(); ++i) {
      const std::string written = statement.ParameterName(i);
      if (written.empty() || written[0] == '?') continue;
      used.insert(written.substr(1));
    }
    std::set<std::string_view> reported;
    for (const SqlWord& word : words_) {
      if (word.type == SqlWordType::kParameter) CheckUse(word, reported);
    }
    for (const Parameter& parameter : report_.parameters) {
      if (used.count(parameter.name) != 0) continue;
      Add(parameter.line, 0,
          "the SQL does not use the parameter :" + parameter.name + ": use it, or leave it out");
    }
    for (const std::string_view name : kCommonParameters) {
      if (used.count(std::string(name)) != 0) continue;
      AddAtSql("the SQL does not use :" + std::string(name) + ", so --" + std::string(name) +
               " would have no effect: filter by " + Filter(name));
    }
  }

  static std::string Filter(std::string_view name) {
    return name == "since"   ? "taken_ms >= ifnull(:since, -9223372036854775808)"
           : name == "until" ? "taken_ms < ifnull(:until, 9223372036854775807)"
                             : "host = ifnull(:host, host)";
  }

  void CheckUse(const SqlWord& word, std::set<std::string_view>& reported) {
    const char sign = report_.sql[word.at];
    if (sign == '?') {
      AddAt(word, "a parameter without a name: write :name and declare it (-- param: name ...)");
      return;
    }
    std::vector<std::string> names(kCommonParameters.begin(), kCommonParameters.end());
    for (const Parameter& parameter : report_.parameters) names.push_back(parameter.name);
    if (std::find(names.begin(), names.end(), word.text) != names.end()) return;
    if (!reported.insert(word.text).second) return;
    AddAt(word, "the parameter " + std::string(1, sign) + std::string(word.text) +
                    " is not declared" + DidYouMean(word.text, names) +
                    ": add '-- param: " + std::string(word.text) + " type default|optional help'");
  }

  void CheckColumns(const Statement& statement) {
    std::vector<std::string> given;
    for (int i = 0; i < statement.ColumnCount(); ++i) given.push_back(statement.ColumnName(i));
    std::vector<std::string> declared;
    for (const Column& column : report_.columns) declared.push_back(column.name);
    if (given == declared) return;

    const size_t before = problems_.size();
    for (const Column& column : report_.columns) {
      if (std::find(given.begin(), given.end(), column.name) != given.end()) continue;
      Add(column.line, 0,
          "the SELECT gives no column '" + column.name + "'" + DidYouMean(column.name, given) +
              ": name it AS " + column.name);
    }
    for (const std::string& name : given) {
      if (std::find(declared.begin(), declared.end(), name) != declared.end()) continue;
      AddAtSql("the SELECT gives the column '" + name +
               "', which is not declared: add '-- column: " + name + " type unit help'");
    }
    if (problems_.size() != before) return;
    const auto differs =
        std::mismatch(report_.columns.begin(), report_.columns.end(), given.begin(), given.end(),
                      [](const Column& a, const std::string& b) { return a.name == b; });
    const int line =
        differs.first == report_.columns.end() ? report_.sql_line : differs.first->line;
    Add(line, 0,
        "the SELECT gives the columns in another order (" + JoinNames(given) +
            "): declare them in that order");
  }

  /// The word ORDER of the outermost ORDER BY.
  const SqlWord* OrderBy() const {
    for (size_t i = words_.size(); i >= 2; --i) {
      if (words_[i - 2].depth == 0 && IsKeyword(words_[i - 2], "ORDER") &&
          IsKeyword(words_[i - 1], "BY")) {
        return &words_[i - 2];
      }
    }
    return nullptr;
  }

  void CheckOrderBy() {
    if (OrderBy() != nullptr) return;
    AddAt(words_.back(),
          "no ORDER BY at the end, so rows come in any order: end with one that names enough"
          " columns to tell any two rows apart");
  }

  std::vector<const SqlWord*> PlacesOf(const std::vector<std::string>& names) const {
    std::vector<const SqlWord*> places;
    for (const SqlWord& word : words_) {
      if (std::any_of(names.begin(), names.end(),
                      [&](const std::string& name) { return IsKeyword(word, name); })) {
        places.push_back(&word);
      }
    }
    return places;
  }

  void CheckReads() {
    for (const WideRead& read : FindWideReads(database_, first_statement_)) {
      const std::string what =
          read.views.size() == 1
              ? "the whole table " + read.table + " (view " + read.views[0] + ")"
              : "all snapshots (table " + read.table + ", which every view over time reads)";
      const std::string message =
          "reads " + what + " whatever the window is: filter every use of a view by " +
          Filter("since") + " AND " + Filter("until") + ", not by (:since IS NULL OR ...)";
      std::vector<const SqlWord*> places = PlacesOf({read.table});
      if (places.empty()) places = PlacesOf(read.views);
      // Where there are several, which of them it is can't be told.
      if (places.size() == 1) {
        AddAt(*places[0], message);
      } else {
        AddAtSql(message);
      }
    }
  }

  void CheckRuns() {
    Request request;
    Scope scope = ResolveScope(database_, request);
    // For parameters with relative times as their default, which need some last snapshot.
    scope.last_ms = kSampleUntilMs;
    if (!Run(report_, request, scope, "an empty database")) return;

    database_.Execute("PRAGMA query_only = OFF");
    FillSample(database_);
    database_.Execute("PRAGMA query_only = ON");
    const Scope everything = ResolveScope(database_, request);
    Scope part = everything;
    part.since_ms = kSampleSinceMs;
    part.until_ms = kSampleUntilMs;
    part.host = kSampleHost;
    if (CheckOrder(request, everything)) CheckOrder(request, part);
  }

  /// nullopt when it failed, which is a problem then.
  std::optional<RowKeeper::Rows> Run(const Report& report, const Request& request,
                                     const Scope& scope, const std::string& where) {
    RowKeeper keeper(report_);
    try {
      RunReport(database_, report, request, scope, keeper);
    } catch (const store::SqlError& error) {
      const PlacedSqlError placed = PlaceSqlError(error, report_.sql_line);
      Add(placed.line, placed.column, "fails on " + where + ": " + placed.message);
      return std::nullopt;
    } catch (const FindingError& error) {
      problems_.push_back(error.problem());
      return std::nullopt;
    } catch (const UserError& error) {
      AddAtSql("fails on " + where + ": " + error.what());
      return std::nullopt;
    }
    for (const RowKeeper::WrongType& wrong : keeper.wrong_types) {
      const int line = report_.columns[wrong.column].line;
      const bool is_new = std::none_of(problems_.begin(), problems_.end(),
                                       [&](const Problem& p) { return p.line == line; });
      if (is_new) Add(line, 0, wrong.message);
    }
    return std::move(keeper.rows);
  }

  /// The report with its ORDER BY going on with all columns, upwards or downwards. Where it decides
  /// by itself that changes nothing. (Reading the other way round is not enough: groups come out in
  /// the order of their keys then too.)
  Report WithLongerOrder(const SqlWord& order, std::string_view direction) const {
    size_t end = first_statement_.size();
    for (const SqlWord& word : words_) {
      const bool ends = IsKeyword(word, "LIMIT") || word.text == ";";
      if (word.at > order.at && word.depth == 0 && ends) {
        end = word.at;
        break;
      }
    }
    std::string more = "\n";
    for (size_t i = 1; i <= report_.columns.size(); ++i) {
      more.append(", ").append(std::to_string(i)).append(direction);
    }
    Report report = report_;
    report.sql.insert(end, more + "\n");
    return report;
  }

  /// False when something was found.
  bool CheckOrder(const Request& request, const Scope& scope) {
    const std::string where = "the sample of the check";
    const SqlWord& order = *OrderBy();
    const auto up = Run(WithLongerOrder(order, ""), request, scope, where);
    if (!up) return false;
    const auto down = Run(WithLongerOrder(order, " DESC"), request, scope, where);
    if (!down) return false;
    if (*up != *down) {
      AddAt(order, "this ORDER BY leaves the order of some rows open (on " + where + " " +
                       Difference(*up, *down) +
                       "): add columns until no two rows can be equal in all of them");
      return false;
    }
    const auto rows = Run(report_, request, scope, where);
    database_.Execute("PRAGMA reverse_unordered_selects = ON");
    const auto reversed = Run(report_, request, scope, where);
    database_.Execute("PRAGMA reverse_unordered_selects = OFF");
    if (!rows || !reversed) return false;
    if (*rows == *reversed) return true;
    AddAtSql("the values depend on the order in which SQLite reads (on " + where + " " +
             Difference(*rows, *reversed) +
             "): give LIMIT, row_number(), lag(), group_concat() and their like an order that"
             " decides between any two rows, and take no column that is neither grouped by nor"
             " aggregated");
    return false;
  }

  static std::string Difference(const RowKeeper::Rows& rows, const RowKeeper::Rows& others) {
    const auto [row, other] = std::mismatch(rows.begin(), rows.end(), others.begin(), others.end());
    const std::string number = std::to_string(row - rows.begin() + 1);
    const std::string one = row == rows.end() ? "missing" : "(" + JoinNames(*row) + ")";
    const std::string two = other == others.end() ? "missing" : "(" + JoinNames(*other) + ")";
    return "row " + number + " can be " + one + " or " + two;
  }

  const Report& report_;
  std::vector<SqlWord> words_;
  std::string_view first_statement_ = report_.sql;
  Database database_;
  std::vector<Problem> problems_;
};

void SortByPlace(std::vector<Problem>& problems) {
  std::stable_sort(problems.begin(), problems.end(), [](const Problem& a, const Problem& b) {
    return std::tie(a.line, a.column) < std::tie(b.line, b.column);
  });
}

}  // namespace

std::vector<Problem> CheckReport(const Report& report) {
  std::vector<Problem> problems = Checker(report).Check(true);
  SortByPlace(problems);
  return problems;
}

std::vector<Problem> CheckReportText(std::string_view file, std::string_view text) {
  std::vector<Problem> problems;
  std::string name;
  try {
    name = ReportName(file);
  } catch (const UserError& error) {
    // The message begins with the file, as that of a problem does.
    std::string_view message = error.what();
    message.remove_prefix(file.size() + 2);
    problems.push_back({std::string(file), 1, 0, std::string(message)});
  }
  const size_t of_name = problems.size();
  const Report report = ParseReport(name, file, text, problems);
  const bool has_sql = !SqlWords(report.sql).empty();
  const bool declared = problems.size() == of_name;
  if (has_sql || declared) {
    for (Problem& problem : Checker(report).Check(declared)) problems.push_back(std::move(problem));
  }
  SortByPlace(problems);
  return problems;
}

}  // namespace tcpsnap::report
