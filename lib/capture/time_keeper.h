// The times of one capture, one after the other: what one time alone can't tell, the ones before it
// can.
//
//   T23:59:58   T00:00:03          --date 2026-11-22: the second is of the 23rd
//   Dec 31 23:59:58   Jan  1 00:00:03                 the second is of the next year
//   2026-10-25 02:59:30   2026-10-25 02:00:30         Europe/Berlin: 02:00:30 after the clock went
//                                                     back, not an hour before it
#pragma once

#include <cstdint>
#include <optional>

#include "capture/clock.h"

namespace tcpsnap::capture {

class TimeKeeper {
 public:
  /// `first_day`: the day of the first time that has none (in `zone`), and near which the first
  /// time without a year is.
  TimeKeeper(std::optional<CivilDay> first_day, Zone zone);

  /// The time as it stands in a capture -> a whole one, in the order of the capture. Whole times
  /// stay what they are, but for a local time that occurs twice: it is the second where the first
  /// would lie before the time before it. A time of day follows the time before it: more than 12
  /// hours back means the next day, less is a clock that was set back. A date without a year:
  /// more than half a year back means the next year. Without first_day, and before any whole time,
  /// partial times stay what they are (kNoDate).
  TimeResult Next(const TimeResult& read);

 private:
  std::optional<CivilDay> first_day_;
  Zone zone_;
  std::optional<int64_t> last_ms_;
};

}  // namespace tcpsnap::capture
