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
  /// `first_day`: the day of the first time that has none (in `zone`), and within 31 days of which
  /// the first time without a year is.
  TimeKeeper(std::optional<CivilDay> first_day, Zone zone);

  /// The time as it stands in a capture -> a whole one, in the order of the capture. Whole times
  /// stay what they are, but for a local time that occurs twice: where the first would lie before
  /// the time before it, it is the second, and not ambiguous. A time of day that is at most one
  /// hour before the time before it is of a clock that was set back, over midnight too, but not to
  /// before first_day; any other is the next one that comes, since a capture may well pause for
  /// half a day and more. A date without a year is at most one day back, or the next that comes; a
  /// 29th of February that its year lacks, or another weekday, is kOutOfRange; the first that is
  /// further than 31 days from first_day is kOtherDate. Without first_day, and before any whole
  /// time, partial times stay what they are (kNoDate).
  TimeResult Next(const TimeResult& read);

 private:
  std::optional<CivilDay> first_day_;
  Zone zone_;
  std::optional<int64_t> last_ms_;
};

}  // namespace tcpsnap::capture
