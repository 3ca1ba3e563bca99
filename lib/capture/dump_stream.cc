#include "capture/dump_stream.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace tcpsnap::capture {
namespace {

using procnet::DumpBuilder;
using procnet::Family;
using procnet::Header;
using procnet::Reason;
using procnet::RefusedLine;
using procnet::Table;

// Refused lines that are held back before they are handed on, within a dump and outside.
constexpr size_t kHeldBytes = 1 << 20;

// Lines that are written further apart belong to different reads, where no header tells: one read
// of tcp is followed by that of tcp6 at once.
constexpr int64_t kSameReadMs = 2000;

size_t Index(Family family) { return family == Family::kTcp6; }

// By the width of the first address in a row.
Family FamilyOfRow(std::string_view row) {
  constexpr size_t kTcp6Digits = 32;
  const size_t colon = row.find(':');
  if (colon == row.npos) return Family::kTcp;
  const size_t address = row.find_first_not_of(" \t", colon + 1);
  if (address == row.npos) return Family::kTcp;
  const size_t end = row.find(':', address);
  return end != row.npos && end - address == kTcp6Digits ? Family::kTcp6 : Family::kTcp;
}

}  // namespace

void SplitOutput::Refuse(std::vector<RefusedLine> lines) {
  for (RefusedLine& line : lines) {
    stray_bytes_ += line.text.size() + sizeof line;
    stray_.push_back(std::move(line));
  }
  if (stray_bytes_ >= kHeldBytes) Flush();
}

void SplitOutput::Flush() {
  if (!stray_.empty()) events_.OnStrayRefused(stray_);
  stray_.clear();
  stray_bytes_ = 0;
}

DumpStream::DumpStream(std::string host, SplitOutput& output)
    : host_(std::move(host)),
      output_(output),
      settings_(output.settings()),
      keeper_(settings_.date, settings_.zone) {}

void DumpStream::TakeHeader(const Header& header, const BareLine& bare) {
  // The same header again below one time, and no row in between: the dump starts over. (Without
  // times each header may be a moment of a host without a socket.)
  if (settings_.refuse_untimed && in_dump_ && has_header_ && header_is_whole_ && builder_.empty() &&
      header.table == Table::kTcp && header.tcp6 == header_tcp6_ &&
      time_source_ == TimeSource::kMarker) {
    in_dump_ = false;
  }
  EndDump(bare.line.position.offset, false);
  NotePath(bare);
  foreign_ = header.table != Table::kTcp;
  if (foreign_) {
    output_.events().OnForeignTable(header.table);
    ++output_.counts.other;
    return;
  }
  ++output_.counts.headers;
  BeginDump(header, bare, true);
  header_is_whole_ = header.extra_columns.has_value() && bare.line.terminated;
  NoteClock(bare);
}

void DumpStream::TakeMarker(const Marker& marker, const BareLine& bare) {
  EndDump(bare.line.position.offset, false);
  NotePath(bare);
  foreign_ = marker.file == NamedFile::kForeign;
  if (foreign_) output_.events().OnForeignTable(Table::kNone);
  if (marker.closes) time_is_used_up_ = true;
  if (!marker.path.empty()) path_ = marker.path;
  if (!marker.host.empty()) {
    output_.text_host = marker.host;
    output_.text_netns.clear();
  }
  if (!marker.netns.empty()) output_.text_netns = marker.netns;
  is_screen_ = marker.is_screen || (is_screen_ && !marker.time);
  std::optional<TimeResult> time = marker.time;
  const bool counts = settings_.layout.empty() || settings_.layout == marker.layout;
  if (marker.relative_ms) {
    time = TimeResult{std::nullopt, TimeError::kRelative};
    if (settings_.start_ms) {
      time = TimeResult{ParsedTime{*settings_.start_ms + *marker.relative_ms}, {}};
    }
  }
  if (time && counts) {
    const TimeResult whole = keeper_.Next(*time);
    output_.events().OnTime(whole, bare.line);
    // A time of day that nothing makes whole does not take a good time away.
    const bool keeps_old = !whole.time && whole.error == TimeError::kNoDate && time_ &&
                           time_->time && !time_is_used_up_;
    if (!keeps_old) StartMoment(whole, TimeSource::kMarker, bare.line.position.line);
  }
  ++output_.counts.markers;
  output_.events().OnMarker(marker, bare.line);
  NoteClock(bare);
}

