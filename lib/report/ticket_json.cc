// The ticket as ticket.schema.json describes it. What changes here changes there, and
// kTicketVersion.
#include <nlohmann/json.hpp>
#include <utility>

#include "report/error.h"
#include "report/ticket.h"

namespace tcpsnap::report {
namespace {

using Json = nlohmann::ordered_json;

template <typename T>
Json OrNull(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

Json TimeOrNull(const std::optional<int64_t>& utc_ms) {
  return utc_ms ? Json(capture::FormatIsoUtc(*utc_ms)) : Json();
}

Json TextOrNull(const std::string& text) { return text.empty() ? Json() : Json(text); }

/// Times become text; reals that are infinite become null when they are printed.
Json ValueAsJson(const Value& value, bool is_time) {
  if (const auto* integer = std::get_if<int64_t>(&value)) {
    return is_time ? Json(capture::FormatIsoUtc(*integer)) : Json(*integer);
  }
  if (const auto* real = std::get_if<double>(&value)) return *real;
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  return {};
}

template <typename T, typename AsJson>
Json ListAsJson(const FirstOf<T>& list, AsJson as_json) {
  Json items = Json::array();
  for (const T& item : list.items) items.push_back(as_json(item));
  return {{"count", list.count}, {"truncated", list.is_truncated()}, {"items", std::move(items)}};
}

Json WindowAsJson(const TicketWindow& window) {
  return {{"since", TimeOrNull(window.since_ms)},
          {"until", TimeOrNull(window.until_ms)},
          {"host", OrNull(window.host)},
          {"first", TimeOrNull(window.first_ms)},
          {"last", TimeOrNull(window.last_ms)},
          {"snapshots", window.snapshots},
          {"samples", window.samples},
          {"zone", window.zone.name()},
          {"bucket_ms", window.bucket_ms}};
}

/// JSON text of a rule, as it stands.
Json Embedded(const Finding& finding, const std::string& text, Json::value_t type,
              const char* wanted) {
  Json json = Json::parse(text, nullptr, false);
  if (json.type() != type) {
    throw UserError("the rule " + finding.rule + ": '" + text + "' should be " + wanted);
  }
  return json;
}

Json EmbeddedNumbers(const Finding& finding) {
  return Embedded(finding, finding.numbers, Json::value_t::object, "numbers, a JSON object");
}

Json EmbeddedEvidence(const Finding& finding) {
  return Embedded(finding, finding.evidence, Json::value_t::array,
                  "evidence, a JSON array of texts");
}

std::string TextOf(const Json& json) {
  return json.is_string() ? json.get<std::string>() : json.dump();
}

Json FindingAsJson(const Finding& finding) {
  return {{"rule", finding.rule},
          {"host", finding.host},
          {"severity", SeverityName(finding.severity)},
          {"weight", finding.weight},
          {"what", finding.what},
          {"since", TimeOrNull(finding.since_ms)},
          {"until", TimeOrNull(finding.until_ms)},
          {"confidence", finding.confidence},
          {"why", finding.why},
          {"numbers", EmbeddedNumbers(finding)},
          {"evidence", EvidenceOf(finding)},
          {"more", TextOrNull(finding.more)}};
}

Json WarningAsJson(const TicketWarning& warning) {
  return {{"kind", warning.kind},
          {"host", OrNull(warning.host)},
          {"at", TimeOrNull(warning.at_ms)},
          {"text", warning.text}};
}

Json ParameterAsJson(const TicketParameter& parameter) {
  Json value = ValueAsJson(parameter.value, parameter.type == ParameterType::kTime);
  if (parameter.type == ParameterType::kState && value.is_string()) {
    value = Json::parse(value.get_ref<const std::string&>());  // bound as an array of names
  }
  return {{"name", parameter.name},
          {"type", TypeName(parameter.type)},
          {"value", std::move(value)},
          {"given", parameter.is_given}};
}

Json ReportAsJson(const TicketReport& report) {
  Json parameters = Json::array();
  for (const TicketParameter& parameter : report.parameters) {
    parameters.push_back(ParameterAsJson(parameter));
  }
  Json columns = Json::array();
  for (const Column& column : report.columns) {
    columns.push_back({{"name", column.name},
                       {"type", TypeName(column.type)},
                       {"unit", TextOrNull(column.unit)},
                       {"help", column.help}});
  }
  Json rows = Json::array();
  for (const std::vector<Value>& row : report.rows.items) {
    Json object = Json::object();
    for (size_t i = 0; i < row.size(); ++i) {
      const Column& column = report.columns[i];
      object[column.name] = ValueAsJson(row[i], column.type == ColumnType::kTime);
    }
    rows.push_back(std::move(object));
  }
  return {{"name", report.name},
          {"title", report.title},
          {"description", report.description},
          {"parameters", std::move(parameters)},
          {"columns", std::move(columns)},
          {"row_count", report.rows.count},
          {"truncated", report.rows.is_truncated()},
          {"rows", std::move(rows)}};
}

Json HostAsJson(const TicketHost& host) {
  return {{"host", host.label},
          {"snapshots", host.snapshots},
          {"samples", host.samples},
          {"first", capture::FormatIsoUtc(host.first_ms)},
          {"last", capture::FormatIsoUtc(host.last_ms)},
          {"with_tcp", host.with_tcp},
          {"with_tcp6", host.with_tcp6},
          {"ticks_per_second", host.ticks_per_second},
          {"uname", OrNull(host.uname)},
          {"port_range_low", OrNull(host.port_range_low)},
          {"port_range_high", OrNull(host.port_range_high)},
          {"somaxconn", OrNull(host.somaxconn)},
          {"tcp_max_tw_buckets", OrNull(host.tcp_max_tw_buckets)}};
}

Json LinesAsJson(const LineAccount& account) {
  Json json = Json::object();
  for (size_t i = 0; i < account.counts.size(); ++i) {
    json[std::string(LineAccount::kNames[i])] = account.counts[i];
  }
  return json;
}

Json SourceAsJson(const TicketSource& source) {
  return {{"path", source.path},
          {"bytes", source.bytes},
          {"xxh3_128", OrNull(source.content_hash)},
          {"layout", source.layout},
          {"imported_by", source.imported_by},
          {"dumps", source.dumps},
          {"lines", LinesAsJson(source.lines)}};
}

}  // namespace

std::vector<std::string> EvidenceOf(const Finding& finding) {
  std::vector<std::string> evidence;
  for (const Json& text : EmbeddedEvidence(finding)) evidence.push_back(TextOf(text));
  return evidence;
}

std::vector<std::pair<std::string, std::string>> NumbersOf(const Finding& finding) {
  const Json embedded = EmbeddedNumbers(finding);
  std::vector<std::pair<std::string, std::string>> numbers;
  for (const auto& [name, number] : embedded.items()) {
    numbers.emplace_back(name, TextOf(number));
  }
  return numbers;
}

std::string TicketAsJson(const Ticket& ticket) {
  Json reports = Json::array();
  for (const TicketReport& report : ticket.reports) reports.push_back(ReportAsJson(report));
  Json rejects = Json::array();
  for (const TicketReject& reject : ticket.rejects) {
    rejects.push_back(
        {{"reason", reject.reason}, {"lines", reject.lines}, {"sentence", reject.sentence}});
  }
  const Json json = {
      {"schema", {{"id", kTicketSchemaId}, {"version", kTicketVersion}}},
      {"tool", {{"name", "tcpsnap"}, {"version", ticket.tool_version}}},
      {"window", WindowAsJson(ticket.window)},
      {"findings", ticket.findings ? ListAsJson(*ticket.findings, FindingAsJson) : Json()},
      {"warnings", ListAsJson(ticket.warnings, WarningAsJson)},
      {"reports", std::move(reports)},
      {"hosts", ListAsJson(ticket.hosts, HostAsJson)},
      {"lines", LinesAsJson(ticket.lines)},
      {"rejects", std::move(rejects)},
      {"sources", ListAsJson(ticket.sources, SourceAsJson)}};
  // Paths and names may be no UTF-8.
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace tcpsnap::report
