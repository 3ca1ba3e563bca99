#include "capture/capture.h"

#include <xxhash.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <set>
#include <system_error>

#include "capture/byte_source.h"
#include "capture/dump_splitter.h"
#include "capture/survey.h"
#include "capture/walk.h"

namespace tcpsnap::capture {
namespace {

using procnet::ByteOrder;
using procnet::ByteOrderVote;

constexpr size_t kHeadBytes = 64 << 10;

// XXH3-128 of a stream.
class ContentHash {
 public:
  ContentHash() : state_(XXH3_createState()) { XXH3_128bits_reset(state_); }
  ~ContentHash() { XXH3_freeState(state_); }
  ContentHash(const ContentHash&) = delete;
  ContentHash& operator=(const ContentHash&) = delete;
  void Add(std::string_view bytes) { XXH3_128bits_update(state_, bytes.data(), bytes.size()); }
  std::string Hex() const {
    const XXH128_hash_t hash = XXH3_128bits_digest(state_);
    char text[33];
    std::snprintf(text, sizeof text, "%016llx%016llx", static_cast<unsigned long long>(hash.high64),
                  static_cast<unsigned long long>(hash.low64));
    return text;
  }

 private:
  XXH3_state_t* state_;
};

// How the dumps of one file come to their times.
struct ClockPlan {
  bool by_marker = false;
  int64_t start_ms = 0;     ///< of the first moment
  int64_t interval_ms = 0;  ///< to each next one
  TimeOrigin origin = TimeOrigin::kMarker;
  std::string layout;  ///< of what is not told by markers
};

[[noreturn]] void RefuseTime(const std::string& message) {
  throw CaptureError(Trouble::kNoTime, message);
}

std::string Quote(std::string_view text) {
  constexpr size_t kMost = 60;
  return "'" + std::string(text.substr(0, kMost)) + (text.size() > kMost ? "...'" : "'");
}

[[noreturn]] void RefuseManyMoments(const ClockPlan& plan, const CaptureSettings& settings) {
  RefuseTime("the file holds several dumps and no line tells their times" +
             std::string(plan.origin == TimeOrigin::kName ? " (its name tells one)" : "") +
             "; say how far they are apart: --interval 60s" +
             (settings.time_ms ? ", with --start instead of --time" : ""));
}

ClockPlan MakeClockPlan(const std::string& path, const Survey& survey,
                        const CaptureSettings& settings) {
  if (survey.has_markers) {
    if (!survey.first_time->time) {
      RefuseTime("line " + std::to_string(survey.first_time_line) + ": " +
                 Quote(survey.first_time_text) + ": " +
                 std::string(TimeErrorSentence(survey.first_time->error)));
    }
    // One `date` above a loop that prints none.
    if (survey.times == 1 && survey.moments > 1 && settings.interval_ms && !settings.time_ms &&
        !settings.start_ms) {
      return {false, survey.first_time->time->utc_ms, *settings.interval_ms, TimeOrigin::kMarker,
              "one time above many dumps (--interval)"};
    }
    if (settings.time_ms || settings.start_ms || settings.interval_ms) {
      RefuseTime("the file has times of its own (line " + std::to_string(survey.first_time_line) +
                 ": " + Quote(survey.first_time_text) +
                 "); import it without --time, --start and --interval");
    }
    return {true, 0, 0, TimeOrigin::kMarker, ""};
  }
  const NameFacts name = ReadFileName(path, settings.zone);
  if (name.time && !name.time->time) {
    RefuseTime("its name: " + std::string(TimeErrorSentence(name.time->error)));
  }
  if (name.time && (settings.time_ms || settings.start_ms)) {
    RefuseTime("the file's name has a time; import it without --time and --start");
  }
  const bool many = survey.moments > 1;
  ClockPlan plan;
  plan.interval_ms = settings.interval_ms.value_or(0);
  if (name.time) {
    plan.start_ms = name.time->time->utc_ms;
    plan.origin = TimeOrigin::kName;
    plan.layout = "file name";
  } else if (settings.start_ms || settings.time_ms) {
    plan.start_ms = settings.time_ms ? *settings.time_ms : *settings.start_ms;
    plan.origin = TimeOrigin::kGiven;
    plan.layout = settings.time_ms ? "no marker (--time)" : "no marker (--start)";
  } else {
    RefuseTime(many ? "no line of the file tells a time; say when it began and how far its dumps "
                      "are apart: --start '2026-11-22 07:37:27' --interval 60s"
                    : "neither the file nor its name tells a time; say when it was taken: --time "
                      "'2026-11-22 07:37:27'");
  }
  if (many && plan.interval_ms == 0) RefuseManyMoments(plan, settings);
  return plan;
}

class CaptureReader {
 public:
  CaptureReader(const CaptureSettings& settings, CaptureSink& sink)
      : settings_(settings), sink_(sink) {}
  void ReadAll(const std::vector<std::string>& paths);

