// Names of ports, addresses and users, from files that were saved beside a capture.
//
//   https      443/tcp    http-ssl        services(5): port 443 is https
//   10.0.0.1   db1  db1.example           hosts(5): the first name counts
//   www-data:x:33:33:::/usr/sbin/nologin  passwd(5): uid 33 is www-data
//
// Of several lines for one number or address the first counts. An address may be written in any
// way that inet_pton() takes; a v4-mapped one is its v4 address. Blank lines, comments and the `+`
// and `-` lines of passwd are passed over, so are other protocols than tcp. 0.0.0.0 and :: are
// never named: in a table they mean all addresses, in a hosts file names that are blocked.
//
// A line that can't be understood is left out, and the first of a file is told with its number:
// without a tcp service ("443", or a line that was cut), address ("10.0.0.300", "fe80::1%eth0",
// which is of one link only), name, or uid with a colon behind it (a cut 1000 could be 10).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace tcpsnap::report {

class Names {
 public:
  /// Each takes the text of a file; `path` is for remarks. Further files add to those before.
  void AddServices(std::string_view text, const std::string& path);
  void AddHosts(std::string_view text, const std::string& path);
  void AddPasswd(std::string_view text, const std::string& path);

  /// Whether a file was added that could name them, even if it names none.
  bool has_ports() const { return has_ports_; }
  bool has_addresses() const { return has_addresses_; }
  bool has_uids() const { return has_uids_; }
  bool empty() const { return !has_ports_ && !has_addresses_ && !has_uids_; }

  /// An empty text where there is no name. A prefix ("10.0.0.0/8") has none.
  std::string_view OfPort(int64_t port) const;
  std::string_view OfAddress(std::string_view address) const;
  std::string_view OfUid(int64_t uid) const;

  /// A sentence for each file with lines that were not understood.
  const std::vector<std::string>& remarks() const { return remarks_; }

 private:
  /// In network order; that of an IPv4 address is ::ffff:a.b.c.d.
  using AddressBytes = std::array<uint8_t, 16>;

  template <typename Line>
  void AddLines(std::string_view text, const std::string& path, Line add_line);

  bool has_ports_ = false;
  bool has_addresses_ = false;
  bool has_uids_ = false;
  std::unordered_map<int64_t, std::string> ports_;
  std::map<AddressBytes, std::string> addresses_;
  std::unordered_map<int64_t, std::string> uids_;
  std::vector<std::string> remarks_;
};

/// The text of a file of names. Throws UserError where it can't be read.
std::string ReadNameFile(const std::string& path);

}  // namespace tcpsnap::report
