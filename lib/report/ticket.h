// All that a ticket needs to be worked on without the database: what was found, the reports behind
// it, how far the data can be trusted and which files it came from.
//
// Nothing in it depends on the moment, on the path of the database or on SQLite's ids: one database
// and one window give the same bytes. Lists are bounded, and tell how many there are in all.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "capture/clock.h"
#include "report/catalogue.h"
#include "report/parameter.h"
#include "report/scope.h"
#include "report/triage.h"
#include "store/database.h"

namespace tcpsnap::report {

/// The document's form: it counts up with every change of it, since readers may hold it to the
/// schema, which knows no other fields.
inline constexpr int kTicketVersion = 1;
inline constexpr std::string_view kTicketSchemaId = "urn:tcpsnap:ticket";

/// The first ones of `count`.
template <typename T>
struct FirstOf {
  int64_t count = 0;
  std::vector<T> items;

  bool is_truncated() const { return count > static_cast<int64_t>(items.size()); }
};

struct TicketWindow {
  std::optional<int64_t> since_ms;  ///< as asked for
  std::optional<int64_t> until_ms;
  std::optional<std::string> host;
  std::optional<int64_t> first_ms;  ///< of the snapshots in it
  std::optional<int64_t> last_ms;
  int64_t snapshots = 0;
  int64_t samples = 0;
  capture::Zone zone;
  int64_t bucket_ms = 0;
};

/// A host with snapshots in the window.
struct TicketHost {
  std::string label;
  int64_t snapshots = 0;
  int64_t samples = 0;
  int64_t first_ms = 0;
  int64_t last_ms = 0;
  int64_t with_tcp = 0;  ///< snapshots that have this table
  int64_t with_tcp6 = 0;
  int64_t ticks_per_second = 0;
  std::optional<std::string> uname;  ///< this and the rest: where a bundle told it
  std::optional<int64_t> port_range_low;
  std::optional<int64_t> port_range_high;
  std::optional<int64_t> somaxconn;
  std::optional<int64_t> tcp_max_tw_buckets;
};

/// What became of the lines of files: the sum of the last eight is the first.
struct LineAccount {
  static constexpr std::array<std::string_view, 9> kNames = {"lines",   "markers",    "headers",
                                                             "samples", "duplicates", "blank",
                                                             "other",   "known",      "rejected"};
  std::array<int64_t, kNames.size()> counts{};

  int64_t lines() const { return counts.front(); }
  int64_t rejected() const { return counts.back(); }
};

/// A file with dumps of the window; also one without any dump, as nothing tells its time.
struct TicketSource {
  std::string path;
  int64_t bytes = 0;
  std::optional<std::string> content_hash;  ///< XXH3-128; none while it is not complete
  std::string layout;
  std::string imported_by;  ///< version
  int64_t dumps = 0;        ///< in the window, those included that another file has too
  LineAccount lines;        ///< of the whole file
};

struct TicketReject {
  std::string reason;
  std::string sentence;
  int64_t lines = 0;
};

/// What whoever reads the numbers has to know about the data.
struct TicketWarning {
  std::string kind;  ///< a word of the schema's list
  std::optional<std::string> host;
  std::optional<int64_t> at_ms;  ///< the snapshot that shows it first, or most
  std::string text;
};

struct TicketParameter {
  std::string name;
  ParameterType type = ParameterType::kText;
  Value value;
  bool is_given = false;  ///< false: its default
};

struct TicketReport {
  std::string name;
  std::string title;
  std::string description;
  std::vector<TicketParameter> parameters;
  std::vector<Column> columns;
  FirstOf<std::vector<Value>> rows;  ///< blobs are hexadecimal digits
};

struct Ticket {
  std::string tool_version;
  TicketWindow window;
  std::optional<FirstOf<Finding>> findings;  ///< nullopt: not asked for
  FirstOf<TicketWarning> warnings;
  std::vector<TicketReport> reports;
  FirstOf<TicketHost> hosts;
  LineAccount lines;  ///< of all sources
  std::vector<TicketReject> rejects;
  FirstOf<TicketSource> sources;
};

struct TicketOptions {
  std::string tool_version;
  std::vector<Report> reports;
  const Catalogue* rules = nullptr;  ///< none: no findings
  size_t most_rows = 100;            ///< of each list; findings and warnings may be 100 in any case
  /// What text of the captures becomes: names, addresses, sentences. Empty: it stays as it is.
  std::function<std::string(std::string_view)> map_text;
};

/// Parameters of the request are named "name", for all reports and rules that declare it, or
/// "report.name" for one report. Throws UserError where none has it, and as RunReport and Triage
/// do.
Ticket ReadTicket(store::Database& database, const Request& request, const Scope& scope,
                  const TicketOptions& options);

/// The document that ticket.schema.json describes. Throws UserError where a finding's numbers or
/// evidence are not what triage.h says.
std::string TicketAsJson(const Ticket& ticket);
/// The same for people, as GitHub, GitLab and Jira take it.
std::string TicketAsMarkdown(const Ticket& ticket);

/// ticket.schema.json: JSON Schema 2020-12.
std::string_view TicketSchema();

/// The texts of a finding's evidence, and its figures by name. Throw as TicketAsJson does.
std::vector<std::string> EvidenceOf(const Finding& finding);
std::vector<std::pair<std::string, std::string>> NumbersOf(const Finding& finding);

}  // namespace tcpsnap::report
