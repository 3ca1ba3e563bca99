// A line that is a time and nothing else:
//
//   1795333047        1795333047.123456        Sun Nov 22 07:37:27 UTC 2026
//   Sun Nov 22 07:37:27 AM UTC 2026            2026-11-22T07:37:27+00:00
//
// A number is a time only in the range of an epoch (clock.h): `2000` is none.

#include "capture/layout.h"

namespace tcpsnap::capture {
namespace {

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

// Times that are surely meant as such, though they can't be told.
bool IsBrokenTime(TimeError error) {
  switch (error) {
    case TimeError::kAmbiguousZone:
    case TimeError::kUnknownZone:
    case TimeError::kGap:
      return true;
    default:
      return false;
  }
}

}  // namespace

std::optional<Marker> ReadTimeLine(std::string_view line, const Zone& zone) {
  TimeResult result = ParseTime(line, zone);
  if (!result.time && !IsBrokenTime(result.error)) return std::nullopt;
  Marker marker;
  marker.layout = result.time ? LayoutName(result.time->form) : "time-line";
  marker.time = result;
  return marker;
}

}  // namespace tcpsnap::capture
