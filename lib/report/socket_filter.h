// The filter language of ss(8) -> a condition on the columns of the view sockets.
//
//   state time-wait dport = :443 and dst 10.0.0.0/8
//   state connected exclude established ( sport = :https or sport = :8080 )
//   src [2001:db8::]/32 and not dport ge 1024
//
// As ss of iproute2 6.1 reads it, with these differences, all of them meant to keep a wrong answer
// from looking like a right one:
// - `state` and `exclude` may stand anywhere; words that follow one another add up (or take away)
//   as they do in ss, in front of the filter or within it. States may also be written as the
//   kernel and /proc/net/tcp do (TIME_WAIT, 06).
// - ss reads `a or b and c` from left to right, its manual says that `and` binds tighter. Where the
//   two differ the filter is refused: it needs parentheses.
// - A v4-mapped address is its v4 address. A v4 prefix matches v4 only and a v6 prefix v6 only, as
//   on a live system (ss on a saved file compares the bytes whatever the family).
// - Refused: what a saved table doesn't hold (dev, fwmark, cgroup, autobound); names of hosts;
// short
//   addresses without a prefix (10.1); numbers with leading zeros, which ss takes for octal.
// - Blanks around parentheses and operators may be left out; `dst != 10.0.0.0/8` is understood.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "store/database.h"

namespace tcpsnap::report {

/// Names of TCP services, as /etc/services has them.
class ServiceNames {
 public:
  /// Those of a file in that form; none where it can't be read.
  static ServiceNames ReadFile(const std::string& path);
  /// Of a text in that form, which is from the file `path`.
  static ServiceNames Parse(std::string_view text, std::string path = "/etc/services");

  /// The port that a name or one of its aliases has with tcp, or -1.
  int Find(const std::string& name) const;
  bool empty() const { return ports_.empty(); }
  const std::string& path() const { return path_; }  ///< for messages

 private:
  std::string path_ = "/etc/services";
  std::map<std::string, int> ports_;
};

/// A condition in SQL with its values: `sql` names them :f1, :f2 and so on, in this order.
struct SocketFilter {
  struct Bytes {
    std::string bytes;
    friend bool operator==(const Bytes&, const Bytes&) = default;
  };
  using Bound = std::variant<int64_t, std::string, Bytes>;

  std::string sql = "TRUE";
  std::vector<Bound> values;

  void Bind(store::Statement& statement) const;
};

/// An empty text matches every socket. Throws UserError, which names the word and shows its place:
///
///   the filter, column 9: no TCP service is called 'htps' in /etc/services: write the number
///     dport = :htps
///             ^
SocketFilter ParseSocketFilter(std::string_view text, const ServiceNames& services);

}  // namespace tcpsnap::report
