#include "report/front_matter.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <utility>

#include "report/error.h"
#include "report/nearest.h"
#include "report/parameter.h"

namespace tcpsnap::report {
namespace {

constexpr std::array<std::pair<std::string_view, ParameterType>, 7> kParameterTypes = {{
    {"integer", ParameterType::kInteger},
    {"real", ParameterType::kReal},
    {"text", ParameterType::kText},
    {"state", ParameterType::kState},
    {"port", ParameterType::kPort},
    {"duration", ParameterType::kDuration},
    {"time", ParameterType::kTime},
}};

constexpr std::array<std::pair<std::string_view, ColumnType>, 10> kColumnTypes = {{
    {"time", ColumnType::kTime},
    {"integer", ColumnType::kInteger},
    {"real", ColumnType::kReal},
    {"text", ColumnType::kText},
    {"bytes", ColumnType::kBytes},
    {"percent", ColumnType::kPercent},
    {"address", ColumnType::kAddress},
    {"port", ColumnType::kPort},
    {"uid", ColumnType::kUid},
    {"json", ColumnType::kJson},
}};

constexpr std::array<Group, 9> kGroups = {{
    {"change", "What changed, and when?"},
    {"who", "Who talks to whom?"},
    {"accept", "Does a service take its connections?"},
    {"reach", "Do the others answer?"},
    {"leak", "What leaks, or hangs while closing?"},
    {"network", "Where is loss, and who is slow?"},
    {"trust", "Can the data be trusted?"},
    {"own", "Your own"},
    {kRuleGroup, "What went wrong?"},
}};

template <typename Types>
auto FindType(const Types& types, std::string_view word)
    -> std::optional<decltype(types[0].second)> {
  for (const auto& [name, type] : types) {
    if (name == word) return type;
  }
  return std::nullopt;
}

template <typename Types>
std::vector<std::string> Names(const Types& types) {
  std::vector<std::string> names;
  for (const auto& [name, type] : types) names.emplace_back(name);
  return names;
}

template <typename Types, typename Type>
std::string_view NameOf(const Types& types, Type wanted) {
  for (const auto& [name, type] : types) {
    if (type == wanted) return name;
  }
  return "any";
}

std::string_view Trim(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

/// Takes the first word off `text`.
std::string_view TakeWord(std::string_view& text) {
  text = Trim(text);
  const size_t end = std::min(text.find_first_of(" \t"), text.size());
  const std::string_view word = text.substr(0, end);
  text = Trim(text.substr(end));
  return word;
}

/// A name that can follow a colon in SQL.
bool IsName(std::string_view word) {
  return !word.empty() && (word[0] < '0' || word[0] > '9') &&
         std::all_of(word.begin(), word.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
         });
}

/// Reads the comment lines at the top of one file.
class Parser {
 public:
  Parser(std::string_view name, std::string_view file) {
    report_.name = name;
    report_.file = file;
  }

  /// Adds to `problems` what is wrong.
  Report Parse(std::string_view text, std::vector<Problem>& problems) {
    problems_ = &problems;
    size_t at = 0;
    while (at < text.size()) {
      const size_t end = std::min(text.find('\n', at), text.size());
      const std::string_view line = text.substr(at, end - at);
      if (line.substr(0, 2) != "--") break;
      ++line_;
      TakeLine(line.substr(2));
      at = std::min(end + 1, text.size());
    }
    EndEntry();
    ++line_;
    report_.sql = text.substr(at);
    report_.sql_line = line_;
    CheckComplete();
    return std::move(report_);
  }

 private:
  /// Ends the reading of one entry.
  struct Failure {};

  void Add(int line, const std::string& message) {
    problems_->push_back({report_.file, line, 0, message});
  }

  [[noreturn]] void Fail(int line, const std::string& message) {
    Add(line, message);
    throw Failure();
  }

