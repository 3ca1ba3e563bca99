#include "capture/clock.h"

#include <cstdlib>
#include <new>
#include <set>
#include <string>
#include <vector>

#include "support/catch.h"

// AddressSanitizer brings its own operator new and takes offence at another.
#if defined(__SANITIZE_ADDRESS__)
#define TCPSNAP_COUNTS_ALLOCATIONS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TCPSNAP_COUNTS_ALLOCATIONS 0
#endif
#endif
#ifndef TCPSNAP_COUNTS_ALLOCATIONS
#define TCPSNAP_COUNTS_ALLOCATIONS 1
#endif

#if TCPSNAP_COUNTS_ALLOCATIONS
namespace {

size_t g_allocations = 0;

}  // namespace

// Inlined, g++ takes std::free for a mistake.
[[gnu::noinline]] void* operator new(size_t size) {
  ++g_allocations;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, size_t) noexcept { std::free(memory); }
#endif

namespace tcpsnap::capture {
namespace {

// Sun Nov 22 07:37:27 UTC 2026, the time of most captures of the tests.
constexpr int64_t kTime = 1'795'333'047'000;

const Zone& Berlin() {
  static const Zone zone = Zone::Find("Europe/Berlin");
  return zone;
}

/// The time as text in UTC, or the name of the error.
std::string Show(const TimeResult& result) {
  if (result.time) return FormatIsoUtc(result.time->utc_ms);
  switch (result.error) {
    case TimeError::kNotATime:
      return "NotATime";
    case TimeError::kNoDate:
      return "NoDate";
    case TimeError::kNoTimeOfDay:
      return "NoTimeOfDay";
    case TimeError::kOutOfRange:
      return "OutOfRange";
    case TimeError::kAmbiguousZone:
      return "AmbiguousZone";
    case TimeError::kUnknownZone:
      return "UnknownZone";
    case TimeError::kGap:
      return "Gap";
    case TimeError::kRelative:
      return "Relative";
    case TimeError::kOtherDate:
      return "OtherDate";
  }
  return "?";
}

std::string Parse(std::string_view text, const Zone& zone = Zone()) {
  return Show(ParseTime(text, zone));
}
std::string InName(std::string_view name, const Zone& zone = Zone()) {
  return Show(FindTimeInName(name, zone));
}
std::string Argument(std::string_view text, int64_t end_ms, const Zone& zone = Zone()) {
  return Show(ParseTimeArgument(text, zone, end_ms));
}

struct Form {
  const char* text;
  TimeForm form;
  bool zone_given;
};

TEST_CASE("every form of one moment") {
  const Form form = GENERATE(Form{"1795333047", TimeForm::kEpoch, true},
                             Form{"1795333047000", TimeForm::kEpoch, true},
                             Form{"1795333047000000", TimeForm::kEpoch, true},
                             Form{"1795333047.0", TimeForm::kEpochFraction, true},
                             Form{"1795333047.000999999", TimeForm::kEpochFraction, true},
                             Form{"1795333047,0001", TimeForm::kEpochFraction, true},
                             Form{"2026-11-22T07:37:27Z", TimeForm::kIso, true},
                             Form{"2026-11-22T07:37:27+00:00", TimeForm::kIso, true},
                             Form{"2026-11-22T07:37:27+0000", TimeForm::kIso, true},
                             Form{"2026-11-22T07:37:27+00", TimeForm::kIso, true},
                             Form{"2026-11-22T07:37:27-00:00", TimeForm::kIso, true},
                             Form{"2026-11-22T08:37:27+01:00", TimeForm::kIso, true},
                             Form{"2026-11-22T13:07:27.0004+0530", TimeForm::kIso, true},
                             Form{"2026-11-21 22:37:27-09", TimeForm::kIso, true},
                             Form{"2026-11-22 07:37:27 UTC", TimeForm::kIso, true},
                             Form{"2026-11-22 07:37:27 +0000", TimeForm::kIso, true},
                             Form{"2026-11-22 07:37:27.000000000 +00:00", TimeForm::kIso, true},
                             Form{"2026-11-22 07:37:27 GMT", TimeForm::kIso, true},
                             Form{"2026-11-22 07:37:27", TimeForm::kIso, false},
                             Form{"2026-11-22T07:37:27", TimeForm::kIso, false},
                             Form{"2026/11/22 07:37:27", TimeForm::kIso, false},
                             Form{"2026/11/22T07:37:27Z", TimeForm::kIso, true},
                             Form{"20261122-073727", TimeForm::kCompact, false},
                             Form{"20261122T073727Z", TimeForm::kCompact, true},
                             Form{"20261122_073727", TimeForm::kCompact, false},
                             Form{"20261122 073727", TimeForm::kCompact, false},
                             Form{"20261122073727", TimeForm::kCompact, false},
                             Form{"20261122T083727+0100", TimeForm::kCompact, true},
                             Form{"Sun Nov 22 07:37:27 UTC 2026", TimeForm::kDateC, true},
                             Form{"Sun Nov 22 07:37:27 2026", TimeForm::kDateC, false},
                             Form{"Sun Nov 22 04:37:27 -03 2026", TimeForm::kDateC, true},
                             Form{"Sun Nov 22 13:07:27 +0530 2026", TimeForm::kDateC, true},
                             Form{"Sun, 22 Nov 2026 07:37:27 +0000", TimeForm::kDateC, true},
                             Form{"Sun 22 Nov 07:37:27 GMT 2026", TimeForm::kDateC, true},
                             Form{"Nov 22 2026 07:37:27", TimeForm::kDateC, false},
                             Form{"Nov 22, 2026 07:37:27 UTC", TimeForm::kDateC, true},
                             Form{"Nov 22, 2026 07:37:27.000", TimeForm::kDateC, false},
                             Form{"Nov 22 07:37:27 2026", TimeForm::kDateC, false},
                             Form{"Nov 22 08:37:27 CET 2026", TimeForm::kDateC, true},
                             Form{"22 Nov 2026 07:37:27", TimeForm::kDateC, false},
                             Form{"22 Nov 2026 08:37:27 +0100", TimeForm::kDateC, true},
                             Form{"2026 Nov 22 07:37:27", TimeForm::kDateC, false},
                             Form{"2026 Nov 22 07:37:27.000 UTC", TimeForm::kDateC, true},
                             Form{"22/Nov/2026:07:37:27 +0000", TimeForm::kDateC, true},
                             Form{"22/Nov/2026:02:37:27 -0500", TimeForm::kDateC, true},
                             Form{"22/Nov/2026:07:37:27", TimeForm::kDateC, false},
                             Form{"Nov 22, 2026 7:37:27 AM", TimeForm::kDate12h, false},
                             Form{"Sun Nov 22 07:37:27 AM UTC 2026", TimeForm::kDate12h, true},
                             Form{"Sun 22 Nov 2026 07:37:27 AM UTC", TimeForm::kDate12h, true},
                             Form{"Sun Nov 22 07:37:27 AM 2026", TimeForm::kDate12h, false},
                             Form{"Sun Nov 22 7:37:27 am UTC 2026", TimeForm::kDate12h, true});
  CAPTURE(form.text);
  const TimeResult result = ParseTime(form.text, Zone());
  REQUIRE(result.time);
  CHECK(result.time->utc_ms == kTime);
  CHECK(result.time->form == form.form);
  CHECK(result.time->zone_given == form.zone_given);
  CHECK_FALSE(result.time->ambiguous);
}

TEST_CASE("parts of a second are cut to milliseconds") {
  CHECK(Parse("1795333047.123456") == "2026-11-22T07:37:27.123Z");
  CHECK(Parse("1795333047.9999") == "2026-11-22T07:37:27.999Z");
  CHECK(Parse("1795333047.5") == "2026-11-22T07:37:27.500Z");
  CHECK(Parse("1795333047123") == "2026-11-22T07:37:27.123Z");
  CHECK(Parse("1795333047123999") == "2026-11-22T07:37:27.123Z");
  CHECK(Parse("2026-11-22T07:37:27,05Z") == "2026-11-22T07:37:27.050Z");
  CHECK(Parse("2026-11-22T07:37:27.1234567890123456789Z") == "2026-11-22T07:37:27.123Z");
}

TEST_CASE("the hours of a 12-hour clock") {
  CHECK(Parse("Sun Nov 22 12:00:00 AM UTC 2026") == "2026-11-22T00:00:00Z");
  CHECK(Parse("Sun Nov 22 12:59:59 AM UTC 2026") == "2026-11-22T00:59:59Z");
  CHECK(Parse("Sun Nov 22 01:00:00 AM UTC 2026") == "2026-11-22T01:00:00Z");
  CHECK(Parse("Sun Nov 22 12:00:00 PM UTC 2026") == "2026-11-22T12:00:00Z");
  CHECK(Parse("Sun Nov 22 11:59:59 PM UTC 2026") == "2026-11-22T23:59:59Z");
  CHECK(Parse("Sun Nov 22 13:00:00 PM UTC 2026") == "OutOfRange");
  CHECK(Parse("Sun Nov 22 00:00:00 AM UTC 2026") == "OutOfRange");
}

TEST_CASE("days of one digit, with and without the blank that pads them") {
  CHECK(Parse("Sun Nov  1 07:37:27 UTC 2026") == "2026-11-01T07:37:27Z");
  CHECK(Parse("Sun Nov 1 07:37:27 UTC 2026") == "2026-11-01T07:37:27Z");
  CHECK(Parse("Sun Nov 01 07:37:27 UTC 2026") == "2026-11-01T07:37:27Z");
}

TEST_CASE("a marker is only a marker when the whole line is one") {
  const char* text = GENERATE(
      "", " ", "2", "2000: 0100007F:1F90", "2026-11-22 07:37:27 x",
      "  12: 0100007F:1538 00000000:0000 0A", "12: 0100007F:1538", "12:0100007F:1538 00000000:0000",
      "2026-11-22T07:37:27Z ", " 2026-11-22T07:37:27Z", "2026-11-22T07:37:27ZZ9",
      "2026-11-22T07:37:27+0", "2026-11-22T07:37:27+000", "2026-11-22T07:37:27+00:0",
      "2026-11-22T07:37:27+00:000", "2026-11-22T", "2026-11-22 7", "2026-11-22 07:3",
      "2026-11-22 07:37:2", "2026-11-22 07:37:271", "2026-11-22 07:37:27.", "2026-11/22 07:37:27",
      "2026-1-22 07:37:27", "1795333047.", "1795333047.1x", "1795333047x", "1795333047 ",
      "1795333047.1.2", "1795333047123.5", "20261122-07372", "20261122-0737271", "20261122x073727",
      "Sunday", "Sun", "Sun Nov 22", "Sun Nov 22 07:37:27 utc 2026", "Sun Nov 22 07:37:27 UTC 26",
      "Sun Nov 22 07:37:27 UTC 2026 x", "Sun Nov 22 07:37:27 UTC 2026 2026", "Sun Nox 22 07:37:27",
      "Sun Nov 22 07:37:27 UTC UTC 2026", "SunNov 22 07:37:27 UTC 2026", "TCP", "T", "T07", "Total",
      "2026-11-22 07:37:27 ABCDEFG", "Mem:", "tcp 0 0 127.0.0.1:80", "7:3", "07:37:2",
      "-1795333047", "+1795333047", "\xff\xff", "24:00:00:00", "Nov", "Nov ", "Nov 22", "Nov 22,",
      "Nov 22, 07:37:27", "Nov 222 07:37:27", "November 22 07:37:27", "Nov 22 07:37:27 host",
      "Nov 22 07:37:27 host sshd[1]: x", "Nox 22 07:37:27", "22 Nov", "22 Nox 2026 07:37:27",
      "22 packets", "2026 Nov 22 07:37:27 2026", "2026 11 22 07:37:27", "22/Nov/26:07:37:27",
      "22/Nov/2026 07:37:27 x", "22/Nov/2026", "22/11/2026 07:37:27", "11/22/2026 07:37:27",
      "11/22/2026", "22/Nov-2026:07:37:27", "/Nov/2026:07:37:27", "Mar, 1", "May the 4th be",
      "Sat is a day", "Nov\t22 07:37:27", "T07:37:27 x", "Apr");
  CAPTURE(text);
  CHECK((Parse(text) == "NotATime" || std::string(text) == "2"));
  CHECK(Parse("2") == "OutOfRange");
}

TEST_CASE("what lacks its date or its time of day says so") {
  for (const char* text : {"07:37:27", "07:37", "7:37:27", "T07:37:27.123456789", "07:37:27.5",
                           "07:37:27 PM", "07:37:27Z", "07:37 UTC", "Sun Nov 22 07:37:27",
                           "Nov 22 07:37:27", "22 Nov 07:37:27 CET", "Feb 29 07:37:27"}) {
    CAPTURE(text);
    CHECK(Parse(text) == "NoDate");
  }
  for (const char* text :
       {"2026-11-22", "2026/11/22", "20261122", "Sun Nov 22 2026", "Sun, 22 Nov 2026",
        "Nov 22 2026", "Nov 22, 2026", "22 Nov 2026", "2026 Nov 22"}) {
    CAPTURE(text);
    CHECK(Parse(text) == "NoTimeOfDay");
  }
}

TEST_CASE("what there is of a time that lacks its date or its year") {
  const auto partial = [](std::string_view text) {
    const TimeResult result = ParseTime(text, Berlin());
    CAPTURE(text);
    REQUIRE(result.partial);
    return *result.partial;
  };
  // 7 h 37 min 27 s.
  constexpr int64_t kMsOfDay = 27'447'000;
  for (const char* text : {"07:37:27", "7:37:27", "T07:37:27", "7:37:27 AM", "07:37:27.000999",
                           "Nov 22 07:37:27", "22 Nov 07:37:27 CET", "07:37:27+05:30"}) {
    CHECK(partial(text).ms_of_day == kMsOfDay);
  }
  CHECK(partial("07:37:27 PM").ms_of_day == kMsOfDay + 43'200'000);
  CHECK(partial("T07:37:27.123456789").ms_of_day == kMsOfDay + 123);
  CHECK(partial("07:37").ms_of_day == kMsOfDay - 27'000);
  CHECK(partial("23:59:60").ms_of_day == 86'399'999);
  CHECK(partial("23:59:60").leap_second);
  CHECK_FALSE(partial("23:59:59.999").leap_second);

  CHECK_FALSE(partial("07:37:27").has_day);
  for (const char* text : {"Nov  2 07:37:27.123", "Nov 2 07:37:27", "2 Nov 07:37:27"}) {
    CHECK(partial(text).has_day);
    CHECK(partial(text).month == 11);
    CHECK(partial(text).day == 2);
    CHECK(partial(text).weekday == -1);
  }
  CHECK(partial("Sun Nov 22 07:37:27").weekday == 0);
  CHECK(partial("Sat 22 Nov 07:37:27").weekday == 6);

  CHECK_FALSE(partial("07:37:27").offset_ms);
  CHECK(partial("07:37:27+05:30").offset_ms == 19'800'000);
  CHECK(partial("Nov 22 07:37:27 -0330").offset_ms == -12'600'000);
  CHECK(partial("07:37:27").abbreviation == std::string());
  CHECK(partial("07:37:27Z").abbreviation == std::string("Z"));
  CHECK(partial("Nov 22 07:37:27 CEST").abbreviation == std::string("CEST"));
  CHECK(partial("07:37:27 ABCDEF").abbreviation == std::string("ABCDEF"));

  CHECK(partial("07:37:27").form == TimeForm::kIso);
  CHECK(partial("7:37:27 AM").form == TimeForm::kDate12h);
  CHECK(partial("Nov 22 07:37:27").form == TimeForm::kDateC);
  CHECK(partial("Nov 22 07:37:27 AM").form == TimeForm::kDate12h);

  for (const char* text : {"2026-11-22", "nonsense", "25:00:00", "2026-11-22T07:37:27Z"}) {
    CAPTURE(text);
    CHECK_FALSE(ParseTime(text, Berlin()).partial);
  }
}

TEST_CASE("a partial time on a day") {
  const auto complete = [](std::string_view text, const CivilDay& day, const Zone& zone) {
    return Show(CompleteTime(ParseTime(text, zone).partial.value(), day, zone));
  };
  CHECK(complete("08:37:27", {2026, 11, 22}, Berlin()) == "2026-11-22T07:37:27Z");
  CHECK(complete("07:37:27Z", {2026, 11, 22}, Berlin()) == "2026-11-22T07:37:27Z");
  CHECK(complete("13:07:27+05:30", {2026, 11, 22}, Berlin()) == "2026-11-22T07:37:27Z");
  CHECK(complete("02:37:27 EST", {2026, 11, 22}, Berlin()) == "2026-11-22T07:37:27Z");
  CHECK(complete("Nov 22 08:37:27", {2026, 1, 31}, Berlin()) == "2026-11-22T07:37:27Z");
  CHECK(complete("Sun Nov 22 08:37:27", {2026, 1, 1}, Berlin()) == "2026-11-22T07:37:27Z");
  CHECK(complete("Sun Nov 22 08:37:27", {2027, 1, 1}, Berlin()) == "OutOfRange");
  CHECK(complete("Feb 29 12:00:00", {2028, 1, 1}, Zone()) == "2028-02-29T12:00:00Z");
  CHECK(complete("Feb 29 12:00:00", {2026, 1, 1}, Zone()) == "OutOfRange");
  CHECK(complete("12:00:00", {2026, 2, 29}, Zone()) == "OutOfRange");
  CHECK(complete("12:00:00", {1969, 12, 31}, Zone()) == "OutOfRange");
  CHECK(complete("02:30:00", {2026, 3, 29}, Berlin()) == "Gap");
  CHECK(complete("12:00:00 CST", {2026, 1, 10}, Berlin()) == "AmbiguousZone");
  CHECK(complete("12:00:00 CEST", {2026, 1, 10}, Zone()) == "UnknownZone");
  CHECK(complete("23:59:60", {2016, 12, 31}, Zone()) == "2016-12-31T23:59:59.999Z");
  CHECK(complete("00:59:60 CET", {2017, 1, 1}, Zone()) == "2016-12-31T23:59:59.999Z");
  CHECK(complete("23:59:60", {2016, 12, 31}, Berlin()) == "OutOfRange");
  CHECK(complete("23:59:59.999", {2016, 12, 31}, Berlin()) == "2016-12-31T22:59:59.999Z");
}

TEST_CASE("moments that do not exist") {
  for (const char* text : {"2026-02-29T00:00:00Z",
                           "2026-11-31T00:00:00Z",
                           "2026-13-01T00:00:00Z",
                           "2026-00-10T00:00:00Z",
                           "2026-11-00T00:00:00Z",
                           "2026-11-22T24:00:00Z",
                           "2026-11-22T07:60:00Z",
                           "2026-11-22T07:37:61Z",
                           "2026-11-22T07:37:27+00:60",
                           "2026-11-22T07:37:27+24:00",
                           "1969-12-31T23:59:59Z",
                           "2026-02-30",
                           "25:00:00",
                           "Mon Nov 22 07:37:27 UTC 2026",
                           "Sun Nov 31 07:37:27 UTC 2026",
                           "Mon, 22 Nov 2026 07:37:27 +0000",
                           "Nov 31 07:37:27",
                           "Feb 30 07:37:27",
                           "Nov 0 07:37:27",
                           "Nov 22 24:37:27",
                           "13:37:27 PM",
                           "07:37:27+24:00",
                           "Feb 29 2026 07:37:27",
                           "31/Nov/2026:07:37:27 +0000",
                           "2026 Nov 31 07:37:27"}) {
    CAPTURE(text);
    CHECK(Parse(text) == "OutOfRange");
  }
  CHECK(Parse("2024-02-29T00:00:00Z") == "2024-02-29T00:00:00Z");
  CHECK(Parse("1970-01-01T00:00:05Z") == "1970-01-01T00:00:05Z");
}

TEST_CASE("a bare number is an epoch only between 10^9 and 10^10 seconds") {
  CHECK(Parse("999999999") == "OutOfRange");
  CHECK(Parse("1000000000") == "2001-09-09T01:46:40Z");
  CHECK(Parse("9999999999") == "2286-11-20T17:46:39Z");
  CHECK(Parse("10000000000") == "OutOfRange");
  CHECK(Parse("999999999999") == "OutOfRange");
  CHECK(Parse("1000000000000") == "2001-09-09T01:46:40Z");
  CHECK(Parse("9999999999999") == "2286-11-20T17:46:39.999Z");
  CHECK(Parse("10000000000000") == "OutOfRange");
  CHECK(Parse("999999999999999") == "OutOfRange");
  CHECK(Parse("1000000000000000") == "2001-09-09T01:46:40Z");
  CHECK(Parse("9999999999999999") == "2286-11-20T17:46:39.999Z");
  CHECK(Parse("10000000000000000") == "OutOfRange");
  CHECK(Parse("0179533304") == "OutOfRange");
  CHECK(Parse(std::string(5000, '7')) == "OutOfRange");
}

TEST_CASE("a leap second is the last millisecond of its minute") {
  CHECK(Parse("2016-12-31T23:59:60Z") == "2016-12-31T23:59:59.999Z");
  CHECK(Parse("2016-12-31T23:59:60.5Z") == "2016-12-31T23:59:59.999Z");
  CHECK(Parse("Sun Jan  1 00:59:60 CET 2017") == "2016-12-31T23:59:59.999Z");
  CHECK(Parse("2017-01-01T05:29:60+05:30") == "2016-12-31T23:59:59.999Z");
  CHECK(Parse("2016-12-31T22:59:60Z") == "OutOfRange");
  CHECK(Parse("2016-12-31T23:59:60+01:00") == "OutOfRange");
}

TEST_CASE("local times that occur twice or never") {
  // Clocks went back from 03:00 to 02:00 on 2026-10-25 and forward from 02:00 on 2026-03-29.
  const TimeResult fold = ParseTime("2026-10-25 02:30:00", Berlin());
  REQUIRE(fold.time);
  CHECK(FormatIsoUtc(fold.time->utc_ms) == "2026-10-25T00:30:00Z");
  CHECK(fold.time->ambiguous);
  CHECK(FormatIsoUtc(fold.time->later_ms) == "2026-10-25T01:30:00Z");
  CHECK_FALSE(ParseTime("2026-10-25 01:59:59", Berlin()).time->ambiguous);
  CHECK_FALSE(ParseTime("2026-10-25 03:00:00", Berlin()).time->ambiguous);
  CHECK(Parse("2026-03-29 02:00:00", Berlin()) == "Gap");
  CHECK(Parse("2026-03-29 02:59:59", Berlin()) == "Gap");
  CHECK(Parse("2026-03-29 01:59:59", Berlin()) == "2026-03-29T00:59:59Z");
  CHECK(Parse("2026-03-29 03:00:00", Berlin()) == "2026-03-29T01:00:00Z");

  // An abbreviation tells which of the two it is.
  const TimeResult winter = ParseTime("Sun Oct 25 02:30:00 CET 2026", Berlin());
  REQUIRE(winter.time);
  CHECK(FormatIsoUtc(winter.time->utc_ms) == "2026-10-25T01:30:00Z");
  CHECK_FALSE(winter.time->ambiguous);
  CHECK(Parse("Sun Oct 25 02:30:00 CEST 2026", Berlin()) == "2026-10-25T00:30:00Z");

  // Half an hour, and two.
  const TimeResult half = ParseTime("2026-04-05 01:45:00", Zone::Find("Australia/Lord_Howe"));
  CHECK(Show(half) == "2026-04-04T14:45:00Z");
  CHECK(FormatIsoUtc(half.time->later_ms) == "2026-04-04T15:15:00Z");
  const TimeResult two = ParseTime("2026-10-25 01:30:00", Zone::Find("Antarctica/Troll"));
  CHECK(Show(two) == "2026-10-24T23:30:00Z");
  CHECK(FormatIsoUtc(two.time->later_ms) == "2026-10-25T01:30:00Z");

  const Zone apia = Zone::Find("Pacific/Apia");
  CHECK(Parse("2011-12-30 12:00:00", apia) == "Gap");
  CHECK(Parse("2011-12-31 00:00:00", apia) == "2011-12-30T10:00:00Z");
}

TEST_CASE("zone abbreviations") {
  SECTION("of zones that agree") {
    CHECK(Parse("Sun Nov 22 08:37:27 CET 2026") == "2026-11-22T07:37:27Z");
    CHECK(Parse("Wed Jul  1 09:37:27 CEST 2026") == "2026-07-01T07:37:27Z");
    CHECK(Parse("Sun Nov 22 16:37:27 JST 2026") == "2026-11-22T07:37:27Z");
    CHECK(Parse("2026-11-22 02:37:27 EST") == "2026-11-22T07:37:27Z");
  }
  SECTION("of several offsets") {
    CHECK(Parse("Fri Jan 10 12:00:00 CST 2025") == "AmbiguousZone");
    CHECK(Parse("Fri Jan 10 12:00:00 IST 2025") == "AmbiguousZone");
  }
  SECTION("that the zone of the user settles") {
    CHECK(Parse("Fri Jan 10 12:00:00 CST 2025", Zone::Find("America/Chicago")) ==
          "2025-01-10T18:00:00Z");
    CHECK(Parse("Fri Jan 10 12:00:00 CST 2025", Zone::Find("Asia/Shanghai")) ==
          "2025-01-10T04:00:00Z");
    CHECK(Parse("Fri Jan 10 12:00:00 IST 2025", Zone::Find("Asia/Kolkata")) ==
          "2025-01-10T06:30:00Z");
    // This zone does not use it, so it does not settle it.
    CHECK(Parse("Fri Jan 10 12:00:00 CST 2025", Berlin()) == "AmbiguousZone");
  }
  SECTION("that mean themselves whatever the zone is") {
    CHECK(Parse("Sun Nov 22 07:37:27 UTC 2026", Berlin()) == "2026-11-22T07:37:27Z");
    CHECK(Parse("Sun Nov 22 07:37:27 GMT 2026", Berlin()) == "2026-11-22T07:37:27Z");
    CHECK(Parse("2026-11-22T07:37:27Z", Berlin()) == "2026-11-22T07:37:27Z");
  }
  SECTION("that nobody uses, or not in that season") {
    CHECK(Parse("Fri Jan 10 12:00:00 XYZ 2025") == "UnknownZone");
    CHECK(Parse("Fri Jan 10 12:00:00 CEST 2025") == "UnknownZone");
  }
}

#if TCPSNAP_COUNTS_ALLOCATIONS
TEST_CASE("parsing allocates nothing") {
  const Zone berlin = Berlin();
  (void)Parse("Sun Nov 22 08:37:27 CET 2026");  // reads the database
  const std::vector<std::string> lines = {
      "   0: 0100007F:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0",
      "12000: 0100007F:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0",
      "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout",
      "2026-11-22T07:37:27+00:00",
      "Sun Nov 22 08:37:27 CET 2026",
      "2026-11-22 07:37:27",
      "Sun Nov 22 08:37:27 CST 2026",
      "1795333047.123456",
      "",
      "Total: 12",
      "Nov 22 07:37:27",
      "Nov 22 07:37:27 CET web1 kernel: x",
      "22/Nov/2026:07:37:27 +0000",
      "07:37:27 INFO x",
      "20261122-073727"};
  const size_t before = g_allocations;
  int times = 0;
  for (const std::string& line : lines) {
    times += ParseTime(line, berlin).time ? 1 : 0;
    times += FindTimeInName(line, berlin).time ? 1 : 0;
    times += ReadTimeAtFront(line, berlin).result.time ? 1 : 0;
  }
  const size_t after = g_allocations;
  CHECK(after == before);
  CHECK(times > 0);
}
#endif

/// The time at the front and what stands behind it: "NoDate| web1".
std::string Front(std::string_view text, const Zone& zone = Zone()) {
  const TimeAtFront front = ReadTimeAtFront(text, zone);
  if (front.length == 0) return "none, " + Show(front.result);
  return Show(front.result) + "|" + std::string(text.substr(front.length));
}

TEST_CASE("a time at the front of a line") {
  CHECK(Front("1795333047   0: 0100007F:1538") == "2026-11-22T07:37:27Z|   0: 0100007F:1538");
  CHECK(Front("1795333047.500000 12: 0100007F") == "2026-11-22T07:37:27.500Z| 12: 0100007F");
  CHECK(Front("2026-11-22T07:37:27Z 1000: 0100007F") == "2026-11-22T07:37:27Z| 1000: 0100007F");
  CHECK(Front("2026-11-22 07:37:27 web1") == "2026-11-22T07:37:27Z| web1");
  CHECK(Front("2026-11-22 08:37:27 CET web1") == "2026-11-22T07:37:27Z| web1");
  CHECK(Front("2026-11-22 08:37:27 +0100\tweb1") == "2026-11-22T07:37:27Z|\tweb1");
  CHECK(Front("Nov 22 07:37:27 web1 kernel: x") == "NoDate| web1 kernel: x");
  CHECK(Front("Nov  2 07:37:27.123456   0: 0100007F:1538") == "NoDate|   0: 0100007F:1538");
  CHECK(Front("Nov 22 07:37:27 1000: 0100007F:1538") == "NoDate| 1000: 0100007F:1538");
  CHECK(Front("Nov 22 07:37:27 2026 x") == "2026-11-22T07:37:27Z| x");
  CHECK(Front("Nov 22, 2026 07:37:27 UTC x") == "2026-11-22T07:37:27Z| x");
  CHECK(Front("22/Nov/2026:07:37:27 +0000] \"GET /\"") == "2026-11-22T07:37:27Z|] \"GET /\"");
  CHECK(Front("Sun Nov 22 07:37:27 AM UTC 2026: x") == "2026-11-22T07:37:27Z|: x");
  CHECK(Front("Sun Nov 22 07:37:27 UTC 2026: 0: 0100007F:1538") ==
        "2026-11-22T07:37:27Z|: 0: 0100007F:1538");
  CHECK(Front("Sun Nov 22 07:37:27 UTC 2026:") == "2026-11-22T07:37:27Z|:");
  CHECK(Front("Nov 22 07:37:27 2026: x") == "2026-11-22T07:37:27Z|: x");
  CHECK(Front("Nov 22 07:37:27: x") == "NoDate|: x");
  CHECK(Front("07:37:27: x") == "NoDate|: x");
  CHECK(Front("1795333047: x") == "2026-11-22T07:37:27Z|: x");
  CHECK(Front("2026-11-22 07:37:27- x") == "2026-11-22T07:37:27Z|- x");
  CHECK(Front("2026-11-22 07:37:27 INFO: x") == "2026-11-22T07:37:27Z| INFO: x");
  // The number of a row is no year.
  CHECK(Front("Nov 22 07:37:27 2026: 0100007F:1538") == "NoDate| 2026: 0100007F:1538");
  CHECK(Front("07:37:27 2026: 0100007F:1538") == "NoDate| 2026: 0100007F:1538");
  CHECK(Front("Sun Nov 22 07:37:27 AM UTC 2026; x") == "2026-11-22T07:37:27Z|; x");
  CHECK(Front("07:37:27.123 x") == "NoDate| x");
  CHECK(Front("7:37:27 AM x") == "NoDate| x");
  CHECK(Front("T07:37 x") == "NoDate| x");
  CHECK(Front("20261122 073727 x") == "2026-11-22T07:37:27Z| x");
  CHECK(Front("1795333047\r") == "2026-11-22T07:37:27Z|\r");
  CHECK(Front("2026-02-30 07:37:27 x") == "OutOfRange| x");
  CHECK(Front("2026-11-22 07:37:27 CST x") == "AmbiguousZone| x");
  CHECK(Front("2026-03-29 02:30:00 x", Berlin()) == "Gap| x");
}

TEST_CASE("a word behind a time is no part of it") {
  CHECK(Front("2026-11-22 07:37:27 INFO x") == "2026-11-22T07:37:27Z| INFO x");
  CHECK(Front("2026-11-22 07:37:27 INFO") == "2026-11-22T07:37:27Z| INFO");
  CHECK(Front("2026-11-22 07:37:27 CEST x") == "2026-11-22T07:37:27Z| CEST x");  // no summer
  CHECK(Front("Nov 22 07:37:27 WEB kernel: x") == "NoDate| WEB kernel: x");
  CHECK(Front("Nov 22 07:37:27 CEST kernel: x") == "NoDate| kernel: x");
  CHECK(Front("07:37:27 INFO") == "NoDate| INFO");
  CHECK(Front("07:37:27 UTC INFO") == "NoDate| INFO");
  CHECK(Front("Nov 22 07:37:27 1234 bytes") == "NoDate| 1234 bytes");
  // A year behind it makes it a zone.
  CHECK(Front("Sun Nov 22 07:37:27 XYZ 2026 x") == "UnknownZone| x");
}

TEST_CASE("fronts that are no time") {
  for (const char* text : {"",
                           " 1795333047",
                           "12000: 0100007F:1538 00000000:0000 0A",
                           "0: 0100007F:1538",
                           "2",
                           "20 packets",
                           "1795333047: 0100007F:1538 00000000:0000 0A",
                           "20261122073727: 0100007F:1538",
                           "1795333047:x",
                           "17953330471 x",
                           "2026-11-22 x",
                           "20261122 x",
                           "2026112 073727",
                           "Nov 22 x",
                           "Nov 22 2026 x",
                           "Mar is a month",
                           "Total: 12",
                           "TCP: inuse 5",
                           "07:37:27:x",
                           "24:00:00:00 x",
                           "1969-12-31 23:59:59 x",
                           "11/22/2026 07:37:27 x",
                           "10 20 30 40 50 60",
                           "2001 db8 0 0 0 1"}) {
    CAPTURE(text);
    CHECK(Front(text) == "none, NotATime");
  }
  // The time must end within the first bytes.
  CHECK(Front("07:37:27." + std::string(55, '5')) == "NoDate|");
  CHECK(Front("07:37:27." + std::string(56, '5')) == "none, NotATime");
}

TEST_CASE("every time is found at the front, whole, whatever ends it") {
  for (const std::string time : {"1795333047",
                                 "1795333047000",
                                 "1795333047.123456",
                                 "1795333047,5",
                                 "2026-11-22T07:37:27Z",
                                 "2026-11-22T07:37:27,05+00:00",
                                 "2026/11/22 07:37",
                                 "2026-11-22 07:37:27 +0000",
                                 "20261122-073727",
                                 "20261122T073727Z",
                                 "20261122 073727 UTC",
                                 "20261122073727",
                                 "Sun Nov 22 07:37:27 UTC 2026",
                                 "Sun Nov  1 07:37:27 2026",
                                 "Sun Nov 22 07:37:27",
                                 "Sun, 22 Nov 2026 07:37:27 +0000",
                                 "Sun 22 Nov 2026 07:37:27 AM UTC",
                                 "Nov 22, 2026 7:37:27 AM UTC",
                                 "2026 Nov 22 07:37:27.123",
                                 "22 Nov 07:37:27 CET",
                                 "22/Nov/2026:07:37:27 +0000",
                                 "T07:37",
                                 "07:37:27.123456789 UTC",
                                 "7:37:27 PM"}) {
    const TimeResult whole = ParseTime(time, Zone());
    for (const char* behind :
         {"",    " ",  "  ",       "\t", " x",  " x y z", ">", ") x", "]", "; 1",
          ", x", "|0", " 0: 1F90", ":",  ": x", ":\tx",   "-", "- x", "=", "= x"}) {
      CAPTURE(time, behind);
      const TimeAtFront front = ReadTimeAtFront(time + behind, Zone());
      CHECK(front.length == time.size());
      CHECK(Show(front.result) == Show(whole));
      CHECK(front.result.partial.has_value() == whole.partial.has_value());
    }
    for (const char* behind : {":x", "x", ".", "=x", "-x", ": 0100007F:1538"}) {
      CAPTURE(time, behind);
      CHECK(ReadTimeAtFront(time + behind, Zone()).length < time.size());
    }
  }
}

TEST_CASE("days as options give them") {
  for (const char* text : {"2026-11-22", "2026/11/22"}) {
    const std::optional<CivilDay> day = ParseDay(text);
    REQUIRE(day);
    CHECK(day->year == 2026);
    CHECK(day->month == 11);
    CHECK(day->day == 22);
  }
  CHECK(ParseDay("2024-02-29"));
  for (const char* text :
       {"", "2026-11", "2026-11-31", "2026-02-29", "2026-13-01", "2026-11/22", "20261122",
        "2026-11-22 ", "2026-11-22T07:37:27Z", "1969-12-31", "today", "Nov 22 2026"}) {
    CAPTURE(text);
    CHECK_FALSE(ParseDay(text));
  }
}

TEST_CASE("times in the names of files and folders") {
  for (const char* name : {"2026-11-22T07:37:27+00:00.txt",
                           "tcp.20261122-073727",
                           "20261122T073727Z",
                           "2026-11-22_07-37-27",
                           "2026-11-22T07_37_27",
                           "2026-11-22-07:37:27",
                           "web1_1795333047.log",
                           "20261122_073727",
                           "20261122_073727/proc/net/tcp",
                           "2026-11-22/07-37-27/tcp",
                           "20261122/073727.txt",
                           "snap-20261122073727.txt",
                           "1795333047",
                           "1795333047000.txt",
                           "tcp-1795333047000000",
                           "tcp.1795333047.1",
                           "tcp20261122-073727.gz",
                           "2026.11.22_07.37.27.txt",
                           "2026_11_22_07_37_27",
                           "web-2026-11-22 07:37:27.txt",
                           "2026-11-22T08:37:27+01:00.txt",
                           "2026-11-22T02:37:27-05:00",
                           "20261122T023727-0500.txt",
                           "20261122T083727+0100",
                           "2026-11-22T07:37:27z.log",
                           "20261122-073727_UTC.txt",
                           "20261122-073727-UTC",
                           "20261122-083727CET.txt",
                           "host-6.18.44-4711-20261122-073727.tcp",
                           "4711.20261122-073727.4711",
                           "20261122-073727.123",
                           "20261122-073727-1234",
                           "99999999-123456_1795333047",
                           "2026-11-22@07:37:27"}) {
    CAPTURE(name);
    CHECK(InName(name) == "2026-11-22T07:37:27Z");
  }
  CHECK(InName("2026-11-22T07:37:27.123456+00:00.txt") == "2026-11-22T07:37:27.123Z");
  CHECK(InName("1795333047.123456789.txt") == "2026-11-22T07:37:27.123Z");
  CHECK(InName("tcp-2026-11-22T07:37.txt") == "2026-11-22T07:37:00Z");
  CHECK(InName("tcp-20261122T0737.txt") == "2026-11-22T07:37:00Z");
  CHECK(InName("tcp-2026-11-22_07-37.txt") == "2026-11-22T07:37:00Z");
}

TEST_CASE("a name's time is local time of the zone, where it names none") {
  CHECK(InName("tcp.20261122-083727", Berlin()) == "2026-11-22T07:37:27Z");
  CHECK(InName("tcp.20261122-073727Z", Berlin()) == "2026-11-22T07:37:27Z");
  CHECK(InName("web1_1795333047.log", Berlin()) == "2026-11-22T07:37:27Z");
  CHECK(InName("tcp.20260329-023000", Berlin()) == "Gap");
  CHECK(InName("20250110T120000CST") == "AmbiguousZone");
  CHECK_FALSE(FindTimeInName("20261122-073727", Zone()).time->zone_given);
  CHECK(FindTimeInName("20261122-073727", Zone()).time->form == TimeForm::kCompact);
  CHECK(FindTimeInName("2026-11-22_07-37-27", Zone()).time->form == TimeForm::kIso);
  CHECK(FindTimeInName("2026-11-22T07:37:27Z", Zone()).time->zone_given);
}

TEST_CASE("names that hold no time are never guessed at") {
  for (const char* name :
       {"sosreport-host1-2026-11-22-abcdefg", "tcp.20261122", "2026-11-22", "2026_11_22.log",
        "tcp-2026-11-22-1234", "tcp-20261122-1234567", "2026-11-22-10-20", "20261122-0737",
        "tcp.2026112207", "2026-11-22_25-00-00", "2026-11-22T07:60:00"}) {
    CAPTURE(name);
    CHECK(InName(name) == "NoTimeOfDay");
  }
  for (const char* name : {"",
                           "tcp",
                           "tcp.1",
                           "tcp.4711",
                           "proc/3255/net/tcp",
                           "linux-6.18.44",
                           "v1.2.3-20",
                           "99999999-123456",
                           "20261322-073727",
                           "x1795333047",
                           "1795333047x",
                           "a1795333047b",
                           "17953330471",
                           "0795333047",
                           "179533304",
                           "073727",
                           "12345678901234",
                           "2026",
                           "2026-11",
                           "2026-13-22_07-37-27",
                           "20000000000000000000",
                           "10.0.0.127",
                           "core.1234567"}) {
    CAPTURE(name);
    CHECK(InName(name) == "NotATime");
  }
}

TEST_CASE("times as options give them") {
  SECTION("all that a capture may hold") {
    CHECK(Argument("2026-11-22T07:37:27Z", 0) == "2026-11-22T07:37:27Z");
    CHECK(Argument("1795333047", 0) == "2026-11-22T07:37:27Z");
    CHECK(Argument("nonsense", 0) == "NotATime");
  }
  SECTION("back from the end") {
    CHECK(Argument("-90m", kTime) == "2026-11-22T06:07:27Z");
    CHECK(Argument("-27s", kTime) == "2026-11-22T07:37:00Z");
    CHECK(Argument("-1.5h", kTime) == "2026-11-22T06:07:27Z");
    CHECK(Argument("-1d", kTime) == "2026-11-21T07:37:27Z");
    CHECK(Argument("-", kTime) == "NotATime");
    CHECK(Argument("-90", kTime) == "NotATime");
    CHECK(Argument("-90w", kTime) == "NotATime");
  }
  SECTION("a time of day, the last one at or before the end") {
    CHECK(Argument("07:37:27", kTime) == "2026-11-22T07:37:27Z");
    CHECK(Argument("07:37", kTime) == "2026-11-22T07:37:00Z");
    CHECK(Argument("07:38", kTime) == "2026-11-21T07:38:00Z");
    CHECK(Argument("08:37:27", kTime, Berlin()) == "2026-11-22T07:37:27Z");
    CHECK(Argument("09:00", kTime, Berlin()) == "2026-11-21T08:00:00Z");
    CHECK(Argument("07:37 UTC", kTime, Berlin()) == "2026-11-22T07:37:00Z");
    CHECK(Argument("25:00", kTime) == "OutOfRange");
    // A day without its year is not today.
    CHECK(Argument("Nov 21 07:37:27", kTime) == "NoDate");
    // In Auckland it is 20:37 already, in Honolulu still yesterday.
    CHECK(Argument("00:30", kTime, Zone::Find("Pacific/Auckland")) == "2026-11-21T11:30:00Z");
    CHECK(Argument("21:37", kTime, Zone::Find("Pacific/Honolulu")) == "2026-11-22T07:37:00Z");
    // 03:30 of Berlin, an hour after the clock skipped 02:30.
    const int64_t after_gap = ParseTime("2026-03-29T01:30:00Z", Zone()).time->utc_ms;
    CHECK(Argument("02:30", after_gap, Berlin()) == "Gap");
  }
  SECTION("a date alone is its first moment") {
    CHECK(Argument("2026-11-22", kTime) == "2026-11-22T00:00:00Z");
    CHECK(Argument("20261122", kTime) == "2026-11-22T00:00:00Z");
    CHECK(Argument("2026-11-22", kTime, Berlin()) == "2026-11-21T23:00:00Z");
    CHECK(Argument("2018-11-04", kTime, Zone::Find("America/Sao_Paulo")) == "2018-11-04T03:00:00Z");
    CHECK(Argument("2011-12-30", kTime, Zone::Find("Pacific/Apia")) == "Gap");
    CHECK(Argument("2026-02-30", kTime) == "OutOfRange");
  }
}

TEST_CASE("durations") {
  CHECK(ParseDuration("3s") == 3000);
  CHECK(ParseDuration("500ms") == 500);
  CHECK(ParseDuration("1m") == 60'000);
  CHECK(ParseDuration("1h") == 3'600'000);
  CHECK(ParseDuration("1d") == 86'400'000);
  CHECK(ParseDuration("2.5s") == 2500);
  CHECK(ParseDuration("0.001s") == 1);
  CHECK(ParseDuration("999999999d") == 86'399'999'913'600'000);
  for (const char* text : {"", "s", "3", "0s", "0.0001s", "-3s", "+3s", "3 s", "3S", "3x", "1.s",
                           ".5s", "1,5s", "3ss", "1000000000s", "1e3s"}) {
    CAPTURE(text);
    CHECK_FALSE(ParseDuration(text));
  }
}

TEST_CASE("bucket widths divide a day") {
  CHECK(ParseBucketWidth("10s") == 10'000);
  CHECK(ParseBucketWidth("1m") == 60'000);
  CHECK(ParseBucketWidth("5m") == 300'000);
  CHECK(ParseBucketWidth("1h") == 3'600'000);
  CHECK(ParseBucketWidth("6h") == 21'600'000);
  CHECK(ParseBucketWidth("1d") == 86'400'000);
  for (const char* text : {"", "1", "500ms", "7m", "7s", "36h", "2d", "0m"}) {
    CAPTURE(text);
    CHECK_FALSE(ParseBucketWidth(text));
  }
}

TEST_CASE("formatting") {
  CHECK(FormatIsoUtc(kTime) == "2026-11-22T07:37:27Z");
  CHECK(FormatIsoUtc(kTime + 7) == "2026-11-22T07:37:27.007Z");
  CHECK(FormatIsoUtc(0) == "1970-01-01T00:00:00Z");
  CHECK(FormatIsoUtc(-1) == "1969-12-31T23:59:59.999Z");
  CHECK(FormatLocal(kTime, Berlin()) == "2026-11-22 08:37:27");
  CHECK(FormatLocal(kTime + 120, Berlin()) == "2026-11-22 08:37:27.120");
  CHECK(FormatLocalWithOffset(kTime, Zone()) == "2026-11-22 07:37:27+00:00");
  CHECK(FormatLocalWithOffset(kTime, Berlin()) == "2026-11-22 08:37:27+01:00");
  CHECK(FormatLocalWithOffset(kTime, Zone::Find("Asia/Kolkata")) == "2026-11-22 13:07:27+05:30");
  CHECK(FormatLocalWithOffset(kTime, Zone::Find("America/St_Johns")) ==
        "2026-11-22 04:07:27-03:30");
}

TEST_CASE("what is formatted parses back") {
  for (int64_t utc_ms = 0; utc_ms < 4'000'000'000'000; utc_ms += 12'345'678'901) {
    CAPTURE(utc_ms);
    CHECK(ParseTime(FormatIsoUtc(utc_ms), Berlin()).time->utc_ms == utc_ms);
    CHECK(ParseTime(FormatLocalWithOffset(utc_ms, Berlin()), Zone()).time->utc_ms == utc_ms);
    const TimeResult local = ParseTime(FormatLocal(utc_ms, Berlin()), Berlin());
    CHECK((local.time->utc_ms == utc_ms || local.time->ambiguous));
  }
}

TEST_CASE("every error has its own sentence") {
  std::set<std::string_view> sentences;
  for (const TimeError error :
       {TimeError::kNotATime, TimeError::kNoDate, TimeError::kNoTimeOfDay, TimeError::kOutOfRange,
        TimeError::kAmbiguousZone, TimeError::kUnknownZone, TimeError::kGap, TimeError::kRelative,
        TimeError::kOtherDate}) {
    CHECK(TimeErrorSentence(error).size() > 20);
    sentences.insert(TimeErrorSentence(error));
  }
  CHECK(sentences.size() == 9);
}

}  // namespace
}  // namespace tcpsnap::capture
