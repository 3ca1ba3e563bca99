// The filter language of ss: what it becomes, what is refused, and how the query reads the tables.
#include "report/socket_filter.h"

#include <random>
#include <string>
#include <vector>

#include "report/error.h"
#include "report/message_of.h"
#include "report/sample_database.h"
#include "report/sockets.h"
#include "support/catch.h"

namespace tcpsnap::report {
namespace {

using store::Database;
using testing::Contains;
using testing::MessageOf;
using testing::SampleDatabase;
using testing::Socket;

const ServiceNames& Services() {
  static const ServiceNames names = ServiceNames::Parse(
      "# names\n"
      "ssh\t\t22/tcp\t\t\t# shell\n"
      "http 80/tcp www   # web\n"
      "https 443/tcp\nhttps 443/udp\n"
      "ntp 123/udp\n"
      "http 8008/tcp\n"
      "broken\nbad x/tcp\nhuge 70000/tcp\n");
  return names;
}

SocketFilter Parse(const std::string& text) { return ParseSocketFilter(text, Services()); }

/// The condition with its values in their places.
std::string Condition(const std::string& text) {
  const SocketFilter filter = Parse(text);
  std::string sql = filter.sql;
  for (size_t i = filter.values.size(); i > 0; --i) {
    const auto& value = filter.values[i - 1];
    std::string shown;
    if (const auto* integer = std::get_if<int64_t>(&value)) {
      shown = std::to_string(*integer);
    } else if (const auto* name = std::get_if<std::string>(&value)) {
      shown = *name;
    } else {
      for (const char c : std::get<SocketFilter::Bytes>(value).bytes) {
        constexpr const char* kDigits = "0123456789abcdef";
        shown += kDigits[static_cast<unsigned char>(c) >> 4];
        shown += kDigits[static_cast<unsigned char>(c) & 15];
      }
    }
    const std::string parameter = ":f" + std::to_string(i);
    const size_t at = sql.find(parameter);
    REQUIRE(at != std::string::npos);
    sql.replace(at, parameter.size(), shown);
  }
  CHECK_FALSE(Contains(sql, ":f"));
  return sql;
}

std::string ErrorOf(const std::string& text) {
  return MessageOf([&] { Parse(text); });
}

TEST_CASE("socket filter: nothing matches everything") {
  for (const char* text : {"", "  ", "state all", "dst *", "src any", "dport = :*", "dst *:*"}) {
    INFO(text);
    CHECK(Condition(text) == "TRUE");
  }
}

TEST_CASE("socket filter: ports") {
  for (const char* text :
       {"dport = :443", "dport 443", "dport :443", "dport eq 443", "dport == :https", "dport=443",
        "dport eq :https", "DPORT = 443", "dport 0x1bb", " dport\t= :443 "}) {
    INFO(text);
    CHECK(Condition(text) == "remote_port = 443");
  }
  CHECK(Condition("sport != :ssh") == "local_port <> 22");
  CHECK(Condition("sport ne ssh") == "local_port <> 22");
  CHECK(Condition("sport neq 22") == "local_port <> 22");
  CHECK(Condition("sport ge 1024") == "local_port >= 1024");
  CHECK(Condition("sport geq 1024") == "local_port >= 1024");
  CHECK(Condition("sport >= 1024") == "local_port >= 1024");
  CHECK(Condition("sport le :www") == "local_port <= 80");
  CHECK(Condition("sport leq :80") == "local_port <= 80");
  CHECK(Condition("sport <= :80") == "local_port <= 80");
  CHECK(Condition("sport > :80") == "local_port > 80");
  CHECK(Condition("sport gt :80") == "local_port > 80");
  CHECK(Condition("sport < :80") == "local_port < 80");
  CHECK(Condition("sport lt :65535") == "local_port < 65535");
  CHECK(Condition("sport = 0") == "local_port = 0");
  CHECK(Condition("sport != :*") == "FALSE");
}

TEST_CASE("socket filter: addresses") {
  CHECK(Condition("dst 10.0.0.1") == "remote_key = 167772161");
  CHECK(Condition("dst = 10.0.0.1") == "remote_key = 167772161");
  CHECK(Condition("src 10.0.0.0/8") == "local_key BETWEEN 167772160 AND 184549375");
  CHECK(Condition("src 10.1.2.3/8") == "local_key BETWEEN 167772160 AND 184549375");
  CHECK(Condition("src 10/8") == "local_key BETWEEN 167772160 AND 184549375");
  CHECK(Condition("src 10.0.0.0/255.0.0.0") == "local_key BETWEEN 167772160 AND 184549375");
  CHECK(Condition("src 0.0.0.0/0") == "local_key BETWEEN 0 AND 4294967295");
  CHECK(Condition("dst 10.0.0.0/8:443") ==
        "remote_key BETWEEN 167772160 AND 184549375 AND remote_port = 443");
  CHECK(Condition("dst 255.255.255.255:443") == "remote_key = 4294967295 AND remote_port = 443");
  CHECK(Condition("dst *:22") == "remote_port = 22");
  CHECK(Condition("dst :ssh") == "remote_port = 22");
  CHECK(Condition("dst any:22") == "remote_port = 22");
  CHECK(Condition("dst 10.0.0.1:*") == "remote_key = 167772161");
  CHECK(Condition("dst != 10.0.0.1:80") == "NOT (remote_key = 167772161 AND remote_port = 80)");
  const std::string lookup = "IN (SELECT a.id + 4294967296 FROM address6 AS a WHERE a.bytes ";
  for (const char* text : {"dst [2001:db8::1:0:0]/96", "dst [2001:db8::1:0:0/96]",
                           "dst 2001:db8::1:0:0/96", "dst [2001:DB8:0:0:0:1:0:9]/96"}) {
    INFO(text);
    CHECK(Condition(text) == "remote_key " + lookup +
                                 "BETWEEN 20010db8000000000000000100000000 AND "
                                 "20010db80000000000000001ffffffff)");
  }
  const std::string one = "00000000000000000000000000000001";
  CHECK(Condition("src [::1]:80") ==
        "local_key " + lookup + "BETWEEN " + one + " AND " + one + ") AND local_port = 80");
  CHECK(Condition("src ::1:80") == Condition("src [::1]:80"));
  CHECK(Condition("src [fe80::]/10:80") == Condition("src fe80::/10:80"));
  CHECK(Condition("src [::]/0") == "local_key >= 4294967296");
  CHECK(Condition("src [::ffff:10.0.0.1]") == "local_key = 167772161");
  CHECK(Condition("src [::ffff:0a00:1]/104") == "local_key BETWEEN 167772160 AND 184549375");
  CHECK(Condition("dst inet:10.0.0.1") == "(remote_key = 167772161) AND family = 4");
  CHECK(Condition("dst inet6:* or sport = 80") == "(TRUE OR local_port = 80) AND family = 6");
}

TEST_CASE("socket filter: states") {
  CHECK(Condition("state time-wait") == "state IN (TIME_WAIT)");
  for (const char* text : {"state TIME_WAIT", "state 06", "state timewait", "state Time-Wait"}) {
    CHECK(Condition(text) == Condition("state time-wait"));
  }
  CHECK(Condition("state established state syn-sent") == "state IN (ESTABLISHED, SYN_SENT)");
  CHECK(Condition("state established,syn-sent") == "state IN (ESTABLISHED, SYN_SENT)");
  CHECK(Condition("state bucket exclude time-wait") == "state IN (SYN_RECV)");
  CHECK(Condition("exclude big") == "state IN (SYN_RECV, TIME_WAIT)");
  CHECK(Condition("excl big excl 06") == "state IN (SYN_RECV)");
  CHECK(Condition("exclude connected") == "state IN (CLOSE, LISTEN)");
  CHECK(Condition("state synchronized exclude established exclude bucket") ==
        "state IN (FIN_WAIT1, FIN_WAIT2, CLOSE_WAIT, LAST_ACK, CLOSING)");
  CHECK(Condition("state closed") == "state IN (CLOSE)");
  CHECK(Condition("state unconnected") == "state IN (CLOSE)");
  CHECK(Condition("state listening state fin-wait-1 state fin-wait-2") ==
        "state IN (FIN_WAIT1, FIN_WAIT2, LISTEN)");
  CHECK(Condition("state listening exclude listening") == "FALSE");
  CHECK(Condition("not state listening") == "NOT (state IN (LISTEN))");
}

TEST_CASE("socket filter: operators") {
  for (const char* text : {"sport = 1 and dport = 2", "sport = 1 & dport = 2", "sport 1 dport 2",
                           "sport 1 && dport 2", "sport=1&&dport=2", "sport 1 AND dport 2"}) {
    INFO(text);
    CHECK(Condition(text) == "local_port = 1 AND remote_port = 2");
  }
  for (const char* text : {"sport 1 or dport 2", "sport 1 | dport 2", "sport 1||dport 2"}) {
    CHECK(Condition(text) == "local_port = 1 OR remote_port = 2");
  }
  for (const char* text : {"not sport 1", "! sport = 1", "!sport 1", "!sport=1"}) {
    CHECK(Condition(text) == "NOT (local_port = 1)");
  }
  CHECK(Condition("not (sport 1 or dport 2)") == "NOT (local_port = 1 OR remote_port = 2)");
  CHECK(Condition("not not sport 1") == "NOT (NOT (local_port = 1))");
  CHECK(Condition("not sport 1 and dport 2") == "NOT (local_port = 1) AND remote_port = 2");
  CHECK(Condition("(sport = 1 or sport = 2) dport 3") ==
        "(local_port = 1 OR local_port = 2) AND remote_port = 3");
  // From left to right and `and` first mean the same here.
  CHECK(Condition("sport 1 and dport 2 or dport 3") ==
        "local_port = 1 AND remote_port = 2 OR remote_port = 3");
  // The words of state in front stand apart, as in ss.
  CHECK(Condition("state time-wait dport 1 or dport 2") ==
        "state IN (TIME_WAIT) AND (remote_port = 1 OR remote_port = 2)");
  CHECK(Condition("state time-wait and dport 1 and dst 10.0.0.0/8") ==
        "state IN (TIME_WAIT) AND remote_port = 1"
        " AND remote_key BETWEEN 167772160 AND 184549375");
  CHECK(Condition("dport 1 and state time-wait") == "remote_port = 1 AND state IN (TIME_WAIT)");
  CHECK(Condition("state 06 or dport 1") == "state IN (TIME_WAIT) OR remote_port = 1");
}

TEST_CASE("socket filter: mistakes are named, with their place") {
  CHECK(ErrorOf("sport = 1 and dev = eth0") ==
        "the filter, column 15: 'dev': /proc/net/tcp doesn't tell the device of a socket\n"
        "  sport = 1 and dev = eth0\n"
        "                ^");
  struct Case {
    const char* filter;
    int column;
    const char* message;
  };
  for (
      const Case& c : std::vector<Case>{
          {"fwmark = 0x1/0x3", 1, "'fwmark': /proc/net/tcp doesn't tell the mark of a socket"},
          {"cgroup /a", 1, "'cgroup': /proc/net/tcp doesn't tell the cgroup of a socket"},
          {"autobound", 1,
           "'autobound': /proc/net/tcp doesn't tell whether a port was chosen by the kernel; "
           "compare sport with the port range of the host"},
          {"sprot = 1", 1, "'sprot' is no condition (did you mean sport?)"},
          {"10.0.0.1", 1,
           "'10.0.0.1' is no condition (there are: state, exclude, src, dst, sport, dport)"},
          {"käse", 1, "'käse' is no condition (there are: state, exclude, src, dst, sport, dport)"},
          {"state", 6, "'state' needs a state: established, time-wait, connected, ..."},
          {"state and dport 1", 7, "'state' needs a state: established, time-wait, connected, ..."},
          {"state tmie-wait", 7, "'tmie-wait' is no state (did you mean TIME_WAIT?)"},
          {"dport", 6, "a port is missing: 443, :443 or :https"},
          {"dport = ", 9, "a port is missing: 443, :443 or :https"},
          {"dport = :65536", 9,
           "':65536' has no port: 0 to 65535 without leading zeros, or a name"},
          {"dport 010", 7, "'010' has no port: 0 to 65535 without leading zeros, or a name"},
          {"dport :", 7, "':' has no port: 0 to 65535 without leading zeros, or a name"},
          {"dport = :htps", 9,
           "no TCP service is called 'htps' in /etc/services: write the number"},
          {"dport = :ntp", 9, "no TCP service is called 'ntp' in /etc/services: write the number"},
          {"dport >= :*", 7, "'>=' needs a port, '*' is none"},
          {"dport not 5", 7, "a port is missing: 443, :443 or :https"},
          {"dst", 4, "an address is missing: 10.0.0.0/8, 10.0.0.1:443, [::1]:443 or :443"},
          {"dst > 10.0.0.1", 5, "addresses can't be compared with '>'"},
          {"dst 10.0.0.256", 5, "the address '10.0.0.256' is none"},
          {"dst 10.0.0.1.2", 5, "the address '10.0.0.1.2' is none"},
          {"dst 10.0.0.01", 5, "the address '10.0.0.01' is none"},
          {"dst 443", 5, "the address '443' is none"},
          {"dst 10.1", 5,
           "the address '10.1' is short: write all four numbers, or a prefix like 10.1.0.0/16"},
          {"dst 10.0.0.0/33", 5,
           "the address '10.0.0.0/33' has no prefix length after '/': 0 to 32"},
          {"dst 10.0.0.0/255.0.255.0", 5,
           "the address '10.0.0.0/255.0.255.0' has no prefix length after '/': 0 to 32"},
          {"dst [::]/129", 5, "the address '[::]/129' has no prefix length after '/': 0 to 128"},
          {"dst [::]/", 5, "the address '[::]/' has no prefix length after '/': 0 to 128"},
          {"dst [::1", 5, "the address '[::1' has no ']'"},
          {"dst [::1]80", 5, "the address '[::1]80' goes on after its end with '80'"},
          {"dst ::1", 5, "the address '::1' is none: IPv6 goes in brackets, [::1] or [::1]:443"},
          {"dst [1:2:3]", 5, "the address '[1:2:3]' is none"},
          {"dst [::1::2]", 5, "the address '[::1::2]' is none"},
          {"dst example.org", 5,
           "the address 'example.org' is none (names of hosts are not looked up)"},
          {"dst unix:/tmp/x", 5, "'unix:': there are TCP sockets only"},
          {"dst inet:* src inet6:*", 16, "inet: and inet6: exclude each other: each holds for all"},
          {"( sport 1", 1, "this '(' is never closed"},
          {"sport 1 )", 9, "there is no '(' for this ')'"},
          {"( )", 3, "there is nothing between the parentheses"},
          {"sport 1 and", 12, "a condition is missing at the end"},
          {"not", 4, "a condition is missing at the end"},
          {"and sport 1", 1, "a condition is missing before 'and'"},
          {"sport 1 or or dport 2", 12, "a condition is missing before 'or'"},
          {"sport 1 = 2", 9, "a condition is missing before '='"},
          {"sport 1 or sport 2 and dport 3", 20,
           "'and' after 'or' needs parentheses: ss reads from left to right, its manual says that "
           "'and' comes first"},
          {"sport 1 or sport 2 dport 3", 20,
           "'and' after 'or' needs parentheses: ss reads from left to right, its manual says that "
           "'and' comes first"},
          {"state 06 and dport 1 or dport 2", 22,
           "'or' after a state with 'and' needs parentheses: without them the state could be meant "
           "for the first condition or for all"},
          {"(state 06 dport 1 or dport 2)", 19,
           "'or' after a state with 'and' needs parentheses: without them the state could be meant "
           "for the first condition or for all"},
      }) {
    INFO(c.filter);
    const std::string begin = "the filter, column " + std::to_string(c.column) + ": " + c.message;
    CHECK(ErrorOf(c.filter) == begin + "\n  " + c.filter + "\n  " +
                                   std::string(static_cast<size_t>(c.column - 1), ' ') + "^");
  }
  CHECK(Contains(MessageOf([] { ParseSocketFilter("sport ssh", ServiceNames()); }),
                 "no TCP service is called 'ssh' (/etc/services names none, or is not there): "
                 "write the number"));
}

TEST_CASE("socket filter: long and deep ones end as a message") {
  std::string many = "sport 1";
  for (int i = 0; i < 299; ++i) many += " or sport 1";
  Database database = Database::OpenInMemory();
  database.Prepare(SocketsSql(Parse(many)));
  CHECK(Contains(ErrorOf(many + " or sport 1"), "a filter has at most 300 conditions\n  ..."));
  CHECK(Contains(ErrorOf(std::string(100'000, '(')), "this is nested too deeply"));
  CHECK(Contains(ErrorOf(std::string(100'000, '!')), "this is nested too deeply"));
  CHECK(ErrorOf(std::string(100'000, 'x')).size() < 500);
  database.Prepare(SocketsSql(Parse(std::string(20, '!') + "sport 1")));
  database.Prepare(SocketsSql(Parse(std::string(20, '(') + "sport 1" + std::string(20, ')'))));
  CHECK(
      Contains(ErrorOf(std::string(21, '(') + "sport 1"), "column 21: this is nested too deeply"));
  std::string deep;
  for (int i = 0; i < 10; ++i) deep += "src 10/8:1 and not ( ";
  database.Prepare(SocketsSql(Parse(deep + "sport 1" + std::string(10, ')'))));
  deep.clear();
  for (int i = 0; i < 20; ++i) deep += "dst [::1]:1 or ( ";
  database.Prepare(SocketsSql(Parse("state 06 " + deep + "sport 1" + std::string(20, ')'))));
}

TEST_CASE("socket filter: whatever the words, it is SQL that runs or a mistake that is told") {
  const std::vector<std::string> words = {
      "state",    "exclude", "time-wait",    "all",        "src",       "dst",
      "sport",    "dport",   "10.0.0.1:443", "[::1]",      "fe80::/10", "*",
      ":80",      "443",     "ssh",          "=",          "!=",        ">=",
      "<",        "and",     "or",           "not",        "(",         ")",
      "!",        "|",       "&&",           "inet:*",     "[",         "]/",
      "/",        "::",      "\xff",         "'",          ";",         "--",
      "state 06", "sport 1", "dst 10/8",     "dport :443", "and",       "or",
      "(",        ")"};
  Database database = Database::OpenInMemory();
  std::mt19937 random(1);
  int taken = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string text;
    for (size_t n = random() % 8; n > 0; --n) text += words[random() % words.size()] + " ";
    try {
      const SocketFilter filter = Parse(text);
      INFO(text << "\n" << filter.sql);
      store::Statement statement = database.Prepare(SocketsSql(filter));
      filter.Bind(statement);
      ++taken;
    } catch (const UserError&) {
    }
  }
  CHECK(taken > 500);
}

std::vector<std::string> Plan(Database& database, const std::string& sql) {
  store::Statement statement = database.Prepare("EXPLAIN QUERY PLAN " + sql);
  std::vector<std::string> steps;
  while (statement.Step()) steps.emplace_back(statement.Text(3));
  return steps;
}

TEST_CASE("sockets: a snapshot is found by index, and only its rows are read") {
  Database database = Database::OpenInMemory();
  for (const char* filter : {"", "state time-wait and dport = :443 and dst 10.0.0.0/8",
                             "src [fe80::]/10 or dst 10.0.0.1",
                             "not ( state listening or sport ge 1024 )", "dst inet6:[::1]"}) {
    const std::vector<std::string> steps = Plan(database, SocketsSql(Parse(filter)));
    std::string all;
    for (const std::string& step : steps) {
      all += step + "\n";
      for (const char* alias : {"h", "s", "d", "r"}) {
        CHECK_FALSE((step + " ").find(std::string("SCAN ") + alias + " ") == 0);
      }
    }
    INFO(filter << "\n" << all);
    CHECK(Contains(all, "SEARCH h USING "));
    CHECK(Contains(all, "SEARCH s USING INDEX "));
    CHECK(Contains(all, "taken_ms=?"));
    CHECK(Contains(all, "SEARCH d USING INDEX dump_snapshot (snapshot_id=?"));
    CHECK(Contains(all, "SEARCH r USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"));
    if (Contains(filter, "fe80")) {
      CHECK(Contains(all, "SEARCH a USING COVERING INDEX sqlite_autoindex_address6_1"));
    }
  }
  CHECK(Plan(database, LastSnapshotSql()) ==
        std::vector<std::string>{
            "SEARCH s USING COVERING INDEX snapshot_host (host_id=? AND taken_ms<?)"});
}

constexpr int64_t kNoon = 1'795'348'800'000;  // 2026-11-22T12:00:00Z

std::string Show(Database& database, const std::string& filter, const Request& request = {},
                 const std::optional<std::string>& at = {}, const SocketsOptions& options = {}) {
  std::string text;
  const auto writer =
      MakeTsvWriter({true, request.zone, [&text](std::string_view piece) { text += piece; }});
  const Scope scope = ResolveScope(database, request);
  WriteSockets(database, ChooseSnapshots(database, scope, at), Parse(filter), options, *writer);
  return text;
}

std::vector<std::string> Remarks(Database& database, const std::optional<std::string>& at) {
  return ChooseSnapshots(database, ResolveScope(database, Request()), at).remarks;
}

Socket Tcp(int state, const char* direction, int local_port, const char* remote, int remote_port) {
  Socket socket;
  socket.state = state;
  socket.direction = direction;
  socket.local_port = local_port;
  socket.remote_ip = remote;
  socket.remote_port = remote_port;
  return socket;
}

TEST_CASE("sockets: the last snapshot of each host at or before a time") {
  SampleDatabase sample(Database::OpenInMemory());
  sample.AddSnapshot("web1", kNoon, {Tcp(1, "in", 443, "10.9.9.9", 40000)});
  sample.AddSnapshot("web1", kNoon + 60'000, {Tcp(6, "in", 443, "10.9.9.9", 40000)}, {4});
  sample.AddSnapshot("web1", kNoon + 60'000, {Tcp(8, "in", 443, "10.9.9.9", 40000)});
  sample.AddSnapshot("web2", kNoon + 30'000, {Tcp(10, "listen", 80, "0.0.0.0", 0)});
  using Lines = std::vector<std::string>;
  CHECK(Remarks(*sample, {}) == Lines{"web1: snapshot of 2026-11-22 12:01:00 (UTC)",
                                      "web2: snapshot of 2026-11-22 12:00:30 (UTC)"});
  CHECK(Remarks(*sample, "12:00") ==
        Lines{"web1: snapshot of 2026-11-22 12:00:00 (UTC)",
              "web2: no snapshot at or before 2026-11-22 12:00:00; its first is of 2026-11-22 "
              "12:00:30"});
  CHECK(Remarks(*sample, "2026-11-22T14:00:31Z") ==
        Lines{"web1: snapshot of 2026-11-22 12:01:00 (UTC), 1h 59m before 2026-11-22 14:00:31",
              "web2: snapshot of 2026-11-22 12:00:30 (UTC), 2h before 2026-11-22 14:00:31"});
  CHECK(MessageOf([&] { Remarks(*sample, "-1h"); }) ==
        "--at '-1h': no snapshot at or before 2026-11-22 11:01:00; the first is of 2026-11-22 "
        "12:00:00 (UTC)");
  CHECK(MessageOf([&] { Remarks(*sample, "noon"); }).find("--at 'noon': ") == 0);
  // Of two snapshots of one time the later one; host and time in each row, as both differ.
  const std::string all = Show(*sample, "");
  CHECK(Contains(all, "host\ttaken_at\tstate\t"));
  CHECK(
      Contains(all, "web1\t2026-11-22 12:01:00\tCLOSE_WAIT\t0\t0\t10.0.0.1:443\t10.9.9.9:40000\t"));
  CHECK(Contains(all, "web2\t2026-11-22 12:00:30\tLISTEN\t0\t0\t10.0.0.1:80\t0.0.0.0:*\t"));
  CHECK_FALSE(Contains(all, "TIME_WAIT"));
  Request request;
  request.host = "web2";
  CHECK(Show(*sample, "", request).find("state\trecv_q\tsend_q\tlocal\tpeer\ttimer\t") == 0);
  request.host = "web1";
  request.since = "12:00";
  const std::string window = Show(*sample, "sport = :443", request);
  CHECK(Contains(window, "2026-11-22 12:00:00\tESTABLISHED"));
  CHECK(Contains(window, "2026-11-22 12:01:00\tTIME_WAIT"));
  CHECK(Contains(window, "2026-11-22 12:01:00\tCLOSE_WAIT"));
}

TEST_CASE("sockets: a table that is missing from the moment is told") {
  SampleDatabase sample(Database::OpenInMemory());
  sample.AddSnapshot("web1", kNoon, {});
  sample.AddSnapshot("web1", kNoon + 1'000, {}, {6});
  CHECK(Remarks(*sample, {}) ==
        std::vector<std::string>{
            "web1: snapshot of 2026-11-22 12:00:01 (UTC); its table tcp is missing"});
}

TEST_CASE("sockets: the order is total, of v6 addresses too; a limit says whether it cut") {
  SampleDatabase sample(Database::OpenInMemory());
  std::vector<Socket> sockets = {Tcp(1, "in", 443, "10.9.9.9", 2), Tcp(1, "in", 443, "9.9.9.9", 1),
                                 Tcp(1, "in", 80, "200.9.9.9", 1),
                                 Tcp(10, "listen", 80, "0.0.0.0", 0)};
  for (const char* ip : {"2001:db8::9", "2001:db8::1"}) {
    Socket socket = Tcp(1, "in", 443, ip, 5);
    socket.family = 6;
    socket.local_ip = "2001:db8::2";
    sockets.push_back(socket);
  }
  sample.AddSnapshot("web1", kNoon, sockets);
  const std::string text = Show(*sample, "");
  size_t before = 0;
  for (const char* row :
       {"10.0.0.1:80\t200.9.9.9:1\t", "10.0.0.1:443\t9.9.9.9:1\t", "10.0.0.1:443\t10.9.9.9:2\t",
        "[2001:db8::2]:443\t[2001:db8::1]:5\t", "[2001:db8::2]:443\t[2001:db8::9]:5\t",
        "LISTEN\t0\t0\t10.0.0.1:80\t0.0.0.0:*\t"}) {
    INFO(row << "\n" << text);
    CHECK(text.find(row) != std::string::npos);
    CHECK(text.find(row) > before);
    before = text.find(row);
  }
  const Choice choice = ChooseSnapshots(*sample, ResolveScope(*sample, Request()), {});
  for (const auto& [limit, is_whole] :
       std::vector<std::pair<int64_t, bool>>{{5, false}, {6, true}}) {
    SocketsOptions options;
    options.limit = limit;
    std::string ignored;
    const auto writer = MakeTsvWriter(
        {true, capture::Zone(), [&ignored](std::string_view piece) { ignored += piece; }});
    CHECK(WriteSockets(*sample, choice, Parse(""), options, *writer) == is_whole);
  }
}

}  // namespace
}  // namespace tcpsnap::report
