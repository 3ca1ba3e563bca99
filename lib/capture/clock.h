// Times and zones: text -> UTC milliseconds, and the borders of buckets in a zone.
//
//   1795333047            1795333047.123456        1795333047123 (ms)     1795333047123456 (us)
//   2026-11-22T07:37:27+00:00   2026-11-22 07:37:27.5   2026/11/22 07:37   20261122-073727
//   Sun Nov 22 07:37:27 UTC 2026                   Sun Nov 22 07:37:27 AM UTC 2026
//
// Refused: a date without a time of day or a time of day without a date (a capture's clock is never
// guessed), days that do not exist, zone abbreviations that mean several offsets (`CST`, `IST`) and
// that the zone given by the user does not settle. The only users of the time-zone library.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tcpsnap::capture {

/// A zone of the IANA database, or UTC. Cheap to copy.
class Zone {
 public:
  Zone();  ///< UTC
  /// Throws UnknownZone, which names the nearest zones. "UTC" and "Z" always work.
  static Zone Find(std::string_view name);

  const std::string& name() const;
  bool is_utc() const;

  /// Seconds that local time is ahead of UTC at this moment.
  int64_t OffsetSeconds(int64_t utc_ms) const;

 private:
  friend struct ZoneAccess;
  struct Impl;
  std::shared_ptr<const Impl> impl_;
};

/// What makes a time unusable.
enum class TimeError : uint8_t {
  kNotATime,          ///< the text has no form that is known
  kNoDate,            ///< a time of day alone
  kNoTimeOfDay,       ///< a date alone
  kOutOfRange,        ///< day or hour that does not exist; an epoch outside 10^9 .. 10^10 s
  kAmbiguousZone,     ///< the abbreviation means several offsets at that time: a zone must be given
  kUnknownZone,       ///< an abbreviation that no zone uses
  kGap,               ///< a local time that the change to daylight saving skipped
};

/// One sentence: what is wrong and what to do.
std::string_view TimeErrorSentence(TimeError error);

/// Which form a time was written in; a layout's name is made of it.
enum class TimeForm : uint8_t {
  kEpoch,          ///< a bare number: seconds, milliseconds or microseconds
  kEpochFraction,  ///< seconds with decimals
  kDateC,          ///< `date` in the C locale
  kDate12h,        ///< `date` with AM or PM
  kIso,            ///< ISO 8601 and its relatives, with or without zone
  kCompact,        ///< 20261122-073727, as in file names
};

struct ParsedTime {
  int64_t utc_ms = 0;
  TimeForm form = TimeForm::kEpoch;
  bool zone_given = true;  ///< false: the text had no zone, `zone` was used
  bool ambiguous = false;  ///< a local time that occurs twice; the first was taken
};

/// The whole of `text` as a time with a date. Outcome: a time, or why not.
struct TimeResult {
  std::optional<ParsedTime> time;
  TimeError error = TimeError::kNotATime;  ///< meaningful when there is no time
};

/// Parses `text` (no blanks around it), taking it as local time of `zone` where it names none.
/// A bare number is an epoch only between 10^9 and 10^10 s (or that times 10^3 or 10^6). An
/// abbreviation (`CET`) is resolved by `zone` if that zone uses it then, else when all zones that
/// use it then agree on the offset. Fast on text that is no time: it fails on the first bytes.
TimeResult ParseTime(std::string_view text, const Zone& zone);

/// Finds a time inside a file or folder name: words may stand around it
/// ("tcp.20261122-073727", "2026-11-22T07:37:27+00:00.txt", "web1_1795333047.log",
/// "2026-11-22_07-37-27"). An epoch must stand alone between separators.
TimeResult FindTimeInName(std::string_view name, const Zone& zone);

/// For --since, --until and --at: all of ParseTime, and relative to a window's end `end_ms`:
/// "HH:MM" or "HH:MM:SS" of the last day at or before the end (in `zone`), "-90m" from the end
/// (units s, m, h, d), a date alone (its first moment in `zone`).
TimeResult ParseTimeArgument(std::string_view text, const Zone& zone, int64_t end_ms);

/// "3s", "500ms", "1m", "1h", "1d", "2.5s" -> milliseconds; nullopt when it is none or not positive.
std::optional<int64_t> ParseDuration(std::string_view text);

/// "2026-11-22T07:37:27Z" (".123" only when there are milliseconds).
std::string FormatIsoUtc(int64_t utc_ms);
/// "2026-11-22 07:37:27" in `zone` (".123" only when there are milliseconds); no offset.
std::string FormatLocal(int64_t utc_ms, const Zone& zone);
/// Like FormatLocal with the offset appended: "2026-11-22 07:37:27+00:00".
std::string FormatLocalWithOffset(int64_t utc_ms, const Zone& zone);

/// Start of the bucket of `width_ms` that holds `utc_ms`, with borders on the zone's clock: a day
/// begins at local midnight (or at the first moment of the day, where midnight was skipped) and may
/// have 23 or 25 hours; the hour that occurs twice is two buckets.
class Buckets {
 public:
  Buckets(Zone zone, int64_t width_ms);
  int64_t Start(int64_t utc_ms) const;

 private:
  Zone zone_;
  int64_t width_ms_;
  // The stretch of time with one offset that was looked up last.
  mutable int64_t begin_ms_ = 1, end_ms_ = 0, offset_ms_ = 0;
};

/// "10s", "1m", "5m", "1h", "1d": the widths that --bucket takes.
std::optional<int64_t> ParseBucketWidth(std::string_view text);

}  // namespace tcpsnap::capture
