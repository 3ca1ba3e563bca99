// ParseRows chooses a path by CPU; here each of them is held to ParseRow by itself.
#include "procnet/row_fast.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <vector>

#include "procnet/header.h"
#include "procnet/row.h"
#include "procnet/row_fast_avx2.h"
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
  std::vector<Path> paths = {ParseRowsPortable, ParseRows};
  const auto add = [&](bool has, Path path, const char* name) {
    if (has) {
      paths.push_back(path);
    } else {
      WARN("skipped, this CPU lacks it: " << name);
    }
  };
  add(HasAvx2(), ParseRowsAvx2, "ParseRowsAvx2");
  add(HasAvx512(), ParseRowsAvx512, "ParseRowsAvx512");
  return paths;
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

// A row up to the blank before the inode.
std::string RowFront(Family family, char state, char timer) {
  const std::string address(family == Family::kTcp ? 8 : 32, '9');
  return std::string("   7: ") + address + ":1F90 " + address + ":C350 0" + state +
         " 0000000A:0000000B 0" + timer + ":0000000C 00000003  1000        2 ";
}

TEST_CASE("numbers of all widths in each column of the tail") {
  const std::vector<Path> paths = Paths();
  const std::vector<std::string> usual = {"36017", "1", "00000000c1b4bb9e", "20", "4", "30",
                                          "10",    "-1"};
  constexpr size_t kPointer = 2;
  size_t taken = 0;
  size_t count = 0;
  for (const Family family : {Family::kTcp, Family::kTcp6}) {
    for (size_t column = 0; column < usual.size(); ++column) {
      std::vector<std::string> values = {"", "-", "--1", "1-1", "-1-1", "+1", "1.0", "0x1", "a"};
      for (const std::string digits : {"0", "9", "10", "1234567890123456789"}) {
        for (size_t width = 1; width <= 20; ++width) {
          std::string value = digits.substr(0, width);
          if (digits.size() < 3) value = std::string(width - 1, digits[0]) + digits;
          for (const char* sign : {"", "-"}) values.push_back(sign + value);
        }
      }
      for (const std::string& value : values) {
        std::string line = RowFront(family, '1', '2');
        for (size_t i = 0; i < usual.size(); ++i) {
          line += (i == column ? value : usual[i]) + (i + 1 < usual.size() ? " " : "");
        }
        for (const Path path : paths) {
          for (const std::string& padding : {std::string(), std::string(10, ' ')}) {
            const size_t one = CountTaken(path, family, {line + padding}, '0');
            if (path == &ParseRows) {
              ++count;
              taken += one;
              CHECK(one == CountTaken(ParseRowsPortable, family, {line + padding}, '0'));
            }
            const bool common = column != kPointer && value.size() < 8 && one == 0;
            if (common && CountTaken(ParseRowsPortable, family, {line + padding}, '0') != 0) {
              FAIL("leaves a common row to others: " << line);
            }
          }
        }
      }
    }
  }
  CHECK(taken > count / 8);
}

TEST_CASE("rows without a tail in all states, with all timers and some inodes") {
  for (const Path path : Paths()) {
    for (const Family family : {Family::kTcp, Family::kTcp6}) {
      std::string taken;
      for (const char state : std::string("0123456789ABCDEF")) {
        for (const char timer : std::string("012345")) {
          for (const char* inode : {"0 ", "1 ", "20 ", "100000000 "}) {
            const std::string line = RowFront(family, state, timer) + inode + "3 00000000c1b4bb9e";
            if (CountTaken(path, family, {line}, ' ') != 0) taken += {state, timer, *inode, ' '};
          }
        }
      }
      CHECK(taken == "300 310 320 330 340 530 630 ");
    }
  }
}

TEST_CASE("a row that the text cuts is not taken, whatever follows") {
  Random random(20261127);
  for (const Path path : Paths()) {
    for (const Family family : {Family::kTcp, Family::kTcp6}) {
      const RowStyle style{.width = family == Family::kTcp ? kPaddedWidth : 0};
      for (const RowShape shape : {RowShape::kFull, RowShape::kMini}) {
        const std::string row = FormatRow(CommonRecord(random, family, shape), style) + '\n';
        for (size_t size = 0; size < row.size(); ++size) {
          std::string text = row + row;
          text.resize(row.size() + size + kReadAhead, '0');
          std::array<SocketRecord, 3> records;
          const RowsParsed parsed = path(text.data(), text.data() + row.size() + size, family,
                                         records.data(), records.size());
          CHECK(parsed.count == 1);
          CHECK(parsed.stop == text.data() + row.size());
        }
      }
    }
  }
}

TEST_CASE("ParseRows takes the rows that the portable path takes, mixed as they may be") {
  Random random(20261128);
  for (int i = 0; i < 300; ++i) {
    const Family family = Below(random, 2) == 0 ? Family::kTcp : Family::kTcp6;
    const size_t rare = 1 + Below(random, 200);
    std::vector<std::string> lines(1 + Below(random, 400));
    for (std::string& line : lines) {
      const RowShape shape = Below(random, 2) == 0 ? RowShape::kFull : RowShape::kMini;
      SocketRecord record = CommonRecord(random, family, shape);
      RowStyle style;
      if (Below(random, rare) == 0) style.pointer = "8";
      if (Below(random, rare) == 0 && shape == RowShape::kFull) record.rto_ticks = 123'456'789;
      line = FormatRow(record, style);
    }
    const size_t taken = CountTaken(ParseRowsPortable, family, lines, ' ');
    CHECK(taken == lines.size());
    CHECK(CountTaken(ParseRows, family, lines, ' ') == taken);
  }
}

}  // namespace
}  // namespace tcpsnap::procnet
