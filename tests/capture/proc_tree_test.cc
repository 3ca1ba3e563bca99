// Copies of /proc: which tables are one, which one is read, and what its namespace is called.
#include "capture/proc_tree.h"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "support/catch.h"

namespace tcpsnap::capture {
namespace {

using procnet::Family;
using procnet::Records;
using procnet::SocketRecord;
using procnet::State;

SocketRecord Socket(uint16_t port, uint64_t inode, State state = State::kListen,
                    Family family = Family::kTcp) {
  SocketRecord record{};
  record.local_words[0] = 0x0100007F;
  record.local_port = port;
  record.state = state;
  record.family = family;
  record.inode = inode;
  return record;
}

struct Event {
  std::string path;
  std::string target;              // of a link
  std::vector<SocketRecord> rows;  // of a table
  bool is_link = false;
};
Event Link(std::string path, std::string target) {
  return {std::move(path), std::move(target), {}, true};
}
Event Table(std::string path, std::vector<SocketRecord> rows) {
  return {std::move(path), {}, std::move(rows), false};
}

ProcTrees TreesOf(const std::vector<Event>& events) {
  ProcTrees trees;
  for (const Event& event : events) {
    if (event.is_link) {
      trees.AddLink(event.path, event.target);
    } else {
      trees.AddTable(event.path, Records(event.rows.begin(), event.rows.end()));
    }
  }
  return trees;
}

// "PATH read NETNS" or "PATH copy of PATH NETNS", in the order of the paths, which is the same for
// any order of the calls.
std::vector<std::string> Decisions(std::vector<Event> events) {
  std::vector<std::string> first;
  std::mt19937 random(7);
  for (int round = 0; round < 20; ++round) {
    const ProcTrees trees = TreesOf(events);
    std::vector<std::string> lines;
    for (const Event& event : events) {
      if (event.is_link) continue;
      const ProcTrees::Decision decision = trees.Of(event.path);
      lines.push_back(event.path + (decision.read ? " read" : " copy of " + decision.copy_of) +
                      (decision.netns.empty() ? "" : " " + decision.netns));
      CHECK(decision.read == decision.copy_of.empty());
    }
    std::sort(lines.begin(), lines.end());
    if (round == 0) first = lines;
    REQUIRE(lines == first);
    std::shuffle(events.begin(), events.end(), random);
  }
  return first;
}
using Lines = std::vector<std::string>;

const SocketRecord kSsh = Socket(22, 1001);
const SocketRecord kWeb = Socket(80, 1002);
const SocketRecord kWeb6 = Socket(80, 1003, State::kListen, Family::kTcp6);
const SocketRecord kPod = Socket(80, 2001);  // another socket with the same endpoints as kWeb
const SocketRecord kGone = Socket(4000, 0, State::kTimeWait);

TEST_CASE("the path of a table is taken apart") {
  struct Good {
    const char *path, *root, *whose;
    bool tcp6;
  };
  for (const Good& good :
       std::vector<Good>{{"proc/net/tcp", "", "", false},
                         {"/proc/net/tcp6", "/", "", true},
                         {"sos-1/proc/self/net/tcp", "sos-1/", "self", false},
                         {"sos-1/proc/thread-self/net/tcp", "sos-1/", "thread-self", false},
                         {"sos-1/proc/4711/net/tcp6", "sos-1/", "4711", true},
                         {"sos-1/proc/4711/task/4712/net/tcp", "sos-1/", "4711/task/4712", false},
                         {"a.zip!proc/4711/net/tcp", "a.zip!", "4711", false},
                         {"a.zip!4711/net/tcp", "a.zip!", "4711", false},
                         {"dest/4711/net/tcp", "dest/", "4711", false},
                         {"4711/task/4712/net/tcp", "", "4711/task/4712", false},
                         {"proc/4711/root/proc/1/net/tcp", "proc/4711/root/", "1", false},
                         {"x/4194304/net/tcp", "x/", "4194304", false}}) {
    CAPTURE(good.path);
    const std::optional<ProcPath> path = ReadProcPath(good.path);
    REQUIRE(path);
    CHECK(path->root == good.root);
    CHECK(path->whose == good.whose);
    CHECK(path->tcp6 == good.tcp6);
  }
  for (const char* other :
       {"", "tcp", "net/tcp", "x/net/tcp", "proc/net/udp", "proc/net/tcp.gz", "proc/1/ns/net",
        "20261122/net/tcp", "4194305/net/tcp", "0737/net/tcp", "0/net/tcp", "proc/4711/tcp",
        "xproc/net/tcp", "proc/net/tcp/", "proc/4711x/net/tcp", "proc/-1/net/tcp", "/net/tcp"}) {
    CAPTURE(other);
    CHECK_FALSE(ReadProcPath(other));
  }
}

TEST_CASE("a sosreport: the process that proc/net leads to is read") {
  CHECK(Decisions({Link("s/proc/net", "self/net"), Link("s/proc/self", "3255"),
                   Table("s/proc/1/net/tcp", {kSsh, kWeb}), Table("s/proc/1/net/tcp6", {kWeb6}),
                   Table("s/proc/3255/net/tcp", {kSsh, kWeb}),
                   Table("s/proc/3255/net/tcp6", {kWeb6})}) ==
        Lines{"s/proc/1/net/tcp copy of s/proc/3255/net/tcp",
              "s/proc/1/net/tcp6 copy of s/proc/3255/net/tcp6", "s/proc/3255/net/tcp read",
              "s/proc/3255/net/tcp6 read"});
  CHECK(Decisions({Link("s/proc/net", "/proc/self/net"), Link("s/proc/self", "/proc/3255"),
                   Table("s/proc/44/net/tcp", {kSsh}), Table("s/proc/3255/net/tcp", {kSsh})})[0] ==
        "s/proc/3255/net/tcp read");
}

TEST_CASE("links to namespaces decide, whatever the tables share") {
  CHECK(Decisions({Link("proc/1/ns/net", "net:[4026531840]"),
                   Link("proc/7/ns/net", "net:[4026531840]\n"),
                   Link("proc/4711/ns/net", "net:[4026532281]"),
                   Link("proc/4800/ns/net", "net:[4026532999]"), Table("proc/1/net/tcp", {kSsh}),
                   Table("proc/7/net/tcp", {kWeb}), Table("proc/4711/net/tcp", {kPod}),
                   Table("proc/4712/net/tcp", {kPod}), Table("proc/4800/net/tcp", {kSsh})}) ==
        Lines{"proc/1/net/tcp read", "proc/4711/net/tcp read 4026532281",
              "proc/4712/net/tcp copy of proc/4711/net/tcp 4026532281",
              "proc/4800/net/tcp read 4026532999", "proc/7/net/tcp copy of proc/1/net/tcp"});
}

TEST_CASE("without a link, and between two namespaces, it is the lower number's") {
  CHECK(Decisions({Link("proc/1/ns/net", "net:[4026532281]"),
                   Link("proc/7/ns/net", "net:[4026531840]"), Table("proc/1/net/tcp", {kSsh}),
                   Table("proc/7/net/tcp", {kSsh}), Table("proc/8/net/tcp", {kSsh})}) ==
        Lines{"proc/1/net/tcp read", "proc/7/net/tcp read 4026531840",
              "proc/8/net/tcp copy of proc/7/net/tcp 4026531840"});
}

TEST_CASE("without links a socket in common is a namespace in common, over others too") {
  // 30 shares nothing with 10, only with 20; the pod has other inodes on the same endpoints.
  CHECK(Decisions({Table("proc/10/net/tcp", {kSsh}), Table("proc/20/net/tcp", {kSsh, kWeb}),
                   Table("proc/30/net/tcp", {kWeb}), Table("proc/40/net/tcp", {kPod}),
                   Table("proc/50/net/tcp", {kPod})}) ==
        Lines{"proc/10/net/tcp read", "proc/20/net/tcp copy of proc/10/net/tcp",
              "proc/30/net/tcp copy of proc/10/net/tcp", "proc/40/net/tcp read pid-40",
              "proc/50/net/tcp copy of proc/40/net/tcp pid-40"});
}

TEST_CASE("either table of a process tells of both") {
  CHECK(Decisions({Table("proc/5/net/tcp", {}), Table("proc/5/net/tcp6", {kWeb6}),
                   Table("proc/6/net/tcp", {kSsh}), Table("proc/6/net/tcp6", {kWeb6})}) ==
        Lines{"proc/5/net/tcp read", "proc/5/net/tcp6 read",
              "proc/6/net/tcp copy of proc/5/net/tcp", "proc/6/net/tcp6 copy of proc/5/net/tcp6"});
  // Where the one that is read lacks a table, another has it; the lowest that has both goes first.
  CHECK(Decisions({Table("proc/5/net/tcp", {kSsh}), Table("proc/6/net/tcp", {kSsh}),
                   Table("proc/6/net/tcp6", {kWeb6}), Table("proc/9/net/tcp6", {kWeb6})}) ==
        Lines{"proc/5/net/tcp copy of proc/6/net/tcp", "proc/6/net/tcp read",
              "proc/6/net/tcp6 read", "proc/9/net/tcp6 copy of proc/6/net/tcp6"});
}

TEST_CASE("tables without inodes are one where all their rows are equal") {
  const SocketRecord other = Socket(4001, 0, State::kTimeWait);
  CHECK(Decisions({Table("proc/5/net/tcp", {kGone}), Table("proc/6/net/tcp", {kGone}),
                   Table("proc/7/net/tcp", {kGone, other})}) ==
        Lines{"proc/5/net/tcp read", "proc/6/net/tcp copy of proc/5/net/tcp",
              "proc/7/net/tcp read pid-7"});
}

// A connection of which no process has the socket.
SocketRecord Gone(uint32_t remote, uint16_t local_port, State state = State::kTimeWait) {
  SocketRecord record = Socket(local_port, 0, state);
  record.local_words[0] = 0x0501020A;
  record.remote_words[0] = remote;
  record.remote_port = 443;
  return record;
}

TEST_CASE("tables without inodes that changed between two reads share a connection") {
  constexpr uint32_t kPeer = 0x0901020A, kLoopback = 0x0100007F, kLoopbackBig = 0x7F000001;
  CHECK(Decisions({Table("proc/5/net/tcp", {Gone(kPeer, 4000), Gone(kPeer, 4001)}),
                   Table("proc/6/net/tcp", {Gone(kPeer, 4001), Gone(kPeer, 4002)}),
                   Table("proc/7/net/tcp", {Gone(kPeer, 4003)}),
                   Table("proc/8/net/tcp", {Gone(kPeer, 4002)})}) ==
        Lines{"proc/5/net/tcp read", "proc/6/net/tcp copy of proc/5/net/tcp",
              "proc/7/net/tcp read pid-7", "proc/8/net/tcp copy of proc/5/net/tcp"});
  // The same in every namespace: no sign of one.
  SocketRecord loopback6 = Gone(0, 4001);
  loopback6.family = Family::kTcp6;
  loopback6.remote_words[3] = 0x01000000;
  SocketRecord mapped = loopback6;
  mapped.remote_words[2] = 0xFFFF0000;
  mapped.remote_words[3] = kLoopback;
  for (const SocketRecord& shared :
       {Gone(kLoopback, 4001), Gone(kLoopbackBig, 4001), Gone(kPeer, 4001, State::kListen),
        Socket(4001, 0, State::kTimeWait), loopback6, mapped}) {
    const bool v6 = shared.family == Family::kTcp6;
    const std::string table = v6 ? "/net/tcp6" : "/net/tcp";
    const auto family = [&](SocketRecord record) {
      record.family = shared.family;
      if (v6) record.remote_words[0] = 0x20010DB8;
      return record;
    };
    CHECK(Decisions({Table("proc/5" + table, {shared, family(Gone(kPeer, 4000))}),
                     Table("proc/6" + table, {shared, family(Gone(kPeer, 4002))})}) ==
          Lines{"proc/5" + table + " read", "proc/6" + table + " read pid-6"});
  }
  SocketRecord peer6 = mapped;
  peer6.remote_words[3] = kPeer;
  SocketRecord other6 = peer6;
  other6.local_port = 4002;
  CHECK(Decisions({Table("proc/5/net/tcp6", {peer6}), Table("proc/6/net/tcp6", {peer6, other6})}) ==
        Lines{"proc/5/net/tcp6 read", "proc/6/net/tcp6 copy of proc/5/net/tcp6"});
}

TEST_CASE("tables without inodes of thousands of connections, read moments apart") {
  ProcTrees trees;
  for (int pid = 1; pid <= 20; ++pid) {  // each read begins 100 connections later
    std::vector<SocketRecord> rows;
    for (int i = 0; i < 3000; ++i) {
      rows.push_back(Gone(0x0901020A, static_cast<uint16_t>(1000 + pid * 100 + i)));
    }
    trees.AddTable("proc/" + std::to_string(pid * 3) + "/net/tcp",
                   Records(rows.begin(), rows.end()));
  }
  for (int pid = 1; pid <= 20; ++pid) {
    CHECK(trees.Of("proc/" + std::to_string(pid * 3) + "/net/tcp").read == (pid == 1));
  }
}

TEST_CASE("tables without any socket are one namespace") {
  CHECK(Decisions({Table("proc/5/net/tcp", {}), Table("proc/6/net/tcp", {})}) ==
        Lines{"proc/5/net/tcp read", "proc/6/net/tcp copy of proc/5/net/tcp"});
  CHECK(Decisions({Table("proc/1/net/tcp", {kSsh}), Table("proc/50/net/tcp", {}),
                   Table("proc/6/net/tcp", {}), Table("proc/6/net/tcp6", {})}) ==
        Lines{"proc/1/net/tcp read", "proc/50/net/tcp copy of proc/6/net/tcp pid-6",
              "proc/6/net/tcp read pid-6", "proc/6/net/tcp6 read pid-6"});
}

TEST_CASE("which namespace is the host's") {
  const Event pod = Table("proc/20/net/tcp", {kPod}), pod2 = Table("proc/21/net/tcp", {kPod});
  const Event host = Table("proc/30/net/tcp", {kSsh});
  const auto main_of = [](std::vector<Event> events) {
    const ProcTrees trees = TreesOf(events);
    std::string found;
    for (const Event& event : events) {
      const ProcTrees::Decision decision = trees.Of(event.path);
      if (!event.is_link && decision.read && decision.netns.empty()) found += event.path;
    }
    return found;
  };
  CHECK(main_of({pod, pod2, host}) == "proc/20/net/tcp");  // more processes
  CHECK(main_of({pod, host}) == "proc/20/net/tcp");        // the lower pid
  CHECK(main_of({pod, pod2, host, Link("proc/self", "30")}) == "proc/30/net/tcp");
  CHECK(main_of({pod, pod2, host, Link("proc/self", "20"), Link("proc/net", "30/net")}) ==
        "proc/30/net/tcp");
  CHECK(main_of({pod, pod2, host, Table("proc/net/tcp", {kSsh})}) == "proc/net/tcp");
  CHECK(main_of({pod, host, Table("proc/1/net/tcp", {kWeb}), Link("proc/net", "20/net")}) ==
        "proc/1/net/tcp");
  CHECK(main_of({pod, pod2, host, Link("proc/1/ns/net", "net:[7]"),
                 Link("proc/30/ns/net", "net:[7]")}) == "proc/30/net/tcp");
}

TEST_CASE("links that lead in a circle or nowhere are no links") {
  CHECK(Decisions({Link("proc/net", "self/net"), Link("proc/self", "thread-self"),
                   Link("proc/thread-self", "self"), Table("proc/9/net/tcp", {kSsh}),
                   Link("proc/8/ns/net", "net:[x]"), Link("proc/8/ns/net2", ""),
                   Table("proc/8/net/tcp", {kSsh})}) ==
        Lines{"proc/8/net/tcp read", "proc/9/net/tcp copy of proc/8/net/tcp"});
  CHECK(Decisions({Link("proc/net", "self/net"), Link("proc/self", "77"), Link("net", ""),
                   Table("proc/9/net/tcp", {kSsh})}) == Lines{"proc/9/net/tcp read"});
}

TEST_CASE("copies of what the links lead to, and threads") {
  CHECK(Decisions({Table("proc/net/tcp", {kSsh}), Table("proc/self/net/tcp", {kSsh}),
                   Table("proc/9/net/tcp", {kSsh}), Table("proc/9/task/9/net/tcp", {kGone}),
                   Table("proc/9/task/12/net/tcp", {kPod}),
                   Table("proc/9/task/11/net/tcp", {kPod})}) ==
        Lines{"proc/9/net/tcp copy of proc/net/tcp", "proc/9/task/11/net/tcp read pid-11",
              "proc/9/task/12/net/tcp copy of proc/9/task/11/net/tcp pid-11",
              "proc/9/task/9/net/tcp copy of proc/net/tcp", "proc/net/tcp read",
              "proc/self/net/tcp copy of proc/net/tcp"});
}

TEST_CASE("trees are decided each for itself") {
  CHECK(Decisions({Table("a/proc/5/net/tcp", {kSsh}), Table("b/proc/5/net/tcp", {kSsh}),
                   Table("b/5/net/tcp", {kSsh}), Table("b.zip!proc/5/net/tcp", {kSsh})}) ==
        Lines{"a/proc/5/net/tcp read", "b.zip!proc/5/net/tcp read", "b/5/net/tcp read",
              "b/proc/5/net/tcp read"});
}

TEST_CASE("processes without proc/ are a tree, folders that may be snapshots are all read") {
  const auto copies = [](const std::vector<int>& numbers, std::vector<Event> more = {}) {
    for (const int number : numbers) {
      more.push_back(Table("dest/" + std::to_string(number) + "/net/tcp", {kSsh}));
    }
    const Lines lines = Decisions(more);
    return std::count_if(lines.begin(), lines.end(),
                         [](const std::string& line) { return line.find("copy of") != line.npos; });
  };
  CHECK(copies({1, 4711}) == 1);
  CHECK(copies({1, 2, 17, 4711}) == 3);
  CHECK(copies({4711}) == 0);
  CHECK(copies({1, 2, 3}) == 0);
  CHECK(copies({10, 20, 30}) == 0);
  CHECK(copies({2024, 2026}) == 0);
  CHECK(copies({1437, 1445, 1500}) == 0);
  CHECK(copies({1, 2, 3}, {Link("dest/1/exe", "/sbin/init")}) == 2);
  CHECK(copies({1, 2, 3}, {Link("dest/self", "3")}) == 2);
  CHECK(copies({1, 2, 3}, {Table("dest/1/task/1/net/tcp", {kSsh})}) == 3);
}

TEST_CASE("what was never shown is read") {
  CHECK(ProcTrees().Of("proc/5/net/tcp") == ProcTrees::Decision{});
  const ProcTrees trees = TreesOf({Table("x/net/tcp", {kSsh}), Table("proc/5/net/tcp", {kSsh})});
  CHECK(trees.Of("x/net/tcp") == ProcTrees::Decision{});
}

TEST_CASE("tables that changed between two reads are still one") {
  // Only one of thousands of sockets lives longer than the reading of them takes: the listener.
  std::mt19937 random(3);
  std::vector<Event> events;
  for (int pid = 100; pid < 140; pid += 3) {
    std::vector<SocketRecord> rows = {kWeb};
    for (int i = 0; i < 5000; ++i) {
      rows.push_back(Socket(80, 100'000 + random(), State::kEstablished));
    }
    std::shuffle(rows.begin(), rows.end(), random);
    events.push_back(Table("proc/" + std::to_string(pid) + "/net/tcp", rows));
  }
  const ProcTrees trees = TreesOf(events);
  for (const Event& event : events) {
    CHECK(trees.Of(event.path).read == (event.path == "proc/100/net/tcp"));
  }
}

TEST_CASE("thousands of processes in two namespaces") {
  std::vector<SocketRecord> rows[2];
  for (uint16_t i = 1; i <= 100; ++i) {
    rows[0].push_back(Socket(i, i));
    rows[1].push_back(Socket(i, 1000u + i));
  }
  ProcTrees trees;
  for (int pid = 1; pid <= 5000; ++pid) {
    const std::string path = "proc/" + std::to_string(pid) + "/net/tcp";
    trees.AddTable(path, Records(rows[pid % 2].begin(), rows[pid % 2].end()));
  }
  CHECK(trees.Of("proc/1/net/tcp") == ProcTrees::Decision{true, "", ""});
  CHECK(trees.Of("proc/2/net/tcp") == ProcTrees::Decision{true, "pid-2", ""});
  CHECK(trees.Of("proc/5000/net/tcp") == ProcTrees::Decision{false, "pid-2", "proc/2/net/tcp"});
}

}  // namespace
}  // namespace tcpsnap::capture
