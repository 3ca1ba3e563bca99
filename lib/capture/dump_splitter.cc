#include "capture/dump_splitter.h"

#include <utility>

namespace tcpsnap::capture {
namespace {

using procnet::DumpBuilder;
using procnet::Header;
using procnet::LinePosition;
using procnet::Reason;
using procnet::RefusedLine;
using procnet::Table;

// Refused lines that are held back before they are handed on, within a dump and outside.
constexpr size_t kHeldBytes = 1 << 20;

std::string_view TrimBlanks(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") + 1 - begin);
}

class Splitter {
 public:
  Splitter(TextWindow& text, const SplitSettings& settings, DumpEvents& events)
      : text_(text), settings_(settings), events_(events) {}

  procnet::LineCounts Run();

 private:
  void TakeLine(const Line& line);
  void TakeRow(const Line& line);
  bool TakeMarker(std::string_view trimmed, const Line& line);
  bool MomentHas(procnet::Family family) const;
  void BeginDump(const Header& header, LinePosition first, bool has_header);
  void EndDump(uint64_t end_offset, bool open);
  void RefuseStray(const Line& line, Reason reason);
  void KeepStray(std::vector<RefusedLine> lines);
  void NoteRefused(size_t bytes);
  // False when no marker tells the moment of what comes next.
  bool IsTimed() const { return marker_time_ && marker_time_->time && !time_is_used_up_; }

  TextWindow& text_;
  const SplitSettings& settings_;
  DumpEvents& events_;

