// What the paths of row_fast_avx512.cc and row_fast_avx2.cc share: where a row's columns stand.
#pragma once

// g++ 12 takes the intrinsics' undefined vectors for a mistake (GCC bug 105593).
#pragma GCC diagnostic push
#ifndef __clang__
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <immintrin.h>
#pragma GCC diagnostic pop

#include <array>
#include <cstddef>
#include <cstdint>

#include "procnet/socket_record.h"
#include "procnet/swar.h"

namespace tcpsnap::procnet {

template <size_t kSize>
struct alignas(64) Bytes : std::array<uint8_t, kSize> {};

/// Where the columns stand, from `base` on, which is 4 before the colon behind `sl`.
template <Family kFamily>
struct Places {
  static constexpr uint8_t kAddressDigits = kFamily == Family::kTcp ? 8 : 32;
  static constexpr uint8_t kLocal = 6;
  static constexpr uint8_t kRemote = kLocal + kAddressDigits + 6;
  static constexpr uint8_t kState = kRemote + kAddressDigits + 6;
  static constexpr uint8_t kTxQueue = kState + 3;
  static constexpr uint8_t kRxQueue = kTxQueue + 9;
  static constexpr uint8_t kTimer = kRxQueue + 9;
  static constexpr uint8_t kTicks = kTimer + 3;
  static constexpr uint8_t kRetransmits = kTicks + 9;
  static constexpr uint8_t kUid = kRetransmits + 9;  // and `timeout`
  static constexpr uint8_t kTail = kUid + 14;        // the blank before the inode
};

// The words of the tail: inode ref pointer, and rto ato quick cwnd ssthresh of full sockets.
inline constexpr int kMiniWords = 3, kFullWords = 8, kPointerWord = 2;
inline constexpr int kColumnsBeforeTail = 9;
static_assert(kColumnsBeforeTail + kMiniWords == static_cast<int>(RowShape::kMini));
static_assert(kColumnsBeforeTail + kFullWords == static_cast<int>(RowShape::kFull));

/// `sl` is right-aligned in 4; digits in front of these are rare, and blanks among them none. Moves
/// `base` from the line's start behind them and returns what they count.
inline uint64_t SlotFront(const char*& base, uint64_t& errors) noexcept {
  if (base[4] == ':') [[likely]]
    return 0;
  int count = 1;
  while (count < 8 && base[4 + count] != ':') ++count;
  const uint64_t front = uint64_t{swar::ParseDigits(swar::Load(base), count, errors)} * 10'000;
  base += count;
  errors |= base[0] == ' ';
  return front;
}

/// True for the number of words that a full socket's tail has, and for a minisocket's in the states
/// that minisockets and request sockets have. The places of state and timer are known to hold some.
template <Family kFamily>
inline bool IsShape(const char* base, int words) noexcept {
  // Of all pairs of a state and a timer, only those of kMini get their bits.
  constexpr auto kBit = [](char state, char timer) {
    return uint64_t{1} << ((state + 8 * timer) % 64);
  };
  constexpr uint64_t kMini = [&] {
    uint64_t mini = kBit('5', '3') | kBit('6', '3');
    for (char timer = '0'; timer <= '4'; ++timer) mini |= kBit('3', timer);
    return mini;
  }();
  const uint64_t allowed = words == kMiniWords ? kMini : words == kFullWords ? ~uint64_t{0} : 0;
  const auto state = static_cast<unsigned char>(base[Places<kFamily>::kState + 1]);
  const auto timer = static_cast<unsigned char>(base[Places<kFamily>::kTimer + 1]);
  return (allowed >> ((state + 8U * timer) % 64) & 1) != 0;
}

}  // namespace tcpsnap::procnet
