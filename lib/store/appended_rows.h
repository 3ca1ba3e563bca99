// Many rows in memory -> rows of a table, three times as fast as StagedRows.
//
// Where `INSERT INTO a SELECT * FROM b` is between two tables that are alike, SQLite copies whole
// records (https://www.sqlite.org/src/file/src/insert.c, xferOptimization), and nothing is left of
// what an INSERT does for each value. Two things make tables alike here:
//
// - the rows are written as a database in memory (row_image.h), which the connection attaches;
// - an INTEGER PRIMARY KEY would have SQLite look for each id before it is used. So the connection,
//   and nobody else, knows the table by a second name and without that column: a record says
//   nothing of it, its id is the record's key. The row of sqlite_master that tells of the name is
//   deleted again in the transaction that inserts it; what SQLite read from it stays in memory.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "store/database.h"
#include "store/staged_rows.h"

namespace tcpsnap::store {

class AppendedRows {
 public:
  /// For these columns, "a, b, c", of a table whose last column is `id INTEGER PRIMARY KEY`, and
  /// which has no others, no index and no trigger. The connection must outlive this; one at a time
  /// for each table. Needs a transaction for Insert only.
  AppendedRows(Database& database, const std::string& table, const std::string& columns);
  ~AppendedRows();
  AppendedRows(const AppendedRows&) = delete;
  AppendedRows& operator=(const AppendedRows&) = delete;

  /// Like StagedRows::Insert, which does it where there are few rows, and where an SQLite was built
  /// without what this needs.
  int64_t Insert(std::span<const int64_t> values);

  /// False where StagedRows does all of it.
  bool IsFast();

 private:
  class Copier;
  Copier* GetCopier();

  Database& database_;
  std::string table_, columns_;
  StagedRows staged_;
  bool tried_ = false;
  std::unique_ptr<Copier> copier_;
};

}  // namespace tcpsnap::store
