// --dry-run: reads everything, stores nothing, says what it found.

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <tuple>

#include "capture/clock.h"
#include "capture/same_moment.h"
#include "common/interrupt.h"
#include "common/output.h"
#include "common/run_main.h"
#include "ingest/file_report.h"
#include "ingest/import.h"
#include "ingest/progress.h"
#include "ingest/reading.h"
#include "store/known_dumps.h"

namespace tcpsnap::ingest {
namespace {

// One block of text a source.
class DryRunSink : public capture::CaptureSink {
 public:
  DryRunSink(const capture::CaptureSettings& settings, store::Database* database,
             apps::Output& output, FileReport& report, Progress& progress)
      : zone_(settings.zone),
        same_moment_(settings.host_pattern),
        output_(output),
        report_(report),
        progress_(progress) {
    if (database != nullptr) known_.emplace(*database);
  }

  void Begin(const capture::SourceInfo& source) override {
    source_ = {};
    source_.path = source.path;
    same_moment_.Begin(source.path);
  }
  void Dump(capture::CapturedDump&& dump) override {
    if (const auto warning = same_moment_.Add(dump)) report_.Warn(*warning);
    const store::IncomingDump incoming = ToIncoming(std::move(dump));
    const store::PreparedDump& prepared = incoming.dump;
    source_.hosts.insert(incoming.netns.empty() ? incoming.host
                                                : incoming.host + "/" + incoming.netns);
    source_.origins.insert(incoming.time_origin);
    source_.moments.insert(incoming.taken_ms);
    source_.orders.insert(
        (incoming.byte_order == procnet::ByteOrder::kLittle ? "little (" : "big (") +
        incoming.byte_order_origin + ")");
    (prepared.family == procnet::Family::kTcp ? source_.tcp_dumps : source_.tcp6_dumps) += 1;
    source_.samples += prepared.row_count - prepared.duplicates;
    source_.duplicates += prepared.duplicates;
    const bool is_new = in_this_run_
                            .insert({incoming.host + "/" + incoming.netns, prepared.family,
                                     incoming.taken_ms, prepared.content_hash})
                            .second;
    source_.known_dumps += !is_new || (known_ && known_->Has(incoming.host, incoming.netns,
                                                             incoming.taken_ms, prepared));
    NoteRefused(incoming.refused);
  }
  void StrayRefused(std::vector<procnet::RefusedLine>&& lines) override { NoteRefused(lines); }
  void End(const capture::SourceTotals& totals) override {
    ++sources;
    if (totals.dumps == 0) report_.NoteNothingRead();
    progress_.Clear();
    output_.Write(Describe(totals));
  }
  void Failed(const std::string& path, const capture::CaptureError& error, bool named) override {
    report_.Fail(path, error, named);
  }
  void Warn(const std::string& message) override { report_.Warn(message); }
  void Copy(const std::string& path, const std::string& copy_of) override {
    report_.NoteCopy(path, copy_of);
  }
  void Advance(uint64_t done, uint64_t total) override {
    StopIfInterrupted();
    progress_.Show(done, total);
  }

  int64_t sources = 0;

 private:
  struct Source {
    std::string path;
    std::set<std::string> hosts, origins, orders;
    std::set<int64_t> moments;
    int64_t tcp_dumps = 0, tcp6_dumps = 0, known_dumps = 0;
    int64_t samples = 0, duplicates = 0, rejected = 0;
    std::vector<procnet::RefusedLine> first_refused;
  };

  void NoteRefused(const std::vector<procnet::RefusedLine>& lines) {
    constexpr size_t kMostShown = 3;
    for (const procnet::RefusedLine& line : lines) {
      ++source_.rejected;
      if (source_.first_refused.size() < kMostShown) source_.first_refused.push_back(line);
    }
  }

  static std::string Join(const std::set<std::string>& words) {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
    return text.empty() ? "-" : text;
  }

  std::string Describe(const capture::SourceTotals& totals) const {
    const Source& s = source_;
    std::string text = (s.path == "-" ? "standard input" : s.path) + "\n";
    const auto add = [&](std::string name, const std::string& value) {
      name.resize(12, ' ');
      text += "  " + name + value + "\n";
    };
    add("layout", totals.layout.empty() ? "-" : totals.layout);
    add("host", Join(s.hosts));
    if (!s.moments.empty()) {
      add("times", FormatLocalWithOffset(*s.moments.begin(), zone_) + " to " +
                       FormatLocalWithOffset(*s.moments.rbegin(), zone_) + ", " +
                       std::to_string(s.moments.size()) + " (" + Join(s.origins) + ")");
    }
    add("dumps", std::to_string(s.tcp_dumps) + " tcp, " + std::to_string(s.tcp6_dumps) + " tcp6, " +
                     std::to_string(s.known_dumps) + " of them there already");
    add("byte order", Join(s.orders));
    add("samples", std::to_string(s.samples));
    add("duplicates", std::to_string(s.duplicates));
    const procnet::LineCounts& counts = totals.counts;
    add("lines", std::to_string(counts.markers) + " markers, " + std::to_string(counts.headers) +
                     " headers, " + std::to_string(counts.blank) + " blank, " +
                     std::to_string(counts.other) + " other text");
    add("rejected", std::to_string(s.rejected));
    for (const procnet::RefusedLine& line : s.first_refused) {
      text += "    " + s.path + ":" + std::to_string(line.position.line) + ":" +
              std::to_string(line.column + 1) + ": " + std::string(ReasonSentence(line.reason)) +
              "\n";
    }
    return text;
  }

  const capture::Zone& zone_;
  capture::SameMomentCheck same_moment_;
  apps::Output& output_;
  FileReport& report_;
  Progress& progress_;
  std::optional<store::KnownDumps> known_;
  // Host, family, time and content of the dumps so far.
  std::set<std::tuple<std::string, procnet::Family, int64_t, uint64_t>> in_this_run_;
  Source source_;
};

}  // namespace

int RunDryRun(const CommandLine& line) {
  std::optional<store::Database> database;
  std::error_code ignored;
  if (std::filesystem::file_size(line.database, ignored) > 0 && !ignored) {
    database.emplace(store::Database::OpenReadOnly(line.database));
  }
  const apps::InterruptGuard guard(database ? &*database : nullptr);
  apps::Output output(std::nullopt);
  Progress progress(line.quiet);
  FileReport report(progress, line.strict);
  DryRunSink sink(line.capture, database ? &*database : nullptr, output, report, progress);
  ReadPaths(line.paths, database ? WithKnownHosts(line.capture, *database) : line.capture, sink);
  output.Finish();
  return report.Finish(sink.sources);
}

}  // namespace tcpsnap::ingest