 private:
  enum class Outcome { kRead, kLater };
  Outcome ReadOne(const FoundFile& file, bool may_wait);
  void ReadAllOf(const std::vector<FoundFile>& files, std::vector<FoundFile>* later);
  void ReadOnce(const FoundFile& file, ByteSource& source, const std::string& head,
                const Survey& survey, const ClockPlan& plan, CaptureSink& sink);

  const CaptureSettings& settings_;
  CaptureSink& sink_;
  uint64_t bytes_done_ = 0;
  uint64_t bytes_total_ = 0;
  ByteOrderVote run_vote_;  // of all files so far: they are one host's
  bool assumed_order_ = false;
  bool began_ = false;  // to tell the sink of this file
};

// Turns the dumps of one file into the sink's.
class FileEvents : public DumpEvents {
 public:
  FileEvents(const CaptureSettings& settings, const ClockPlan& plan, ByteOrderVote file_vote,
             const ByteOrderVote& run_vote, CaptureSink& sink)
      : settings_(settings), plan_(plan), vote_(file_vote), run_vote_(run_vote), sink_(sink) {
    if (!plan.layout.empty()) layouts_.insert(plan.layout);
  }

  void OnMarker(const Marker& marker, const Line&) override {
    layouts_.insert(std::string(marker.layout));
    if (marker.time && marker.time->time) ambiguous_times += marker.time->time->ambiguous;
  }
  void OnDump(FoundDump& found) override {
    CapturedDump dump;
    dump.host = settings_.host;
    dump.netns = settings_.netns;
    dump.family = found.family;
    dump.first = found.first;
    dump.end_offset = found.end_offset;
    dump.has_header = found.has_header;
    dump.open = found.open;
    dump.counts = found.counts;
    if (plan_.by_marker) {
      dump.taken_ms = found.marker_time->time->utc_ms;
    } else {
      moment_ += dumps_ > 0 && !found.same_moment;
      // A pipe is not surveyed to its end.
      if (moment_ > 0 && plan_.interval_ms == 0) RefuseManyMoments(plan_, settings_);
      dump.taken_ms = plan_.start_ms + moment_ * plan_.interval_ms;
    }
    dump.time_origin = plan_.origin;
    dump.ordinal = ordinals_[{found.family == procnet::Family::kTcp, dump.taken_ms}]++;
    DecideOrder(found, dump);
    NoteRows(found);
    dump.records = std::move(found.records);
    dump.refused = std::move(found.refused);
    ++dumps_;
    sink_.Dump(std::move(dump));
  }
  void OnStrayRefused(std::vector<procnet::RefusedLine>& lines) override {
    sink_.StrayRefused(std::move(lines));
    lines.clear();
  }
  void OnForeignTable(procnet::Table) override {}

  uint64_t dumps() const { return dumps_; }
  std::string Layout() const {
    std::string text;
    for (const std::string& layout : layouts_) text += (text.empty() ? "" : ", ") + layout;
    return text;
  }
  const ByteOrderVote& vote() const { return vote_; }

  uint64_t ambiguous_times = 0;
  /// The last dump ends with the file and has far fewer rows than the one before: rows of both.
  std::optional<std::pair<size_t, size_t>> short_last_dump;
  bool assumed_order = false;

 private:
  void NoteRows(const FoundDump& found) {
    constexpr size_t kWorthAWord = 20;
    size_t& before = rows_before_[found.family == procnet::Family::kTcp6];
    const size_t rows = found.records.size();
    if (found.open && before >= kWorthAWord && rows * 2 < before) short_last_dump = {rows, before};
    before = rows;
  }

