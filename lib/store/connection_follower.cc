#include "store/connection_follower.h"

#include <algorithm>
#include <list>
#include <map>
#include <memory>
#include <tuple>
#include <utility>
#include <vector>

#include "store/connection_tracker.h"
#include "store/derived_writer.h"
#include "store/worker.h"

namespace tcpsnap::store {
namespace {

/// Enough to make up for the wake-up, and for one thread to be late.
constexpr size_t kRowsForWorker = 32 << 10;

/// A larger dump is followed at once: the next one would come to lie beside it.
constexpr size_t kMostRowsForWorker = 64 << 10;

// A host and family, and a place in its order of dumps.
using SeriesKey = std::pair<int64_t, int64_t>;
using Place = std::tuple<int64_t, int64_t, int64_t>;  // taken_ms, ordinal, content_hash

// A dump that the database has, with those columns of its rows that a tracker looks at.
class DumpReader {
 public:
  explicit DumpReader(Database& database) : database_(database) {}

  TrackedDump Read(int64_t dump_id) {
    dump_.Bind(1, dump_id).Step();
    TrackedDump dump{dump_id, dump_.Integer(0), dump_.Integer(1), {}};
    const int64_t last_row = dump_.Integer(2);
    dump_.Reset();
    rows_.clear();
    rows_.reserve(static_cast<size_t>(std::max<int64_t>(last_row - dump.first_row + 1, 0)));
    read_.Bind(1, dump.first_row).Bind(2, last_row);
    while (read_.Step()) {
      SocketRow& row = rows_.emplace_back();
      row.local = read_.Integer(0);
      row.remote = read_.Integer(1);
      row.kind = read_.Integer(2);
      row.timer = read_.Integer(3);
      row.uid = read_.Integer(4);
      row.inode = read_.Integer(5);
    }
    read_.Reset();
    dump.rows = rows_;
    return dump;  // its rows are valid until the next one is read
  }

 private:
  Database& database_;
  std::vector<SocketRow> rows_;
  Statement dump_ =
      database_.Prepare("SELECT taken_ms, first_row, last_row FROM dump WHERE id = ?");
  Statement read_ = database_.Prepare(
      "SELECT local, remote, kind, timer, uid, inode FROM socket_row WHERE id BETWEEN ? AND ?");
};

void DropConnections(Database& database, const SeriesKey& key) {
  Statement ranges = database.Prepare(
      "SELECT first_connection, last_connection FROM dump WHERE host_id = ? AND family = ?"
      " AND first_connection <= last_connection");
  Statement drop = database.Prepare("DELETE FROM connection WHERE id BETWEEN ? AND ?");
  ranges.Bind(1, key.first).Bind(2, key.second);
  while (ranges.Step()) drop.Bind(1, ranges.Integer(0)).Bind(2, ranges.Integer(1)).Run();
  for (const char* sql : {"DELETE FROM transition WHERE dump_id IN"
                          " (SELECT id FROM dump WHERE host_id = ? AND family = ?)",
                          "DELETE FROM turnover WHERE dump_id IN"
                          " (SELECT id FROM dump WHERE host_id = ? AND family = ?)",
                          "UPDATE dump SET first_connection = 1, last_connection = 0"
                          " WHERE host_id = ? AND family = ?"}) {
    database.Prepare(sql).Bind(1, key.first).Bind(2, key.second).Run();
  }
}

void MarkStale(Database& database, const SeriesKey& key) {
  database
      .Prepare(
          "INSERT INTO followed (host_id, family, stale, mixed) VALUES (?, ?, 1, 0)"
          " ON CONFLICT (host_id, family) DO UPDATE SET stale = 1")
      .Bind(1, key.first)
      .Bind(2, key.second)
      .Run();
}

}  // namespace

struct ConnectionFollower::State {
  State(Database& db, size_t most) : database(db), most_rows(most) {}

  struct Series {
    std::unique_ptr<ConnectionTracker> tracker;  // while it is trusted
    Place last;
    size_t rows = 0;      // of its last dump
    bool marked = false;  // as stale
    std::list<SeriesKey>::iterator in_use;
  };

