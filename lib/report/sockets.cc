#include "report/sockets.h"

#include <algorithm>
#include <array>
#include <limits>
#include <set>
#include <string_view>

#include "report/cell_text.h"
#include "report/error.h"
#include "report/nearest.h"
#include "report/parameter.h"
#include "report/states.h"

namespace tcpsnap::report {
namespace {

using store::Database;
using store::Statement;
using store::ValueType;

constexpr size_t kMostRemarks = 5;

// One snapshot. The places in :state_names are in the order of the kernel's numbers. v6 addresses
// are ordered by their text: their keys depend on which was imported first.
constexpr std::string_view kSelect = R"(
SELECT
  host,
  taken_ms AS taken_at,
  state,
  rx_queue AS recv_q,
  tx_queue AS send_q,
  iif(instr(local_ip, ':') > 0, '[' || local_ip || ']', local_ip)
    || ':' || iif(local_port = 0, '*', local_port) AS local,
  iif(instr(remote_ip, ':') > 0, '[' || remote_ip || ']', remote_ip)
    || ':' || iif(remote_port = 0, '*', remote_port) AS peer,
  family,
  local_ip,
  local_port,
  remote_ip AS peer_ip,
  remote_port AS peer_port,
  timer,
  timer_expires_ms,
  retransmits,
  probes,
  iif(owner_class = 'owned', uid, NULL) AS uid,
  inode,
  direction,
  owner_class,
  is_local,
  rto_ms,
  ato_ms,
  quick,
  pingpong,
  cwnd,
  ssthresh
FROM sockets
WHERE host = :host
  AND taken_ms = :taken_ms
  AND ordinal = :ordinal
  AND ()";

constexpr std::string_view kOrder = R"()
ORDER BY
  instr(:state_names, state),
  min(local_key, 4294967296), iif(local_key < 4294967296, '', local_ip), local_port,
  min(remote_key, 4294967296), iif(remote_key < 4294967296, '', remote_ip), remote_port,
  inode, family, uid, tx_queue, rx_queue, timer, timer_expires_ms, retransmits, probes,
  direction, owner_class, is_local, rto_ms, ato_ms, quick, pingpong, cwnd, ssthresh
LIMIT :limit)";

constexpr std::string_view kLastSnapshot = R"(
SELECT s.taken_ms, s.ordinal
FROM snapshot AS s
WHERE s.host_id = :host_id
  AND s.taken_ms <= :at
ORDER BY s.taken_ms DESC, s.ordinal DESC
LIMIT 1)";

enum class Where : uint8_t { kAlways, kHost, kTime, kReadable, kMachine, kLong };

struct ShownColumn {
  std::string_view name;
  ColumnType type;
  Where where;
};

/// As the SELECT has them.
constexpr std::array<ShownColumn, 27> kColumns = {{
    {"host", ColumnType::kText, Where::kHost},
    {"taken_at", ColumnType::kTime, Where::kTime},
    {"state", ColumnType::kText, Where::kAlways},
    {"recv_q", ColumnType::kInteger, Where::kAlways},
    {"send_q", ColumnType::kInteger, Where::kAlways},
    {"local", ColumnType::kText, Where::kReadable},
    {"peer", ColumnType::kText, Where::kReadable},
    {"family", ColumnType::kInteger, Where::kMachine},
    {"local_ip", ColumnType::kAddress, Where::kMachine},
    {"local_port", ColumnType::kPort, Where::kMachine},
    {"peer_ip", ColumnType::kAddress, Where::kMachine},
    {"peer_port", ColumnType::kPort, Where::kMachine},
    {"timer", ColumnType::kText, Where::kAlways},
    {"timer_expires_ms", ColumnType::kInteger, Where::kAlways},
    {"retransmits", ColumnType::kInteger, Where::kAlways},
    {"probes", ColumnType::kInteger, Where::kAlways},
    {"uid", ColumnType::kUid, Where::kAlways},
    {"inode", ColumnType::kInteger, Where::kAlways},
    {"direction", ColumnType::kText, Where::kAlways},
    {"owner_class", ColumnType::kText, Where::kAlways},
    {"is_local", ColumnType::kInteger, Where::kLong},
    {"rto_ms", ColumnType::kInteger, Where::kLong},
    {"ato_ms", ColumnType::kInteger, Where::kLong},
    {"quick", ColumnType::kInteger, Where::kLong},
    {"pingpong", ColumnType::kInteger, Where::kLong},
    {"cwnd", ColumnType::kInteger, Where::kLong},
    {"ssthresh", ColumnType::kInteger, Where::kLong},
}};

