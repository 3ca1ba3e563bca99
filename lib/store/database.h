// Owners of SQLite's handles, with SQLite's own verbs.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

struct sqlite3;
struct sqlite3_stmt;

namespace tcpsnap::store {

/// SQLite said no. `what()` is SQLite's message with the database's path where there is one.
class DatabaseError : public std::runtime_error {
 public:
  DatabaseError(const std::string& message, int code) : std::runtime_error(message), code_(code) {}
  int code() const { return code_; }  ///< SQLite's primary result code

 private:
  int code_;
};

/// The SQL text is wrong: `offset` is the byte where SQLite stumbled, or -1.
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

  Statement& Bind(int index, int64_t value);
  Statement& Bind(int index, double value);
  Statement& Bind(int index, std::string_view text);
  Statement& BindBlob(int index, std::string_view bytes);
  Statement& BindNull(int index);
  Statement& Bind(int index, const std::optional<int64_t>& value);
  Statement& Bind(int index, const std::optional<std::string>& value);

  int ParameterCount() const;
  /// ":since" or empty for a bare `?`.
  std::string ParameterName(int index) const;
  /// 0 when the statement has no such parameter; `name` includes the colon.
  int ParameterIndex(std::string_view name) const;

  int ColumnCount() const;
  std::string ColumnName(int column) const;
  ValueType Type(int column) const;
  int64_t Integer(int column) const;
  double Real(int column) const;
  /// Valid until the next Step, Reset or destruction.
  std::string_view Text(int column) const;
  std::string_view Blob(int column) const;

  bool IsReadOnly() const;  ///< sqlite3_stmt_readonly
  bool IsExplain() const;

 private:
  friend class Database;
  Statement(sqlite3* db, sqlite3_stmt* handle) : db_(db), handle_(handle) {}
  void Check(int code) const;
  sqlite3* db_ = nullptr;
  sqlite3_stmt* handle_ = nullptr;
};

/// One connection to one database file.
class Database {
 public:
  /// Opens or creates a file for importing and checks that it is ours (schema.h creates the tables
  /// in an empty one). Throws DatabaseError: a foreign or newer database is refused by name.
  static Database OpenForImport(const std::string& path);
  /// Opens an existing file for reading only, checks that it is ours. Nothing that runs on this
  /// connection can write a file: not the database, and not by ATTACH or VACUUM INTO.
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
  /// Runs statements without rows.
  void Execute(std::string_view sql);
  /// The single integer that a query gives; nullopt for no row or NULL.
  std::optional<int64_t> QueryInteger(std::string_view sql);

  /// Makes `function` callable in SQL as `name(integer)`; NULL in gives NULL out.
  void RegisterFunction(const std::string& name, std::function<int64_t(int64_t)> function);

  /// Stops what runs on this connection soon; callable from a signal handler or another thread.
  void Interrupt() noexcept;

  int64_t LastInsertRowId() const;
  int64_t Changes() const;
  /// Bytes of page cache in use (SQLITE_DBSTATUS_CACHE_USED).
  int64_t CacheBytes() const;
  const std::string& path() const { return path_; }
  sqlite3* handle() const { return handle_; }  ///< for lib/store only

 private:
  Database(sqlite3* handle, std::string path) : handle_(handle), path_(std::move(path)) {}
  sqlite3* handle_ = nullptr;
  std::string path_;
};

/// BEGIN IMMEDIATE; rolls back unless committed.
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
