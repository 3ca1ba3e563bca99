#include "report/info.h"

#include <cstdio>
#include <filesystem>

#include "report/cell_text.h"
#include "report/nearest.h"
#include "report/row_writer.h"

namespace tcpsnap::report {
namespace {

using store::Database;
using store::Statement;
using store::ValueType;

constexpr size_t kMostHostsNamed = 3;

std::vector<HostInfo> ReadHosts(Database& database) {
  // Each of the inner queries is one look-up in an index.
  Statement statement = database.Prepare(R"(
    SELECT
      h.label,
      (SELECT count(*) FROM snapshot AS s WHERE s.host_id = h.id),
      (SELECT min(s.taken_ms) FROM snapshot AS s WHERE s.host_id = h.id),
      (SELECT max(s.taken_ms) FROM snapshot AS s WHERE s.host_id = h.id),
      EXISTS (SELECT 1 FROM dump AS d WHERE d.host_id = h.id AND d.family = 4),
      EXISTS (SELECT 1 FROM dump AS d WHERE d.host_id = h.id AND d.family = 6)
    FROM host AS h
    ORDER BY h.label, h.id)");
  std::vector<HostInfo> hosts;
  while (statement.Step()) {
    HostInfo& host = hosts.emplace_back();
    host.label = statement.Text(0);
    host.snapshots = statement.Integer(1);
    if (statement.Type(2) != ValueType::kNull) {
      host.first_ms = statement.Integer(2);
      host.last_ms = statement.Integer(3);
    }
    host.has_tcp = statement.Integer(4) != 0;
    host.has_tcp6 = statement.Integer(5) != 0;
  }
  return hosts;
}

std::vector<SourceInfo> ReadSources(Database& database) {
  Statement statement = database.Prepare(R"(
    SELECT path, layout, complete, bytes, lines, markers, headers, samples, duplicates, blank,
      other, known, rejected
    FROM source
    ORDER BY path, id)");
  std::vector<SourceInfo> sources;
  while (statement.Step()) {
    SourceInfo& source = sources.emplace_back();
    source.path = statement.Text(0);
    source.layout = statement.Text(1);
    source.complete = statement.Integer(2) != 0;
    int column = 3;
    for (int64_t* field :
         {&source.bytes, &source.lines, &source.markers, &source.headers, &source.samples,
          &source.duplicates, &source.blank, &source.other, &source.known, &source.rejected}) {
      *field = statement.Integer(column++);
    }
  }
  return sources;
}

std::vector<RejectInfo> ReadRejects(Database& database) {
  Statement statement = database.Prepare(R"(
    SELECT x.reason, count(*) AS lines, ifnull(r.sentence, '')
    FROM rejected_line AS x
    LEFT JOIN reject_reason AS r ON r.name = x.reason
    GROUP BY x.reason
    ORDER BY lines DESC, x.reason)");
  std::vector<RejectInfo> rejects;
  while (statement.Step()) {
    rejects.push_back(
        {std::string(statement.Text(0)), statement.Integer(1), std::string(statement.Text(2))});
  }
  return rejects;
}

void AddInterruptedImports(Database& database, std::vector<std::string>& health) {
  const int64_t count =
      database.QueryInteger("SELECT count(*) FROM source WHERE complete = 0").value_or(0);
  if (count == 0) return;
  health.push_back(std::to_string(count) +
                   (count == 1 ? " import was interrupted" : " imports were interrupted") +
                   " (run it again)");
}

void AddStaleConnections(Database& database, std::vector<std::string>& health) {
  const auto count = database.QueryInteger("SELECT count(*) FROM followed WHERE stale").value_or(0);
  if (count == 0) return;
  health.push_back(
      "connections, transitions and turnover_counts are not complete: an import is under way, or"
      " was interrupted (run it again)");
}

void AddRejectedShare(Database& database, std::vector<std::string>& health) {
  Statement statement = database.Prepare(
      "SELECT total(rejected), total(rejected + samples + duplicates + known) FROM source");
  if (!statement.Step() || statement.Real(0) == 0) return;
  std::string text;
  AppendRoundedReal(text, 100 * statement.Real(0) / statement.Real(1), ColumnType::kPercent);
  health.push_back(text + " % of the rows were refused (view rejected_lines)");
}

std::string NameSome(const std::vector<std::string>& names) {
  if (names.size() <= kMostHostsNamed) return JoinNames(names);
  return std::to_string(names.size()) + " hosts";
}

void AddMissingFamilies(const std::vector<HostInfo>& hosts, std::vector<std::string>& health) {
  std::vector<std::string> without_tcp;
  std::vector<std::string> without_tcp6;
  for (const HostInfo& host : hosts) {
    if (host.snapshots == 0) continue;
    if (!host.has_tcp) without_tcp.push_back(host.label);
    if (!host.has_tcp6) without_tcp6.push_back(host.label);
  }
  if (!without_tcp.empty()) health.push_back("no tcp table of " + NameSome(without_tcp));
  if (!without_tcp6.empty()) health.push_back("no tcp6 table of " + NameSome(without_tcp6));
}

}  // namespace

std::vector<std::string> ReadImportHealth(Database& database) {
  std::vector<std::string> health;
  AddInterruptedImports(database, health);
  AddStaleConnections(database, health);
  return health;
}

namespace {

std::vector<std::string> HealthOf(Database& database, const std::vector<HostInfo>& hosts) {
  std::vector<std::string> health = ReadImportHealth(database);
  AddRejectedShare(database, health);
  AddMissingFamilies(hosts, health);
  return health;
}

Cell TextCell(std::string_view text) {
  Cell cell;
  cell.type = ValueType::kText;
  cell.bytes = text;
  return cell;
}

Cell IntegerCell(int64_t value) {
  Cell cell;
  cell.type = ValueType::kInteger;
  cell.integer = value;
  return cell;
}

Cell TimeCell(std::optional<int64_t> utc_ms) { return utc_ms ? IntegerCell(*utc_ms) : Cell(); }

std::unique_ptr<RowWriter> TableInto(std::string& text, const capture::Zone& zone) {
  return MakeTableWriter({true, zone, [&text](std::string_view piece) { text += piece; }});
}

void AppendHosts(std::string& text, const DatabaseInfo& info, const capture::Zone& zone) {
  const auto writer = TableInto(text, zone);
  writer->Begin({{"host", ColumnType::kText},
                 {"snapshots", ColumnType::kInteger},
                 {"first", ColumnType::kTime},
                 {"last", ColumnType::kTime},
                 {"tables", ColumnType::kText}});
  for (const HostInfo& host : info.hosts) {
    const std::string_view tables = host.has_tcp && host.has_tcp6 ? "tcp, tcp6"
                                    : host.has_tcp                ? "tcp"
                                    : host.has_tcp6               ? "tcp6"
                                                                  : "-";
    writer->Row(std::vector<Cell>{TextCell(host.label), IntegerCell(host.snapshots),
                                  TimeCell(host.first_ms), TimeCell(host.last_ms),
                                  TextCell(tables)});
  }
  writer->End();
}

void AppendSources(std::string& text, const DatabaseInfo& info, const capture::Zone& zone) {
  const auto writer = TableInto(text, zone);
  std::vector<OutputColumn> columns = {{"source", ColumnType::kText},
                                       {"layout", ColumnType::kText},
                                       {"complete", ColumnType::kText}};
  for (const char* name : {"lines", "markers", "headers", "samples", "duplicates", "blank", "other",
                           "known", "rejected"}) {
    columns.push_back({name, ColumnType::kInteger});
  }
  writer->Begin(std::move(columns));
  for (const SourceInfo& source : info.sources) {
    writer->Row(std::vector<Cell>{
        TextCell(source.path), TextCell(source.layout), TextCell(source.complete ? "yes" : "no"),
        IntegerCell(source.lines), IntegerCell(source.markers), IntegerCell(source.headers),
        IntegerCell(source.samples), IntegerCell(source.duplicates), IntegerCell(source.blank),
        IntegerCell(source.other), IntegerCell(source.known), IntegerCell(source.rejected)});
  }
  writer->End();
}

void AppendRejects(std::string& text, const DatabaseInfo& info, const capture::Zone& zone) {
  const auto writer = TableInto(text, zone);
  writer->Begin({{"rejected", ColumnType::kText},
                 {"lines", ColumnType::kInteger},
                 {"meaning", ColumnType::kText}});
  for (const RejectInfo& reject : info.rejects) {
    writer->Row(std::vector<Cell>{TextCell(reject.reason), IntegerCell(reject.lines),
                                  TextCell(reject.sentence)});
  }
  writer->End();
}

/// "12.3 MB"
std::string ReadableBytes(int64_t bytes) {
  const char* unit = "bytes";
  double size = static_cast<double>(bytes);
  for (const char* larger : {"kB", "MB", "GB", "TB"}) {
    if (size < 1000) break;
    size /= 1000;
    unit = larger;
  }
  char text[48];
  std::snprintf(text, sizeof text, bytes < 1000 ? "%.0f %s" : "%.1f %s", size, unit);
  return text;
}

}  // namespace

std::vector<std::string> ReadHealth(Database& database) {
  return HealthOf(database, ReadHosts(database));
}

DatabaseInfo ReadInfo(Database& database) {
  DatabaseInfo info;
  info.path = database.path();
  std::error_code ignored;  // it has no size where it has no file (in memory)
  const auto bytes = std::filesystem::file_size(info.path, ignored);
  info.bytes = ignored ? 0 : static_cast<int64_t>(bytes);
  info.samples =
      database.QueryInteger("SELECT sum(last_row - first_row + 1) FROM dump").value_or(0);
  info.hosts = ReadHosts(database);
  info.sources = ReadSources(database);
  info.rejects = ReadRejects(database);
  info.health = HealthOf(database, info.hosts);
  return info;
}

std::string InfoAsText(const DatabaseInfo& info, const capture::Zone& zone) {
  int64_t snapshots = 0;
  for (const HostInfo& host : info.hosts) snapshots += host.snapshots;
  std::string text = info.path + ": " + ReadableBytes(info.bytes) + ", " +
                     std::to_string(snapshots) + " snapshots, " + std::to_string(info.samples) +
                     " samples; times in " + zone.name() + "\n";
  for (const std::string& clause : info.health) text += "! " + clause + "\n";
  text += '\n';
  AppendHosts(text, info, zone);
  text += '\n';
  AppendSources(text, info, zone);
  if (!info.rejects.empty()) {
    text += '\n';
    AppendRejects(text, info, zone);
  }
  return text;
}

}  // namespace tcpsnap::report
