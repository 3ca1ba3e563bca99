#include "store/snapshots.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "store/pairing.h"

namespace tcpsnap::store {
namespace {

struct SnapshotRow {
  int64_t taken_ms;
  int64_t ordinal;
  std::string time_origin;
};

// The folders of sources, numbered in the order in which they are asked for.
class Folders {
 public:
  explicit Folders(Database& database)
      : path_(database.Prepare("SELECT path FROM source WHERE id = ?")) {}

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

std::vector<DumpMoment> ReadDumps(Database& database, int64_t host_id) {
  Folders folders(database);
  std::vector<DumpMoment> dumps;
  // A dump once for each file that holds it.
  Statement read = database.Prepare(
      "SELECT d.id, d.family, d.taken_ms, d.ordinal, d.content_hash, d.snapshot_id, d.time_origin,"
      " x.source_id FROM"
      " (SELECT id AS dump_id, source_id FROM dump WHERE host_id = ?1"
      "  UNION SELECT c.dump_id, c.source_id FROM dump_copy AS c JOIN dump AS o ON o.id = c.dump_id"
      "   WHERE o.host_id = ?1) AS x"
      " CROSS JOIN dump AS d ON d.id = x.dump_id ORDER BY d.id, x.source_id");
  read.Bind(1, host_id);
  while (read.Step()) {
    if (dumps.empty() || dumps.back().dump_id != read.Integer(0)) {
      DumpMoment& dump = dumps.emplace_back();
      dump.dump_id = read.Integer(0);
      dump.family = static_cast<int>(read.Integer(1));
      dump.taken_ms = read.Integer(2);
      dump.ordinal = read.Integer(3);
      dump.content_hash = read.Integer(4);
      dump.snapshot_id = read.Integer(5);
      dump.time_origin = read.Text(6);
    }
    dumps.back().sources.push_back(read.Integer(7));
    dumps.back().folders.push_back(folders.Of(read.Integer(7)));
  }
  for (DumpMoment& dump : dumps) std::sort(dump.folders.begin(), dump.folders.end());
  return dumps;
}

}  // namespace

void RepairSnapshots(Database& database, int64_t host_id) {
  std::vector<DumpMoment> dumps = ReadDumps(database, host_id);

  std::unordered_map<int64_t, SnapshotRow> present;
  Statement read_snapshots =
      database.Prepare("SELECT id, taken_ms, ordinal, time_origin FROM snapshot WHERE host_id = ?");
  read_snapshots.Bind(1, host_id);
  while (read_snapshots.Step()) {
    present[read_snapshots.Integer(0)] = {read_snapshots.Integer(1), read_snapshots.Integer(2),
                                          std::string(read_snapshots.Text(3))};
  }
  read_snapshots.Reset();

  Statement insert = database.Prepare(
      "INSERT INTO snapshot (host_id, taken_ms, ordinal, time_origin) VALUES (?, ?, ?, ?)");
  Statement update = database.Prepare(
      "UPDATE snapshot SET taken_ms = ?, ordinal = ?, time_origin = ? WHERE id = ?");
  Statement move = database.Prepare("UPDATE dump SET snapshot_id = ? WHERE id = ?");
  Statement remove = database.Prepare("DELETE FROM snapshot WHERE id = ?");

  const std::vector<SnapshotMembers> wanted = PairDumps(dumps);
  std::unordered_set<int64_t> used;
  for (const SnapshotMembers& members : wanted) {
    const auto member = [&](int position) -> const DumpMoment* {
      return position < 0 ? nullptr : &dumps[static_cast<size_t>(position)];
    };
    const DumpMoment* const tcp = member(members.tcp);
    const DumpMoment* const tcp6 = member(members.tcp6);
    const DumpMoment& first = tcp != nullptr ? *tcp : *tcp6;
    const SnapshotRow row{members.taken_ms, members.ordinal, first.time_origin};

    // Keep the row that the first dump points at, unless another snapshot has it already.
    int64_t id = first.snapshot_id;
    const auto old = present.find(id);
    if (old == present.end() || !used.insert(id).second) {
      insert.Bind(1, host_id).Bind(2, row.taken_ms).Bind(3, row.ordinal);
      insert.Bind(4, std::string_view(row.time_origin)).Run();
      id = database.LastInsertRowId();
      used.insert(id);
    } else if (old->second.taken_ms != row.taken_ms || old->second.ordinal != row.ordinal ||
               old->second.time_origin != row.time_origin) {
      update.Bind(1, row.taken_ms).Bind(2, row.ordinal);
      update.Bind(3, std::string_view(row.time_origin)).Bind(4, id).Run();
    }
    for (const DumpMoment* dump : {tcp, tcp6}) {
      if (dump == nullptr || dump->snapshot_id == id) continue;
      move.Bind(1, id).Bind(2, dump->dump_id).Run();
    }
  }
  for (const auto& [id, row] : present) {
    if (!used.contains(id)) remove.Bind(1, id).Run();
  }
}

}  // namespace tcpsnap::store