void DumpStream::StartMoment(const TimeResult& time, TimeSource source, uint64_t line) {
  time_ = time;
  time_source_ = source;
  time_line_ = line;
  time_is_used_up_ = false;
  moment_has_[0] = moment_has_[1] = false;
}

// Another path in the prefix is what a marker with that path would be.
void DumpStream::NotePath(const BareLine& bare) {
  if (bare.prefix == nullptr || bare.prefix->path.empty() || bare.prefix->path == path_) return;
  EndDump(bare.line.position.offset, false);
  path_ = bare.prefix->path;
  foreign_ = FileOfPath(path_) == NamedFile::kForeign;
  const bool counts = settings_.layout.empty() || settings_.layout == "path-prefix";
  if (!counts) return;
  const TimeResult time = FindTimeInName(path_, settings_.zone);
  // tcp and tcp6 of one folder are one moment.
  const bool same = time.time && time_ && time_->time && time_source_ == TimeSource::kPath &&
                    time_->time->utc_ms == time.time->utc_ms;
  if (time.time && !same) StartMoment(time, TimeSource::kPath, bare.line.position.line);
}

void DumpStream::NoteClock(const BareLine& bare) {
  if (bare.prefix == nullptr || !bare.prefix->time) return;
  const TimeResult& time = *bare.prefix->time;
  clock_is_partial_ = !time.time;
  if (time.time) {
    clock_ms_ = time.time->utc_ms;
  } else if (time.partial) {
    clock_ms_ = time.partial->ms_of_day;
  } else {
    clock_ms_.reset();
  }
}

namespace {

// How far the prefix of a line is from `clock_ms`, in ms; nullopt where either is unknown.
std::optional<int64_t> Distance(const LinePrefix* prefix, std::optional<int64_t> clock_ms,
                                bool is_partial) {
  if (prefix == nullptr || !prefix->time || !clock_ms) return std::nullopt;
  const TimeResult& time = *prefix->time;
  if (is_partial == time.time.has_value()) return std::nullopt;
  if (time.time) return std::abs(time.time->utc_ms - *clock_ms);
  if (!time.partial) return std::nullopt;
  constexpr int64_t kDayMs = 86'400'000;
  const int64_t distance = std::abs(time.partial->ms_of_day - *clock_ms);
  return std::min(distance, kDayMs - distance);
}

}  // namespace

// Without a header a new read shows only in the numbers of the rows and the times of the lines.
DumpBuilder::Restart DumpStream::RestartAt(const BareLine& bare) const {
  if (has_header_) return DumpBuilder::Restart::kAtZero;
  const std::optional<int64_t> distance = Distance(bare.prefix, clock_ms_, clock_is_partial_);
  return distance.value_or(0) > 0 ? DumpBuilder::Restart::kAtNoHigher
                                  : DumpBuilder::Restart::kAtZero;
}

