// A time in a line that says little else:
//
//   ===== 2026-11-22 07:37:27.123456789+00:00 (UTC) =====      ===== 2026-11-22 07:37:27 =====
//   TIMESTAMP: 2026-11-22T07:37:27Z            --- Check: Sun Nov 22 07:37:27 UTC 2026 ---
//   *** 1795333047 ***      time=1795333047      <> [2026-11-22 07:37:27]      date is Sun Nov 22
//   ... Snapshot 12 at 2026-11-22 07:37:27          [2026-11-22 07:37:27] Count:3
//   === /proc/net/tcp 2026-11-22 07:37:27 ===
//
// Before the time stand at most two words, one number and the path of a table, behind it at most
// one word: a zone or another remark in brackets, `Count:3`, or the path. A zone in brackets is the
// time's own where it has none, else a remark.
//
// Refused: lines that go on behind the time, as those of logs do (`INFO 2026-11-22 07:37:27
// connection refused`); moments of something else (`Last login: ...`, `Modify: ...` of stat,
// `StartedAt: ...`, `Start Time: ...` of kubectl); headers of mail and HTTP (`Date: Sun, 22 Nov
// 2026 07:37:27 +0100`). Behind words that say nothing of time a marker is weak (`INFO: ...`). A
// bare number or time of day counts only between marks or behind words about time, since text is
// full of numbers (`rx_bytes: 1795333047` of ethtool, `Duration: 00:00:12`).

#include <algorithm>
#include <array>

#include "capture/layout.h"
#include "capture/layouts/text.h"
#include "procnet/token.h"