constexpr size_t PlaceOf(std::string_view name) {
  size_t place = 0;
  while (kColumns[place].name != name) ++place;
  return place;
}

/// Where the SELECT has an endpoint as one text, and apart.
struct EndpointPlaces {
  size_t text;
  size_t ip;
  size_t port;
};
constexpr std::array<EndpointPlaces, 2> kEndpoints = {
    {{PlaceOf("local"), PlaceOf("local_ip"), PlaceOf("local_port")},
     {PlaceOf("peer"), PlaceOf("peer_ip"), PlaceOf("peer_port")}}};

bool DiffersInHost(const Choice& choice) {
  return !choice.snapshots.empty() && choice.snapshots.front().host != choice.snapshots.back().host;
}

/// The places in kColumns.
std::vector<size_t> PlacesOf(const Choice& choice, const SocketsOptions& options) {
  std::vector<size_t> places;
  for (size_t i = 0; i < kColumns.size(); ++i) {
    bool shown = true;
    switch (kColumns[i].where) {
      case Where::kAlways:
        break;
      case Where::kHost:
        shown = !options.readable || DiffersInHost(choice);
        break;
      case Where::kTime:
        shown = !options.readable || choice.is_window || choice.snapshots.size() > 1;
        break;
      case Where::kReadable:
        shown = options.readable;
        break;
      case Where::kMachine:
        shown = !options.readable;
        break;
      case Where::kLong:
        shown = options.is_long;
        break;
    }
    if (shown) places.push_back(i);
  }
  return places;
}

/// "db1:https", "db1:5432", "[::1]:https"; empty where neither part has a name.
std::string NamedEndpoint(const Statement& statement, const EndpointPlaces& places,
                          const Names& names) {
  const std::string_view ip = statement.Text(static_cast<int>(places.ip));
  const int64_t port = statement.Integer(static_cast<int>(places.port));
  const std::string_view ip_name = names.OfAddress(ip);
  const std::string_view port_name = port == 0 ? std::string_view() : names.OfPort(port);
  if (ip_name.empty() && port_name.empty()) return "";
  std::string text(ip_name.empty() ? ip : ip_name);
  if (ip_name.empty() && ip.find(':') != std::string_view::npos) text = "[" + text + "]";
  text += ':';
  text += !port_name.empty() ? std::string(port_name) : port == 0 ? "*" : std::to_string(port);
  return text;
}

void BindNames(Statement& statement, const ChosenSnapshot& snapshot, int64_t limit) {
  for (int i = 1; i <= statement.ParameterCount(); ++i) {
    const std::string name = statement.ParameterName(i);
    if (name == ":host") statement.Bind(i, std::string_view(snapshot.host));
    if (name == ":taken_ms") statement.Bind(i, snapshot.taken_ms);
    if (name == ":ordinal") statement.Bind(i, snapshot.ordinal);
    if (name == ":state_names") statement.Bind(i, std::string_view(JoinNames(StateNames(), " ")));
    if (name == ":limit") statement.Bind(i, limit);
  }
}

/// "1h 50m", "3m 20s", "55s", "250ms": the two largest units.
std::string AgeText(int64_t ms) {
  struct Unit {
    int64_t ms;
    const char* name;
  };
  constexpr std::array<Unit, 4> kUnits = {
      {{86'400'000, "d"}, {3'600'000, "h"}, {60'000, "m"}, {1'000, "s"}}};
  for (size_t i = 0; i < kUnits.size(); ++i) {
    if (ms < kUnits[i].ms) continue;
    std::string text = std::to_string(ms / kUnits[i].ms) + kUnits[i].name;
    if (i + 1 == kUnits.size()) return text;
    const int64_t rest = ms % kUnits[i].ms / kUnits[i + 1].ms;
    if (rest > 0) text += " " + std::to_string(rest) + kUnits[i + 1].name;
    return text;
  }
  return std::to_string(ms) + "ms";
}

