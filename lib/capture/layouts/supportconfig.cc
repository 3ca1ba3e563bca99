// supportconfig (SUSE), whose files are sections of commands and files:
//
//   #==[ Command ]======================================#
//   # /bin/date
//   Sun Nov 22 07:37:27 UTC 2026
//   #==[ Configuration File ]===========================#
//   # /proc/net/tcp
//   # /usr/sbin/ss -an
//
// A section ends what stands above it. Refused: `# ` with anything but an absolute path behind it,
// which is a comment.

#include "capture/layout.h"
#include "capture/layouts/command.h"
#include "capture/layouts/text.h"

namespace tcpsnap::capture {

std::optional<Marker> ReadSupportconfigLine(std::string_view line, const Zone&) {
  if (!line.starts_with('#')) return std::nullopt;
  Marker marker;
  marker.layout = "supportconfig";
  if (line.starts_with("#==[ ")) {
    return line.find(" ]==") != line.npos && line.ends_with("=#") ? std::optional(marker)
                                                                  : std::nullopt;
  }
  if (!line.starts_with("# /") || line.size() == 3) return std::nullopt;
  const Command command = ReadCommand(line.substr(2));
  marker.file = command.file;
  marker.path = command.path;
  return marker;
}

}  // namespace tcpsnap::capture