namespace tcpsnap::capture {
namespace {

using procnet::IsBlank;

constexpr std::string_view kDressing = "#=-*<>[]()~+_: \t";
constexpr size_t kLongestLine = 512;
constexpr size_t kLeastMarks = 2;  // one alone may be a minus sign or a bullet

// `word` in lower case, for comparing; empty where it is longer than any that is looked for.
class LowerCase {
 public:
  explicit LowerCase(std::string_view word) {
    if (word.size() > text_.size()) return;
    size_ = word.size();
    std::transform(word.begin(), word.end(), text_.begin(), [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
  }
  std::string_view text() const { return {text_.data(), size_}; }

 private:
  std::array<char, 16> text_{};
  size_t size_ = 0;
};

// The next part of a word whose parts are joined (`last-modified`, `start_time`, `StartedAt`);
// empty behind the last one.
std::string_view TakePart(std::string_view& word) {
  constexpr std::string_view kJoints = "-_.";
  word.remove_prefix(std::min(word.find_first_not_of(kJoints), word.size()));
  const auto is_capital = [](char c) { return c >= 'A' && c <= 'Z'; };
  size_t end = 0;
  while (end < word.size() && kJoints.find(word[end]) == kJoints.npos) {
    if (end > 0 && is_capital(word[end]) && !is_capital(word[end - 1])) break;
    ++end;
  }
  const std::string_view part = word.substr(0, end);
  word.remove_prefix(end);
  return part;
}

// Parts of words before moments at which no table was read.
bool IsAboutOtherMoment(std::string_view part) {
  static constexpr std::array<std::string_view, 54> kWords = {
      "last",       "login",     "boot",      "booted",   "btime",     "since",    "modify",
      "access",     "change",    "birth",     "modified", "changed",   "accessed", "created",
      "expires",    "expiry",    "until",     "not",      "next",      "previous", "build",
      "built",      "compiled",  "released",  "release",  "installed", "uptime",   "elapsed",
      "duration",   "runtime",   "timeout",   "rtc",      "lifetime",  "started",  "restarted",
      "finished",   "completed", "deployed",  "author",   "committer", "commit",   "updated",
      "scheduled",  "issued",    "valid",     "renewed",  "rotated",   "ended",    "stopped",
      "terminated", "expired",   "starttime", "endtime",  "received"};
  return IsOneOf(LowerCase(part).text(), kWords);
}

// Words before the moment of a snapshot. `unix_time`, `snap-ts` are made of such words.
bool IsAboutTime(std::string_view word) {
  static constexpr std::array<std::string_view, 31> kWords = {
      "time",    "timestamp", "ts",    "date",      "datetime", "epoch",  "unixtime", "unix",
      "at",      "now",       "clock", "snapshot",  "snap",     "sample", "check",    "moment",
      "is",      "utc",       "local", "iteration", "ms",       "us",     "sec",      "seconds",
      "capture", "captured",  "dump",  "begin",     "start",    "taken",  "t"};
  while (!word.empty()) {
    const size_t end = std::min(word.find_first_of("_-."), word.size());
    if (!IsOneOf(LowerCase(word.substr(0, end)).text(), kWords)) return false;
    word.remove_prefix(std::min(end + 1, word.size()));
  }
  return true;
}

bool IsWordCharacter(char c) {
  return IsLetterOrDigit(c) || c == '_' || c == '-' || c == '.' || c == '/' || c == '#';
}

// What stands before the time.
struct Words {
  int words = 0;
  int numbers = 0;
  bool about_time = true;
  bool ends_in_bound = false;  // `start` or `end`, which make `time` that of something else
  bool may_be_header = false;  // `Date: ` of a mail
  std::string_view path;
  NamedFile file = NamedFile::kUnsaid;
};

bool TakePath(std::string_view word, std::string_view& path, NamedFile& file) {
  if (!path.empty() || word.find('/') == word.npos) return false;
  file = FileOfPath(word);
  path = word;
  return file != NamedFile::kUnsaid;
}

// Looks through the parts of a word; false where it is about a moment of something else.
bool NoteParts(std::string_view word, Words& words) {
  words.may_be_header = false;
  for (std::string_view part = TakePart(word); !part.empty(); part = TakePart(word)) {
    const LowerCase lower(part);
    if (IsAboutOtherMoment(part) || (words.ends_in_bound && lower.text() == "time")) return false;
    words.ends_in_bound = lower.text() == "start" || lower.text() == "end";
    words.may_be_header = words.may_be_header || lower.text() == "date";
  }
  return true;
}

// Takes a word and the marks behind it; false where none stands there that may precede a time.
bool TakeWord(std::string_view& rest, Words& words) {
  constexpr int kMostWords = 2, kMostNumbers = 1;
  constexpr size_t kMostDigits = 6;
  size_t length = 0;
  while (length < rest.size() && IsWordCharacter(rest[length])) ++length;
  const std::string_view word = rest.substr(0, length);
  rest.remove_prefix(length);
  const size_t marks = rest.find_first_not_of(kDressing);
  // `T+00:12` is no time of day.
  if (length == 0 || marks == 0 || marks == rest.npos || rest[0] == '+') return false;
  rest.remove_prefix(marks);
  if (word.find('/') != word.npos) return TakePath(word, words.path, words.file);
  const std::string_view number = word.substr(word[0] == '#' ? 1 : 0);
  if (IsNumber(number)) return number.size() <= kMostDigits && ++words.numbers <= kMostNumbers;
  if (!IsLetter(word[0]) || IsPartOfDate(word) || !NoteParts(word, words)) return false;
  words.about_time = words.about_time && IsAboutTime(word);
  return ++words.words <= kMostWords;
}

// `Sun, 22 Nov 2026 07:37:27 +0100`
bool HasWeekdayWithComma(std::string_view time) {
  return time.size() > 3 && IsLetter(time[0]) && time[3] == ',';
}

// True for text that is a time only if the line says so.
bool IsBare(const TimeResult& result, std::string_view text) {
  if (result.partial && !result.time) return !result.partial->has_day;
  return text.find_first_not_of("0123456789.,") == text.npos;
}

// `UTC`, `CEST`, `+01:00`, `Europe/Berlin`.
bool LooksLikeZone(std::string_view word) {
  if (word[0] == '+' || word[0] == '-') return true;
  if (word.find('/') != word.npos) return IsLetter(word[0]);
  return word.size() <= 6 &&
         std::all_of(word.begin(), word.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

bool HasZone(const TimeResult& result) {
  if (result.time) return result.time->zone_given;
  if (result.partial) return result.partial->offset_ms || result.partial->abbreviation[0] != '\0';
  return result.error != TimeError::kGap;
}

// The time again, now of the zone that stands behind it.
TimeResult WithZone(std::string_view time, std::string_view word, const Zone& zone) {
  const TimeResult unknown{std::nullopt, TimeError::kUnknownZone};
  std::array<char, 96> text{};
  if (time.size() + 1 + word.size() > text.size()) return unknown;
  char* end = std::copy(time.begin(), time.end(), text.data());
  *end++ = ' ';
  end = std::copy(word.begin(), word.end(), end);
  const TimeResult result = ParseTime({text.data(), static_cast<size_t>(end - text.data())}, zone);
  return IsMeantAsTime(result) ? result : unknown;
}

// True for `Count:3`, `seq=4`.
bool IsNamedValue(std::string_view word) {
  const size_t mark = word.find_first_of(":=");
  return IsLetter(word[0]) && mark != word.npos && mark + 1 < word.size();
}

// Takes what stands behind the time; false where the line goes on.
bool TakeBehind(std::string_view behind, std::string_view time_text, const Zone& zone, Words& words,
                TimeResult& result) {
  const Undressed undressed = Undress(behind, kDressing);
  std::string_view word = undressed.text;
  if (word.empty()) return true;
  if (std::any_of(word.begin(), word.end(), IsBlank)) return false;
  size_t begin = undressed.front;
  if (begin > 1 && (behind[begin - 1] == '+' || behind[begin - 1] == '-')) {
    --begin;
    word = behind.substr(begin, word.size() + 1);
  }
  if (word[0] == '/') return TakePath(word, words.path, words.file);
  const bool bracketed = begin > 0 && (behind[begin - 1] == '(' || behind[begin - 1] == '[');
  if (!bracketed) return IsNamedValue(word);
  if (!LooksLikeZone(word) || HasZone(result)) return true;
  if (word != zone.name()) result = WithZone(time_text, word, zone);
  return true;
}

}  // namespace

std::optional<Marker> ReadDressedTime(std::string_view line, const Zone& zone) {
  if (line.size() > kLongestLine) return std::nullopt;
  const Undressed undressed = Undress(line, kDressing);
  std::string_view rest = undressed.text;
  Words words;
  TimeAtFront time = ReadTimeInText(rest, zone);
  while (time.length == 0) {
    if (!TakeWord(rest, words)) return std::nullopt;
    time = ReadTimeInText(rest, zone);
  }
  const std::string_view text = rest.substr(0, time.length);
  const bool marked = undressed.marks >= kLeastMarks;
  if (IsBare(time.result, text)) {
    if (!words.about_time || (!marked && words.words == 0)) return std::nullopt;
  }
  if (words.may_be_header && !marked && HasWeekdayWithComma(text)) return std::nullopt;
  // A time and nothing else is for ReadTimeLine; one mark alone may be a minus sign.
  if (words.words + words.numbers == 0 && undressed.marks == 0 && text.size() == line.size()) {
    return std::nullopt;
  }
  // Behind the time the marks that were taken off the end stand again: they close brackets.
  const std::string_view behind = line.substr(undressed.front);
  const size_t time_end = static_cast<size_t>(rest.data() - behind.data()) + time.length;
  if (!TakeBehind(behind.substr(time_end), text, zone, words, time.result)) return std::nullopt;
  Marker marker;
  marker.layout = "dressed-time";
  marker.time = time.result;
  marker.file = words.file;
  marker.path = words.path;
  marker.weak = !words.about_time;
  return marker;
}

}  // namespace tcpsnap::capture
