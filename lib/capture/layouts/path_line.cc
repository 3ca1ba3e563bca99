// A line that names the file below it, dressed in at least two of = - # * < >:
//
//   ==> /proc/net/tcp <==            (tail -n +1 FILE..., head)
//   === /proc/net/tcp ===            (echo "=== $f ==="; cat $f)
//   ==> snaps/20261122-073727/tcp6 <==
//
// The name must hold a slash or be tcp or tcp6 itself, so that `--- done ---` is none. A time in
// the path is the time of what follows.

#include <algorithm>
#include <array>

#include "capture/layout.h"

namespace tcpsnap::capture {
namespace {

constexpr std::string_view kDressing = "=-#*<> ";
constexpr size_t kLeastDressing = 2;

}  // namespace

NamedFile FileOfPath(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  if (name == "tcp" || name == "tcp6") return NamedFile::kTcp;
  // The other files of /proc/net whose lines could be taken for something else.
  static constexpr std::array<std::string_view, 13> kForeign = {
      "udp",   "udp6", "udplite", "udplite6", "raw",      "raw6", "icmp",
      "icmp6", "unix", "packet",  "netlink",  "sockstat", "snmp"};
  const bool foreign = std::find(kForeign.begin(), kForeign.end(), name) != kForeign.end();
  return foreign ? NamedFile::kForeign : NamedFile::kUnsaid;
}

std::optional<Marker> ReadPathLine(std::string_view line, const Zone& zone) {
  const size_t begin = line.find_first_not_of(kDressing);
  if (begin == line.npos || begin < kLeastDressing) return std::nullopt;
  const size_t end = line.find_last_not_of(kDressing) + 1;
  const std::string_view path = line.substr(begin, end - begin);
  const size_t slash = path.rfind('/');
  const NamedFile file = FileOfPath(path);
  if (slash == path.npos && file != NamedFile::kTcp) return std::nullopt;
  if (path.find("  ") != path.npos) return std::nullopt;
  Marker marker;
  marker.layout = "path-line";
  marker.file = file;
  marker.path = path;
  if (TimeResult time = FindTimeInName(path, zone); time.time) marker.time = time;
  return marker;
}

}  // namespace tcpsnap::capture
