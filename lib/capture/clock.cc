#include "capture/clock.h"

#include <date/date.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <initializer_list>
#include <utility>

namespace tcpsnap::capture {
namespace {

constexpr int64_t kSecondMs = 1000;
constexpr int64_t kMinuteMs = 60 * kSecondMs;
constexpr int64_t kHourMs = 60 * kMinuteMs;
constexpr int64_t kDayMs = 24 * kHourMs;
constexpr int kFirstYear = 1970;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }
bool IsHexDigit(char c) { return IsDigit(c) || (c >= 'A' && c <= 'F') || (c >= 'a' && c <= 'f'); }
bool IsAlnum(char c) { return IsDigit(c) || IsUpper(c) || (c >= 'a' && c <= 'z'); }

/// Reads a text from its front. Every method either takes what it is named after and returns true,
/// or takes nothing.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : rest_(text) {}

  bool AtEnd() const { return rest_.empty(); }
  std::string_view rest() const { return rest_; }
  char Peek(size_t i = 0) const { return i < rest_.size() ? rest_[i] : '\0'; }
  void Skip(size_t n) { rest_.remove_prefix(n); }

  /// How many digits stand here.
  size_t DigitRun() const {
    size_t n = 0;
    while (IsDigit(Peek(n))) ++n;
    return n;
  }
  bool Take(char c) {
    if (Peek() != c || AtEnd()) return false;
    Skip(1);
    return true;
  }
  bool TakeOneOf(std::string_view chars) {
    if (AtEnd() || chars.find(Peek()) == std::string_view::npos) return false;
    Skip(1);
    return true;
  }
  bool TakeWord(std::string_view word) {
    if (!rest_.starts_with(word)) return false;
    Skip(word.size());
    return true;
  }
  /// One blank or more.
  bool TakeBlanks() {
    size_t n = 0;
    while (Peek(n) == ' ') ++n;
    Skip(n);
    return n > 0;
  }
  /// Exactly the next `n` digits; more may follow.
  bool TakeDigits(size_t n, int& value) {
    int sum = 0;
    for (size_t i = 0; i < n; ++i) {
      if (!IsDigit(Peek(i))) return false;
      sum = sum * 10 + (rest_[i] - '0');
    }
    Skip(n);
    value = sum;
    return true;
  }
  /// Takes one of `words`, all of three letters, and says which.
  template <size_t kCount>
  bool TakeOneOf(const std::array<std::string_view, kCount>& words, int& index) {
    for (size_t i = 0; i < kCount; ++i) {
      if (!TakeWord(words[i])) continue;
      index = static_cast<int>(i);
      return true;
    }
    return false;
  }
  /// `.5`, `,123456`: decimals of a second, cut to milliseconds.
  bool TakeFraction(int& ms) {
    if ((Peek() != '.' && Peek() != ',') || !IsDigit(Peek(1))) return false;
    Skip(1);
    const size_t n = DigitRun();
    ms = 0;
    for (size_t i = 0; i < 3; ++i) ms = ms * 10 + (i < n ? rest_[i] - '0' : 0);
    Skip(n);
    return true;
  }

 private:
  std::string_view rest_;
};

