// Hosts of which files in different folders hold different tables of one moment.
#include "capture/same_moment.h"

#include <string>
#include <utility>
#include <vector>

#include "support/catch.h"

namespace tcpsnap::capture {
namespace {

using procnet::Family;

CapturedDump Dump(std::vector<uint64_t> inodes, bool open = false, int64_t taken_ms = 1000,
                  const std::string& netns = "") {
  CapturedDump dump;
  dump.host = "localhost";
  dump.netns = netns;
  dump.taken_ms = taken_ms;
  dump.open = open;
  for (const uint64_t inode : inodes) {
    procnet::SocketRecord record{};
    record.inode = inode;
    dump.records.push_back(record);
  }
  return dump;
}

struct Source {
  std::string path;
  std::vector<CapturedDump> dumps;
};

// All warnings of a run.
std::vector<std::string> Warnings(const std::vector<Source>& sources,
                                  const std::optional<HostPattern>& pattern = {}) {
  SameMomentCheck check(pattern);
  std::vector<std::string> warnings;
  for (const Source& source : sources) {
    check.Begin(source.path);
    for (const CapturedDump& dump : source.dumps) {
      if (auto warning = check.Add(dump)) warnings.push_back(std::move(*warning));
    }
  }
  return warnings;
}

TEST_CASE("different tables of a moment in different folders are warned of once a host") {
  const std::vector<Source> fleet = {{"fleet/web1/tcp", {Dump({1, 2}, true)}},
                                     {"fleet/web2/tcp", {Dump({3, 4}, true)}},
                                     {"fleet/web3/tcp", {Dump({1}, true)}}};
  CHECK(Warnings(fleet) ==
        std::vector<std::string>{
            "localhost: files of different folders hold different tables of the same moment "
            "(fleet/web1, fleet/web2): if they are of several hosts or network namespaces, forget "
            "them and import them with --host-from"});
  CHECK(Warnings({fleet[0], fleet[2]}).size() == 1);  // fewer rows, and the same first one
  CHECK(Warnings(fleet, HostPattern("fleet/{host}/*")).empty());
  CHECK(Warnings(fleet, HostPattern("other/{host}/*")).size() == 1);
  CHECK(Warnings({{"a.tar!tcp", {Dump({1})}}, {"b.tar!tcp", {Dump({2})}}}).size() == 1);
  CHECK(Warnings({{"tcp", {Dump({1})}}, {"b/tcp", {Dump({2})}}}).at(0).find("(., b)") !=
        std::string::npos);
}

TEST_CASE("what one host may well have is not warned of") {
  CapturedDump tcp6 = Dump({2});
  tcp6.family = Family::kTcp6;
  CapturedDump second = Dump({2});
  CapturedDump damaged = Dump({2});
  damaged.refused.emplace_back();
  second.ordinal = 1;  // the second read of that second, in both files
  for (const Source& other : std::vector<Source>{{"b/tcp", {Dump({1})}},
                                                 {"a/other", {Dump({2})}},
                                                 {"b/tcp6", {tcp6}},
                                                 {"b/later", {Dump({2}, false, 2000)}},
                                                 {"b/pod", {Dump({2}, false, 1000, "pod-7")}},
                                                 {"b/damaged", {damaged}},
                                                 {"b/again", {Dump({1}), second}}}) {
    CAPTURE(other.path);
    CHECK(Warnings({{"a/tcp", {Dump({1}), second}}, other}).empty());
  }
}

TEST_CASE("an earlier copy of a recording that goes on ends within a dump") {
  const Source whole = {"new/log",
                        {Dump({1}), Dump({1, 2, 3}, false, 2000), Dump({4}, true, 3000)}};
  for (const std::vector<uint64_t>& cut : std::vector<std::vector<uint64_t>>{{}, {1}, {1, 2}}) {
    const Source copy = {"old/log", {Dump({1}), Dump(cut, true, 2000)}};
    CHECK(Warnings({copy, whole}).empty());
    CHECK(Warnings({whole, copy}).empty());
  }
  CHECK(Warnings({{"old/log", {Dump({1}), Dump({2}, true, 2000)}}, whole}).size() == 1);
  CHECK(Warnings({{"old/log", {Dump({1}), Dump({1, 2, 3, 4}, true, 2000)}}, whole}).size() == 1);
}

TEST_CASE("of many dumps the same moments are looked at in all files") {
  SameMomentCheck check({}, 100);
  check.Begin("a/log");
  for (int64_t second = 0; second < 2000; ++second) {
    CHECK_FALSE(check.Add(Dump({1}, false, second * 1000)));
  }
  check.Begin("b/log");
  int looked_at = 0;
  for (int64_t second = 0; second < 2000; ++second) {
    SameMomentCheck one = check;  // a host is warned of once
    if (one.Add(Dump({2}, false, second * 1000))) ++looked_at;
  }
  CHECK(looked_at > 25);
  CHECK(looked_at <= 100);
}

}  // namespace
}  // namespace tcpsnap::capture
