#include "capture/time_keeper.h"

#include <date/date.h>

#include <chrono>
#include <cstdlib>
#include <utility>

namespace tcpsnap::capture {
namespace {

constexpr int64_t kSecondMs = 1000;
constexpr int64_t kHourMs = 3600 * kSecondMs;
constexpr int64_t kDayMs = 24 * kHourMs;

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

/// What a partial time means on a day, or in its year, and where about that lies if it does not
/// exist.
struct Meaning {
  TimeResult result;
  int64_t at_ms = 0;
};

Meaning MeaningOn(const PartialTime& partial, const CivilDay& day, const Zone& zone) {
  const CivilDay meant = partial.has_day ? CivilDay{day.year, partial.month, partial.day} : day;
  const TimeResult result = CompleteTime(partial, meant, zone);
  return {result, result.time ? result.time->utc_ms : RoughMs(partial, meant, zone)};
}

/// The meaning of a date without its year that is nearest to `day`. Where that one does not exist,
/// it fails: the next best would be a guess.
TimeResult NearestTo(const CivilDay& day, const PartialTime& partial, const Zone& zone) {
  constexpr int64_t kFarthestMs = 31 * kDayMs + kDayMs / 2;
  const int64_t noon_ms = NoonMs(day, zone);
  Meaning nearest = MeaningOn(partial, day, zone);
  for (const int step : {-1, 1}) {
    const Meaning meaning = MeaningOn(partial, {day.year + step, day.month, day.day}, zone);
    if (std::abs(meaning.at_ms - noon_ms) < std::abs(nearest.at_ms - noon_ms)) nearest = meaning;
  }
  if (std::abs(nearest.at_ms - noon_ms) > kFarthestMs) {
    return {std::nullopt, TimeError::kOtherDate};
  }
  return nearest.result;
}

/// The first meaning that is not further before `last_ms` than a clock is set back, nor before the
/// first day; fails where that one does not exist.
TimeResult NextAfter(int64_t last_ms, const PartialTime& partial,
                     const std::optional<CivilDay>& first_day, const Zone& zone) {
  const int64_t most_back_ms = partial.has_day ? kDayMs : kHourMs;
  const date::sys_days today = LocalDay(last_ms, zone);
  // A whole time before the first day shows that the capture begins earlier.
  const bool has_floor = first_day && !partial.has_day && today >= ToDays(*first_day);
  // Two days before and more behind, since the time may name another zone than that of `today`.
  for (int step = -2; step <= 3; ++step) {
    CivilDay day = ToCivil(today + date::days(step));
    if (partial.has_day) day = {ToCivil(today).year + step, partial.month, partial.day};
    const Meaning meaning = MeaningOn(partial, day, zone);
    const bool is_later_one =
        meaning.result.time && meaning.result.time->ambiguous && meaning.at_ms < last_ms;
    const int64_t at_ms = is_later_one ? meaning.result.time->later_ms : meaning.at_ms;
    if (at_ms < last_ms - most_back_ms) continue;
    if (has_floor && LocalDay(at_ms, zone) < ToDays(*first_day)) continue;
    return meaning.result;
  }
  return {std::nullopt, TimeError::kOutOfRange};  // within a day or a year one of them comes
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
    result = NextAfter(*last_ms_, *read.partial, first_day_, zone_);
  } else if (is_partial && first_day_) {
    result = read.partial->has_day ? NearestTo(*first_day_, *read.partial, zone_)
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