  Database& database;
  size_t most_rows;
  DerivedWriter writer{database};
  DumpReader reader{database};
  std::map<SeriesKey, Series> series;
  std::list<SeriesKey> in_use;  // those with a tracker, the latest first
  size_t tracked_rows = 0;
  size_t largest_dump = 0;  // rows

  struct Task {
    ConnectionTracker* tracker = nullptr;
    StoredSamples dump;
  };
  std::vector<Task> gathered, at_work;
  size_t gathered_rows = 0;
  Worker worker;  // does at_work: uses trackers and the writer, not the database

  void FollowWork();
  int64_t HandOver();
  int64_t Settle();
  Series& Find(const SeriesKey& key, int64_t new_dump);
  void Open(const SeriesKey& key, int64_t new_dump, Series& one);
  bool Resume(const std::vector<int64_t>& dumps, ConnectionTracker& tracker);
  void FinishTracker(ConnectionTracker& tracker, const std::function<void(int64_t)>& wrote);
  void Close(Series& one);
  int64_t MakeRoom(const SeriesKey& key);
  void FollowAnew(const SeriesKey& key, const std::function<void(int64_t)>& wrote);
  int64_t TicksPerSecond(int64_t host_id);
  void SetFollowed(const SeriesKey& key, bool mixed);
};

ConnectionFollower::ConnectionFollower(Database& database, size_t most_rows)
    : state_(std::make_unique<State>(database, most_rows)) {}

ConnectionFollower::~ConnectionFollower() = default;

int64_t ConnectionFollower::State::TicksPerSecond(int64_t host_id) {
  Statement find = database.Prepare("SELECT ticks_per_second FROM host WHERE id = ?");
  find.Bind(1, host_id).Step();
  return find.Integer(0);
}

void ConnectionFollower::State::SetFollowed(const SeriesKey& key, bool mixed) {
  database
      .Prepare(
          "INSERT OR REPLACE INTO followed (host_id, family, stale, mixed) VALUES (?, ?, 0, ?)")
      .Bind(1, key.first)
      .Bind(2, key.second)
      .Bind(3, mixed)
      .Run();
}

// Goes on where an earlier import ended: its last two dumps, and what was stored of them. False
// where these don't tell enough.
bool ConnectionFollower::State::Resume(const std::vector<int64_t>& dumps,
                                       ConnectionTracker& tracker) {
  for (auto dump = dumps.rbegin(); dump != dumps.rend(); ++dump) {
    tracker.FollowAgain(reader.Read(*dump));
  }
  if (tracker.is_mixed()) return false;

  Statement stored = database.Prepare(
      "SELECT c.id, c.first_dump, c.last_row, c.samples, c.local, c.remote, c.first_kind,"
      " c.last_kind, c.uid, c.inode FROM dump AS d"
      " JOIN connection AS c ON c.id BETWEEN d.first_connection AND d.last_connection"
      " WHERE d.id = ?");
  Statement changes = database.Prepare(
      "SELECT x.dump_id, x.from_dump, x.from_kind, x.to_kind FROM transition AS x"
      " JOIN dump AS d ON d.id = x.dump_id WHERE x.connection_id = ?"
      " ORDER BY d.taken_ms, d.ordinal, d.content_hash");
  Statement drop_transitions = database.Prepare("DELETE FROM transition WHERE connection_id = ?");
  Statement drop_connections = database.Prepare(
      "DELETE FROM connection WHERE id BETWEEN (SELECT first_connection FROM dump WHERE id = ?1)"
      " AND (SELECT last_connection FROM dump WHERE id = ?1)");
  Statement clear_range =
      database.Prepare("UPDATE dump SET first_connection = 1, last_connection = 0 WHERE id = ?");
  for (const int64_t dump : dumps) {
    stored.Bind(1, dump);
    while (stored.Step()) {
      const auto column = [&](int i) { return stored.Integer(i); };
      const int64_t id = column(0);
      const ConnectionRow row{column(1), column(2), column(3), column(4), column(5),
                              column(6), column(7), column(8), column(9)};
      std::vector<TransitionRow> transitions;
      changes.Bind(1, id);
      while (changes.Step()) {
        transitions.push_back(
            {changes.Integer(0), changes.Integer(1), changes.Integer(2), changes.Integer(3)});
      }
      changes.Reset();
      if (!transitions.empty()) drop_transitions.Bind(1, id).Run();
      tracker.Recall(row, transitions);
    }
    stored.Reset();
    drop_connections.Bind(1, dump).Run();
    clear_range.Bind(1, dump).Run();
  }
  return true;
}

void ConnectionFollower::State::Open(const SeriesKey& key, int64_t new_dump, Series& one) {
  Statement state =
      database.Prepare("SELECT stale OR mixed FROM followed WHERE host_id = ? AND family = ?");
  state.Bind(1, key.first).Bind(2, key.second);
  const bool is_followed = state.Step();
  if (is_followed && state.Integer(0) != 0) return;

  std::vector<int64_t> dumps;  // the last two, the later one first
  Statement last = database.Prepare(
      "SELECT id, taken_ms, ordinal, content_hash FROM dump"
      " WHERE host_id = ? AND family = ? AND id <> ?"
      " ORDER BY taken_ms DESC, ordinal DESC, content_hash DESC LIMIT 2");
  last.Bind(1, key.first).Bind(2, key.second).Bind(3, new_dump);
  while (last.Step()) {
    if (dumps.empty()) one.last = {last.Integer(1), last.Integer(2), last.Integer(3)};
    dumps.push_back(last.Integer(0));
  }
  if (dumps.empty() != !is_followed) return;
  one.tracker = std::make_unique<ConnectionTracker>(TicksPerSecond(key.first), writer);
  if (!Resume(dumps, *one.tracker)) {
    one.tracker.reset();
    return;
  }
  if (dumps.empty()) one.last = {INT64_MIN, 0, 0};
  in_use.push_front(key);
  one.in_use = in_use.begin();
}

void ConnectionFollower::State::FollowWork() {
  for (const auto& [tracker, dump] : at_work) {
    tracker->Follow({dump.dump_id, dump.taken_ms, dump.first_row, dump.rows});
  }
  at_work.clear();
}

// Gives the worker what was gathered, once it has done and told what it was given before.
int64_t ConnectionFollower::State::HandOver() {
  worker.Wait();
  const int64_t bytes = writer.Write();
  std::swap(gathered, at_work);
  gathered_rows = 0;
  return bytes;
}

// Nothing is at work after this: trackers may be used and dropped.
int64_t ConnectionFollower::State::Settle() {
  const int64_t bytes = HandOver();
  FollowWork();
  return bytes + writer.Write();
}

ConnectionFollower::State::Series& ConnectionFollower::State::Find(const SeriesKey& key,
                                                                   int64_t new_dump) {
  const auto [place, is_new] = series.try_emplace(key);
  Series& one = place->second;
  if (is_new) Open(key, new_dump, one);
  if (!one.marked) {
    MarkStale(database, key);
    one.marked = true;
  }
  return one;
}

void ConnectionFollower::State::FinishTracker(ConnectionTracker& tracker,
                                              const std::function<void(int64_t)>& wrote) {
  while (tracker.FinishSome()) wrote(writer.Write());
}

void ConnectionFollower::State::Close(Series& one) {
  if (!one.tracker) return;
  one.tracker.reset();
  tracked_rows -= one.rows;
  one.rows = 0;
  in_use.erase(one.in_use);
}

// Hands over what the trackers that were not used for the longest time hold. Should a further dump
// of theirs come in this run, they are followed anew at its end: with hosts that take turns that is
// cheaper than to take up each of them again and again.
int64_t ConnectionFollower::State::MakeRoom(const SeriesKey& key) {
  // Both families of a host are followed at once, however large they are.
  const auto is_full = [&] {
    return tracked_rows > std::max(most_rows, 2 * largest_dump) && in_use.back() != key;
  };
  if (!is_full()) return 0;
  int64_t bytes = Settle();
  do {
    const SeriesKey oldest_key = in_use.back();
    Series& oldest = series.at(oldest_key);
    FinishTracker(*oldest.tracker, [&](int64_t written) { bytes += written; });
    SetFollowed(oldest_key, oldest.tracker->is_mixed());
    oldest.marked = false;
    Close(oldest);
  } while (is_full());
  return bytes;
}

int64_t ConnectionFollower::Add(StoredSamples&& dump) {
  State& s = *state_;
  const SeriesKey key{dump.host_id, dump.family};
  State::Series& one = s.Find(key, dump.dump_id);
  if (!one.tracker) return 0;
  const Place place{dump.taken_ms, dump.ordinal, dump.content_hash};
  if (place <= one.last) {
    const int64_t bytes = s.Settle();
    s.Close(one);
    return bytes;
  }
  one.last = place;
  s.tracked_rows += dump.rows.size() - one.rows;
  one.rows = dump.rows.size();
  s.largest_dump = std::max(s.largest_dump, one.rows);
  s.in_use.splice(s.in_use.begin(), s.in_use, one.in_use);
  int64_t bytes = s.MakeRoom(key);
  s.gathered_rows += one.rows;
  s.gathered.push_back({one.tracker.get(), std::move(dump)});
  if (one.rows > kMostRowsForWorker) {
    bytes += s.Settle();
  } else if (s.gathered_rows >= kRowsForWorker) {
    bytes += s.HandOver();
    s.worker.Begin([&s] { s.FollowWork(); });
  }
  return bytes;
}

void ConnectionFollower::Distrust(int64_t host_id, int64_t family) {
  State& s = *state_;
  s.Settle();
  const SeriesKey key{host_id, family};
  State::Series& one = s.series[key];
  s.Close(one);
  if (!one.marked) MarkStale(s.database, key);
  one.marked = true;
}

void ConnectionFollower::RolledBack() {
  State& s = *state_;
  s.worker.Wait();
  s.gathered.clear();
  s.gathered_rows = 0;
  s.writer.Drop();
  for (auto& [key, one] : s.series) {
    s.Close(one);
    one.marked = false;
  }
}

void ConnectionFollower::State::FollowAnew(const SeriesKey& key,
                                           const std::function<void(int64_t)>& wrote) {
  DropConnections(database, key);
  std::vector<int64_t> dumps;
  Statement list = database.Prepare(
      "SELECT id FROM dump WHERE host_id = ? AND family = ?"
      " ORDER BY taken_ms, ordinal, content_hash");
  list.Bind(1, key.first).Bind(2, key.second);
  while (list.Step()) dumps.push_back(list.Integer(0));
  list.Reset();
  if (dumps.empty()) {
    database.Prepare("DELETE FROM followed WHERE host_id = ? AND family = ?")
        .Bind(1, key.first)
        .Bind(2, key.second)
        .Run();
    return;
  }
  ConnectionTracker tracker(TicksPerSecond(key.first), writer);
  for (const int64_t dump : dumps) {
    tracker.Follow(reader.Read(dump));
    wrote(writer.Write());
  }
  FinishTracker(tracker, wrote);
  SetFollowed(key, tracker.is_mixed());
}

void ConnectionFollower::Finish(const std::function<void(int64_t)>& wrote) {
  State& s = *state_;
  wrote(s.Settle());
  for (auto& [key, one] : s.series) {
    if (!one.tracker) continue;
    s.FinishTracker(*one.tracker, wrote);
    s.SetFollowed(key, one.tracker->is_mixed());
    s.Close(one);
  }
  s.series.clear();
  std::vector<SeriesKey> stale;
  Statement list =
      s.database.Prepare("SELECT host_id, family FROM followed WHERE stale ORDER BY 1, 2");
  while (list.Step()) stale.emplace_back(list.Integer(0), list.Integer(1));
  list.Reset();
  for (const SeriesKey& key : stale) s.FollowAnew(key, wrote);
}

void ForgetConnections(Database& database, int64_t host_id, int64_t family) {
  const SeriesKey key{host_id, family};
  DropConnections(database, key);
  MarkStale(database, key);
}

}  // namespace tcpsnap::store
