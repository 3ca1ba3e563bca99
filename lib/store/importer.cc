#include "store/importer.h"

#include <xxhash.h>

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>

#include "store/address_book.h"
#include "store/appended_rows.h"
#include "store/connection_follower.h"
#include "store/dump_identity.h"
#include "store/id_set.h"
#include "store/snapshots.h"

namespace tcpsnap::store {
namespace {

using procnet::Address;
using procnet::RefusedLine;

constexpr int64_t kDumpBytes = 1024;  // what a dump adds to a transaction besides its rows

// The account of a source, as its columns.
struct Account {
  procnet::LineCounts counts;
  int64_t samples = 0;
  int64_t duplicates = 0;
  int64_t known = 0;
  int64_t rejected = 0;

  int64_t lines() const {
    return counts.markers + counts.headers + counts.blank + counts.other + samples + duplicates +
           known + rejected;
  }
};

bool IsUtf8(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    if (lead == 0) return false;  // SQLite's text ends there for many tools
    const size_t length = lead < 0x80       ? 1
                          : lead >> 5 == 6  ? 2
                          : lead >> 4 == 14 ? 3
                          : lead >> 3 == 30 ? 4
                                            : 0;
    if (length == 0 || i + length > text.size()) return false;
    for (size_t j = 1; j < length; ++j) {
      if (static_cast<unsigned char>(text[i + j]) >> 6 != 2) return false;
    }
    i += length;
  }
  return true;
}

int64_t HashBytes(std::string_view bytes) {
  return static_cast<int64_t>(XXH3_64bits(bytes.data(), bytes.size()));
}

}  // namespace

struct Importer::State {
  State(Database& db, ImportSettings given) : database(db), settings(std::move(given)) {}

  Database& database;
  ImportSettings settings;
  ImportSummary summary;

  std::optional<Transaction> transaction;
  int64_t pending_bytes = 0;
  ImportSummary kept_summary;  // as of the source's begin or its last commit, without warnings

  // The source that is being read.
  bool in_source = false;
  int64_t source_id = 0;
  std::string source_path;
  std::string source_layout;
  int64_t source_bytes = 0;
  Account account;
  bool seen_before = false;
  bool is_pipe = false;
  int64_t corrected_dumps = 0;
  IdSet own_dumps;  // of a source seen before: found again in this read
  std::map<int64_t, std::pair<int64_t, std::string>> twins;  // other source -> (dumps, example)

  std::map<std::pair<std::string, std::string>, int64_t> hosts;  // name, netns -> id
  std::set<int64_t> touched_hosts;
  IdSet touched_dumps;

  AddressBook addresses{database};
  AppendedRows insert_rows{database, "socket_row", kSocketRowColumns};
  AppendedRows insert_census{database, "census", kCensusColumns};
  ConnectionFollower follower{database, settings.followed_rows};