struct HostRow {
  int64_t id = 0;
  std::string label;
};

std::vector<HostRow> HostsOf(Database& database, const Scope& scope) {
  Statement statement = database.Prepare(
      "SELECT id, label FROM host WHERE label = ifnull(:host, label) ORDER BY label, id");
  statement.Bind(1, scope.host);
  std::vector<HostRow> hosts;
  while (statement.Step()) {
    hosts.push_back({statement.Integer(0), std::string(statement.Text(1))});
  }
  return hosts;
}

std::optional<ChosenSnapshot> LastSnapshot(Database& database, const HostRow& host, int64_t at_ms) {
  Statement statement = database.Prepare(kLastSnapshot);
  statement.Bind(1, host.id).Bind(2, at_ms);
  if (!statement.Step()) return std::nullopt;
  return ChosenSnapshot{host.label, statement.Integer(0), statement.Integer(1), ""};
}

std::optional<int64_t> FirstTime(Database& database, const HostRow& host) {
  Statement statement =
      database.Prepare("SELECT min(taken_ms) FROM snapshot WHERE host_id = :host_id");
  statement.Bind(1, host.id);
  if (!statement.Step() || statement.Type(0) == ValueType::kNull) return std::nullopt;
  return statement.Integer(0);
}

std::string MissingTable(Database& database, const HostRow& host, const ChosenSnapshot& snapshot) {
  Statement statement = database.Prepare(R"(
    SELECT f.value
    FROM json_each('[4, 6]') AS f
    WHERE EXISTS (SELECT 1 FROM dump AS d WHERE d.host_id = :host_id AND d.family = f.value)
      AND NOT EXISTS (
        SELECT 1
        FROM snapshot AS s
        CROSS JOIN dump AS d ON d.snapshot_id = s.id AND d.family = f.value
        WHERE s.host_id = :host_id AND s.taken_ms = :taken_ms AND s.ordinal = :ordinal)
    ORDER BY f.value
    LIMIT 1)");
  statement.Bind(1, host.id).Bind(2, snapshot.taken_ms).Bind(3, snapshot.ordinal);
  if (!statement.Step()) return "";
  return statement.Integer(0) == 4 ? "tcp" : "tcp6";
}

void AddWindow(Database& database, const Scope& scope, const HostRow& host, Choice& choice) {
  Statement statement = database.Prepare(R"(
    SELECT s.taken_ms, s.ordinal
    FROM snapshot AS s
    WHERE s.host_id = :host_id
      AND s.taken_ms >= ifnull(:since, -9223372036854775808)
      AND s.taken_ms < ifnull(:until, 9223372036854775807)
    ORDER BY s.taken_ms, s.ordinal)");
  statement.Bind(1, host.id).Bind(2, scope.since_ms).Bind(3, scope.until_ms);
  while (statement.Step()) {
    choice.snapshots.push_back({host.label, statement.Integer(0), statement.Integer(1), ""});
  }
}

/// Says which snapshots are shown; of many hosts the oldest and the newest.
void Describe(const Scope& scope, const std::optional<int64_t>& at_ms, Choice& choice) {
  const auto sentence = [&](const ChosenSnapshot& snapshot) {
    std::string text = snapshot.host + ": snapshot of " + TimeText(snapshot.taken_ms, scope.zone) +
                       " (" + scope.zone.name() + ")";
    if (at_ms && *at_ms != snapshot.taken_ms) {
      text +=
          ", " + AgeText(*at_ms - snapshot.taken_ms) + " before " + TimeText(*at_ms, scope.zone);
    }
    if (!snapshot.missing.empty()) text += "; its table " + snapshot.missing + " is missing";
    return text;
  };
  const std::vector<ChosenSnapshot>& all = choice.snapshots;
  if (all.size() <= kMostRemarks) {
    for (const ChosenSnapshot& snapshot : all) choice.remarks.push_back(sentence(snapshot));
    return;
  }
  const auto [oldest, newest] = std::minmax_element(
      all.begin(), all.end(), [](const auto& a, const auto& b) { return a.taken_ms < b.taken_ms; });
  choice.remarks.push_back(std::to_string(all.size()) +
                           " hosts, a snapshot each; the oldest: " + sentence(*oldest));
  choice.remarks.push_back("the newest: " + sentence(*newest));
  for (const ChosenSnapshot& snapshot : all) {
    if (!snapshot.missing.empty() && &snapshot != &*oldest && &snapshot != &*newest) {
      choice.remarks.push_back(sentence(snapshot));
    }
  }
}

}  // namespace

