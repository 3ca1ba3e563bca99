#include "capture/survey.h"

#include <algorithm>
#include <utility>

#include "capture/capture.h"
#include "procnet/token.h"

namespace tcpsnap::capture {
namespace {

class Surveyor : public DumpEvents {
 public:
  explicit Surveyor(const SurveySettings& settings) : settings_(settings) {}

  void OnMarker(const Marker& marker, const Line&) override {
    survey.has_sure_times |= marker.time && marker.time->time && !marker.weak;
    survey.counts_from_start |= marker.relative_ms.has_value();
  }
  void OnTime(const TimeResult& time, const Line& line) override {
    if (!time.time) {
      last_broken_ = PlacedTime{time, line.position.line, std::string(line.text)};
      return;
    }
    ++survey.times;
    survey.ends_with_time = true;
    if (!survey.first_time) {
      survey.first_time = PlacedTime{time, line.position.line, std::string(line.text)};
    }
    if (survey.first_is_untimed && survey.times_ms.size() < kMostTimes) {
      survey.times_ms.push_back(time.time->utc_ms);
    }
  }
  void OnDump(FoundDump& dump) override {
    survey.has_dumps = true;
    survey.headers += dump.has_header;
    ++survey.dumps;
    NoteRefused(dump.refused);
    survey.moments += !dump.same_moment;
    survey.ends_with_time = false;
    NoteTime(dump);
    ++by_prefixes_[dump.prefixes];
    procnet::ByteOrderVote& vote = survey.votes[dump.host];
    for (const procnet::SocketRecord& record : dump.records) vote.Add(record);
    if (settings_.on_dump) settings_.on_dump(dump);
  }
  void OnStrayRefused(std::vector<procnet::RefusedLine>& lines) override { NoteRefused(lines); }
  void OnForeignTable(procnet::Table table) override {
    if (!survey.foreign) survey.foreign = table;
  }
  bool WantsToStop() const override {
    if (settings_.limit && bytes_read >= *settings_.limit) return true;
    if (settings_.whole || survey.timed == 0 || survey.first_is_untimed) return false;
    if (survey.headers == 0) return false;  // whether rows without one are torn off shows later
    return std::all_of(survey.votes.begin(), survey.votes.end(),
                       [](const auto& entry) { return entry.second.decided(); });
  }

  // The prefixes of most dumps.
  void ChoosePrefixes() {
    uint64_t most = 0;
    for (const auto& [prefixes, count] : by_prefixes_) {
      if (count <= most) continue;
      most = count;
      survey.prefixes = prefixes;
    }
  }

  Survey survey;
  uint64_t bytes_read = 0;

 private:
  static constexpr size_t kMostTimes = 4'000'000;

  void NoteTime(const FoundDump& dump) {
    if (dump.time && dump.time->time) {
      ++survey.timed;
    } else if (dump.time && !survey.broken) {
      survey.broken = PlacedTime{*dump.time, dump.time_line, {}};
      if (last_broken_.line == dump.time_line) survey.broken->text = last_broken_.text;
    }
    if (survey.dumps != 1 || dump.time) return;
    survey.first_is_untimed = true;
    survey.starts_with_table = dump.has_header && dump.counts.other == 0 && survey.times == 0;
  }
  // Rows of a udp table without its header are another table, no damage.
  void NoteRefused(const std::vector<procnet::RefusedLine>& lines) {
    for (const procnet::RefusedLine& line : lines) {
      if (line.reason == procnet::Reason::kUdpRow) {
        survey.foreign = survey.foreign.value_or(procnet::Table::kUdp);
      } else {
        survey.has_refused = true;
      }
    }
  }

  const SurveySettings& settings_;
  std::map<std::vector<size_t>, uint64_t> by_prefixes_;
  PlacedTime last_broken_;
};

// Some sign of a table: a header, or an endpoint as rows have them.
bool HoldsSignOfTable(std::string_view text) {
  constexpr size_t kAddressDigits = 8;
  if (text.find("local_address") != text.npos) return true;
  const auto is_hex = [](char c) { return procnet::HexDigit(c) >= 0; };
  for (size_t at = text.find(':'); at != text.npos; at = text.find(':', at + 1)) {
    if (at < kAddressDigits || at + 4 >= text.size()) continue;
    const std::string_view before = text.substr(at - kAddressDigits, kAddressDigits);
    const std::string_view behind = text.substr(at + 1, 4);
    if (std::all_of(before.begin(), before.end(), is_hex) &&
        std::all_of(behind.begin(), behind.end(), is_hex)) {
      return true;
    }
  }
  return false;
}

}  // namespace

Survey SurveySource(ByteSource& source, SplitSettings split, const SurveySettings& settings) {
  Surveyor surveyor(settings);
  TextWindow text(source, [&](std::string_view bytes) {
    surveyor.bytes_read += bytes.size();
    if (settings.on_read) settings.on_read(bytes.size());
  });
  split.refuse_untimed = false;
  split.prefixes.clear();
  SplitDumps(text, split, surveyor);
  surveyor.survey.has_refused |= !source.TakeRefused().empty();
  surveyor.ChoosePrefixes();
  return std::move(surveyor.survey);
}

void CheckIsText(std::string_view head) {
  const auto refuse = [](const std::string& message) {
    throw CaptureError(Trouble::kNoCapture, message);
  };
  if (head.empty()) refuse("the file is empty");
  if (head.starts_with("\xFF\xFE") || head.starts_with("\xFE\xFF")) {
    refuse("the file is UTF-16 text; convert it: iconv -f UTF-16 -t UTF-8");
  }
  if (head.starts_with("SQLite format 3")) refuse("the file is a database, no capture");
  // A log may hold NUL bytes, where a machine lost power; a program or picture holds no table.
  if (const size_t nul = head.find('\0'); nul != head.npos && !HoldsSignOfTable(head)) {
    refuse("the file is binary (a NUL byte at offset " + std::to_string(nul) + ")");
  }
}

}  // namespace tcpsnap::capture
