#include "capture/file_reader.h"

#include <xxhash.h>

#include <algorithm>
#include <cstdio>
#include <deque>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "capture/countdown.h"
#include "capture/dump_splitter.h"

namespace tcpsnap::capture {
namespace {

using procnet::ByteOrder;
using procnet::ByteOrderVote;

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

// Counts the dumps of each time. Nearly all times are later than those before them, and come once.
class TimeCounts {
 public:
  // How often this time was there before.
  int64_t Add(int64_t taken_ms) {
    if (ascending_.empty() || ascending_.back() < taken_ms) {
      ascending_.push_back(taken_ms);
      return 0;
    }
    const bool is_ascending = std::binary_search(ascending_.begin(), ascending_.end(), taken_ms);
    return others_.try_emplace(taken_ms, is_ascending ? 1 : 0).first->second++;
  }

 private:
  std::deque<int64_t> ascending_;      // a vector would hold them twice as it grows
  std::map<int64_t, int64_t> others_;  // repeated, or earlier than one before: how often
};

// Turns the dumps of one file into the sink's.
class FileEvents : public DumpEvents {
 public:
  FileEvents(const FileToRead& file, const CaptureSettings& settings, const OrderVotes& run_votes,
             CaptureSink& sink)
      : file_(file),
        plan_(file.plan),
        settings_(settings),
        votes_(VotesOf(file.survey, file.facts, settings)),
        run_votes_(run_votes),
        sink_(sink) {
    if (!file.container.empty()) layouts_.insert(file.container);
    if (!plan_.layout.empty()) layouts_.insert(plan_.layout);
    if (plan_.interval_ms > 0) {
      countdown_.emplace(plan_.interval_ms, settings.ticks_per_second);
    }
  }