  void TakeLine(std::string_view comment) {
    const bool goes_on = Trim(comment).empty() || comment.substr(0, 2) == "  ";
    if (!goes_on) {
      EndEntry();
      failed_ = false;
    }
    if (failed_) return;  // the rest of an entry that was reported
    try {
      if (goes_on) {
        GoOn(comment);
      } else {
        BeginEntry(comment);
      }
    } catch (const Failure&) {
      failed_ = true;
    }
  }

  void GoOn(std::string_view comment) {
    const bool paragraph_ends = Trim(comment).empty();
    if (key_.empty()) {
      Fail(line_, paragraph_ends ? "an empty comment before the title"
                                 : "an indented line with nothing to go on with");
    }
    if (paragraph_ends) {
      value_ += '\n';
      return;
    }
    if (!value_.empty() && value_.back() != '\n') value_ += ' ';
    value_ += Trim(comment);
  }

  void BeginEntry(std::string_view comment) {
    const size_t colon = comment.find(':');
    if (colon == std::string_view::npos) {
      Fail(line_, "'" + std::string(Trim(comment)) + "' is not of the form '-- key: value'");
    }
    key_ = Trim(comment.substr(0, colon));
    value_ = Trim(comment.substr(colon + 1));
    entry_line_ = line_;
  }

  void EndEntry() {
    if (key_.empty()) return;
    seen_.insert(key_);
    try {
      StoreEntry();
    } catch (const Failure&) {  // it is among the problems, and the next entry is read
    }
    key_.clear();
  }

  void StoreEntry() {
    while (!value_.empty() && value_.back() == '\n') value_.pop_back();
    if (Trim(value_).empty()) Fail(entry_line_, "'" + key_ + "' has no value");
    if (key_ == "title") {
      SetOnce(report_.title);
    } else if (key_ == "group") {
      SetOnce(report_.group);
      CheckGroup();
    } else if (key_ == "description") {
      SetOnce(report_.description);
    } else if (key_ == "param") {
      AddParameter(value_);
    } else if (key_ == "column") {
      AddColumn(value_);
    } else {
      Fail(entry_line_, "unknown key '" + key_ + "'" +
                            DidYouMean(key_, {"title", "group", "description", "param", "column"}));
    }
  }

  void SetOnce(std::string& field) {
    if (!field.empty()) Fail(entry_line_, "a second '" + key_ + "'");
    field = value_;
  }

  void CheckGroup() {
    std::vector<std::string> names;
    for (const Group& group : kGroups) {
      if (group.name == report_.group) return;
      names.emplace_back(group.name);
    }
    Fail(entry_line_,
         "no group is called '" + report_.group + "' (there are: " + JoinNames(names) + ")");
  }

  void AddParameter(std::string_view rest) {
    Parameter parameter;
    parameter.line = entry_line_;
    parameter.name = TakeWord(rest);
    const std::string_view type_word = TakeWord(rest);
    parameter.default_text = TakeWord(rest);
    parameter.help = rest;
    if (!IsName(parameter.name)) {
      Fail(entry_line_, "'" + parameter.name + "' is no name for a parameter (a-z, 0-9, _)");
    }
    if (parameter.name == "since" || parameter.name == "until" || parameter.name == "host") {
      Fail(entry_line_, "every report has the parameter '" + parameter.name + "' already");
    }
    const auto type = FindType(kParameterTypes, type_word);
    if (!type) FailType(type_word, Names(kParameterTypes));
    parameter.type = *type;
    if (parameter.help.empty()) {
      Fail(entry_line_, "a parameter is 'name type default|optional help'");
    }
    for (const Parameter& other : report_.parameters) {
      if (other.name == parameter.name) {
        Fail(entry_line_, "a second parameter '" + parameter.name + "'");
      }
    }
    parameter.optional = parameter.default_text == "optional";
    if (parameter.optional) parameter.default_text.clear();
    CheckDefault(parameter);
    report_.parameters.push_back(std::move(parameter));
  }

