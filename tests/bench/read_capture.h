// The shortest way from a capture's file to its dumps: for measuring, so without clocks, layouts
// and damage.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <vector>

#include "procnet/dump.h"
#include "procnet/header.h"
#include "procnet/row_fast.h"

namespace tcpsnap::bench {

/// Reads the file in blocks of 256 KiB and calls `take(DumpBuilder&)` for each dump, as its next
/// header or the end shows that it is whole. Exits where the file can't be read.
template <typename Take>
void ReadCapture(const char* path, Take take) {
  constexpr size_t kBlock = 256 << 10;
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  std::vector<char> buffer(kBlock + procnet::kReadAhead);
  procnet::DumpBuilder dump;
  procnet::LinePosition position{1, 0};
  bool begun = false;
  size_t held = 0;  // bytes of the line that the last block cut
  for (;;) {
    const ssize_t got = read(file, buffer.data() + held, kBlock - held);
    if (got < 0) {
      std::perror(path);
      std::exit(1);
    }
    if (got == 0) break;
    const size_t filled = held + static_cast<size_t>(got);
    std::string_view text(buffer.data(), filled);
    held = filled - (text.rfind('\n') + 1);
    text.remove_suffix(held);
    while (!text.empty()) {
      text.remove_prefix(dump.AddRows(text, position));
      if (text.empty()) break;
      const std::string_view line = text.substr(0, text.find('\n'));
      const procnet::Header header = procnet::ParseHeader(line);
      if (header.table == procnet::Table::kTcp) {
        if (begun) take(dump);
        begun = true;
        dump.Clear(header);
      } else if (line.find(": ") != line.npos) {  // no marker has that
        dump.AddLine(line, position, true);
      }
      ++position.line;
      position.offset += line.size() + 1;
      text.remove_prefix(line.size() + 1);
    }
    std::memmove(buffer.data(), buffer.data() + filled - held, held);
  }
  close(file);
  if (begun) take(dump);
}

}  // namespace tcpsnap::bench
