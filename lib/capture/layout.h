// Layouts: how captures say which moment and which file the rows below belong to.
//
// A layout is one reader of marker lines; adding one is a file in layouts/, a declaration here and
// a line in the list. Lines that are rows, table headers or blank never get here.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "capture/clock.h"

namespace tcpsnap::capture {

/// What a marker line says.
struct Marker {
  std::string_view layout;  ///< the layout's name: "ISO 8601 line", "path header", ...
  /// The time that the rows below were read, or why it can't be told. Absent: the line names a file
  /// only.
  std::optional<TimeResult> time;
  enum class File : uint8_t {
    kUnsaid,   ///< no file is named, or its name says nothing
    kTcp,      ///< tcp or tcp6
    kForeign,  ///< another table: what follows is other text
  };
  File file = File::kUnsaid;
};

/// Reads one line, blanks around it removed; nullopt when it is no marker of this layout. `zone` is
/// for times that name none.
using MarkerReader = std::optional<Marker> (*)(std::string_view line, const Zone& zone);

/// All marker readers, in the order in which they are asked.
std::span<const MarkerReader> MarkerReaders();

// The layouts, each in its own file.

/// A line that is a time and nothing else: `date`, `date +%s`, `date -Is`, ...
/// (layouts/time_line.cc)
std::optional<Marker> ReadTimeLine(std::string_view line, const Zone& zone);
/// `==> /proc/net/tcp <==` of tail and head, `=== /proc/net/tcp ===` of shell loops
/// (layouts/path_line.cc)
std::optional<Marker> ReadPathLine(std::string_view line, const Zone& zone);

/// What a file's own name says of it: layout 30, "a file per snapshot".
struct NameFacts {
  std::optional<TimeResult> time;  ///< absent: no time in the name
};

/// Looks for a time in the file's name, and for `tcp` and `tcp6` (also below `net` or `proc/net`)
/// in the name of the folder that holds them. (layouts/file_name.cc)
NameFacts ReadFileName(std::string_view path, const Zone& zone);

}  // namespace tcpsnap::capture
