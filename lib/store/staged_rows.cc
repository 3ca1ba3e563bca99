#include "store/staged_rows.h"

#include <sqlite3.h>

#include <cstddef>
#include <new>

namespace tcpsnap::store {

struct StagedRows::Source {
  std::span<const SocketRow> rows;
};

namespace {

// The rows as an array of columns; SocketRow is twelve integers and nothing else.
static_assert(sizeof(SocketRow) == kSocketRowColumns * sizeof(int64_t));

struct Table {
  sqlite3_vtab base;
  const std::span<const SocketRow>* rows;
};

struct Cursor {
  sqlite3_vtab_cursor base;
  const SocketRow* next;
  const SocketRow* end;
};

Cursor* Cast(sqlite3_vtab_cursor* cursor) { return reinterpret_cast<Cursor*>(cursor); }

int Connect(sqlite3* handle, void* rows, int, const char* const*, sqlite3_vtab** table, char**) {
  const int code = sqlite3_declare_vtab(
      handle,
      "CREATE TABLE staged_row (local, remote, kind, tx_queue, rx_queue, timer, retransmits, uid,"
      " probes, inode, rto_ato, cwnd_ssthresh)");
  if (code != SQLITE_OK) return code;
  auto* made = new (std::nothrow) Table{{}, static_cast<const std::span<const SocketRow>*>(rows)};
  if (made == nullptr) return SQLITE_NOMEM;
  *table = &made->base;
  return SQLITE_OK;
}

int Disconnect(sqlite3_vtab* table) {
  delete reinterpret_cast<Table*>(table);
  return SQLITE_OK;
}

int BestIndex(sqlite3_vtab*, sqlite3_index_info*) { return SQLITE_OK; }

int Open(sqlite3_vtab*, sqlite3_vtab_cursor** cursor) {
  auto* made = new (std::nothrow) Cursor{};
  if (made == nullptr) return SQLITE_NOMEM;
  *cursor = &made->base;
  return SQLITE_OK;
}

int Close(sqlite3_vtab_cursor* cursor) {
  delete Cast(cursor);
  return SQLITE_OK;
}

int Filter(sqlite3_vtab_cursor* cursor, int, const char*, int, sqlite3_value**) {
  const auto& rows = *reinterpret_cast<Table*>(cursor->pVtab)->rows;
  Cast(cursor)->next = rows.data();
  Cast(cursor)->end = rows.data() + rows.size();
  return SQLITE_OK;
}

int Next(sqlite3_vtab_cursor* cursor) {
  ++Cast(cursor)->next;
  return SQLITE_OK;
}

int Eof(sqlite3_vtab_cursor* cursor) { return Cast(cursor)->next == Cast(cursor)->end; }

int Column(sqlite3_vtab_cursor* cursor, sqlite3_context* context, int column) {
  const int64_t value = reinterpret_cast<const int64_t*>(Cast(cursor)->next)[column];
  if (value != kAbsent) sqlite3_result_int64(context, value);
  return SQLITE_OK;  // a column without a result is NULL
}

int RowId(sqlite3_vtab_cursor*, sqlite3_int64* id) {
  *id = 0;  // never asked for
  return SQLITE_OK;
}

// Without xCreate: the table exists under its module's name, only for this connection.
sqlite3_module MakeModule() {
  sqlite3_module module{};
  module.iVersion = 1;
  module.xConnect = Connect;
  module.xBestIndex = BestIndex;
  module.xDisconnect = Disconnect;
  module.xOpen = Open;
  module.xClose = Close;
  module.xFilter = Filter;
  module.xNext = Next;
  module.xEof = Eof;
  module.xColumn = Column;
  module.xRowid = RowId;
  return module;
}

Statement PrepareInsert(Database& database, void* source) {
  static const sqlite3_module kModule = MakeModule();
  sqlite3_create_module(database.handle(), "staged_row", &kModule, source);
  return database.Prepare(
      "INSERT INTO socket_row (local, remote, kind, tx_queue, rx_queue, timer, retransmits, uid,"
      " probes, inode, rto_ato, cwnd_ssthresh)"
      " SELECT local, remote, kind, tx_queue, rx_queue, timer, retransmits, uid,"
      " probes, inode, rto_ato, cwnd_ssthresh FROM staged_row");
}

}  // namespace

StagedRows::StagedRows(Database& database)
    : source_(std::make_unique<Source>()),
      database_(database),
      insert_(PrepareInsert(database, &source_->rows)) {}

StagedRows::~StagedRows() = default;

int64_t StagedRows::Insert(std::span<const SocketRow> rows) {
  if (rows.empty()) return 0;
  source_->rows = rows;
  insert_.Run();
  source_->rows = {};
  return database_.LastInsertRowId();
}

}  // namespace tcpsnap::store