void DumpStream::TakeText(const BareLine& bare) {
  NotePath(bare);
  if (foreign_ || !builder_.Wants(bare.text, bare.line.terminated)) {
    ++output_.counts.other;
    return;
  }
  if (in_dump_ && !has_header_ && !builder_.empty() &&
      Distance(bare.prefix, clock_ms_, clock_is_partial_).value_or(0) > kSameReadMs) {
    EndDump(bare.line.position.offset, false);
  }
  if (!in_dump_) BeginDump({}, bare, false);
  if (!in_dump_) {
    RefuseStray(bare, Reason::kNoTime);
    return;
  }
  const auto add = [&] {
    return builder_.AddLine(bare.text, bare.line.position, bare.line.terminated, RestartAt(bare));
  };
  DumpBuilder::Added added = add();
  if (added == DumpBuilder::Added::kOtherFamily || added == DumpBuilder::Added::kRestarts) {
    EndDump(bare.line.position.offset, false);
    BeginDump({}, bare, false);
    if (!in_dump_) {
      RefuseStray(bare, Reason::kNoTime);
      return;
    }
    added = add();
  }
  NoteClock(bare);
  if (added == DumpBuilder::Added::kRefused) NoteRefused(bare);
  if (family_is_known_ || !builder_.family()) return;
  family_is_known_ = true;
  const Family family = *builder_.family();
  const bool by_list = !settings_.moment_times.empty();
  const bool is_second = !by_list && time_source_ != TimeSource::kPrefix &&
                         settings_.refuse_untimed && moment_has_[Index(family)];
  if (is_second || (by_list && NextMoment(family) >= settings_.moment_times.size())) {
    // What was taken for the other table is a second one of this family.
    in_dump_ = false;
    time_is_used_up_ = true;
    output_.Refuse(builder_.TakeRefused());
    builder_.Clear();
    RefuseStray(bare, Reason::kNoTime);
  }
}

void DumpStream::TakeLongLine(const BareLine& bare) {
  if (in_dump_ && procnet::LooksLike(bare.text) == procnet::Likeness::kRow) {
    builder_.Refuse(bare.text, bare.line.position, kMaxLineBytes, Reason::kLineTooLong);
    NoteRefused(bare);
  } else {
    ++output_.counts.other;
  }
}

void DumpStream::TakeRows(TextWindow& text) {
  if (!in_dump_) return;
  procnet::LinePosition position = text.position();
  const uint64_t old_line = position.line;
  const size_t consumed =
      builder_.AddRows(text.CompleteLines(), position, DumpBuilder::Restart::kAtZero);
  text.Consume(consumed, position.line - old_line);
}

// Bounds what a dump of damaged rows keeps in memory, and shows the line with its prefix.
void DumpStream::NoteRefused(const BareLine& bare) {
  if (bare.prefix != nullptr)
    builder_.PrependToLastRefused(bare.line.text.substr(0, bare.prefix->length));
  dump_refused_bytes_ += bare.line.text.size() + sizeof(RefusedLine);
  if (dump_refused_bytes_ < kHeldBytes) return;
  output_.Refuse(builder_.TakeRefused());
  lines_were_refused_ = true;
  dump_refused_bytes_ = 0;
}

// The number of the moment that a dump of this family now is of.
size_t DumpStream::NextMoment(Family family) const {
  const bool same = moment_has_[1 - Index(family)] && !moment_has_[Index(family)];
  return static_cast<size_t>(moment_ + !same);
}

bool DumpStream::IsTimed(const BareLine& bare, Family family) const {
  if (!settings_.moment_times.empty()) {
    return NextMoment(family) < settings_.moment_times.size();
  }
  if (time_ && time_->time && !time_is_used_up_ && time_source_ != TimeSource::kPrefix) {
    return true;
  }
  return bare.prefix != nullptr && bare.prefix->time.has_value() &&
         (settings_.layout.empty() || settings_.layout == bare.prefix->layouts.back());
}

void DumpStream::BeginDump(const Header& header, const BareLine& bare, bool has_header) {
  const Family family =
      has_header ? (header.tcp6 ? Family::kTcp6 : Family::kTcp) : FamilyOfRow(bare.text);
  // Under no time that can be told there is no dump: its rows are refused one by one.
  if (settings_.refuse_untimed && !IsTimed(bare, family)) return;
  DecideTime(bare, family);
  if (settings_.refuse_untimed && settings_.moment_times.empty() && !(time_ && time_->time)) return;
  builder_.Clear(header);
  in_dump_ = true;
  has_header_ = has_header;
  header_is_whole_ = false;
  family_is_known_ = false;
  lines_were_refused_ = false;
  dump_refused_bytes_ = 0;
  header_tcp6_ = header.tcp6;
  dump_first_ = bare.line.position;
  dump_prefixes_.clear();
  if (bare.prefix == nullptr) return;
  dump_prefixes_ = bare.prefix->readers;
  for (const std::string_view layout : bare.prefix->layouts) output_.events().OnPrefix(layout);
}

