#include <nlohmann/json.hpp>

#include "report/info.h"

namespace tcpsnap::report {
namespace {

using Json = nlohmann::ordered_json;

Json TimeOrNull(std::optional<int64_t> utc_ms) {
  return utc_ms ? Json(capture::FormatIsoUtc(*utc_ms)) : Json();
}

Json HostAsJson(const HostInfo& host) {
  return {{"host", host.label},
          {"snapshots", host.snapshots},
          {"first", TimeOrNull(host.first_ms)},
          {"last", TimeOrNull(host.last_ms)},
          {"has_tcp", host.has_tcp},
          {"has_tcp6", host.has_tcp6}};
}

Json SourceAsJson(const SourceInfo& source) {
  return {
      {"path", source.path},        {"layout", source.layout},   {"complete", source.complete},
      {"bytes", source.bytes},      {"lines", source.lines},     {"markers", source.markers},
      {"headers", source.headers},  {"samples", source.samples}, {"duplicates", source.duplicates},
      {"blank", source.blank},      {"other", source.other},     {"known", source.known},
      {"rejected", source.rejected}};
}

}  // namespace

std::string InfoAsJson(const DatabaseInfo& info) {
  Json json = {{"path", info.path},      {"bytes", info.bytes},      {"samples", info.samples},
               {"hosts", Json::array()}, {"sources", Json::array()}, {"rejects", Json::array()},
               {"health", info.health}};
  for (const HostInfo& host : info.hosts) json["hosts"].push_back(HostAsJson(host));
  for (const SourceInfo& source : info.sources) json["sources"].push_back(SourceAsJson(source));
  for (const RejectInfo& reject : info.rejects) {
    json["rejects"].push_back(
        {{"reason", reject.reason}, {"lines", reject.lines}, {"sentence", reject.sentence}});
  }
  // Paths and labels may be no UTF-8.
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace tcpsnap::report
