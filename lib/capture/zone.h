// Zones: local time -> UTC, and the borders of buckets on a zone's clock.
//
//   Europe/Berlin   Asia/Kolkata   UTC   +02:00   -0330
//
// Refused: names that the IANA database does not know, and abbreviations (`CET` is a zone of the
// database, `CEST` is none): what those mean depends on the time and is asked by abbreviation. The
// database of the operating system ends in 2037; after that the last offset stays.
#pragma once

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace tcpsnap::capture {

/// Thrown by Zone::Find; the message names the nearest zones.
class UnknownZone : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The moments that a local time means.
struct LocalTime {
  int matches = 0;     ///< 0: skipped by a change of the clock; 2: it occurs twice
  int64_t utc_ms = 0;  ///< the first of them; meaningful when there is one
};

/// A stretch of time in which a zone keeps its offset and its abbreviation.
struct ZoneStretch {
  int64_t begin_ms;  ///< UTC, inclusive
  int64_t end_ms;    ///< UTC, exclusive
  int64_t offset_ms;
  std::string abbreviation;
};

/// A zone of the IANA database, UTC or a fixed offset. Cheap to copy.
class Zone {
 public:
  Zone();  ///< UTC
  /// Throws UnknownZone, which names the nearest zones. "UTC", "Z" and offsets ("+02:00") work
  /// without a database. Names are taken as the database spells them.
  static Zone Find(std::string_view name);

  const std::string& name() const;
  bool is_utc() const;

  /// Seconds that local time is ahead of UTC at this moment.
  int64_t OffsetSeconds(int64_t utc_ms) const;

  /// What a local time (milliseconds since 1970-01-01 00:00 on the zone's clock) means.
  LocalTime Resolve(int64_t local_ms) const;
  /// The same, counting only the moments at which the zone calls itself `abbreviation`.
  LocalTime Resolve(int64_t local_ms, std::string_view abbreviation) const;

 private:
  friend class Buckets;
  struct Impl;
  explicit Zone(std::shared_ptr<const Impl> impl);
  std::shared_ptr<const Impl> impl_;
};

/// What a local time means under an abbreviation, by all zones of the database that call themselves
/// so at that moment: `matches` counts the offsets they have. The first call reads the whole
/// database (about 40 ms), later ones a table. No matches when there is no database.
LocalTime ResolveAbbreviation(int64_t local_ms, std::string_view abbreviation);

/// Start of the bucket of `width_ms` that holds `utc_ms`, with borders on the zone's clock: a day
/// begins at local midnight (or at the first moment of the day, where midnight was skipped) and may
/// have 23 or 25 hours; the hour that occurs twice is two buckets. So every change of the clock is
/// a border for widths up to an hour, and for wider ones never is unless it skips one. Where a
/// clock goes back over midnight, the day that began stays begun. `width_ms` must divide a day.
class Buckets {
 public:
  Buckets(Zone zone, int64_t width_ms);
  /// Keeps the stretch that it looked up last: not for use by two threads at once.
  int64_t Start(int64_t utc_ms) const;

 private:
  struct Stretch {
    int64_t begin_ms = 1, end_ms = 0, offset_ms = 0;
    int64_t local_before_ms = 0;  ///< how far the clock had got before (nowhere, for narrow widths)
    int64_t carried_ms = 0;       ///< start of the bucket that runs on into this stretch
  };
  Stretch Find(int64_t utc_ms) const;
  int64_t StartIn(const Stretch& stretch, int64_t utc_ms) const;

  Zone zone_;
  int64_t width_ms_;
  mutable Stretch last_;
};

}  // namespace tcpsnap::capture
