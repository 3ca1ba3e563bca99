// Damage costs the line that it hits and no other, and never makes a socket that was not there.
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "procnet/dump.h"
#include "support/captures.h"
#include "support/catch.h"
#include "support/dump_text.h"
#include "support/row_check.h"
#include "support/row_text.h"

namespace tcpsnap::procnet {
namespace {

using testing::Below;
using testing::CheckDump;
using testing::CheckRow;
using testing::Damage;
using testing::FormatRow;
using testing::Random;

/// Real rows of every shape and both families, with their headers.
std::vector<std::string> RealDumps() {
  std::vector<std::string> dumps;
  for (const char* name : {"lab618-rsA-allstates-tcp.txt", "lab618-rsA-allstates-tcp6.txt",
                           "lab618-rsB-allstates-tcp.txt", "lab618-rsB-allstates-tcp6.txt"}) {
    dumps.push_back(testing::ReadFile(std::string(TCPSNAP_TESTDATA "/lab/") + name));
  }
  return dumps;
}

/// Rows of all formats, as kernels of all ages print them.
std::vector<std::string> GeneratedRows(Random& random, size_t count) {
  std::vector<std::string> rows;
  for (size_t i = 0; i < count; ++i) {
    const Family family = i % 2 == 0 ? Family::kTcp : Family::kTcp6;
    const RowShape shape = i % 5 == 0   ? RowShape::kLinux22
                           : i % 5 == 1 ? RowShape::kMini
                                        : RowShape::kFull;
    const SocketRecord record = i % 3 == 0 ? testing::RandomRecord(random, family, shape)
                                           : testing::CommonRecord(random, family, shape);
    testing::RowStyle style;
    style.width = family == Family::kTcp && i % 7 != 0 ? 149 : 0;
    style.pointer = i % 4 == 0 ? "8" : i % 11 == 0 ? "(ptrval)" : "16";
    rows.push_back(FormatRow(record, style));
  }
  return rows;
}

std::vector<SocketRecord> RowsOf(std::string_view text) {
  const DumpBuilder builder = testing::ReadInPieces(text, 1);
  return {builder.records().begin(), builder.records().end()};
}

TEST_CASE("a row cut at any byte is read alike by all parsers") {
  Random random(20261122);
  std::vector<std::string> rows = GeneratedRows(random, 100);
  for (const std::string& dump : RealDumps()) {
    bool terminated = false;
    for (const std::string_view line : testing::Lines(dump, terminated)) rows.emplace_back(line);
  }
  for (const std::string& row : rows) {
    for (size_t size = 0; size <= row.size(); ++size) {
      const std::string cut = row.substr(0, size);
      for (const char* end : {"", "\r"}) {
        const std::string failure = CheckRow(cut + end);
        if (!failure.empty()) FAIL(failure << ": " << cut);
      }
    }
  }
}

TEST_CASE("a dump cut at any byte has the sockets of its whole rows and no other") {
  for (const std::string& whole : RealDumps()) {
    const std::vector<SocketRecord> all = RowsOf(whole);
    for (size_t size = 0; size <= whole.size(); ++size) {
      const std::string_view cut = std::string_view(whole).substr(0, size);
      std::vector<SocketRecord> rows = RowsOf(cut);
      const auto lines = static_cast<size_t>(std::count(cut.begin(), cut.end(), '\n'));
      const size_t whole_rows = lines == 0 ? 0 : lines - 1;
      CAPTURE(size);
      if (rows.size() > whole_rows) {
        // The last line, taken without its newline: all of it, but for digits of the last column
        // where no padding tells that they are missing.
        REQUIRE(rows.size() == whole_rows + 1);
        REQUIRE(rows.size() <= all.size());
        if (rows.back().family == Family::kTcp6) rows.back().ssthresh = all[whole_rows].ssthresh;
      }
      REQUIRE(rows.size() >= whole_rows);
      REQUIRE(std::equal(rows.begin(), rows.end(), all.begin()));
      // A newline behind the cut must not make a socket either.
      if (rows.size() > whole_rows) continue;
      const std::vector<SocketRecord> ended = RowsOf(std::string(cut) + "\n");
      REQUIRE(
          std::equal(all.begin(), all.begin() + static_cast<ptrdiff_t>(whole_rows), ended.begin()));
    }
  }
}

TEST_CASE("a dump of one row cut at any byte") {
  // Nothing before it tells how wide its rows are.
  Random random(20261122);
  for (const Family family : {Family::kTcp, Family::kTcp6}) {
    SocketRecord record = testing::CommonRecord(random, family, RowShape::kFull);
    record.inode = 123'456'789;
    record.state = State::kEstablished;
    const bool v4 = family == Family::kTcp;
    const std::string row = FormatRow(record, {.width = v4 ? 149U : 0U});
    for (const bool with_header : {true, false}) {
      const std::string text =
          (with_header ? testing::Text(v4 ? testing::kTcpHeader : testing::kTcp6Header) : "") + row;
      for (size_t size = 0; size < text.size(); ++size) {
        CAPTURE(text.substr(0, size));
        for (SocketRecord& taken : RowsOf(text.substr(0, size))) {
          taken.ssthresh = record.ssthresh;
          REQUIRE(taken == record);
        }
      }
    }
  }
}

TEST_CASE("a byte that flips changes no other line's result") {
  constexpr char kFlipped[] = {'0', '9', 'A', 'x', ' ', ':', '-', '\r', '\0', '\xFF'};
  for (const std::string& whole : RealDumps()) {
    const std::vector<SocketRecord> all = RowsOf(whole);
    size_t line = 0;
    for (size_t at = 0; at < whole.size(); ++at) {
      if (whole[at] == '\n') {
        ++line;
        continue;
      }
      for (const char byte : kFlipped) {
        if (whole[at] == byte) continue;
        std::string damaged = whole;
        damaged[at] = byte;
        std::vector<SocketRecord> rows = RowsOf(damaged);
        std::vector<SocketRecord> expected = all;
        if (line > 0) {
          const auto hit = static_cast<ptrdiff_t>(line - 1);
          expected.erase(expected.begin() + hit);
          if (rows.size() == all.size()) rows.erase(rows.begin() + hit);
        }
        if (rows != expected) FAIL("byte " << at << " as " << int{byte} << "\n" << damaged);
      }
    }
  }
}

TEST_CASE("a line that is lost costs one row or two") {
  for (const std::string& whole : RealDumps()) {
    const std::vector<SocketRecord> all = RowsOf(whole);
    for (size_t at = 0; at < whole.size(); ++at) {
      if (whole[at] != '\n') continue;
      std::string damaged = whole;
      damaged[at] = ' ';
      CHECK(RowsOf(damaged).size() + 2 >= all.size());
    }
  }
}

TEST_CASE("damaged rows are read alike by all parsers") {
  Random random(20261122);
  std::vector<std::string> rows = GeneratedRows(random, 200);
  for (const std::string& dump : RealDumps()) {
    bool terminated = false;
    for (const std::string_view line : testing::Lines(dump, terminated)) rows.emplace_back(line);
  }
  for (int i = 0; i < 60'000; ++i) {
    std::string row = rows[Below(random, rows.size())];
    for (size_t damages = 1 + Below(random, 3); damages > 0; --damages) row = Damage(row, random);
    if (const std::string failure = CheckRow(row); !failure.empty()) FAIL(failure << ": " << row);
  }
}

TEST_CASE("damaged dumps lose no line") {
  Random random(20261122);
  const std::vector<std::string> dumps = RealDumps();
  for (int i = 0; i < 1'500; ++i) {
    std::string text = dumps[Below(random, dumps.size())];
    if (Below(random, 4) == 0) text += dumps[Below(random, dumps.size())];
    for (size_t damages = Below(random, 6); damages > 0; --damages) text = Damage(text, random);
    if (Below(random, 3) == 0) text.resize(Below(random, text.size()));
    const std::string failure = CheckDump(text, random());
    if (!failure.empty()) FAIL(failure << "\n" << text);
  }
}

}  // namespace
}  // namespace tcpsnap::procnet
