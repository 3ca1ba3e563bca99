#include "report/rule.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "report/cell_text.h"
#include "report/finding_json.h"
#include "report/nearest.h"

namespace tcpsnap::report {
namespace {

using store::ValueType;

enum Place : size_t {
  kHost,
  kSeverity,
  kWeight,
  kWhat,
  kSince,
  kUntil,
  kConfidence,
  kWhy,
  kNumbers,
  kEvidence,
  kMore,
  kPlaces,
};

constexpr std::array<std::string_view, 3> kSeverities = {"critical", "warning", "notice"};
constexpr std::array<std::string_view, 3> kConfidences = {"sure", "likely", "possible"};

/// One row, with messages that name what is wrong in it.
class FindingReader {
 public:
  FindingReader(const Report& rule, std::span<const Cell> cells) : rule_(rule), cells_(cells) {}

  std::string Text(Place place) const {
    if (cells_[place].type != ValueType::kText || cells_[place].bytes.empty()) {
      Refuse(place, "is no text: a finding needs it");
    }
    return std::string(cells_[place].bytes);
  }

  std::string TextOrNothing(Place place) const {
    return cells_[place].type == ValueType::kNull ? "" : Text(place);
  }

  std::optional<int64_t> Time(Place place) const {
    if (cells_[place].type == ValueType::kNull) return std::nullopt;
    if (cells_[place].type != ValueType::kInteger) {
      Refuse(place, "is no time: give milliseconds since 1970, as taken_ms");
    }
    return cells_[place].integer;
  }

  double Number(Place place) const {
    if (cells_[place].type == ValueType::kReal) return cells_[place].real;
    if (cells_[place].type != ValueType::kInteger) Refuse(place, "is no number");
    return static_cast<double>(cells_[place].integer);
  }

  /// The place of the word among `words`.
  size_t Word(Place place, std::span<const std::string_view> words) const {
    const std::string word = Text(place);
    const auto found = std::find(words.begin(), words.end(), word);
    if (found == words.end()) {
      Refuse(place, "is none of: " + JoinNames({words.begin(), words.end()}));
    }
    return static_cast<size_t>(found - words.begin());
  }

  [[noreturn]] void Refuse(Place place, const std::string& message) const {
    const Cell& cell = cells_[place];
    std::string value = "NULL";
    if (cell.type == ValueType::kText) {
      value = "'";
      AppendPrintable(value, cell.bytes);
      value += "'";
    } else if (cell.type != ValueType::kNull) {
      value.clear();
      AppendExactCell(value, cell, ColumnType::kAny, capture::Zone());
    }
    const std::string name(FindingColumns()[place].name);
    throw FindingError({rule_.file, rule_.columns[place].line, 0,
                        "column " + name + ": " + value + " " + message});
  }

 private:
  const Report& rule_;
  std::span<const Cell> cells_;
};

}  // namespace

std::span<const OutputColumn> FindingColumns() {
  static const std::array<OutputColumn, kPlaces> columns = {{{"host", ColumnType::kText},
                                                             {"severity", ColumnType::kText},
                                                             {"weight", ColumnType::kReal},
                                                             {"what", ColumnType::kText},
                                                             {"since", ColumnType::kTime},
                                                             {"until", ColumnType::kTime},
                                                             {"confidence", ColumnType::kText},
                                                             {"why", ColumnType::kText},
                                                             {"numbers", ColumnType::kJson},
                                                             {"evidence", ColumnType::kJson},
                                                             {"more", ColumnType::kText}}};
  return columns;
}

std::vector<Problem> RuleProblems(const Report& report) {
  std::vector<Problem> problems;
  if (report.group != kRuleGroup) {
    problems.push_back({report.file, 1, 0,
                        "a rule is of the group " + std::string(kRuleGroup) +
                            ": write '-- group: " + std::string(kRuleGroup) + "'"});
  }
  const auto wanted = FindingColumns();
  for (size_t i = 0; i < std::max(wanted.size(), report.columns.size()); ++i) {
    if (i >= wanted.size()) {
      problems.push_back({report.file, report.columns[i].line, 0,
                          "a finding has no column '" + report.columns[i].name +
                              "' here: leave it out (put further figures into numbers)"});
      break;
    }
    const std::string right =
        "'-- column: " + wanted[i].name + " " + std::string(TypeName(wanted[i].type)) + " - help'";
    if (i >= report.columns.size()) {
      problems.push_back({report.file, report.sql_line, 0,
                          "a finding has " + std::to_string(wanted.size()) +
                              " columns: after the last one add " + right});
      break;
    }
    const Column& column = report.columns[i];
    if (column.name == wanted[i].name && column.type == wanted[i].type) continue;
    problems.push_back({report.file, column.line, 0,
                        "column " + std::to_string(i + 1) + " of a finding is " + wanted[i].name +
                            ": declare " + right});
    break;  // what follows is probably only moved
  }
  return problems;
}

Finding ReadFinding(const Report& rule, std::span<const Cell> cells) {
  const FindingReader reader(rule, cells);
  Finding finding;
  finding.rule = rule.name;
  finding.host = reader.Text(kHost);
  finding.severity = static_cast<Severity>(reader.Word(kSeverity, kSeverities));
  finding.weight = reader.Number(kWeight);
  finding.what = reader.Text(kWhat);
  finding.since_ms = reader.Time(kSince);
  finding.until_ms = reader.Time(kUntil);
  finding.confidence = kConfidences[reader.Word(kConfidence, kConfidences)];
  finding.why = reader.Text(kWhy);
  // Paths in it may be no UTF-8, which JSON is.
  finding.numbers = WithoutBadUtf8(reader.Text(kNumbers));
  finding.evidence = WithoutBadUtf8(reader.Text(kEvidence));
  finding.more = reader.TextOrNothing(kMore);
  if (!ReadNumbers(finding.numbers)) {
    reader.Refuse(kNumbers, "is no JSON object of plain values: make it with json_object()");
  }
  if (!ReadEvidence(finding.evidence)) {
    reader.Refuse(kEvidence, "is no JSON array of texts: make it with json_group_array()");
  }
  return finding;
}

std::string_view SeverityName(Severity severity) {
  return kSeverities[static_cast<size_t>(severity)];
}

}  // namespace tcpsnap::report