  void DecideOrder(const FoundDump& found, CapturedDump& dump) {
    if (settings_.byte_order) {
      dump.byte_order = *settings_.byte_order;
      dump.byte_order_origin = ByteOrderOrigin::kGiven;
      return;
    }
    ByteOrderVote own;
    for (const procnet::SocketRecord& record : found.records) own.Add(record);
    vote_.Add(own);
    const ByteOrderVote& decider = vote_.decided() ? vote_ : run_vote_;
    const bool decided = decider.decided() || settings_.earlier_byte_order;
    dump.byte_order = decider.decided() ? decider.order()
                                        : settings_.earlier_byte_order.value_or(ByteOrder::kLittle);
    dump.byte_order_origin = decided ? ByteOrderOrigin::kVoted : ByteOrderOrigin::kAssumed;
    assumed_order |= !decided && own.matters();
  }

  const CaptureSettings& settings_;
  const ClockPlan& plan_;
  ByteOrderVote vote_;
  const ByteOrderVote& run_vote_;
  CaptureSink& sink_;
  std::set<std::string> layouts_;
  std::map<std::pair<bool, int64_t>, int64_t> ordinals_;  // by family and time
  size_t rows_before_[2] = {0, 0};                        // of the last dump of each family
  uint64_t dumps_ = 0;
  int64_t moment_ = 0;
};

// Counts the refused lines of a first reading, for --strict and --max-rejects.
class RejectCounter : public CaptureSink {
 public:
  explicit RejectCounter(CaptureSink& sink) : sink_(sink) {}
  void Begin(const SourceInfo&) override {}
  void Dump(CapturedDump&& dump) override { Count(dump.refused); }
  void StrayRefused(std::vector<procnet::RefusedLine>&& lines) override { Count(lines); }
  void End(const SourceTotals&) override {}
  void Failed(const std::string&, const CaptureError&, bool) override {}
  void Warn(const std::string&) override {}
  void Advance(uint64_t done, uint64_t total) override { sink_.Advance(done, total); }

  uint64_t count = 0;
  std::optional<procnet::RefusedLine> first;

