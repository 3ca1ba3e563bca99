#include "store/sighting.h"

#include <array>

namespace tcpsnap::store {
namespace {

using procnet::State;

State StateOf(const Sighting& sighting) { return static_cast<State>(sighting.kind & 15); }

OwnerClass ClassOf(const Sighting& sighting) {
  if (StateOf(sighting) == State::kTimeWait) return OwnerClass::kTimewait;
  return static_cast<OwnerClass>(sighting.kind >> 7);
}

// How far a connection has come, by the number of its state (RFC 9293, figure 5). LISTEN is no
// connection: it goes nowhere.
constexpr std::array<int, 12> kProgress = {0, 1, 0, 0, 2, 3, 4, 4, 2, 3, -1, 3};

bool GoesForward(const Sighting& before, const Sighting& now) {
  const int from = kProgress[static_cast<size_t>(before.kind & 15) % kProgress.size()];
  const int to = kProgress[static_cast<size_t>(now.kind & 15) % kProgress.size()];
  return (from < 0) == (to < 0) && from <= to;
}

bool EndAtOnce(const Sighting& before, const Sighting& now) {
  const int64_t distance = now.ends_ms - before.ends_ms;
  return distance <= kSameEndMs && distance >= -kSameEndMs;
}

}  // namespace

Sighting MakeSighting(const SocketRow& row, int64_t taken_ms, int64_t ticks_per_second) {
  Sighting sighting{row.kind, row.inode,
                    taken_ms + TimerTicks(row.timer) * 1000 / ticks_per_second};
  if (ClassOf(sighting) == OwnerClass::kTimewait) sighting.inode = 0;
  return sighting;
}

bool Continues(const Sighting& before, const Sighting& now, bool missed) {
  const OwnerClass from = ClassOf(before);
  const OwnerClass to = ClassOf(now);
  if (from == OwnerClass::kTimewait) {
    if (to != OwnerClass::kTimewait) return false;  // the port is used again
    if (StateOf(before) == StateOf(now)) return EndAtOnce(before, now);
    return !missed && GoesForward(before, now);  // FIN_WAIT2 to TIME_WAIT: a new timer
  }
  if (to != OwnerClass::kTimewait && before.inode != 0 && now.inode != 0) {
    return before.inode == now.inode;
  }
  if (missed || !GoesForward(before, now)) return false;
  if (before.inode != 0) return to == OwnerClass::kOrphan || to == OwnerClass::kTimewait;
  if (now.inode != 0) return from == OwnerClass::kUnaccepted || from == OwnerClass::kSynrecv;
  return true;
}

bool MayBeHidden(const Sighting& sighting) {
  return sighting.inode != 0 || ClassOf(sighting) == OwnerClass::kTimewait;
}

}  // namespace tcpsnap::store