  Statement find_sources = database.Prepare(
      "SELECT id, head_bytes, head_hash, bytes, complete FROM source WHERE path = ?"
      " ORDER BY id DESC");
  Statement insert_source = database.Prepare(
      "INSERT INTO source (path, head_bytes, head_hash, bytes, complete, imported_ms, version,"
      " layout, lines, markers, headers, samples, duplicates, blank, other, known, rejected)"
      " VALUES (?, ?, ?, 0, 0, ?, ?, ?, 0, 0, 0, 0, 0, 0, 0, 0, 0)");
  Statement reset_source = database.Prepare(
      "UPDATE source SET head_bytes = ?, head_hash = ?, complete = 0, content_hash = NULL,"
      " imported_ms = ?, version = ?, layout = ?, lines = 0, markers = 0, headers = 0,"
      " samples = 0, duplicates = 0, blank = 0, other = 0, known = 0, rejected = 0 WHERE id = ?");
  Statement update_source = database.Prepare(
      "UPDATE source SET bytes = ?, complete = ?, content_hash = ?, layout = ?, lines = ?,"
      " markers = ?, headers = ?, samples = ?, duplicates = ?, blank = ?, other = ?, known = ?,"
      " rejected = ? WHERE id = ?");
  Statement delete_rejects = database.Prepare("DELETE FROM rejected_line WHERE source_id = ?");
  Statement delete_copies = database.Prepare("DELETE FROM dump_copy WHERE source_id = ?");
  Statement insert_reject = database.Prepare(
      "INSERT INTO rejected_line (source_id, dump_id, line, byte_offset, column, reason, text)"
      " VALUES (?, ?, ?, ?, ?, ?, ?)");
  Statement find_host =
      database.Prepare("SELECT id, ticks_per_second FROM host WHERE name = ? AND netns = ?");
  Statement insert_host =
      database.Prepare("INSERT INTO host (name, netns, ticks_per_second) VALUES (?, ?, ?)");
  Statement find_dumps = database.Prepare(
      "SELECT id, content_hash, source_id, byte_offset, line, open, row_count, duplicates,"
      " first_row, last_row, first_census, last_census, time_origin, byte_order,"
      " byte_order_origin, ordinal FROM dump"
      " WHERE host_id = ? AND family = ? AND taken_ms = ?");
  Statement find_twin = database.Prepare(
      "SELECT o.id, o.path, d.line, d.taken_ms, h.label FROM dump AS d"
      " JOIN source AS o ON o.id = d.source_id JOIN host AS h ON h.id = d.host_id"
      " WHERE d.content_hash = ? AND (d.host_id <> ? OR d.taken_ms <> ?) AND d.family = ? LIMIT 1");
  Statement find_snapshot = database.Prepare(
      "SELECT s.id FROM snapshot AS s WHERE s.host_id = ? AND s.taken_ms = ? AND NOT EXISTS"
      " (SELECT 1 FROM dump AS d WHERE d.snapshot_id = s.id AND d.family = ?)"
      " ORDER BY s.ordinal LIMIT 1");
  Statement insert_snapshot = database.Prepare(
      "INSERT INTO snapshot (host_id, taken_ms, ordinal, time_origin) SELECT ?1, ?2, count(*), ?3"
      " FROM snapshot WHERE host_id = ?1 AND taken_ms = ?2");
  Statement insert_dump = database.Prepare(
      "INSERT INTO dump (snapshot_id, host_id, family, taken_ms, time_origin, ordinal, source_id,"
      " line, byte_offset, content_hash, byte_order, byte_order_origin, open, headers, row_count,"
      " duplicates, established, syn_sent, syn_recv, fin_wait1, fin_wait2, time_wait, close,"
      " close_wait, last_ack, listen, closing, time_wait_in, time_wait_local, first_row, last_row,"
      " first_census, last_census)"
      " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
      " ?, ?, ?, ?, ?, ?)");
  Statement replace_dump = database.Prepare(
      "UPDATE dump SET snapshot_id = ?, host_id = ?, family = ?, taken_ms = ?, time_origin = ?,"
      " ordinal = ?, source_id = ?, line = ?, byte_offset = ?, content_hash = ?, byte_order = ?,"
      " byte_order_origin = ?, open = ?, headers = ?, row_count = ?, duplicates = ?,"
      " established = ?, syn_sent = ?, syn_recv = ?, fin_wait1 = ?, fin_wait2 = ?, time_wait = ?,"
      " close = ?, close_wait = ?, last_ack = ?, listen = ?, closing = ?, time_wait_in = ?,"
      " time_wait_local = ?, first_row = ?, last_row = ?, first_census = ?, last_census = ? WHERE "
      "id = ?");
  Statement own_dump = database.Prepare(
      "UPDATE dump SET open = ?, line = ?, byte_offset = ?, ordinal = max(ordinal, ?) WHERE id = "
      "?");
  Statement raise_origin = database.Prepare("UPDATE dump SET time_origin = ? WHERE id = ?");
  Statement raise_ordinal =
      database.Prepare("UPDATE dump SET ordinal = ?1 WHERE id = ?2 AND ordinal < ?1");
  Statement close_dump = database.Prepare("UPDATE dump SET open = 0 WHERE id = ?");
  Statement insert_copy = database.Prepare(
      "INSERT OR REPLACE INTO dump_copy (dump_id, source_id, line, byte_offset, row_count)"
      " VALUES (?, ?, ?, ?, ?)");
  Statement read_rows = database.Prepare(std::string("SELECT ") + kSocketRowColumns +
                                         " FROM socket_row WHERE id BETWEEN ? AND ?");
  Statement delete_rows = database.Prepare("DELETE FROM socket_row WHERE id BETWEEN ? AND ?");
  Statement delete_census = database.Prepare("DELETE FROM census WHERE id BETWEEN ? AND ?");

