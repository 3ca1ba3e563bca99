// What stands before the lines of a capture that some tool wrote line by line: taken off, and read.
//
//   Nov 22 07:37:27 host1 tcplog[1234]:    0: 0100007F:1538 00000000:0000 0A ...
//   [pod/web-1/app] 2026-11-22T07:37:27.123456789Z    0: 0100007F:1538 00000000:0000 0A ...
#pragma once

#include <cstddef>
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
};

/// Takes off exactly these prefixes; nullopt where one of them is not there.
std::optional<LinePrefix> TakePrefixes(std::string_view line, std::span<const size_t> readers,
                                       const Zone& zone);

/// Takes off up to three prefixes, until what is left `is_wanted`; nullopt where none lead there.
template <typename Wanted>
std::optional<LinePrefix> FindPrefixes(std::string_view line, const Zone& zone, Wanted is_wanted);

/// True when the text begins as a row does: `   0: 0100007F:1538`, the rest unseen.
bool BeginsAsRow(std::string_view text);

// Implementation.

/// Adds what one prefix tells.
void AddPrefix(LinePrefix& all, const Prefix& prefix, size_t reader);

template <typename Wanted>
std::optional<LinePrefix> FindPrefixes(std::string_view line, const Zone& zone, Wanted is_wanted) {
  constexpr size_t kMostPrefixes = 3;
  LinePrefix all;
  const std::span<const PrefixReader> readers = PrefixReaders();
  while (all.readers.size() < kMostPrefixes) {
    const std::string_view rest = line.substr(all.length);
    std::optional<Prefix> first;
    size_t first_reader = 0;
    for (size_t i = 0; i < readers.size(); ++i) {
      const std::optional<Prefix> prefix = readers[i](rest, zone);
      if (!prefix) continue;
      if (is_wanted(rest.substr(prefix->length))) {
        AddPrefix(all, *prefix, i);
        return all;
      }
      if (!first) {
        first = prefix;
        first_reader = i;
      }
    }
    if (!first || first->length == 0) return std::nullopt;
    AddPrefix(all, *first, first_reader);
  }
  return std::nullopt;
}

}  // namespace tcpsnap::capture
