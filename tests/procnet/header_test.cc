#include "procnet/header.h"

#include <set>
#include <string>

#include "support/catch.h"
#include "support/dump_text.h"

namespace tcpsnap::procnet {
namespace {

TEST_CASE("headers of the kernel") {
  CHECK(ParseHeader(testing::kTcpHeader).table == Table::kTcp);
  CHECK(ParseHeader(testing::kTcpHeader).padded);
  CHECK(ParseHeader(testing::kTcpHeader).extra_columns == 0);
  CHECK(ParseHeader(testing::kTcpHeader + "\r").padded);
  CHECK(ParseHeader(testing::kTcp6Header).table == Table::kTcp);
  CHECK_FALSE(ParseHeader(testing::kTcp6Header).padded);
  CHECK(ParseHeader(testing::kTcpHeader.substr(0, 96)).table == Table::kTcp);
  CHECK_FALSE(ParseHeader(testing::kTcpHeader.substr(0, 96)).padded);
}

TEST_CASE("headers that tools changed") {
  for (const char* line : {"sl  local_address rem_address   st tx_queue rx_queue tr tm->when "
                           "retrnsmt   uid  timeout inode",
                           "\tsl  local_address rem_address   st tx_queue rx_queue tr tm->when "
                           "retrnsmt uid timeout inode",
                           "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when "
                           "retrnsmt uid timeout Inode",
                           "  sl  local_address remote_address   st tx_queue rx_queue tr tm->when "
                           "retrnsmt uid timeout "
                           "inode",
                           "  sl  local_address rem_address st tx_queue rx_queue tr tm->when "
                           "retrnsmt uid timeout inode ref "
                           "pointer rto ato qp cwnd ssthresh"}) {
    CAPTURE(line);
    CHECK(ParseHeader(line).table == Table::kTcp);
    CHECK(ParseHeader(line).extra_columns == 0);
  }
  CHECK(ParseHeader(testing::kTcp6Header + " pid comm").extra_columns == 2);
}

TEST_CASE("headers of other tables") {
  CHECK(ParseHeader(
            "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  "
            "timeout inode ref pointer drops")
            .table == Table::kUdp);
  CHECK(ParseHeader("Num       RefCount Protocol Flags    Type St Inode Path").table ==
        Table::kUnix);
  CHECK(ParseHeader("TCP sl st flg ref tmr uack nrt rxsz local_address remote_address").table ==
        Table::kNuttx);
  CHECK(ParseHeader("Proto Recv-Q Send-Q Local Address           Foreign Address         State")
            .table == Table::kNetstat);
  CHECK(ParseHeader("State      Recv-Q Send-Q Local Address:Port  Peer Address:Port").table ==
        Table::kSs);
  CHECK(ParseHeader("Netid State  Recv-Q Send-Q Local Address:Port Peer Address:Port").table ==
        Table::kSs);
}

TEST_CASE("lines that are no header") {
  for (const char* line :
       {"", " ", "sl", "sl remote", "local_address rem_address", "slx local_address",
        "   0: 0100007F:1538 00000000:0000 0A", "Number RefCount", "TCP slow", "State",
        "Netid State", "2026-11-22T07:37:27Z"}) {
    CAPTURE(line);
    CHECK(ParseHeader(line).table == Table::kNone);
  }
}

TEST_CASE("every table has a name of its own") {
  std::set<std::string_view> names;
  for (const Table table : {Table::kNone, Table::kTcp, Table::kUdp, Table::kUnix, Table::kNuttx,
                            Table::kSs, Table::kNetstat}) {
    CHECK(names.insert(TableName(table)).second);
  }
}

}  // namespace
}  // namespace tcpsnap::procnet
