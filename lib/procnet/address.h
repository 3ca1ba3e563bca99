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
///
/// Structures that chance does not make decide first: the v4-mapped prefix, ::1, 127.0.0.x,
/// fe80::. Then private networks (192.168/16, 172.16/12, 169.254/16) among the host's own
/// addresses, then any private network among its peers where it is more than chance (a public
/// address ending in .10 reads as 10/8 in the wrong order: one peer in 256), then the first byte of
/// global v6 addresses. An own address in 10/8 alone speaks only for little endian, the usual.
class ByteOrderVote {
 public:
  void Add(const SocketRecord& record) noexcept;
  void Add(const ByteOrderVote& other) noexcept;

  /// True when the evidence leans to one side.
  bool decided() const noexcept { return Winner() != 0; }
  /// The winner; kLittle when undecided.
  ByteOrder order() const noexcept { return Winner() < 0 ? ByteOrder::kBig : ByteOrder::kLittle; }
  /// True when some address was not all zero, so that the order matters.
  bool matters() const noexcept { return matters_; }

 private:
  struct Evidence {
    uint64_t little = 0, big = 0;
  };
  int Winner() const noexcept;  ///< 1 little, -1 big, 0 undecided
  void AddAddress(const uint32_t words[4], Family family, bool own) noexcept;
  void AddV4(uint32_t word, bool own) noexcept;

  Evidence structure_, own_private_, own_ten_, peer_private_, global6_;
  uint64_t peers_ = 0;
  bool matters_ = false;
};

}  // namespace tcpsnap::procnet
