// Times as captures write them: text -> UTC milliseconds, and back.
//
//   1795333047            1795333047.123456        1795333047123 (ms)     1795333047123456 (us)
//   2026-11-22T07:37:27+00:00   2026-11-22 07:37:27.5 UTC   2026/11/22 07:37   20261122-073727
//   Sun Nov 22 07:37:27 UTC 2026                   Sun Nov 22 07:37:27 AM UTC 2026
//   Sun, 22 Nov 2026 07:37:27 +0000                Sun 22 Nov 07:37:27 CET 2026
//   Nov 22 2026 07:37:27       Nov 22, 2026 07:37:27 UTC       22 Nov 2026 07:37:27
//   2026 Nov 22 07:37:27       22/Nov/2026:07:37:27 +0000
//   Nov 22 07:37:27            07:37:27.5              T07:37  (partial: see PartialTime)
//
// Refused: a date without a time of day; a time of day without a date or with a date that lacks its
// year (a capture's clock is never guessed, but what there is is told); days that do not exist,
// weekdays that contradict the date, years before 1970; dates of numbers alone that do not begin
// with the year (`11/12/2026` is of November or of December); zone abbreviations that mean several
// offsets (`CST`, `IST`) and that the zone given by the user does not settle. A leap second
// (23:59:60 UTC) is taken as the last millisecond of its minute, so that times keep their order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "capture/zone.h"

