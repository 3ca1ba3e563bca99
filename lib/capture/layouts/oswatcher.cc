// OSWatcher (OSWbb), which writes a file for each command it runs, an hour long:
//
//   Linux OSWbb v8.3.2 host1                 the first line; older ones without the host
//   SNAP_INTERVAL 30                         other text
//   zzz ***Sun Nov 22 07:37:27 UTC 2026      before each run of the command
//
// Refused: a `zzz` whose time is damaged, or with text behind it.

#include "capture/layout.h"
#include "capture/layouts/text.h"
#include "procnet/token.h"

namespace tcpsnap::capture {
namespace {

Marker MakeMarker() {
  Marker marker;
  marker.layout = "oswatcher";
  return marker;
}

// `Linux OSWbb v8.3.2 host1`
std::optional<Marker> ReadPreamble(std::string_view line) {
  procnet::Tokens words(line);
  words.Next();
  if (!words.Next().starts_with("OSW")) return std::nullopt;
  const std::string_view version = words.Next();
  if (version.size() < 2 || version[0] != 'v' || !procnet::IsDigit(version[1])) {
    return std::nullopt;
  }
  Marker marker = MakeMarker();
  marker.host = words.Next();
  if (!words.Next().empty()) return std::nullopt;
  return marker;
}

}  // namespace

std::optional<Marker> ReadOsWatcherLine(std::string_view line, const Zone& zone) {
  if (line.starts_with("Linux OSW")) return ReadPreamble(line);
  constexpr std::string_view kBefore = "zzz ***";
  if (!line.starts_with(kBefore)) return std::nullopt;
  const TimeResult time = ParseTime(TrimBlanks(line.substr(kBefore.size())), zone);
  if (!IsMeantAsTime(time)) return std::nullopt;
  Marker marker = MakeMarker();
  marker.time = time;
  return marker;
}

}  // namespace tcpsnap::capture
