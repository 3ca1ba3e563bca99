// Owners of SQLite's handles, with SQLite's own verbs.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace tcpsnap::store {

struct Connection;  // a handle and what its callbacks need; in database.cc

/// SQLite said no. `what()` begins with the database's path and says what to do.
class DatabaseError : public std::runtime_error {
 public:
  DatabaseError(const std::string& message, int code) : std::runtime_error(message), code_(code) {}
  int code() const { return code_; }  ///< SQLite's primary result code

 private:
  int code_;
};

/// The SQL text is wrong, or would write where only reading is allowed: `offset` is the byte of
/// `sql` where SQLite stumbled, or -1. `what()` is SQLite's message alone.
class SqlError : public DatabaseError {
 public:
  SqlError(const std::string& message, int code, std::string sql, int offset)
      : DatabaseError(message, code), sql_(std::move(sql)), offset_(offset) {}
  const std::string& sql() const { return sql_; }
  int offset() const { return offset_; }

 private:
  std::string sql_;
  int offset_;
};

/// The work was stopped by Database::Interrupt.
class Interrupted : public DatabaseError {
 public:
  using DatabaseError::DatabaseError;
};

/// The five storage classes of SQLite.
enum class ValueType : uint8_t { kNull, kInteger, kReal, kText, kBlob };

/// One prepared statement. Columns are 0-based, parameters 1-based, as in SQLite.
class Statement {
 public:
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&& other) noexcept;
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  ~Statement();

  /// True when a row is ready, false when done. Throws DatabaseError or Interrupted.
  bool Step();
  /// Steps to the end (for statements without rows) and resets.
  void Run();
  void Reset();

  Statement& BindInteger(int index, int64_t value);
  Statement& BindBlob(int index, std::string_view bytes);
  Statement& BindNull(int index);
  Statement& Bind(int index, double value);
  Statement& Bind(int index, std::string_view text);
  template <std::integral T>
  Statement& Bind(int index, T value) {
    return BindInteger(index, static_cast<int64_t>(value));
  }
  /// NULL where there is no value.
  template <typename T>
  Statement& Bind(int index, const std::optional<T>& value) {
    return value ? Bind(index, *value) : BindNull(index);
  }

  int ParameterCount() const;
  /// ":since" or empty for a bare `?`.
  std::string ParameterName(int index) const;

  int ColumnCount() const;
  std::string ColumnName(int column) const;
  ValueType Type(int column) const;
  int64_t Integer(int column) const;
  double Real(int column) const;
  /// Valid until the next Step, Reset or destruction.
  std::string_view Text(int column) const;
  std::string_view Blob(int column) const;

  bool IsReadOnly() const;  ///< sqlite3_stmt_readonly

 private:
  friend class Database;
  Statement(Connection* connection, sqlite3_stmt* handle)
      : connection_(connection), handle_(handle) {}
  void Check(int code) const;
  Connection* connection_ = nullptr;
  sqlite3_stmt* handle_ = nullptr;
};

/// One connection to one database file. Statements must not outlive it. One thread at a time.
class Database {
 public:
  /// Opens or creates a file for importing. A missing or empty file gets the schema; a foreign
  /// database, a newer one or a text file is refused by name (DatabaseError). Foreign keys are not
  /// enforced: the importer writes the rows of both sides, and checking costs a look-up a row.
  static Database OpenForImport(const std::string& path);
  /// Opens an existing file for reading only, checks that it is ours. Nothing that runs on this
  /// connection can write a file: not the database, and not by ATTACH or VACUUM INTO. (Opening it
  /// rolls back what a killed import left behind; large sorts use unnamed temporary files.)
  static Database OpenReadOnly(const std::string& path);
  /// An empty database in memory with the schema, for tests and dry runs.
  static Database OpenInMemory();

  Database(Database&& other) noexcept;
  Database& operator=(Database&& other) noexcept;
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database();

  /// Prepares the first statement of `sql`; `rest`, if given, becomes what follows it. Throws
  /// SqlError with the place. Returns nullopt when there is nothing but blanks and comments.
  std::optional<Statement> PrepareNext(std::string_view sql, std::string_view* rest);
  /// Prepares exactly one statement.
  Statement Prepare(std::string_view sql);
  /// Runs any number of statements; rows that they give are dropped.
  void Execute(std::string_view sql);
  /// The single integer that a query gives; nullopt for no row or NULL.
  std::optional<int64_t> QueryInteger(std::string_view sql);

  /// Makes `function` callable in SQL as `name(integer)`; NULL in gives NULL out. It must be pure.
  void RegisterFunction(const std::string& name, std::function<int64_t(int64_t)> function);

  /// How long to wait for a lock that another connection holds, before DatabaseError (SQLITE_BUSY).
  /// 10 s unless set.
  void SetBusyTimeout(int64_t timeout_ms);

  /// Stops what runs on this connection soon; this and every later Step throws Interrupted (a
  /// Transaction can still roll back). Callable from a signal handler or another thread.
  void Interrupt() noexcept;

  int64_t LastInsertRowId() const;
  const std::string& path() const;
  sqlite3* handle() const;  ///< for lib/store only

 private:
  explicit Database(std::unique_ptr<Connection> connection);
  static Database Open(const std::string& path, int flags);
  std::unique_ptr<Connection> connection_;
};

/// BEGIN IMMEDIATE; rolls back unless committed. The Database must not be moved meanwhile.
class Transaction {
 public:
  explicit Transaction(Database& database);
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction();
  void Commit();

 private:
  Database* database_;
};

}  // namespace tcpsnap::store