Choice ChooseSnapshots(Database& database, const Scope& scope,
                       const std::optional<std::string>& at) {
  Choice choice;
  const std::vector<HostRow> hosts = HostsOf(database, scope);
  if (scope.since_ms || scope.until_ms) {
    choice.is_window = true;
    for (const HostRow& host : hosts) AddWindow(database, scope, host, choice);
    return choice;
  }
  std::optional<int64_t> at_ms;
  if (at) at_ms = ParseTimeValue("--at", *at, scope.zone, scope.last_ms);
  std::vector<std::string> later;
  for (const HostRow& host : hosts) {
    auto snapshot =
        LastSnapshot(database, host, at_ms.value_or(std::numeric_limits<int64_t>::max()));
    if (snapshot) {
      snapshot->missing = MissingTable(database, host, *snapshot);
      choice.snapshots.push_back(std::move(*snapshot));
    } else if (const auto first_ms = FirstTime(database, host)) {
      later.push_back(host.label + ": no snapshot at or before " + TimeText(*at_ms, scope.zone) +
                      "; its first is of " + TimeText(*first_ms, scope.zone));
    }
  }
  if (choice.snapshots.empty() && at_ms && scope.first_ms) {
    throw UserError("--at '" + *at + "': no snapshot at or before " + TimeText(*at_ms, scope.zone) +
                    "; the first is of " + TimeText(*scope.first_ms, scope.zone) + " (" +
                    scope.zone.name() + ")");
  }
  Describe(scope, at_ms, choice);
  choice.remarks.insert(choice.remarks.end(), later.begin(), later.end());
  return choice;
}

std::string SocketsSql(const SocketFilter& filter) {
  return std::string(kSelect) + filter.sql + std::string(kOrder);
}

std::string LastSnapshotSql() { return std::string(kLastSnapshot); }

bool WriteSockets(Database& database, const Choice& choice, const SocketFilter& filter,
                  const SocketsOptions& options, RowWriter& writer) {
  Statement statement = database.Prepare(SocketsSql(filter));
  filter.Bind(statement);
  const std::vector<size_t> places = PlacesOf(choice, options);
  std::vector<OutputColumn> columns;
  for (const size_t place : places) {
    columns.push_back({std::string(kColumns[place].name), kColumns[place].type});
  }
  std::vector<Cell> cells(places.size());
  std::array<std::string, kEndpoints.size()> named;
  const auto name_endpoints = [&] {
    for (size_t e = 0; e < kEndpoints.size(); ++e) {
      const auto place = std::find(places.begin(), places.end(), kEndpoints[e].text);
      if (place == places.end()) continue;
      named[e] = NamedEndpoint(statement, kEndpoints[e], *options.names);
      if (!named[e].empty()) cells[static_cast<size_t>(place - places.begin())].bytes = named[e];
    }
  };
  bool has_begun = false;
  const auto begin = [&] {
    if (!has_begun) writer.Begin(columns);
    has_begun = true;
  };
  // One more than asked for tells whether there are more.
  constexpr int64_t kNoLimit = -1;
  int64_t left = options.limit.value_or(std::numeric_limits<int64_t>::max());
  bool is_whole = true;
  for (const ChosenSnapshot& snapshot : choice.snapshots) {
    BindNames(statement, snapshot, options.limit ? left + 1 : kNoLimit);
    while (is_whole && statement.Step()) {
      if (left == 0) {
        is_whole = false;
        break;
      }
      --left;
      begin();
      for (size_t i = 0; i < places.size(); ++i) {
        cells[i] = ReadCell(statement, static_cast<int>(places[i]));
      }
      if (options.names != nullptr) name_endpoints();
      writer.Row(cells);
    }
    statement.Reset();
    if (!is_whole) break;
  }
  begin();
  writer.End();
  return is_whole;
}

}  // namespace tcpsnap::report
