// A file per snapshot, the time in its name or in its folder's:
//
//   2026-11-22T07:37:27+00:00.txt      tcp.20261122-073727      web1_1795333047.log
//   20261122-073727/tcp      2026-11-22T07:37:27Z/net/tcp6      1795333047/proc/net/tcp
//   1795333047/proc/4711/net/tcp      20261122/073727/tcp      snaps.tar.gz!20261122-073727/tcp
//
// A folder's time counts only for files that are named tcp or tcp6 (with any ending): a log of many
// snapshots may well lie in a folder with a date. The name of a bundle is passed over
// (`sosreport-host1-1234-20261122073727/proc/net/tcp`, `scc_host1_261122_0737`): it tells when the
// bundle was packed, which may be minutes after the table was read.

#include "capture/layout.h"
#include "capture/layouts/text.h"

namespace tcpsnap::capture {
namespace {

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

}  // namespace

NameFacts ReadFileName(std::string_view path, const Zone& zone) {
  if (const std::optional<TimeResult> time = TimeInLastPart(path, zone)) return {time};
  const std::string_view name = TakeLastPart(path);
  const std::string_view stem = name.substr(0, name.find('.'));
  if (stem != "tcp" && stem != "tcp6") return {};
  TakeProcFolders(path);
  return {TimeInLastPart(path, zone)};
}

}  // namespace tcpsnap::capture
