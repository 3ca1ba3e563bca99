// Addresses -> others of the same kind, by Crypto-PAn, one to one and back.
//
// Two addresses of a family that share a prefix share one just as long afterwards. What an address
// means stays: no bit is flipped on the way to the prefix of a special range, so that the range is
// mapped into itself and nothing else into it.
//
//   stay as they are     0.0.0.0/8, 127.0.0.0/8, 255.255.255.255, ::, ::1
//   stay in their range  10/8, 100.64/10, 169.254/16, 172.16/12, 192.168/16, 224/4; fe80::/10,
//                        fe80::/64 (what links use), fc00::/8, fd00::/8, ff00::/8 with its flags
//                        and scope, ::ffff:0:0/96 (as the v4 address that it holds)
//
// All else moves: no address is mapped to itself, nor is its /24 or /64 unless it is that of a
// special range. Crypto-PAn alone would leave one in a hundred of 192.168/16 as it is.
//
// All of loopback stays: such an address never leaves its host, 127.0.0.53 tells a reader which
// resolver it is, and beside one that stays others could move little anyway (127.0.0.2 would become
// 127.0.0.2 or .3). For the same reason the few neighbours of a single address that stays hardly
// move: ::2, 255.255.255.254. They are no addresses of hosts.
#pragma once

#include <cstddef>
#include <optional>

#include "procnet/address.h"
#include "report/crypto_pan.h"

namespace tcpsnap::report {

class AddressMap {
 public:
  explicit AddressMap(const CryptoPan::Key& key) : cipher_(key) {}

  procnet::Address Map(const procnet::Address& address) const;
  procnet::Address Restore(const procnet::Address& mapped) const;

  /// The address of a prefix that is written ADDRESS/BITS, 0 to 32 or 128 by family. Where no bit
  /// is set behind the prefix none is afterwards; one to one for each number of bits.
  procnet::Address MapPrefix(const procnet::Address& address, size_t bits) const;
  procnet::Address RestorePrefix(const procnet::Address& mapped, size_t bits) const;

 private:
  CryptoPan cipher_;
};

}  // namespace tcpsnap::report