constexpr std::array<std::string_view, 7> kWeekdays = {"Sun", "Mon", "Tue", "Wed",
                                                       "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/// What a text says, before it is known whether such a moment exists.
struct Reading {
  enum class What {
    kNothing,
    kMoment,     ///< an epoch: `epoch_ms`
    kNumber,     ///< a bare number that is no epoch
    kTime,       ///< a date and a time of day
    kDate,       ///< a date alone
    kTimeOfDay,  ///< a time of day alone, or with a month and a day but no year
  };
  enum class Clock { k24h, kAm, kPm };
  enum class ZoneText { kNone, kOffset, kAbbreviation };

  What what = What::kNothing;
  TimeForm form = TimeForm::kIso;
  int64_t epoch_ms = 0;
  int year = 0, month = 1, day = 1, weekday = -1;
  bool has_day = false;  ///< kTimeOfDay: `month` and `day` are meant
  int hour = 0, minute = 0, second = 0, ms = 0;
  Clock clock = Clock::k24h;
  ZoneText zone = ZoneText::kNone;
  int offset_sign = 1, offset_hours = 0, offset_minutes = 0;
  std::string_view abbreviation;
};
using What = Reading::What;

TimeResult Fail(TimeError error) { return {std::nullopt, error}; }

date::year_month_day Calendar(const CivilDay& day) {
  return {date::year(day.year), date::month(static_cast<unsigned>(day.month)),
          date::day(static_cast<unsigned>(day.day))};
}

/// Days since 1970-01-01, or nullopt for days that do not exist, that another weekday is given for
/// (-1: none is given), or before 1970.
std::optional<int64_t> DayNumber(const CivilDay& day, int weekday) {
  const date::year_month_day calendar = Calendar(day);
  if (day.year < kFirstYear || !calendar.ok()) return std::nullopt;
  const date::sys_days days{calendar};
  if (weekday >= 0 && date::weekday(days).c_encoding() != static_cast<unsigned>(weekday)) {
    return std::nullopt;
  }
  return int64_t{days.time_since_epoch().count()};
}

CivilDay DayOf(const Reading& reading) { return {reading.year, reading.month, reading.day}; }

std::optional<int64_t> DayNumber(const Reading& reading) {
  return DayNumber(DayOf(reading), reading.weekday);
}

/// Milliseconds since midnight, or nullopt for hours that do not exist. Second 60 is the last
/// millisecond of its minute.
std::optional<int64_t> TimeOfDayMs(const Reading& reading) {
  int hour = reading.hour;
  if (reading.clock != Reading::Clock::k24h) {
    if (hour < 1 || hour > 12) return std::nullopt;
    hour = hour % 12 + (reading.clock == Reading::Clock::kPm ? 12 : 0);
  }
  if (hour > 23 || reading.minute > 59 || reading.second > 60) return std::nullopt;
  const bool leap = reading.second == 60;
  return hour * kHourMs + reading.minute * kMinuteMs +
         (leap ? kMinuteMs - 1 : reading.second * kSecondMs + reading.ms);
}

/// All but the date, which counts only where it lacks its year; nullopt for hours, offsets and days
/// that do not exist.
std::optional<PartialTime> WithoutDate(const Reading& reading) {
  const std::optional<int64_t> ms_of_day = TimeOfDayMs(reading);
  if (!ms_of_day) return std::nullopt;
  PartialTime partial;
  partial.ms_of_day = *ms_of_day;
  partial.leap_second = reading.second == 60;
  partial.form = reading.form;
  partial.weekday = reading.weekday;
  if (reading.has_day) {
    // Of some year: the 29th of February exists.
    constexpr int kLeapYear = 2000;
    if (!Calendar({kLeapYear, reading.month, reading.day}).ok()) return std::nullopt;
    partial.has_day = true;
    partial.month = reading.month;
    partial.day = reading.day;
  }
  if (reading.zone == Reading::ZoneText::kOffset) {
    if (reading.offset_hours > 23 || reading.offset_minutes > 59) return std::nullopt;
    partial.offset_ms =
        reading.offset_sign * (reading.offset_hours * kHourMs + reading.offset_minutes * kMinuteMs);
  }
  assert(reading.abbreviation.size() < sizeof(partial.abbreviation));
  std::copy(reading.abbreviation.begin(), reading.abbreviation.end(), partial.abbreviation);
  return partial;
}

/// The moment of a local time on the clock that the text or else the user names.
TimeResult ResolveLocal(const PartialTime& partial, int64_t local_ms, const Zone& zone) {
  const std::string_view abbreviation = partial.abbreviation;
  ParsedTime time;
  time.form = partial.form;
  time.zone_given = partial.offset_ms.has_value() || !abbreviation.empty();
  if (partial.offset_ms || abbreviation == "UTC" || abbreviation == "GMT" || abbreviation == "Z") {
    time.utc_ms = local_ms - partial.offset_ms.value_or(0);
    return {time, {}};
  }

  LocalTime meaning;
  if (abbreviation.empty()) {
    meaning = zone.Resolve(local_ms);
    if (meaning.matches == 0) return Fail(TimeError::kGap);
  } else {
    meaning = zone.Resolve(local_ms, abbreviation);
    if (meaning.matches == 0) {
      meaning = ResolveAbbreviation(local_ms, abbreviation);
      if (meaning.matches == 0) return Fail(TimeError::kUnknownZone);
      if (meaning.matches > 1) return Fail(TimeError::kAmbiguousZone);
    }
  }
  time.utc_ms = meaning.utc_ms;
  time.ambiguous = meaning.matches > 1;
  // The clock has been set back by then, and since 1970 none was changed again within a day.
  if (time.ambiguous) {
    time.later_ms = local_ms - zone.OffsetSeconds(meaning.utc_ms + kDayMs) * kSecondMs;
  }
  return {time, {}};
}

TimeResult Resolve(const Reading& reading, const Zone& zone) {
  switch (reading.what) {
    case What::kNothing:
      return Fail(TimeError::kNotATime);
    case What::kNumber:
      return Fail(TimeError::kOutOfRange);
    case What::kMoment:
      return {ParsedTime{reading.epoch_ms, reading.form, true, false}, {}};
    case What::kDate:
      return Fail(DayNumber(reading) ? TimeError::kNoTimeOfDay : TimeError::kOutOfRange);
    case What::kTimeOfDay:
    case What::kTime:
      break;
  }
  const std::optional<PartialTime> partial = WithoutDate(reading);
  if (!partial) return Fail(TimeError::kOutOfRange);
  if (reading.what == What::kTimeOfDay) return {std::nullopt, TimeError::kNoDate, partial};
  return CompleteTime(*partial, DayOf(reading), zone);
}

/// `07:37`, `7:37:27`, `07:37:27.123`.
bool TakeTimeOfDay(Cursor& text, Reading& reading) {
  Cursor ahead = text;
  const size_t hour_digits = ahead.DigitRun();
  if (hour_digits < 1 || hour_digits > 2 || !ahead.TakeDigits(hour_digits, reading.hour) ||
      !ahead.Take(':') || !ahead.TakeDigits(2, reading.minute)) {
    return false;
  }
  if (ahead.Take(':')) {
    if (!ahead.TakeDigits(2, reading.second)) return false;
    ahead.TakeFraction(reading.ms);
  }
  text = ahead;
  return true;
}

/// `073727`.
bool TakeCompactTimeOfDay(Cursor& text, Reading& reading) {
  return text.TakeDigits(2, reading.hour) && text.TakeDigits(2, reading.minute) &&
         text.TakeDigits(2, reading.second);
}

/// ` AM`, ` PM`.
void TakeHalfOfDay(Cursor& text, Reading& reading) {
  for (const auto& [word, clock] :
       {std::pair(" AM", Reading::Clock::kAm), std::pair(" PM", Reading::Clock::kPm),
        std::pair(" am", Reading::Clock::kAm), std::pair(" pm", Reading::Clock::kPm)}) {
    if (IsAlnum(text.Peek(3)) || !text.TakeWord(word)) continue;
    reading.clock = clock;
    return;
  }
}

/// `+00:00`, `-0330`, `+00`, as `date` and ISO 8601 write offsets.
bool TakeOffset(Cursor& text, Reading& reading) {
  if (text.Peek() != '+' && text.Peek() != '-') return false;
  Cursor ahead = text;
  reading.offset_sign = ahead.Peek() == '-' ? -1 : 1;
  ahead.Skip(1);
  if (!ahead.TakeDigits(2, reading.offset_hours)) return false;
  if (ahead.Peek() == ':' || IsDigit(ahead.Peek())) {
    ahead.Take(':');
    if (!ahead.TakeDigits(2, reading.offset_minutes)) return false;
  }
  if (IsAlnum(ahead.Peek())) return false;
  reading.zone = Reading::ZoneText::kOffset;
  text = ahead;
  return true;
}

/// `UTC`, `CEST`, `Z`. Six letters are the longest that POSIX promises to take.
bool TakeAbbreviation(Cursor& text, Reading& reading) {
  size_t n = 0;
  while (IsUpper(text.Peek(n))) ++n;
  if (n == 0 || n > 6 || IsAlnum(text.Peek(n))) return false;
  reading.zone = Reading::ZoneText::kAbbreviation;
  reading.abbreviation = text.rest().substr(0, n);
  text.Skip(n);
  return true;
}

bool TakeZone(Cursor& text, Reading& reading) {
  return TakeOffset(text, reading) || TakeAbbreviation(text, reading);
}

/// What stands behind the seconds of an ISO time: nothing, or a zone with or without a blank.
Reading FinishTime(Cursor text, Reading reading) {
  reading.what = What::kTime;
  if (text.AtEnd()) return reading;
  text.Take(' ');
  if (!TakeZone(text, reading) || !text.AtEnd()) return {};
  return reading;
}

/// `2026-11-22`, `2026/11/22`, and a time of day behind `T` or a blank.
Reading ReadIso(std::string_view whole) {
  Cursor text(whole);
  Reading reading;
  if (!text.TakeDigits(4, reading.year)) return {};
  const char separator = text.Peek();
  if (!text.TakeOneOf("-/") || !text.TakeDigits(2, reading.month) || !text.Take(separator) ||
      !text.TakeDigits(2, reading.day)) {
    return {};
  }
  reading.what = What::kDate;
  if (text.AtEnd()) return reading;
  if (!text.TakeOneOf("T ") || !TakeTimeOfDay(text, reading)) return {};
  return FinishTime(text, reading);
}

/// `20261122-073727`, `20261122T073727Z`, `20261122073727`.
Reading ReadCompact(std::string_view whole) {
  Cursor text(whole);
  Reading reading;
  reading.form = TimeForm::kCompact;
  if (!text.TakeDigits(4, reading.year) || !text.TakeDigits(2, reading.month) ||
      !text.TakeDigits(2, reading.day)) {
    return {};
  }
  reading.what = What::kDate;
  if (text.AtEnd()) return reading;
  text.TakeOneOf("T-_ ");
  if (!TakeCompactTimeOfDay(text, reading) || IsDigit(text.Peek())) return {};
  text.TakeFraction(reading.ms);
  return FinishTime(text, reading);
}

/// An epoch in seconds, milliseconds or microseconds by the number of its digits, 10, 13 or 16;
/// other counts are no epoch.
std::optional<int64_t> EpochMs(std::string_view digits) {
  if (digits[0] == '0') return std::nullopt;
  int64_t value = 0;
  if (digits.size() != 10 && digits.size() != 13 && digits.size() != 16) return std::nullopt;
  for (const char c : digits) value = value * 10 + (c - '0');
  if (digits.size() == 10) return value * 1000;
  return digits.size() == 13 ? value : value / 1000;
}

Reading ReadNumber(std::string_view digits) {
  Reading reading;
  reading.what = What::kNumber;
  reading.form = TimeForm::kEpoch;
  if (const std::optional<int64_t> epoch_ms = EpochMs(digits)) {
    reading.what = What::kMoment;
    reading.epoch_ms = *epoch_ms;
    return reading;
  }
  if (digits.size() != 8 && digits.size() != 14) return reading;
  const Reading compact = ReadCompact(digits);
  return DayNumber(compact) && TimeOfDayMs(compact) ? compact : reading;
}

Reading ReadEpochFraction(std::string_view whole) {
  Reading reading;
  Cursor text(whole);
  const std::optional<int64_t> epoch_ms = EpochMs(whole.substr(0, text.DigitRun()));
  text.Skip(text.DigitRun());
  if (!epoch_ms || !text.TakeFraction(reading.ms) || !text.AtEnd()) return {};
  reading.what = What::kMoment;
  reading.form = TimeForm::kEpochFraction;
  reading.epoch_ms = *epoch_ms + reading.ms;
  return reading;
}

/// `07:37:27`, `T07:37:27.123`, `7:37:27 AM`.
Reading ReadTimeOfDay(std::string_view whole) {
  Cursor text(whole);
  Reading reading;
  text.Take('T');
  if (!TakeTimeOfDay(text, reading)) return {};
  TakeHalfOfDay(text, reading);
  if (reading.clock != Reading::Clock::k24h) reading.form = TimeForm::kDate12h;
  reading = FinishTime(text, reading);
  if (reading.what == What::kTime) reading.what = What::kTimeOfDay;
  return reading;
}

/// `Nov 22` or `22 Nov`.
bool TakeMonthAndDay(Cursor& text, Reading& reading) {
  const auto take_day = [&] {
    const size_t digits = text.DigitRun();
    return (digits == 1 || digits == 2) && text.TakeDigits(digits, reading.day);
  };
  int month = 0;
  const bool day_first = take_day() && text.TakeBlanks();
  if (!text.TakeOneOf(kMonths, month)) return false;
  reading.month = month + 1;
  return day_first || (text.TakeBlanks() && take_day());
}

/// ` 2026`, if that stands here.
bool TakeYear(Cursor& text, Reading& reading) {
  Cursor ahead = text;
  if (!ahead.TakeBlanks() || ahead.DigitRun() != 4) return false;
  ahead.TakeDigits(4, reading.year);
  if (!ahead.AtEnd() && ahead.Peek() != ' ') return false;
  text = ahead;
  return true;
}

/// The day of a time that names its month, and perhaps the year: `Sun Nov 22`, `Sun, 22 Nov 2026`,
/// `Nov 22, 2026`, `2026 Nov 22`.
bool TakeNamedDate(Cursor& text, Reading& reading, bool& year_known) {
  if (text.TakeOneOf(kWeekdays, reading.weekday)) {
    text.Take(',');
    if (!text.TakeBlanks()) return false;
  }
  year_known = text.DigitRun() == 4;
  if (year_known && (!text.TakeDigits(4, reading.year) || !text.TakeBlanks())) return false;
  if (!TakeMonthAndDay(text, reading)) return false;
  if (year_known) return true;
  const bool comma = text.Take(',');
  year_known = TakeYear(text, reading);
  return year_known || !comma;
}

/// What names its month: the output of `date` in the C locale, the English ones and with -R, and
/// the times of logs. A weekday perhaps, month and day in either order, a time, perhaps AM or PM,
/// perhaps a zone; the year first, before the time, at the end or nowhere.
Reading ReadNamedMonth(std::string_view whole) {
  Cursor text(whole);
  Reading reading;
  reading.form = TimeForm::kDateC;
  bool year_known = false;
  if (!TakeNamedDate(text, reading, year_known)) return {};
  reading.what = What::kDate;
  if (text.AtEnd() && year_known) return reading;
  if (!text.TakeBlanks() || !TakeTimeOfDay(text, reading)) return {};
  TakeHalfOfDay(text, reading);
  if (reading.clock != Reading::Clock::k24h) reading.form = TimeForm::kDate12h;
  if (!year_known) year_known = TakeYear(text, reading);
  if (text.TakeBlanks() && !TakeZone(text, reading)) return {};
  if (!year_known) year_known = TakeYear(text, reading);
  if (!text.AtEnd()) return {};
  reading.what = year_known ? What::kTime : What::kTimeOfDay;
  reading.has_day = !year_known;
  return reading;
}

/// `22/Nov/2026:07:37:27 +0000`, as web servers log.
Reading ReadSlashedMonth(std::string_view whole) {
  Cursor text(whole);
  Reading reading;
  reading.form = TimeForm::kDateC;
  int month = 0;
  if (!text.TakeDigits(text.DigitRun(), reading.day) || !text.Take('/') ||
      !text.TakeOneOf(kMonths, month) || !text.Take('/') || text.DigitRun() != 4 ||
      !text.TakeDigits(4, reading.year) || !text.Take(':') || !TakeTimeOfDay(text, reading)) {
    return {};
  }
  reading.month = month + 1;
  return FinishTime(text, reading);
}

Reading ReadDigits(std::string_view whole) {
  const size_t run = Cursor(whole).DigitRun();
  if (run == whole.size()) return ReadNumber(whole);
  const char next = whole[run];
  if (run == 4 && (next == '-' || next == '/')) return ReadIso(whole);
  if (run == 10 && (next == '.' || next == ',')) return ReadEpochFraction(whole);
  if (run == 8 || run == 14) return ReadCompact(whole);
  if (run <= 2 && next == ':') return ReadTimeOfDay(whole);
  if (run <= 2 && next == '/') return ReadSlashedMonth(whole);
  if ((run <= 2 || run == 4) && next == ' ') return ReadNamedMonth(whole);
  return {};
}

using Reader = Reading (*)(std::string_view);

/// Chooses by the first bytes, so that most lines that are no time cost a comparison or two;
/// nullptr where no time begins so.
Reader ReaderOf(std::string_view text) {
  if (text.empty()) return nullptr;
  if (IsDigit(text[0])) return ReadDigits;
  if (text[0] == 'T' && text.size() > 1 && IsDigit(text[1])) return ReadTimeOfDay;
  // Of weekdays and months.
  constexpr std::string_view kInitials = "ADFJMNOSTW";
  const bool word_of_three = text.size() > 3 && (text[3] == ' ' || text[3] == ',');
  if (!word_of_three || kInitials.find(text[0]) == std::string_view::npos) return nullptr;
  return ReadNamedMonth;
}

Reading Read(std::string_view text) {
  const Reader reader = ReaderOf(text);
  return reader != nullptr ? reader(text) : Reading();
}

/// False for most text that begins with a number.
bool BeginsLikeTime(std::string_view digits_and_more) {
  Cursor text(digits_and_more);
  const size_t run = text.DigitRun();
  text.Skip(run);
  if (run == 8 || run == 10 || run == 13 || run == 14 || run == 16) return true;
  if (run != 1 && run != 2 && run != 4) return false;
  if (text.TakeBlanks()) return IsUpper(text.Peek());
  return text.TakeOneOf(run == 4 ? "-/" : ":/") && IsAlnum(text.Peek());
}

/// True where the zone that the reading ends with is a word that no zone calls itself then; of a
/// time without its date, neither in winter nor in summer.
bool EndsWithOtherWord(std::string_view text, const Reading& reading, const Zone& zone) {
  if (reading.zone != Reading::ZoneText::kAbbreviation || !text.ends_with(reading.abbreviation)) {
    return false;
  }
  Reading at = reading;
  if (at.what == What::kTime) return Resolve(at, zone).error == TimeError::kUnknownZone;
  at.what = What::kTime;
  at.year = 2025;
  at.weekday = -1;
  at.day = 10;
  for (const int month : {1, 7}) {
    at.month = month;
    if (Resolve(at, zone).error != TimeError::kUnknownZone) return false;
  }
  return true;
}

/// True where a time at the front of `text` may end before its byte `end`.
bool MayEndBefore(std::string_view text, size_t end) {
  constexpr std::string_view kBlanks = " \t\r";
  constexpr std::string_view kEnds = " \t\r])>,;|";
  constexpr std::string_view kMarks = ":-=";  // may stand within a time, too
  constexpr size_t kAddressDigits = 8;
  if (kBlanks.find(text[end - 1]) != std::string_view::npos) return false;
  if (end == text.size() || kEnds.find(text[end]) != std::string_view::npos) return true;
  if (kMarks.find(text[end]) == std::string_view::npos) return false;
  const std::string_view behind = text.substr(end + 1);
  if (!behind.empty() && kBlanks.find(behind[0]) == std::string_view::npos) return false;
  // `2026: 0100007F:1538` is a row and its number, not a year or an epoch.
  size_t digits = 0;
  while (digits + 1 < behind.size() && IsHexDigit(behind[digits + 1])) ++digits;
  return text[end] != ':' || digits < kAddressDigits;
}

/// True for what ReadTimeAtFront takes as a time, or a part of one.
bool IsTimeAtFront(const Reading& reading) {
  return reading.what == What::kMoment || reading.what == What::kTimeOfDay ||
         (reading.what == What::kTime && reading.year >= kFirstYear);
}

/// `2026-11-22`, `2026_11_22`, `2026.11.22` or `20261122`; `separator` is 0 for the last.
bool TakeDateInName(Cursor& text, Reading& reading, char& separator) {
  const size_t run = text.DigitRun();
  separator = 0;
  if (run != 4 && run != 8 && run != 14) return false;
  text.TakeDigits(4, reading.year);
  if (run == 4) {
    separator = text.Peek();
    if (!text.TakeOneOf("-_.")) return false;
  }
  if (!text.TakeDigits(2, reading.month)) return false;
  if (run == 4 && !text.Take(separator)) return false;
  if (!text.TakeDigits(2, reading.day)) return false;
  if (run == 4 && IsDigit(text.Peek())) return false;
  constexpr int kLastYearInName = 2099;
  return reading.year <= kLastYearInName && DayNumber(reading).has_value();
}

/// The time of day behind a date in a name: `T073727`, `_07-37-27`, `-07:37:27`, `T07:37`, `
/// 073727`. Without seconds only where it can't be two more counters: behind `T`, with colons, or
/// with another separator than the one that joins it to the date.
bool TakeTimeInName(Cursor& text, Reading& reading, char date_separator) {
  if (text.DigitRun() == 6 && date_separator == 0) {  // 20261122073727
    return TakeCompactTimeOfDay(text, reading) && TimeOfDayMs(reading).has_value();
  }
  const char joint = text.Peek();
  if (!text.TakeOneOf("T_-. @:/+")) return false;
  const size_t run = text.DigitRun();
  if (run == 6 && date_separator != '.') {
    return TakeCompactTimeOfDay(text, reading) && TimeOfDayMs(reading).has_value();
  }
  if (run == 4 && joint == 'T') {
    return text.TakeDigits(2, reading.hour) && text.TakeDigits(2, reading.minute) &&
           TimeOfDayMs(reading).has_value();
  }
  if (run != 2 || !text.TakeDigits(2, reading.hour)) return false;
  const char separator = text.Peek();
  if (!text.TakeOneOf(":-_.") || text.DigitRun() != 2) return false;
  text.TakeDigits(2, reading.minute);
  Cursor ahead = text;
  if (ahead.Take(separator) && ahead.DigitRun() == 2) {
    ahead.TakeDigits(2, reading.second);
    text = ahead;
  } else if (joint != 'T' && separator != ':' && separator == joint) {
    return false;
  }
  return TimeOfDayMs(reading).has_value();
}

/// The zone behind a time in a name. A minus sign there is mostly a separator, so `-0500` is an
/// offset only with a colon or in a time with `T`; of abbreviations behind a separator only UTC and
/// GMT are taken, since others may be words.
void TakeZoneInName(Cursor& text, Reading& reading, bool iso, const Zone& zone) {
  if (text.Peek() == '+' || (text.Peek() == '-' && (iso || text.Peek(3) == ':'))) {
    Reading with_offset = reading;
    const bool digits_alone = text.Peek() == '-' && text.Peek(3) != ':';
    constexpr size_t kHoursAndMinutes = 5;
    Cursor ahead = text;
    if (TakeOffset(ahead, with_offset) && with_offset.offset_hours <= 14 &&
        with_offset.offset_minutes % 15 == 0 &&
        (!digits_alone || text.rest().size() - ahead.rest().size() == kHoursAndMinutes)) {
      reading = with_offset;
      text = ahead;
      return;
    }
  }
  Reading with_name = reading;
  Cursor ahead = text;
  const bool separate = ahead.TakeOneOf("_- .");
  if (ahead.Peek() == 'z' && !IsAlnum(ahead.Peek(1)) && !separate) {
    reading.zone = Reading::ZoneText::kAbbreviation;
    reading.abbreviation = "Z";
    return;
  }
  if (!TakeAbbreviation(ahead, with_name)) return;
  const bool utc = with_name.abbreviation == "UTC" || with_name.abbreviation == "GMT";
  if (separate ? utc : Resolve(with_name, zone).error != TimeError::kUnknownZone) {
    reading = with_name;
  }
}

/// A date at the front of `name`, with or without a time of day.
Reading ReadInName(std::string_view name, const Zone& zone) {
  Cursor text(name);
  Reading reading;
  char date_separator = 0;
  if (!TakeDateInName(text, reading, date_separator)) return {};
  reading.form = date_separator == 0 ? TimeForm::kCompact : TimeForm::kIso;
  Reading with_time = reading;
  const bool iso = text.Peek() == 'T';
  reading.what = What::kDate;
  if (!TakeTimeInName(text, with_time, date_separator)) return reading;
  with_time.what = What::kTime;
  // `.123` behind a compact time is as likely a process id.
  if (iso && text.Peek() == '.') {
    Cursor ahead = text;
    ahead.Skip(1);
    const size_t digits = ahead.DigitRun();
    if (digits == 3 || digits == 6 || digits == 9) text.TakeFraction(with_time.ms);
  }
  TakeZoneInName(text, with_time, iso, zone);
  return with_time;
}

/// True for `2026112207`, which as an epoch would be a moment in 2034.
bool ReadsAsDateAndHour(std::string_view digits) {
  Cursor text(digits);
  Reading reading;
  return digits.size() == 10 && text.TakeDigits(4, reading.year) &&
         text.TakeDigits(2, reading.month) && text.TakeDigits(2, reading.day) &&
         text.TakeDigits(2, reading.hour) && DayNumber(reading) && TimeOfDayMs(reading);
}

/// An epoch at the front of `name`, up to a separator or the end.
Reading ReadEpochInName(std::string_view name) {
  Cursor text(name);
  const std::string_view digits = name.substr(0, text.DigitRun());
  const std::optional<int64_t> epoch_ms = EpochMs(digits);
  text.Skip(digits.size());
  if (!epoch_ms || IsAlnum(text.Peek())) return {};
  Reading reading;
  if (ReadsAsDateAndHour(digits)) {
    reading.what = What::kDate;
    Cursor(digits).TakeDigits(4, reading.year);
    return reading;
  }
  reading.what = What::kMoment;
  reading.form = TimeForm::kEpoch;
  reading.epoch_ms = *epoch_ms;
  // Fewer decimals are the number of a rotated log ("tcp.1795333047.1").
  Cursor ahead = text;
  constexpr size_t kFewestDecimals = 3;
  if (digits.size() == 10 && ahead.Take('.') && ahead.DigitRun() >= kFewestDecimals &&
      !IsAlnum(ahead.Peek(ahead.DigitRun()))) {
    text.TakeFraction(reading.ms);
    reading.form = TimeForm::kEpochFraction;
    reading.epoch_ms += reading.ms;
  }
  return reading;
}

std::string FormatCivil(int64_t local_ms, char joint) {
  using std::chrono::milliseconds;
  const date::sys_time<milliseconds> time{milliseconds(local_ms)};
  const auto days = date::floor<date::days>(time);
  const date::year_month_day day{days};
  const int64_t rest = (time - days).count();
  std::array<char, 64> text{};
  int length = std::snprintf(
      text.data(), text.size(), "%04d-%02u-%02u%c%02d:%02d:%02d", int{day.year()},
      unsigned{day.month()}, unsigned{day.day()}, joint, static_cast<int>(rest / kHourMs),
      static_cast<int>(rest / kMinuteMs % 60), static_cast<int>(rest / kSecondMs % 60));
  std::string result(text.data(), static_cast<size_t>(length));
  if (rest % kSecondMs == 0) return result;
  length = std::snprintf(text.data(), text.size(), ".%03d", static_cast<int>(rest % kSecondMs));
  return result.append(text.data(), static_cast<size_t>(length));
}

/// The last moment at or before `end_ms` at which the zone's clock showed this time of day.
TimeResult LastTimeOfDay(const Reading& reading, const Zone& zone, int64_t end_ms) {
  const int64_t end_local_ms = end_ms + zone.OffsetSeconds(end_ms) * kSecondMs;
  const auto end_day = date::floor<date::days>(
      date::sys_time<std::chrono::milliseconds>{std::chrono::milliseconds(end_local_ms)});
  const std::optional<PartialTime> partial = WithoutDate(reading);
  if (!partial) return Fail(TimeError::kOutOfRange);
  TimeResult result;
  // From tomorrow on, since the text may name another zone, where the next day has begun.
  for (int back = -1; back <= 2; ++back) {
    const date::year_month_day day{end_day - date::days(back)};
    result = CompleteTime(*partial,
                          {int{day.year()}, static_cast<int>(unsigned{day.month()}),
                           static_cast<int>(unsigned{day.day()})},
                          zone);
    if (result.time ? result.time->utc_ms <= end_ms : back >= 0) break;
  }
  return result;
}

/// The first moment of a day, as the buckets have it.
TimeResult FirstOfDay(const Reading& reading, const Zone& zone) {
  const LocalTime noon = zone.Resolve(*DayNumber(reading) * kDayMs + kDayMs / 2);
  if (noon.matches == 0) return Fail(TimeError::kGap);
  const int64_t begin_ms = Buckets(zone, kDayMs).Start(noon.utc_ms);
  return {ParsedTime{begin_ms, reading.form, false, false}, {}};
}

}  // namespace

