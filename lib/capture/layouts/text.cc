#include "capture/layouts/text.h"

#include <algorithm>
#include <array>

#include "procnet/token.h"

namespace tcpsnap::capture {
namespace {

using procnet::HexDigit;
using procnet::IsBlank;
using procnet::IsDigit;

// Longer than any time with its weekday, decimals and zone.
constexpr size_t kLongestTime = 96;

// Words of log lines that stand where a zone would.
bool IsLogLevel(std::string_view word) {
  static constexpr std::array<std::string_view, 10> kLevels = {
      "INFO", "WARN", "ERROR", "DEBUG", "TRACE", "FATAL", "NOTICE", "CRIT", "ALERT", "EMERG"};
  return IsOneOf(word, kLevels);
}

bool IsBundleName(std::string_view name) {
  return name.starts_with("sosreport-") || name.starts_with("scc_") || name.starts_with("nts_");
}

// ` 2026`
bool StartsWithYear(std::string_view text) {
  constexpr size_t kLength = 5;
  if (text.size() < kLength || text[0] != ' ' || !IsNumber(text.substr(1, kLength - 1))) {
    return false;
  }
  return text.size() == kLength || IsBlank(text[kLength]);
}

}  // namespace

std::string_view TrimBlanks(std::string_view text) { return Undress(text, " \t").text; }

bool IsNumber(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), IsDigit);
}

Undressed Undress(std::string_view line, std::string_view dressing) {
  Undressed undressed;
  const size_t begin = line.find_first_not_of(dressing);
  if (begin == line.npos) return undressed;
  const size_t end = line.find_last_not_of(dressing) + 1;
  undressed.text = line.substr(begin, end - begin);
  undressed.front = begin;
  const auto count_marks = [](std::string_view text) {
    return text.size() - static_cast<size_t>(std::count_if(text.begin(), text.end(), IsBlank));
  };
  undressed.marks = count_marks(line.substr(0, begin)) + count_marks(line.substr(end));
  return undressed;
}

bool IsMeantAsTime(const TimeResult& result) {
  if (result.time) return true;
  switch (result.error) {
    case TimeError::kAmbiguousZone:
    case TimeError::kUnknownZone:
    case TimeError::kGap:
    case TimeError::kOtherDate:
      return true;
    case TimeError::kNoDate:
      return result.partial.has_value();
    case TimeError::kNotATime:
    case TimeError::kRelative:
    case TimeError::kNoTimeOfDay:
    case TimeError::kOutOfRange:
      return false;
  }
  return false;
}

TimeAtFront ReadTimeInText(std::string_view text, const Zone& zone) {
  if (text.empty() || !(IsDigit(text[0]) || (text[0] >= 'A' && text[0] <= 'Z'))) return {};
  text = text.substr(0, kLongestTime);
  text = text.substr(0, text.find('\t'));
  TimeAtFront time = ReadTimeAtFront(text, zone);
  if (time.length == 0) return {};
  const size_t blank = text.substr(0, time.length).rfind(' ');
  if (blank != text.npos && IsLogLevel(text.substr(blank + 1, time.length - blank - 1))) {
    time = {ParseTime(text.substr(0, blank), zone), blank};
  }
  if (!IsMeantAsTime(time.result)) return {};
  // With the year that stands there the day would be another weekday, or none.
  if (!time.result.time && time.result.partial && StartsWithYear(text.substr(time.length))) {
    return {};
  }
  return time;
}

bool IsPartOfDate(std::string_view word) {
  static constexpr std::array<std::string_view, 19> kWords = {
      "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Jan", "Feb", "Mar",
      "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  return IsOneOf(word, kWords);
}

std::string_view TakeLastPart(std::string_view& path) {
  const size_t slash = path.find_last_of("/!");
  const size_t begin = slash == path.npos ? 0 : slash + 1;
  const std::string_view part = path.substr(begin);
  path = path.substr(0, begin == 0 ? 0 : begin - 1);
  return part;
}

std::optional<TimeResult> TimeInLastPart(std::string_view path, const Zone& zone) {
  std::string_view folder = path;
  const std::string_view name = TakeLastPart(folder);
  if (IsBundleName(name)) return std::nullopt;
  if (const TimeResult time = FindTimeInName(name, zone); IsMeantAsTime(time)) return time;
  const std::string_view day = TakeLastPart(folder);
  if (day.empty() || FindTimeInName(day, zone).error != TimeError::kNoTimeOfDay) {
    return std::nullopt;
  }
  // A folder that holds more than the day is rather about something else.
  if (!IsDigit(day.front()) || !IsDigit(day.back())) return std::nullopt;
  const std::string_view both = path.substr(path.size() - name.size() - 1 - day.size());
  if (const TimeResult time = FindTimeInName(both, zone); IsMeantAsTime(time)) return time;
  return std::nullopt;
}

std::optional<TimeResult> TimeInPath(std::string_view path, const Zone& zone) {
  while (!path.empty()) {
    if (std::optional<TimeResult> time = TimeInLastPart(path, zone)) return time;
    TakeLastPart(path);
  }
  return std::nullopt;
}

bool StartsLikeTable(std::string_view text) {
  constexpr size_t kMostRowDigits = 10;
  constexpr size_t kAddressDigits = 8;
  size_t i = 0;
  while (i < text.size() && IsBlank(text[i])) ++i;
  text.remove_prefix(i);
  if (text.starts_with("sl ")) {
    return TrimBlanks(text.substr(2, kLongestTime)).starts_with("local_address");
  }
  size_t digits = 0;
  while (digits < text.size() && digits <= kMostRowDigits && IsDigit(text[digits])) ++digits;
  if (digits == 0 || digits > kMostRowDigits) return false;
  if (text.substr(digits, 2) != ": ") return false;
  text.remove_prefix(digits + 2);
  if (text.size() < kAddressDigits) return false;
  return std::all_of(text.begin(), text.begin() + kAddressDigits,
                     [](char c) { return HexDigit(c) >= 0; });
}

std::optional<size_t> BehindOneBlank(std::string_view line, size_t end) {
  if (end == line.size()) return end;
  if (!IsBlank(line[end])) return std::nullopt;
  return end + 1;
}

}  // namespace tcpsnap::capture
