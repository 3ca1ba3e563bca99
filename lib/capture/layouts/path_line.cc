// A line that names the file below it:
//
//   ==> /proc/net/tcp <==            (tail -n +1 FILE..., head)
//   === /proc/net/tcp ===            (echo "=== $f ==="; cat $f)
//   ==> snaps/20261122-073727/tcp6 <==       ==> tcp.20261122-073727 <==
//   # cat /proc/net/tcp      $ cat /proc/net/tcp6      + cat /proc/net/tcp (set -x)
//   cat /proc/net/tcp      /proc/net/tcp6:      [/proc/net/tcp]      File: /proc/net/tcp      tcp6:
//
// Where it is dressed in at least two of = - # * < > any path will do, as long as it holds a slash
// and no blank, so that `--- done ---` and `--- 3 req/s ---` are none; between `==> ` and ` <==`
// any name. Otherwise it must be a table's that is known. A time in the path is the time of what
// follows.

#include <algorithm>
#include <array>

#include "capture/layout.h"
#include "capture/layouts/command.h"
#include "capture/layouts/text.h"
#include "procnet/token.h"

namespace tcpsnap::capture {
namespace {

constexpr std::string_view kDressing = "=-#*<>+$ \t";
constexpr size_t kLeastDressing = 2;

bool HoldsBlank(std::string_view text) {
  return std::any_of(text.begin(), text.end(), procnet::IsBlank);
}

// `[/proc/net/tcp]`, `/proc/net/tcp:`, `tcp6:` -> the path.
std::string_view WithoutBrackets(std::string_view text) {
  if (text.size() > 2 && text.front() == '[' && text.back() == ']') {
    return text.substr(1, text.size() - 2);
  }
  if (text.size() > 1 && text.back() == ':') text.remove_suffix(1);
  return text;
}

// `File: /proc/net/tcp` -> the path; any other text as it is.
std::string_view WithoutLabel(std::string_view text) {
  size_t letters = 0;
  while (letters < text.size() && IsLetter(text[letters])) ++letters;
  if (letters == 0 || text.substr(letters, 2) != ": ") return text;
  return TrimBlanks(text.substr(letters + 2));
}

// Between `==> ` and ` <==`, as tail and head write it; empty where it is none.
std::string_view NameFromTail(std::string_view line) {
  constexpr std::string_view kBefore = "==> ", kBehind = " <==";
  if (!line.starts_with(kBefore) || !line.ends_with(kBehind)) return {};
  if (line.size() <= kBefore.size() + kBehind.size()) return {};
  return line.substr(kBefore.size(), line.size() - kBefore.size() - kBehind.size());
}

Marker MakeMarker(std::string_view path, NamedFile file, const Zone& zone) {
  Marker marker;
  marker.layout = "path-line";
  marker.file = file;
  marker.path = path;
  marker.time = TimeInPath(path, zone);
  return marker;
}

}  // namespace

NamedFile FileOfPath(std::string_view path) {
  // Further than the longest name in the list nothing can match.
  constexpr size_t kLongestName = 64;
  const std::string_view last = path.substr(path.find_last_of("/!") + 1);
  if (last.size() > kLongestName) return NamedFile::kUnsaid;
  const std::string_view name = last.substr(0, last.find('.'));
  if (name == "tcp" || name == "tcp6") return NamedFile::kTcp;
  // The other files of /proc/net whose lines could be taken for something else.
  static constexpr std::array<std::string_view, 15> kForeign = {
      "udp",  "udp6",    "udplite",  "udplite6",  "raw",  "raw6",  "icmp",    "icmp6",
      "unix", "netlink", "sockstat", "sockstat6", "snmp", "snmp6", "fib_trie"};
  if (IsOneOf(name, kForeign)) return NamedFile::kForeign;
  // Names that mean something else outside of /proc/net.
  static constexpr std::array<std::string_view, 19> kForeignInNet = {
      "route",      "netstat", "dev",          "arp",          "packet",
      "protocols",  "igmp",    "igmp6",        "if_inet6",     "dev_mcast",
      "ipv6_route", "ptype",   "rt_cache",     "softnet_stat", "mcfilter",
      "wireless",   "dccp",    "nf_conntrack", "ip_conntrack"};
  const std::string_view folder = path.substr(0, path.size() - last.size());
  const bool in_net = folder == "net/" || folder.ends_with("/net/");
  return in_net && IsOneOf(name, kForeignInNet) ? NamedFile::kForeign : NamedFile::kUnsaid;
}

std::optional<Marker> ReadPathLine(std::string_view line, const Zone& zone) {
  constexpr size_t kLongestLine = 4200;  // a path and its dressing
  if (line.size() > kLongestLine) return std::nullopt;
  if (const std::string_view name = NameFromTail(line); !name.empty()) {
    return MakeMarker(name, FileOfPath(name), zone);
  }
  const Undressed undressed = Undress(line, kDressing);
  if (undressed.text.starts_with("cat ")) {
    const Command command = ReadCommand(undressed.text);
    if (command.file == NamedFile::kUnsaid) return std::nullopt;
    return MakeMarker(command.path, command.file, zone);
  }
  const bool dressed = undressed.front >= kLeastDressing;
  if (!dressed && undressed.front > 0) return std::nullopt;
  const std::string_view unlabelled = WithoutLabel(undressed.text);
  const std::string_view path = WithoutBrackets(unlabelled);
  if (path.empty() || HoldsBlank(path)) return std::nullopt;
  const NamedFile file = FileOfPath(path);
  const bool has_slash = path.find('/') != path.npos;
  if (file == NamedFile::kUnsaid && !(dressed && has_slash)) return std::nullopt;
  // A bare word is a name only behind `==>` or the like, or with a colon.
  if (!has_slash && path.size() == line.size()) return std::nullopt;
  return MakeMarker(path, file, zone);
}

}  // namespace tcpsnap::capture
