// Follows the sockets of one host and family from dump to dump. No SQLite here: rows in, rows out.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "store/sighting.h"
#include "store/socket_row.h"

namespace tcpsnap::store {

/// One row of the table connection: its columns in their order, and nothing else.
struct ConnectionRow {
  int64_t first_dump = 0;
  int64_t last_row = 0;
  int64_t samples = 0;
  int64_t local = 0;
  int64_t remote = 0;
  int64_t first_kind = 0;
  int64_t last_kind = 0;
  int64_t uid = 0;
  int64_t inode = 0;
};

/// One row of transition, without the connection's id.
struct TransitionRow {
  int64_t dump_id = 0;
  int64_t from_dump = 0;
  int64_t from_kind = 0;
  int64_t to_kind = 0;
};

/// One row of turnover, without the dump's id.
struct TurnoverRow {
  bool missed = false;
  int64_t from_state = 0;
  int64_t to_state = 0;
  int64_t sockets = 0;
};

/// Takes what the tracker finds out.
class ConnectionSink {
 public:
  virtual ~ConnectionSink() = default;
  /// A connection that is over, with its transitions in order of time. Those that were last seen
  /// in one dump come together, in the order of their rows.
  virtual void Ended(int64_t last_dump, const ConnectionRow& connection,
                     std::span<const TransitionRow> transitions) = 0;
  virtual void Turnover(int64_t dump_id, const TurnoverRow& turnover) = 0;
};

/// A dump of which the rows are socket_row first_row and following.
struct TrackedDump {
  int64_t id = 0;
  int64_t taken_ms = 0;
  int64_t first_row = 0;
  std::span<const SocketRow> rows;
};

class ConnectionTracker {
 public:
  /// `ticks_per_second` is the host's. The sink must outlive the tracker.
  ConnectionTracker(int64_t ticks_per_second, ConnectionSink& sink);

  /// The next dump in order of time.
  void Follow(const TrackedDump& dump);

  /// Follows a dump that was followed before, by another tracker: nothing is handed to the sink.
  /// The last two dumps in their order, then Recall for what was stored of them.
  void FollowAgain(const TrackedDump& dump);
  /// A stored connection of which the last row is one of these dumps'. It will be handed over
  /// again, in its place.
  void Recall(const ConnectionRow& connection, std::span<const TransitionRow> transitions);

  /// Hands over what is left, up to so many sockets at once; false when that was all. Nothing may
  /// follow.
  bool FinishSome(size_t most = 16 << 10);

  /// True once two rows of one dump had the same endpoints, listening sockets excepted. What the
  /// last two dumps and the stored connections tell is not enough then to go on in another run.
  bool is_mixed() const { return is_mixed_; }

 private:
  static constexpr uint32_t kNone = UINT32_MAX;
  static constexpr int kKindBits = 10;
  static constexpr uint32_t kKindMask = (1U << kKindBits) - 1;

  // 64 bytes, twice for each row of the last dump: much of what an import holds.
  struct Entry {
    int64_t local = 0;
    int64_t remote = 0;
    int64_t inode = 0;  ///< of ConnectionRow: the last one that it had
    int64_t uid = 0;
    int64_t ends_ms = 0;  ///< of its last Sighting, like the next two
    int64_t first_dump = 0;
    uint32_t row = 0;  ///< its place in the last dump that has it
    uint32_t samples = 0;
    uint32_t transition = kNone;  ///< the latest, in transitions_
    uint32_t last_kind : kKindBits = 0;
    uint32_t first_kind : kKindBits = 0;
    uint32_t has_inode : 1 = 0;     ///< now
    uint32_t is_hidden : 1 = 0;     ///< by the dump before the one that is being read
    uint32_t is_continued : 1 = 0;  ///< by a row of that
    Sighting last() const { return {last_kind, has_inode ? inode : 0, ends_ms}; }
  };
  static_assert(sizeof(Entry) == 64);
  /// A list of entries, in the order of the rows of the dump that has them.
  struct Sightings {
    int64_t dump_id = 0;
    int64_t first_row = 0;
    std::vector<Entry> entries;
  };
  struct Transition {
    TransitionRow row;
    uint32_t before;  ///< of the same connection; or the next free one
  };

  void Index();
  bool TakeSameInode(const TrackedDump& dump, size_t row, const Sighting& now);
  void TakeAny(const TrackedDump& dump, size_t row, const Sighting& now);
  template <typename Fits>
  Entry* Find(const SocketRow& row, Fits fits);
  void See(Entry& entry, const SocketRow& row, const Sighting& now, size_t place);
  void Continue(Entry& entry, const TrackedDump& dump, size_t row, const Sighting& now);
  void Begin(const TrackedDump& dump, size_t row, const Sighting& now);
  void AddTransition(Entry& entry, const TransitionRow& transition);
  void DropTransitions(Entry& entry);
  void TellTurnover(int64_t dump_id);
  void Retire();
  void HandOver(Sightings& list, size_t begin, size_t end);

  int64_t ticks_per_second_;
  ConnectionSink& sink_;
  bool is_silent_ = false;
  bool is_mixed_ = false;
  // Of the dump that is being read, by row; of the one before it, by row; of the one before that,
  // those that it hides, or that ended.
  Sightings now_, before_, hidden_;
  std::vector<uint32_t> index_;  ///< by endpoints: number in before_, then hidden_, + 1; 0: free
  std::vector<uint32_t> with_inode_, without_inode_;  ///< rows that no equal inode settles
  std::array<std::array<std::array<int64_t, 16>, 16>, 2> turnover_{};  ///< missed, from, to
  std::vector<Transition> transitions_;
  uint32_t free_transition_ = kNone;
  size_t finished_ = 0;  ///< of hidden_, then of before_
  std::vector<TransitionRow> handed_over_;
};

}  // namespace tcpsnap::store
