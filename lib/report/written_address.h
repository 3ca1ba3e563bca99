// Addresses in running text, in every spelling that tells an address from other text.
//
//   10.0.0.1  010.000.000.001  10.0.0.1:80  10.0.0.1/24  ip-is-10.0.0.1.
//   2001:DB8::1  ::ffff:10.0.0.1  ::ffff:a00:1  [fe80::1]:22  fe80::1%eth0  2001:db8::/32
//   IPv6:2001:db8::1   a label in front of it    2001:db8:0:0:0:0:0:1:443   a port behind it
//   0100000A:1F90      address and port of /proc/net/tcp, or 32 digits of tcp6: words of a
//                      little-endian machine
//
// None: 1.2.3.4.5 (a version, or what has more than four parts), 10.0.0.300, 12:34:56 (a time),
// 00:1a:2b:3c:4d:5e (of a network card), std::dec and other words that go on with letters. "::" is
// one, so is "a::b"; 2001:db8::1:443 is read as an address of 443, as RFC 5952 (6) warns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "procnet/address.h"

namespace tcpsnap::report {

/// How an address is written, and another in its place.
enum class Spelling : uint8_t {
  kPlain,      ///< 10.0.0.1, 2001:db8::1
  kMapped,     ///< ::ffff:10.0.0.1, with hexadecimal digits or without
  kAllGroups,  ///< 2001:db8:0:0:0:0:0:1, since a port without brackets follows
  kKernelUpper,
  kKernelLower,
};

struct WrittenAddress {
  procnet::Address address;
  Spelling spelling = Spelling::kPlain;
  size_t size = 0;                    ///< bytes of the text, "/24" not among them
  std::optional<size_t> prefix_bits;  ///< of "/24" behind it: up to 32 of a v4 address, or 128
};

/// True for the letters and digits of ASCII: a word ends at all else, at an arrow (U+2192) too.
bool IsWordByte(char c);

/// The address that begins at `at`, if one does. `is_fresh` says that what stands before it belongs
/// to something else, such as the \n of an escaped text. Takes constant time.
std::optional<WrittenAddress> ReadAddressAt(std::string_view text, size_t at, bool is_fresh);

/// Writes `address` as `model` is written; it is of the same family.
void AppendAddressLike(std::string& out, const procnet::Address& address,
                       const WrittenAddress& model);

}  // namespace tcpsnap::report