std::string_view TimeErrorSentence(TimeError error) {
  switch (error) {
    case TimeError::kNotATime:
      return "this is no time in a form that is known; write it like 2026-11-22T07:37:27Z";
    case TimeError::kNoDate:
      return "the time has no date, or a date without its year; write it like "
             "2026-11-22T07:37:27Z";
    case TimeError::kNoTimeOfDay:
      return "the date has no time of day; give the whole time, like 2026-11-22T07:37:27Z";
    case TimeError::kOutOfRange:
      return "no such time exists; look for a wrong day, weekday, hour or number of digits";
    case TimeError::kAmbiguousZone:
      return "the zone's abbreviation means several offsets; say with --tz which zone it is";
    case TimeError::kUnknownZone:
      return "no zone uses this abbreviation at that time; say with --tz which zone it is";
    case TimeError::kRelative:
      return "the times count from a start; say with --start when that was";
    case TimeError::kOtherDate:
      return "the day is far from that of --date, which is the day of the first time";
    case TimeError::kGap:
      return "the clock skipped this local time; check --tz, or write the time with its offset";
  }
  assert(false);
  return {};
}

TimeResult ParseTime(std::string_view text, const Zone& zone) { return Resolve(Read(text), zone); }

TimeAtFront ReadTimeAtFront(std::string_view text, const Zone& zone) {
  const Reader reader = ReaderOf(text);
  if (reader == nullptr || (IsDigit(text[0]) && !BeginsLikeTime(text))) return {};
  constexpr size_t kLongest = 64;
  const size_t limit = std::min(text.size(), kLongest);
  Reading longest;
  size_t length = 0;
  bool found = false;
  for (size_t end = 1; end <= limit; ++end) {
    if (!MayEndBefore(text, end)) continue;
    const std::string_view part = text.substr(0, end);
    const Reading reading = reader(part);
    // What stands behind a whole time makes it longer word by word or not at all.
    if (reading.what == What::kNothing && found) break;
    if (!IsTimeAtFront(reading)) continue;
    found = true;
    if (EndsWithOtherWord(part, reading, zone)) continue;
    longest = reading;
    length = end;
  }
  return {Resolve(longest, zone), length};
}

