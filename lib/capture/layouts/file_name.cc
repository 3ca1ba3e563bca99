// A file per snapshot, the time in its name or in its folder's:
//
//   2026-11-22T07:37:27+00:00.txt      tcp.20261122-073727      web1_1795333047.log
//   20261122-073727/tcp      2026-11-22T07:37:27Z/net/tcp6      1795333047/proc/net/tcp
//   1795333047/proc/4711/net/tcp      20261122/073727/tcp      snaps.tar.gz!20261122-073727/tcp
//   2026-11-22/07-37-27/proc_net_tcp.txt
//
// A folder's time counts only for files that are named tcp, tcp6 or proc_net_tcp (with any ending):
// a log of many snapshots may well lie in a folder with a date. The name of a bundle is passed over
// (`sosreport-host1-1234-20261122073727/proc/net/tcp`, `scc_host1_261122_0737`): it tells when the
// bundle was packed, which may be minutes after the table was read.
//
// The collectors of Oracle put the host into the names of their files, and no time that would be of
// a snapshot:
//
//   2026_11_22_07_00_00_NetstatExaWatcher_db1.dat.bz2
//   osw/archive/oswnetstat/db1_netstat_26.11.22.0700.dat     only below a folder that begins so

#include <algorithm>
#include <array>

#include "capture/layout.h"
#include "capture/layouts/text.h"

namespace tcpsnap::capture {
namespace {

// `tcp.txt`, `proc_net_tcp6`.
bool IsNamedAsTable(std::string_view name) {
  static constexpr std::array<std::string_view, 6> kStems = {
      "tcp", "tcp6", "net_tcp", "net_tcp6", "proc_net_tcp", "proc_net_tcp6"};
  return IsOneOf(name.substr(0, name.find('.')), kStems);
}

bool IsHostName(std::string_view text) {
  return !text.empty() && IsLetterOrDigit(text[0]) &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return IsLetterOrDigit(c) || c == '-' || c == '.' || c == '_'; });
}

// `26.11.22.0700`
bool IsOsWatcherHour(std::string_view text) {
  constexpr std::string_view kShape = "00.00.00.0000";
  return text.size() == kShape.size() &&
         std::equal(text.begin(), text.end(), kShape.begin(), [](char c, char shape) {
           return shape == '0' ? c >= '0' && c <= '9' : c == shape;
         });
}

bool LiesBelowOsWatcher(std::string_view folders) {
  while (!folders.empty()) {
    if (TakeLastPart(folders).starts_with("osw")) return true;
  }
  return false;
}

// The host in the name of a file of ExaWatcher or OSWatcher; empty where there is none.
std::string_view HostInName(std::string_view path) {
  std::string_view name = TakeLastPart(path);
  for (const std::string_view packing : {".bz2", ".gz", ".xz"}) {
    if (!name.ends_with(packing)) continue;
    name.remove_suffix(packing.size());
    break;
  }
  constexpr std::string_view kEnding = ".dat", kExaWatcher = "ExaWatcher_";
  if (!name.ends_with(kEnding)) return {};
  name.remove_suffix(kEnding.size());
  std::string_view host;
  if (const size_t at = name.find(kExaWatcher); at != name.npos) {
    host = name.substr(at + kExaWatcher.size());
  } else if (const size_t hour = name.rfind('_');
             hour != name.npos && IsOsWatcherHour(name.substr(hour + 1))) {
    const size_t tool = name.substr(0, hour).rfind('_');
    if (tool != name.npos && LiesBelowOsWatcher(path)) host = name.substr(0, tool);
  }
  return IsHostName(host) ? host : "";
}

// Takes `proc`, `net` and the process between them off the end of a path.
void TakeProcFolders(std::string_view& path) {
  const auto take = [](std::string_view& from, std::string_view name) {
    std::string_view rest = from;
    if (TakeLastPart(rest) != name) return false;
    from = rest;
    return true;
  };
  if (!take(path, "net")) {
    take(path, "proc");
    return;
  }
  std::string_view below = path;
  const std::string_view process = TakeLastPart(below);
  const bool is_process = IsNumber(process) || process == "self" || process == "thread-self";
  if (is_process && take(below, "proc")) {
    path = below;
    return;
  }
  take(path, "proc");
}

std::optional<TimeResult> TimeOfFile(std::string_view path, const Zone& zone) {
  if (std::optional<TimeResult> time = TimeInLastPart(path, zone)) return time;
  if (!IsNamedAsTable(TakeLastPart(path))) return std::nullopt;
  TakeProcFolders(path);
  return TimeInLastPart(path, zone);
}

}  // namespace

NameFacts ReadFileName(std::string_view path, const Zone& zone) {
  return {TimeOfFile(path, zone), std::string(HostInName(path))};
}

}  // namespace tcpsnap::capture
