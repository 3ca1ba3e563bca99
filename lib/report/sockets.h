// The sockets of one moment, or of each moment of a window, in the manner of ss.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "report/names.h"
#include "report/row_writer.h"
#include "report/scope.h"
#include "report/socket_filter.h"
#include "store/database.h"

namespace tcpsnap::report {

/// A snapshot to show.
struct ChosenSnapshot {
  std::string host;
  int64_t taken_ms = 0;
  int64_t ordinal = 0;
  /// "tcp" or "tcp6" where the snapshot lacks that table and other snapshots of the host have it.
  std::string missing;
};

/// What is shown, ordered by host and time, and what to say about it.
struct Choice {
  std::vector<ChosenSnapshot> snapshots;
  bool is_window = false;            ///< all snapshots of --since and --until
  std::vector<std::string> remarks;  ///< a sentence each: which moment, how old, what is missing
};

/// With a window in `scope` all of its snapshots; else of each host (or the host of `scope`) the
/// last one at or before `at`, a time as --since takes it; the last one without it. Throws
/// UserError for a time that is none, and where no host has a snapshot at or before it. Without any
/// snapshot the choice is empty.
Choice ChooseSnapshots(store::Database& database, const Scope& scope,
                       const std::optional<std::string>& at);

struct SocketsOptions {
  /// For people: endpoints as ss writes them, and the columns host and taken_at only where they
  /// differ from row to row. Else every column, address and port apart.
  bool readable = true;
  bool is_long = false;  ///< rto, cwnd and the rest
  /// Names within readable endpoints, as ss -r writes them: db1:https. The writer names the rest.
  const Names* names = nullptr;
  std::optional<int64_t> limit;
};

/// Writes the sockets that match, ordered by host, time, state, local and remote endpoint. Returns
/// false when there are more than the limit.
bool WriteSockets(store::Database& database, const Choice& choice, const SocketFilter& filter,
                  const SocketsOptions& options, RowWriter& writer);

/// The query of one snapshot (:host, :taken_ms, :ordinal) and how one snapshot is found; for tests
/// of their plans.
std::string SocketsSql(const SocketFilter& filter);
std::string LastSnapshotSql();

}  // namespace tcpsnap::report
