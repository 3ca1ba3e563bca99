// Which dumps are one snapshot: the rules of lib/store/pairing.h over random dumps of one host.
#include "store/pairing.h"

#include <algorithm>
#include <compare>
#include <cstdlib>
#include <map>
#include <optional>
#include <random>
#include <tuple>
#include <utility>
#include <vector>

#include "support/catch.h"

namespace tcpsnap::store {
namespace {

// A dump as its host knows it: without the ids, which depend on the order of import.
using Facts = std::tuple<int64_t, int, int64_t, int64_t>;  // time, family, ordinal, content
Facts FactsOf(const DumpMoment& dump) {
  return {dump.taken_ms, dump.family, dump.ordinal, dump.content_hash};
}

const Facts kNone{};

struct Group {
  int64_t taken_ms;
  int64_t ordinal;
  Facts tcp, tcp6;  // kNone where there is none
  friend auto operator<=>(const Group&, const Group&) = default;
};

std::vector<Group> Groups(std::vector<DumpMoment> dumps, std::optional<int64_t> interval) {
  std::vector<Group> groups;
  const auto facts = [&](int position) {
    return position < 0 ? kNone : FactsOf(dumps.at(static_cast<size_t>(position)));
  };
  for (const SnapshotMembers& members : PairDumps(dumps, interval)) {
    groups.push_back({members.taken_ms, members.ordinal, facts(members.tcp), facts(members.tcp6)});
  }
  return groups;
}

std::optional<int64_t> IntervalOf(std::vector<DumpMoment> dumps) {
  std::sort(dumps.begin(), dumps.end(),
            [](const auto& a, const auto& b) { return a.taken_ms < b.taken_ms; });
  MedianInterval median;
  for (const DumpMoment& dump : dumps) median.Add(dump.family, dump.taken_ms);
  return median.Value();
}

std::vector<Group> Groups(const std::vector<DumpMoment>& dumps) {
  return Groups(dumps, IntervalOf(dumps));
}

// Each stretch between two steps that no pair reaches over by itself.
std::vector<Group> GroupsByStretch(std::vector<DumpMoment> dumps) {
  const auto interval = IntervalOf(dumps);
  std::stable_sort(dumps.begin(), dumps.end(),
                   [](const auto& a, const auto& b) { return a.taken_ms < b.taken_ms; });
  std::vector<Group> groups;
  std::vector<DumpMoment> stretch;
  for (size_t i = 0; i < dumps.size(); ++i) {
    stretch.push_back(dumps[i]);
    if (i + 1 < dumps.size() &&
        !IsBetweenSnapshots(dumps[i].taken_ms, dumps[i + 1].taken_ms, interval)) {
      continue;
    }
    const std::vector<Group> some = Groups(std::exchange(stretch, {}), interval);
    groups.insert(groups.end(), some.begin(), some.end());
  }
  return groups;
}

DumpMoment Dump(int family, int64_t taken_ms, int64_t content, int64_t ordinal = 0) {
  static int64_t next_id = 0;
  DumpMoment dump;
  dump.dump_id = ++next_id;
  dump.family = family;
  dump.taken_ms = taken_ms;
  dump.ordinal = ordinal;
  dump.content_hash = content;
  return dump;
}

// The same, of these files; a file's folder is its number's tens.
DumpMoment DumpOf(std::vector<int64_t> sources, DumpMoment dump) {
  for (const int64_t source : sources) dump.folders.push_back(source / 10);
  dump.sources = std::move(sources);
  return dump;
}

// Most of a series of both families, each read a little late, some missing, some at the same time.
std::vector<DumpMoment> RandomDumps(std::mt19937& random) {
  const auto below = [&](int64_t count) {
    return std::uniform_int_distribution<int64_t>(0, count - 1)(random);
  };
  std::vector<DumpMoment> dumps;
  std::map<std::pair<int, int64_t>, int64_t> ordinals;
  const int64_t count = below(14);
  const int64_t step = 1 + below(40);
  for (int64_t i = 0; i < count; ++i) {
    for (const int family : {4, 6}) {
      if (below(5) == 0) continue;
      const int64_t taken_ms = 1000 + i * step + below(1 + step);
      std::vector<int64_t> sources;
      for (int64_t source = below(40); source < 40; source += 1 + below(40)) {
        sources.push_back(source);
      }
      dumps.push_back(
          DumpOf(sources, Dump(family, taken_ms, below(4), ordinals[{family, taken_ms}]++)));
    }
  }
  return dumps;
}

// The rules, one after the other and slowly.
std::vector<Group> ReferenceGroups(std::vector<DumpMoment> dumps) {
  std::sort(dumps.begin(), dumps.end(), [](const DumpMoment& a, const DumpMoment& b) {
    return std::tie(a.taken_ms, a.ordinal, a.content_hash) <
           std::tie(b.taken_ms, b.ordinal, b.content_hash);
  });
  std::vector<int64_t> intervals;
  for (const int family : {4, 6}) {
    std::optional<int64_t> last;
    for (const DumpMoment& dump : dumps) {
      if (dump.family != family) continue;
      if (last && *last != dump.taken_ms) intervals.push_back(dump.taken_ms - *last);
      last = dump.taken_ms;
    }
  }
  std::sort(intervals.begin(), intervals.end());

  std::vector<DumpMoment> left[2];
  for (const DumpMoment& dump : dumps) left[dump.family == 6].push_back(dump);
  std::vector<Group> groups;
  const auto pair = [&](std::vector<DumpMoment>::iterator tcp,
                        std::vector<DumpMoment>::iterator tcp6) {
    groups.push_back({tcp->taken_ms, 0, FactsOf(*tcp), FactsOf(*tcp6)});
    left[0].erase(tcp);
    left[1].erase(tcp6);
  };
  const auto common = [](const std::vector<int64_t>& a, const std::vector<int64_t>& b) {
    return std::find_first_of(a.begin(), a.end(), b.begin(), b.end()) != a.end();
  };
  // Equal times: of one file, then of one folder, then any; the first of those left with the first.
  for (int bond = 0; bond < 3; ++bond) {
    for (auto tcp = left[0].begin(); tcp != left[0].end();) {
      const auto tcp6 = std::find_if(left[1].begin(), left[1].end(), [&](const DumpMoment& dump) {
        return dump.taken_ms == tcp->taken_ms &&
               (bond == 2 || (bond == 1 && common(dump.folders, tcp->folders)) ||
                (bond == 0 && common(dump.sources, tcp->sources)));
      });
      if (tcp6 == left[1].end()) {
        ++tcp;
        continue;
      }
      const auto at = tcp - left[0].begin();
      pair(tcp, tcp6);
      tcp = left[0].begin() + at;
    }
  }
  while (!intervals.empty()) {  // the nearest two of all; of equally near ones the earliest
    const int64_t interval = intervals[intervals.size() / 2];
    std::optional<std::tuple<int64_t, int64_t, size_t, size_t>> best;
    for (size_t i = 0; i < left[0].size(); ++i) {
      for (size_t j = 0; j < left[1].size(); ++j) {
        const int64_t distance = std::abs(left[0][i].taken_ms - left[1][j].taken_ms);
        const int64_t earlier = std::min(left[0][i].taken_ms, left[1][j].taken_ms);
        // Of several at the same time the one that is nearest in the order of all dumps.
        const bool tcp_first = left[0][i].taken_ms < left[1][j].taken_ms;
        const std::tuple candidate(distance, earlier, i, j);
        if (distance * 2 >= interval) continue;
        if (!best) {
          best = candidate;
          continue;
        }
        const auto [best_distance, best_earlier, best_i, best_j] = *best;
        if (std::tie(distance, earlier) > std::tie(best_distance, best_earlier)) continue;
        if (std::tie(distance, earlier) < std::tie(best_distance, best_earlier)) {
          best = candidate;
          continue;
        }
        const bool nearer = tcp_first ? i > best_i || (i == best_i && j < best_j)
                                      : j > best_j || (j == best_j && i < best_i);
        if (nearer) best = candidate;
      }
    }
    if (!best) break;
    pair(left[0].begin() + static_cast<std::ptrdiff_t>(std::get<2>(*best)),
         left[1].begin() + static_cast<std::ptrdiff_t>(std::get<3>(*best)));
  }
  for (const DumpMoment& dump : left[0]) {
    groups.push_back({dump.taken_ms, 0, FactsOf(dump), kNone});
  }
  for (const DumpMoment& dump : left[1]) {
    groups.push_back({dump.taken_ms, 0, kNone, FactsOf(dump)});
  }
  return groups;
}

std::vector<Group> WithoutOrdinals(std::vector<Group> groups) {
  for (Group& group : groups) group.ordinal = 0;
  std::sort(groups.begin(), groups.end());
  return groups;
}

TEST_CASE("a host without dumps has no snapshot") { CHECK(Groups({}).empty()); }

TEST_CASE("dumps of equal time are one snapshot, however few they are") {
  const auto groups = Groups({Dump(6, 5000, 2), Dump(4, 5000, 1)});
  REQUIRE(groups.size() == 1);
  CHECK(groups[0].tcp != kNone);
  CHECK(groups[0].tcp6 != kNone);
}

TEST_CASE("a single dump of each family pairs at equal times only: there is no interval to tell") {
  CHECK(Groups({Dump(4, 5000, 1), Dump(6, 5001, 2)}).size() == 2);
  CHECK(Groups({Dump(4, 5000, 1)}).size() == 1);
  CHECK(Groups({Dump(6, 5000, 1)}).size() == 1);
}

TEST_CASE("dumps pair below half the median interval, not at it") {
  const auto series = [](int64_t late_ms) {
    std::vector<DumpMoment> dumps;
    for (int64_t i = 0; i < 4; ++i) {
      dumps.push_back(Dump(4, 1000 * i, i));
      dumps.push_back(Dump(6, 1000 * i + late_ms, i));
    }
    return Groups(dumps).size();
  };
  CHECK(series(0) == 4);
  CHECK(series(499) == 4);
  CHECK(series(500) == 8);
  CHECK(series(-499) == 4);
}

TEST_CASE("a snapshot bears the time of its tcp dump") {
  const auto groups = Groups({Dump(4, 1000, 1), Dump(6, 990, 2), Dump(4, 2000, 3)});
  REQUIRE(groups.size() == 2);
  CHECK(groups[0].taken_ms == 1000);
  CHECK(std::get<0>(groups[0].tcp6) == 990);
}

TEST_CASE("of several dumps of one time the k-th pairs with the k-th") {
  const auto groups = Groups({Dump(4, 5000, 30, 0), Dump(4, 5000, 10, 1), Dump(4, 5000, 20, 2),
                              Dump(6, 5000, 2, 0), Dump(6, 5000, 1, 1)});
  REQUIRE(groups.size() == 3);
  for (size_t i = 0; i < groups.size(); ++i) {
    CAPTURE(i);
    CHECK(groups[i].ordinal == static_cast<int64_t>(i));
    CHECK(std::get<2>(groups[i].tcp) == static_cast<int64_t>(i));
    CHECK((groups[i].tcp6 != kNone) == (i < 2));
    if (i < 2) CHECK(std::get<2>(groups[i].tcp6) == static_cast<int64_t>(i));
  }
}

TEST_CASE("dumps of one time and one file belong together, then those of one folder") {
  // Two recorders that ran in the same second; the hashes would pair them crosswise.
  const auto groups = Groups({DumpOf({10}, Dump(4, 5000, 1)), DumpOf({10}, Dump(6, 5000, 9)),
                              DumpOf({20}, Dump(4, 5000, 2)), DumpOf({20}, Dump(6, 5000, 8)),
                              DumpOf({31}, Dump(4, 5000, 3)), DumpOf({32}, Dump(6, 5000, 7)),
                              DumpOf({41}, Dump(4, 5000, 4)), DumpOf({52}, Dump(6, 5000, 6))});
  REQUIRE(groups.size() == 4);
  for (const Group& group : groups) {
    CHECK(std::get<3>(group.tcp) + std::get<3>(group.tcp6) == 10);
  }
}

TEST_CASE("the nearest dumps pair first, and what they leave can pair across them") {
  // 6 and 9 are the nearest; then 0 and 20 are nearer to each other than 20 and 44.
  std::vector<DumpMoment> dumps = {Dump(4, 0, 0), Dump(6, 6, 0), Dump(4, 9, 0), Dump(6, 20, 0),
                                   Dump(4, 44, 0)};
  for (int64_t i = 0; i < 20; ++i) dumps.push_back(Dump(4, 1000 + 100 * i, i));
  const auto groups = Groups(dumps);
  REQUIRE(groups.size() == 23);
  CHECK(std::get<0>(groups[0].tcp6) == 20);
  CHECK(std::get<0>(groups[1].tcp6) == 6);
  CHECK(groups[2].tcp6 == kNone);
}

TEST_CASE("over random dumps the rules hold, and the order of the dumps never matters") {
  std::mt19937 random(1);
  for (int round = 0; round < 3000; ++round) {
    CAPTURE(round);
    std::vector<DumpMoment> dumps = RandomDumps(random);
    const std::vector<Group> groups = Groups(dumps);

    std::vector<Facts> members, facts;
    for (const Group& group : groups) {
      REQUIRE((group.tcp != kNone || group.tcp6 != kNone));
      if (group.tcp != kNone) {
        REQUIRE(std::get<1>(group.tcp) == 4);
        REQUIRE(std::get<0>(group.tcp) == group.taken_ms);
        members.push_back(group.tcp);
      } else {
        REQUIRE(std::get<0>(group.tcp6) == group.taken_ms);
      }
      if (group.tcp6 != kNone) {
        REQUIRE(std::get<1>(group.tcp6) == 6);
        members.push_back(group.tcp6);
      }
    }
    for (const DumpMoment& dump : dumps) facts.push_back(FactsOf(dump));
    std::sort(members.begin(), members.end());
    std::sort(facts.begin(), facts.end());
    REQUIRE(members == facts);  // each dump stands in exactly one snapshot

    for (size_t i = 0; i < groups.size(); ++i) {  // in order, and named by time and ordinal
      const bool same = i > 0 && groups[i].taken_ms == groups[i - 1].taken_ms;
      REQUIRE((i == 0 || groups[i - 1].taken_ms <= groups[i].taken_ms));
      REQUIRE(groups[i].ordinal == (same ? groups[i - 1].ordinal + 1 : 0));
    }
    REQUIRE(WithoutOrdinals(groups) == WithoutOrdinals(ReferenceGroups(dumps)));
    REQUIRE(GroupsByStretch(dumps) == groups);

    for (int shuffle = 0; shuffle < 3; ++shuffle) {
      std::shuffle(dumps.begin(), dumps.end(), random);
      REQUIRE(Groups(dumps) == groups);
    }
  }
}

}  // namespace
}  // namespace tcpsnap::store
