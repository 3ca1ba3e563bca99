// Times of a capture in their order. The UTC times were taken from `date -u -d` of GNU coreutils.
#include "capture/time_keeper.h"

#include <initializer_list>
#include <string>
#include <string_view>

#include "support/catch.h"

namespace tcpsnap::capture {
namespace {

const Zone& Berlin() {
  static const Zone zone = Zone::Find("Europe/Berlin");
  return zone;
}

std::string Show(const TimeResult& result) {
  if (!result.time) return "error " + std::to_string(static_cast<int>(result.error));
  return FormatIsoUtc(result.time->utc_ms) + (result.time->ambiguous ? " ambiguous" : "");
}
const std::string kNoDate = Show({std::nullopt, TimeError::kNoDate});
const std::string kGap = Show({std::nullopt, TimeError::kGap});
const std::string kOutOfRange = Show({std::nullopt, TimeError::kOutOfRange});
const std::string kOtherDate = Show({std::nullopt, TimeError::kOtherDate});

/// What a keeper makes of the last of these times, after the others.
std::string Last(std::optional<CivilDay> first_day, const Zone& zone,
                 std::initializer_list<std::string_view> times) {
  TimeKeeper keeper(first_day, zone);
  TimeResult result;
  for (const std::string_view time : times) result = keeper.Next(ParseTime(time, zone));
  return Show(result);
}

constexpr CivilDay kDay = {2026, 11, 22};

TEST_CASE("the first time of day is of the first day") {
  CHECK(Last(kDay, Zone(), {"T23:59:58"}) == "2026-11-22T23:59:58Z");
  CHECK(Last(kDay, Zone(), {"00:00:00"}) == "2026-11-22T00:00:00Z");
  CHECK(Last(kDay, Zone(), {"11:59:58.5 PM"}) == "2026-11-22T23:59:58.500Z");
  CHECK(Last(kDay, Berlin(), {"00:30:00"}) == "2026-11-21T23:30:00Z");
  // Of the zone's day, though the time names another clock, whose day differs.
  CHECK(Last(kDay, Berlin(), {"23:30:00Z"}) == "2026-11-21T23:30:00Z");
  CHECK(Last(kDay, Berlin(), {"22:30:00Z"}) == "2026-11-22T22:30:00Z");
  CHECK(Last(kDay, Zone::Find("Pacific/Auckland"), {"13:00:00 UTC"}) == "2026-11-21T13:00:00Z");
  CHECK(Last(kDay, Zone::Find("Pacific/Honolulu"), {"12:00+14:00"}) == "2026-11-22T22:00:00Z");
  CHECK(Last(kDay, Berlin(), {"20:00:00 EST"}) == "2026-11-22T01:00:00Z");
  // 25 hours long, and one that lacks an hour.
  CHECK(Last(CivilDay{2026, 10, 25}, Berlin(), {"00:00:00"}) == "2026-10-24T22:00:00Z");
  CHECK(Last(CivilDay{2026, 10, 25}, Berlin(), {"23:59:59"}) == "2026-10-25T22:59:59Z");
  CHECK(Last(CivilDay{2026, 3, 29}, Berlin(), {"02:30:00"}) == kGap);
  CHECK(Last(CivilDay{2026, 10, 25}, Berlin(), {"02:30:00"}) == "2026-10-25T00:30:00Z ambiguous");
  // The abbreviation is settled when the day is known.
  CHECK(Last(CivilDay{2026, 10, 25}, Berlin(), {"02:30:00 CET"}) == "2026-10-25T01:30:00Z");
  CHECK(Last(kDay, Zone(), {"12:00:00 CEST"}) == Show({std::nullopt, TimeError::kUnknownZone}));
  CHECK(Last(kDay, Zone(), {"12:00:00 CST"}) == Show({std::nullopt, TimeError::kAmbiguousZone}));
}

TEST_CASE("a time of day follows the time before it") {
  CHECK(Last(kDay, Zone(), {"T23:59:58", "T00:00:03"}) == "2026-11-23T00:00:03Z");
  CHECK(Last(kDay, Zone(), {"T23:59:58", "T00:00:03", "T23:59:59"}) == "2026-11-22T23:59:59Z");
  CHECK(Last(kDay, Zone(), {"07:00:00", "06:59:59"}) == "2026-11-22T06:59:59Z");
  CHECK(Last(kDay, Zone(), {"18:00:00", "17:00:00"}) == "2026-11-22T17:00:00Z");
  CHECK(Last(kDay, Zone(), {"18:00:00", "16:59:59"}) == "2026-11-23T16:59:59Z");
  CHECK(Last(kDay, Zone(), {"08:00:00", "21:00:00"}) == "2026-11-22T21:00:00Z");
  CHECK(Last(kDay, Zone(), {"08:00:00", "21:00:00", "08:00:00"}) == "2026-11-23T08:00:00Z");
  CHECK(Last(kDay, Zone(), {"00:00:00", "23:59:59"}) == "2026-11-22T23:59:59Z");
  CHECK(Last(kDay, Zone(), {"12:00:00", "12:00:00"}) == "2026-11-22T12:00:00Z");
  // Nothing is before the first day, though it may be a moment from there.
  CHECK(Last(kDay, Zone(), {"00:00:03", "23:59:58"}) == "2026-11-22T23:59:58Z");
  CHECK(Last(kDay, Berlin(), {"00:00:03", "23:59:58"}) == "2026-11-22T22:59:58Z");
  CHECK(Last(kDay, Berlin(), {"00:00:03", "22:59:58Z"}) == "2026-11-22T22:59:58Z");
  CHECK(Last(std::nullopt, Zone(), {"2026-11-22T00:00:03Z", "23:59:58"}) == "2026-11-21T23:59:58Z");
  CHECK(Last(kDay, Zone(), {"2026-11-20T07:00:00Z", "07:00:03"}) == "2026-11-20T07:00:03Z");
  CHECK(Last(kDay, Zone(), {"07:00", "15:00", "23:00", "07:00", "15:00"}) ==
        "2026-11-23T15:00:00Z");
  CHECK(Last(CivilDay{2026, 12, 31}, Zone(), {"23:59:59", "00:00:00"}) == "2027-01-01T00:00:00Z");
  CHECK(Last(CivilDay{2024, 2, 28}, Zone(), {"23:59:59", "00:00:00"}) == "2024-02-29T00:00:00Z");
  // Midnight of the zone is not that of UTC.
  CHECK(Last(kDay, Berlin(), {"23:59:58", "00:00:03"}) == "2026-11-22T23:00:03Z");
  CHECK(Last(kDay, Berlin(), {"22:59:58Z", "23:00:03Z"}) == "2026-11-22T23:00:03Z");
  CHECK(Last(kDay, Berlin(), {"00:59:58+02:00", "00:00:03"}) == "2026-11-22T23:00:03Z");
  // A whole time is followed too, with or without a first day, which then is no matter.
  CHECK(Last(std::nullopt, Zone(), {"2026-11-22T23:59:58Z", "00:00:03"}) == "2026-11-23T00:00:03Z");
  CHECK(Last(CivilDay{2020, 1, 1}, Zone(), {"1795333047", "07:37:28"}) == "2026-11-22T07:37:28Z");
  CHECK(Last(kDay, Zone(), {"23:59:58", "2027-05-01T00:00:00Z", "00:00:01"}) ==
        "2027-05-01T00:00:01Z");
  // An error does not move the clock.
  CHECK(Last(kDay, Zone(), {"2027-05-01T00:00:00Z", "25:00:00", "nonsense", "00:00:01"}) ==
        "2027-05-01T00:00:01Z");
  CHECK(Last(kDay, Zone(), {"07:37:27", "25:00:00", "nonsense", "2027-01-01", "07:37:28"}) ==
        "2026-11-22T07:37:28Z");
}

TEST_CASE("where the clock is changed") {
  CHECK(Last(CivilDay{2026, 3, 29}, Berlin(), {"01:59:59", "03:00:00"}) == "2026-03-29T01:00:00Z");
  CHECK(Last(CivilDay{2026, 3, 29}, Berlin(), {"01:59:59", "02:00:00"}) == kGap);
  CHECK(Last(CivilDay{2026, 3, 29}, Berlin(), {"01:59:59", "02:00:00", "03:00:01"}) ==
        "2026-03-29T01:00:01Z");
  const CivilDay autumn = {2026, 10, 25};
  CHECK(Last(autumn, Berlin(), {"02:59:30"}) == "2026-10-25T00:59:30Z ambiguous");
  CHECK(Last(autumn, Berlin(), {"02:59:30", "02:00:30"}) == "2026-10-25T01:00:30Z");
  CHECK(Last(autumn, Berlin(), {"02:59:30", "02:00:30", "02:01:30"}) == "2026-10-25T01:01:30Z");
  CHECK(Last(autumn, Berlin(), {"02:59:30", "02:00:30", "02:59:59", "03:00:00"}) ==
        "2026-10-25T02:00:00Z");
  // An hour and a half back to the first 02:30, but half an hour to the second one.
  CHECK(Last(autumn, Berlin(), {"2026-10-25T02:00:00Z", "02:30:00"}) == "2026-10-25T01:30:00Z");
  // A step back in the second hour stays in it.
  CHECK(Last(autumn, Berlin(), {"02:59:30", "02:00:30", "02:00:29"}) == "2026-10-25T01:00:29Z");
  CHECK(Last(std::nullopt, Berlin(), {"2026-10-25 02:59:30", "2026-10-25 02:00:30"}) ==
        "2026-10-25T01:00:30Z");
  CHECK(Last(std::nullopt, Berlin(), {"2026-10-25 02:00:30", "2026-10-25 02:59:30"}) ==
        "2026-10-25T00:59:30Z ambiguous");
  CHECK(Last(std::nullopt, Berlin(), {"2026-10-25T01:30:00Z", "2026-10-25 02:45:00"}) ==
        "2026-10-25T01:45:00Z");
  CHECK(Last(std::nullopt, Berlin(), {"2026-10-25 02:59:30", "Oct 25 02:00:30"}) ==
        "2026-10-25T01:00:30Z");
  // Half an hour.
  CHECK(Last(std::nullopt, Zone::Find("Australia/Lord_Howe"),
             {"2026-04-05 01:50:00", "2026-04-05 01:45:00"}) == "2026-04-04T15:15:00Z");
}

TEST_CASE("a date without its year") {
  CHECK(Last(CivilDay{2026, 1, 20}, Zone(), {"Dec 20 07:37:27"}) == "2025-12-20T07:37:27Z");
  CHECK(Last(kDay, Zone(), {"Nov 22 07:37:27"}) == "2026-11-22T07:37:27Z");
  CHECK(Last(CivilDay{2026, 12, 20}, Zone(), {"Jan  1 07:37:27"}) == "2027-01-01T07:37:27Z");
  CHECK(Last(kDay, Berlin(), {"Nov 22 08:37:27"}) == "2026-11-22T07:37:27Z");
  CHECK(Last(CivilDay{2026, 12, 31}, Zone(), {"Dec 31 23:59:58", "Jan  1 00:00:03"}) ==
        "2027-01-01T00:00:03Z");
  CHECK(Last(CivilDay{2026, 12, 31}, Zone(),
             {"Dec 31 23:59:58", "Jan  1 00:00:03", "Dec 31 23:59:59"}) == "2026-12-31T23:59:59Z");
  CHECK(Last(kDay, Zone(), {"Nov 22 07:37:27", "Nov 22 07:37:26"}) == "2026-11-22T07:37:26Z");
  CHECK(Last(kDay, Zone(), {"Nov 22 07:37:27", "May 20 00:00:00"}) == "2027-05-20T00:00:00Z");
  CHECK(Last(kDay, Zone(), {"Nov 22 07:37:27", "May 25 00:00:00"}) == "2027-05-25T00:00:00Z");
  CHECK(Last(kDay, Zone(), {"Nov 22 07:37:27", "Nov 21 07:37:27"}) == "2026-11-21T07:37:27Z");
  CHECK(Last(kDay, Zone(), {"Nov 22 07:37:27", "Nov 21 07:37:26"}) == "2027-11-21T07:37:26Z");
  CHECK(Last(kDay, Zone(), {"Nov 22 07:37:27", "Nov 21 23:59:59"}) == "2026-11-21T23:59:59Z");
  CHECK(Last(std::nullopt, Zone(), {"2026-12-31T23:59:58Z", "Jan  1 00:00:03"}) ==
        "2027-01-01T00:00:03Z");
  // A new year of UTC that has not come to the zone yet.
  CHECK(Last(std::nullopt, Zone::Find("America/New_York"),
             {"2026-12-31T23:59:58-05:00", "Jan 1 05:00:03 UTC"}) == "2027-01-01T05:00:03Z");
  CHECK(Last(kDay, Zone(), {"Nov 22 23:59:58", "00:00:03"}) == "2026-11-23T00:00:03Z");
  CHECK(Last(CivilDay{2026, 3, 29}, Berlin(), {"Mar 29 02:30:00"}) == kGap);
}

TEST_CASE("the first date without its year is near the first day") {
  CHECK(Last(kDay, Zone(), {"Oct 22 00:00:00"}) == "2026-10-22T00:00:00Z");
  CHECK(Last(kDay, Zone(), {"Oct 21 23:59:59"}) == kOtherDate);
  CHECK(Last(kDay, Zone(), {"Dec 23 23:59:59"}) == "2026-12-23T23:59:59Z");
  CHECK(Last(kDay, Zone(), {"Dec 24 00:00:01"}) == kOtherDate);
  CHECK(Last(kDay, Berlin(), {"Dec 23 23:59:59"}) == "2026-12-23T22:59:59Z");
  CHECK(Last(kDay, Zone(), {"Jun 22 07:37:27"}) == kOtherDate);
  CHECK(Last(kDay, Zone(), {"Feb 29 07:37:27"}) == kOtherDate);
  CHECK(Last(kDay, Zone(), {"Jun 22 07:37:27", "Jun 22 07:37:28"}) == kOtherDate);
  CHECK(Last(kDay, Zone(), {"Jun 22 07:37:27", "Nov 22 07:37:28"}) == "2026-11-22T07:37:28Z");
  // Behind a whole time the first day is no matter.
  CHECK(Last(kDay, Zone(), {"2026-06-22T07:37:27Z", "Jun 22 07:37:28"}) == "2026-06-22T07:37:28Z");
}

TEST_CASE("a year must have the day, and its weekday") {
  CHECK(Last(CivilDay{2028, 3, 1}, Zone(), {"Feb 29 12:00:00"}) == "2028-02-29T12:00:00Z");
  CHECK(Last(CivilDay{2028, 1, 31}, Zone(), {"Feb 29 12:00:00"}) == "2028-02-29T12:00:00Z");
  CHECK(Last(CivilDay{2026, 3, 1}, Zone(), {"Feb 29 12:00:00"}) == kOutOfRange);
  CHECK(Last(CivilDay{2027, 3, 1}, Zone(), {"Feb 29 12:00:00"}) == kOutOfRange);
  CHECK(Last(CivilDay{2028, 2, 28}, Zone(), {"Feb 28 23:59:58", "Feb 29 00:00:03"}) ==
        "2028-02-29T00:00:03Z");
  CHECK(Last(kDay, Zone(), {"Sun Nov 22 07:37:27"}) == "2026-11-22T07:37:27Z");
  CHECK(Last(kDay, Zone(), {"Sat Nov 22 07:37:27"}) == kOutOfRange);
}

TEST_CASE("what can't be made whole stays what it is") {
  CHECK(Last(std::nullopt, Zone(), {"07:37:27"}) == kNoDate);
  CHECK(Last(std::nullopt, Zone(), {"Nov 22 07:37:27", "Nov 22 07:37:28"}) == kNoDate);
  CHECK(Last(kDay, Zone(), {"nonsense"}) == Show({std::nullopt, TimeError::kNotATime}));
  CHECK(Last(kDay, Zone(), {"2026-11-22"}) == Show({std::nullopt, TimeError::kNoTimeOfDay}));
  TimeKeeper keeper(std::nullopt, Zone());
  const TimeResult kept = keeper.Next(ParseTime("Nov 22 07:37:27", Zone()));
  REQUIRE(kept.partial);
  CHECK(kept.partial->day == 22);
  // Somebody else's kNoDate, with nothing to make a time of.
  CHECK(Show(TimeKeeper(kDay, Zone()).Next({std::nullopt, TimeError::kNoDate})) == kNoDate);
}

TEST_CASE("a time that was made whole tells how") {
  TimeKeeper keeper(kDay, Berlin());
  const TimeResult local = keeper.Next(ParseTime("Nov 22 08:37:27", Berlin()));
  REQUIRE(local.time);
  CHECK_FALSE(local.time->zone_given);
  CHECK(local.time->form == TimeForm::kDateC);
  const TimeResult zoned = keeper.Next(ParseTime("7:37:28 AM UTC", Berlin()));
  REQUIRE(zoned.time);
  CHECK(zoned.time->zone_given);
  CHECK(zoned.time->form == TimeForm::kDate12h);
}

TEST_CASE("a year of times of day comes out as it went in") {
  // Steps that hit every hour, through both changes of the clock, the leap day and New Year.
  const Zone& zone = Berlin();
  const int64_t begin_ms = ParseTime("2023-12-01T00:00:00Z", Zone()).time->utc_ms;
  const int64_t end_ms = ParseTime("2025-01-10T00:00:00Z", Zone()).time->utc_ms;
  TimeKeeper by_time(CivilDay{2023, 12, 1}, zone);
  TimeKeeper by_day(CivilDay{2023, 12, 1}, zone);
  constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  size_t wrong = 0, steps = 0;
  for (int64_t at_ms = begin_ms; at_ms < end_ms; at_ms += 1'501'000, ++steps) {
    const std::string local = FormatLocal(at_ms, zone);
    const size_t month = std::stoul(local.substr(5, 2)) - 1;
    const std::string dated =
        std::string(kMonths[month]) + " " + local.substr(8, 2) + local.substr(10);
    wrong += by_time.Next(ParseTime(local.substr(11), zone)).time.value().utc_ms != at_ms;
    wrong += by_day.Next(ParseTime(dated, zone)).time.value().utc_ms != at_ms;
  }
  CHECK(steps > 20'000);
  CHECK(wrong == 0);
}

}  // namespace
}  // namespace tcpsnap::capture
