// Addresses and names -> others that tell nothing, always the same ones for one key.
//
// Addresses are mapped by Crypto-PAn (Xu, Fan, Ammar, Moon, 2002; AES-128): two addresses that
// share a prefix of n bits share one of n bits afterwards, and the mapping can be undone with the
// key. Bits that give an address its meaning stay: a loopback, private, link-local, multicast,
// unique-local, v4-mapped or unspecified address remains one, and no other becomes one.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "procnet/address.h"

namespace tcpsnap::report {

class Anonymizer {
 public:
  using Key = std::array<uint8_t, 32>;  ///< 16 bytes for AES, 16 for the pad

  explicit Anonymizer(const Key& key);
  /// The key of a file: 64 hexadecimal digits. Where there is no file, one is made with a random
  /// key, readable by its owner alone. Throws UserError where it can't be read, made, or is no key.
  static Anonymizer FromKeyFile(const std::string& path);
  Anonymizer(Anonymizer&&) noexcept;
  ~Anonymizer();

  procnet::Address Map(const procnet::Address& address) const;
  procnet::Address Restore(const procnet::Address& mapped) const;

  /// "host-" and some letters of a keyed hash; the same name gives the same word.
  std::string Name(std::string_view name) const;
  /// Names that Text replaces wherever they stand as words: those of hosts, sources, namespaces.
  void AddName(std::string_view name);

  /// The text with every address in it, in any spelling, and every name that was added replaced:
  /// "10.0.0.1:80", "[fe80::1]:22", "10.0.0.0/8", running text, JSON.
  std::string Text(std::string_view text) const;
  /// The reverse: addresses by the key, and the words of names that were added.
  std::string RestoreText(std::string_view text) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tcpsnap::report