namespace tcpsnap::capture {

/// What makes a time unusable.
enum class TimeError : uint8_t {
  kNotATime,       ///< the text has no form that is known
  kNoDate,         ///< a time of day alone, or a date that lacks its year
  kNoTimeOfDay,    ///< a date alone
  kOutOfRange,     ///< a day or hour that does not exist; a number that is no epoch
  kAmbiguousZone,  ///< the abbreviation means several offsets at that time: a zone must be given
  kUnknownZone,    ///< an abbreviation that no zone uses at that time
  kGap,            ///< a local time that a change of the clock skipped
  kRelative,       ///< a time since a start that nobody told
  kOtherDate,      ///< a date without its year that is far from the day given for it
};

/// One sentence: what is wrong and what to do.
std::string_view TimeErrorSentence(TimeError error);

/// Which form a time was written in; a layout's name is made of it.
enum class TimeForm : uint8_t {
  kEpoch,          ///< a bare number: seconds, milliseconds or microseconds
  kEpochFraction,  ///< seconds with decimals
  kDateC,          ///< `date` in the C locale, and all others that name the month
  kDate12h,        ///< the same with AM or PM
  kIso,            ///< ISO 8601 and its relatives, with or without zone
  kCompact,        ///< 20261122-073727, as in file names
};

/// A time that lacks its date or its year. TimeKeeper (time_keeper.h) makes a whole one of it.
struct PartialTime {
  bool has_day = false;    ///< month and day are known, the year is not
  int month = 1, day = 1;  ///< meaningful with has_day
  int weekday = -1;        ///< 0 Sunday; -1 unsaid
  int64_t ms_of_day = 0;
  std::optional<int64_t> offset_ms;  ///< ahead of UTC, where the text says it
  char abbreviation[7] = "";         ///< of its zone, where the text says that; else empty
  bool leap_second = false;          ///< second 60; `ms_of_day` is the last of its minute
  TimeForm form = TimeForm::kIso;    ///< kIso for a time of day of 24 hours
};

struct ParsedTime {
  int64_t utc_ms = 0;
  TimeForm form = TimeForm::kEpoch;
  bool zone_given = true;  ///< false: the text had no zone, `zone` was used
  bool ambiguous = false;  ///< a local time that occurs twice; the first was taken
  int64_t later_ms = 0;    ///< UTC of the second, where it occurs twice
};

/// A time, or why there is none.
struct TimeResult {
  std::optional<ParsedTime> time;
  TimeError error = TimeError::kNotATime;   ///< meaningful when there is no time
  std::optional<PartialTime> partial = {};  ///< with kNoDate: what there is
};

/// Parses the whole of `text` (no blanks around it), taking it as local time of `zone` where it
/// names none. A bare number is an epoch only between 10^9 and 10^10 s (or that times 10^3 or
/// 10^6). An abbreviation (`CET`) is resolved by `zone` if that zone uses it then, else when all
/// zones that use it then agree on the offset. Decimals of a second are cut to milliseconds.
/// Allocates nothing, and fails on the first bytes of most text that is no time.
TimeResult ParseTime(std::string_view text, const Zone& zone);

/// Finds a time inside a file or folder name, or a path of them: words may stand around it
/// ("tcp.20261122-073727", "2026-11-22T07:37:27+00:00.txt", "web1_1795333047.log",
/// "2026-11-22_07-37-27", "20261122/073727"). An epoch must stand alone between separators and not
/// read as a date ("2026112207"). The first time counts. Digits that are no date or no hour are
/// taken for a process id, a version or the like, never for a broken time.
TimeResult FindTimeInName(std::string_view name, const Zone& zone);

/// A time at the front of a text, and how many bytes it takes; 0 where there is none.
struct TimeAtFront {
  TimeResult result;
  size_t length = 0;
};

/// The longest time that ParseTime knows (partial ones too: `Nov 22 07:37:27`, `07:37:27.123`,
/// `T07:37`) and that ends at a blank, at the end, before one of `])>,;|`, or before a `:`, `-` or
/// `=` that a blank or the end follows; not before the `: ` of a row's number (`Nov 22 07:37:27
/// 2026: 0100007F:1538` has no year). A bare number only where it is an epoch or all digits of a
/// date and a time; a date alone is none, nor is a time before 1970. A last word that no zone calls
/// itself (`07:37:27 INFO`) is not part of the time.
/// Looks at 64 bytes at most, and fails on the first bytes of most text.
TimeAtFront ReadTimeAtFront(std::string_view text, const Zone& zone);

/// A day of the calendar.
struct CivilDay {
  int year = 1970, month = 1, day = 1;
};
/// "2026-11-22" or "2026/11/22", for --date; nullopt where that is no day, or one before 1970.
std::optional<CivilDay> ParseDay(std::string_view text);

/// Makes a partial time whole: on `day` of the clock that it was read from, or, where it has a
/// month and a day, on those in `day.year`. Local time of `zone` where it names none. Fails like
/// ParseTime: kOutOfRange for a day that the year lacks or that has another weekday.
TimeResult CompleteTime(const PartialTime& partial, const CivilDay& day, const Zone& zone);

/// For --since, --until and --at: all of ParseTime, and relative to a window's end `end_ms`:
/// "HH:MM" or "HH:MM:SS" of the last day at or before the end (in `zone`), "-90m" from the end
/// (units s, m, h, d), a date alone (its first moment in `zone`).
TimeResult ParseTimeArgument(std::string_view text, const Zone& zone, int64_t end_ms);

/// "3s", "500ms", "1m", "1h", "1d", "2.5s" -> milliseconds; nullopt when it is none or not
/// positive.
std::optional<int64_t> ParseDuration(std::string_view text);

/// "2026-11-22T07:37:27Z" (".123" only when there are milliseconds).
std::string FormatIsoUtc(int64_t utc_ms);
/// "2026-11-22 07:37:27" in `zone` (".123" only when there are milliseconds); no offset.
std::string FormatLocal(int64_t utc_ms, const Zone& zone);
/// Like FormatLocal with the offset appended: "2026-11-22 07:37:27+00:00".
std::string FormatLocalWithOffset(int64_t utc_ms, const Zone& zone);

/// A width for Buckets: "10s", "1m", "5m", "1h", "1d" and whatever else divides a day into parts of
/// at least a second; nullopt otherwise.
std::optional<int64_t> ParseBucketWidth(std::string_view text);

}  // namespace tcpsnap::capture
