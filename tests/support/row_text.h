// Records -> rows as the kernels print them, and damage to rows.
#pragma once

#include <cstddef>
#include <random>
#include <string>
#include <string_view>

#include "procnet/socket_record.h"

namespace tcpsnap::testing {

using Random = std::mt19937_64;

/// 0 .. count - 1.
size_t Below(Random& random, size_t count);

/// How kernels and the tools behind them differ in printing one record.
struct RowStyle {
  size_t width = 0;            ///< padded with blanks to so many characters: 127, 149, 190 or none
  int slot_width = 4;          ///< `%4d`; 0 where a tool took the leading blanks away
  const char* pointer = "16";  ///< digits, "8" or "16", or the text that stands there instead
  bool lower_case = false;
  bool tabs = false;        ///< a tab in front, as quoted text has it
  const char* behind = "";  ///< further columns, trailing blanks, '\r'
};

/// The row without '\n'. A pointer that does not fit the style is cut to it.
std::string FormatRow(const procnet::SocketRecord& record, const RowStyle& style = {});

/// A record that some kernel could print in this shape and family, with every column in use.
procnet::SocketRecord RandomRecord(Random& random, procnet::Family family, procnet::RowShape shape);

/// The same, only as today's kernels print it: sizes that occur, no overflows.
procnet::SocketRecord CommonRecord(Random& random, procnet::Family family, procnet::RowShape shape);

/// `text` with one byte changed, put in or taken out. Never touches or makes a '\n'.
std::string Damage(std::string_view text, Random& random);

}  // namespace tcpsnap::testing
