// parse(format(record)) == record, in every format that kernels print and every form in which tools
// hand it on.
#include <string>

#include "procnet/row.h"
#include "support/catch.h"
#include "support/row_check.h"
#include "support/row_text.h"

namespace tcpsnap::procnet {
namespace {

using testing::Below;
using testing::FormatRow;
using testing::Random;
using testing::RowStyle;

constexpr Family kFamilies[] = {Family::kTcp, Family::kTcp6};
constexpr RowShape kShapes[] = {RowShape::kLinux22, RowShape::kMini, RowShape::kFull};

RowStyle RandomStyle(Random& random, RowShape shape) {
  constexpr size_t kWidths[] = {0, 127, 149, 190};
  constexpr const char* kPointers[] = {"16", "8", "(ptrval)", "(____ptrval____)"};
  constexpr const char* kBehind[] = {"",   "   ",         "\r",      "          \r",
                                     "\t", " 1234 httpd", " 1 a b c"};
  RowStyle style;
  style.width = kWidths[Below(random, 4)];
  style.slot_width = Below(random, 2) == 0 ? 4 : 0;
  style.pointer = kPointers[Below(random, 4)];
  style.lower_case = Below(random, 4) == 0;
  style.tabs = Below(random, 4) == 0;
  // Further columns without a header that names them are told from a cut only behind a whole row.
  style.behind = kBehind[Below(random, shape == RowShape::kFull ? 7 : 5)];
  return style;
}

/// The record without what the style does not print.
SocketRecord AsPrinted(SocketRecord record, const RowStyle& style) {
  const std::string_view pointer = style.pointer;
  if (pointer == "8") record.pointer &= 0xFFFFFFFF;
  if (pointer.starts_with('(')) record.pointer = 0;
  return record;
}

TEST_CASE("a record that is printed and parsed is the same") {
  Random random(20261122);
  for (int i = 0; i < 20'000; ++i) {
    for (const Family family : kFamilies) {
      for (const RowShape shape : kShapes) {
        const SocketRecord record = testing::RandomRecord(random, family, shape);
        const RowStyle style = RandomStyle(random, shape);
        const std::string row = FormatRow(record, style);
        SocketRecord parsed;
        const RowResult result = ParseRow(row, {}, parsed);
        if (result.reason != Reason::kNone) FAIL(ReasonName(result.reason) << ": " << row);
        if (parsed != AsPrinted(record, style)) FAIL("differs: " << row);
      }
    }
  }
}

TEST_CASE("the columns that a header names change nothing") {
  Random random(20261123);
  for (int i = 0; i < 5'000; ++i) {
    for (const RowShape shape : {RowShape::kMini, RowShape::kFull}) {
      const SocketRecord record = testing::RandomRecord(random, kFamilies[i % 2], shape);
      for (const char* behind : {"", " 1234 httpd", " 0 -"}) {
        const std::string row = FormatRow(record, {.behind = behind});
        SocketRecord parsed;
        const RowResult result = ParseRow(row, {2}, parsed);
        if (result.reason != Reason::kNone) FAIL(ReasonName(result.reason) << ": " << row);
        if (parsed != record) FAIL("differs: " << row);
      }
    }
  }
}

TEST_CASE("the fast path takes every row as today's kernels print them") {
  Random random(20261124);
  for (int i = 0; i < 20'000; ++i) {
    for (const Family family : kFamilies) {
      for (const RowShape shape : {RowShape::kMini, RowShape::kFull}) {
        const SocketRecord record = testing::CommonRecord(random, family, shape);
        RowStyle style;
        style.width = family == Family::kTcp ? 149 : 0;
        style.pointer = Below(random, 2) == 0 ? "16" : "8";
        const std::string row = FormatRow(record, style);
        if (!testing::FastPathTakes(row, family)) FAIL(row);
        if (const std::string failure = testing::CheckRow(row); !failure.empty()) {
          FAIL(failure << ": " << row);
        }
      }
    }
  }
}

}  // namespace
}  // namespace tcpsnap::procnet
