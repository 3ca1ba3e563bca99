#include "store/snapshots.h"

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

}  // namespace

void RepairSnapshots(Database& database, int64_t host_id) {
  std::vector<DumpMoment> dumps;
  std::unordered_map<int64_t, std::string> origins;  // by dump
  Statement read_dumps = database.Prepare(
      "SELECT id, family, taken_ms, ordinal, content_hash, snapshot_id, time_origin FROM dump"
      " WHERE host_id = ?");
  read_dumps.Bind(1, host_id);
  while (read_dumps.Step()) {
    dumps.push_back({read_dumps.Integer(0), static_cast<int>(read_dumps.Integer(1)),
                     read_dumps.Integer(2), read_dumps.Integer(3), read_dumps.Integer(4),
                     read_dumps.Integer(5)});
    origins.emplace(read_dumps.Integer(0), std::string(read_dumps.Text(6)));
  }
  read_dumps.Reset();

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
    const SnapshotRow row{members.taken_ms, members.ordinal, origins[first.dump_id]};

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
