#include "store/pairing.h"

#include <algorithm>
#include <optional>
#include <queue>
#include <tuple>

namespace tcpsnap::store {
namespace {

// What two dumps of equal time have in common, the strongest first.
enum class Bond { kSource, kFolder, kTime };

bool HaveCommon(const std::vector<int64_t>& a, const std::vector<int64_t>& b) {
  return std::any_of(a.begin(), a.end(),
                     [&](int64_t x) { return std::binary_search(b.begin(), b.end(), x); });
}

bool AreBound(const DumpMoment& a, const DumpMoment& b, Bond bond) {
  switch (bond) {
    case Bond::kSource:
      return HaveCommon(a.sources, b.sources);
    case Bond::kFolder:
      return HaveCommon(a.folders, b.folders);
    case Bond::kTime:
      break;
  }
  return true;
}

struct Candidate {
  int64_t distance_ms;
  int earlier;
  int later;
  /// The nearest are the greatest; of equally near ones those that stand first.
  friend bool operator<(const Candidate& a, const Candidate& b) {
    return std::tie(b.distance_ms, b.earlier) < std::tie(a.distance_ms, a.earlier);
  }
};

}  // namespace

void MedianInterval::Add(int family, int64_t taken_ms) {
  std::optional<int64_t>& last = last_[family == 6];
  if (last && *last != taken_ms) ++steps_[taken_ms - *last];
  last = taken_ms;
}

std::optional<int64_t> MedianInterval::Value() const {
  int64_t total = 0;
  for (const auto& [step, times] : steps_) total += times;
  int64_t left = total / 2;
  for (const auto& [step, times] : steps_) {
    if (left < times) return step;
    left -= times;
  }
  return std::nullopt;
}

bool IsBetweenSnapshots(int64_t before_ms, int64_t after_ms, std::optional<int64_t> interval) {
  const int64_t step = after_ms - before_ms;
  return step > 0 && (!interval || step * 2 >= *interval);
}

std::vector<SnapshotMembers> PairDumps(std::vector<DumpMoment>& dumps,
                                       std::optional<int64_t> interval) {
  std::sort(dumps.begin(), dumps.end(), [](const DumpMoment& a, const DumpMoment& b) {
    return std::tie(a.taken_ms, a.ordinal, a.content_hash, a.dump_id) <
           std::tie(b.taken_ms, b.ordinal, b.content_hash, b.dump_id);
  });

  // partner[i]: position of the dump that i is paired with.
  std::vector<int> partner(dumps.size(), -1);
  const auto pair = [&](int a, int b) {
    partner[static_cast<size_t>(a)] = b;
    partner[static_cast<size_t>(b)] = a;
  };

  // Equal times.
  const auto at = [&](int i) -> const DumpMoment& { return dumps[static_cast<size_t>(i)]; };
  for (size_t begin = 0, end = 0; begin < dumps.size(); begin = end) {
    std::vector<int> members[2];
    for (; end < dumps.size() && dumps[end].taken_ms == dumps[begin].taken_ms; ++end) {
      members[dumps[end].family == 6].push_back(static_cast<int>(end));
    }
    for (const Bond bond : {Bond::kSource, Bond::kFolder, Bond::kTime}) {
      for (const int tcp : members[0]) {
        for (const int tcp6 : members[1]) {
          if (partner[static_cast<size_t>(tcp)] >= 0) break;
          if (partner[static_cast<size_t>(tcp6)] < 0 && AreBound(at(tcp), at(tcp6), bond)) {
            pair(tcp, tcp6);
          }
        }
      }
    }
  }

  // Of the rest the nearest two of different family, again and again. They are always neighbours
  // among those that are still single, and pairing them makes new neighbours.
  if (interval) {
    std::vector<int> singles;
    for (size_t i = 0; i < dumps.size(); ++i) {
      if (partner[i] < 0) singles.push_back(static_cast<int>(i));
    }
    // Of each single dump its neighbours among the others, -1 at the ends.
    std::vector<int> before(dumps.size(), -1);
    std::vector<int> after(dumps.size(), -1);
    std::priority_queue<Candidate> candidates;
    const auto join = [&](int earlier, int later) {
      if (earlier >= 0) after[static_cast<size_t>(earlier)] = later;
      if (later >= 0) before[static_cast<size_t>(later)] = earlier;
      if (earlier < 0 || later < 0) return;
      const DumpMoment& a = dumps[static_cast<size_t>(earlier)];
      const DumpMoment& b = dumps[static_cast<size_t>(later)];
      const int64_t distance = b.taken_ms - a.taken_ms;
      if (a.family == b.family || IsBetweenSnapshots(a.taken_ms, b.taken_ms, interval)) return;
      candidates.push({distance, earlier, later});
    };
    for (size_t i = 0; i + 1 < singles.size(); ++i) join(singles[i], singles[i + 1]);
    while (!candidates.empty()) {
      const Candidate nearest = candidates.top();
      candidates.pop();
      const auto earlier = static_cast<size_t>(nearest.earlier);
      const auto later = static_cast<size_t>(nearest.later);
      if (partner[earlier] >= 0 || partner[later] >= 0) continue;
      pair(nearest.earlier, nearest.later);
      join(before[earlier], after[later]);
    }
  }

  std::vector<SnapshotMembers> snapshots;
  for (size_t i = 0; i < dumps.size(); ++i) {
    const bool tcp6 = dumps[i].family == 6;
    if (tcp6 && partner[i] >= 0) continue;  // it comes with its tcp dump
    SnapshotMembers snapshot{dumps[i].taken_ms, 0, static_cast<int>(i), partner[i]};
    if (tcp6) snapshot = {dumps[i].taken_ms, 0, -1, static_cast<int>(i)};
    snapshots.push_back(snapshot);
  }
  std::stable_sort(snapshots.begin(), snapshots.end(),
                   [](const auto& a, const auto& b) { return a.taken_ms < b.taken_ms; });
  for (size_t i = 1; i < snapshots.size(); ++i) {
    if (snapshots[i].taken_ms == snapshots[i - 1].taken_ms) {
      snapshots[i].ordinal = snapshots[i - 1].ordinal + 1;
    }
  }
  return snapshots;
}

}  // namespace tcpsnap::store