  procnet::LineCounts counts_;
  DumpBuilder builder_;
  bool in_dump_ = false;
  bool has_header_ = false;
  bool family_is_known_ = false;     // a row was taken
  bool lines_were_refused_ = false;  // and handed on
  bool header_tcp6_ = false;
  bool header_is_whole_ = false;  // a header that was cut shows no empty table
  LinePosition dump_first_;
  bool foreign_ = false;  // below another table
  std::optional<TimeResult> marker_time_;
  bool moment_has_[2] = {false, false};  // tcp, tcp6: since the last time
  bool time_is_used_up_ = false;         // by a second table of one family
  std::vector<RefusedLine> stray_;
  size_t stray_bytes_ = 0;
  size_t dump_refused_bytes_ = 0;
};

procnet::LineCounts Splitter::Run() {
  Line line;
  while (!events_.WantsToStop()) {
    if (in_dump_) {
      LinePosition position = text_.position();
      const uint64_t old_line = position.line;
      const size_t consumed = builder_.AddRows(text_.CompleteLines(), position);
      text_.Consume(consumed, position.line - old_line);
    }
    if (!text_.NextLine(line)) break;
    TakeLine(line);
  }
  EndDump(text_.position().offset, true);
  if (!stray_.empty()) events_.OnStrayRefused(stray_);
  return counts_;
}

void Splitter::TakeLine(const Line& line) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  std::string_view text = line.text;
  if (line.position.offset == 0 && text.substr(0, 3) == kByteOrderMark) text.remove_prefix(3);
  const std::string_view trimmed = TrimBlanks(text);
  if (trimmed.empty() && !line.too_long) {
    ++counts_.blank;
    return;
  }
  if (line.too_long) {
    if (in_dump_ && procnet::LooksLike(text) == procnet::Likeness::kRow) {
      builder_.Refuse(text, line.position, kMaxLineBytes, Reason::kLineTooLong);
      NoteRefused(text.size());
    } else {
      ++counts_.other;
    }
    return;
  }
  if (const Header header = procnet::ParseHeader(text); header.table != Table::kNone) {
    // The same header again below one time, and no row in between: the dump starts over. (Without
    // times each header may be a moment of a host without a socket.)
    if (settings_.refuse_untimed && in_dump_ && has_header_ && header_is_whole_ &&
        builder_.empty() && header.table == Table::kTcp && header.tcp6 == header_tcp6_) {
      in_dump_ = false;
    }
    EndDump(line.position.offset, false);
    foreign_ = header.table != Table::kTcp;
    if (foreign_) {
      events_.OnForeignTable(header.table);
      ++counts_.other;
    } else {
      ++counts_.headers;
      BeginDump(header, line.position, true);
      header_is_whole_ = header.extra_columns.has_value() && line.terminated;
    }
    return;
  }
  if (TakeMarker(trimmed, line)) return;
  TakeRow(line);
}

void Splitter::TakeRow(const Line& line) {
  if (foreign_ || !builder_.Wants(line.text, line.terminated)) {
    ++counts_.other;
    return;
  }
  if (settings_.refuse_untimed && !IsTimed()) {
    RefuseStray(line, Reason::kNoTime);
    return;
  }
  if (!in_dump_) BeginDump({}, line.position, false);
  DumpBuilder::Added added = builder_.AddLine(line.text, line.position, line.terminated);
  if (added == DumpBuilder::Added::kOtherFamily) {
    EndDump(line.position.offset, false);
    BeginDump({}, line.position, false);
    if (!in_dump_) {
      RefuseStray(line, Reason::kNoTime);
      return;
    }
    added = builder_.AddLine(line.text, line.position, line.terminated);
  }
  if (added == DumpBuilder::Added::kRefused) NoteRefused(line.text.size());
  if (!settings_.refuse_untimed || family_is_known_ || !builder_.family()) return;
  family_is_known_ = true;
  if (!MomentHas(*builder_.family())) return;
  in_dump_ = false;
  time_is_used_up_ = true;
  KeepStray(builder_.TakeRefused());
  builder_.Clear();
  RefuseStray(line, Reason::kNoTime);
}

// Bounds what a dump of damaged rows keeps in memory.
void Splitter::NoteRefused(size_t bytes) {
  dump_refused_bytes_ += bytes + sizeof(RefusedLine);
  if (dump_refused_bytes_ < kHeldBytes) return;
  KeepStray(builder_.TakeRefused());
  lines_were_refused_ = true;
  dump_refused_bytes_ = 0;
}

bool Splitter::MomentHas(procnet::Family family) const {
  return moment_has_[family == procnet::Family::kTcp6];
}

bool Splitter::TakeMarker(std::string_view trimmed, const Line& line) {
  for (const MarkerReader reader : MarkerReaders()) {
    const std::optional<Marker> marker = reader(trimmed, settings_.zone);
    if (!marker) continue;
    EndDump(line.position.offset, false);
    foreign_ = marker->file == NamedFile::kForeign;
    if (foreign_) events_.OnForeignTable(Table::kNone);
    if (marker->time) {
      marker_time_ = marker->time;
      moment_has_[0] = moment_has_[1] = false;
      time_is_used_up_ = false;
    }
    ++counts_.markers;
    events_.OnMarker(*marker, line);
    return true;
  }
  return false;
}

void Splitter::BeginDump(const Header& header, LinePosition first, bool has_header) {
  // Under no time that can be told there is no dump: its rows are refused one by one.
  if (settings_.refuse_untimed && !IsTimed()) return;
  builder_.Clear(header);
  in_dump_ = true;
  has_header_ = has_header;
  family_is_known_ = false;
  lines_were_refused_ = false;
  dump_refused_bytes_ = 0;
  header_tcp6_ = header.tcp6;
  dump_first_ = first;
}

void Splitter::EndDump(uint64_t end_offset, bool open) {
  if (!in_dump_) return;
  in_dump_ = false;
  FoundDump dump;
  dump.records = builder_.TakeRecords();
  dump.refused = builder_.TakeRefused();
  dump.family =
      builder_.family().value_or(header_tcp6_ ? procnet::Family::kTcp6 : procnet::Family::kTcp);
  builder_.Clear();
  const size_t family = dump.family == procnet::Family::kTcp6;
  // Not one row could be read: how many sockets there were can't be told, least of all 0.
  if (dump.records.empty() && (lines_were_refused_ || !dump.refused.empty())) {
    moment_has_[family] |= has_header_;
    KeepStray(std::move(dump.refused));
    return;
  }
  if (dump.records.empty() && !header_is_whole_) {
    // Cut in its header, and the line below it was lost with the line end: most likely a time.
    time_is_used_up_ = true;
    return;
  }
  if (moment_has_[family]) {
    if (settings_.refuse_untimed) return;  // a second header without rows: no table
    moment_has_[0] = moment_has_[1] = false;
  }
  dump.same_moment = moment_has_[1 - family];
  moment_has_[family] = true;
  dump.first = dump_first_;
  dump.end_offset = end_offset;
  dump.has_header = has_header_;
  dump.open = open;
  dump.marker_time = marker_time_;
  dump.counts = counts_;
  events_.OnDump(dump);
}

void Splitter::RefuseStray(const Line& line, Reason reason) {
  std::vector<RefusedLine> lines;
  lines.push_back({line.position, 0, reason, std::string(line.text)});
  KeepStray(std::move(lines));
}

void Splitter::KeepStray(std::vector<RefusedLine> lines) {
  for (RefusedLine& line : lines) {
    stray_bytes_ += line.text.size() + sizeof line;
    stray_.push_back(std::move(line));
  }
  if (stray_bytes_ < kHeldBytes) return;
  events_.OnStrayRefused(stray_);
  stray_.clear();
  stray_bytes_ = 0;
}

}  // namespace

procnet::LineCounts SplitDumps(TextWindow& text, const SplitSettings& settings,
                               DumpEvents& events) {
  return Splitter(text, settings, events).Run();
}

}  // namespace tcpsnap::capture
