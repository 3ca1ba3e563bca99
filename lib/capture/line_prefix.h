// What stands before the lines of a capture that some tool wrote line by line: taken off, and read.
//
//   Nov 22 07:37:27 host1 tcplog[1234]:    0: 0100007F:1538 00000000:0000 0A ...
//   [pod/web-1/app] 2026-11-22T07:37:27.123456789Z    0: 0100007F:1538 00000000:0000 0A ...
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "capture/layout.h"

namespace tcpsnap::capture {

/// What all prefixes of a line tell together. Views point into the line.
struct LinePrefix {
  std::vector<size_t> readers;  ///< positions in PrefixReaders(), from the outermost on
  std::vector<std::string_view> layouts;
  size_t length = 0;               ///< bytes before the rest
  std::optional<TimeResult> time;  ///< of the innermost that has one: the nearest to the reading
  std::string_view host;
  std::string_view path;
  std::string_view source;  ///< words that may tell lines of different writers apart
};

/// Takes off exactly these prefixes; nullopt where one of them is not there.
std::optional<LinePrefix> TakePrefixes(std::string_view line, std::span<const size_t> readers,
                                       const Zone& zone);

/// Takes off up to three prefixes, until what is left `is_wanted`; nullopt where none lead there.
/// What the first readers see counts before what the later ones would swallow with it (the last of
/// them takes any words before a row).
std::optional<LinePrefix> FindPrefixes(std::string_view line, const Zone& zone,
                                       const std::function<bool(std::string_view rest)>& is_wanted);

/// True when the text begins as a row does: `   0: 0100007F:1538`, the rest unseen.
bool BeginsAsRow(std::string_view text);

}  // namespace tcpsnap::capture
