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

// The longest that one read takes, by the slowest reader.
constexpr int64_t kLongestReadMs = 300'000;

size_t Index(Family family) { return family == Family::kTcp6; }

std::string_view FolderOf(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == path.npos ? std::string_view() : path.substr(0, slash);
}

// The number at the front of a row.
uint64_t SlotOf(std::string_view row) {
  uint64_t slot = 0;
  for (size_t i = row.find_first_not_of(" \t"); i < row.size(); ++i) {
    if (row[i] < '0' || row[i] > '9') break;
    slot = slot * 10 + static_cast<uint64_t>(row[i] - '0');
  }
  return slot;
}

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
    : host_(std::move(host)), output_(output), settings_(output.settings()) {}

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
  BeginDump(header, bare, true);
  header_is_whole_ = header.extra_columns.has_value() && bare.line.terminated;
  NoteClock(bare);
  if (header.joined_at == 0) {
    ++output_.counts.headers;
  } else if (in_dump_) {
    RefuseInDump(bare, Reason::kJoinedRow, header.joined_at);
  } else {
    RefuseStray(bare, Reason::kJoinedRow);
  }
  // Unless it is a row that ran into it, the time of the next table is lost.
  const std::string_view rest = bare.text.substr(header.joined_at);
  if (header.joined_at > 0 && procnet::LooksLike(rest) != procnet::Likeness::kRow) {
    time_is_used_up_ = true;
  }
}

void DumpStream::TakeMarker(const Marker& marker, const BareLine& bare) {
  if (!bare.line.terminated) {
    // It may go on: of what stands above it nothing ends here yet.
    if (marker.time) output_.events().OnTime(output_.keeper.Next(*marker.time), bare.line);
    ++output_.counts.markers;
    return output_.events().OnMarker(marker, bare.line);
  }
  EndDump(bare.line.position.offset, false);
  NotePath(bare);
  foreign_ = marker.file == NamedFile::kForeign;
  if (foreign_) output_.events().OnForeignTable(Table::kNone);
  if (marker.closes) time_is_used_up_ = true;
  if (!marker.path.empty()) {
    path_ = marker.path;
    if (settings_.host_of_path) output_.text_host = settings_.host_of_path(path_);
  }
  if (!marker.host.empty()) {
    output_.text_host = marker.host;
    output_.text_netns.clear();
    output_.text_kernel.clear();
  }
  if (!marker.netns.empty()) output_.text_netns = marker.netns;
  if (!marker.kernel.empty()) output_.text_kernel = marker.kernel;
  is_screen_ = marker.is_screen || (is_screen_ && !marker.time);
  TakeTime(marker, bare);
  ++output_.counts.markers;
  output_.events().OnMarker(marker, bare.line);
  NoteClock(bare);
}

void DumpStream::TakeTime(const Marker& marker, const BareLine& bare) {
  std::optional<TimeResult> time = marker.time;
  const bool counts = settings_.layout.empty() || settings_.layout == marker.layout;
  if (marker.relative_ms) {
    time = TimeResult{std::nullopt, TimeError::kRelative};
    if (settings_.start_ms) {
      time = TimeResult{ParsedTime{*settings_.start_ms + *marker.relative_ms}, {}};
    }
  }
  if (!time || !counts) return;
  const bool has_surer = settings_.ignore_weak || output_.saw_sure_time ||
                         (bare.prefix != nullptr && bare.prefix->time);
  if (marker.weak && has_surer && settings_.layout.empty()) return;
  const TimeResult whole = output_.keeper.Next(*time);
  if (whole.time && !marker.weak) output_.saw_sure_time = true;
  output_.events().OnTime(whole, bare.line);
  // A time of day does not take a date away that was just told, with no table below it yet.
  const bool is_whole = time->time.has_value();
  const bool has_whole = time_ && time_->time && time_is_whole_ && !time_is_used_up_;
  if (!is_whole && has_whole && !moment_has_[0] && !moment_has_[1]) return;
  // Nor one that nothing makes whole any good time.
  if (!whole.time && whole.error == TimeError::kNoDate && time_ && time_->time &&
      !time_is_used_up_) {
    return;
  }
  StartMoment(whole, TimeSource::kMarker, bare.line.position.line);
  time_is_whole_ = is_whole;
}

void DumpStream::StartMoment(const TimeResult& time, TimeSource source, uint64_t line) {
  time_ = time;
  time_source_ = source;
  time_is_whole_ = true;
  time_line_ = line;
  time_is_used_up_ = false;
  moment_has_[0] = moment_has_[1] = false;
}

