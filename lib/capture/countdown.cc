#include "capture/countdown.h"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <string_view>
#include <utility>
#include <vector>

namespace tcpsnap::capture {
namespace {

// Fewer shared sockets may by chance be ones whose timer was set anew between the dumps.
constexpr int64_t kFewestShared = 3;
constexpr int64_t kFewestVanished = 5;

// TCP_TIMEWAIT_LEN (include/net/tcp.h) is a minute, 6000 ticks; some vendors' is ten. What falls by
// more between two dumps is damage, not a distance.
constexpr size_t kMostFallTicks = 65'535;

/// A socket of the last dump, as little as is needed to know it again.
struct Entry {
  uint64_t identity;
  uint32_t ticks;
};

/// A hash of the endpoints and the pointer. That two sockets of a dump collide is no matter for a
/// median.
uint64_t Identity(const procnet::SocketRecord& record) {
  std::array<uint64_t, 6> parts{};
  for (size_t i = 0; i < 4; ++i) {
    parts[i] = uint64_t{record.local_words[i]} << 32 | record.remote_words[i];
  }
  parts[4] = uint64_t{record.local_port} << 16 | record.remote_port;
  parts[5] = record.pointer;
  return XXH3_64bits(parts.data(), sizeof(parts));
}

/// The TIME_WAIT-class sockets of a dump by identity, of copies the last.
std::vector<Entry> ReadEntries(const procnet::Records& records) {
  std::vector<Entry> entries;
  for (const procnet::SocketRecord& record : records) {
    if (record.timer != procnet::Timer::kTimewait ||
        record.timer_ticks > std::numeric_limits<uint32_t>::max()) {
      continue;
    }
    entries.push_back({Identity(record), static_cast<uint32_t>(record.timer_ticks)});
  }
  std::stable_sort(entries.begin(), entries.end(),
                   [](const Entry& a, const Entry& b) { return a.identity < b.identity; });
  const auto first =
      std::unique(entries.rbegin(), entries.rend(),
                  [](const Entry& a, const Entry& b) { return a.identity == b.identity; });
  entries.erase(entries.begin(), first.base());
  entries.shrink_to_fit();
  return entries;
}

/// "3 s", "2.5 s", "250 ms": as exact as it is.
std::string ExactText(int64_t ms) {
  if (ms < 1000) return std::to_string(ms) + " ms";
  std::string text = std::to_string(ms / 1000);
  if (ms % 1000 != 0) {
    text += "." + std::to_string(1000 + ms % 1000).substr(1);
    text.erase(text.find_last_not_of('0') + 1);
  }
  return text + " s";
}

/// "1.0 s", "250 ms": as exact as a median of ticks is worth.
std::string MeasuredText(int64_t ms) {
  if (ms < 1000) return std::to_string(ms) + " ms";
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f s", static_cast<double>(ms) / 1000);
  return text.data();
}

}  // namespace

struct CountdownCheck::State {
  int64_t interval_ms = 0;
  int64_t ticks_per_second = 0;
  std::optional<std::vector<Entry>> last_tcp, last_tcp6;
  /// How many sockets' timers fell by so many ticks.
  std::vector<int64_t> falls = std::vector<int64_t>(kMostFallTicks + 1);
  int64_t shared = 0, vanished = 0, should_stay = 0;

  void Compare(const std::vector<Entry>& before, const std::vector<Entry>& now);
  void AddFall(uint32_t before_ticks, uint32_t now_ticks);
  int64_t MedianMs() const;
};

void CountdownCheck::State::Compare(const std::vector<Entry>& before,
                                    const std::vector<Entry>& now) {
  // Twice the interval and a second: no delay of a loop makes up for that. No countdown is as long
  // as the ceiling, which keeps the product small.
  constexpr int64_t kCeilingMs = int64_t{1} << 40;
  const int64_t stays_ms = 2 * std::min(interval_ms, kCeilingMs) + 1000;
  const int64_t stays_ticks = stays_ms * ticks_per_second / 1000;
  auto same = now.begin();
  for (const Entry& entry : before) {
    while (same != now.end() && same->identity < entry.identity) ++same;
    const bool found = same != now.end() && same->identity == entry.identity;
    if (found) AddFall(entry.ticks, same->ticks);
    if (entry.ticks < stays_ticks) continue;
    ++should_stay;
    if (!found) ++vanished;
  }
}

void CountdownCheck::State::AddFall(uint32_t before_ticks, uint32_t now_ticks) {
  // Set anew (the socket is another, or a segment came), or run out: how long ago isn't told.
  if (now_ticks > before_ticks || now_ticks == 0) return;
  const size_t fall = before_ticks - now_ticks;
  if (fall > kMostFallTicks) return;
  ++falls[fall];
  ++shared;
}

int64_t CountdownCheck::State::MedianMs() const {
  assert(shared > 0);
  int64_t passed = 0;
  size_t ticks = 0;
  while ((passed += falls[ticks]) * 2 < shared) ++ticks;
  return static_cast<int64_t>(ticks) * 1000 / ticks_per_second;
}

CountdownCheck::CountdownCheck(int64_t interval_ms, int64_t ticks_per_second)
    : state_(std::make_shared<State>()) {
  assert(interval_ms > 0 && ticks_per_second > 0);
  state_->interval_ms = interval_ms;
  state_->ticks_per_second = ticks_per_second;
}

void CountdownCheck::Add(const procnet::Records& records, procnet::Family family) {
  std::vector<Entry> now = ReadEntries(records);
  auto& last = family == procnet::Family::kTcp ? state_->last_tcp : state_->last_tcp6;
  if (last) state_->Compare(*last, now);
  last = std::move(now);
}

CountdownVerdict CountdownCheck::verdict() const {
  CountdownVerdict verdict;
  verdict.shared = state_->shared;
  verdict.vanished = state_->vanished;
  verdict.should_stay = state_->should_stay;
  if (state_->shared > 0) verdict.distance_ms = state_->MedianMs();
  return verdict;
}

std::optional<std::string> CountdownCheck::Complaint() const {
  const CountdownVerdict verdict = this->verdict();
  const int64_t interval_ms = state_->interval_ms;
  if (verdict.distance_ms) {
    // Both countdowns are cut to whole ticks.
    const int64_t two_ticks_ms = 2000 / state_->ticks_per_second;
    const int64_t off_ms = std::abs(*verdict.distance_ms - interval_ms);
    if (verdict.shared < kFewestShared || off_ms <= std::max(interval_ms / 10, two_ticks_ms)) {
      return std::nullopt;
    }
    return "the TIME_WAIT countdowns say that the dumps are " + MeasuredText(*verdict.distance_ms) +
           " apart, not " + ExactText(interval_ms) + " (" + std::to_string(verdict.shared) +
           " sockets): check --interval";
  }
  if (verdict.should_stay < kFewestVanished || verdict.vanished * 10 <= verdict.should_stay * 9) {
    return std::nullopt;
  }
  return "the dumps are further apart than " + ExactText(interval_ms) +
         ", or not of one host: " + std::to_string(verdict.vanished) + " of " +
         std::to_string(verdict.should_stay) +
         " TIME_WAIT sockets that had more than twice as long to go are gone in the next dump; "
         "check --interval";
}

}  // namespace tcpsnap::capture
