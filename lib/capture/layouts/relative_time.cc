// Seconds since a start that the line does not tell (--start does):
//
//   --- t=12 ---      t=12.5      t=12s      T+12s      T+00:00:12      === +12.345s ===
//   elapsed: 12 s     elapsed=00:00:12
//
// Refused: a bare number, `+12` without its unit, a plus without marks around it (an offset, or a
// line of a diff), and numbers so large that they are epochs.

#include <array>

#include "capture/layout.h"
#include "capture/layouts/text.h"
#include "procnet/token.h"

namespace tcpsnap::capture {
namespace {

using procnet::IsDigit;

constexpr std::string_view kDressing = "#=-*<>[]()~ \t";
constexpr size_t kLongestLine = 128;
constexpr int64_t kSecondMs = 1000;
constexpr size_t kMostDigits = 8;  // three years

// Digits at the front of `text`.
std::optional<int64_t> TakeNumber(std::string_view& text) {
  int64_t value = 0;
  size_t digits = 0;
  for (; digits < text.size() && IsDigit(text[digits]); ++digits) {
    if (digits == kMostDigits) return std::nullopt;
    value = value * 10 + (text[digits] - '0');
  }
  if (digits == 0) return std::nullopt;
  text.remove_prefix(digits);
  return value;
}

// `.345` at the front, in milliseconds; 0 where none is.
int64_t TakeDecimals(std::string_view& text) {
  if (text.size() < 2 || text[0] != '.' || !IsDigit(text[1])) return 0;
  text.remove_prefix(1);
  int64_t ms = 0;
  for (int64_t unit = kSecondMs / 10; !text.empty() && IsDigit(text[0]); unit /= 10) {
    ms += unit * (text[0] - '0');
    text.remove_prefix(1);
  }
  return ms;
}

// `:00:12` behind the hours.
std::optional<int64_t> TakeClock(int64_t hours, std::string_view& text) {
  int64_t seconds = hours;
  for (int part = 0; part < 2; ++part) {
    constexpr int64_t kMost = 59;
    if (text.size() < 3 || text[0] != ':' || !IsDigit(text[1]) || !IsDigit(text[2])) {
      return std::nullopt;
    }
    text.remove_prefix(1);
    const std::optional<int64_t> value = TakeNumber(text);
    if (!value || *value > kMost) return std::nullopt;
    seconds = seconds * 60 + *value;
  }
  return seconds;
}

enum class Unit { kNeeded, kMayLack };

// All of `text` as a stretch of time: `12`, `12.5s`, `1500 ms`, `00:00:12`.
std::optional<int64_t> ParseStretch(std::string_view text, Unit unit) {
  const std::optional<int64_t> number = TakeNumber(text);
  if (!number) return std::nullopt;
  if (text.starts_with(':')) {
    const std::optional<int64_t> seconds = TakeClock(*number, text);
    if (!seconds) return std::nullopt;
    const int64_t decimals_ms = TakeDecimals(text);
    return text.empty() ? std::optional(*seconds * kSecondMs + decimals_ms) : std::nullopt;
  }
  const int64_t ms = *number * kSecondMs + TakeDecimals(text);
  text = TrimBlanks(text);
  static constexpr std::array<std::string_view, 5> kSeconds = {"s", "sec", "secs", "second",
                                                               "seconds"};
  if (IsOneOf(text, kSeconds)) return ms;
  if (text == "ms") return ms / kSecondMs;
  return text.empty() && unit == Unit::kMayLack ? std::optional(ms) : std::nullopt;
}

// `t=12`, `elapsed: 12 s`: what stands behind the name and its mark.
std::optional<std::string_view> BehindName(std::string_view text) {
  static constexpr std::array<std::string_view, 6> kNames = {"t",       "T",       "elapsed time",
                                                             "elapsed", "Elapsed", "ELAPSED"};
  for (const std::string_view name : kNames) {
    if (!text.starts_with(name)) continue;
    const std::string_view rest = TrimBlanks(text.substr(name.size()));
    if (rest.starts_with('=') || rest.starts_with(':')) return TrimBlanks(rest.substr(1));
  }
  return std::nullopt;
}

std::optional<int64_t> ReadStretch(const Undressed& line) {
  const std::string_view text = line.text;
  if (text.starts_with("T+") || text.starts_with("t+")) {
    return ParseStretch(text.substr(2), Unit::kMayLack);
  }
  if (text[0] == '+') {
    return line.marks > 1 ? ParseStretch(text.substr(1), Unit::kNeeded) : std::nullopt;
  }
  const std::optional<std::string_view> stretch = BehindName(text);
  return stretch ? ParseStretch(*stretch, Unit::kMayLack) : std::nullopt;
}

}  // namespace

std::optional<Marker> ReadRelativeTime(std::string_view line, const Zone&) {
  if (line.size() > kLongestLine) return std::nullopt;
  const Undressed undressed = Undress(line, kDressing);
  if (undressed.text.empty()) return std::nullopt;
  constexpr std::string_view kFirst = "tTeE+";
  if (kFirst.find(undressed.text[0]) == kFirst.npos) return std::nullopt;
  const std::optional<int64_t> stretch_ms = ReadStretch(undressed);
  if (!stretch_ms) return std::nullopt;
  Marker marker;
  marker.layout = "relative-time";
  marker.relative_ms = stretch_ms;
  return marker;
}

}  // namespace tcpsnap::capture
