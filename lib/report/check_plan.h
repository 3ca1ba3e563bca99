// What a statement reads whatever its window is.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "store/database.h"

namespace tcpsnap::report {

struct WideRead {
  std::string table;               ///< "socket_row"
  std::vector<std::string> views;  ///< that read it so: "sockets"; all of them for "snapshot"
};

/// The tables that grow with the captures and of which `sql` reads more than the snapshots of a
/// window, each once, ordered by name.
///
/// It follows from SQLite's program (EXPLAIN) and not from the text of EXPLAIN QUERY PLAN: that has
/// names as the statement writes them, and a report may call a subquery of its own `s` or `r`. The
/// program opens b-trees by their root page, which belongs to one table or index:
///
///   OpenRead 3 7 0      cursor 3 is the b-tree with root page 7
///   Rewind 3, Last 3, Count 3         walks through the whole of it
///   SeekGE 3 .. 2, IdxGT 3 .. 2       searches an index by its first two columns
///
/// `snapshot` is the table by which all others are found, so a search of an index of it must use
/// taken_ms or taken_at. A search by row id finds one row and is fine.
std::vector<WideRead> FindWideReads(store::Database& database, std::string_view sql);

}  // namespace tcpsnap::report
