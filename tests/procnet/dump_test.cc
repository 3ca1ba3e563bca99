#include "procnet/dump.h"

#include <algorithm>
#include <string>
#include <vector>

#include "procnet/row_fast.h"
#include "support/catch.h"
#include "support/dump_text.h"
#include "support/row_check.h"
#include "support/row_text.h"

namespace tcpsnap::procnet {
namespace {

using testing::FormatRow;
using testing::kTcp6Header;
using testing::kTcpHeader;
using testing::Random;
using testing::RowStyle;
using testing::Text;

const RowStyle kPadded{.width = 149};

/// An established connection of 127.0.0.1:80, told from others by its peer's port.
SocketRecord Connection(uint16_t peer_port, uint64_t inode, uint64_t pointer, uint64_t slot = 0) {
  Random random(7);
  SocketRecord record = testing::CommonRecord(random, Family::kTcp, RowShape::kFull);
  record.local_words[0] = record.remote_words[0] = 0x0100007F;
  record.local_port = 80;
  record.remote_port = peer_port;
  record.state = State::kEstablished;
  record.timer = Timer::kOff;
  record.inode = inode;
  record.pointer = pointer;
  record.slot = slot;
  return record;
}

std::string DumpOf(const std::vector<SocketRecord>& records) {
  std::string text = kTcpHeader + '\n';
  for (const SocketRecord& record : records) text += FormatRow(record, kPadded) + '\n';
  return text;
}

std::vector<uint64_t> Slots(const Dump& dump) {
  std::vector<uint64_t> slots;
  for (const SocketRecord& socket : dump.sockets) slots.push_back(socket.slot);
  return slots;
}

using KeptSlots = std::vector<uint64_t>;

TEST_CASE("copies of a socket, the last of which is kept") {
  SECTION("same inode") {
    const Dump dump = ParseDump(DumpOf({Connection(1000, 5, 0, 0), Connection(1001, 6, 0, 1),
                                        Connection(1000, 5, 0, 2), Connection(1000, 5, 0, 3)}));
    CHECK(Slots(dump) == KeptSlots{1, 3});
    CHECK(dump.duplicates == 2);
  }
  SECTION("same inode and another pointer") {
    const Dump dump = ParseDump(DumpOf({Connection(1000, 5, 0xA, 0), Connection(1000, 5, 0xB, 1)}));
    CHECK(Slots(dump) == KeptSlots{1});
  }
  SECTION("no inode, same pointer") {
    const Dump dump = ParseDump(DumpOf({Connection(1000, 0, 0xA, 0), Connection(1000, 0, 0xA, 1)}));
    CHECK(Slots(dump) == KeptSlots{1});
  }
  SECTION("no inode and hidden pointers: the endpoints decide") {
    const Dump dump = ParseDump(DumpOf({Connection(1000, 0, 0, 0), Connection(1000, 0, 0, 1)}));
    CHECK(Slots(dump) == KeptSlots{1});
  }
  SECTION("many, in the order of the last copies") {
    std::vector<SocketRecord> records;
    for (uint64_t slot = 0; slot < 9758; ++slot) {
      const auto port = static_cast<uint16_t>(slot * slot % 2492);
      records.push_back(Connection(port, port + 1U, 0, slot));
    }
    const Dump dump = ParseDump(DumpOf(records));
    CHECK(dump.sockets.size() + dump.duplicates == 9758);
    CHECK(std::is_sorted(dump.sockets.begin(), dump.sockets.end(),
                         [](const auto& a, const auto& b) { return a.slot < b.slot; }));
    CHECK(dump.sockets.back().slot == 9757);
  }
}

TEST_CASE("sockets that share their endpoints are kept") {
  SECTION("listeners of SO_REUSEPORT") {
    std::vector<SocketRecord> records;
    for (uint64_t slot = 0; slot < 4; ++slot) {
      SocketRecord record = Connection(0, 100 + slot, 0, slot);
      record.state = State::kListen;
      record.remote_words[0] = 0;
      records.push_back(record);
    }
    CHECK(ParseDump(DumpOf(records)).sockets.size() == 4);
  }
  SECTION("of two namespaces or VRFs: other inodes") {
    CHECK(ParseDump(DumpOf({Connection(1000, 5, 0), Connection(1000, 6, 0)})).sockets.size() == 2);
  }
  SECTION("without inode: other pointers") {
    CHECK(ParseDump(DumpOf({Connection(1000, 0, 1), Connection(1000, 0, 2)})).sockets.size() == 2);
  }
  SECTION("without inode, so many that they meet in a hash table") {
    std::vector<SocketRecord> records;
    for (uint64_t i = 1; i <= 1000; ++i) records.push_back(Connection(1000, 0, i));
    CHECK(ParseDump(DumpOf(records)).sockets.size() == 1000);
  }
  SECTION("one of them orphaned") {
    CHECK(ParseDump(DumpOf({Connection(1000, 5, 0), Connection(1000, 0, 0)})).sockets.size() == 2);
  }
  SECTION("the same inode at other endpoints, as hand-edited files have it") {
    CHECK(ParseDump(DumpOf({Connection(1000, 5, 0), Connection(1001, 5, 0)})).sockets.size() == 2);
  }
}

TEST_CASE("rows of 10 columns") {
  Random random(1);
  std::vector<std::string> old_rows;
  for (uint64_t slot = 0; slot < 3; ++slot) {
    SocketRecord record = testing::RandomRecord(random, Family::kTcp, RowShape::kLinux22);
    record.slot = slot;
    old_rows.push_back(FormatRow(record, {.width = 127}));
  }
  const std::string modern = FormatRow(Connection(1000, 5, 0xA), kPadded);
  SECTION("are taken where every row has 10") {
    const std::string header(kTcpHeader.substr(0, 127));
    const Dump dump = ParseDump(Text(header, old_rows[0], old_rows[1], old_rows[2]));
    REQUIRE(dump.sockets.size() == 3);
    CHECK(dump.refused.empty());
    CHECK(dump.sockets[0].shape == RowShape::kLinux22);
  }
  SECTION("are cut ones below the header of 2.4 and later, which is wider") {
    const Dump dump = ParseDump(Text(kTcpHeader, old_rows[0]));
    CHECK(dump.sockets.empty());
    REQUIRE(dump.refused.size() == 1);
    CHECK(dump.refused[0].reason == Reason::kCutRow);
  }
  SECTION("are cut ones behind a longer row") {
    const Dump dump = ParseDump(Text(kTcpHeader, modern, old_rows[0], modern));
    CHECK(dump.sockets.size() + dump.duplicates == 2);
    REQUIRE(dump.refused.size() == 1);
    CHECK(dump.refused[0].reason == Reason::kCutRow);
    CHECK(dump.refused[0].position.line == 3);
    CHECK(dump.refused[0].text == old_rows[0]);
  }
  SECTION("are cut ones before a longer row") {
    const Dump dump = ParseDump(Text(kTcpHeader, old_rows[0], old_rows[1], modern, old_rows[2]));
    CHECK(dump.sockets.size() == 1);
    REQUIRE(dump.refused.size() == 3);
    CHECK(dump.refused[0].position.line == 2);
    CHECK(dump.refused[0].position.offset == kTcpHeader.size() + 1);
    CHECK(dump.refused[1].position.line == 3);
    CHECK(dump.refused[2].position.line == 5);
    for (const RefusedLine& refused : dump.refused) CHECK(refused.reason == Reason::kCutRow);
  }
  SECTION("are cut ones before many longer rows, which are read in bulk") {
    std::vector<SocketRecord> records;
    for (uint16_t port = 1; port <= 20; ++port) records.push_back(Connection(port, port, 0xA));
    const std::string modern_rows = DumpOf(records).substr(kTcpHeader.size() + 1);
    const Dump dump = ParseDump(Text(kTcpHeader, old_rows[0]) + modern_rows);
    CHECK(dump.sockets.size() == 20);
    CHECK(dump.refused.size() == 1);
  }
}

TEST_CASE("the family is that of the rows, whatever the header says") {
  const std::string v4 = FormatRow(Connection(1000, 5, 0xA));
  SocketRecord wide = Connection(1000, 5, 0xA);
  wide.family = Family::kTcp6;
  const std::string v6 = FormatRow(wide);
  CHECK(ParseDump(Text(kTcp6Header, v4)).family == Family::kTcp);
  CHECK(ParseDump(Text(kTcpHeader, v6)).family == Family::kTcp6);
  CHECK(ParseDump(Text(v6)).family == Family::kTcp6);
  for (const std::string& text : {Text(kTcp6Header, v4), Text(kTcpHeader, v6), Text(v4)}) {
    CHECK(ParseDump(text).sockets.size() == 1);
    CHECK(ParseDump(text).refused.empty());
  }
}

TEST_CASE("what stands around the rows") {
  const std::string row = FormatRow(Connection(1000, 5, 0xA), kPadded);
  SECTION("CRLF") {
    const Dump dump = ParseDump(kTcpHeader + "\r\n" + row + "\r\n");
    CHECK(dump.sockets.size() == 1);
    CHECK(dump.other_lines == 0);
  }
  SECTION("prompts, blank lines and a second header") {
    const Dump dump =
        ParseDump(Text("root@host1:~# cat /proc/net/tcp", kTcpHeader, row, "", "  \t", "...",
                       kTcpHeader, FormatRow(Connection(1001, 6, 0xB), kPadded)));
    CHECK(dump.sockets.size() == 2);
    CHECK(dump.other_lines == 3);
  }
  SECTION("a vendor's columns") {
    Random random(3);
    SocketRecord mini = testing::CommonRecord(random, Family::kTcp, RowShape::kMini);
    const Dump dump = ParseDump(Text(kTcpHeader.substr(0, 96) + " pid comm",
                                     FormatRow(Connection(1000, 5, 0xA), {.behind = " 1234 httpd"}),
                                     FormatRow(mini, {.behind = " 0 -"}), FormatRow(mini)));
    CHECK(dump.sockets.size() + dump.duplicates == 3);
    CHECK(dump.refused.empty());
  }
  SECTION("nothing at all") {
    CHECK(ParseDump("").sockets.empty());
    CHECK(ParseDump("").table == Table::kNone);
    CHECK(ParseDump(Text(kTcpHeader)).table == Table::kTcp);
    CHECK(ParseDump(Text(kTcpHeader)).sockets.empty());
    CHECK(ParseDump(Text(kTcpHeader)).refused.empty());
    CHECK(ParseDump("\n\n \n").other_lines == 0);
  }
}

TEST_CASE("other tables") {
  const std::string udp =
      "  581: 00000000:14E9 00000000:0000 07 00000000:00000000 00:00000000 00000000   104        0 "
      "18215 2 0000000000000000 0";
  SECTION("udp, below its header: not read") {
    const Dump dump =
        ParseDump(Text("   sl  local_address rem_address   st tx_queue rx_queue tr tm->when "
                       "retrnsmt   uid  timeout "
                       "inode ref pointer drops             ",
                       udp, udp));
    CHECK(dump.table == Table::kUdp);
    CHECK(dump.sockets.empty());
    CHECK(dump.refused.empty());
    CHECK(dump.other_lines == 2);
  }
  SECTION("udp without its header: refused by its rows") {
    const Dump dump = ParseDump(Text(udp, udp));
    CHECK(dump.sockets.empty());
    REQUIRE(dump.refused.size() == 2);
    CHECK(dump.refused[0].reason == Reason::kUdpRow);
  }
  SECTION("unix") {
    const Dump dump = ParseDump(Text("Num       RefCount Protocol Flags    Type St Inode Path",
                                     "ffff8800: 00000002 00000000 00010000 0001 01 13321 /run/x"));
    CHECK(dump.table == Table::kUnix);
    CHECK(dump.sockets.empty());
    CHECK(dump.refused.empty());
  }
  SECTION("NuttX") {
    const Dump dump =
        ParseDump(Text("TCP sl st flg ref tmr uack nrt rxsz   local_address  remote_address",
                       "     0: 04 00   1   0    0   0    0  0200000A:0017  0100000A:D431"));
    CHECK(dump.table == Table::kNuttx);
    CHECK(dump.sockets.empty());
    CHECK(dump.refused.empty());
  }
}

TEST_CASE("a last line without its newline is taken only when it is surely whole") {
  const std::string row = FormatRow(Connection(1000, 5, 0xA), kPadded);
  const std::string other = FormatRow(Connection(1001, 6, 0xB, 1), kPadded);
  CHECK(ParseDump(Text(kTcpHeader, row) + other).sockets.size() == 2);
  const Dump dump = ParseDump(Text(kTcpHeader, row) + other.substr(0, 148));
  CHECK(dump.sockets.size() == 1);
  REQUIRE(dump.refused.size() == 1);
  CHECK(dump.refused[0].reason == Reason::kCutRow);
  // Without padding the number of columns has to do.
  const std::string bare = FormatRow(Connection(1001, 6, 0xB, 1));
  CHECK(ParseDump(Text(FormatRow(Connection(1000, 5, 0xA))) + bare).sockets.size() == 2);
  CHECK(ParseDump(Text(FormatRow(Connection(1000, 5, 0xA))) + bare.substr(0, bare.rfind(' ')))
            .refused.size() == 1);
}

TEST_CASE("the byte order of a dump") {
  const std::string row = FormatRow(Connection(1000, 5, 0xA), kPadded);
  CHECK(ParseDump(Text(row)).byte_order == ByteOrder::kLittle);
  CHECK(ParseDump(Text(row)).byte_order_decided);
  CHECK(ParseDump(Text(row), ByteOrder::kBig).byte_order == ByteOrder::kBig);
  SocketRecord big = Connection(1000, 5, 0xA);
  big.local_words[0] = big.remote_words[0] = 0x7F000001;
  CHECK(ParseDump(Text(FormatRow(big))).byte_order == ByteOrder::kBig);
  big.local_words[0] = big.remote_words[0] = 0;
  CHECK_FALSE(ParseDump(Text(FormatRow(big))).byte_order_decided);
}

TEST_CASE("a builder that is cleared forgets the dump before") {
  DumpBuilder builder;
  LinePosition position{1, 0};
  const std::string row = FormatRow(Connection(1000, 5, 0xA), kPadded);
  CHECK(builder.empty());
  CHECK(builder.AddLine(row, position, true) == DumpBuilder::Added::kTaken);
  CHECK(builder.AddLine("   0: 0100", position, true) == DumpBuilder::Added::kRefused);
  CHECK(builder.family() == Family::kTcp);
  CHECK_FALSE(builder.empty());
  builder.Clear();
  CHECK(builder.empty());
  CHECK_FALSE(builder.family());
  SocketRecord wide = Connection(1000, 5, 0xA);
  wide.family = Family::kTcp6;
  CHECK(builder.AddLine(FormatRow(wide), position, true) == DumpBuilder::Added::kTaken);
  CHECK(builder.AddLine(row, position, true) == DumpBuilder::Added::kOtherFamily);
  CHECK(builder.records().size() == 1);
  CHECK(builder.TakeRecords().size() == 1);
  CHECK(builder.records().empty());
}

TEST_CASE("rows are taken in bulk only behind a first one, and positions follow") {
  std::string text = DumpOf({Connection(1, 1, 0), Connection(2, 2, 0), Connection(3, 3, 0)});
  text.erase(0, kTcpHeader.size() + 1);
  DumpBuilder builder;
  LinePosition position{2, 150};
  const std::string padded = text + std::string(kReadAhead, '\0');
  CHECK(builder.AddRows(std::string_view(padded).substr(0, text.size()), position) == 0);
  CHECK(builder.AddLine(text.substr(0, 149), position, true) == DumpBuilder::Added::kTaken);
  CHECK(builder.AddRows(std::string_view(padded).substr(150, 300), position) == 300);
  CHECK(position.line == 4);
  CHECK(position.offset == 450);
  CHECK(builder.records().size() == 3);
}

}  // namespace
}  // namespace tcpsnap::procnet
