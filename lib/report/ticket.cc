#include "report/ticket.h"

#include <algorithm>
#include <set>
#include <span>
#include <utility>

#include "report/cell_text.h"
#include "report/error.h"
#include "report/nearest.h"
#include "report/row_writer.h"
#include "report/runner.h"
#include "report/ticket_data.h"

namespace tcpsnap::report {
namespace {

using store::Database;
using store::ValueType;

/// Findings and warnings are told even where no rows are wanted, as far as anybody reads them.
constexpr size_t kMostTold = 100;

Value OwnedValue(const Cell& cell) {
  switch (cell.type) {
    case ValueType::kNull:
      break;
    case ValueType::kInteger:
      return cell.integer;
    case ValueType::kReal:
      return cell.real;
    case ValueType::kText:
      return std::string(cell.bytes);
    case ValueType::kBlob: {
      std::string digits;
      AppendHex(digits, cell.bytes);
      return digits;
    }
  }
  return {};
}

/// Keeps the first rows and counts all of them.
class RowCollector : public RowWriter {
 public:
  RowCollector(size_t most, FirstOf<std::vector<Value>>& rows)
      : RowWriter({}), most_(most), rows_(rows) {}

 protected:
  void WriteBegin() override {}
  void WriteEnd() override {}

  void WriteRow(std::span<const Cell> cells) override {
    ++rows_.count;
    if (rows_.items.size() >= most_) return;
    std::vector<Value>& row = rows_.items.emplace_back();
    for (const Cell& cell : cells) row.push_back(OwnedValue(cell));
  }

