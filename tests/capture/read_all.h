// A source that makes text, read to its end.
#pragma once

#include <string>
#include <vector>

#include "capture/byte_source.h"

namespace tcpsnap::testing {

struct MadeLines {
  std::string text;
  std::vector<uint64_t> original_lines;  ///< of each line of the text
  std::vector<procnet::RefusedLine> refused;
};

/// Asks for the original line of each line as soon as the line was read, as TextWindow does.
inline MadeLines ReadAll(capture::ByteSource& source, size_t block = 1 << 16) {
  MadeLines made;
  std::string bytes(block, '\0');
  while (const size_t count = source.Read(bytes.data(), block)) {
    for (size_t i = 0; i < count; ++i) {
      if (made.text.empty() || made.text.back() == '\n') {
        made.original_lines.push_back(source.OriginalLine(made.original_lines.size() + 1));
      }
      made.text += bytes[i];
    }
    for (procnet::RefusedLine& line : source.TakeRefused()) made.refused.push_back(std::move(line));
  }
  for (procnet::RefusedLine& line : source.TakeRefused()) made.refused.push_back(std::move(line));
  return made;
}

inline bool operator==(const MadeLines& a, const MadeLines& b) {
  const auto same = [](const procnet::RefusedLine& x, const procnet::RefusedLine& y) {
    return x.position.line == y.position.line && x.position.offset == y.position.offset &&
           x.column == y.column && x.reason == y.reason && x.text == y.text;
  };
  return a.text == b.text && a.original_lines == b.original_lines &&
         std::equal(a.refused.begin(), a.refused.end(), b.refused.begin(), b.refused.end(), same);
}

}  // namespace tcpsnap::testing
