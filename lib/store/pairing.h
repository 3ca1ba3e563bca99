// Which dumps are one snapshot: a pure function of all dumps of a host, so that the order in which
// they were imported never shows.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tcpsnap::store {

struct DumpMoment {
  int64_t dump_id = 0;
  int family = 4;
  int64_t taken_ms = 0;
  int64_t ordinal = 0;  ///< of the dumps of its source with this time and family
  int64_t content_hash = 0;
  int64_t snapshot_id = 0;  ///< the snapshot that it belongs to now
  std::string time_origin;
  /// The files that hold it, and their folders: two sorted lists of numbers.
  std::vector<int64_t> sources, folders;
};

/// One snapshot to be: positions in the list of dumps, -1 where a family is missing.
struct SnapshotMembers {
  int64_t taken_ms = 0;  ///< of the tcp dump, or of the tcp6 dump where there is no other
  int64_t ordinal = 0;   ///< counts up where several snapshots bear the same time
  int tcp = -1;
  int tcp6 = -1;
};

/// The median of the steps from one time to the next other time of the same family, over all dumps
/// of a host; none when no family has two times.
class MedianInterval {
 public:
  /// The dumps of each family come in order of time.
  void Add(int family, int64_t taken_ms);
  std::optional<int64_t> Value() const;

 private:
  std::optional<int64_t> last_[2];
  std::map<int64_t, int64_t> steps_;  // ms -> how often: few are different
};

/// Pairs reach over less than half the median interval. True when none can have its dumps on both
/// sides of this step, so that those before and those after it can be paired by themselves.
bool IsBetweenSnapshots(int64_t before_ms, int64_t after_ms, std::optional<int64_t> interval);

/// Pairs tcp and tcp6 dumps of one host: those of equal time first (of them those of one file, then
/// those of one folder, then the k-th with the k-th), then the nearest ones that are less than half
/// the interval apart. The result is in order of time. Sorts `dumps`.
std::vector<SnapshotMembers> PairDumps(std::vector<DumpMoment>& dumps,
                                       std::optional<int64_t> interval);

}  // namespace tcpsnap::store
