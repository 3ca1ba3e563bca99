#include "capture/zone.h"

#include <random>
#include <string>

#include "capture/clock.h"
#include "support/catch.h"

namespace tcpsnap::capture {
namespace {

constexpr int64_t kMinuteMs = 60'000;
constexpr int64_t kHourMs = 60 * kMinuteMs;
constexpr int64_t kDayMs = 24 * kHourMs;

int64_t Utc(std::string_view text) { return ParseTime(text, Zone()).time.value().utc_ms; }

std::string FindMessage(std::string_view name) {
  try {
    Zone::Find(name);
  } catch (const UnknownZone& error) {
    return error.what();
  }
  return "found";
}

bool Contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("zones by name") {
  CHECK(Zone().is_utc());
  CHECK(Zone().name() == "UTC");
  CHECK(Zone::Find("UTC").is_utc());
  CHECK(Zone::Find("Z").is_utc());
  CHECK(Zone::Find("Etc/UTC").is_utc());
  CHECK_FALSE(Zone::Find("Europe/Berlin").is_utc());
  CHECK(Zone::Find("Europe/Berlin").name() == "Europe/Berlin");
  CHECK(Zone::Find("Europe/Berlin").OffsetSeconds(Utc("2026-11-22T07:37:27Z")) == 3600);
  CHECK(Zone::Find("Europe/Berlin").OffsetSeconds(Utc("2026-07-01T00:00:00Z")) == 7200);
  CHECK(Zone::Find("Europe/Berlin").OffsetSeconds(Utc("2026-03-29T00:59:59Z")) == 3600);
  CHECK(Zone::Find("Europe/Berlin").OffsetSeconds(Utc("2026-03-29T01:00:00Z")) == 7200);
}

TEST_CASE("zones by offset") {
  CHECK(Zone::Find("+02:00").OffsetSeconds(0) == 7200);
  CHECK(Zone::Find("+0200").OffsetSeconds(0) == 7200);
  CHECK(Zone::Find("+02").OffsetSeconds(0) == 7200);
  CHECK(Zone::Find("-03:30").OffsetSeconds(0) == -12600);
  CHECK(Zone::Find("+00:00").is_utc());
  CHECK(Zone::Find("+02:00").name() == "+02:00");
  for (const char* name : {"+2", "+02:", "+02:0", "+02:60", "+19", "02:00", "+02:00:00", "+",
                           "+0200x", "+020", "+0:200"}) {
    CAPTURE(name);
    CHECK_THROWS_AS(Zone::Find(name), UnknownZone);
  }
}

TEST_CASE("an unknown zone names the nearest ones") {
  CHECK(Contains(FindMessage("berlin"), "\"berlin\"; did you mean Europe/Berlin?"));
  CHECK(Contains(FindMessage("europe/berlin"), "did you mean Europe/Berlin?"));
  CHECK(Contains(FindMessage("Europe/Berln"), "Europe/Berlin"));
  CHECK(Contains(FindMessage("new york"), "America/New_York"));
  CHECK(Contains(FindMessage("Kolkatta"), "Asia/Kolkata"));
  CHECK_FALSE(Contains(FindMessage("qqqqqqqqqqqqqq"), "did you mean"));
  CHECK(Contains(FindMessage(""), "Europe/Berlin"));  // as the example of a name
  // What these mean differs from machine to machine.
  CHECK_THROWS_AS(Zone::Find("localtime"), UnknownZone);
  CHECK_THROWS_AS(Zone::Find("right/Europe/Berlin"), UnknownZone);
}

TEST_CASE("a local time resolves to the moments at which the clock shows it") {
  std::mt19937_64 random(20261122);
  for (const char* name : {"Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe",
                           "Asia/Kolkata", "Pacific/Apia", "America/St_Johns", "+05:45"}) {
    CAPTURE(name);
    const Zone zone = Zone::Find(name);
    for (int i = 0; i < 20'000; ++i) {
      const auto utc_ms = static_cast<int64_t>(random() % 2'500'000'000'000);
      const int64_t local_ms = utc_ms + zone.OffsetSeconds(utc_ms) * 1000;
      const LocalTime meaning = zone.Resolve(local_ms);
      if (meaning.matches == 1 && meaning.utc_ms == utc_ms) continue;
      CAPTURE(utc_ms);
      REQUIRE(meaning.matches == 2);
      CHECK(meaning.utc_ms <= utc_ms);
      CHECK(meaning.utc_ms + zone.OffsetSeconds(meaning.utc_ms) * 1000 == local_ms);
    }
  }
}

TEST_CASE("days of 23, 24 and 25 hours") {
  const Zone berlin = Zone::Find("Europe/Berlin");
  const Buckets days(berlin, kDayMs);
  const int64_t spring = days.Start(Utc("2026-03-29T12:00:00Z"));
  CHECK(FormatLocalWithOffset(spring, berlin) == "2026-03-29 00:00:00+01:00");
  CHECK(days.Start(spring + 23 * kHourMs - 1) == spring);
  CHECK(days.Start(spring + 23 * kHourMs) == spring + 23 * kHourMs);
  const int64_t autumn = days.Start(Utc("2026-10-25T12:00:00Z"));
  CHECK(FormatLocalWithOffset(autumn, berlin) == "2026-10-25 00:00:00+02:00");
  CHECK(days.Start(autumn + 25 * kHourMs - 1) == autumn);
  CHECK(days.Start(autumn + 25 * kHourMs) == autumn + 25 * kHourMs);
  const int64_t plain = days.Start(Utc("2026-11-22T12:00:00Z"));
  CHECK(FormatLocalWithOffset(plain, berlin) == "2026-11-22 00:00:00+01:00");
  CHECK(days.Start(plain - 1) == plain - kDayMs);
  CHECK(days.Start(plain + kDayMs) == plain + kDayMs);
}

TEST_CASE("a day whose midnight was skipped begins at its first moment") {
  const Zone sao_paulo = Zone::Find("America/Sao_Paulo");
  const Buckets days(sao_paulo, kDayMs);
  const int64_t start = days.Start(Utc("2018-11-04T12:00:00Z"));
  CHECK(FormatLocal(start, sao_paulo) == "2018-11-04 01:00:00");
  CHECK(start == Utc("2018-11-04T03:00:00Z"));
  CHECK(days.Start(start - 1) == start - kDayMs);
  CHECK(days.Start(start + 23 * kHourMs) == start + 23 * kHourMs);
  // Back from midnight to 23:00: a day of 25 hours.
  const int64_t autumn = days.Start(Utc("2018-02-17T12:00:00Z"));
  CHECK(days.Start(autumn + 25 * kHourMs - 1) == autumn);
  CHECK(days.Start(autumn + 25 * kHourMs) == autumn + 25 * kHourMs);
}

TEST_CASE("a day that the calendar left out is no bucket") {
  const Zone apia = Zone::Find("Pacific/Apia");
  const Buckets days(apia, kDayMs);
  const int64_t after = Utc("2011-12-30T10:00:00Z");
  CHECK(FormatLocal(days.Start(after - 1), apia) == "2011-12-29 00:00:00");
  CHECK(days.Start(after) == after);
  CHECK(FormatLocal(after, apia) == "2011-12-31 00:00:00");
  CHECK(days.Start(after + kDayMs) == after + kDayMs);
}

TEST_CASE("where the clock goes back over midnight, the day that began stays begun") {
  // St John's, 2010-11-07: from 00:01 back to 23:01.
  const Zone st_johns = Zone::Find("America/St_Johns");
  const Buckets days(st_johns, kDayMs);
  const int64_t midnight = Utc("2010-11-07T02:30:00Z");
  CHECK(FormatLocal(midnight, st_johns) == "2010-11-07 00:00:00");
  CHECK(FormatLocal(midnight + kMinuteMs, st_johns) == "2010-11-06 23:01:00");
  CHECK(days.Start(midnight) == midnight);
  CHECK(days.Start(midnight + kMinuteMs) == midnight);
  CHECK(days.Start(midnight + 12 * kHourMs) == midnight);
  CHECK(days.Start(midnight + 25 * kHourMs - 1) == midnight);
  CHECK(days.Start(midnight + 25 * kHourMs) == midnight + 25 * kHourMs);
}

TEST_CASE("hours") {
  SECTION("the one that occurs twice is two buckets") {
    const Buckets hours(Zone::Find("Europe/Berlin"), kHourMs);
    const int64_t first = Utc("2026-10-25T00:00:00Z");
    CHECK(hours.Start(first + 59 * kMinuteMs) == first);
    CHECK(hours.Start(first + 60 * kMinuteMs) == first + kHourMs);
    CHECK(hours.Start(first + 119 * kMinuteMs) == first + kHourMs);
  }
  SECTION("begin on the zone's clock, where that stands at half an hour") {
    const Zone kolkata = Zone::Find("Asia/Kolkata");
    const Buckets hours(kolkata, kHourMs);
    CHECK(FormatIsoUtc(hours.Start(Utc("2026-11-22T07:37:27Z"))) == "2026-11-22T07:30:00Z");
    CHECK(FormatIsoUtc(hours.Start(Utc("2026-11-22T07:29:59Z"))) == "2026-11-22T06:30:00Z");
    CHECK(FormatIsoUtc(Buckets(kolkata, kDayMs).Start(Utc("2026-11-22T07:37:27Z"))) ==
          "2026-11-21T18:30:00Z");
  }
  SECTION("are parted by a change of half an hour") {
    // Lord Howe: 2026-04-05 02:00 back to 01:30, 2026-10-04 02:00 forward to 02:30.
    const Zone lord_howe = Zone::Find("Australia/Lord_Howe");
    const Buckets hours(lord_howe, kHourMs);
    const int64_t back = Utc("2026-04-04T15:00:00Z");
    CHECK(hours.Start(back - 1) == back - kHourMs);
    CHECK(hours.Start(back) == back);
    CHECK(FormatLocal(back, lord_howe) == "2026-04-05 01:30:00");
    CHECK(hours.Start(back + 30 * kMinuteMs) == back + 30 * kMinuteMs);
    const int64_t forward = Utc("2026-10-03T15:30:00Z");
    CHECK(hours.Start(forward - 1) == forward - kHourMs);
    CHECK(hours.Start(forward) == forward);
    CHECK(FormatLocal(forward, lord_howe) == "2026-10-04 02:30:00");
    CHECK(hours.Start(forward + 30 * kMinuteMs) == forward + 30 * kMinuteMs);
    // A change of half an hour moves no day's border but its own.
    const Buckets days(lord_howe, kDayMs);
    CHECK(days.Start(back) == days.Start(back - kHourMs));
    CHECK(days.Start(days.Start(back) + kDayMs) == days.Start(back));
  }
}

TEST_CASE("six hours are not parted by a change of the clock") {
  const Zone berlin = Zone::Find("Europe/Berlin");
  const Buckets buckets(berlin, 6 * kHourMs);
  const int64_t night = Utc("2026-10-24T22:00:00Z");
  CHECK(buckets.Start(night + 7 * kHourMs - 1) == night);
  CHECK(buckets.Start(night + 7 * kHourMs) == night + 7 * kHourMs);
  CHECK(FormatLocal(night + 7 * kHourMs, berlin) == "2026-10-25 06:00:00");
}

TEST_CASE("what holds for every bucket") {
  std::mt19937_64 random(20261122);
  for (const char* name :
       {"UTC", "Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe", "Asia/Kolkata",
        "Pacific/Apia", "America/St_Johns", "Africa/Casablanca", "-03:30"}) {
    for (const int64_t width_ms : {int64_t{10'000}, kMinuteMs, 5 * kMinuteMs, 15 * kMinuteMs,
                                   kHourMs, 6 * kHourMs, kDayMs}) {
      CAPTURE(name, width_ms);
      const Zone zone = Zone::Find(name);
      const Buckets buckets(zone, width_ms);
      const int64_t longest_ms = width_ms + (width_ms > kHourMs ? kHourMs : 0);
      int failures = 0;
      for (int i = 0; i < 5'000; ++i) {
        // 1990 to 2037, and a second time close by, so that changes of the clock fall between.
        const auto utc_ms = static_cast<int64_t>(631'152'000'000 + random() % 1'500'000'000'000);
        const int64_t later_ms = utc_ms + static_cast<int64_t>(random() % 200'000'000);
        const int64_t start_ms = buckets.Start(utc_ms);
        failures += start_ms > utc_ms || utc_ms - start_ms >= longest_ms;
        failures += buckets.Start(start_ms) != start_ms;
        failures += buckets.Start(start_ms - 1) == start_ms;
        failures += buckets.Start(later_ms) < start_ms;
        failures += Buckets(zone, width_ms).Start(utc_ms) != start_ms;
      }
      CHECK(failures == 0);
    }
  }
}

}  // namespace
}  // namespace tcpsnap::capture
