// tcpsnap-capture, the recorder of this project:
//
//   # tcpsnap-capture 1
//   # tcpsnap host web1
//   # tcpsnap kernel Linux 6.1.0 x86_64
//   # tcpsnap netns 4026531840
//   # tcpsnap netns 4026532281 of process 4711
//   # tcpsnap zone +0100
//   # tcpsnap begin 2026-11-22T07:37:27.123456789Z
//   # tcpsnap end 2026-11-22T07:37:28Z
//
// A namespace `of process` is another one than the host's (-p). `end` closes the read that `begin`
// opened; its time is that of no row. Words that are unknown are markers too, so that newer
// recorders can say more. Refused: `begin` without a time.

#include "capture/layout.h"
#include "capture/layouts/text.h"
#include "procnet/token.h"

namespace tcpsnap::capture {

std::optional<Marker> ReadRecorderLine(std::string_view line, const Zone& zone) {
  constexpr std::string_view kFirst = "# tcpsnap-capture ", kOther = "# tcpsnap ";
  if (!line.starts_with(kOther.substr(0, kOther.size() - 1))) return std::nullopt;
  Marker marker;
  marker.layout = "tcpsnap-capture";
  if (line.starts_with(kFirst)) {
    return IsNumber(TrimBlanks(line.substr(kFirst.size()))) ? std::optional(marker) : std::nullopt;
  }
  if (!line.starts_with(kOther)) return std::nullopt;
  procnet::Tokens words(line.substr(kOther.size()));
  const std::string_view word = words.Next();
  const std::string_view value = words.Next();
  if (word.empty() || !IsLetter(word[0])) return std::nullopt;
  if (word == "host") marker.host = value;
  if (word == "kernel") marker.kernel = TrimBlanks(line.substr(kOther.size() + word.size()));
  if (word == "netns" && words.Next() == "of") marker.netns = value;
  if (word == "end") marker.closes = true;
  if (word == "begin") {
    marker.time = ParseTime(value, zone);
    if (!IsMeantAsTime(*marker.time)) return std::nullopt;
  }
  return marker;
}

}  // namespace tcpsnap::capture