// A marker's time stands; a prefix gives a new one with each moment.
void DumpStream::DecideTime(const BareLine& bare, Family family) {
  if (!settings_.moment_times.empty()) return;
  const bool by_prefix =
      !time_ || !time_->time || time_is_used_up_ || time_source_ == TimeSource::kPrefix;
  if (!by_prefix || bare.prefix == nullptr || !bare.prefix->time) return;
  if (!settings_.layout.empty() && settings_.layout != bare.prefix->layouts.back()) return;
  const bool follows =
      time_source_ == TimeSource::kPrefix && time_ && !moment_has_[Index(family)] &&
      moment_has_[1 - Index(family)] &&
      Distance(bare.prefix, clock_ms_, clock_is_partial_).value_or(kSameReadMs + 1) <= kSameReadMs;
  if (follows) return;
  StartMoment(keeper_.Next(*bare.prefix->time), TimeSource::kPrefix, bare.line.position.line);
}

void DumpStream::EndDump(uint64_t end_offset, bool open) {
  if (!in_dump_) return;
  in_dump_ = false;
  FoundDump dump;
  dump.records = builder_.TakeRecords();
  dump.refused = builder_.TakeRefused();
  dump.family = builder_.family().value_or(header_tcp6_ ? Family::kTcp6 : Family::kTcp);
  builder_.Clear();
  const size_t family = Index(dump.family);
  // Not one row could be read: how many sockets there were can't be told, least of all 0.
  if (dump.records.empty() && (lines_were_refused_ || !dump.refused.empty())) {
    moment_has_[family] |= has_header_;
    output_.Refuse(std::move(dump.refused));
    return;
  }
  if (dump.records.empty() && !header_is_whole_) {
    // Cut in its header, and the line below it was lost with the line end: most likely a time.
    time_is_used_up_ = true;
    return;
  }
  if (moment_has_[family]) {
    const bool one_time = settings_.refuse_untimed && settings_.moment_times.empty();
    if (one_time && dump.records.empty()) return;  // a second header without rows: no table
    moment_has_[0] = moment_has_[1] = false;
  }
  dump.same_moment = moment_has_[1 - family];
  moment_has_[family] = true;
  if (!dump.same_moment) ++moment_;
  dump.first = dump_first_;
  dump.end_offset = end_offset;
  dump.has_header = has_header_;
  dump.open = open;
  dump.is_screen = is_screen_;
  dump.host = host_.empty() ? output_.text_host : host_;
  dump.netns = output_.text_netns;
  dump.path = path_;
  dump.prefixes = dump_prefixes_;
  dump.time = time_is_used_up_ ? std::nullopt : time_;
  dump.time_source = dump.time ? time_source_ : TimeSource::kNone;
  dump.time_line = time_line_;
  if (!settings_.moment_times.empty()) {
    dump.time = TimeResult{ParsedTime{settings_.moment_times[static_cast<size_t>(moment_)]}, {}};
    dump.time_source = TimeSource::kMarker;
  }
  dump.counts = output_.counts;
  output_.events().OnDump(dump);
}

void DumpStream::RefuseStray(const BareLine& bare, Reason reason) {
  std::vector<RefusedLine> lines;
  lines.push_back({bare.line.position, 0, reason, std::string(bare.line.text)});
  output_.Refuse(std::move(lines));
}

void DumpStream::End(uint64_t offset, bool open) { EndDump(offset, open); }

}  // namespace tcpsnap::capture
