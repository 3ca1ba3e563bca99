#include "store/socket_row.h"

#include <algorithm>

namespace tcpsnap::store {
namespace {

// `count` bits of `value`, from bit `from` on, moved to bit `to`.
constexpr int64_t Bits(uint64_t value, int from, int count, int to) {
  return static_cast<int64_t>((value >> from & ((uint64_t{1} << count) - 1)) << to);
}

}  // namespace

int64_t PackKind(procnet::State state, bool is_local, Direction direction, OwnerClass owner) {
  const bool implied = state == procnet::State::kTimeWait;
  return static_cast<int64_t>(state) | int64_t{is_local} << 4 |
         static_cast<int64_t>(direction) << 5 | (implied ? 0 : static_cast<int64_t>(owner) << 7);
}

int64_t PackTimer(procnet::Timer timer, uint64_t ticks) {
  constexpr int64_t kTimers = 5;
  const auto kind = static_cast<int64_t>(timer);
  return ticks > UINT32_MAX ? -1 - kind : static_cast<int64_t>(ticks) * kTimers + kind;
}

int64_t PackRtoAto(uint32_t rto_ticks, uint32_t ato_ticks, uint32_t quick_pingpong) {
  const uint32_t ato = std::min<uint32_t>(ato_ticks, (1U << 20) - 1);
  const uint32_t quick = std::min<uint32_t>(quick_pingpong, (1U << 10) - 1);
  return Bits(rto_ticks, 0, 12, 0) | Bits(ato, 0, 8, 12) | Bits(quick, 0, 10, 20) |
         Bits(rto_ticks, 12, 20, 30) | Bits(ato, 8, 12, 50);
}

int64_t PackCwndSsthresh(uint32_t cwnd, int32_t ssthresh) {
  // Below -1 is nothing that the kernel prints.
  const auto threshold = static_cast<uint64_t>(std::max<int64_t>(ssthresh, -1) + 1);
  return Bits(cwnd, 0, 12, 0) | Bits(threshold, 0, 11, 12) | Bits(cwnd, 12, 20, 23) |
         Bits(threshold, 11, 20, 43);
}

}  // namespace tcpsnap::store
