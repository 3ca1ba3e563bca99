#include "store/snapshots.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "store/id_set.h"
#include "store/pairing.h"

namespace tcpsnap::store {
namespace {

// The folders of sources, numbered in the order in which they are asked for.
class Folders {
 public:
  explicit Folders(Database& database)
      : path_(database.Prepare("SELECT path FROM source WHERE id = ?")) {}

  /// Forgets the numbers.
  void Forget() {
    numbers_.clear();
    by_source_.clear();
  }

  int64_t Of(int64_t source_id) {
    const auto [place, is_new] = by_source_.try_emplace(source_id);
    if (!is_new) return place->second;
    path_.Bind(1, source_id).Step();
    const std::string_view path = path_.Text(0);
    const size_t slash = path.rfind('/');
    const std::string folder(path.substr(0, slash == path.npos ? 0 : slash));
    path_.Reset();
    const auto number = static_cast<int64_t>(numbers_.size());
    place->second = numbers_.emplace(folder, number).first->second;
    return place->second;
  }

 private:
  Statement path_;
  std::unordered_map<std::string, int64_t> numbers_;
  std::unordered_map<int64_t, int64_t> by_source_;
};

// The dumps of a host in order of time, some at a time.
class MomentReader {
 public:
  MomentReader(Database& database, int64_t host_id)
      : folders_(database),
        copies_(database.Prepare("SELECT source_id FROM dump_copy WHERE dump_id = ?")),
        families_{{Prepare(database), false}, {Prepare(database), false}} {
    Statement times = database.Prepare(
        "SELECT family, taken_ms FROM dump WHERE host_id = ? ORDER BY family, taken_ms");
    MedianInterval median;
    times.Bind(1, host_id);
    while (times.Step()) {
      median.Add(static_cast<int>(times.Integer(0)), times.Integer(1));
      from_ms_ = std::min(from_ms_.value_or(INT64_MAX), times.Integer(1));
    }
    interval_ = median.Value();
    families_[0].read.Bind(1, host_id).Bind(2, int64_t{4});
    families_[1].read.Bind(1, host_id).Bind(2, int64_t{6});
  }

  std::optional<int64_t> interval() const { return interval_; }

  /// The next ones: all up to a step that no pair reaches over. Nothing at the end.
  std::vector<DumpMoment> Next() {
    std::vector<DumpMoment> dumps;
    if (!from_ms_) return dumps;
    folders_.Forget();
    for (Family& family : families_) {
      family.read.Bind(3, *from_ms_);
      family.has_row = family.read.Step();
    }
    from_ms_.reset();
    while (Family* const next = Earlier()) {
      const int64_t taken_ms = next->read.Integer(kTakenMs);
      if (dumps.size() >= kEnough &&
          IsBetweenSnapshots(dumps.back().taken_ms, taken_ms, interval_)) {
        from_ms_ = taken_ms;
        break;
      }
      dumps.push_back(Take(next->read));
      next->has_row = next->read.Step();
    }
    for (Family& family : families_) family.read.Reset();  // so that the table may be changed
    return dumps;
  }

 private:
  static constexpr size_t kEnough = 4096;
  static constexpr int kTakenMs = 2;
  struct Family {
    Statement read;
    bool has_row;
  };

  static Statement Prepare(Database& database) {
    return database.Prepare(
        "SELECT id, family, taken_ms, ordinal, content_hash, snapshot_id, time_origin, source_id"
        " FROM dump WHERE host_id = ? AND family = ? AND taken_ms >= ? ORDER BY taken_ms");
  }

  Family* Earlier() {
    auto& [tcp, tcp6] = families_;
    if (!tcp.has_row || !tcp6.has_row) return tcp.has_row ? &tcp : tcp6.has_row ? &tcp6 : nullptr;
    return tcp6.read.Integer(kTakenMs) < tcp.read.Integer(kTakenMs) ? &tcp6 : &tcp;
  }