std::optional<CivilDay> ParseDay(std::string_view text) {
  const Reading reading = ReadIso(text);
  if (reading.what != What::kDate || !DayNumber(reading)) return std::nullopt;
  return DayOf(reading);
}

TimeResult CompleteTime(const PartialTime& partial, const CivilDay& day, const Zone& zone) {
  const std::optional<int64_t> number = DayNumber(
      partial.has_day ? CivilDay{day.year, partial.month, partial.day} : day, partial.weekday);
  if (!number) return Fail(TimeError::kOutOfRange);
  const TimeResult result = ResolveLocal(partial, *number * kDayMs + partial.ms_of_day, zone);
  // Leap seconds are at the end of a day of UTC, whatever the local hour.
  if (result.time && partial.leap_second && (result.time->utc_ms + 1) % kDayMs != 0) {
    return Fail(TimeError::kOutOfRange);
  }
  return result;
}

TimeResult FindTimeInName(std::string_view name, const Zone& zone) {
  bool date_seen = false;
  for (size_t i = 0; i < name.size(); ++i) {
    if (!IsDigit(name[i]) || (i > 0 && IsDigit(name[i - 1]))) continue;
    Reading reading = ReadInName(name.substr(i), zone);
    if (reading.what == What::kNothing && (i == 0 || !IsAlnum(name[i - 1]))) {
      reading = ReadEpochInName(name.substr(i));
    }
    if (reading.what == What::kTime || reading.what == What::kMoment) {
      return Resolve(reading, zone);
    }
    date_seen = date_seen || reading.what == What::kDate;
  }
  return Fail(date_seen ? TimeError::kNoTimeOfDay : TimeError::kNotATime);
}