 private:
  size_t most_;
  FirstOf<std::vector<Value>>& rows_;
};

bool Declares(const Report& report, std::string_view name) {
  return std::any_of(report.parameters.begin(), report.parameters.end(),
                     [&](const Parameter& parameter) { return parameter.name == name; });
}

/// A parameter as it was given: for all reports, or for one.
struct GivenName {
  std::string report;  ///< empty: all
  std::string parameter;
};

GivenName ParseGivenName(const std::string& name) {
  const size_t dot = name.find('.');
  if (dot == std::string::npos) return {"", name};
  return {name.substr(0, dot), name.substr(dot + 1)};
}

/// What a report can take of the request. One that was given for it goes before one for all.
Request PartFor(const Report& report, const Request& request) {
  Request part = request;
  part.parameters.clear();
  for (const bool is_own : {true, false}) {
    for (const auto& [name, text] : request.parameters) {
      const GivenName given = ParseGivenName(name);
      const bool fits = is_own ? given.report == report.name : given.report.empty();
      // One that the report lacks is left to RunReport, which names the nearest.
      if (fits && (is_own || Declares(report, name)))
        part.parameters.emplace(given.parameter, text);
    }
  }
  if (!report.UsesBuckets()) part.bucket.reset();
  return part;
}

/// What the rules can take of it.
Request PartForRules(const Catalogue& rules, const Request& request) {
  Request part = request;
  part.bucket.reset();
  std::erase_if(part.parameters, [&](const auto& given) {
    return std::none_of(rules.reports().begin(), rules.reports().end(),
                        [&](const Report& rule) { return Declares(rule, given.first); });
  });
  return part;
}

/// What is given and goes nowhere was a mistake.
void CheckGiven(const Request& request, const TicketOptions& options) {
  std::set<std::string> reports;
  std::set<std::string> parameters;
  bool has_buckets = false;
  for (const Report& report : options.reports) {
    if (!reports.insert(report.name).second) {
      throw UserError("the report " + report.name + " is named twice");
    }
    has_buckets = has_buckets || report.UsesBuckets();
    for (const Parameter& parameter : report.parameters) parameters.insert(parameter.name);
  }
  if (options.rules != nullptr) {
    for (const Report& rule : options.rules->reports()) {
      for (const Parameter& parameter : rule.parameters) parameters.insert(parameter.name);
    }
  }
  for (const auto& [name, text] : request.parameters) {
    const GivenName given = ParseGivenName(name);
    if (!given.report.empty() && reports.count(given.report) == 0) {
      throw UserError("-p " + name + ": the ticket has no report '" + given.report + "'" +
                      DidYouMean(given.report, {reports.begin(), reports.end()}));
    }
    if (given.report.empty() && parameters.count(name) == 0) {
      throw UserError("nothing in the ticket has the parameter '" + name + "'" +
                      DidYouMean(name, {parameters.begin(), parameters.end()}));
    }
  }
  if (request.bucket && !has_buckets) {
    throw UserError("no report of the ticket has buckets: leave out --bucket");
  }
}

std::vector<TicketParameter> ReadParameters(const Report& report, const Request& part,
                                            const Scope& scope) {
  Values values = ReportParameters(report, part, scope);
  std::vector<TicketParameter> parameters;
  for (const Parameter& parameter : report.parameters) {
    parameters.push_back({parameter.name, parameter.type, std::move(values[parameter.name]),
                          part.parameters.count(parameter.name) != 0});
  }
  return parameters;
}

TicketReport ReadTicketReport(Database& database, const Report& report, const Request& part,
                              const Scope& scope, size_t most) {
  TicketReport read;
  read.name = report.name;
  read.title = report.title;
  read.description = report.description;
  read.parameters = ReadParameters(report, part, scope);
  read.columns = report.columns;
  RowCollector collector(most, read.rows);
  RunReportForUser(database, report, part, scope, collector);
  return read;
}

template <typename T>
FirstOf<T> First(std::vector<T> all, size_t most) {
  FirstOf<T> first;
  first.count = static_cast<int64_t>(all.size());
  if (all.size() > most) all.erase(all.begin() + static_cast<std::ptrdiff_t>(most), all.end());
  first.items = std::move(all);
  return first;
}

/// Every text that comes from captures; titles and help come from the report files.
void MapTexts(Ticket& ticket, const std::function<std::string(std::string_view)>& map_text) {
  const auto map = [&](std::string& text) { text = map_text(text); };
  const auto map_if = [&](std::optional<std::string>& text) {
    if (text) map(*text);
  };
  const auto map_value = [&](Value& value) {
    if (auto* text = std::get_if<std::string>(&value)) map(*text);
  };
  map_if(ticket.window.host);
  if (ticket.findings) {
    for (Finding& finding : ticket.findings->items) {
      for (std::string* text : {&finding.host, &finding.what, &finding.why, &finding.numbers,
                                &finding.evidence, &finding.more}) {
        map(*text);
      }
    }
  }
  for (TicketWarning& warning : ticket.warnings.items) {
    map_if(warning.host);
    map(warning.text);
  }
  for (TicketReport& report : ticket.reports) {
    for (TicketParameter& parameter : report.parameters) map_value(parameter.value);
    for (std::vector<Value>& row : report.rows.items) {
      for (Value& value : row) map_value(value);
    }
  }
  for (TicketHost& host : ticket.hosts.items) {
    map(host.label);
    map_if(host.uname);
  }
  for (TicketSource& source : ticket.sources.items) map(source.path);
}

}  // namespace

Ticket ReadTicket(Database& database, const Request& request, const Scope& scope,
                  const TicketOptions& options) {
  CheckGiven(request, options);
  Ticket ticket;
  ticket.tool_version = options.tool_version;
  ticket.window.since_ms = scope.since_ms;
  ticket.window.until_ms = scope.until_ms;
  ticket.window.host = scope.host;
  ticket.window.zone = scope.zone;
  ticket.window.bucket_ms = scope.bucket_ms;
  const size_t most_told = std::max(options.most_rows, kMostTold);
  ReadTicketHosts(database, scope, options.most_rows, ticket);
  ReadTicketSources(database, scope, options.most_rows, ticket);
  ticket.warnings = First(ReadTicketWarnings(database, scope, ticket), most_told);
  if (options.rules != nullptr) {
    const Request part = PartForRules(*options.rules, request);
    ticket.findings = First(Triage(database, *options.rules, part, scope), most_told);
  }
  for (const Report& report : options.reports) {
    ticket.reports.push_back(
        ReadTicketReport(database, report, PartFor(report, request), scope, options.most_rows));
  }
  if (options.map_text) MapTexts(ticket, options.map_text);
  return ticket;
}

}  // namespace tcpsnap::report