  void EnsureTransaction();
  void Commit();
  void KeepSummary();
  void WriteAccount(bool complete, const std::string& content_hash);
  int64_t HostId(const std::string& host, const std::string& netns);
  int64_t SnapshotId(int64_t host_id, const IncomingDump& incoming);
  void ResolveAddresses(PreparedDump& dump);
  std::vector<SocketRow> StoredRows(const StoredDump& stored);
  void StoreRejects(const std::vector<RefusedLine>& lines, std::optional<int64_t> dump_id);
  int64_t BindDump(Statement& statement, int64_t host_id, const IncomingDump& incoming);
  void StoreNew(int64_t host_id, IncomingDump& incoming);
  std::vector<StoredDump> StoredAt(int64_t host_id, const IncomingDump& incoming);
  bool TakeAsSame(const std::vector<StoredDump>& candidates, int64_t host_id,
                  IncomingDump& incoming);
  bool TakeAsLongerOrShorter(const std::vector<StoredDump>& candidates, int64_t host_id,
                             const IncomingDump& incoming);
  void CheckOrder(const StoredDump& stored, int64_t host_id, const IncomingDump& incoming);
  bool BeginAlike(const StoredDump& stored, const IncomingDump& incoming,
                  int64_t longer_duplicates);
  void Supersede(const StoredDump& stored);
  void Replace(const StoredDump& stored, int64_t host_id, const IncomingDump& incoming);
  void DropRepeatedPipe(const std::string& content_hash);
  void NoteKnown(const StoredDump& stored, const IncomingDump& incoming, bool with_rejects);
  void NoteOwn(const StoredDump& stored, const IncomingDump& incoming);
  void NoteTwin(int64_t host_id, const IncomingDump& incoming);
  void WarnOfMissingFamilies(int64_t host_id);
};

void Importer::State::EnsureTransaction() {
  if (transaction) return;
  transaction.emplace(database);
  if (in_source) database.Execute("SAVEPOINT source");
}

void Importer::State::Commit() {
  if (!transaction) return;
  if (in_source) {
    WriteAccount(false, "");
    database.Execute("RELEASE source");
  }
  transaction->Commit();
  transaction.reset();
  pending_bytes = 0;
  if (in_source) KeepSummary();
}

// What Abort goes back to. Warnings are added at the end of a source, when nothing is taken back.
void Importer::State::KeepSummary() {
  std::vector<std::string> warnings = std::exchange(summary.warnings, {});
  kept_summary = summary;
  summary.warnings = std::move(warnings);
}

void Importer::State::WriteAccount(bool complete, const std::string& content_hash) {
  update_source.Bind(1, source_bytes).Bind(2, complete ? 1 : 0);
  if (content_hash.empty()) {
    update_source.BindNull(3);
  } else {
    update_source.Bind(3, std::string_view(content_hash));
  }
  update_source.Bind(4, std::string_view(source_layout)).Bind(5, account.lines());
  update_source.Bind(6, account.counts.markers).Bind(7, account.counts.headers);
  update_source.Bind(8, account.samples).Bind(9, account.duplicates);
  update_source.Bind(10, account.counts.blank).Bind(11, account.counts.other);
  update_source.Bind(12, account.known).Bind(13, account.rejected).Bind(14, source_id).Run();
}

int64_t Importer::State::HostId(const std::string& host, const std::string& netns) {
  const auto key = std::make_pair(host, netns);
  if (const auto known = hosts.find(key); known != hosts.end()) return known->second;
  int64_t id = 0;
  find_host.Bind(1, std::string_view(host)).Bind(2, std::string_view(netns));
  if (find_host.Step()) {
    id = find_host.Integer(0);
    const int64_t ticks = find_host.Integer(1);
    find_host.Reset();
    if (settings.ticks_per_second && *settings.ticks_per_second != ticks) {
      throw ImportConflict("host " + host + " is in the database with " + std::to_string(ticks) +
                           " ticks a second, --hz says " +
                           std::to_string(*settings.ticks_per_second) +
                           ": forget its sources first, or give another --host");
    }
  } else {
    find_host.Reset();
    insert_host.Bind(1, std::string_view(host)).Bind(2, std::string_view(netns));
    insert_host.Bind(3, settings.ticks_per_second.value_or(100)).Run();
    id = database.LastInsertRowId();
  }
  hosts.emplace(key, id);
  return id;
}

// A first choice, put right by RepairSnapshots at the end.
int64_t Importer::State::SnapshotId(int64_t host_id, const IncomingDump& incoming) {
  find_snapshot.Bind(1, host_id).Bind(2, incoming.taken_ms);
  find_snapshot.Bind(3, static_cast<int64_t>(incoming.dump.family));
  const bool found = find_snapshot.Step();
  const int64_t id = found ? find_snapshot.Integer(0) : 0;
  find_snapshot.Reset();
  if (found) return id;
  insert_snapshot.Bind(1, host_id).Bind(2, incoming.taken_ms);
  insert_snapshot.Bind(3, std::string_view(incoming.time_origin)).Run();
  return database.LastInsertRowId();
}

// Puts the database's ids of IPv6 addresses into the rows.
void Importer::State::ResolveAddresses(PreparedDump& dump) {
  if (dump.addresses6.empty()) return;
  std::vector<int64_t> keys;
  keys.reserve(dump.addresses6.size());
  for (const Address& address : dump.addresses6) keys.push_back(kFirstKey6 + addresses.Id(address));
  const auto resolve = [&](int64_t& endpoint) {
    const int64_t key = AddressKey(endpoint);
    if (key < kFirstKey6) return;
    endpoint = PackEndpoint(keys[static_cast<size_t>(key - kFirstKey6)], Port(endpoint));
  };
  for (SocketRow& row : dump.rows) {
    resolve(row.local);
    resolve(row.remote);
  }
}

