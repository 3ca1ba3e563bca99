// Rows in memory -> rows of socket_row, by `INSERT INTO ... SELECT` from a virtual table: 1.6
// to 2.5 times the speed of binding each value.
#pragma once

#include <memory>
#include <span>

#include "store/database.h"
#include "store/prepared_dump.h"

namespace tcpsnap::store {

class StagedRows {
 public:
  /// Registers the virtual table with the connection, which must outlive this.
  explicit StagedRows(Database& database);
  ~StagedRows();
  StagedRows(const StagedRows&) = delete;
  StagedRows& operator=(const StagedRows&) = delete;

  /// Appends the rows to socket_row; SQLite gives them consecutive ids. Returns the last id (0 for
  /// no rows).
  int64_t Insert(std::span<const SocketRow> rows);

 private:
  struct Source;  // what the virtual table reads
  std::unique_ptr<Source> source_;
  Database& database_;
  Statement insert_;
};

}  // namespace tcpsnap::store
