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
      return "epoch line";
    case TimeForm::kEpochFraction:
      return "epoch line with fraction";
    case TimeForm::kDateC:
      return "date line (C locale)";
    case TimeForm::kDate12h:
      return "date line (12-hour)";
    case TimeForm::kIso:
      return "ISO 8601 line";
    case TimeForm::kCompact:
      return "compact time line";
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
  if (result.time) return Marker{LayoutName(result.time->form), result, Marker::File::kUnsaid};
  if (IsBrokenTime(result.error)) return Marker{"time line", result, Marker::File::kUnsaid};
  return std::nullopt;
}

}  // namespace tcpsnap::capture