// Another path in the prefix is what a marker with that path would be.
void DumpStream::NotePath(const BareLine& bare) {
  if (bare.prefix == nullptr || bare.prefix->path.empty() || bare.prefix->path == path_) return;
  EndDump(bare.line.position.offset, false);
  const bool same_folder = FolderOf(path_) == FolderOf(bare.prefix->path);
  path_ = bare.prefix->path;
  foreign_ = FileOfPath(path_) == NamedFile::kForeign;
  const bool counts = settings_.layout.empty() || settings_.layout == "path-prefix";
  if (!counts) return;
  const TimeResult time = FindTimeInName(path_, settings_.zone);
  // tcp and tcp6 of one folder are one moment.
  const bool same = same_folder && time.time && time_ && time_->time &&
                    time_source_ == TimeSource::kPath && time_->time->utc_ms == time.time->utc_ms;
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

// Without headers a new read shows in the numbers of the rows.
DumpBuilder::Restart DumpStream::RestartAt() const {
  if (settings_.is_one_read) return DumpBuilder::Restart::kNever;
  return has_header_ ? DumpBuilder::Restart::kAtZero : DumpBuilder::Restart::kAtNoHigher;
}

// True for a row that is neither the first of a read nor the next of the one that is being read:
// a part of the text is lost.
bool DumpStream::IsOfLostRead(const BareLine& bare) const {
  const uint64_t slot = SlotOf(bare.text);
  if (slot == 0) return false;
  if (!in_dump_) {
    const bool is_timed = !settings_.refuse_untimed || IsTimed(bare, FamilyOfRow(bare.text));
    return settings_.has_headers && is_timed && BeginsAsRow(bare.text);
  }
  if (is_torn_) return true;
  if (!has_header_ || builder_.records().empty() || !BeginsAsRow(bare.text)) return false;
  // A slow reader takes its time, but skips no row.
  const int64_t waited_ms = Distance(bare.prefix, clock_ms_, clock_is_partial_).value_or(0);
  const bool is_next = slot == builder_.records().back().slot + 1;
  return waited_ms > (is_next ? kLongestReadMs : kSameReadMs);
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
  if (IsOfLostRead(bare)) {
    is_torn_ = in_dump_;
    return in_dump_ ? RefuseInDump(bare, Reason::kLostRows) : RefuseStray(bare, Reason::kLostRows);
  }
  if (!in_dump_) BeginDump({}, bare, false);
  if (!in_dump_) {
    RefuseStray(bare, Reason::kNoTime);
    return;
  }
  const auto add = [&] {
    return builder_.AddLine(bare.text, bare.line.position, bare.line.terminated, RestartAt());
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
  if (added == DumpBuilder::Added::kFalls) {
    is_torn_ = true;
    return RefuseInDump(bare, Reason::kLostRows);
  }
  NoteClock(bare);
  if (added == DumpBuilder::Added::kRefused) NoteRefused(bare);
  if (!family_is_known_ && builder_.family()) LearnFamily(bare);
}

// The first row tells the family for sure: what was taken for the other table may be a second one
// of this family.
void DumpStream::LearnFamily(const BareLine& bare) {
  family_is_known_ = true;
  const Family family = *builder_.family();
  const bool by_list = !settings_.moment_times.empty();
  const bool is_second = !by_list && time_source_ != TimeSource::kPrefix &&
                         settings_.refuse_untimed && moment_has_[Index(family)];
  if (is_second || (by_list && NextMoment(family) >= settings_.moment_times.size())) {
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
  if (!in_dump_ || is_torn_) return;
  procnet::LinePosition position = text.position();
  const uint64_t old_line = position.line;
  const size_t consumed = builder_.AddRows(text.CompleteLines(), position, RestartAt());
  text.Consume(consumed, position.line - old_line);
}

void DumpStream::RefuseInDump(const BareLine& bare, Reason reason, size_t column) {
  builder_.Refuse(bare.text, bare.line.position, column, reason);
  NoteRefused(bare);
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
  is_torn_ = false;
  dump_refused_bytes_ = 0;
  header_tcp6_ = header.tcp6;
  dump_first_ = bare.line.position;
  dump_time_ = time_is_used_up_ ? std::nullopt : time_;
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
  StartMoment(output_.keeper.Next(*bare.prefix->time), TimeSource::kPrefix,
              bare.line.position.line);
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
  dump.kernel = output_.text_kernel;
  dump.prefixes = dump_prefixes_;
  dump.time = dump_time_;
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
