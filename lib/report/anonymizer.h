// Addresses and names -> others that tell nothing, always the same ones for one key, and back.
//
//   10.99.0.1:7003 of web1  ->  10.224.17.201:7003 of host-4kq2xw7vnb
//
// Addresses: address_map.h says which bits stay, written_address.h in which spellings they are
// found; one comes out in its shortest spelling. Ports and other numbers stay, so do the names of
// interfaces (fe80::1%eth0), which tell where a packet went and not whose it was.
//
// Names become a word of 50 bits of a keyed hash (HMAC-SHA-256): "host-4kq2xw7vnb", a network
// namespace "net-...", a file "file-...". A host that is named by its address is mapped as that.
//
// Whoever has the key can undo all of it, and whoever can have addresses of his choice mapped
// learns prefixes of others, as with any mapping that keeps prefixes. Rows keep their order.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "procnet/address.h"
#include "report/crypto_pan.h"

namespace tcpsnap::report {

/// Not for several threads at once.
class Anonymizer {
 public:
  using Key = CryptoPan::Key;

  explicit Anonymizer(const Key& key);
  Anonymizer(Anonymizer&&) noexcept;
  Anonymizer& operator=(Anonymizer&&) noexcept;
  ~Anonymizer();

  procnet::Address Map(const procnet::Address& address) const;
  procnet::Address Restore(const procnet::Address& mapped) const;

  /// The word for a host, "host-...", or for a host and namespace, "host-.../net-...".
  std::string Name(std::string_view label) const;
  /// The word for a path, "file-...".
  std::string PathName(std::string_view path) const;

  /// From now on Text replaces the host, the namespace and the two together wherever they stand as
  /// whole words: "web1" in "web1:80" and "web1.example.org", not in "web12".
  void AddName(std::string_view label);
  /// The same for a path, for its last part, and for both sides of the '!' of an archive member;
  /// not for the names "tcp" and "tcp6", which many files have.
  void AddPath(std::string_view path);

  /// The text with every address in it and every name that was added replaced; where several begin
  /// at one place, the longest. Any bytes will do; takes time linear in their number.
  std::string Text(std::string_view text) const;
  /// The reverse: addresses by the key, and the words of names that were added.
  std::string RestoreText(std::string_view text) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tcpsnap::report
