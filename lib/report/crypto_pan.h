// Crypto-PAn: bits -> bits of the same number, so that what shared a prefix of n bits, and no
// more, does afterwards (Xu, Fan, Ammar, Moon: "Prefix-Preserving IP Address Anonymization", 2002).
//
// Bit i is flipped where the first bit of AES-128 over a block is 1 that begins with bits 0 to i-1
// of the original and goes on with a pad, itself encrypted once. As published, the result is that
// of the authors' program, for IPv6 that of its common extension to 128 bits.
//
// Where a bit of the original is that of the pad, the next block is the same and so is the
// decision: n bits are left as they are by (3/4)^n of all keys, not by 1/2^n, 16 of them by one in
// a hundred. Last chances mend that: what a bit becomes still depends on it and on those before it
// only.
//
// AES is nettle's: it takes many blocks in one call, can't fail and keeps nothing on the heap;
// libarchive brings the library already.
#pragma once

#include <nettle/aes.h>

#include <array>
#include <cstddef>
#include <cstdint>

namespace tcpsnap::report {

class CryptoPan {
 public:
  using Key = std::array<uint8_t, 32>;  ///< 16 bytes for AES, 16 for the pad
  /// Bit 0 is the highest of byte 0. Bits that are not asked for stay as they are.
  using Bits = std::array<uint8_t, 16>;

  /// Which bits are mapped, and how. As published: none kept, no last chances.
  struct Walk {
    size_t kept = 0;      ///< the first bits, which stay but count as part of the prefix; <= size
    size_t size = 128;    ///< the bits that there are; <= 128
    Bits last_chances{};  ///< a bit set here is flipped where none before it was
  };

  explicit CryptoPan(const Key& key);

  Bits Map(const Bits& original, const Walk& walk) const;
  /// The original of what Map gave with the same walk.
  Bits Restore(const Bits& mapped, const Walk& walk) const;

 private:
  aes128_ctx cipher_;
  Bits pad_;
};

}  // namespace tcpsnap::report