  void CheckDefault(const Parameter& parameter) {
    if (parameter.optional) return;
    try {
      // A window's end that is as good as any: a default must be right at all times.
      ParseParameter(parameter, parameter.default_text, capture::Zone(),
                     int64_t{1'700'000'000'000});
    } catch (const UserError& error) {
      Fail(entry_line_, error.what());
    }
  }

  void AddColumn(std::string_view rest) {
    Column column;
    column.line = entry_line_;
    column.name = TakeWord(rest);
    const std::string_view type_word = TakeWord(rest);
    column.unit = TakeWord(rest);
    column.help = rest;
    if (!IsName(column.name)) {
      Fail(entry_line_, "'" + column.name + "' is no name for a column (a-z, 0-9, _)");
    }
    const auto type = FindType(kColumnTypes, type_word);
    if (!type) FailType(type_word, Names(kColumnTypes));
    column.type = *type;
    if (column.help.empty()) Fail(entry_line_, "a column is 'name type unit help'");
    if (column.unit == "-") column.unit.clear();
    for (const Column& other : report_.columns) {
      if (other.name == column.name) Fail(entry_line_, "a second column '" + column.name + "'");
    }
    report_.columns.push_back(std::move(column));
  }

  [[noreturn]] void FailType(std::string_view word, const std::vector<std::string>& names) {
    Fail(entry_line_, "unknown type '" + std::string(word) + "'" + DidYouMean(word, names));
  }

  void CheckComplete() {
    for (const char* key : {"title", "group", "description", "column"}) {
      // One that is there and wrong was reported.
      if (seen_.count(key) == 0) Add(1, "no '-- " + std::string(key) + ":'");
    }
    if (Trim(report_.sql).find_first_not_of('\n') == std::string_view::npos) {
      Add(line_, "no SQL after the comments");
    }
  }

  Report report_;
  int line_ = 0;
  int entry_line_ = 0;  // where the entry began that is being read
  std::string key_;     // of that entry; empty: none
  std::string value_;
  bool failed_ = false;  // that entry was reported already
  std::set<std::string> seen_;
  std::vector<Problem>* problems_ = nullptr;
};

}  // namespace

std::span<const Group> Groups() { return kGroups; }

bool Report::UsesBuckets() const { return sql.find("bucket(") != std::string::npos; }

std::string_view QuestionOf(const Report& report) {
  for (const Group& group : kGroups) {
    if (group.name == report.group) return group.question;
  }
  return {};
}

std::string ProblemText(const Problem& problem) {
  std::string text = problem.file + ":" + std::to_string(problem.line);
  if (problem.column > 0) text += ":" + std::to_string(problem.column);
  return text + ": " + problem.message;
}

Report ParseReport(std::string_view name, std::string_view file, std::string_view text) {
  std::vector<Problem> problems;
  Report report = ParseReport(name, file, text, problems);
  if (!problems.empty()) throw UserError(ProblemText(problems.front()));
  return report;
}

Report ParseReport(std::string_view name, std::string_view file, std::string_view text,
                   std::vector<Problem>& problems) {
  return Parser(name, file).Parse(text, problems);
}

std::string ReportName(std::string_view file) {
  constexpr std::string_view kEnding = ".sql";
  std::string_view name = file.substr(file.rfind('/') + 1);  // npos + 1 is 0
  if (name.size() > kEnding.size() && name.substr(name.size() - kEnding.size()) == kEnding) {
    name.remove_suffix(kEnding.size());
  }
  const bool good = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
  if (!good) {
    throw UserError(std::string(file) + ": '" + std::string(name) +
                    "' is no name for a report: call the file by a-z, 0-9 and '-', as in"
                    " open-ports.sql");
  }
  return std::string(name);
}

std::string_view TypeName(ParameterType type) { return NameOf(kParameterTypes, type); }

std::string_view TypeName(ColumnType type) { return NameOf(kColumnTypes, type); }

}  // namespace tcpsnap::report
