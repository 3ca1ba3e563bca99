// ParseRows chooses a path by CPU; here each of them is held to ParseRow by itself.
#include "procnet/row_fast.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <vector>

#include "procnet/header.h"
#include "procnet/row.h"
#include "procnet/row_fast_avx512.h"
#include "support/catch.h"
#include "support/row_text.h"

namespace tcpsnap::procnet {
namespace {

using testing::Below;
using testing::CommonRecord;
using testing::Damage;
using testing::FormatRow;
using testing::Random;
using testing::RandomRecord;
using testing::RowStyle;

using Path = decltype(&ParseRows);

std::vector<Path> Paths() {
  if (HasAvx512()) return {ParseRowsPortable, ParseRowsAvx512, ParseRows};
  WARN("skipped, this CPU lacks it: ParseRowsAvx512");
  return {ParseRowsPortable, ParseRows};
}

RowStyle RandomStyle(Random& random, Family family) {
  RowStyle style;
  if (family == Family::kTcp && Below(random, 4) != 0) style.width = kPaddedWidth;
  style.slot_width = static_cast<int>(Below(random, 8) == 0 ? Below(random, 7) : 4);
  style.pointer = Below(random, 8) == 0 ? "8" : "16";
  style.lower_case = Below(random, 16) == 0;
  style.behind = std::array{"", "", "", " ", "   ", "\r", " 7"}[Below(random, 7)];
  return style;
}

// A row of a random shape and style, mostly as today's kernels print it, at times damaged.
std::string RandomLine(Random& random, Family family) {
  const RowShape shape = Below(random, 2) == 0 ? RowShape::kFull : RowShape::kMini;
  SocketRecord record = Below(random, 4) == 0 ? RandomRecord(random, family, shape)
                                              : CommonRecord(random, family, shape);
  if (Below(random, 4) == 0) record.slot = random() >> Below(random, 64);
  std::string line = FormatRow(record, RandomStyle(random, family));
  for (size_t times = Below(random, 3); times > 0; --times) line = Damage(line, random);
  return line;
}

// How many of the lines the path takes from the first on; fails where ParseRow does not take them
// too, with the same record.
size_t CountTaken(Path path, Family family, const std::vector<std::string>& lines, char behind) {
  std::string text;
  for (const std::string& line : lines) text += line + '\n';
  const size_t size = text.size();
  // Memory of exactly the size that may be read, so that a sanitizer sees a read behind it.
  text.append(kReadAhead, behind);
  const std::vector<char> memory(text.begin(), text.end());
  std::vector<SocketRecord> records(lines.size());
  std::memset(static_cast<void*>(records.data()), 0xA5, records.size() * sizeof records[0]);
  const RowsParsed parsed =
      path(memory.data(), memory.data() + size, family, records.data(), records.size());
  size_t consumed = 0;
  for (size_t i = 0; i < parsed.count; ++i) {
    CAPTURE(lines[i]);
    SocketRecord record;
    if (ParseRow(lines[i], {0}, record).reason != Reason::kNone) FAIL("takes what is no row");
    if (std::memcmp(&record, &records[i], sizeof record) != 0) FAIL("another record");
    consumed += lines[i].size() + 1;
  }
  if (parsed.stop != memory.data() + consumed) FAIL("stops elsewhere");
  return parsed.count;
}

TEST_CASE("what any of the fast paths takes, ParseRow takes") {
  Random random(20261124);
  const std::vector<Path> paths = Paths();
  for (int i = 0; i < 60'000; ++i) {
    const Family family = Below(random, 2) == 0 ? Family::kTcp : Family::kTcp6;
    std::vector<std::string> lines(1 + Below(random, 3));
    for (std::string& line : lines) line = RandomLine(random, family);
    for (const Path path : paths) {
      const size_t taken = CountTaken(path, family, lines, '0');
      for (const char behind : {' ', '\n', 'F', '\xFF'}) {
        if (CountTaken(path, family, lines, behind) != taken) {
          FAIL("depends on what stands behind the text: " << lines.back());
        }
      }
    }
  }
}

TEST_CASE("each byte of a row, changed to each other, is judged as ParseRow does") {
  Random random(20261125);
  const std::vector<Path> paths = Paths();
  for (const Family family : {Family::kTcp, Family::kTcp6}) {
    for (const RowShape shape : {RowShape::kFull, RowShape::kMini}) {
      const std::string row = FormatRow(CommonRecord(random, family, shape));
      for (size_t at = 0; at < row.size(); ++at) {
        for (int byte = 0; byte < 256; ++byte) {
          if (byte == '\n') continue;
          std::string line = row;
          line[at] = static_cast<char>(byte);
          for (const Path path : paths) CountTaken(path, family, {line}, '\n');
        }
      }
    }
  }
}

TEST_CASE("each of the fast paths takes the rows of today's kernels") {
  Random random(20261126);
  for (const Path path : Paths()) {
    for (const Family family : {Family::kTcp, Family::kTcp6}) {
      constexpr size_t kLines = 2'000;
      size_t taken = 0;
      for (size_t i = 0; i < kLines; ++i) {
        const RowShape shape = i % 2 == 0 ? RowShape::kFull : RowShape::kMini;
        SocketRecord record = CommonRecord(random, family, shape);
        record.slot = i * 50;
        const RowStyle style{.width = family == Family::kTcp ? kPaddedWidth : 0};
        taken += CountTaken(path, family, {FormatRow(record, style)}, '0');
      }
      CHECK(taken == kLines);
    }
  }
}

}  // namespace
}  // namespace tcpsnap::procnet
