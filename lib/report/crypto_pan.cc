#include "report/crypto_pan.h"

namespace tcpsnap::report {
namespace {

using Bits = CryptoPan::Bits;

constexpr size_t kMostBits = 8 * sizeof(Bits);

uint8_t MaskOf(size_t place) { return static_cast<uint8_t>(0x80 >> place % 8); }

bool BitAt(const Bits& bits, size_t place) { return (bits[place / 8] & MaskOf(place)) != 0; }

void SetBit(Bits& bits, size_t place, bool value) {
  const uint8_t mask = MaskOf(place);
  uint8_t& byte = bits[place / 8];
  byte = static_cast<uint8_t>(value ? byte | mask : byte & ~mask);
}

/// The first bit of a block that AES gave.
bool IsFlip(const Bits& block) { return BitAt(block, 0); }

}  // namespace

CryptoPan::CryptoPan(const Key& key) {
  aes128_set_encrypt_key(&cipher_, key.data());
  aes128_encrypt(&cipher_, pad_.size(), pad_.data(), key.data() + AES128_KEY_SIZE);
}

Bits CryptoPan::Map(const Bits& original, const Walk& walk) const {
  // All blocks in one call: AES takes several at a time.
  std::array<Bits, kMostBits> blocks{};
  Bits block = pad_;
  for (size_t place = 0; place < walk.size; ++place) {
    blocks[place] = block;
    SetBit(block, place, BitAt(original, place));
  }
  if (walk.kept < walk.size) {
    uint8_t* const first = blocks[walk.kept].data();
    aes128_encrypt(&cipher_, (walk.size - walk.kept) * sizeof(Bits), first, first);
  }
  Bits mapped = original;
  bool has_flip = false;
  for (size_t place = walk.kept; place < walk.size; ++place) {
    const bool flip = IsFlip(blocks[place]) || (!has_flip && BitAt(walk.last_chances, place));
    has_flip = has_flip || flip;
    SetBit(mapped, place, BitAt(original, place) != flip);
  }
  return mapped;
}

Bits CryptoPan::Restore(const Bits& mapped, const Walk& walk) const {
  Bits original = mapped;
  Bits block = pad_;
  bool has_flip = false;
  for (size_t place = 0; place < walk.size; ++place) {
    if (place >= walk.kept) {
      Bits encrypted;
      aes128_encrypt(&cipher_, sizeof(Bits), encrypted.data(), block.data());
      const bool flip = IsFlip(encrypted) || (!has_flip && BitAt(walk.last_chances, place));
      has_flip = has_flip || flip;
      SetBit(original, place, BitAt(mapped, place) != flip);
    }
    SetBit(block, place, BitAt(original, place));
  }
  return original;
}

}  // namespace tcpsnap::report