TimeResult ParseTimeArgument(std::string_view text, const Zone& zone, int64_t end_ms) {
  if (text.starts_with('-')) {
    const std::optional<int64_t> back_ms = ParseDuration(text.substr(1));
    if (!back_ms) return Fail(TimeError::kNotATime);
    return {ParsedTime{end_ms - *back_ms, TimeForm::kIso, true, false}, {}};
  }
  const Reading reading = Read(text);
  if (reading.what == What::kTimeOfDay && !reading.has_day) {
    return LastTimeOfDay(reading, zone, end_ms);
  }
  if (reading.what == What::kDate && DayNumber(reading)) return FirstOfDay(reading, zone);
  return Resolve(reading, zone);
}

std::optional<int64_t> ParseDuration(std::string_view text) {
  Cursor rest(text);
  const size_t digits = rest.DigitRun();
  constexpr size_t kMostDigits = 9;  // days of so many still fit
  if (digits == 0 || digits > kMostDigits) return std::nullopt;
  int whole = 0, thousandths = 0;
  rest.TakeDigits(digits, whole);
  if (rest.Peek() == '.' && !rest.TakeFraction(thousandths)) return std::nullopt;
  for (const auto& [unit, unit_ms] :
       {std::pair("ms", int64_t{1}), std::pair("s", kSecondMs), std::pair("m", kMinuteMs),
        std::pair("h", kHourMs), std::pair("d", kDayMs)}) {
    if (rest.rest() != unit) continue;
    const int64_t ms = whole * unit_ms + thousandths * unit_ms / 1000;
    return ms > 0 ? std::optional(ms) : std::nullopt;
  }
  return std::nullopt;
}

std::string FormatIsoUtc(int64_t utc_ms) { return FormatCivil(utc_ms, 'T') + "Z"; }

std::string FormatLocal(int64_t utc_ms, const Zone& zone) {
  return FormatCivil(utc_ms + zone.OffsetSeconds(utc_ms) * kSecondMs, ' ');
}

std::string FormatLocalWithOffset(int64_t utc_ms, const Zone& zone) {
  const int64_t minutes = zone.OffsetSeconds(utc_ms) / 60;
  std::array<char, 16> offset{};
  const int64_t size = minutes < 0 ? -minutes : minutes;
  std::snprintf(offset.data(), offset.size(), "%c%02d:%02d", minutes < 0 ? '-' : '+',
                static_cast<int>(size / 60), static_cast<int>(size % 60));
  return FormatLocal(utc_ms, zone) + offset.data();
}

std::optional<int64_t> ParseBucketWidth(std::string_view text) {
  const std::optional<int64_t> width_ms = ParseDuration(text);
  if (!width_ms || *width_ms < kSecondMs || kDayMs % *width_ms != 0) return std::nullopt;
  return width_ms;
}

}  // namespace tcpsnap::capture
