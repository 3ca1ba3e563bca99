// The first line of watch, at the right the host and the time, as far as the screen is wide:
//
//   Every 1.0s: cat /proc/net/tcp                    host1: Sun Nov 22 07:37:27 2026
//   Every 2.0s: cat /proc/net/tcp                           Sun Nov 22 07:37:27 2026   (older)
//   Every 2.0s: cat /proc/net/tcp                           2026-11-22 07:37:27      (busybox)
//   Every 1s: cat /proc/net/tcp6                                               (no room left)
//
// The rows below are those that fitted the screen. The host is not taken: it is the one watch runs
// on (`watch ssh web1 cat /proc/net/tcp`).

#include "capture/layout.h"
#include "capture/layouts/command.h"
#include "capture/layouts/text.h"
#include "procnet/token.h"

namespace tcpsnap::capture {
namespace {

using procnet::IsBlank;
using procnet::IsDigit;

constexpr std::string_view kBefore = "Every ";

// Where `1.0s: ` ends; npos where it is something else.
size_t IntervalEnd(std::string_view line) {
  size_t i = kBefore.size();
  const size_t begin = i;
  while (i < line.size() && (IsDigit(line[i]) || line[i] == '.' || line[i] == ',')) ++i;
  return i > begin && line.substr(i, 3) == "s: " ? i + 3 : line.npos;
}

// The time that ends the line, and where it begins; length 0 where none does.
TimeAtFront TimeAtEnd(std::string_view text, const Zone& zone) {
  constexpr size_t kLongestTime = 40;
  const size_t first = text.size() > kLongestTime ? text.size() - kLongestTime : 1;
  for (size_t i = first; i < text.size(); ++i) {
    if (!IsBlank(text[i - 1]) || IsBlank(text[i])) continue;
    const TimeResult result = ParseTime(text.substr(i), zone);
    // Without its weekday or its date a time that does not exist might pass for another.
    if (result.error == TimeError::kOutOfRange || result.error == TimeError::kNoDate) break;
    if (IsMeantAsTime(result)) return {result, text.size() - i};
  }
  return {};
}

}  // namespace

std::optional<Marker> ReadWatchLine(std::string_view line, const Zone& zone) {
  if (!line.starts_with(kBefore)) return std::nullopt;
  const size_t interval_end = IntervalEnd(line);
  if (interval_end == line.npos) return std::nullopt;
  std::string_view command_text = line.substr(interval_end);
  const TimeAtFront time = TimeAtEnd(command_text, zone);
  command_text.remove_suffix(time.length);
  Marker marker;
  marker.layout = "watch";
  marker.is_screen = true;
  if (time.length > 0) marker.time = time.result;
  const Command command = ReadCommand(command_text);
  marker.file = command.file;
  marker.path = command.path;
  return marker;
}

}  // namespace tcpsnap::capture