std::vector<SocketRow> Importer::State::StoredRows(const StoredDump& stored) {
  std::vector<SocketRow> rows;
  read_rows.Bind(1, stored.first_row).Bind(2, stored.last_row);
  while (read_rows.Step()) {
    const auto column = [&](int i) {
      return read_rows.Type(i) == ValueType::kNull ? kAbsent : read_rows.Integer(i);
    };
    rows.push_back({column(0), column(1), column(2), column(3), column(4), column(5), column(6),
                    column(7), column(8), column(9)});
  }
  read_rows.Reset();
  return rows;
}

void Importer::State::StoreRejects(const std::vector<RefusedLine>& lines,
                                   std::optional<int64_t> dump_id) {
  for (const RefusedLine& line : lines) {
    insert_reject.Bind(1, source_id).Bind(2, dump_id);
    insert_reject.Bind(3, line.position.line).Bind(4, line.position.offset);
    insert_reject.Bind(5, line.column + 1);
    insert_reject.Bind(6, ReasonName(line.reason));
    if (IsUtf8(line.text)) {
      insert_reject.Bind(7, std::string_view(line.text));
    } else {
      insert_reject.BindBlob(7, line.text);
    }
    insert_reject.Run();
    ++summary.rejected;
    ++summary.rejected_by_reason[static_cast<size_t>(line.reason)];
    pending_bytes += static_cast<int64_t>(line.text.size()) + kStoredRowBytes;
  }
  account.rejected += static_cast<int64_t>(lines.size());
}

// Writes the rows and the census of a dump and binds what its own row says, parameters 1 to 33 of
// insert_dump and replace_dump. Returns the first of the rows.
int64_t Importer::State::BindDump(Statement& statement, int64_t host_id,
                                  const IncomingDump& incoming) {
  const PreparedDump& dump = incoming.dump;
  const auto size = [](const auto& list) { return static_cast<int64_t>(list.size()); };
  const int64_t last_row = insert_rows.Insert(ValuesOf(dump.rows));
  const int64_t last_census = insert_census.Insert(ValuesOf(dump.census));

  int at = 0;
  statement.Bind(++at, SnapshotId(host_id, incoming));
  statement.Bind(++at, host_id);
  statement.Bind(++at, static_cast<int64_t>(dump.family));
  statement.Bind(++at, incoming.taken_ms);
  statement.Bind(++at, std::string_view(incoming.time_origin));
  statement.Bind(++at, incoming.ordinal);
  statement.Bind(++at, source_id);
  statement.Bind(++at, incoming.line);
  statement.Bind(++at, incoming.byte_offset);
  statement.Bind(++at, static_cast<int64_t>(dump.content_hash));
  statement.Bind(++at, ByteOrderName(incoming.byte_order));
  statement.Bind(++at, std::string_view(incoming.byte_order_origin));
  statement.Bind(++at, incoming.open ? 1 : 0);
  statement.Bind(++at, incoming.has_header ? 1 : 0);
  statement.Bind(++at, dump.row_count);
  statement.Bind(++at, dump.duplicates);
  for (const int64_t total : dump.state_totals) statement.Bind(++at, total);
  statement.Bind(++at, dump.time_wait_in);
  statement.Bind(++at, dump.time_wait_local);
  const int64_t first_row = dump.rows.empty() ? 1 : last_row - size(dump.rows) + 1;
  statement.Bind(++at, first_row);
  statement.Bind(++at, last_row);
  statement.Bind(++at, dump.census.empty() ? 1 : last_census - size(dump.census) + 1);
  statement.Bind(++at, last_census);
  return first_row;
}

void Importer::State::StoreNew(int64_t host_id, IncomingDump& incoming) {
  NoteTwin(host_id, incoming);
  const int64_t first_row = BindDump(insert_dump, host_id, incoming);
  insert_dump.Run();
  const int64_t id = database.LastInsertRowId();
  StoreRejects(incoming.refused, id);
  const auto rows = static_cast<int64_t>(incoming.dump.rows.size());
  account.samples += rows;
  account.duplicates += incoming.dump.duplicates;
  if (seen_before) own_dumps.Insert(id);
  touched_dumps.Insert(id);
  ++summary.dumps;
  summary.samples += rows;
  summary.duplicates += incoming.dump.duplicates;
  pending_bytes += follower.Add(
      {host_id, static_cast<int64_t>(incoming.dump.family), id, incoming.taken_ms, incoming.ordinal,
       static_cast<int64_t>(incoming.dump.content_hash), first_row, std::move(incoming.dump.rows)});
}

