// Eight characters at a time in a 64-bit word, the first one in the lowest byte: the bit tricks of
// row_fast.cc. Each is tested against token.h, its simple version. Little-endian loads on every
// machine.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

namespace tcpsnap::procnet::swar {

inline constexpr uint64_t Repeat(uint8_t byte) noexcept { return 0x0101010101010101ULL * byte; }

/// Two words side by side (GCC and clang: one SSE2 or NEON register; elsewhere two).
using Pair = uint64_t __attribute__((vector_size(16)));

/// Eight bytes from `text`, the first in the lowest byte.
inline uint64_t Load(const char* text) noexcept {
  uint64_t word;
  std::memcpy(&word, text, sizeof word);
  if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
  return word;
}

/// The letters of hex digits: addresses are printed with %X, pointers with %p.
enum class Letters : uint8_t { kUpper, kLower };

/// Eight hex digits with letters of one case (Word is uint64_t), or twice eight (Pair): their value
/// is in the low 32 bits. Sets bits in `errors` when one is none.
///
/// A letter has bit 6 set, a digit has not. Moved down, letters follow the digits: all lie in 0x30
/// .. 0x3F with their value in the low half. Two checks find what is none: a high half other than
/// 3, and a value of 10 or more without bit 6 or the reverse.
template <Letters kLetters, typename Word>
inline Word ParseHex8(Word text, Word& errors) noexcept {
  const Word letter = text >> 6 & Repeat(1);
  Word moved = text - ((letter << 3) - letter);  // 'A' to behind '9'
  if constexpr (kLetters == Letters::kLower) moved -= letter << 5;
  Word digits = moved & Repeat(0x0F);
  errors |= (moved ^ Repeat(0x30)) & Repeat(0xF0);
  errors |= ((digits + Repeat(6)) >> 4 & Repeat(1)) ^ letter;
  // Join neighbours: 8 digits in bytes, 4 bytes in 16 bits each, then the four bytes.
  digits = (digits << 4 | digits >> 8) & 0x00FF00FF00FF00FF;
  digits = (digits << 8 | digits >> 16) & 0x0000FFFF0000FFFF;
  return (digits << 16 | digits >> 32) & 0xFFFFFFFF;
}

/// How many of the eight characters stand before the first one without bit 4: digits have it,
/// blanks, line ends and the minus sign do not. ParseDigits checks that they are digits.
inline int SpanOfDigits(uint64_t text) noexcept {
  return std::countr_zero(~text & Repeat(0x10)) / 8;
}

/// The decimal number in the first `count` (1 to 8) characters. Sets bits in `errors` when one of
/// them is no digit.
inline uint32_t ParseDigits(uint64_t text, int count, uint64_t& errors) noexcept {
  // Move them to the end, with zeros in front.
  uint64_t digits = (text ^ Repeat('0')) << (64 - 8 * count);
  errors |= (digits | (digits + Repeat(0x80 - 10))) & Repeat(0x80);
  // Join pairs, then fours and eights: of the four pairs the first and third weigh 10^6 and 10^2,
  // the second and fourth 10^4 and 1; the sum comes together in the upper half.
  digits = digits * 10 + (digits >> 8);
  constexpr uint64_t kPairs = 0x000000FF000000FF;
  constexpr uint64_t kFirstAndThird = 1'000'000ULL << 32 | 100;
  constexpr uint64_t kSecondAndFourth = 10'000ULL << 32 | 1;
  const uint64_t sum =
      (digits & kPairs) * kFirstAndThird + (digits >> 16 & kPairs) * kSecondAndFourth;
  return static_cast<uint32_t>(sum >> 32);
}

/// A decimal number right-aligned in four characters, blanks in front. Sets bits in `errors` when
/// it is none.
inline uint32_t ParseAligned4(uint32_t text, uint64_t& errors) noexcept {
  constexpr uint32_t kOnes = 0x01010101;
  const uint32_t is_digit = text >> 4 & kOnes;  // bit 4: of digits, not of blanks
  uint32_t digits = text & 0x0F * kOnes;
  errors |= (text ^ 0x20 * kOnes) & 0xE0 * kOnes;                 // neither 0x2. nor 0x3.
  errors |= (digits + 6 * is_digit) & 0x10 * kOnes;               // 0x3A and above
  errors |= digits & ~(is_digit * 0x0F);                          // 0x21 and above
  errors |= (is_digit << 8 & ~is_digit) | (~is_digit >> 24 & 1);  // a blank behind a digit
  digits = digits * 10 + (digits >> 8);
  return (digits & 0xFF) * 100 + (digits >> 16 & 0xFF);
}

}  // namespace tcpsnap::procnet::swar
