#include "procnet/row.h"

#include <algorithm>
#include <cstddef>
#include <string>

#include "procnet/row_fast.h"
#include "support/catch.h"
#include "support/row_check.h"

namespace tcpsnap::procnet {
namespace {

const std::string kListen =
    "   0: 0100007F:1538 00000000:0000 0A 00000000:00000003 00:00000000 00000000   115        0 "
    "371114 1 00000000c1b4bb9e 100 0 0 10 0                     ";
const std::string kTimeWait =
    "   2: 0100007F:D87E 0100007F:1538 06 00000000:00000000 03:00001770 00000000     0        0 0 "
    "3 "
    "000000009a7fc3b1                                      ";
const std::string kProbing =
    "   5: 01004D0A:9C46 02004D0A:17AC 01 00008120:00000000 04:00000084 00000002  1000        3 "
    "22384 2 00000000479b652a 20 4 30 12 -1                    ";
const std::string kTcp6 =
    "  11: 0000000000000000FFFF000002004D0A:1FF5 B80D0120000000000000000001000000:B3B2 08 "
    "00000000:00000005 02:000AFBC3 00000000     0        0 22380 1 00000000ceb4f68f 20 4 24 10 -1";

TEST_CASE("a listening socket") {
  SocketRecord record;
  REQUIRE(ParseRow(kListen, {}, record).reason == Reason::kNone);
  CHECK(record.slot == 0);
  CHECK(record.local_words[0] == 0x0100007F);
  CHECK(record.local_port == 5432);
  CHECK(record.remote_words[0] == 0);
  CHECK(record.remote_port == 0);
  CHECK(record.state == State::kListen);
  CHECK(record.tx_queue == 0);
  CHECK(record.rx_queue == 3);
  CHECK(record.timer == Timer::kOff);
  CHECK(record.uid == 115);
  CHECK(record.inode == 371114);
  CHECK(record.references == 1);
  CHECK(record.pointer == 0xc1b4bb9e);
  CHECK(record.rto_ticks == 100);
  CHECK(record.cwnd == 10);
  CHECK(record.ssthresh == 0);
  CHECK(record.family == Family::kTcp);
  CHECK(record.shape == RowShape::kFull);
}

TEST_CASE("a socket with every column in use") {
  SocketRecord record;
  REQUIRE(ParseRow(kProbing, {}, record).reason == Reason::kNone);
  CHECK(record.tx_queue == 0x8120);
  CHECK(record.timer == Timer::kPersist);
  CHECK(record.timer_ticks == 0x84);
  CHECK(record.retransmits == 2);
  CHECK(record.uid == 1000);
  CHECK(record.probes == 3);
  CHECK(record.rto_ticks == 20);
  CHECK(record.ato_ticks == 4);
  CHECK(record.quick_pingpong == 30);
  CHECK(record.cwnd == 12);
  CHECK(record.ssthresh == -1);
}

TEST_CASE("a minisocket has no tail") {
  SocketRecord record;
  REQUIRE(ParseRow(kTimeWait, {}, record).reason == Reason::kNone);
  CHECK(record.shape == RowShape::kMini);
  CHECK(record.state == State::kTimeWait);
  CHECK(record.timer_ticks == 6000);
  CHECK(record.rto_ticks == 0);
  CHECK(record.ssthresh == 0);
}

TEST_CASE("a row of tcp6") {
  SocketRecord record;
  REQUIRE(ParseRow(kTcp6, {}, record).reason == Reason::kNone);
  CHECK(record.family == Family::kTcp6);
  CHECK(record.local_words[2] == 0xFFFF0000);
  CHECK(record.remote_words[0] == 0xB80D0120);
  CHECK(record.remote_words[3] == 0x01000000);
  CHECK(record.remote_port == 0xB3B2);
}

struct Variant {
  const char* what;
  std::string row;
};

TEST_CASE("rows that other kernels and tools print") {
  const std::string first =
      "0100007F:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 371114";
  const std::string tail = " 100 0 0 10 0";
  const Variant variant = GENERATE_COPY(
      Variant{"a slot of one digit, as `cut` leaves it", "0: " + first + " 1 00000000" + tail},
      Variant{"a slot beyond its four places", "1234567890: " + first + " 1 00000000" + tail},
      Variant{"a pointer of a 32-bit machine", "   0: " + first + " 1 d5dac400" + tail},
      Variant{"no entropy to hash a pointer, 32 bits", "   0: " + first + " 1 (ptrval)" + tail},
      Variant{"the same, 64 bits", "   0: " + first + " 1 (____ptrval____)" + tail},
      Variant{"a tab in front", "\t   0: " + first + " 1 00000000" + tail},
      Variant{"CRLF", "   0: " + first + " 1 00000000" + tail + "\r"},
      Variant{"blanks and CRLF", "   0: " + first + " 1 00000000" + tail + "      \r"},
      Variant{"a vendor's columns", "   0: " + first + " 1 00000000" + tail + " 1234 my httpd"},
      Variant{"the largest inode",
              "   0: 0100007F:1538 00000000:0000 0A 00000000:00000000 "
              "00:00000000 00000000     0        0 9223372036854775807 1 "
              "ffff8800b03a1380 100 0 0 10 0"});
  CAPTURE(variant.what);
  SocketRecord record;
  CHECK(ParseRow(variant.row, {}, record).reason == Reason::kNone);
  CHECK(record.state == State::kListen);
  CHECK(record.local_port == 5432);
  CHECK(testing::CheckRow(variant.row).empty());
}

TEST_CASE("numbers of old kernels") {
  SocketRecord record;
  REQUIRE(ParseRow("   0: 0100007F:1538 00000000:0000 01 FFFFFFF0:FFFFFFFF 00:1999999999999999 "
                   "00000000    -2        0 371114 1 c1b4bb9e 1500 20 0 2 -1",
                   {}, record)
              .reason == Reason::kNone);
  CHECK(record.uid == -2);
  CHECK(record.timer_ticks == 0x1999999999999999);
  CHECK(record.tx_queue == 0xFFFFFFF0);
}

TEST_CASE("the vendor's columns that a header names may stand behind a minisocket's pointer") {
  const std::string row =
      "   2: 0100007F:D87E 0100007F:1538 06 00000000:00000000 03:00001770 00000000     0        0 "
      "0 "
      "3 000000009a7fc3b1";
  SocketRecord record;
  CHECK(ParseRow(row, {2}, record).reason == Reason::kNone);
  CHECK(ParseRow(row + " 0 -", {2}, record).reason == Reason::kNone);
  CHECK(record.shape == RowShape::kMini);
  CHECK(ParseRow(row + " 0 a b", {2}, record).reason == Reason::kNone);
  CHECK(ParseRow(row + " 0 7", {}, record).reason == Reason::kCutRow);
}

TEST_CASE("every column with every number around the ends of the ranges") {
  const char* const numbers[] = {"0",
                                 "00",
                                 "-0",
                                 "-1",
                                 "+1",
                                 "1a",
                                 "-",
                                 "x",
                                 "99999999",
                                 "100000000",
                                 "2147483647",
                                 "2147483648",
                                 "-2147483648",
                                 "-2147483649",
                                 "4294967295",
                                 "4294967296",
                                 "999999999999999",
                                 "9999999999999999",
                                 "9223372036854775807",
                                 "9223372036854775808",
                                 "18446744073709551615",
                                 "18446744073709551616",
                                 "000000000000000000000000000000000000000000000000000000000000001"};
  for (const std::string& row : {kListen, kTimeWait, kProbing, kTcp6}) {
    for (size_t begin = row.find_first_not_of(' '); begin != row.npos;) {
      const size_t end = std::min(row.find(' ', begin), row.size());
      const std::string after = row.substr(end);
      for (const std::string number : numbers) {
        for (const char* colon : {"", ":"}) {
          const std::string changed = row.substr(0, begin) + number + colon + after;
          CAPTURE(changed);
          CHECK(testing::CheckRow(changed) == "");
        }
      }
      begin = row.find_first_not_of(' ', end);
    }
  }
}

TEST_CASE("the number of tokens tells what was cut") {
  const std::string words[] = {"0:",
                               "0100007F:1538",
                               "0200007F:1538",
                               "01",
                               "00000000:00000000",
                               "00:00000000",
                               "00000000",
                               "0",
                               "0",
                               "0",
                               "1",
                               "c1b4bb9e",
                               "20",
                               "4",
                               "30",
                               "10",
                               "-1",
                               "more",
                               "and more"};
  const auto row = [&](size_t count, const char* state, const char* timer, const char* inode) {
    std::string text;
    for (size_t i = 0; i < count; ++i) {
      text += i == 3 ? state : i == 5 ? timer : i == 9 ? inode : words[i];
      text += ' ';
    }
    return text;
  };
  const auto taken = [](const std::string& line) {
    SocketRecord record;
    return ParseRow(line, {}, record).reason == Reason::kNone;
  };
  for (size_t count = 1; count < 19; ++count) {
    CAPTURE(count);
    CHECK(taken(row(count, "01", "00:00000000", "0")) == (count == 10 || count >= 17));
    CHECK(taken(row(count, "01", "00:00000000", "5")) == (count == 10 || count >= 17));
    const bool with_mini = count == 10 || count == 12 || count >= 17;
    CHECK(taken(row(count, "03", "01:00000000", "0")) == with_mini);
    CHECK(taken(row(count, "03", "01:00000000", "5")) == (with_mini && count != 12));
    for (const char* state : {"05", "06"}) {
      CHECK(taken(row(count, state, "03:00000000", "0")) == with_mini);
      CHECK(taken(row(count, state, "02:00000000", "0")) == (with_mini && count != 12));
      CHECK(taken(row(count, state, "03:00000000", "5")) == (with_mini && count != 12));
    }
  }
}

TEST_CASE("what looks like a row") {
  for (const char* line : {"   0: 0100007F:1538", "0:", "12: 0100", "12: 0100007F:15",
                           "x 0100007F:1F90 y", "=0A= 0: 00000000:3241 00000000:0000"}) {
    CAPTURE(line);
    CHECK(LooksLike(line) == Likeness::kRow);
  }
  for (const char* line : {"2940        0 41019895 1 fffff8103c59be80 300 0 0 2 -1",
                           "00000000     0        0 3519 1 2ca55a24 100 0 0", "1 2 3 4"}) {
    CAPTURE(line);
    CHECK(LooksLike(line) == Likeness::kFragment);
  }
  for (const char* line :
       {"", " ", "...", "2026-11-22T07:37:27+00:00", "Sun Nov 22 07:37:27 UTC 2026", "1795333047",
        "  sl  local_address rem_address   st tx_queue", "root@host1:~# cat /proc/net/tcp",
        "12: some text", " 12:   45   0   IO-APIC", "total 12", "cat: /proc/net/tcp: denied",
        "12:34:56 up 5 days", "1 2 3"}) {
    CAPTURE(line);
    CHECK(LooksLike(line) == Likeness::kOther);
  }
}

TEST_CASE("the fast path stops at its capacity and before a line that runs out of the text") {
  const std::string two = kListen + '\n' + kTimeWait + '\n';
  const std::string three = two + kProbing + '\n';
  // Readable, but behind the end.
  const std::string text = three + kListen + '\n' + std::string(kReadAhead, '\n');
  const char* const begin = text.data();
  const size_t size = three.size();
  SocketRecord records[4];
  RowsParsed parsed = ParseRows(begin, begin + size, Family::kTcp, records, 4);
  CHECK(parsed.count == 3);
  CHECK(parsed.stop - begin == static_cast<ptrdiff_t>(size));
  CHECK(records[2].timer == Timer::kPersist);
  parsed = ParseRows(begin, begin + size, Family::kTcp, records, 2);
  CHECK(parsed.count == 2);
  CHECK(parsed.stop - begin == static_cast<ptrdiff_t>(two.size()));
  for (size_t cut = two.size(); cut < size; ++cut) {
    parsed = ParseRows(begin, begin + cut, Family::kTcp, records, 4);
    CHECK(parsed.count == 2);
    CHECK(parsed.stop - begin == static_cast<ptrdiff_t>(two.size()));
  }
  CHECK(ParseRows(begin, begin, Family::kTcp, records, 4).count == 0);
  CHECK(ParseRows(begin, begin + size, Family::kTcp, records, 0).count == 0);
  CHECK(ParseRows(begin, begin + size, Family::kTcp6, records, 4).count == 0);
}

}  // namespace
}  // namespace tcpsnap::procnet
