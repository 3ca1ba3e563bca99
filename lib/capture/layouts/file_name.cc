// A file per snapshot, the time in its name or in its folder's:
//
//   2026-11-22T07:37:27+00:00.txt      tcp.20261122-073727      web1_1795333047.log
//   20261122-073727/tcp      2026-11-22T07:37:27Z/net/tcp6      1795333047/proc/net/tcp
//
// A folder's time counts only for files that are named tcp or tcp6 (with any ending): a log of many
// snapshots may well lie in a folder with a date.

#include <filesystem>

#include "capture/layout.h"

namespace tcpsnap::capture {

NameFacts ReadFileName(std::string_view path_text, const Zone& zone) {
  const auto is_time = [](const TimeResult& result) {
    return result.time || result.error == TimeError::kAmbiguousZone ||
           result.error == TimeError::kUnknownZone || result.error == TimeError::kGap;
  };
  std::filesystem::path path(path_text);
  if (const TimeResult time = FindTimeInName(path.filename().string(), zone); is_time(time)) {
    return {time};
  }
  const std::string stem = path.stem().string();
  if (stem != "tcp" && stem != "tcp6") return {};
  path = path.parent_path();
  if (path.filename() == "net") path = path.parent_path();
  if (path.filename() == "proc") path = path.parent_path();
  if (const TimeResult time = FindTimeInName(path.filename().string(), zone); is_time(time)) {
    return {time};
  }
  return {};
}

}  // namespace tcpsnap::capture
