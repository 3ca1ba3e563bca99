#include "store/staged_rows.h"

#include <sqlite3.h>

#include <algorithm>
#include <new>

namespace tcpsnap::store {

struct StagedRows::Source {
  std::string declaration;
  size_t columns = 0;
  std::span<const int64_t> values;

  // The functions of the virtual table.
  struct Table {
    sqlite3_vtab base;
    const Source* source;
  };
  struct Cursor {
    sqlite3_vtab_cursor base;
    const int64_t* next;
    const int64_t* end;
    size_t columns;
  };
  static Cursor* Cast(sqlite3_vtab_cursor* cursor) { return reinterpret_cast<Cursor*>(cursor); }

  static int Connect(sqlite3* handle, void* data, int, const char* const*, sqlite3_vtab** table,
                     char**) {
    const auto* source = static_cast<const Source*>(data);
    const int code = sqlite3_declare_vtab(handle, source->declaration.c_str());
    if (code != SQLITE_OK) return code;
    auto* made = new (std::nothrow) Table{{}, source};
    if (made == nullptr) return SQLITE_NOMEM;
    *table = &made->base;
    return SQLITE_OK;
  }
  static int Disconnect(sqlite3_vtab* table) {
    delete reinterpret_cast<Table*>(table);
    return SQLITE_OK;
  }
  static int BestIndex(sqlite3_vtab*, sqlite3_index_info*) { return SQLITE_OK; }
  static int Open(sqlite3_vtab*, sqlite3_vtab_cursor** cursor) {
    auto* made = new (std::nothrow) Cursor{};
    if (made == nullptr) return SQLITE_NOMEM;
    *cursor = &made->base;
    return SQLITE_OK;
  }
  static int Close(sqlite3_vtab_cursor* cursor) {
    delete Cast(cursor);
    return SQLITE_OK;
  }
  static int Filter(sqlite3_vtab_cursor* cursor, int, const char*, int, sqlite3_value**) {
    const Source& source = *reinterpret_cast<Table*>(cursor->pVtab)->source;
    Cast(cursor)->next = source.values.data();
    Cast(cursor)->end = source.values.data() + source.values.size();
    Cast(cursor)->columns = source.columns;
    return SQLITE_OK;
  }
  static int Next(sqlite3_vtab_cursor* cursor) {
    Cast(cursor)->next += Cast(cursor)->columns;
    return SQLITE_OK;
  }
  static int Eof(sqlite3_vtab_cursor* cursor) { return Cast(cursor)->next == Cast(cursor)->end; }
  static int Column(sqlite3_vtab_cursor* cursor, sqlite3_context* context, int column) {
    const int64_t value = Cast(cursor)->next[column];
    if (value != kAbsent) sqlite3_result_int64(context, value);
    return SQLITE_OK;  // a column without a result is NULL
  }
  static int RowId(sqlite3_vtab_cursor*, sqlite3_int64* id) {
    *id = 0;  // never asked for
    return SQLITE_OK;
  }

  // Without xCreate: the table exists under its module's name, only for this connection.
  static const sqlite3_module* Module() {
    static const sqlite3_module kModule = [] {
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
    }();
    return &kModule;
  }

  static Statement PrepareInsert(Database& database, Source* source, const std::string& table,
                                 const std::string& columns) {
    const std::string staged = "staged_" + table;
    source->declaration = "CREATE TABLE " + staged + " (" + columns + ")";
    source->columns = static_cast<size_t>(std::count(columns.begin(), columns.end(), ',')) + 1;
    sqlite3_create_module(database.handle(), staged.c_str(), Module(), source);
    return database.Prepare("INSERT INTO " + table + " (" + columns + ") SELECT " + columns +
                            " FROM " + staged);
  }
};

StagedRows::StagedRows(Database& database, const std::string& table, const std::string& columns)
    : source_(std::make_unique<Source>()),
      database_(database),
      insert_(Source::PrepareInsert(database, source_.get(), table, columns)) {}

StagedRows::~StagedRows() = default;

size_t StagedRows::columns() const { return source_->columns; }

int64_t StagedRows::Insert(std::span<const int64_t> values) {
  if (values.empty()) return 0;
  source_->values = values;
  insert_.Run();
  source_->values = {};
  return database_.LastInsertRowId();
}

}  // namespace tcpsnap::store
