// Eight characters at a time in a 64-bit word, the first one in the lowest byte: the bit tricks of
// row_fast.cc. Each is tested against token.h, its simple version. Little-endian loads on every
// machine.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

namespace tcpsnap::procnet::swar {

inline constexpr uint64_t Repeat(uint8_t byte) noexcept { return 0x0101010101010101ULL * byte; }

/// Eight bytes from `text`, the first in the lowest byte.
inline uint64_t Load(const char* text) noexcept {
  uint64_t word;
  std::memcpy(&word, text, sizeof word);
  if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
  return word;
}

/// Eight hex digits of either case. Sets bits in `errors` when one is no hex digit.
///
/// A letter has bit 6 set, a digit has not. Letters, folded to upper case and moved down by 7,
/// follow the digits: all lie in 0x30 .. 0x3F with their value in the low half. Two checks find
/// what is none: a high half other than 3, and a value of 10 or more without bit 6 or the reverse.
inline uint32_t ParseHex8(uint64_t text, uint64_t& errors) noexcept {
  const uint64_t letter = text >> 6 & Repeat(1);
  const uint64_t folded = (text & ~(letter << 5)) - letter * 7;
  uint64_t digits = folded & Repeat(0x0F);
  errors |= (folded ^ Repeat(0x30)) & Repeat(0xF0);
  errors |= ((digits + Repeat(6)) >> 4 & Repeat(1)) ^ letter;
  // Join neighbours: 8 digits in bytes, 4 bytes in 16 bits each, then the four bytes.
  digits = (digits << 4 | digits >> 8) & 0x00FF00FF00FF00FF;
  digits = (digits << 8 | digits >> 16) & 0x0000FFFF0000FFFF;
  return static_cast<uint32_t>(digits << 16 | digits >> 32);
}

/// How many of the eight characters are decimal digits before the first that is none.
inline int DigitRun(uint64_t text) noexcept {
  // A digit has high half 3, also after adding 6.
  const uint64_t wrong =
      ((text & Repeat(0xF0)) ^ Repeat(0x30)) | (((text + Repeat(6)) & Repeat(0xF0)) ^ Repeat(0x30));
  return wrong == 0 ? 8 : std::countr_zero(wrong) / 8;
}

/// The decimal number in the first `count` (1 to 8) characters, which must be digits.
inline uint32_t ParseDigits(uint64_t text, int count) noexcept {
  // Move them to the end, with zeros in front; then join pairs, fours and eights.
  uint64_t digits = (text & Repeat(0x0F)) << (64 - 8 * count);
  digits = digits * 10 + (digits >> 8);
  // Four pairs: the first and third weigh 10^6 and 10^2, the second and fourth 10^4 and 1; the sum
  // comes together in the upper half.
  constexpr uint64_t kPairs = 0x000000FF000000FF;
  constexpr uint64_t kFirstAndThird = 1'000'000ULL << 32 | 100;
  constexpr uint64_t kSecondAndFourth = 10'000ULL << 32 | 1;
  const uint64_t sum =
      (digits & kPairs) * kFirstAndThird + (digits >> 16 & kPairs) * kSecondAndFourth;
  return static_cast<uint32_t>(sum >> 32);
}

}  // namespace tcpsnap::procnet::swar
