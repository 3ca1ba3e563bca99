#include "report/ticket_data.h"

#include <algorithm>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "report/catalogue.h"
#include "report/cell_text.h"
#include "report/info.h"
#include "report/row_writer.h"
#include "report/runner.h"

namespace tcpsnap::report {
namespace {

using store::Database;
using store::Statement;
using store::ValueType;

std::optional<int64_t> IntegerOrNull(const Statement& statement, int column) {
  if (statement.Type(column) == ValueType::kNull) return std::nullopt;
  return statement.Integer(column);
}

std::optional<std::string> TextOrNull(const Statement& statement, int column) {
  if (statement.Type(column) == ValueType::kNull) return std::nullopt;
  return std::string(statement.Text(column));
}

TicketHost HostAt(const Statement& statement) {
  TicketHost host;
  host.label = statement.Text(0);
  host.snapshots = statement.Integer(1);
  host.samples = statement.Integer(2);
  host.first_ms = statement.Integer(3);
  host.last_ms = statement.Integer(4);
  host.with_tcp = statement.Integer(5);
  host.with_tcp6 = statement.Integer(6);
  host.ticks_per_second = statement.Integer(7);
  host.uname = TextOrNull(statement, 8);
  host.port_range_low = IntegerOrNull(statement, 9);
  host.port_range_high = IntegerOrNull(statement, 10);
  host.somaxconn = IntegerOrNull(statement, 11);
  host.tcp_max_tw_buckets = IntegerOrNull(statement, 12);
  return host;
}

template <typename T>
void Keep(FirstOf<T>& list, size_t most, T item) {
  ++list.count;
  if (list.items.size() < most) list.items.push_back(std::move(item));
}

/// Adds up why lines were refused, source by source.
class RejectCounter {
 public:
  explicit RejectCounter(Database& database)
      : statement_(database.Prepare(R"(
    SELECT x.reason, ifnull(r.sentence, ''), count(*)
    FROM rejected_line AS x
    LEFT JOIN reject_reason AS r ON r.name = x.reason
    WHERE x.source_id = :source
    GROUP BY x.reason)")) {}

  void Add(int64_t source_id) {
    statement_.Bind(1, source_id);
    while (statement_.Step()) {
      TicketReject& reject = rejects_[std::string(statement_.Text(0))];
      reject.reason = statement_.Text(0);
      reject.sentence = statement_.Text(1);
      reject.lines += statement_.Integer(2);
    }
    statement_.Reset();
  }

  /// The most frequent first, then by name.
  std::vector<TicketReject> Take() {
    std::vector<TicketReject> all;
    for (auto& [reason, reject] : rejects_) all.push_back(std::move(reject));
    std::stable_sort(all.begin(), all.end(), [](const TicketReject& a, const TicketReject& b) {
      return a.lines > b.lines;
    });
    return all;
  }

 private:
  Statement statement_;
  std::map<std::string, TicketReject> rejects_;
};

constexpr int kFirstCount = 7;  // column of the lines

TicketSource SourceAt(const Statement& statement) {
  TicketSource source;
  source.path = statement.Text(1);
  source.bytes = statement.Integer(2);
  source.content_hash = TextOrNull(statement, 3);
  source.layout = statement.Text(4);
  source.imported_by = statement.Text(5);
  source.dumps = statement.Integer(6);
  for (size_t i = 0; i < source.lines.counts.size(); ++i) {
    source.lines.counts[i] = statement.Integer(kFirstCount + static_cast<int>(i));
  }
  return source;
}

/// So many snapshots show something.
struct Tally {
  int64_t snapshots = 0;
  double most = 0;
  std::optional<int64_t> at_ms;  ///< the first of them, or the first with the most

  void Add(int64_t taken_ms, double size) {
    if (snapshots++ == 0 || size > most) {
      most = size;
      at_ms = taken_ms;
    }
  }
};

struct HostQuality {
  std::string host;
  int64_t snapshots = 0;
  Tally gaps, without_tcp, without_tcp6, clock_back, same_time, assumed_order;
};

/// Adds up the rows of the report quality, host by host: they come in that order.
class QualityReader : public RowWriter {
 public:
  QualityReader() : RowWriter({}) {}

  const std::vector<HostQuality>& hosts() const { return hosts_; }

 protected:
  void WriteBegin() override {}
  void WriteEnd() override {}

