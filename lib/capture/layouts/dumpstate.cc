// Android's dumpstate (bugreports), whose sections name a file or a command:
//
//   == dumpstate: 2026-11-22 07:37:27                            the first line
//   ------ TCP (/proc/net/tcp: 2026-11-22 07:37:27) ------       a file, and when it was changed
//   ------ NETSTAT (netstat -nW) ------                          a command
//   ------ 0.003s was the duration of 'TCP' ------               its end
//
// Only below /proc the time of a file is that of its reading; that of others is no marker's time.
// Refused: such lines without brackets, which are for other layouts.

#include "capture/layout.h"
#include "capture/layouts/command.h"
#include "capture/layouts/text.h"

namespace tcpsnap::capture {
namespace {

constexpr std::string_view kRule = "------ ";
constexpr std::string_view kRuleBehind = " ------";

Marker MakeMarker() {
  Marker marker;
  marker.layout = "dumpstate";
  return marker;
}

// `== dumpstate: 2026-11-22 07:37:27`
std::optional<Marker> ReadFirstLine(std::string_view line, const Zone& zone) {
  constexpr std::string_view kName = "== dumpstate:";
  if (!line.starts_with(kName)) return std::nullopt;
  const TimeResult time = ParseTime(TrimBlanks(line.substr(kName.size())), zone);
  if (!IsMeantAsTime(time)) return std::nullopt;
  Marker marker = MakeMarker();
  marker.time = time;
  return marker;
}

// `/proc/net/tcp: 2026-11-22 07:37:27`, `netstat -nW`: what stands in the brackets.
void TakeSource(std::string_view source, const Zone& zone, Marker& marker) {
  const size_t colon = source.find(": ");
  if (!source.starts_with('/') || colon == source.npos) {
    const Command command = ReadCommand(source);
    marker.file = command.file;
    marker.path = command.path;
    return;
  }
  marker.path = source.substr(0, colon);
  marker.file = FileOfPath(marker.path);
  if (!marker.path.starts_with("/proc/")) return;
  const TimeResult time = ParseTime(TrimBlanks(source.substr(colon + 2)), zone);
  if (IsMeantAsTime(time)) marker.time = time;
}

}  // namespace

std::optional<Marker> ReadDumpstateLine(std::string_view line, const Zone& zone) {
  if (line.starts_with("==")) return ReadFirstLine(line, zone);
  if (!line.starts_with(kRule) || !line.ends_with(kRuleBehind)) return std::nullopt;
  if (line.size() <= kRule.size() + kRuleBehind.size()) return std::nullopt;
  const std::string_view title =
      line.substr(kRule.size(), line.size() - kRule.size() - kRuleBehind.size());
  Marker marker = MakeMarker();
  if (title.find(" was the duration of '") != title.npos) {
    marker.closes = true;
    return marker;
  }
  const size_t open = title.find(" (");
  if (open == title.npos || !title.ends_with(')')) return std::nullopt;
  TakeSource(title.substr(open + 2, title.size() - open - 3), zone, marker);
  return marker;
}

}  // namespace tcpsnap::capture
