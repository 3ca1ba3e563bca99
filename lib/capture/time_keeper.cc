#include "capture/time_keeper.h"

#include <date/date.h>

#include <chrono>
#include <cstdlib>
#include <utility>

namespace tcpsnap::capture {
namespace {

constexpr int64_t kSecondMs = 1000;
constexpr int64_t kDayMs = 24 * 3600 * kSecondMs;

/// The day that the zone's clock showed.
date::sys_days LocalDay(int64_t utc_ms, const Zone& zone) {
  const std::chrono::milliseconds local{utc_ms + zone.OffsetSeconds(utc_ms) * kSecondMs};
  return date::floor<date::days>(date::sys_time<std::chrono::milliseconds>{local});
}

CivilDay ToCivil(date::sys_days days) {
  const date::year_month_day day{days};
  return {int{day.year()}, static_cast<int>(unsigned{day.month()}),
          static_cast<int>(unsigned{day.day()})};
}

/// A day that is not in the calendar counts as the one behind the last of its month.
date::sys_days ToDays(const CivilDay& day) { return date::year(day.year) / day.month / day.day; }

int64_t NoonMs(const CivilDay& day, const Zone& zone) {
  const int64_t local_ms = ToDays(day).time_since_epoch().count() * kDayMs + kDayMs / 2;
  return local_ms - zone.OffsetSeconds(local_ms) * kSecondMs;
}

/// Where about a partial time lies on a day on which it has no meaning.
int64_t RoughMs(const PartialTime& partial, const CivilDay& day, const Zone& zone) {
  const int64_t local_ms = ToDays(day).time_since_epoch().count() * kDayMs + partial.ms_of_day;
  return local_ms - partial.offset_ms.value_or(zone.OffsetSeconds(local_ms) * kSecondMs);
}

/// The meaning of a partial time that is nearest to `reference_ms`, the later one of two. Where
/// that one does not exist, it fails: the next best would be a guess.
TimeResult Nearest(const PartialTime& partial, int64_t reference_ms, const Zone& zone) {
  const date::sys_days today = LocalDay(reference_ms, zone);
  TimeResult nearest;
  int64_t least_distance_ms = -1;
  // Two days each way, since the time may name another zone than that of `today`.
  for (int step = -2; step <= 2; ++step) {
    CivilDay day = ToCivil(today + date::days(step));
    if (partial.has_day) day = {ToCivil(today).year + step, partial.month, partial.day};
    const TimeResult result = CompleteTime(partial, day, zone);
    const int64_t at_ms = result.time ? result.time->utc_ms : RoughMs(partial, day, zone);
    const int64_t distance_ms = std::abs(at_ms - reference_ms);
    if (least_distance_ms >= 0 && distance_ms > least_distance_ms) continue;
    nearest = result;
    least_distance_ms = distance_ms;
  }
  return nearest;
}

/// The meaning of a time of day on a day of the zone's clock; the text may name another clock.
TimeResult OnDay(const PartialTime& partial, const CivilDay& day, const Zone& zone) {
  const date::sys_days wanted = ToDays(day);
  for (int step = -2; step <= 2; ++step) {
    const TimeResult result = CompleteTime(partial, ToCivil(wanted + date::days(step)), zone);
    if (result.time && LocalDay(result.time->utc_ms, zone) == wanted) return result;
  }
  return CompleteTime(partial, day, zone);
}

}  // namespace

TimeKeeper::TimeKeeper(std::optional<CivilDay> first_day, Zone zone)
    : first_day_(first_day), zone_(std::move(zone)) {}

TimeResult TimeKeeper::Next(const TimeResult& read) {
  TimeResult result = read;
  const bool is_partial = !read.time && read.error == TimeError::kNoDate && read.partial;
  if (is_partial && last_ms_) {
    result = Nearest(*read.partial, *last_ms_, zone_);
  } else if (is_partial && first_day_) {
    result = read.partial->has_day ? Nearest(*read.partial, NoonMs(*first_day_, zone_), zone_)
                                   : OnDay(*read.partial, *first_day_, zone_);
  }
  if (!result.time) return result;
  if (result.time->ambiguous && last_ms_ && result.time->utc_ms < *last_ms_) {
    result.time->utc_ms = result.time->later_ms;
    result.time->ambiguous = false;
  }
  last_ms_ = result.time->utc_ms;
  return result;
}

}  // namespace tcpsnap::capture
