#include "procnet/address.h"

#include <cstdio>
#include <cstring>

namespace tcpsnap::procnet {
namespace {

constexpr uint32_t SwapBytes(uint32_t word) {
  return word >> 24 | (word >> 8 & 0xFF00) | (word << 8 & 0xFF0000) | word << 24;
}

// The v4 address that a printed word means on a machine of each order.
constexpr uint32_t AsLittle(uint32_t word) { return SwapBytes(word); }
constexpr uint32_t AsBig(uint32_t word) { return word; }

bool IsLoopbackNet(uint32_t v4) { return v4 >> 8 == 0x7F0000; }  // 127.0.0.x
bool IsTenNet(uint32_t v4) { return v4 >> 24 == 10; }
bool IsWidePrivateNet(uint32_t v4) {
  return v4 >> 16 == 0xC0A8 || v4 >> 20 == 0xAC1 || v4 >> 16 == 0xA9FE;
}
bool IsPrivate(uint32_t v4) { return IsTenNet(v4) || IsWidePrivateNet(v4); }

// 2000::/3 and fc00::/7, by the first word in network order.
bool IsUnicast6(uint32_t first) { return first >> 29 == 1 || first >> 25 == 0x7E; }

constexpr uint32_t kMappedLittle = 0xFFFF0000;
constexpr uint32_t kMappedBig = 0x0000FFFF;

}  // namespace

bool Address::IsV4() const noexcept {
  static constexpr uint8_t kPrefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
  return std::memcmp(bytes.data(), kPrefix, sizeof kPrefix) == 0;
}

uint32_t Address::V4() const noexcept {
  return uint32_t{bytes[12]} << 24 | uint32_t{bytes[13]} << 16 | uint32_t{bytes[14]} << 8 |
         bytes[15];
}

bool Address::IsUnspecified() const noexcept {
  if (IsV4()) return V4() == 0;
  for (const uint8_t byte : bytes) {
    if (byte != 0) return false;
  }
  return true;
}

Address DecodeAddress(const uint32_t words[4], Family family, ByteOrder order) noexcept {
  Address address;
  const auto put = [&](size_t at, uint32_t word) {
    if (order == ByteOrder::kLittle) word = SwapBytes(word);
    for (size_t i = 0; i < 4; ++i) {
      address.bytes[at + i] = static_cast<uint8_t>(word >> (24 - 8 * i));
    }
  };
  if (family == Family::kTcp) {
    address.bytes[10] = address.bytes[11] = 0xFF;
    put(12, words[0]);
  } else {
    for (size_t i = 0; i < 4; ++i) put(4 * i, words[i]);
  }
  return address;
}

std::string AddressText(const Address& address) {
  char text[48];
  const auto& b = address.bytes;
  if (address.IsV4()) {
    std::snprintf(text, sizeof text, "%u.%u.%u.%u", b[12], b[13], b[14], b[15]);
    return text;
  }
  unsigned groups[8];
  for (size_t i = 0; i < 8; ++i) groups[i] = b[2 * i] * 256U + b[2 * i + 1];
  // RFC 5952, 4.2: `::` takes the longest run of zero groups, the first of equals, never a single.
  size_t best = 8, best_length = 1;
  for (size_t i = 0; i < 8;) {
    size_t end = i;
    while (end < 8 && groups[end] == 0) ++end;
    if (end - i > best_length) best = i, best_length = end - i;
    i = end + 1;
  }
  std::string result;
  for (size_t i = 0; i < 8;) {
    if (i == best) {
      result += "::";
      i += best_length;
      continue;
    }
    if (!result.empty() && result.back() != ':') result += ':';
    std::snprintf(text, sizeof text, "%x", groups[i++]);
    result += text;
  }
  return result;
}

void ByteOrderVote::AddV4(uint32_t word, bool own) noexcept {
  const uint32_t little = AsLittle(word), big = AsBig(word);
  // 10.0.0.127 of one order is 127.0.0.10 of the other: no evidence.
  if (IsLoopbackNet(little) != IsLoopbackNet(big)) {
    // Nor is a peer: any network has an address x.0.0.127.
    structure_.little += own && IsLoopbackNet(little) && !IsPrivate(big);
    structure_.big += own && IsLoopbackNet(big) && !IsPrivate(little);
    return;
  }
  if (IsPrivate(little) == IsPrivate(big)) return;
  if (own) {
    own_private_.little += IsWidePrivateNet(little);
    own_private_.big += IsWidePrivateNet(big);
    own_ten_.little += IsTenNet(little);
    own_ten_.big += IsTenNet(big);
  } else {
    peer_private_.little += IsPrivate(little);
    peer_private_.big += IsPrivate(big);
  }
}

void ByteOrderVote::AddAddress(const uint32_t words[4], Family family, bool own) noexcept {
  if (family == Family::kTcp) {
    if (words[0] == 0) return;
    matters_ = true;
    peers_ += !own;
    AddV4(words[0], own);
    return;
  }
  const uint32_t high = words[0] | words[1];
  if ((high | words[2] | words[3]) == 0) return;
  matters_ = true;
  peers_ += !own;
  if (high == 0) {
    structure_.little += words[2] == kMappedLittle || (words[2] == 0 && words[3] == 0x01000000);
    structure_.big += words[2] == kMappedBig || (words[2] == 0 && words[3] == 0x00000001);
    if (words[3] != 0 && (words[2] == kMappedLittle || words[2] == kMappedBig))
      AddV4(words[3], own);
    return;
  }
  const uint32_t little = SwapBytes(words[0]), big = words[0];
  structure_.little += little == 0xFE800000 && words[1] == 0;
  structure_.big += big == 0xFE800000 && words[1] == 0;
  if (IsUnicast6(little) != IsUnicast6(big)) {
    global6_.little += IsUnicast6(little);
    global6_.big += IsUnicast6(big);
  }
}

void ByteOrderVote::Add(const SocketRecord& record) noexcept {
  AddAddress(record.local_words, record.family, true);
  AddAddress(record.remote_words, record.family, false);
}

void ByteOrderVote::Add(const ByteOrderVote& other) noexcept {
  const auto add = [](Evidence& to, const Evidence& from) {
    to.little += from.little;
    to.big += from.big;
  };
  add(structure_, other.structure_);
  add(own_private_, other.own_private_);
  add(own_ten_, other.own_ten_);
  add(peer_private_, other.peer_private_);
  add(global6_, other.global6_);
  peers_ += other.peers_;
  matters_ |= other.matters_;
}

int ByteOrderVote::Winner() const noexcept {
  const auto lean = [](const Evidence& evidence) {
    return evidence.little > evidence.big ? 1 : evidence.little < evidence.big ? -1 : 0;
  };
  if (const int winner = lean(structure_)) return winner;
  if (const int winner = lean(own_private_)) return winner;
  constexpr uint64_t kMoreThanChance = 8;  // one peer in 8; chance makes one in 256
  const int peers = lean(peer_private_);
  if (peers > 0 && peer_private_.little * kMoreThanChance >= peers_) return 1;
  if (peers < 0 && peer_private_.big * kMoreThanChance >= peers_) return -1;
  if (lean(own_ten_) > 0) return 1;
  return lean(global6_);
}

}  // namespace tcpsnap::procnet
