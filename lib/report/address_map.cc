#include "report/address_map.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace tcpsnap::report {
namespace {

using procnet::Address;
using Bits = CryptoPan::Bits;

constexpr size_t kV4Bits = 32;
constexpr size_t kV6Bits = 128;
constexpr size_t kV4Start = kV6Bits - kV4Bits;

struct SpecialRange {
  Bits prefix;
  size_t length;
  size_t kept;  // of an address within it; at least the length
};

constexpr std::array<SpecialRange, 9> kSpecialV4 = {{
    {{0}, 8, kV4Bits},                         // this network
    {{10}, 8, 8},                              // private
    {{100, 64}, 10, 10},                       // shared, carrier-grade NAT
    {{127}, 8, kV4Bits},                       // loopback
    {{169, 254}, 16, 16},                      // link-local
    {{172, 16}, 12, 12},                       // private
    {{192, 168}, 16, 16},                      // private
    {{224}, 4, 4},                             // multicast
    {{255, 255, 255, 255}, kV4Bits, kV4Bits},  // broadcast
}};

constexpr std::array<SpecialRange, 7> kSpecialV6 = {{
    {{}, kV6Bits, kV6Bits},                                                // unspecified
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, kV6Bits, kV6Bits},  // loopback
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF}, kV4Start, kV4Start},      // v4-mapped
    {{0xFE, 0x80}, 10, 10},                                                // link-local
    {{0xFE, 0x80}, 64, 64},                                                // those in use
    {{0xFC}, 7, 8},                                                        // unique-local
    {{0xFF}, 8, 16},                                                       // multicast
}};

/// The last bits of the /24 and of the address; of the /64 and of the address.
constexpr Bits kV4LastChances = {0, 0, 1, 1};
constexpr Bits kV6LastChances = {0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1};

/// How many of the first bits are the same, up to `most`.
size_t CommonPrefix(const Bits& a, const Bits& b, size_t most) {
  size_t length = 0;
  for (size_t i = 0; i < a.size() && length < most; ++i) {
    auto difference = static_cast<uint8_t>(a[i] ^ b[i]);
    if (difference == 0) {
      length += 8;
      continue;
    }
    for (; (difference & 0x80) == 0; difference = static_cast<uint8_t>(difference << 1)) ++length;
    break;
  }
  return std::min(length, most);
}

/// How many of the first bits stay: those on the way to a special range, as far as the address goes
/// along, that where it turns off among them. An address and its image give the same.
template <size_t n>
size_t KeptBits(const Bits& bits, const std::array<SpecialRange, n>& ranges) {
  size_t kept = 0;
  for (const SpecialRange& range : ranges) {
    const size_t common = CommonPrefix(bits, range.prefix, range.length);
    kept = std::max(kept, common == range.length ? range.kept : common + 1);
  }
  return kept;
}

Bits V4Bits(const Address& address) {
  Bits bits{};
  std::copy(address.bytes.begin() + kV4Start / 8, address.bytes.end(), bits.begin());
  return bits;
}

Address V4Address(const Bits& bits) {
  Address address;
  address.bytes[10] = address.bytes[11] = 0xFF;
  std::copy_n(bits.begin(), kV4Bits / 8, address.bytes.begin() + kV4Start / 8);
  return address;
}

/// Applies Map or Restore of the cipher.
template <typename Step>
Address Apply(const Address& address, Step step) {
  if (address.IsV4()) {
    const Bits bits = V4Bits(address);
    return V4Address(step(bits, {KeptBits(bits, kSpecialV4), kV4Bits, kV4LastChances}));
  }
  const Bits& bits = address.bytes;
  return {step(bits, {KeptBits(bits, kSpecialV6), kV6Bits, kV6LastChances})};
}

/// The address without what stands behind the first `bits` of its family.
Address Network(Address address, size_t bits) {
  if (address.IsV4()) bits += kV4Start;
  for (size_t i = 0; i < address.bytes.size(); ++i) {
    const size_t kept = bits <= 8 * i ? 0 : std::min<size_t>(bits - 8 * i, 8);
    address.bytes[i] = static_cast<uint8_t>(address.bytes[i] & 0xFF00 >> kept);
  }
  return address;
}

/// A network becomes a network; the one address that `map` makes that network takes the place that
/// is left over. So the reverse of it is the same with the reverse of `map`.
template <typename Map>
Address ApplyToPrefix(const Address& address, size_t bits, Map map) {
  const Address network = Network(address, bits);
  const Address mapped_network = Network(map(network), bits);
  if (address == network) return mapped_network;
  const Address mapped = map(address);
  return mapped == mapped_network ? map(network) : mapped;
}

}  // namespace

Address AddressMap::Map(const Address& address) const {
  return Apply(address, [this](const Bits& bits, const CryptoPan::Walk& walk) {
    return cipher_.Map(bits, walk);
  });
}

Address AddressMap::Restore(const Address& mapped) const {
  return Apply(mapped, [this](const Bits& bits, const CryptoPan::Walk& walk) {
    return cipher_.Restore(bits, walk);
  });
}

Address AddressMap::MapPrefix(const Address& address, size_t bits) const {
  return ApplyToPrefix(address, bits, [this](const Address& each) { return Map(each); });
}

Address AddressMap::RestorePrefix(const Address& mapped, size_t bits) const {
  return ApplyToPrefix(mapped, bits, [this](const Address& each) { return Restore(each); });
}

}  // namespace tcpsnap::report