  void WriteRow(std::span<const Cell> cells) override {
    const std::string_view host = At(cells, "host").bytes;
    if (hosts_.empty() || hosts_.back().host != host) hosts_.emplace_back().host = host;
    HostQuality& quality = hosts_.back();
    ++quality.snapshots;
    const int64_t taken_ms = At(cells, "taken_at").integer;
    if (At(cells, "is_gap").integer != 0) quality.gaps.Add(taken_ms, At(cells, "gap_s").real);
    if (At(cells, "missing").bytes == "tcp") quality.without_tcp.Add(taken_ms, 0);
    if (At(cells, "missing").bytes == "tcp6") quality.without_tcp6.Add(taken_ms, 0);
    const Cell& back = At(cells, "clock_back_s");
    if (back.type != ValueType::kNull) quality.clock_back.Add(taken_ms, back.real);
    if (At(cells, "same_time").integer != 0) quality.same_time.Add(taken_ms, 0);
    if (At(cells, "byte_order_origin").bytes.find("assumed") != std::string_view::npos) {
      quality.assumed_order.Add(taken_ms, 0);
    }
  }

 private:
  const Cell& At(std::span<const Cell> cells, std::string_view name) const {
    const auto column = std::find_if(columns().begin(), columns().end(),
                                     [&](const OutputColumn& c) { return c.name == name; });
    return cells[static_cast<size_t>(column - columns().begin())];
  }

