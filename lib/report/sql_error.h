// SQL errors for people.
#pragma once

#include <string>

#include "store/database.h"

namespace tcpsnap::report {

/// The message, the line of SQL with a caret under the place where there is one, and a hint:
///
///   no such column: stat
///     1 | SELECT stat FROM sockets
///                ^
///   the views and their columns: tcpsnap-query schema
std::string DescribeSqlError(const store::SqlError& error);

/// An error in SQL that stands in a file.
struct PlacedSqlError {
  int line = 0;         ///< of the file, 1-based
  int column = 0;       ///< byte of the line, 1-based; 0: SQLite gave no place
  std::string message;  ///< as above, with the numbers of the file's lines
};

/// `first_line` is the line of the file where the SQL begins.
PlacedSqlError PlaceSqlError(const store::SqlError& error, int first_line);

}  // namespace tcpsnap::report