// Takes out what an open dump had, before its longer version takes its place.
void Importer::State::Supersede(const StoredDump& stored) {
  delete_rows.Bind(1, stored.first_row).Bind(2, stored.last_row).Run();
  delete_census.Bind(1, stored.first_census).Bind(2, stored.last_census).Run();
  // Its refused lines (a row that was cut at the end) are rows of the longer version.
  Statement rejects = database.Prepare(
      "UPDATE source SET rejected = rejected - x.n, known = known + x.n"
      " FROM (SELECT source_id, count(*) AS n FROM rejected_line WHERE dump_id = ?1"
      "  GROUP BY source_id) AS x WHERE source.id = x.source_id AND source.id <> ?2");
  rejects.Bind(1, stored.id).Bind(2, source_id).Run();
  Statement remove = database.Prepare("DELETE FROM rejected_line WHERE dump_id = ?");
  remove.Bind(1, stored.id).Run();
  if (stored.source_id == source_id) return;
  Statement owner = database.Prepare(
      "UPDATE source SET samples = samples - ?1, duplicates = duplicates - ?2,"
      " known = known + ?1 + ?2 WHERE id = ?3");
  owner.Bind(1, stored.row_count - stored.duplicates).Bind(2, stored.duplicates);
  owner.Bind(3, stored.source_id).Run();
  insert_copy.Bind(1, stored.id).Bind(2, stored.source_id).Bind(3, stored.line);
  insert_copy.Bind(4, stored.byte_offset).Bind(5, stored.row_count).Run();
}

void Importer::State::NoteKnown(const StoredDump& stored, const IncomingDump& incoming,
                                bool with_rejects) {
  if (with_rejects) {
    StoreRejects(incoming.refused, stored.id);
  } else {
    account.known += static_cast<int64_t>(incoming.refused.size());
  }
  raise_ordinal.Bind(1, incoming.ordinal).Bind(2, stored.id).Run();
  if (IsBetterTimeOrigin(incoming.time_origin, stored.time_origin)) {
    raise_origin.Bind(1, std::string_view(incoming.time_origin)).Bind(2, stored.id).Run();
  }
  account.known += incoming.dump.row_count;
  summary.known_rows += incoming.dump.row_count;
  ++summary.known_dumps;
  insert_copy.Bind(1, stored.id).Bind(2, source_id).Bind(3, incoming.line);
  insert_copy.Bind(4, incoming.byte_offset).Bind(5, incoming.dump.row_count).Run();
}

// The same dump of the same source, read again.
void Importer::State::NoteOwn(const StoredDump& stored, const IncomingDump& incoming) {
  StoreRejects(incoming.refused, stored.id);
  own_dump.Bind(1, incoming.open && stored.open ? 1 : 0).Bind(2, incoming.line);
  own_dump.Bind(3, incoming.byte_offset).Bind(4, incoming.ordinal).Bind(5, stored.id).Run();
  account.samples += stored.row_count - stored.duplicates;
  account.duplicates += stored.duplicates;
  summary.known_rows += stored.row_count;
  ++summary.known_dumps;
  own_dumps.Insert(stored.id);
}

// The same rows at another time or on another host. Rows without a running timer may well stay the
// same for a while; with one, a file was imported twice with different options, or read stale.
void Importer::State::NoteTwin(int64_t host_id, const IncomingDump& incoming) {
  const bool ticking = std::any_of(incoming.dump.rows.begin(), incoming.dump.rows.end(),
                                   [](const SocketRow& row) { return TimerTicks(row.timer) > 0; });
  if (!ticking) return;
  find_twin.Bind(1, static_cast<int64_t>(incoming.dump.content_hash)).Bind(2, host_id);
  find_twin.Bind(3, incoming.taken_ms).Bind(4, static_cast<int64_t>(incoming.dump.family));
  if (find_twin.Step()) {
    auto& [count, example] = twins[find_twin.Integer(0)];
    if (count++ == 0) {
      example = source_path + ":" + std::to_string(incoming.line) + " and " +
                std::string(find_twin.Text(1)) + ":" + std::to_string(find_twin.Integer(2));
    }
  }
  find_twin.Reset();
}

Importer::Importer(Database& database, ImportSettings settings)
    : state_(std::make_unique<State>(database, std::move(settings))) {}

Importer::~Importer() = default;

