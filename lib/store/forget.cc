#include "store/forget.h"

#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store/connection_follower.h"
#include "store/snapshots.h"
#include "store/socket_row.h"

namespace tcpsnap::store {
namespace {

struct OwnedDump {
  int64_t id;
  int64_t host_id;
  int64_t family;
  int64_t snapshot_id;
  int64_t row_count;
  int64_t duplicates;
  int64_t first_row, last_row;
  int64_t first_census, last_census;
};

class Forgetter {
 public:
  Forgetter(Database& database, Forgotten& result) : database_(database), result_(result) {}

  // Up to the limit of a transaction; false when the source owns no more dumps.
  bool RemoveSomeDumps(int64_t source_id, int64_t transaction_bytes);
  void RemoveSource(int64_t source_id);
  // What is left of the snapshots and hosts whose dumps are gone.
  void Repair();

 private:
  bool HandOver(const OwnedDump& dump, int64_t source_id);
  void Remove(const OwnedDump& dump, int64_t source_id);

  Database& database_;
  Forgotten& result_;
  std::set<std::pair<int64_t, int64_t>> unfollowed_;  // host, family: nothing is derived any more

  Statement next_ = database_.Prepare(
      "SELECT id, host_id, family, snapshot_id, row_count, duplicates, first_row, last_row,"
      " first_census, last_census FROM dump WHERE source_id = ? LIMIT 1");
  Statement find_copy_ = database_.Prepare(
      "SELECT source_id, line, byte_offset FROM dump_copy"
      " WHERE dump_id = ? AND source_id <> ? AND row_count = ? ORDER BY source_id LIMIT 1");
  Statement own_ =
      database_.Prepare("UPDATE dump SET source_id = ?, line = ?, byte_offset = ? WHERE id = ?");
  Statement drop_copy_ = database_.Prepare(
      "DELETE FROM dump_copy WHERE dump_id = ? AND source_id = ? AND byte_offset = ?");
  Statement owner_account_ = database_.Prepare(
      "UPDATE source SET known = known - ?1 - ?2, samples = samples + ?1,"
      " duplicates = duplicates + ?2 WHERE id = ?3");
  Statement own_account_ = database_.Prepare(
      "UPDATE source SET samples = samples - ?1, duplicates = duplicates - ?2,"
      " lines = lines - ?1 - ?2, complete = 0 WHERE id = ?3");
  Statement cut_copies_ = database_.Prepare(
      "SELECT o.path FROM dump_copy AS c JOIN source AS o ON o.id = c.source_id"
      " WHERE c.dump_id = ? AND c.source_id <> ? GROUP BY o.id ORDER BY o.path");
  Statement reopen_sources_ = database_.Prepare(
      "UPDATE source SET complete = 0 WHERE id IN"
      " (SELECT source_id FROM dump_copy WHERE dump_id = ?)");
  Statement drop_copies_ = database_.Prepare("DELETE FROM dump_copy WHERE dump_id = ?");
  Statement unlink_rejects_ =
      database_.Prepare("UPDATE rejected_line SET dump_id = NULL WHERE dump_id = ?");
  Statement drop_rows_ = database_.Prepare("DELETE FROM socket_row WHERE id BETWEEN ? AND ?");
  Statement drop_census_ = database_.Prepare("DELETE FROM census WHERE id BETWEEN ? AND ?");
  // At once: a snapshot without a dump would count as one without sockets.
  Statement drop_snapshot_ = database_.Prepare(
      "DELETE FROM snapshot WHERE id = ?1"
      " AND NOT EXISTS (SELECT 1 FROM dump WHERE dump.snapshot_id = ?1)");
  Statement drop_dump_ = database_.Prepare("DELETE FROM dump WHERE id = ?");
};

bool Forgetter::HandOver(const OwnedDump& dump, int64_t source_id) {
  find_copy_.Bind(1, dump.id).Bind(2, source_id).Bind(3, dump.row_count);
  if (!find_copy_.Step()) {
    find_copy_.Reset();
    return false;
  }
  const int64_t heir = find_copy_.Integer(0);
  const int64_t line = find_copy_.Integer(1);
  const int64_t byte_offset = find_copy_.Integer(2);
  find_copy_.Reset();
  own_.Bind(1, heir).Bind(2, line).Bind(3, byte_offset).Bind(4, dump.id).Run();
  drop_copy_.Bind(1, dump.id).Bind(2, heir).Bind(3, byte_offset).Run();
  owner_account_.Bind(1, dump.row_count - dump.duplicates).Bind(2, dump.duplicates);
  owner_account_.Bind(3, heir).Run();
  ++result_.dumps_kept;
  return true;
}

void Forgetter::Remove(const OwnedDump& dump, int64_t source_id) {
  if (unfollowed_.emplace(dump.host_id, dump.family).second) {
    ForgetConnections(database_, dump.host_id, dump.family);
  }
  // Sources that hold its beginning counted those rows as known: importing them again puts it
  // right.
  cut_copies_.Bind(1, dump.id).Bind(2, source_id);
  while (cut_copies_.Step()) result_.reimport.emplace_back(cut_copies_.Text(0));
  cut_copies_.Reset();
  reopen_sources_.Bind(1, dump.id).Run();
  drop_copies_.Bind(1, dump.id).Run();
  unlink_rejects_.Bind(1, dump.id).Run();
  drop_rows_.Bind(1, dump.first_row).Bind(2, dump.last_row).Run();
  drop_census_.Bind(1, dump.first_census).Bind(2, dump.last_census).Run();
  drop_dump_.Bind(1, dump.id).Run();
  drop_snapshot_.Bind(1, dump.snapshot_id).Run();
  ++result_.dumps;
  result_.samples += dump.row_count - dump.duplicates;
}

bool Forgetter::RemoveSomeDumps(int64_t source_id, int64_t transaction_bytes) {
  for (int64_t bytes = 0; bytes < transaction_bytes;) {
    next_.Bind(1, source_id);
    if (!next_.Step()) {
      next_.Reset();
      return false;
    }
    const auto column = [&](int i) { return next_.Integer(i); };
    const OwnedDump dump{column(0), column(1), column(2), column(3), column(4),
                         column(5), column(6), column(7), column(8), column(9)};
    next_.Reset();
    own_account_.Bind(1, dump.row_count - dump.duplicates).Bind(2, dump.duplicates);
    own_account_.Bind(3, source_id).Run();
    if (!HandOver(dump, source_id)) Remove(dump, source_id);
    bytes += (dump.row_count + 20) * kStoredRowBytes;
  }
  return true;
}

void Forgetter::RemoveSource(int64_t source_id) {
  for (const char* sql :
       {"DELETE FROM rejected_line WHERE source_id = ?",
        "DELETE FROM dump_copy WHERE source_id = ?", "DELETE FROM source WHERE id = ?"}) {
    Statement remove = database_.Prepare(sql);
    remove.Bind(1, source_id).Run();
  }
  ++result_.sources;
}

void Forgetter::Repair() {
  // All hosts: a run that was killed may have left any of them behind.
  std::vector<int64_t> hosts;
  Statement read_hosts = database_.Prepare("SELECT id FROM host");
  while (read_hosts.Step()) hosts.push_back(read_hosts.Integer(0));
  for (const int64_t host_id : hosts) RepairSnapshots(database_, host_id);
  database_.Execute(
      "DELETE FROM host WHERE NOT EXISTS (SELECT 1 FROM dump WHERE dump.host_id = host.id)");
}

constexpr size_t kLeastHashDigits = 8;

// The source of this path or content hash; std::invalid_argument where several have it.
std::optional<int64_t> FindSource(Database& database, const std::string& name) {
  Statement find = database.Prepare(
      "SELECT o.id, ifnull(o.content_hash, 'interrupted'), o.bytes,"
      " (SELECT count(*) FROM dump AS d WHERE d.source_id = o.id) FROM source AS o"
      " WHERE o.path = ?1 OR (?2 AND substr(o.content_hash, 1, length(?1)) = ?1) ORDER BY o.id");
  find.Bind(1, std::string_view(name)).Bind(2, name.size() >= kLeastHashDigits);
  std::optional<int64_t> id;
  std::string list;
  int count = 0;
  while (find.Step()) {
    id = find.Integer(0);
    list += "\n  " + std::string(find.Text(1)) + "  " + std::to_string(find.Integer(2)) +
            " bytes, " + std::to_string(find.Integer(3)) + " dumps";
    ++count;
  }
  if (count > 1) {
    throw std::invalid_argument(std::to_string(count) + " sources are called '" + name +
                                "'; give the content hash of one of them:" + list);
  }
  return id;
}

// What is derived of the hosts that lost dumps.
void FollowAnew(Database& database, int64_t transaction_bytes) {
  std::optional<Transaction> transaction(database);
  int64_t pending_bytes = 0;
  ConnectionFollower(database).Finish([&](int64_t bytes) {
    pending_bytes += bytes;
    if (pending_bytes <= transaction_bytes) return;
    transaction->Commit();
    transaction.emplace(database);
    pending_bytes = 0;
  });
  transaction->Commit();
}

// The members of an archive that were imported.
std::vector<int64_t> FindMembers(Database& database, const std::string& archive) {
  Statement find = database.Prepare(
      "SELECT id FROM source WHERE substr(path, 1, length(?1) + 1) = ?1 || '!' ORDER BY id");
  find.Bind(1, std::string_view(archive));
  std::vector<int64_t> ids;
  while (find.Step()) ids.push_back(find.Integer(0));
  return ids;
}

}  // namespace

Forgotten ForgetSource(Database& database, const std::string& name, int64_t transaction_bytes) {
  Forgotten result;
  std::vector<int64_t> source_ids;
  if (const std::optional<int64_t> source_id = FindSource(database, name)) {
    source_ids.push_back(*source_id);
  } else {
    source_ids = FindMembers(database, name);
  }
  if (source_ids.empty()) return result;
  Forgetter forgetter(database, result);
  for (const int64_t source_id : source_ids) {
    for (bool more = true; more;) {
      Transaction transaction(database);
      more = forgetter.RemoveSomeDumps(source_id, transaction_bytes);
      if (!more && source_id != source_ids.back()) forgetter.RemoveSource(source_id);
      transaction.Commit();
    }
  }
  // The last source stays until all is done, so that a call that was killed can be repeated.
  FollowAnew(database, transaction_bytes);
  Transaction transaction(database);
  forgetter.RemoveSource(source_ids.back());
  forgetter.Repair();
  transaction.Commit();
  return result;
}

}  // namespace tcpsnap::store
