#include "store/database.h"

#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cassert>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <thread>
#include <utility>

#include "store/fast_views.h"
#include "store/schema.h"

namespace tcpsnap::store {

struct Connection {
  explicit Connection(std::string p) : path(std::move(p)) {}
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() {
    // Leaves no empty journal beside the database. Without effect inside of a transaction.
    if (importing) sqlite3_exec(handle, "PRAGMA journal_mode = DELETE", nullptr, nullptr, nullptr);
    // close_v2 waits for statements that are still alive instead of failing.
    sqlite3_close_v2(handle);
  }

  sqlite3* handle = nullptr;
  std::string path;
  bool reading_only = false;
  bool importing = false;
  std::string denied;  ///< what the authorizer refused last
  std::atomic<bool> interrupted{false};
  int64_t busy_timeout_ms = 10'000;
  std::chrono::steady_clock::time_point busy_since;
};

namespace {

static_assert(std::atomic<bool>::is_always_lock_free);  // set by signal handlers

std::string SystemMessage(sqlite3* handle) {
  const int number = handle == nullptr ? errno : sqlite3_system_errno(handle);
  return number == 0 ? std::string() : std::string(": ") + std::strerror(number);
}

/// One sentence for what the machine did, with advice where there is any.
std::string MachineMessage(const Connection& connection, int extended_code) {
  const std::string& path = connection.path;
  sqlite3* handle = connection.handle;
  if (extended_code == SQLITE_READONLY_ROLLBACK) {
    return path +
           ": an import was killed and its journal has to be rolled back, which can't be done "
           "here: open the database once where it is writable";
  }
  switch (extended_code & 0xff) {
    case SQLITE_FULL:
      return path +
             ": no space left on the disk of the database or of the temporary files "
             "(SQLITE_TMPDIR chooses another folder for those): free some and try again";
    case SQLITE_IOERR:
      return path + ": reading or writing it failed" + SystemMessage(handle);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return path +
             ": another program is using the database (an import, or a query that is still "
             "open): try again when it has ended";
    case SQLITE_READONLY:
      return path + ": the file or its folder is read-only";
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
      return path + ": can't open it or create its journal" + SystemMessage(handle) +
             " (are the file and its folder yours to write?)";
    case SQLITE_NOTADB:
      return path + " is not a tcpsnap database (no SQLite file at all)";
    case SQLITE_CORRUPT:
      return path + ": the database is damaged (" + sqlite3_errmsg(handle) +
             "): import the captures into a new file";
    default:
      return path + ": " + sqlite3_errmsg(handle);
  }
}

[[noreturn]] void ThrowMachineError(const Connection& connection, int extended_code) {
  throw DatabaseError(MachineMessage(connection, extended_code), extended_code & 0xff);
}

[[noreturn]] void ThrowInterrupted(const Connection& connection) {
  throw Interrupted(connection.path + ": interrupted", SQLITE_INTERRUPT);
}

/// True where the text of the statement, or the values it computes with, are to blame.
bool IsSqlMistake(int code) {
  switch (code & 0xff) {
    case SQLITE_ERROR:
    case SQLITE_AUTH:
    case SQLITE_RANGE:
    case SQLITE_MISMATCH:
    case SQLITE_TOOBIG:
      return true;
    default:
      return false;
  }
}

int OnBusy(void* data, int attempts) {
  auto& connection = *static_cast<Connection*>(data);
  const auto now = std::chrono::steady_clock::now();
  if (attempts == 0) connection.busy_since = now;
  if (connection.interrupted.load(std::memory_order_relaxed)) return 0;
  if (now - connection.busy_since >= std::chrono::milliseconds(connection.busy_timeout_ms)) {
    return 0;
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(std::min(1 + 2 * attempts, 50)));
  return 1;
}

/// PRAGMAs that tell something and change nothing, with or without an argument.
bool IsHarmlessPragma(std::string_view name) {
  static constexpr std::array<std::string_view, 22> kNames = {
      "application_id", "collation_list",    "compile_options",  "data_version",    "database_list",
      "encoding",       "foreign_key_check", "foreign_key_list", "freelist_count",  "function_list",
      "index_info",     "index_list",        "index_xinfo",      "integrity_check", "module_list",
      "page_count",     "page_size",         "pragma_list",      "quick_check",     "table_info",
      "table_list",     "table_xinfo"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

int Deny(Connection& connection, std::string what) {
  connection.denied = std::move(what);
  return SQLITE_DENY;
}

/// Lets through what only reads; the rest of SQL is refused before it runs.
int Authorize(void* data, int action, const char* first, const char* second, const char*,
              const char*) {
  auto& connection = *static_cast<Connection*>(data);
  switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_RECURSIVE:
    case SQLITE_TRANSACTION:
    case SQLITE_SAVEPOINT:
      return SQLITE_OK;
    case SQLITE_UPDATE:
      // SQLite asks this for itself when json_each and other table-valued functions are first
      // used. A real UPDATE of it fails because its statement does not only read.
      if (std::string_view(first) == "sqlite_master") return SQLITE_OK;
      return Deny(connection, "UPDATE");
    case SQLITE_FUNCTION:
      if (std::string_view(second) != "load_extension") return SQLITE_OK;
      return Deny(connection, "load_extension()");
    case SQLITE_PRAGMA: {
      const std::string_view name = first;
      // These two read without an argument and write with one.
      if (second == nullptr && (name == "user_version" || name == "schema_version")) {
        return SQLITE_OK;
      }
      if (IsHarmlessPragma(name) && (second == nullptr || name != "application_id")) {
        return SQLITE_OK;
      }
      return Deny(connection, "PRAGMA " + std::string(name));
    }
    case SQLITE_ATTACH:
      return Deny(connection, "ATTACH");
    case SQLITE_DETACH:
      return Deny(connection, "DETACH");
    default:
      return Deny(connection, "this statement");
  }
}

std::string ReadOnlyMessage(const std::string& what) {
  return "only reading is allowed here, so " + what + " is refused";
}

/// A name that SQLite takes as a file, whatever it looks like (":memory:", "file:...").
std::string PlainFileName(const std::string& path) {
  const bool special = path.empty() || path[0] == ':' || path.rfind("file:", 0) == 0;
  return special ? "./" + path : path;
}

/// Throws where `path` is there but is no file; returns its size, or nullopt when it is missing.
std::optional<int64_t> FileSize(const std::string& path) {
  struct stat status;
  if (stat(PlainFileName(path).c_str(), &status) != 0) {
    if (errno == ENOENT) return std::nullopt;
    throw DatabaseError(path + ": " + std::strerror(errno), SQLITE_CANTOPEN);
  }
  if (S_ISDIR(status.st_mode)) {
    throw DatabaseError(path + " is a folder, not a database", SQLITE_CANTOPEN);
  }
  if (!S_ISREG(status.st_mode)) {
    throw DatabaseError(path + " is not a regular file", SQLITE_CANTOPEN);
  }
  return status.st_size;
}

/// SQLite's own message for a folder that can't be written is that the file doesn't exist.
void CheckFolderIsWritable(const std::string& path) {
  std::filesystem::path folder = std::filesystem::path(PlainFileName(path)).parent_path();
  if (folder.empty()) folder = ".";
  std::error_code ignored;
  if (!std::filesystem::exists(folder, ignored)) {
    throw DatabaseError(path + ": the folder " + folder.string() + " does not exist",
                        SQLITE_CANTOPEN);
  }
  if (access(folder.c_str(), W_OK) == 0) return;
  throw DatabaseError(
      path + ": can't write in its folder, where the journal has to be: " + std::strerror(errno),
      SQLITE_CANTOPEN);
}

/// Rolls back the journal of a killed import, which a read-only connection can't do.
void RollBackKilledImport(const std::string& path) {
  sqlite3* handle = nullptr;
  const std::string name = PlainFileName(path);
  if (sqlite3_open_v2(name.c_str(), &handle, SQLITE_OPEN_READWRITE, nullptr) == SQLITE_OK) {
    sqlite3_exec(handle, "PRAGMA user_version", nullptr, nullptr, nullptr);
  }
  sqlite3_close(handle);  // whether it worked shows when the reader tries again
}

}  // namespace

Statement::Statement(Statement&& other) noexcept
    : connection_(other.connection_), handle_(std::exchange(other.handle_, nullptr)) {}

Statement& Statement::operator=(Statement&& other) noexcept {
  if (this != &other) {
    sqlite3_finalize(handle_);
    connection_ = other.connection_;
    handle_ = std::exchange(other.handle_, nullptr);
  }
  return *this;
}

Statement::~Statement() { sqlite3_finalize(handle_); }

void Statement::Check(int code) const {
  if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE) return;
  if ((code & 0xff) == SQLITE_INTERRUPT ||
      connection_->interrupted.load(std::memory_order_relaxed)) {
    ThrowInterrupted(*connection_);
  }
  if (!IsSqlMistake(code)) ThrowMachineError(*connection_, code);
  throw SqlError(sqlite3_errmsg(connection_->handle), code & 0xff, sqlite3_sql(handle_), -1);
}

bool Statement::Step() {
  if (connection_->interrupted.load(std::memory_order_relaxed)) ThrowInterrupted(*connection_);
  const int code = sqlite3_step(handle_);
  Check(code);
  return code == SQLITE_ROW;
}

void Statement::Run() {
  while (Step()) {
  }
  Reset();
}

// The result of sqlite3_reset repeats the error of the last step, which was thrown there.
void Statement::Reset() { sqlite3_reset(handle_); }

Statement& Statement::BindInteger(int index, int64_t value) {
  Check(sqlite3_bind_int64(handle_, index, value));
  return *this;
}

Statement& Statement::Bind(int index, double value) {
  Check(sqlite3_bind_double(handle_, index, value));
  return *this;
}

Statement& Statement::Bind(int index, std::string_view text) {
  // A null pointer would bind NULL.
  const char* data = text.data() == nullptr ? "" : text.data();
  Check(sqlite3_bind_text64(handle_, index, data, text.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
  return *this;
}

Statement& Statement::BindBlob(int index, std::string_view bytes) {
  const char* data = bytes.data() == nullptr ? "" : bytes.data();
  Check(sqlite3_bind_blob64(handle_, index, data, bytes.size(), SQLITE_TRANSIENT));
  return *this;
}

Statement& Statement::BindNull(int index) {
  Check(sqlite3_bind_null(handle_, index));
  return *this;
}

int Statement::ParameterCount() const { return sqlite3_bind_parameter_count(handle_); }

std::string Statement::ParameterName(int index) const {
  const char* name = sqlite3_bind_parameter_name(handle_, index);
  return name == nullptr ? std::string() : std::string(name);
}

int Statement::ColumnCount() const { return sqlite3_column_count(handle_); }

std::string Statement::ColumnName(int column) const { return sqlite3_column_name(handle_, column); }

ValueType Statement::Type(int column) const {
  switch (sqlite3_column_type(handle_, column)) {
    case SQLITE_INTEGER:
      return ValueType::kInteger;
    case SQLITE_FLOAT:
      return ValueType::kReal;
    case SQLITE_TEXT:
      return ValueType::kText;
    case SQLITE_BLOB:
      return ValueType::kBlob;
    default:
      return ValueType::kNull;
  }
}

int64_t Statement::Integer(int column) const { return sqlite3_column_int64(handle_, column); }

double Statement::Real(int column) const { return sqlite3_column_double(handle_, column); }

std::string_view Statement::Text(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(handle_, column));
  return {text, static_cast<size_t>(sqlite3_column_bytes(handle_, column))};
}

std::string_view Statement::Blob(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(handle_, column));
  return {bytes, static_cast<size_t>(sqlite3_column_bytes(handle_, column))};
}

bool Statement::IsReadOnly() const { return sqlite3_stmt_readonly(handle_) != 0; }

Database::Database(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}
Database::Database(Database&&) noexcept = default;
Database& Database::operator=(Database&&) noexcept = default;
Database::~Database() = default;

Database Database::Open(const std::string& path, int flags) {
  // Its statistics of memory, which nobody reads, lock a mutex for each allocation. Without effect
  // where SQLite is in use already.
  [[maybe_unused]] static const int configured = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  auto connection = std::make_unique<Connection>(path);
  const std::string name = (flags & SQLITE_OPEN_MEMORY) != 0 ? path : PlainFileName(path);
  // NOMUTEX: one thread at a time uses a connection (Interrupt may be called from any), and the
  // locks would cost a tenth of an import of small files.
  const int code = sqlite3_open_v2(name.c_str(), &connection->handle,
                                   flags | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_NOMUTEX, nullptr);
  if (code != SQLITE_OK) ThrowMachineError(*connection, code);
  sqlite3_busy_handler(connection->handle, OnBusy, connection.get());
  return Database(std::move(connection));
}

Database Database::OpenForImport(const std::string& path) {
  FileSize(path);
  CheckFolderIsWritable(path);
  Database database = Open(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  const bool empty = IsEmpty(database);
  if (!empty) CheckIdentity(database);
  if (sqlite3_db_readonly(database.handle(), "main") == 1) {
    ThrowMachineError(*database.connection_, SQLITE_READONLY);
  }
  // TRUNCATE: appending to new pages costs a rollback journal nothing, and the journal file need
  // not be made anew for each transaction. cache_spill off: a spill needs the exclusive lock in
  // mid-transaction, so one half-read SELECT elsewhere would stop the import.
  // page_size, of new files only: larger pages are fewer to balance and to write.
  database.Execute(
      "PRAGMA page_size = 8192;"
      "PRAGMA journal_mode = TRUNCATE;"
      "PRAGMA cache_spill = OFF;"
      "PRAGMA foreign_keys = OFF;"
      "PRAGMA temp_store = MEMORY;");
  database.connection_->importing = true;
  if (empty) {
    CreateSchema(database);
    CheckIdentity(database);
  }
  return database;
}

Database Database::OpenReadOnly(const std::string& path) {
  const std::optional<int64_t> size = FileSize(path);
  if (!size) throw DatabaseError(path + ": no such file", SQLITE_CANTOPEN);
  if (*size == 0) {
    throw DatabaseError(path + " is empty: nothing was imported into it yet", SQLITE_NOTADB);
  }
  Database database = Open(path, SQLITE_OPEN_READONLY);
  const int code =
      sqlite3_exec(database.handle(), "PRAGMA user_version", nullptr, nullptr, nullptr);
  if (code == SQLITE_READONLY_ROLLBACK) RollBackKilledImport(path);
  CheckIdentity(database);
  // The schema may come from another person's file: views may call harmless functions only.
  // The cache keeps inner pages and a few dumps; each sort of a query takes as much again before it
  // spills (vdbesort.c). What fits the processor's cache is sorted quickest: with 24 MB a GROUP BY
  // of 2 million rows takes a quarter more time, and no report takes less.
  database.Execute("PRAGMA trusted_schema = OFF; PRAGMA cache_size = -8192;");
  CreateFastViews(database);
  database.Execute("PRAGMA query_only = ON;");
  sqlite3_limit(database.handle(), SQLITE_LIMIT_ATTACHED, 0);
  sqlite3_set_authorizer(database.handle(), Authorize, database.connection_.get());
  database.connection_->reading_only = true;
  return database;
}

Database Database::OpenInMemory() {
  Database database =
      Open(":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MEMORY);
  CreateSchema(database);
  return database;
}

std::optional<Statement> Database::PrepareNext(std::string_view sql, std::string_view* rest) {
  std::string_view remaining = sql;
  while (!remaining.empty()) {
    sqlite3_stmt* handle = nullptr;
    const char* tail = nullptr;
    connection_->denied.clear();
    const int code = sqlite3_prepare_v2(connection_->handle, remaining.data(),
                                        static_cast<int>(remaining.size()), &handle, &tail);
    if (code != SQLITE_OK) {
      if ((code & 0xff) == SQLITE_INTERRUPT ||
          connection_->interrupted.load(std::memory_order_relaxed)) {
        ThrowInterrupted(*connection_);
      }
      if (connection_->denied.empty() && !IsSqlMistake(code)) ThrowMachineError(*connection_, code);
      const int offset = sqlite3_error_offset(connection_->handle);
      const auto before = static_cast<int>(remaining.data() - sql.data());
      throw SqlError(connection_->denied.empty() ? sqlite3_errmsg(connection_->handle)
                                                 : ReadOnlyMessage(connection_->denied),
                     code & 0xff, std::string(sql), offset < 0 ? -1 : before + offset);
    }
    remaining.remove_prefix(static_cast<size_t>(tail - remaining.data()));
    if (handle == nullptr) continue;
    Statement statement(connection_.get(), handle);
    if (connection_->reading_only && !statement.IsReadOnly()) {
      throw SqlError(ReadOnlyMessage("this statement"), SQLITE_READONLY, std::string(sql), -1);
    }
    if (rest != nullptr) *rest = remaining;
    return statement;
  }
  if (rest != nullptr) *rest = remaining;
  return std::nullopt;
}

Statement Database::Prepare(std::string_view sql) {
  std::string_view rest;
  std::optional<Statement> statement = PrepareNext(sql, &rest);
  if (!statement) throw SqlError("no statement", SQLITE_ERROR, std::string(sql), -1);
  if (PrepareNext(rest, nullptr)) {
    throw SqlError("more than one statement", SQLITE_ERROR, std::string(sql),
                   static_cast<int>(rest.data() - sql.data()));
  }
  return std::move(*statement);
}

void Database::Execute(std::string_view sql) {
  std::string_view rest = sql;
  while (std::optional<Statement> statement = PrepareNext(rest, &rest)) statement->Run();
}

std::optional<int64_t> Database::QueryInteger(std::string_view sql) {
  Statement statement = Prepare(sql);
  if (!statement.Step() || statement.Type(0) == ValueType::kNull) return std::nullopt;
  return statement.Integer(0);
}

void Database::RegisterFunction(const std::string& name, std::function<int64_t(int64_t)> function) {
  using Function = std::function<int64_t(int64_t)>;
  auto call = [](sqlite3_context* context, int, sqlite3_value** arguments) {
    if (sqlite3_value_type(arguments[0]) == SQLITE_NULL) return;  // the result is NULL already
    try {
      const auto& self = *static_cast<const Function*>(sqlite3_user_data(context));
      sqlite3_result_int64(context, self(sqlite3_value_int64(arguments[0])));
    } catch (const std::exception& error) {
      sqlite3_result_error(context, error.what(), -1);
    }
  };
  // SQLite deletes the copy, also when it refuses the function.
  const int code = sqlite3_create_function_v2(
      connection_->handle, name.c_str(), 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS,
      new Function(std::move(function)), call, nullptr, nullptr,
      [](void* data) { delete static_cast<Function*>(data); });
  if (code != SQLITE_OK) ThrowMachineError(*connection_, code);
}

void Database::SetBusyTimeout(int64_t timeout_ms) { connection_->busy_timeout_ms = timeout_ms; }

void Database::Interrupt() noexcept {
  connection_->interrupted.store(true, std::memory_order_relaxed);
  sqlite3_interrupt(connection_->handle);
}

int64_t Database::LastInsertRowId() const { return sqlite3_last_insert_rowid(handle()); }

const std::string& Database::path() const { return connection_->path; }

sqlite3* Database::handle() const { return connection_->handle; }

Transaction::Transaction(Database& database) : database_(&database) {
  database.Execute("BEGIN IMMEDIATE");
}

Transaction::~Transaction() {
  // SQLite has rolled back by itself after some errors (disk full, for one).
  if (database_ == nullptr || sqlite3_get_autocommit(database_->handle()) != 0) return;
  sqlite3_exec(database_->handle(), "ROLLBACK", nullptr, nullptr, nullptr);
}

void Transaction::Commit() {
  database_->Execute("COMMIT");
  database_ = nullptr;
}

}  // namespace tcpsnap::store