void Importer::Begin(const SourceStart& source) {
  State& s = *state_;
  s.EnsureTransaction();
  s.database.Execute("SAVEPOINT source");
  s.in_source = true;
  s.KeepSummary();
  s.source_path = source.path;
  s.source_layout = source.layout;
  s.source_bytes = 0;
  s.account = {};
  s.own_dumps.Clear();
  s.twins.clear();

  // The newest source of this path whose first bytes are the same, unless the file has shrunk.
  s.seen_before = false;
  s.is_pipe = source.is_pipe;
  s.corrected_dumps = 0;
  s.find_sources.Bind(1, std::string_view(source.path));
  while (!s.seen_before && s.find_sources.Step()) {
    const auto head_bytes = static_cast<size_t>(s.find_sources.Integer(1));
    if (head_bytes > source.head.size()) continue;
    if (HashBytes(std::string_view(source.head).substr(0, head_bytes)) !=
        s.find_sources.Integer(2)) {
      continue;
    }
    // How long a pipe is shows only at its end: it goes on with one that was interrupted, no other.
    const bool complete = s.find_sources.Integer(4) != 0;
    const bool has_shrunk = source.bytes && *source.bytes < s.find_sources.Integer(3);
    if (has_shrunk || (source.is_pipe && complete)) continue;
    s.seen_before = true;
    s.source_id = s.find_sources.Integer(0);
  }
  s.find_sources.Reset();

  if (s.seen_before) {
    s.reset_source.Bind(1, source.head.size()).Bind(2, HashBytes(source.head));
    s.reset_source.Bind(3, s.settings.now_ms).Bind(4, std::string_view(s.settings.version));
    s.reset_source.Bind(5, std::string_view(source.layout)).Bind(6, s.source_id).Run();
    s.delete_rejects.Bind(1, s.source_id).Run();
    s.delete_copies.Bind(1, s.source_id).Run();
  } else {
    s.insert_source.Bind(1, std::string_view(source.path)).Bind(2, source.head.size());
    s.insert_source.Bind(3, HashBytes(source.head)).Bind(4, s.settings.now_ms);
    s.insert_source.Bind(5, std::string_view(s.settings.version));
    s.insert_source.Bind(6, std::string_view(source.layout)).Run();
    s.source_id = s.database.LastInsertRowId();
  }
}

void Importer::Add(IncomingDump&& incoming) {
  State& s = *state_;
  const int64_t bytes =
      static_cast<int64_t>(incoming.dump.rows.size() + incoming.dump.census.size()) *
          kStoredRowBytes +
      kDumpBytes;
  if (s.pending_bytes > 0 && s.pending_bytes + bytes > s.settings.transaction_bytes) s.Commit();
  s.EnsureTransaction();

  s.ResolveAddresses(incoming.dump);
  const int64_t host_id = s.HostId(incoming.host, incoming.netns);
  s.touched_hosts.insert(host_id);
  s.account.counts = incoming.counts;
  s.source_bytes = incoming.end_offset;
  s.summary.first_ms = std::min(s.summary.first_ms.value_or(incoming.taken_ms), incoming.taken_ms);
  s.summary.last_ms = std::max(s.summary.last_ms.value_or(incoming.taken_ms), incoming.taken_ms);

  const std::vector<StoredDump> candidates = s.StoredAt(host_id, incoming);
  if (s.TakeAsSame(candidates, host_id, incoming)) return;
  if (s.TakeAsLongerOrShorter(candidates, host_id, incoming)) return;
  s.StoreNew(host_id, incoming);
  s.pending_bytes += bytes;
}

// The dumps of this host, family and time.
std::vector<StoredDump> Importer::State::StoredAt(int64_t host_id, const IncomingDump& incoming) {
  std::vector<StoredDump> candidates;
  find_dumps.Bind(1, host_id).Bind(2, static_cast<int64_t>(incoming.dump.family));
  find_dumps.Bind(3, incoming.taken_ms);
  while (find_dumps.Step()) {
    const auto column = [&](int i) { return find_dumps.Integer(i); };
    const auto text = [&](int i) { return std::string(find_dumps.Text(i)); };
    candidates.push_back({column(0), column(1), column(2), column(3), column(4), column(5) != 0,
                          column(6), column(7), column(8), column(9), column(10), column(11),
                          text(12), text(13), text(14), column(15)});
  }
  find_dumps.Reset();
  return candidates;
}

