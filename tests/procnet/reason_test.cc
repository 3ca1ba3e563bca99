#include "procnet/reason.h"

#include <set>
#include <string>

#include "procnet/dump.h"
#include "procnet/row.h"
#include "support/catch.h"
#include "support/dump_text.h"

namespace tcpsnap::procnet {
namespace {

struct Refusal {
  const char* line;
  Reason reason;
  const char* at;  ///< what stands at the column that is named; "" for the line's end
};

// A refusal for each reason that a single line can give.
const Refusal kRefusals[] = {
    {"", Reason::kNotARow, ""},
    {"  0 0100007F:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 37 1 c1b4bb9e "
     "1 "
     "0 0 10 0",
     Reason::kBadSlot, "0 0100"},
    {"  x: 0100007F:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 37 1 c1b4bb9e "
     "1 0 0 10 0",
     Reason::kBadSlot, "x: "},
    {"  0: 0100007:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 37 1 c1b4bb9e "
     "1 "
     "0 0 10 0",
     Reason::kBadAddress, "0100007:"},
    {"  0: 0100007F:1538 00000000:000G 0A 00000000:00000000 00:00000000 00000000 0 0 37 1 c1b4bb9e "
     "1 0 0 10 0",
     Reason::kBadAddress, "00000000:000G"},
    {"  0: 0100007F:1538 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 "
     "00000000 0 0 37 1 c1b4bb9e 1 0 0 10 0",
     Reason::kMixedFamilies, "0000000000000000"},
    {"  0: 0100007F:1538 00000000:0000 0C 00000000:00000000 00:00000000 00000000 0 0 37 1 c1b4bb9e "
     "1 0 0 10 0",
     Reason::kBadState, "0C"},
    {"  0: 0100007F:1538 00000000:0000 00 00000000:00000000 00:00000000 00000000 0 0 37 1 c1b4bb9e "
     "1 0 0 10 0",
     Reason::kBadState, "00 "},
    {"  0: 0100007F:1538 00000000:0000 0A 00000000-00000000 00:00000000 00000000 0 0 37 1 c1b4bb9e "
     "1 0 0 10 0",
     Reason::kBadQueue, "00000000-"},
    {"  0: 0100007F:1538 00000000:0000 0A 00000000:00000000 05:00000000 00000000 0 0 37 1 c1b4bb9e "
     "1 0 0 10 0",
     Reason::kBadTimer, "05:"},
    {"  0: 0100007F:1538 00000000:0000 0A 00000000:00000000 00:00000000 0000000x 0 0 37 1 c1b4bb9e "
     "1 0 0 10 0",
     Reason::kBadRetransmits, "0000000x"},
    {"  0: 0100007F:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000 4294967296 0 37 1 "
     "c1b4bb9e 1 0 0 10 0",
     Reason::kBadUid, "4294967296"},
    {"  0: 0100007F:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 A 37 1 c1b4bb9e "
     "1 0 0 10 0",
     Reason::kBadProbes, "A 37"},
    {"  0: 0100007F:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 "
     "9223372036854775808 1 c1b4bb9e 1 0 0 10 0",
     Reason::kBadInode, "9223372036854775808"},
    {"  0: 0100007F:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 37 -1 "
     "c1b4bb9e "
     "1 0 0 10 0",
     Reason::kBadReference, "-1 c1"},
    {"  0: 0100007F:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 37 1 (null) 1 "
     "0 0 10 0",
     Reason::kBadPointer, "(null)"},
    {"  0: 0100007F:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 37 1 c1b4bb9e "
     "1 0 0 -10 0",
     Reason::kBadTail, "-10"},
    {"  0: 0100007F:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 37 1 c1b4bb9e "
     "1 0 0 10 2147483648",
     Reason::kBadTail, "2147483648"},
    {"  0: 0100007F:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 37 1 c1b4bb9e "
     "1 0 0 10",
     Reason::kCutRow, ""},
    {"  0: 0100007F:1538 00000000:0000 0A 00000000:00000000 00:0000", Reason::kCutRow, "00:0000"},
    {"  0: 0100007F:1538 00000000:0000 07 00000000:00000000 00:00000000 00000000 0 0 37 2 c1b4bb9e "
     "0",
     Reason::kUdpRow, "07 "},
    {"  0: 0100007F:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 37 1 c1b4bb9e "
     "1 0 0 10 0    2026-11-22T07:37:28+00:00",
     Reason::kJoinedRow, "    2026"},
    {"  0: 0100007F:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 37 1 c1b4bb9e "
     "1 0 0 10 0    1: 0100007F:1539 00000000:0000 0A",
     Reason::kJoinedRow, "    1:"},
};

TEST_CASE("behind the last column stands what the header names") {
  const std::string row =
      "  0: 0100007F:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 37 1 "
      "c1b4bb9e "
      "1 0 0 10 0";
  SocketRecord record;
  CHECK(ParseRow(row + " 1234 kworker/0:1", {2}, record).reason == Reason::kNone);
  CHECK(ParseRow(row + " 1234 httpd", {0}, record).reason == Reason::kJoinedRow);
  CHECK(ParseRow(row + " 1234 httpd", {}, record).reason == Reason::kNone);
  CHECK(ParseRow(row + "  1795333047", {0}, record).reason == Reason::kJoinedRow);
}

TEST_CASE("every refusal names its reason and its place") {
  for (const Refusal& refusal : kRefusals) {
    CAPTURE(refusal.line, ReasonName(refusal.reason));
    SocketRecord record;
    const std::string line = refusal.line;
    const RowResult result = ParseRow(line, {}, record);
    CHECK(result.reason == refusal.reason);
    if (*refusal.at == '\0') {
      CHECK(result.column == line.size());
    } else {
      CHECK(line.substr(result.column).starts_with(refusal.at));
    }
  }
}

TEST_CASE("a row of the other family in a dump") {
  const Dump dump = ParseDump(testing::Text(
      "  0: 0100007F:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 37 1 "
      "c1b4bb9e "
      "1 0 0 10 0",
      "  0: 00000000000000000000000000000000:1538 00000000000000000000000000000000:0000 0A "
      "00000000:00000000 00:00000000 00000000 0 0 38 1 c1b4bb9e 1 0 0 10 0"));
  CHECK(dump.family == Family::kTcp);
  CHECK(dump.sockets.size() == 1);
  REQUIRE(dump.refused.size() == 1);
  CHECK(dump.refused[0].reason == Reason::kForeignFamily);
  CHECK(dump.refused[0].position.line == 2);
}

TEST_CASE("every reason has a name and a sentence of its own, and a test") {
  std::set<Reason> produced = {Reason::kNone, Reason::kForeignFamily};
  for (const Refusal& refusal : kRefusals) produced.insert(refusal.reason);
  produced.insert({Reason::kLineTooLong, Reason::kNoTime, Reason::kBadJson,
                   Reason::kLostRows});  // of lib/capture
  std::set<std::string_view> names, sentences;
  for (size_t i = 0; i < static_cast<size_t>(Reason::kCount); ++i) {
    const auto reason = static_cast<Reason>(i);
    CAPTURE(ReasonName(reason));
    CHECK(produced.contains(reason));
    CHECK(names.insert(ReasonName(reason)).second);
    CHECK(sentences.insert(ReasonSentence(reason)).second);
    CHECK(ReasonName(reason).find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == std::string::npos);
    CHECK(ReasonSentence(reason).ends_with('.'));
  }
}

}  // namespace
}  // namespace tcpsnap::procnet