 private:
  void Count(const std::vector<procnet::RefusedLine>& lines) {
    // Lines outside of dumps come in batches, later than those behind them.
    for (const procnet::RefusedLine& line : lines) {
      if (!first || line.position.line < first->position.line) first = line;
    }
    count += lines.size();
  }
  CaptureSink& sink_;
};

// The first bytes of a source; it is rewound.
std::string ReadHead(ByteSource& source) {
  std::string head(kHeadBytes, '\0');
  size_t size = 0;
  while (size < head.size()) {
    const size_t count = source.Read(head.data() + size, head.size() - size);
    if (count == 0) break;
    size += count;
  }
  head.resize(size);
  return head;
}

void CaptureReader::ReadAll(const std::vector<std::string>& paths) {
  const FoundFiles found = FindFiles(paths);
  for (const auto& [path, error] : found.failures) sink_.Failed(path, error, true);
  for (const FoundFile& file : found.files) bytes_total_ += file.bytes;
  // Files that don't show the byte order wait for those that do.
  std::vector<FoundFile> later;
  ReadAllOf(found.files, &later);
  ReadAllOf(later, nullptr);
  if (assumed_order_) {
    sink_.Warn(
        "nothing shows the byte order of some dumps: taken as little endian (x86, ARM); say "
        "--byte-order big if the machine was another");
  }
}

void CaptureReader::ReadAllOf(const std::vector<FoundFile>& files, std::vector<FoundFile>* later) {
  for (const FoundFile& file : files) {
    const uint64_t done_before = bytes_done_;
    began_ = false;
    try {
      if (ReadOne(file, later != nullptr) == Outcome::kLater) {
        later->push_back(file);
        continue;
      }
    } catch (const CaptureError& error) {
      sink_.Failed(file.path, error, file.named);
    } catch (const std::system_error& error) {
      if (error.code() == std::errc::interrupted) throw ReadInterrupted(file.path);
      std::string message = error.code().message();
      if (began_) {
        message += "; if a part of it was imported, it is marked as interrupted: import it again";
      }
      sink_.Failed(file.path, CaptureError(Trouble::kUnreadable, message), true);
    }
    bytes_done_ = done_before + file.bytes;
  }
}

CaptureReader::Outcome CaptureReader::ReadOne(const FoundFile& file, bool may_wait) {
  const std::unique_ptr<ByteSource> source =
      OpenSource(file.path, settings_.max_rejects.has_value());
  const std::string head = ReadHead(*source);
  CheckIsText(head);
  source->Rewind();
  const Survey survey = SurveySource(*source, settings_.zone, settings_.interval_ms.has_value(),
                                     [this] { sink_.Advance(bytes_done_, bytes_total_); });
  if (!survey.has_dumps && !survey.has_refused) {
    if (survey.foreign) {
      throw CaptureError(
          Trouble::kNoCapture,
          "it holds a " + std::string(TableName(*survey.foreign)) + " and no tcp table");
    }
    throw CaptureError(Trouble::kNoCapture, "it holds no tcp table");
  }
  const ClockPlan plan = survey.has_dumps || survey.has_markers
                             ? MakeClockPlan(file.path, survey, settings_)
                             : ClockPlan{};
  const bool order_unknown =
      survey.vote.matters() && !survey.vote.decided() && !settings_.byte_order;
  if (may_wait && order_unknown && source->Size()) return Outcome::kLater;
  if (settings_.max_rejects) {
    RejectCounter counter(sink_);
    ReadOnce(file, *source, head, survey, plan, counter);
    if (counter.count > *settings_.max_rejects) {
      const procnet::RefusedLine& first = *counter.first;
      throw CaptureError(
          Trouble::kTooManyRejects,
          std::to_string(counter.count) +
              (counter.count == 1 ? " line can't be read, line "
                                  : " lines can't be read, the first is line ") +
              std::to_string(first.position.line) + ":" + std::to_string(first.column + 1) + ": " +
              std::string(ReasonSentence(first.reason)) + " Nothing of the file was imported");
    }
    source->Rewind();
  }
  ReadOnce(file, *source, head, survey, plan, sink_);
  return Outcome::kRead;
}

void CaptureReader::ReadOnce(const FoundFile& file, ByteSource& source, const std::string& head,
                             const Survey& survey, const ClockPlan& plan, CaptureSink& sink) {
  FileEvents events(settings_, plan, survey.vote, run_vote_, sink);
  began_ = true;
  sink.Begin({file.path, head, source.Size(), events.Layout()});
  ContentHash hash;
  uint64_t bytes = 0;
  TextWindow text(source, [&](std::string_view block) {
    hash.Add(block);
    bytes += block.size();
    sink.Advance(bytes_done_ + bytes, bytes_total_);
  });
  SourceTotals totals;
  totals.counts = SplitDumps(text, {settings_.zone, plan.by_marker}, events);
  totals.dumps = events.dumps();
  totals.bytes = bytes;
  totals.content_hash = hash.Hex();
  totals.layout = events.Layout();
  sink.End(totals);
  run_vote_.Add(events.vote());
  assumed_order_ |= events.assumed_order;
  if (events.dumps() == 0) {
    sink.Warn(file.path + ": not one row of it could be read, so it brought no snapshot");
  }
  if (events.short_last_dump) {
    const auto [rows, before] = *events.short_last_dump;
    sink.Warn(file.path + ": it ends in a dump of " + std::to_string(rows) +
              " rows, the one before has " + std::to_string(before) +
              ": it was probably cut there, and its counts are too low");
  }
  if (events.ambiguous_times > 0) {
    sink.Warn(file.path + ": " + std::to_string(events.ambiguous_times) +
              " times occur twice in the zone (the clock was set back); the first was taken");
  }
}

}  // namespace

std::string_view TimeOriginName(TimeOrigin origin) {
  switch (origin) {
    case TimeOrigin::kMarker:
      return "marker";
    case TimeOrigin::kName:
      return "name";
    case TimeOrigin::kGiven:
      return "given";
  }
  return "";
}

std::string_view ByteOrderOriginName(ByteOrderOrigin origin) {
  switch (origin) {
    case ByteOrderOrigin::kGiven:
      return "given";
    case ByteOrderOrigin::kVoted:
      return "voted";
    case ByteOrderOrigin::kAssumed:
      return "assumed";
  }
  return "";
}

void ReadCaptures(const std::vector<std::string>& paths, const CaptureSettings& settings,
                  CaptureSink& sink) {
  CaptureReader(settings, sink).ReadAll(paths);
}

}  // namespace tcpsnap::capture