  std::vector<HostQuality> hosts_;
};

std::string Counted(int64_t count, std::string_view one, std::string_view several) {
  return std::to_string(count) + " " + std::string(count == 1 ? one : several);
}

std::string Rounded(double value, ColumnType type) {
  std::string text;
  AppendRoundedReal(text, value, type);
  return text;
}

void AddHostWarnings(const HostQuality& quality, std::vector<TicketWarning>& warnings) {
  const auto add = [&](const char* kind, const Tally& tally, const std::string& text) {
    if (tally.snapshots > 0) warnings.push_back({kind, quality.host, tally.at_ms, text});
  };
  const auto share = [&](const Tally& tally) {
    return std::to_string(tally.snapshots) + " of " +
           Counted(quality.snapshots, "snapshot", "snapshots");
  };
  if (quality.snapshots == 1) {
    warnings.push_back({"single_snapshot", quality.host, std::nullopt,
                        "a single snapshot: nothing can be said about changes"});
  }
  const auto longest = [](const Tally& tally) { return Rounded(tally.most, ColumnType::kReal); };
  add("gap", quality.gaps,
      Counted(quality.gaps.snapshots, "gap", "gaps") +
          " of more than twice the usual distance of snapshots, the longest " +
          longest(quality.gaps) + " s");
  add("missing_family", quality.without_tcp,
      "no tcp table in " + share(quality.without_tcp) + ": its sockets count as 0");
  add("missing_family", quality.without_tcp6,
      "no tcp6 table in " + share(quality.without_tcp6) + ": its sockets count as 0");
  add("clock_back", quality.clock_back,
      "the clock went back before " + share(quality.clock_back) + ", by " +
          longest(quality.clock_back) + " s at most");
  add("same_time", quality.same_time,
      share(quality.same_time) + " have the time of another one, with other sockets");
  add("assumed_byte_order", quality.assumed_order,
      "the byte order of " + share(quality.assumed_order) +
          " was assumed: their addresses may be the wrong way round");
}

}  // namespace

void ReadTicketHosts(Database& database, const Scope& scope, size_t most, Ticket& ticket) {
  Statement statement = database.Prepare(R"(
    SELECT w.host, w.snapshots, w.samples, w.first_ms, w.last_ms, w.with_tcp, w.with_tcp6,
      h.ticks_per_second, h.uname, h.port_range_low, h.port_range_high, h.somaxconn,
      h.tcp_max_tw_buckets
    FROM (
      SELECT host, count(*) AS snapshots, sum(sockets) AS samples, min(taken_ms) AS first_ms,
        max(taken_ms) AS last_ms, sum(has_tcp) AS with_tcp, sum(has_tcp6) AS with_tcp6
      FROM snapshots
      WHERE taken_ms >= ifnull(:since, -9223372036854775808)
        AND taken_ms < ifnull(:until, 9223372036854775807)
        AND host = ifnull(:host, host)
      GROUP BY host
    ) AS w
    JOIN host AS h ON h.label = w.host
    GROUP BY w.host
    ORDER BY w.host)");
  statement.Bind(1, scope.since_ms).Bind(2, scope.until_ms).Bind(3, scope.host);
  TicketWindow& window = ticket.window;
  while (statement.Step()) {
    TicketHost host = HostAt(statement);
    window.snapshots += host.snapshots;
    window.samples += host.samples;
    window.first_ms = std::min(window.first_ms.value_or(host.first_ms), host.first_ms);
    window.last_ms = std::max(window.last_ms.value_or(host.last_ms), host.last_ms);
    Keep(ticket.hosts, most, std::move(host));
  }
}

void ReadTicketSources(Database& database, const Scope& scope, size_t most, Ticket& ticket) {
  // A dump that several files have is stored once, from the one that was imported first. It counts
  // for all of them, so that the order of imports doesn't show.
  Statement statement = database.Prepare(R"(
    WITH
    in_window AS MATERIALIZED (
      SELECT d.id, d.source_id
      FROM snapshot AS s
      CROSS JOIN dump AS d ON d.snapshot_id = s.id
      WHERE s.taken_ms >= ifnull(:since, -9223372036854775808)
        AND s.taken_ms < ifnull(:until, 9223372036854775807)
        AND s.host_id IN (SELECT id FROM host WHERE label = ifnull(:host, label))
    ),
    held AS MATERIALIZED (
      SELECT source_id, count(*) AS dumps
      FROM (
        SELECT source_id FROM in_window
        UNION ALL
        SELECT c.source_id FROM in_window AS w CROSS JOIN dump_copy AS c ON c.dump_id = w.id
      )
      GROUP BY source_id
    )
    SELECT o.id, o.path, o.bytes, o.content_hash, o.layout, o.version, ifnull(h.dumps, 0),
      o.lines, o.markers, o.headers, o.samples, o.duplicates, o.blank, o.other, o.known, o.rejected
    FROM source AS o
    LEFT JOIN held AS h ON h.source_id = o.id
    WHERE h.source_id IS NOT NULL
      OR NOT EXISTS (SELECT 1 FROM dump AS d WHERE d.source_id = o.id)
        AND NOT EXISTS (SELECT 1 FROM dump_copy AS c WHERE c.source_id = o.id)
    ORDER BY o.path, o.content_hash, o.bytes, o.lines)");
  statement.Bind(1, scope.since_ms).Bind(2, scope.until_ms).Bind(3, scope.host);
  RejectCounter rejects(database);
  while (statement.Step()) {
    TicketSource source = SourceAt(statement);
    for (size_t i = 0; i < source.lines.counts.size(); ++i) {
      ticket.lines.counts[i] += source.lines.counts[i];
    }
    if (source.lines.rejected() > 0) rejects.Add(statement.Integer(0));
    Keep(ticket.sources, most, std::move(source));
  }
  ticket.rejects = rejects.Take();
}

std::vector<TicketWarning> ReadTicketWarnings(Database& database, const Scope& scope,
                                              const Ticket& ticket) {
  std::vector<TicketWarning> warnings;
  const auto add = [&](const char* kind, std::string text) {
    warnings.push_back({kind, std::nullopt, std::nullopt, std::move(text)});
  };
  if (ticket.window.snapshots == 0) {
    Scope all = scope;
    all.since_ms.reset();
    all.until_ms.reset();
    add("empty_window", scope.first_ms
                            ? "no snapshot in the window; there are some in " + DescribeWindow(all)
                            : "there are no snapshots");
  }
  for (std::string& clause : ReadImportHealth(database)) add("import", std::move(clause));
  if (ticket.lines.rejected() > 0) {
    const double share = 100.0 * static_cast<double>(ticket.lines.rejected()) /
                         static_cast<double>(ticket.lines.lines());
    add("rejected_lines", std::to_string(ticket.lines.rejected()) + " of " +
                              Counted(ticket.lines.lines(), "line", "lines") +
                              " could not be read (" + Rounded(share, ColumnType::kPercent) +
                              " %): what they held is missing");
  }
  QualityReader quality;
  RunReport(database, Catalogue::BuiltIn().Find("quality"), {}, scope, quality);
  for (const HostQuality& host : quality.hosts()) AddHostWarnings(host, warnings);
  return warnings;
}

}  // namespace tcpsnap::report
