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

// Refused lines that are held back before they are handed on.
constexpr size_t kStrayBatch = 4096;

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
  void BeginDump(const Header& header, LinePosition first, bool has_header);
  void EndDump(uint64_t end_offset, bool open);
  void RefuseStray(const Line& line, Reason reason);
  bool IsTimed() const { return marker_time_ && marker_time_->time; }

  TextWindow& text_;
  const SplitSettings& settings_;
  DumpEvents& events_;

  procnet::LineCounts counts_;
  DumpBuilder builder_;
  bool in_dump_ = false;
  bool has_header_ = false;
  bool header_tcp6_ = false;
  LinePosition dump_first_;
  bool foreign_ = false;  // below another table
  std::optional<TimeResult> marker_time_;
  std::optional<procnet::Family> previous_family_;  // of the dump before, if no marker came since
  std::vector<RefusedLine> stray_;
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
    } else {
      ++counts_.other;
    }
    return;
  }
  if (const Header header = procnet::ParseHeader(text); header.table != Table::kNone) {
    EndDump(line.position.offset, false);
    foreign_ = header.table != Table::kTcp;
    if (foreign_) {
      events_.OnForeignTable(header.table);
      ++counts_.other;
    } else {
      ++counts_.headers;
      BeginDump(header, line.position, true);
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
  if (builder_.AddLine(line.text, line.position, line.terminated) ==
      DumpBuilder::Added::kOtherFamily) {
    EndDump(line.position.offset, false);
    BeginDump({}, line.position, false);
    builder_.AddLine(line.text, line.position, line.terminated);
  }
}

bool Splitter::TakeMarker(std::string_view trimmed, const Line& line) {
  for (const MarkerReader reader : MarkerReaders()) {
    const std::optional<Marker> marker = reader(trimmed, settings_.zone);
    if (!marker) continue;
    EndDump(line.position.offset, false);
    foreign_ = marker->file == Marker::File::kForeign;
    if (foreign_) events_.OnForeignTable(Table::kNone);
    if (marker->time) {
      marker_time_ = marker->time;
      previous_family_.reset();
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
  // Not one row could be read: how many sockets there were can't be told, least of all 0.
  if (dump.records.empty() && !dump.refused.empty()) {
    stray_.insert(stray_.end(), std::make_move_iterator(dump.refused.begin()),
                  std::make_move_iterator(dump.refused.end()));
    if (stray_.size() >= kStrayBatch) {
      events_.OnStrayRefused(stray_);
      stray_.clear();
    }
    return;
  }
  dump.first = dump_first_;
  dump.end_offset = end_offset;
  dump.has_header = has_header_;
  dump.open = open;
  dump.marker_time = marker_time_;
  dump.same_moment = previous_family_ && *previous_family_ != dump.family;
  dump.counts = counts_;
  // After both families of a moment the next dump is another moment's.
  previous_family_ = dump.same_moment ? std::nullopt : std::optional(dump.family);
  events_.OnDump(dump);
}

void Splitter::RefuseStray(const Line& line, Reason reason) {
  stray_.push_back({line.position, 0, reason, std::string(line.text)});
  if (stray_.size() < kStrayBatch) return;
  events_.OnStrayRefused(stray_);
  stray_.clear();
}

}  // namespace

procnet::LineCounts SplitDumps(TextWindow& text, const SplitSettings& settings,
                               DumpEvents& events) {
  return Splitter(text, settings, events).Run();
}

}  // namespace tcpsnap::capture
