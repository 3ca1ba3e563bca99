// Addresses as numbers and as text, and the byte order of the machine that printed them.
//
// The kernel prints each 32-bit word of an address with %08X of the network-order word read as a
// host integer (tcp4_seq_show, tcp6_seq_show): 127.0.0.1 is 0100007F on little-endian machines and
// 7F000001 on big-endian ones. Ports are never swapped.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "procnet/socket_record.h"

namespace tcpsnap::procnet {

enum class ByteOrder : uint8_t { kLittle, kBig };

/// Network-order bytes. An IPv4 address, v4-mapped ones included, is `::ffff:a.b.c.d`.
struct Address {
  std::array<uint8_t, 16> bytes{};

  bool IsV4() const noexcept;
  /// The v4 address as an integer, 127.0.0.1 = 0x7F000001; meaningful when IsV4().
  uint32_t V4() const noexcept;
  /// True for 0.0.0.0 (mapped or not) and `::`.
  bool IsUnspecified() const noexcept;
  friend bool operator==(const Address&, const Address&) = default;
};

/// Decodes printed words; a v4 row gives a v4 address.
Address DecodeAddress(const uint32_t words[4], Family family, ByteOrder order) noexcept;

/// "10.0.0.1"; v6 by RFC 5952 ("2001:db8::1"); a mapped address as its v4.
std::string AddressText(const Address& address);

/// Evidence for a byte order, collected over the rows of a dump or of a whole capture.
class ByteOrderVote {
 public:
  void Add(const SocketRecord& record) noexcept;
  void Add(const ByteOrderVote& other) noexcept { score_ += other.score_, weighed_ |= other.weighed_; }

  /// True when the evidence leans to one side.
  bool decided() const noexcept { return score_ != 0; }
  /// The winner; kLittle when undecided.
  ByteOrder order() const noexcept { return score_ < 0 ? ByteOrder::kBig : ByteOrder::kLittle; }
  /// True when some address was not all zero, so that the order matters.
  bool matters() const noexcept { return weighed_; }

 private:
  int64_t score_ = 0;  ///< > 0: little endian
  bool weighed_ = false;
};

}  // namespace tcpsnap::procnet