// The same rows are there already.
bool Importer::State::TakeAsSame(const std::vector<StoredDump>& candidates, int64_t host_id,
                                 IncomingDump& incoming) {
  const auto stored = std::find_if(candidates.begin(), candidates.end(), [&](const StoredDump& c) {
    return c.content_hash == static_cast<int64_t>(incoming.dump.content_hash);
  });
  if (stored == candidates.end()) return false;
  touched_dumps.Insert(stored->id);
  CheckOrder(*stored, host_id, incoming);
  const bool own = stored->source_id == source_id && seen_before && !own_dumps.Contains(stored->id);
  if (CorrectsByteOrder(*stored, incoming.byte_order, incoming.byte_order_origin)) {
    incoming.open = incoming.open && stored->open;
    Replace(*stored, host_id, incoming);
    ++corrected_dumps;
  } else if (own) {
    NoteOwn(*stored, incoming);
  } else {
    NoteKnown(*stored, incoming, true);
    if (stored->open && !incoming.open) close_dump.Bind(1, stored->id).Run();
  }
  return true;
}

// A source that has the dump behind others of its time gives it another place among those.
void Importer::State::CheckOrder(const StoredDump& stored, int64_t host_id,
                                 const IncomingDump& incoming) {
  if (incoming.ordinal <= stored.ordinal) return;
  follower.Distrust(host_id, static_cast<int64_t>(incoming.dump.family));
}

// One of the two is open and the beginning of the other.
bool Importer::State::TakeAsLongerOrShorter(const std::vector<StoredDump>& candidates,
                                            int64_t host_id, const IncomingDump& incoming) {
  const PreparedDump& dump = incoming.dump;
  for (const StoredDump& stored : candidates) {
    const bool may_be_cut = incoming.open && dump.row_count <= stored.row_count;
    const bool may_grow = stored.open && stored.row_count <= dump.row_count && !may_be_cut;
    if (may_grow && BeginAlike(stored, incoming, dump.duplicates) &&
        IsBeginning(StoredRows(stored), dump.rows, dump.duplicates)) {
      touched_dumps.Insert(stored.id);
      Replace(stored, host_id, incoming);
      ++summary.dumps;
      return true;
    }
    if (may_be_cut && BeginAlike(stored, incoming, stored.duplicates) &&
        IsBeginning(dump.rows, StoredRows(stored), stored.duplicates)) {
      touched_dumps.Insert(stored.id);
      CheckOrder(stored, host_id, incoming);
      NoteKnown(stored, incoming, false);
      return true;
    }
  }
  return false;
}

// A cheap first look before two dumps are compared: where nothing was dropped from the longer one,
// both begin with the same socket.
bool Importer::State::BeginAlike(const StoredDump& stored, const IncomingDump& incoming,
                                 int64_t longer_duplicates) {
  const std::vector<SocketRow>& rows = incoming.dump.rows;
  if (longer_duplicates > 0 || rows.empty() || stored.first_row > stored.last_row) return true;
  StoredDump first = stored;
  first.last_row = stored.first_row;
  return IsSameSocket(StoredRows(first).front(), rows.front());
}

// Puts a longer or better read of a dump in its place.
void Importer::State::Replace(const StoredDump& stored, int64_t host_id,
                              const IncomingDump& incoming) {
  Supersede(stored);
  follower.Distrust(host_id, static_cast<int64_t>(incoming.dump.family));
  BindDump(replace_dump, host_id, incoming);
  replace_dump.Bind(34, stored.id).Run();
  StoreRejects(incoming.refused, stored.id);
  const auto rows = static_cast<int64_t>(incoming.dump.rows.size());
  account.samples += rows;
  account.duplicates += incoming.dump.duplicates;
  own_dumps.Insert(stored.id);
  summary.samples += rows - (stored.row_count - stored.duplicates);
  summary.duplicates += incoming.dump.duplicates - stored.duplicates;
  pending_bytes += 2 * (stored.row_count + rows) * kStoredRowBytes;
}

void Importer::Refuse(const std::vector<RefusedLine>& lines) {
  State& s = *state_;
  if (s.pending_bytes > s.settings.transaction_bytes) s.Commit();
  s.EnsureTransaction();
  s.StoreRejects(lines, std::nullopt);
}

void Importer::Tell(const std::string& host, const std::string& netns, const HostFacts& facts) {
  State& s = *state_;
  if (facts.TellsNothing()) return;
  s.EnsureTransaction();
  const int64_t host_id = s.HostId(host, netns);
  const HostFacts known = ReadHostFacts(s.database, host_id);
  const HostFacts later = LaterFacts(known, facts);
  if (later != known) WriteHostFacts(s.database, host_id, later);
}

