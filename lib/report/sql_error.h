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

}  // namespace tcpsnap::report