  DumpMoment Take(Statement& row) {
    DumpMoment dump;
    dump.dump_id = row.Integer(0);
    dump.family = static_cast<int>(row.Integer(1));
    dump.taken_ms = row.Integer(kTakenMs);
    dump.ordinal = row.Integer(3);
    dump.content_hash = row.Integer(4);
    dump.snapshot_id = row.Integer(5);
    dump.time_origin = row.Text(6);
    dump.sources = {row.Integer(7)};
    copies_.Bind(1, dump.dump_id);
    while (copies_.Step()) dump.sources.push_back(copies_.Integer(0));
    copies_.Reset();
    std::sort(dump.sources.begin(), dump.sources.end());
    for (const int64_t source : dump.sources) dump.folders.push_back(folders_.Of(source));
    std::sort(dump.folders.begin(), dump.folders.end());
    return dump;
  }

  Folders folders_;
  Statement copies_;
  Family families_[2];
  std::optional<int64_t> interval_;
  std::optional<int64_t> from_ms_;  // where the next ones begin
};

// Writes the snapshots of a host.
class SnapshotWriter {
 public:
  SnapshotWriter(Database& database, int64_t host_id)
      : database_(database),
        host_id_(host_id),
        find_(database.Prepare(
            "SELECT taken_ms, ordinal, time_origin FROM snapshot WHERE id = ? AND host_id = ?")),
        insert_(database.Prepare(
            "INSERT INTO snapshot (host_id, taken_ms, ordinal, time_origin) VALUES (?, ?, ?, ?)")),
        update_(database.Prepare(
            "UPDATE snapshot SET taken_ms = ?, ordinal = ?, time_origin = ? WHERE id = ?")),
        move_(database.Prepare("UPDATE dump SET snapshot_id = ? WHERE id = ?")) {}

  void Write(const SnapshotMembers& members, const DumpMoment* tcp, const DumpMoment* tcp6) {
    const DumpMoment& first = tcp != nullptr ? *tcp : *tcp6;
    // Keep the row that the first dump points at, unless another snapshot has it already.
    int64_t id = first.snapshot_id;
    find_.Bind(1, id).Bind(2, host_id_);
    const bool is_there = find_.Step();
    const bool is_same = is_there && find_.Integer(0) == members.taken_ms &&
                         find_.Integer(1) == members.ordinal && find_.Text(2) == first.time_origin;
    find_.Reset();
    if (!is_there || !used_.Insert(id)) {
      insert_.Bind(1, host_id_).Bind(2, members.taken_ms).Bind(3, members.ordinal);
      insert_.Bind(4, std::string_view(first.time_origin)).Run();
      id = database_.LastInsertRowId();
      used_.Insert(id);
    } else if (!is_same) {
      update_.Bind(1, members.taken_ms).Bind(2, members.ordinal);
      update_.Bind(3, std::string_view(first.time_origin)).Bind(4, id).Run();
    }
    for (const DumpMoment* dump : {tcp, tcp6}) {
      if (dump == nullptr || dump->snapshot_id == id) continue;
      move_.Bind(1, id).Bind(2, dump->dump_id).Run();
    }
  }

  /// Removes those of the host that were not written.
  void RemoveRest() {
    std::vector<int64_t> rest;
    Statement list = database_.Prepare("SELECT id FROM snapshot WHERE host_id = ?");
    list.Bind(1, host_id_);
    while (list.Step()) {
      if (!used_.Contains(list.Integer(0))) rest.push_back(list.Integer(0));
    }
    list.Reset();
    Statement remove = database_.Prepare("DELETE FROM snapshot WHERE id = ?");
    for (const int64_t id : rest) remove.Bind(1, id).Run();
  }

 private:
  Database& database_;
  int64_t host_id_;
  Statement find_, insert_, update_, move_;
  IdSet used_;
};

}  // namespace

void RepairSnapshots(Database& database, int64_t host_id) {
  MomentReader reader(database, host_id);
  SnapshotWriter writer(database, host_id);
  for (std::vector<DumpMoment> dumps = reader.Next(); !dumps.empty(); dumps = reader.Next()) {
    const auto member = [&](int position) {
      return position < 0 ? nullptr : &dumps[static_cast<size_t>(position)];
    };
    for (const SnapshotMembers& members : PairDumps(dumps, reader.interval())) {
      writer.Write(members, member(members.tcp), member(members.tcp6));
    }
  }
  writer.RemoveRest();
}

}  // namespace tcpsnap::store
