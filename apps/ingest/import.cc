#include "ingest/import.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <string>

#include "capture/clock.h"
#include "capture/same_moment.h"
#include "common/interrupt.h"
#include "common/message.h"
#include "common/run_main.h"
#include "ingest/file_report.h"
#include "ingest/progress.h"
#include "ingest/reading.h"
#include "store/background_importer.h"
#include "store/forget.h"

namespace tcpsnap::ingest {
namespace {

// Hands what was captured to the importer.
class ImportSink : public capture::CaptureSink {
 public:
  ImportSink(store::BackgroundImporter& importer, const capture::CaptureSettings& settings,
             FileReport& report, Progress& progress)
      : importer_(importer),
        same_moment_(settings.host_pattern),
        report_(report),
        progress_(progress) {}

  void Begin(const capture::SourceInfo& source) override {
    store::SourceStart start{source.path, source.head, {}, source.layout, source.is_pipe};
    if (source.bytes) start.bytes = static_cast<int64_t>(*source.bytes);
    importer_.Begin(std::move(start));
    same_moment_.Begin(source.path);
    in_source_ = true;
  }
  void Dump(capture::CapturedDump&& dump) override {
    if (const auto warning = same_moment_.Add(dump)) report_.Warn(*warning);
    importer_.Add(ToIncoming(std::move(dump)));
  }
  void StrayRefused(std::vector<procnet::RefusedLine>&& lines) override {
    importer_.Refuse(std::move(lines));
  }
  void End(const capture::SourceTotals& totals) override {
    if (totals.dumps == 0) report_.NoteNothingRead();
    importer_.End(
        {totals.counts, static_cast<int64_t>(totals.bytes), totals.content_hash, totals.layout});
    in_source_ = false;
  }
  void Failed(const std::string& path, const capture::CaptureError& error, bool named) override {
    if (in_source_) importer_.Abort();
    in_source_ = false;
    report_.Fail(path, error, named);
  }
  void Warn(const std::string& message) override { report_.Warn(message); }
  void Host(const std::string& host, const std::string& netns, int64_t taken_ms,
            const capture::HostFacts& facts) override {
    if (facts == capture::HostFacts()) return;
    importer_.Tell(host, netns, ToStored(facts, taken_ms));
  }
  void Copy(const std::string& path, const std::string& copy_of) override {
    report_.NoteCopy(path, copy_of);
  }
  void Advance(uint64_t done, uint64_t total) override {
    StopIfInterrupted();
    progress_.Show(done, total);
  }

 private:
  store::BackgroundImporter& importer_;
  capture::SameMomentCheck same_moment_;
  FileReport& report_;
  Progress& progress_;
  bool in_source_ = false;
};

std::string Count(int64_t count, const char* one, const char* many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

// The three commonest reasons and where to look.
std::string Rejections(const store::ImportSummary& summary, const std::string& database) {
  std::vector<std::pair<int64_t, procnet::Reason>> reasons;
  for (size_t i = 0; i < summary.rejected_by_reason.size(); ++i) {
    if (summary.rejected_by_reason[i] > 0) {
      reasons.emplace_back(summary.rejected_by_reason[i], static_cast<procnet::Reason>(i));
    }
  }
  std::stable_sort(reasons.begin(), reasons.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  constexpr size_t kMost = 3;
  std::string text;
  for (size_t i = 0; i < reasons.size() && i < kMost; ++i) {
    const auto& [count, reason] = reasons[i];
    text += "            " + std::to_string(count) + " " + std::string(ReasonName(reason)) + ": " +
            std::string(ReasonSentence(reason)) + "\n";
  }
  if (reasons.size() > kMost) {
    text += "            and " +
            Count(static_cast<int64_t>(reasons.size() - kMost), "more reason\n", "more reasons\n");
  }
  return text + "            see them: tcpsnap-query sql " + database +
         " 'SELECT * FROM rejected_lines'\n";
}

void PrintSummary(const store::ImportSummary& summary, const CommandLine& line) {
  std::string text;
  const auto add = [&](std::string name, const std::string& value) {
    name.resize(12, ' ');
    text += name + value + "\n";
  };
  add("sources", std::to_string(summary.sources));
  std::string snapshots = std::to_string(summary.snapshots);
  if (summary.first_ms) {
    snapshots += ", " + FormatLocalWithOffset(*summary.first_ms, line.capture.zone);
    if (*summary.last_ms != *summary.first_ms) {
      snapshots += " to " + FormatLocalWithOffset(*summary.last_ms, line.capture.zone);
    }
  }
  add("snapshots", snapshots);
  std::string samples = std::to_string(summary.samples) + " new";
  if (summary.known_rows > 0) {
    samples += ", " + std::to_string(summary.known_rows) + " rows in " +
               Count(summary.known_dumps, "dump", "dumps") + " were there already";
  }
  add("samples", samples);
  add("duplicates",
      std::to_string(summary.duplicates) + " (rows the kernel printed twice; dropped)");
  add("rejected", Count(summary.rejected, "line", "lines"));
  if (summary.rejected > 0) text += Rejections(summary, line.database);
  std::fputs(text.c_str(), stderr);
}

int64_t NowMs() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

int RunImport(const CommandLine& line) {
  std::error_code ignored;
  const bool is_new = !std::filesystem::exists(line.database, ignored);
  store::Database database = store::Database::OpenForImport(line.database);
  database.SetBusyTimeout(line.wait_ms);
  const apps::InterruptGuard guard(&database);
  Progress progress(line.quiet);
  FileReport report(progress, line.strict);
  store::ImportSettings settings;
  settings.ticks_per_second = line.ticks_per_second;
  settings.version = TCPSNAP_VERSION;
  settings.now_ms = NowMs();
  const capture::CaptureSettings capture_settings = WithKnownHosts(line.capture, database);
  store::ImportSummary summary;
  {
    store::BackgroundImporter importer(database, settings);
    ImportSink sink(importer, line.capture, report, progress);
    ReadPaths(line.paths, capture_settings, sink);
    summary = importer.Finish();
  }
  progress.Clear();
  for (const std::string& warning : summary.warnings) report.Warn(warning);
  if (!line.quiet && summary.sources > 0) PrintSummary(summary, line);
  if (is_new && summary.sources == 0) std::filesystem::remove(line.database, ignored);
  return report.Finish(summary.sources);
}

int RunForget(const CommandLine& line) {
  store::Database database = store::Database::OpenForImport(line.database);
  database.SetBusyTimeout(line.wait_ms);
  const apps::InterruptGuard guard(&database);
  int exit_code = apps::kDone;
  for (const std::string& source : line.forget) {
    const store::Forgotten forgotten = ForgetSource(database, source);
    if (forgotten.sources == 0) {
      apps::PrintMessage(source + ": no source of this name is in " + line.database +
                         "; see the names: tcpsnap-query info " + line.database);
      exit_code = apps::kFailed;
      continue;
    }
    if (!line.quiet) {
      apps::PrintMessage(source + ": " + Count(forgotten.dumps, "dump", "dumps") + " with " +
                         Count(forgotten.samples, "sample", "samples") + " taken out" +
                         (forgotten.dumps_kept > 0
                              ? ", " + Count(forgotten.dumps_kept, "dump stays", "dumps stay") +
                                    ": another source holds the same"
                              : ""));
    }
    for (const std::string& path : forgotten.reimport) {
      apps::PrintMessage("warning: " + path +
                         " holds a part of what was taken out: import it again");
    }
  }
  return exit_code;
}

}  // namespace tcpsnap::ingest
