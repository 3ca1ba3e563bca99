// --host-from: where in a path the host stands.
//
//   fleet/{host}/**              fleet/web1/2026-11-22/tcp.log       -> web1
//   {host}_*.dat                 archive/oswnetstat/web1_tcp_26.11.22.0700.dat    -> web1
//   pods/{host}/{netns}/tcp*     case-7/pods/web1/sidecar/tcp6       -> web1, namespace sidecar
//   {host}.tar.gz!**             pile/db2.tar.gz!proc/net/tcp        -> db2
#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace tcpsnap::capture {

struct HostName {
  std::string host;
  std::string netns;
};

/// A pattern over a path or `archive!member`. `*` is any text without a slash, `**` any text, `?`
/// one character but a slash, `{host}` and `{netns}` one character or more but slashes and '!';
/// everything else is itself. It may begin at any folder (or member) of the path, the first that
/// fits, and must reach its end. `*`, `**` and placeholders take as little as they can, the first
/// of them first. No host is called `.` or `..`: a match that says so is none.
class HostPattern {
 public:
  /// Throws std::invalid_argument with what is wrong: no {host}, a placeholder twice, an unknown
  /// {word}.
  explicit HostPattern(std::string pattern);
  /// nullopt where the path does not match. Takes time and memory as the length of the pattern
  /// times that of the path, whatever they hold.
  std::optional<HostName> Match(std::string_view path) const;
  const std::string& text() const { return pattern_; }

 private:
  enum class Kind : unsigned char { kByte, kAnyByte, kAnyInFolder, kAny, kHost, kNetns };
  struct Token {
    Kind kind;
    char byte;  ///< of kByte
  };
  class Table;
  void AddPlaceholder(std::string_view word);

  std::string pattern_;
  std::vector<Token> tokens_;
};

}  // namespace tcpsnap::capture