  void OnMarker(const Marker& marker, const Line&) override { NoteLayout(marker.layout); }
  void OnTime(const TimeResult& time, const Line&) override {
    if (time.time) ambiguous_times_ += time.time->ambiguous;
  }
  void OnPrefix(std::string_view layout) override { NoteLayout(layout); }
  void OnDump(FoundDump& found) override {
    CapturedDump dump;
    HostName host = HostOf(file_.facts, {found.host, found.netns}, settings_);
    dump.host = std::move(host.host);
    dump.netns = std::move(host.netns);
    dump.family = found.family;
    dump.first = found.first;
    dump.end_offset = found.end_offset;
    dump.has_header = found.has_header;
    dump.open = found.open;
    dump.counts = found.counts;
    DecideTime(found, dump);
    dump.ordinal = times_[{dump.host, found.family}].Add(dump.taken_ms);
    DecideOrder(found, dump);
    NoteRows(found);
    NoteClock(dump);
    if (countdown_) countdown_->Add(found.records, found.family);
    if (file_.facts.bundle != nullptr && dumps_ == 0) {
      sink_.Host(dump.host, dump.netns, dump.taken_ms, file_.facts.bundle->facts);
    }
    if (found.kernel != kernel_) {
      kernel_ = found.kernel;
      HostFacts facts;
      facts.uname = kernel_;
      if (!kernel_.empty()) sink_.Host(dump.host, dump.netns, dump.taken_ms, facts);
    }
    screens_ += found.is_screen;
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
  bool assumed_order() const { return assumed_order_; }
  std::string Layout() const {
    std::string text;
    for (const std::string& layout : layouts_) text += (text.empty() ? "" : ", ") + layout;
    return text;
  }
  void Warn() const;

 private:
  void NoteLayout(std::string_view layout) {
    if (layouts_.find(layout) == layouts_.end()) layouts_.emplace(layout);
  }
  void DecideTime(const FoundDump& found, CapturedDump& dump) {
    dump.time_origin = plan_.origin;
    if (plan_.by_text) {
      dump.taken_ms = found.time->time->utc_ms;
      if (found.time_source == TimeSource::kPrefix) {
        dump.time_origin = TimeOrigin::kPrefix;
        ambiguous_times_ += found.time->time->ambiguous && !found.same_moment;
      }
      if (found.time_source == TimeSource::kPath) dump.time_origin = TimeOrigin::kName;
      return;
    }
    moment_ += dumps_ > 0 && !found.same_moment;
    // A pipe is not surveyed to its end.
    if (moment_ > 0 && plan_.interval_ms == 0) RefuseManyMoments(plan_, settings_);
    dump.taken_ms = plan_.start_ms + moment_ * plan_.interval_ms;
  }

  void NoteRows(const FoundDump& found) {
    constexpr size_t kWorthAWord = 20;
    size_t& before = rows_before_[found.family == procnet::Family::kTcp6];
    const size_t rows = found.records.size();
    if (found.open && before >= kWorthAWord && rows * 2 < before) short_last_dump_ = {rows, before};
    before = rows;
  }

  void NoteClock(const CapturedDump& dump) {
    const auto [last, is_first] = last_ms_.try_emplace(dump.host, dump.taken_ms);
    if (!is_first && dump.taken_ms < last->second) {
      if (steps_back_++ == 0) first_step_back_line_ = dump.first.line;
    }
    last->second = dump.taken_ms;
  }

  void DecideOrder(const FoundDump& found, CapturedDump& dump) {
    if (settings_.byte_order) {
      dump.byte_order = *settings_.byte_order;
      dump.byte_order_origin = ByteOrderOrigin::kGiven;
      return;
    }
    const Bundle* const bundle = file_.facts.bundle;
    std::optional<ByteOrder> told =
        ByteOrderOfMachine(found.kernel.substr(found.kernel.rfind(' ') + 1));
    if (bundle != nullptr && bundle->byte_order) told = bundle->byte_order;
    if (told) {
      dump.byte_order = *told;
      dump.byte_order_origin = ByteOrderOrigin::kTold;
      return;
    }
    ByteOrderVote own;
    for (const procnet::SocketRecord& record : found.records) own.Add(record);
    ByteOrderVote& vote = votes_[dump.host];
    vote.Add(own);
    const auto run_vote = run_votes_.find(dump.host);
    if (vote.decided() || run_vote == run_votes_.end() || !run_vote->second.decided()) {
      dump.byte_order = vote.order();
      dump.byte_order_origin = vote.decided() ? ByteOrderOrigin::kVoted : ByteOrderOrigin::kAssumed;
    } else {
      dump.byte_order = run_vote->second.order();
      dump.byte_order_origin = ByteOrderOrigin::kVoted;
    }
    if (dump.byte_order_origin != ByteOrderOrigin::kAssumed) return;
    if (const std::optional<ByteOrder> earlier = EarlierOrder(dump)) {
      dump.byte_order = *earlier;
      dump.byte_order_origin = ByteOrderOrigin::kVoted;
    } else {
      assumed_order_ |= own.matters();
    }
  }
  std::optional<ByteOrder> EarlierOrder(const CapturedDump& dump) {
    if (!settings_.earlier_byte_order) return std::nullopt;
    const auto [known, is_new] = earlier_orders_.try_emplace({dump.host, dump.netns});
    if (is_new) known->second = settings_.earlier_byte_order(dump.host, dump.netns);
    return known->second;
  }

  const FileToRead& file_;
  const ClockPlan& plan_;
  const CaptureSettings& settings_;
  OrderVotes votes_;
  const OrderVotes& run_votes_;
  CaptureSink& sink_;
  std::map<std::pair<std::string, std::string>, std::optional<ByteOrder>> earlier_orders_;
  std::set<std::string, std::less<>> layouts_;
  std::map<std::pair<std::string, procnet::Family>, TimeCounts> times_;  // by host and family
  std::optional<CountdownCheck> countdown_;
  std::map<std::string, int64_t> last_ms_;  // by host
  std::string kernel_;                      // of the last dump
  size_t rows_before_[2] = {0, 0};          // of the last dump of each family
  uint64_t dumps_ = 0;
  int64_t moment_ = 0;

  // What there is to warn of.
  uint64_t ambiguous_times_ = 0;
  uint64_t screens_ = 0;
  uint64_t steps_back_ = 0;
  uint64_t first_step_back_line_ = 0;
  bool assumed_order_ = false;
  // The last dump ends with the file and has far fewer rows than the one before: rows of both.
  std::optional<std::pair<size_t, size_t>> short_last_dump_;
};

void FileEvents::Warn() const {
  const auto warn = [&](const std::string& message) {
    sink_.Warn(file_.facts.path + ": " + message);
  };
  if (dumps_ == 0) warn("not one row of it could be read, so it brought no snapshot");
  if (plan_.is_one_read) {
    warn(
        "its rows are numbered from 0 again below its only header: taken as one table, since "
        "--time says so; if they are several reads, say --start and --interval");
  }
  if (short_last_dump_) {
    const auto [rows, before] = *short_last_dump_;
    warn("it ends in a dump of " + std::to_string(rows) + " rows, the one before has " +
         std::to_string(before) + ": it was probably cut there, and its counts are too low");
  }
  if (ambiguous_times_ > 0) {
    warn(std::to_string(ambiguous_times_) +
         (ambiguous_times_ == 1 ? " time occurs" : " times occur") +
         " twice in the zone (the clock was set back): taken as the first one, or as the second "
         "where the first lies before the time above it");
  }
  if (steps_back_ > 0) {
    warn("its clock goes back " + std::to_string(steps_back_) +
         (steps_back_ == 1 ? " time" : " times") + ", first at line " +
         std::to_string(first_step_back_line_) +
         ": the times are kept as they are; see the report quality");
  }
  if (screens_ > 0) {
    warn("watch shows what fits a screen: its counts are too low where the table is longer");
  }
  if (countdown_) {
    if (const std::optional<std::string> complaint = countdown_->Complaint()) warn(*complaint);
  }
}

// Counts the refused lines of a first reading, for --strict and --max-rejects.
class RejectCounter : public CaptureSink {
 public:
  void Begin(const SourceInfo&) override {}
  void Dump(CapturedDump&& dump) override { Count(dump.refused); }
  void StrayRefused(std::vector<procnet::RefusedLine>&& lines) override { Count(lines); }
  void End(const SourceTotals&) override {}
  void Failed(const std::string&, const CaptureError&, bool) override {}
  void Warn(const std::string&) override {}
  void Advance(uint64_t, uint64_t) override {}

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
};

}  // namespace

void PlanFile(FileToRead& file, const CaptureSettings& settings) {
  file.facts.name_host = ReadFileName(file.facts.path, settings.zone).host;
  const Survey& survey = file.survey;
  if (!survey.has_dumps && !survey.has_refused) {
    throw CaptureError(Trouble::kNoCapture,
                       survey.foreign ? "it holds a " + std::string(TableName(*survey.foreign)) +
                                            " and no tcp table"
                                      : "it holds no tcp table");
  }
  if (settings.host_pattern && !settings.host && !settings.host_pattern->Match(file.facts.path)) {
    const bool told = std::all_of(survey.votes.begin(), survey.votes.end(),
                                  [](const auto& entry) { return !entry.first.empty(); });
    if (!told || survey.votes.empty()) {
      throw CaptureError(Trouble::kNoHost, "its path does not match --host-from '" +
                                               settings.host_pattern->text() +
                                               "'; say --host NAME for those that don't");
    }
  }
  file.plan = MakeClockPlan(file.facts, survey, settings);
}

HostName HostOf(const FileFacts& file, const HostName& in_text, const CaptureSettings& settings) {
  HostName name;
  std::optional<HostName> by_path;
  if (settings.host_pattern) by_path = settings.host_pattern->Match(file.path);
  if (by_path) {
    name = *by_path;
  } else if (settings.host) {
    name.host = *settings.host;
  } else if (!in_text.host.empty()) {
    name.host = in_text.host;
  } else if (file.bundle != nullptr && !file.bundle->host.empty()) {
    name.host = file.bundle->host;
  } else if (!file.name_host.empty()) {
    name.host = file.name_host;
  } else {
    name.host = "localhost";
  }
  if (!settings.netns.empty()) {
    name.netns = settings.netns;
  } else if (name.netns.empty()) {
    name.netns = in_text.netns.empty() ? file.netns : in_text.netns;
  }
  // A slash parts host and namespace.
  std::replace(name.host.begin(), name.host.end(), '/', '_');
  std::replace(name.netns.begin(), name.netns.end(), '/', '_');
  return name;
}

OrderVotes VotesOf(const Survey& survey, const FileFacts& file, const CaptureSettings& settings) {
  OrderVotes votes;
  for (const auto& [text_host, vote] : survey.votes) {
    votes[HostOf(file, {text_host, {}}, settings).host].Add(vote);
  }
  return votes;
}

FileOutcome ReadFile(const FileToRead& file, ByteSource& source, const std::string& head,
                     const CaptureSettings& settings, const OrderVotes& run_votes,
                     CaptureSink& sink, const std::function<void(size_t bytes)>& on_read) {
  FileEvents events(file, settings, run_votes, sink);
  sink.Begin({file.facts.path, head, source.Size(), file.facts.is_pipe, events.Layout()});
  ContentHash hash;
  SourceTotals totals;
  TextWindow text(source, [&](std::string_view block) {
    hash.Add(block);
    totals.bytes += block.size();
    std::vector<procnet::RefusedLine> refused = source.TakeRefused();
    if (!refused.empty()) sink.StrayRefused(std::move(refused));
    on_read(block.size());
  });
  SplitSettings split = MakeSplitSettings(settings);
  split.refuse_untimed = file.plan.by_text;
  split.moment_times = file.plan.moment_times;
  split.prefixes = file.survey.prefixes;
  split.ignore_weak = file.survey.has_sure_times;
  split.has_headers = file.survey.headers > 0;
  split.is_one_read = file.plan.is_one_read;
  totals.counts = SplitDumps(text, split, events);
  std::vector<procnet::RefusedLine> refused = source.TakeRefused();
  if (!refused.empty()) sink.StrayRefused(std::move(refused));
  totals.dumps = events.dumps();
  totals.content_hash = hash.Hex();
  totals.layout = events.Layout();
  sink.End(totals);
  events.Warn();
  return {events.assumed_order()};
}

void CheckRejects(const FileToRead& file, ByteSource& source, const CaptureSettings& settings,
                  const OrderVotes& run_votes, const std::function<void(size_t bytes)>& on_read) {
  RejectCounter counter;
  ReadFile(file, source, {}, settings, run_votes, counter, on_read);
  if (counter.count <= *settings.max_rejects) return;
  const procnet::RefusedLine& first = *counter.first;
  throw CaptureError(
      Trouble::kTooManyRejects,
      std::to_string(counter.count) +
          (counter.count == 1 ? " line can't be read, line "
                              : " lines can't be read, the first is line ") +
          std::to_string(first.position.line) + ":" + std::to_string(first.column + 1) + ": " +
          std::string(ReasonSentence(first.reason)) + " Nothing of the file was imported");
}

}  // namespace tcpsnap::capture
