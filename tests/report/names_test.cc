// Names beside numbers: the files they come from, how rows show them; addresses as text.
#include "report/names.h"

#include <arpa/inet.h>

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "procnet/address.h"
#include "report/cell_text.h"
#include "report/error.h"
#include "report/message_of.h"
#include "report/named_rows.h"
#include "report/row_writer.h"
#include "report/sample_database.h"
#include "report/sockets.h"
#include "store/address_book.h"
#include "support/catch.h"

namespace tcpsnap::report {
namespace {

using procnet::Address;
using store::Database;
using store::ValueType;
using testing::MessageOf;
using testing::SampleDatabase;
using Lines = std::vector<std::string>;

Cell Integer(int64_t value) {
  Cell cell;
  cell.type = ValueType::kInteger;
  cell.integer = value;
  return cell;
}

Cell Text(std::string_view text) {
  Cell cell;
  cell.type = ValueType::kText;
  cell.bytes = text;
  return cell;
}

Names AllNames() {
  Names names;
  names.AddServices("https 443/tcp\n", "services");
  names.AddHosts("10.0.0.1 db1\n2001:db8::1 db6\n", "hosts");
  names.AddPasswd("www-data:x:33:33::/:/bin/sh\n", "passwd");
  return names;
}

TEST_CASE("names: services") {
  Names names;
  CHECK_FALSE(names.has_ports());
  names.AddServices(
      "# name  port/protocol  aliases\n"
      "\n"
      "https\t443/tcp http-ssl # TLS\r\n"
      "quic 443/udp\n"
      "other 443/tcp\n"
      "  ntp 123/udp\n"
      "last 65535/tcp",
      "services");
  CHECK(names.has_ports());
  CHECK(names.remarks().empty());
  CHECK(names.OfPort(443) == "https");
  CHECK(names.OfPort(65535) == "last");
  for (const int64_t port : {0, 123, 80, -1}) CHECK(names.OfPort(port).empty());
  names.AddServices("later 443/tcp\nweb 80/tcp\n", "more");
  CHECK(names.OfPort(443) == "https");
  CHECK(names.OfPort(80) == "web");
}

TEST_CASE("names: hosts, in any spelling of an address") {
  Names names;
  names.AddHosts(
      "\xEF\xBB\xBF"
      "10.0.0.1\tdb1 db1.example # the first\n"
      "10.0.0.1 second\n"
      "::FFFF:10.0.0.2 mapped\n"
      "::ffff:a00:3 mapped-hex\n"
      "2001:0DB8:0:0::00A1 six\r\n"
      "::1.2.3.4 compatible\n"
      "#10.0.0.4 comment\n"
      "0.0.0.0 blocked\n"
      ":: blocked6\n",
      "hosts");
  CHECK(names.remarks().empty());
  CHECK(names.has_addresses());
  CHECK(names.OfAddress("10.0.0.1") == "db1");
  CHECK(names.OfAddress("10.0.0.2") == "mapped");
  CHECK(names.OfAddress("10.0.0.3") == "mapped-hex");
  CHECK(names.OfAddress("2001:db8::a1") == "six");
  CHECK(names.OfAddress("::102:304") == "compatible");
  for (const char* address : {"1.2.3.4", "10.0.0.4", "0.0.0.0", "::", "", "10.0.0.1/32",
                              "10.0.0.0/8", "2001:db8::a1/128", "db1"}) {
    INFO(address);
    CHECK(names.OfAddress(address).empty());
  }
}

TEST_CASE("names: passwd") {
  Names names;
  names.AddPasswd(
      "# users\n"
      "root:x:0:0:root:/root:/bin/bash\n"
      "toor:x:0:0::/root:/bin/sh\n"
      "www-data:x:33:33::/:/bin/sh\r\n"
      "nobody:x:4294967294:1::/:\n"
      "+@team::::::\n"
      "-guest\n",
      "passwd");
  CHECK(names.remarks().empty());
  CHECK(names.OfUid(0) == "root");
  CHECK(names.OfUid(33) == "www-data");
  CHECK(names.OfUid(4294967294) == "nobody");
  CHECK(names.OfUid(1).empty());
}

TEST_CASE("names: lines that are not understood are left out, and told once") {
  Names names;
  names.AddServices("https 443\nssh 22/tcp\nhttp 80/\nx 65536/tcp\ny\nz -1/tcp\n", "a/services");
  names.AddHosts("\n10.0.0.1 db1\n10.0.0.300 db2\n10.0.0.3\n10.0.0.04 octal\nfe80::1%eth0 x\n",
                 "hosts");
  names.AddPasswd("cut:x:10\n:x:5:5::/:\nminus:x:-1:1::/:\nlarge:x:4294967296:1::/:\nno\n", "p");
  CHECK(names.remarks() ==
        Lines{"a/services:1: 'https 443': no port/protocol after the name; left out: 5 of 6 lines",
              "hosts:3: '10.0.0.300 db2': it doesn't begin with an IP address; left out: 4 of 5 "
              "lines",
              "p:1: 'cut:x:10': not name:password:uid:...; left out: 5 of 5 lines"});
  CHECK(names.OfPort(22) == "ssh");
  CHECK(names.OfAddress("10.0.0.1") == "db1");
  CHECK(names.OfAddress("10.0.0.4").empty());
  CHECK(names.OfUid(10).empty());

  const auto remark = [](std::string_view text) {
    Names one;
    one.AddPasswd(text, "p");
    return one.remarks().at(0);
  };
  CHECK(remark("a:x:y:") == "p:1: 'a:x:y:': the third field is no uid; left out: 1 of 1 line");
  CHECK(remark("\x1b[31m\xff") ==
        "p:1: '\\x1b[31m\xEF\xBF\xBD': not name:password:uid:...; left out: 1 of 1 line");
  CHECK(remark(std::string(1000, 'x')) == "p:1: '" + std::string(60, 'x') +
                                              "...': not name:password:uid:...; left out: 1 of 1 "
                                              "line");
}

TEST_CASE("names: a file that is not there, and one that can't be read") {
  CHECK(MessageOf([] { ReadNameFile("/nonesuch/hosts"); }) ==
        "can't open /nonesuch/hosts: No such file or directory");
  CHECK(MessageOf([] { ReadNameFile("/"); }) == "can't read /: Is a directory");
  CHECK(ReadNameFile("/dev/null").empty());
}

std::string Write(const std::string& format, const Names& names, bool for_people) {
  std::string out;
  const auto writer = NameRows(
      MakeRowWriter(ParseFormat(format), {true, {}, [&](std::string_view text) { out += text; }}),
      names, for_people);
  writer->Begin({{"ip", ColumnType::kAddress},
                 {"port", ColumnType::kPort},
                 {"uid", ColumnType::kUid},
                 {"n", ColumnType::kInteger}});
  const auto row = [&](Cell ip, Cell port, Cell uid) {
    writer->Row(std::vector<Cell>{ip, port, uid, Integer(443)});
  };
  row(Text("10.0.0.1"), Integer(443), Integer(33));
  row(Text("10.0.0.0/8"), Integer(40000), Integer(1));
  row(Text("2001:db8::1"), Cell(), Cell());
  writer->End();
  return out;
}

TEST_CASE("named rows: beside the number for people") {
  CHECK(Write("table", AllNames(), true) ==
        "ip                 port       uid              n\n"
        "-----------------  ---------  -------------  ---\n"
        "10.0.0.1 (db1)     443/https  33 (www-data)  443\n"
        "10.0.0.0/8         40000      1              443\n"
        "2001:db8::1 (db6)  -          -              443\n");
  CHECK(Write("markdown", AllNames(), true) ==
        "| ip | port | uid | n |\n"
        "| --- | --- | --- | ---: |\n"
        "| 10.0.0.1 (db1) | 443/https | 33 (www-data) | 443 |\n"
        "| 10.0.0.0/8 | 40000 | 1 | 443 |\n"
        "| 2001:db8::1 (db6) | - | - | 443 |\n");
}

TEST_CASE("named rows: in a column of their own for programs") {
  CHECK(Write("csv", AllNames(), false) ==
        "ip,ip_name,port,port_name,uid,uid_name,n\n"
        "10.0.0.1,db1,443,https,33,www-data,443\n"
        "10.0.0.0/8,,40000,,1,,443\n"
        "2001:db8::1,db6,,,,,443\n");
  CHECK(Write("jsonl", AllNames(), false) ==
        "{\"ip\":\"10.0.0.1\",\"ip_name\":\"db1\",\"port\":443,\"port_name\":\"https\","
        "\"uid\":33,\"uid_name\":\"www-data\",\"n\":443}\n"
        "{\"ip\":\"10.0.0.0/8\",\"ip_name\":null,\"port\":40000,\"port_name\":null,"
        "\"uid\":1,\"uid_name\":null,\"n\":443}\n"
        "{\"ip\":\"2001:db8::1\",\"ip_name\":\"db6\",\"port\":null,\"port_name\":null,"
        "\"uid\":null,\"uid_name\":null,\"n\":443}\n");
}

TEST_CASE("named rows: the columns depend on the files given, not on what they hold") {
  Names names;
  names.AddPasswd("", "passwd");
  CHECK(Write("tsv", names, false) ==
        "ip\tport\tuid\tuid_name\tn\n"
        "10.0.0.1\t443\t33\t\t443\n"
        "10.0.0.0/8\t40000\t1\t\t443\n"
        "2001:db8::1\t\t\t\t443\n");
  CHECK(Write("csv", Names(), false).substr(0, 14) == "ip,port,uid,n\n");
  // Numbers without names stay on the right, addresses are text.
  CHECK(Write("table", Names(), true) ==
        "ip            port  uid    n\n"
        "-----------  -----  ---  ---\n"
        "10.0.0.1       443   33  443\n"
        "10.0.0.0/8   40000    1  443\n"
        "2001:db8::1      -    -  443\n");
}

TEST_CASE("named rows: a name of a column that is taken") {
  const Names names = AllNames();
  std::string out;
  const auto writer = NameRows(
      MakeCsvWriter({true, {}, [&](std::string_view text) { out += text; }}), names, false);
  for (int result = 0; result < 2; ++result) {
    writer->Begin({{"port", ColumnType::kPort},
                   {"port_name", ColumnType::kText},
                   {"time", ColumnType::kTime}});
    writer->Row(std::vector<Cell>{Integer(443), Text("mine"), Integer(0)});
    writer->End();
  }
  const std::string once = "port,port_name_2,port_name,time\n443,https,mine,1970-01-01 00:00:00\n";
  CHECK(out == once + "\n" + once);
}

TEST_CASE("sockets: names within endpoints as ss -r writes them") {
  SampleDatabase sample(Database::OpenInMemory());
  const auto socket = [](int state, std::string_view direction, std::string_view local_ip,
                         int local_port, std::string_view remote_ip, int remote_port) {
    testing::Socket made;
    made.family = local_ip.find(':') == std::string_view::npos ? 4 : 6;
    made.state = state;
    made.direction = direction;
    made.local_ip = local_ip;
    made.local_port = local_port;
    made.remote_ip = remote_ip;
    made.remote_port = remote_port;
    made.uid = 33;
    return made;
  };
  sample.AddSnapshot("web1", 1'795'348'800'000,
                     {socket(1, "in", "10.0.0.1", 443, "10.0.0.2", 40000),
                      socket(1, "in", "2001:db8::1", 80, "2001:db8::2", 443),
                      socket(10, "listen", "0.0.0.0", 443, "0.0.0.0", 0)});
  // A name of the port that a table has for "any".
  Names names = AllNames();
  names.AddServices("any 0/tcp\n", "more");
  const auto write = [&](const Names* given) {
    std::string out;
    const auto writer = MakeTsvWriter({false, {}, [&](std::string_view text) { out += text; }});
    SocketsOptions options;
    options.names = given;
    const Choice choice = ChooseSnapshots(*sample, ResolveScope(*sample, {}), std::nullopt);
    CHECK(WriteSockets(*sample, choice, {}, options, *writer));
    Lines endpoints;
    for (size_t at = 0; at < out.size(); at = out.find('\n', at) + 1) {
      size_t begin = at;
      for (int i = 0; i < 3; ++i) begin = out.find('\t', begin) + 1;
      const size_t middle = out.find('\t', begin);
      endpoints.push_back(out.substr(begin, out.find('\t', middle + 1) - begin));
    }
    return endpoints;
  };
  CHECK(write(nullptr) == Lines{"10.0.0.1:443\t10.0.0.2:40000",
                                "[2001:db8::1]:80\t[2001:db8::2]:443", "0.0.0.0:443\t0.0.0.0:*"});
  CHECK(write(&names) == Lines{"db1:https\t10.0.0.2:40000", "db6:80\t[2001:db8::2]:https",
                               "0.0.0.0:https\t0.0.0.0:*"});
}

TEST_CASE("cells: numbers stand on the right, addresses are text") {
  for (const ColumnType type : {ColumnType::kText, ColumnType::kTime, ColumnType::kAddress}) {
    CHECK_FALSE(IsNumeric(type, Text("10.0.0.1")));
    CHECK_FALSE(IsNumeric(type, Cell()));
  }
  for (const ColumnType type : {ColumnType::kPort, ColumnType::kUid, ColumnType::kInteger,
                                ColumnType::kReal, ColumnType::kBytes, ColumnType::kPercent}) {
    CHECK(IsNumeric(type, Integer(1)));
    CHECK(IsNumeric(type, Cell()));
  }
}

/// What address6.text has for an address.
std::string Stored(Database& database, const Address& address) {
  store::AddressBook book(database);
  auto statement = database.Prepare("SELECT text FROM address6 WHERE id = ?");
  statement.Bind(1, book.Id(address));
  REQUIRE(statement.Step());
  return std::string(statement.Text(0));
}

Address FromGroups(const std::array<unsigned, 8>& groups) {
  Address address;
  for (size_t i = 0; i < 8; ++i) {
    address.bytes[2 * i] = static_cast<uint8_t>(groups[i] >> 8);
    address.bytes[2 * i + 1] = static_cast<uint8_t>(groups[i]);
  }
  return address;
}

TEST_CASE("addresses: address6.text is RFC 5952") {
  Database database = Database::OpenInMemory();
  const std::vector<std::pair<std::array<unsigned, 8>, std::string>> cases = {
      {{0, 0, 0, 0, 0, 0, 0, 0}, "::"},
      {{0, 0, 0, 0, 0, 0, 0, 1}, "::1"},
      {{1, 0, 0, 0, 0, 0, 0, 0}, "1::"},
      // 4.1: no leading zeros. 4.3: lower case.
      {{0x2001, 0xDB8, 0, 0, 0, 0, 0xA0, 0xFEDC}, "2001:db8::a0:fedc"},
      // 4.2.1: as short as can be. 4.2.2: one group of zeros is not shortened.
      {{0x2001, 0xDB8, 0, 0, 0, 0, 2, 1}, "2001:db8::2:1"},
      {{0x2001, 0xDB8, 0, 1, 1, 1, 1, 1}, "2001:db8:0:1:1:1:1:1"},
      {{0, 1, 1, 1, 1, 1, 1, 0}, "0:1:1:1:1:1:1:0"},
      // 4.2.3: the longest run, the first of equal ones.
      {{0x2001, 0, 0, 1, 0, 0, 0, 1}, "2001:0:0:1::1"},
      {{0x2001, 0xDB8, 0, 0, 1, 0, 0, 1}, "2001:db8::1:0:0:1"},
      {{0, 0, 1, 0, 0, 1, 0, 0}, "::1:0:0:1:0:0"},
      // 5: mapped addresses are shown as v4, alone; nothing else is.
      {{0, 0, 0, 0, 0, 0xFFFF, 0x0A00, 1}, "10.0.0.1"},
      {{0, 0, 0, 0, 0, 0, 0x0102, 0x0304}, "::102:304"},
      {{0, 0, 0, 0, 0xFFFF, 0, 0x0A00, 1}, "::ffff:0:a00:1"},
      {{0x64, 0xFF9B, 0, 0, 0, 0, 0x0A00, 1}, "64:ff9b::a00:1"},
  };
  for (const auto& [groups, text] : cases) CHECK(Stored(database, FromGroups(groups)) == text);
}

TEST_CASE("addresses: address6.text agrees with inet_ntop() whichever groups are zero") {
  Database database = Database::OpenInMemory();
  for (unsigned zeros = 0; zeros < 256; ++zeros) {
    // inet_ntop() has dotted forms for what begins with six groups of zeros.
    if ((zeros & 0x3F) == 0x3F) continue;
    for (const unsigned value : {0x1U, 0x10U, 0xABCU, 0xF000U}) {
      std::array<unsigned, 8> groups;
      for (unsigned i = 0; i < 8; ++i) groups[i] = (zeros >> i & 1) != 0 ? 0 : value;
      const Address address = FromGroups(groups);
      char expected[INET6_ADDRSTRLEN];
      REQUIRE(inet_ntop(AF_INET6, address.bytes.data(), expected, sizeof expected) != nullptr);
      CHECK(Stored(database, address) == expected);
    }
  }
}

}  // namespace
}  // namespace tcpsnap::report