void Importer::End(const SourceEnd& end) {
  State& s = *state_;
  s.EnsureTransaction();
  s.account.counts = end.counts;
  s.source_bytes = end.bytes;
  s.source_layout = end.layout;
  s.WriteAccount(true, end.content_hash);
  if (s.seen_before) {
    Statement count = s.database.Prepare("SELECT count(*) FROM dump WHERE source_id = ?");
    count.Bind(1, s.source_id).Step();
    const int64_t gone = count.Integer(0) - s.own_dumps.size();
    if (gone > 0) {
      s.summary.warnings.push_back(std::to_string(gone) +
                                   " dumps that an earlier import took from " + s.source_path +
                                   " are not in it any more; they stay (--forget takes them out)");
    }
  }
  if (s.corrected_dumps > 0) {
    s.summary.warnings.push_back(s.source_path + ": " + std::to_string(s.corrected_dumps) +
                                 " dumps that were there with the other byte order were replaced");
  }
  for (const auto& [other, twin] : s.twins) {
    s.summary.warnings.push_back(
        std::to_string(twin.first) + (twin.first == 1 ? " dump holds" : " dumps hold") +
        " the same rows, timers included, as a dump of another time or host, first " + twin.second +
        "; both stay. If --tz, --host or --time was wrong: " +
        (other == s.source_id ? "--forget the file and import it again"
                              : "--forget the wrong one"));
  }
  if (s.is_pipe && !s.seen_before) s.DropRepeatedPipe(end.content_hash);
  s.database.Execute("RELEASE source");
  s.in_source = false;
  s.pending_bytes += kDumpBytes;
  ++s.summary.sources;
}

void Importer::Abort() {
  State& s = *state_;
  if (!s.in_source) return;
  if (s.transaction) s.database.Execute("ROLLBACK TO source; RELEASE source");
  s.in_source = false;
  s.hosts.clear();
  s.addresses.Forget();
  s.follower.RolledBack();
  std::swap(s.kept_summary.warnings, s.summary.warnings);
  s.summary = std::exchange(s.kept_summary, {});
}

// What the answers will lack.
void Importer::State::WarnOfMissingFamilies(int64_t host_id) {
  Statement count = database.Prepare(
      "SELECT h.label, count(*), sum(x.tcp), sum(x.tcp6) FROM host AS h CROSS JOIN"
      " (SELECT max(d.family = 4) AS tcp, max(d.family = 6) AS tcp6 FROM dump AS d"
      "  WHERE d.host_id = ?1 GROUP BY d.snapshot_id) AS x WHERE h.id = ?1");
  count.Bind(1, host_id);
  if (!count.Step() || count.Type(0) == ValueType::kNull) return;
  const std::string host(count.Text(0));
  const int64_t snapshots = count.Integer(1);
  const int64_t have[] = {count.Integer(2), count.Integer(3)};
  for (const size_t family : {size_t{0}, size_t{1}}) {
    if (have[family] == snapshots) continue;
    const std::string name = family == 0 ? "tcp" : "tcp6";
    std::string warning = host + ": ";
    if (have[family] == 0) {
      warning += "no snapshot has a " + name + " table";
    } else {
      warning += std::to_string(snapshots - have[family]) + " of " + std::to_string(snapshots) +
                 " snapshots have no " + name + " table";
    }
    warning += family == 0 ? ": IPv4 sockets are missing"
                           : ": IPv6 sockets are missing, and those of dual-stack servers";
    summary.warnings.push_back(warning);
  }
}

// The same bytes came through a pipe of the same name before: that source has told all of it.
void Importer::State::DropRepeatedPipe(const std::string& content_hash) {
  Statement find = database.Prepare(
      "SELECT 1 FROM source WHERE path = ?1 AND content_hash = ?2 AND id <> ?3 AND NOT EXISTS"
      " (SELECT 1 FROM dump WHERE source_id = ?3)");
  find.Bind(1, std::string_view(source_path)).Bind(2, std::string_view(content_hash));
  find.Bind(3, source_id);
  if (!find.Step()) return;
  find.Reset();
  delete_rejects.Bind(1, source_id).Run();
  delete_copies.Bind(1, source_id).Run();
  Statement remove = database.Prepare("DELETE FROM source WHERE id = ?");
  remove.Bind(1, source_id).Run();
}

ImportSummary Importer::Finish() {
  State& s = *state_;
  s.EnsureTransaction();
  for (const int64_t host_id : s.touched_hosts) {
    RepairSnapshots(s.database, host_id);
    s.WarnOfMissingFamilies(host_id);
  }
  s.follower.Finish([&s](int64_t bytes) {
    s.pending_bytes += bytes;
    if (s.pending_bytes <= s.settings.transaction_bytes) return;
    s.Commit();
    s.EnsureTransaction();
  });
  IdSet snapshots;
  Statement find = s.database.Prepare("SELECT snapshot_id FROM dump WHERE id = ?");
  s.touched_dumps.ForEach([&](int64_t dump_id) {
    find.Bind(1, dump_id);
    if (find.Step()) snapshots.Insert(find.Integer(0));
    find.Reset();
  });
  s.summary.snapshots = snapshots.size();
  s.Commit();
  return std::move(s.summary);
}

}  // namespace tcpsnap::store
