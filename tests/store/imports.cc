#include "store/imports.h"

#include <algorithm>
#include <utility>

#include "ingest/reading.h"

namespace tcpsnap::testing {
namespace {

using store::Database;
using store::Statement;

class ImportSink : public capture::CaptureSink {
 public:
  ImportSink(store::Importer& importer, ImportResult& result)
      : importer_(importer), result_(result) {}

  void Begin(const capture::SourceInfo& source) override {
    store::SourceStart start{source.path, source.head, {}, source.layout, source.is_pipe};
    if (source.bytes) start.bytes = static_cast<int64_t>(*source.bytes);
    importer_.Begin(start);
    in_source_ = true;
  }
  void Dump(capture::CapturedDump&& dump) override {
    importer_.Add(ingest::ToIncoming(std::move(dump)));
  }
  void StrayRefused(std::vector<procnet::RefusedLine>&& lines) override { importer_.Refuse(lines); }
  void End(const capture::SourceTotals& totals) override {
    importer_.End(
        {totals.counts, static_cast<int64_t>(totals.bytes), totals.content_hash, totals.layout});
    in_source_ = false;
  }
  void Failed(const std::string& path, const capture::CaptureError& error, bool) override {
    if (in_source_) importer_.Abort();
    in_source_ = false;
    result_.failures.push_back(path + ": " + error.what());
  }
  void Warn(const std::string& message) override { result_.warnings.push_back(message); }
  void Advance(uint64_t, uint64_t) override {}

 private:
  store::Importer& importer_;
  ImportResult& result_;
  bool in_source_ = false;
};

std::string Value(const Statement& statement, int column) {
  switch (statement.Type(column)) {
    case store::ValueType::kNull:
      return "NULL";
    case store::ValueType::kBlob:
      return "x'" + std::string(statement.Blob(column)) + "'";
    default:
      return std::string(statement.Text(column));
  }
}

}  // namespace

const std::set<std::string> kWhoCameFirst = {"sockets.local_key",       "sockets.remote_key",
                                             "connections.local_key",   "connections.remote_key",
                                             "transitions.local_key",   "transitions.remote_key",
                                             "sources.dumps",           "sources.samples",
                                             "sources.duplicates",      "sources.known",
                                             "sources.rejected",        "dumps.source",
                                             "dumps.byte_order_origin", "dumps.line",
                                             "dumps.byte_offset",       "dumps.rejected"};

ImportResult Import(Database& database, const std::vector<std::string>& paths,
                    const ImportOptions& options) {
  store::ImportSettings settings;
  settings.ticks_per_second = options.ticks_per_second;
  settings.version = "test";
  static int64_t now_ms = 1'795'333'047'000;
  settings.now_ms = ++now_ms;
  settings.transaction_bytes = options.transaction_bytes;
  settings.followed_rows = options.followed_rows;
  ImportResult result;
  store::Importer importer(database, settings);
  ImportSink sink(importer, result);
  capture::ReadCaptures(paths, options.capture, sink);
  result.summary = importer.Finish();
  result.warnings.insert(result.warnings.end(), result.summary.warnings.begin(),
                         result.summary.warnings.end());
  return result;
}

ImportOptions OfHost(std::string_view host) {
  ImportOptions options;
  options.capture.host = std::string(host);
  return options;
}

ImportOptions InZone(std::string_view zone) {
  ImportOptions options;
  options.capture.zone = capture::Zone::Find(zone);
  return options;
}

Views AllViews(Database& database, const std::set<std::string>& without) {
  Views views;
  for (const std::string& view :
       Rows(database, "SELECT name FROM sqlite_schema WHERE type = 'view'")) {
    if (without.contains(view)) continue;
    std::string columns;
    for (const std::string& column :
         Rows(database, "SELECT name FROM pragma_table_xinfo('" + view + "')")) {
      const std::string name = view + "." + column;
      if (name == "sources.imported_at" || without.contains(name)) continue;
      if (column == "connection_id") continue;  // a name until the next import
      columns += (columns.empty() ? "\"" : ", \"") + column + "\"";
    }
    std::vector<std::string> rows = Rows(database, "SELECT " + columns + " FROM " + view);
    std::sort(rows.begin(), rows.end());
    views.emplace(view, std::move(rows));
  }
  return views;
}

std::string Difference(const Views& a, const Views& b) {
  for (const auto& [view, rows] : a) {
    const auto other = b.find(view);
    if (other == b.end()) return view + " is missing";
    if (rows == other->second) continue;
    const auto [left, right] =
        std::mismatch(rows.begin(), rows.end(), other->second.begin(), other->second.end());
    return view + ": " + std::to_string(rows.size()) + " and " +
           std::to_string(other->second.size()) + " rows:\n  " +
           (left == rows.end() ? "(end)" : *left) + "\n  " +
           (right == other->second.end() ? "(end)" : *right);
  }
  return a.size() == b.size() ? "" : "the numbers of views differ";
}

std::vector<std::string> Rows(Database& database, std::string_view sql) {
  Statement statement = database.Prepare(sql);
  std::vector<std::string> rows;
  while (statement.Step()) {
    std::string row;
    for (int i = 0; i < statement.ColumnCount(); ++i) {
      row += (i == 0 ? "" : "|") + Value(statement, i);
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace tcpsnap::testing
