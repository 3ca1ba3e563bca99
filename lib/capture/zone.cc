#include "capture/zone.h"

#include <date/tz.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <chrono>
#include <exception>
#include <limits>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace tcpsnap::capture {
namespace {

constexpr int64_t kHourMs = 3'600'000;
// Ends of the time line: far outside of any date, near enough that adding an offset can't overflow.
constexpr int64_t kFirstMs = std::numeric_limits<int64_t>::min() / 4;
constexpr int64_t kLastMs = std::numeric_limits<int64_t>::max() / 4;
// No zone has ever been further from UTC (Manila before 1845: -15:56).
constexpr int64_t kMaxOffsetMs = 26 * kHourMs;

int64_t FloorTo(int64_t value, int64_t width) {
  const int64_t rest = value % width;
  return value - (rest < 0 ? rest + width : rest);
}

/// The stretches of a zone from 1970 on; the first reaches back to the beginning of time.
std::vector<ZoneStretch> ReadStretches(const date::time_zone& zone) {
  using std::chrono::seconds;
  // No change of a clock lies behind this.
  constexpr date::sys_seconds kEnd{seconds{32'503'680'000}};
  std::vector<ZoneStretch> stretches;
  for (date::sys_seconds at{seconds{0}}; at < kEnd;) {
    const date::sys_info info = zone.get_info(at);
    const int64_t begin = stretches.empty() ? kFirstMs : stretches.back().end_ms;
    const int64_t end = info.end >= kEnd ? kLastMs : info.end.time_since_epoch().count() * 1000;
    stretches.push_back({begin, end, info.offset.count() * 1000, info.abbrev});
    at = info.end;
  }
  return stretches;
}

/// False for entries of the zoneinfo folder that are no zones of their own: what `localtime` means
/// differs from machine to machine.
bool IsZoneName(std::string_view name) {
  return name != "localtime" && name != "posixrules" && name != "Factory" &&
         !name.starts_with("posix/") && !name.starts_with("right/");
}

/// "+02:00", "-0330", "+05" -> milliseconds; nullopt when it is none.
std::optional<int64_t> ParseOffset(std::string_view text) {
  if (text.size() < 3 || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  std::array<int, 4> digits{};
  size_t count = 0;
  for (size_t i = 1; i < text.size(); ++i) {
    if (i == 3 && text[i] == ':' && text.size() == 6) continue;
    if (text[i] < '0' || text[i] > '9' || count == digits.size()) return std::nullopt;
    digits[count++] = text[i] - '0';
  }
  const int hours = digits[0] * 10 + digits[1];
  const int minutes = digits[2] * 10 + digits[3];
  if ((count != 2 && count != 4) || hours > 18 || minutes > 59) return std::nullopt;
  const int64_t offset = (hours * 60 + minutes) * int64_t{60'000};
  return text[0] == '-' ? -offset : offset;
}

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) { return Lower(c); });
  std::replace(lower.begin(), lower.end(), ' ', '_');
  return lower;
}

/// How many letters must be changed, added or taken away to make one text the other.
size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i + 1);
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t changed = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({changed, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

/// How far `wanted` (lower case) is from a zone's name or from the city in it.
size_t NameDistance(std::string_view wanted, std::string_view zone_name) {
  const std::string name = Lower(zone_name);
  const std::string_view city = std::string_view(name).substr(name.rfind('/') + 1);
  const size_t by_city = EditDistance(wanted, city);
  return std::min(by_city, EditDistance(wanted, name));
}

std::string UnknownZoneMessage(std::string_view wanted) {
  std::string message = "no time zone is called \"" + std::string(wanted) + "\"";
  const std::string lower = Lower(wanted);
  std::vector<std::pair<size_t, std::string_view>> nearest;
  for (const date::time_zone& zone : date::get_tzdb().zones) {
    if (!IsZoneName(zone.name())) continue;
    const size_t distance = NameDistance(lower, zone.name());
    if (distance <= wanted.size() / 3) nearest.emplace_back(distance, zone.name());
  }
  std::sort(nearest.begin(), nearest.end());
  constexpr size_t kShown = 3;
  for (size_t i = 0; i < nearest.size() && i < kShown; ++i) {
    // A name that differs in case or by its continent alone needs no company of guesses.
    if (nearest[i].first > 0 && nearest[0].first == 0) break;
    message += i == 0 ? "; did you mean " : " or ";
    message += nearest[i].second;
  }
  if (!nearest.empty()) message += "?";
  return message +
         " (zones are named as in the IANA database, \"Europe/Berlin\", or \"UTC\" or \"+02:00\")";
}

/// Abbreviation -> the times at which some zone used it, with the offset it had there.
using AbbreviationTable = std::map<std::string, std::vector<ZoneStretch>, std::less<>>;

/// Joins uses of one abbreviation at one offset that overlap or touch.
void MergeUses(std::vector<ZoneStretch>& uses) {
  std::sort(uses.begin(), uses.end(), [](const ZoneStretch& a, const ZoneStretch& b) {
    return std::pair(a.offset_ms, a.begin_ms) < std::pair(b.offset_ms, b.begin_ms);
  });
  std::vector<ZoneStretch> merged;
  for (ZoneStretch& use : uses) {
    if (!merged.empty() && merged.back().offset_ms == use.offset_ms &&
        use.begin_ms <= merged.back().end_ms) {
      merged.back().end_ms = std::max(merged.back().end_ms, use.end_ms);
    } else {
      merged.push_back(std::move(use));
    }
  }
  uses = std::move(merged);
}

AbbreviationTable ReadAbbreviations() {
  AbbreviationTable table;
  for (const date::time_zone& zone : date::get_tzdb().zones) {
    if (!IsZoneName(zone.name())) continue;
    for (ZoneStretch& stretch : ReadStretches(zone)) {
      table[stretch.abbreviation].push_back(std::move(stretch));
    }
  }
  for (auto& [abbreviation, uses] : table) MergeUses(uses);
  return table;
}

}  // namespace

struct Zone::Impl {
  std::string name;
  std::vector<ZoneStretch> stretches;

  size_t IndexAt(int64_t utc_ms) const {
    const auto after = std::upper_bound(
        stretches.begin(), stretches.end(), utc_ms,
        [](int64_t at, const ZoneStretch& stretch) { return at < stretch.begin_ms; });
    return after == stretches.begin() ? 0 : static_cast<size_t>(after - stretches.begin()) - 1;
  }

  /// The moments of a local time in the stretches that `wanted` accepts.
  template <typename Wanted>
  LocalTime Resolve(int64_t local_ms, Wanted wanted) const {
    LocalTime found;
    const size_t last = IndexAt(local_ms + kMaxOffsetMs);
    for (size_t i = IndexAt(local_ms - kMaxOffsetMs); i <= last; ++i) {
      const ZoneStretch& stretch = stretches[i];
      const int64_t utc_ms = local_ms - stretch.offset_ms;
      if (utc_ms < stretch.begin_ms || utc_ms >= stretch.end_ms || !wanted(stretch)) continue;
      if (found.matches++ == 0) found.utc_ms = utc_ms;
    }
    return found;
  }
};

Zone::Zone() {
  static const std::shared_ptr<const Impl> utc =
      std::make_shared<const Impl>(Impl{"UTC", {{kFirstMs, kLastMs, 0, "UTC"}}});
  impl_ = utc;
}

Zone::Zone(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}

Zone Zone::Find(std::string_view name) {
  if (name == "UTC" || name == "Z") return Zone();
  if (const std::optional<int64_t> offset_ms = ParseOffset(name)) {
    const std::string text(name);
    return Zone(std::make_shared<const Impl>(Impl{text, {{kFirstMs, kLastMs, *offset_ms, text}}}));
  }
  const auto& zones = date::get_tzdb().zones;
  const auto zone = std::find_if(zones.begin(), zones.end(), [name](const date::time_zone& known) {
    return known.name() == name;
  });
  if (zone == zones.end() || !IsZoneName(name)) throw UnknownZone(UnknownZoneMessage(name));
  return Zone(std::make_shared<const Impl>(Impl{std::string(name), ReadStretches(*zone)}));
}

const std::string& Zone::name() const { return impl_->name; }

bool Zone::is_utc() const {
  return impl_->stretches.size() == 1 && impl_->stretches[0].offset_ms == 0;
}

int64_t Zone::OffsetSeconds(int64_t utc_ms) const {
  return impl_->stretches[impl_->IndexAt(utc_ms)].offset_ms / 1000;
}

LocalTime Zone::Resolve(int64_t local_ms) const {
  return impl_->Resolve(local_ms, [](const ZoneStretch&) { return true; });
}

LocalTime Zone::Resolve(int64_t local_ms, std::string_view abbreviation) const {
  return impl_->Resolve(local_ms, [abbreviation](const ZoneStretch& stretch) {
    return stretch.abbreviation == abbreviation;
  });
}

LocalTime ResolveAbbreviation(int64_t local_ms, std::string_view abbreviation) {
  static const AbbreviationTable table = [] {
    try {
      return ReadAbbreviations();
    } catch (const std::exception&) {
      return AbbreviationTable();  // without a database no abbreviation is known
    }
  }();
  LocalTime found;
  const auto uses = table.find(abbreviation);
  if (uses == table.end()) return found;
  // Uses at one offset do not overlap, so each one that fits is another offset.
  for (const ZoneStretch& use : uses->second) {
    const int64_t utc_ms = local_ms - use.offset_ms;
    if (utc_ms < use.begin_ms || utc_ms >= use.end_ms) continue;
    if (found.matches++ == 0) found.utc_ms = utc_ms;
  }
  return found;
}

Buckets::Buckets(Zone zone, int64_t width_ms) : zone_(std::move(zone)), width_ms_(width_ms) {
  assert(width_ms > 0 && 24 * kHourMs % width_ms == 0);
}

int64_t Buckets::Start(int64_t utc_ms) const {
  if (utc_ms < last_.begin_ms || utc_ms >= last_.end_ms) last_ = Find(utc_ms);
  return StartIn(last_, utc_ms);
}

int64_t Buckets::StartIn(const Stretch& stretch, int64_t utc_ms) const {
  const int64_t local_start = FloorTo(utc_ms + stretch.offset_ms, width_ms_);
  // A border that the clock had passed before it was set back is none the second time.
  if (local_start < stretch.local_before_ms) return stretch.carried_ms;
  return std::max(local_start - stretch.offset_ms, stretch.begin_ms);
}

Buckets::Stretch Buckets::Find(int64_t utc_ms) const {
  const std::vector<ZoneStretch>& all = zone_.impl_->stretches;
  const size_t index = zone_.impl_->IndexAt(utc_ms);
  // Changes of name alone are no borders.
  size_t first = index;
  while (first > 0 && all[first - 1].offset_ms == all[index].offset_ms) --first;
  size_t last = index;
  while (last + 1 < all.size() && all[last + 1].offset_ms == all[index].offset_ms) ++last;

  Stretch found{all[first].begin_ms, all[last].end_ms, all[index].offset_ms, kFirstMs, 0};
  if (first == 0 || width_ms_ <= kHourMs) return found;
  const Stretch before = Find(found.begin_ms - 1);
  found.local_before_ms = std::max(before.local_before_ms, before.end_ms + before.offset_ms);
  found.carried_ms = StartIn(before, found.begin_ms - 1);
  return found;
}

}  // namespace tcpsnap::capture
