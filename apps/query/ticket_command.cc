#include "query/ticket_command.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string_view>
#include <utility>

#include "common/run_main.h"

namespace tcpsnap::query {
namespace {

constexpr size_t kMostRowsOfJson = 100;
constexpr size_t kMostRowsOfMarkdown = 20;  // more is no reading matter

/// What a ticket holds besides findings where nothing is asked for: the states over time, and the
/// load per port. Without the peers of the ports both read the counts of the window, no samples.
constexpr std::string_view kUsualReports[] = {"states", "services"};
constexpr const char* kPeersOfServices = "services.peers";

constexpr std::string_view kComparison = "compare";

size_t MostRows(const CommandLine& line, bool is_markdown) {
  if (!line.max_rows) return is_markdown ? kMostRowsOfMarkdown : kMostRowsOfJson;
  uint32_t rows = 0;
  const char* end = line.max_rows->data() + line.max_rows->size();
  const auto [stop, error] = std::from_chars(line.max_rows->data(), end, rows);
  if (error != std::errc() || stop != end) {
    throw apps::UsageError("--max-rows '" + *line.max_rows +
                           "' is no number of rows (0: only how many there are)");
  }
  return rows;
}

bool Holds(const std::vector<report::Report>& reports, std::string_view name) {
  return std::any_of(reports.begin(), reports.end(),
                     [&](const report::Report& report) { return report.name == name; });
}

/// --compare-since and --compare-until are parameters of the report compare, and ask for it: for
/// what has changed, unless told otherwise.
void AddComparison(const CommandLine& line, const report::Catalogue& catalogue, TicketPlan& plan) {
  if (!line.compare_since && !line.compare_until) return;
  const auto give = [&](const std::string& name, const std::string& text) {
    return plan.request.parameters.emplace(std::string(kComparison) + "." + name, text).second;
  };
  if (!Holds(plan.reports, kComparison)) {
    plan.reports.push_back(catalogue.Find(kComparison));
    if (plan.request.parameters.count("changed") == 0) give("changed", "1");
  }
  if ((line.compare_since && !give("base_since", *line.compare_since)) ||
      (line.compare_until && !give("base_until", *line.compare_until))) {
    throw apps::UsageError(
        "--compare-since and --compare-until are the parameters base_since and base_until of the "
        "report compare: give each once");
  }
}

}  // namespace

TicketPlan PlanTicket(const CommandLine& line, const report::Catalogue& catalogue,
                      report::Request request) {
  TicketPlan plan;
  if (line.format != "json" && line.format != "markdown") {
    throw apps::UsageError("a ticket has the formats json and markdown");
  }
  plan.is_markdown = line.format == "markdown";
  plan.most_rows = MostRows(line, plan.is_markdown);
  plan.request = std::move(request);
  for (size_t i = 1; i < line.arguments.size(); ++i) {
    const std::string& word = line.arguments[i];
    plan.reports.push_back(report::IsReportPath(word) ? report::ReadReport(word)
                                                      : catalogue.Find(word));
  }
  AddComparison(line, catalogue, plan);
  plan.has_findings = line.triage || plan.reports.empty();
  if (plan.reports.empty() && !line.triage) {
    for (const std::string_view name : kUsualReports) plan.reports.push_back(catalogue.Find(name));
    if (plan.request.parameters.count("peers") == 0) {
      plan.request.parameters.emplace(kPeersOfServices, "0");
    }
  }
  return plan;
}

std::string WriteTicket(store::Database& database, const TicketPlan& plan,
                        const report::Catalogue& rules, const report::Scope& scope,
                        const std::optional<report::Anonymizer>& anonymizer) {
  report::TicketOptions options;
  options.tool_version = TCPSNAP_VERSION;
  options.reports = plan.reports;
  if (plan.has_findings) options.rules = &rules;
  options.most_rows = plan.most_rows;
  if (anonymizer) {
    options.map_text = [&](std::string_view text) { return anonymizer->Text(text); };
  }
  const report::Ticket ticket = report::ReadTicket(database, plan.request, scope, options);
  return plan.is_markdown ? report::TicketAsMarkdown(ticket) : report::TicketAsJson(ticket);
}

}  // namespace tcpsnap::query
