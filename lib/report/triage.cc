#include "report/triage.h"

#include <algorithm>
#include <span>
#include <tuple>
#include <utility>

#include "report/error.h"
#include "report/nearest.h"
#include "report/row_writer.h"
#include "report/rule.h"
#include "report/runner.h"
#include "report/sql_error.h"
#include "report/triage_text.h"

namespace tcpsnap::report {
namespace {

class FindingCollector : public RowWriter {
 public:
  FindingCollector(const Report& rule, std::vector<Finding>& findings)
      : RowWriter({true, capture::Zone(), [](std::string_view) {}}),
        rule_(rule),
        findings_(findings) {}

 private:
  void WriteBegin() override {}
  void WriteEnd() override {}

  void WriteRow(std::span<const Cell> cells) override {
    Finding finding = ReadFinding(rule_, cells);
    // What takes a host: `info`, say, does not.
    const bool takes_host =
        finding.more.rfind("report ", 0) == 0 || finding.more.rfind("sockets ", 0) == 0;
    if (takes_host && finding.more.find(" --host ") == std::string::npos) {
      finding.more += " --host " + ShellWord(finding.host);
    }
    findings_.push_back(std::move(finding));
  }

  const Report& rule_;
  std::vector<Finding>& findings_;
};

bool Declares(const Report& rule, const std::string& name) {
  return std::any_of(rule.parameters.begin(), rule.parameters.end(),
                     [&](const Parameter& parameter) { return parameter.name == name; });
}

/// What one rule can take of the request.
Request PartFor(const Report& rule, const Request& request) {
  Request part = request;
  std::erase_if(part.parameters, [&](const auto& entry) { return !Declares(rule, entry.first); });
  return part;
}

void CheckParameters(const Catalogue& rules, const Request& request) {
  std::vector<std::string> names;
  for (const Report& rule : rules.reports()) {
    for (const Parameter& parameter : rule.parameters) names.push_back(parameter.name);
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  for (const auto& [name, text] : request.parameters) {
    if (std::binary_search(names.begin(), names.end(), name)) continue;
    throw UserError("no rule has the parameter '" + name + "'" + DidYouMean(name, names));
  }
}

void RunRule(store::Database& database, const Report& rule, const Request& request,
             const Scope& scope, std::vector<Finding>& findings) {
  FindingCollector collector(rule, findings);
  try {
    RunReport(database, rule, PartFor(rule, request), scope, collector);
  } catch (const store::SqlError& error) {
    const PlacedSqlError placed = PlaceSqlError(error, rule.sql_line);
    throw UserError(ProblemText({rule.file, placed.line, placed.column, placed.message}));
  }
}

}  // namespace

std::vector<Finding> Triage(store::Database& database, const Catalogue& rules,
                            const Request& request, const Scope& scope) {
  CheckParameters(rules, request);
  for (const Report& rule : rules.reports()) {
    const std::vector<Problem> problems = RuleProblems(rule);
    if (!problems.empty()) throw UserError(ProblemText(problems.front()));
  }
  std::vector<Finding> findings;
  for (const Report& rule : rules.reports()) RunRule(database, rule, request, scope, findings);
  const auto rank = [](const Finding& finding) {
    return std::make_tuple(finding.severity, -finding.weight, std::string_view(finding.host),
                           std::string_view(finding.rule));
  };
  std::stable_sort(findings.begin(), findings.end(),
                   [&](const Finding& a, const Finding& b) { return rank(a) < rank(b); });
  return findings;
}

}  // namespace tcpsnap::report
