// A line that is a time and nothing else:
//
//   1795333047        1795333047.123456        Sun Nov 22 07:37:27 UTC 2026
//   Sun Nov 22 07:37:27 AM UTC 2026            2026-11-22T07:37:27+00:00
//   07:37:27          T07:37:27.123456789      Nov 22 07:37:27
//
// A number is a time only in the range of an epoch (clock.h): `2000` is none. A time of day has two
// digits for its hour at least: `1:23` is rather a duration or a version.

#include "capture/layout.h"
#include "capture/layouts/text.h"
#include "procnet/token.h"

namespace tcpsnap::capture {
namespace {

constexpr size_t kShortestTime = 5;  // 07:37
constexpr size_t kLongestTime = 64;

std::string_view LayoutName(TimeForm form) {
  switch (form) {
    case TimeForm::kEpoch:
      return "epoch-line";
    case TimeForm::kEpochFraction:
      return "epoch-fraction-line";
    case TimeForm::kDateC:
      return "date-line";
    case TimeForm::kDate12h:
      return "date-12h-line";
    case TimeForm::kIso:
      return "iso-line";
    case TimeForm::kCompact:
      return "compact-line";
  }
  return "";
}

std::string_view LayoutOf(const TimeResult& result, std::string_view line) {
  if (result.time) return LayoutName(result.time->form);
  if (result.error == TimeError::kNoDate) return "time-of-day-line";
  return procnet::IsDigit(line[0]) ? "iso-line" : "date-line";
}

}  // namespace

std::optional<Marker> ReadTimeLine(std::string_view line, const Zone& zone) {
  if (line.size() < kShortestTime || line.size() > kLongestTime) return std::nullopt;
  const TimeResult result = ParseTime(line, zone);
  if (!IsMeantAsTime(result)) return std::nullopt;
  Marker marker;
  marker.layout = LayoutOf(result, line);
  marker.time = result;
  return marker;
}

}  // namespace tcpsnap::capture
