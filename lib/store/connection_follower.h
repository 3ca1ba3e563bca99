// Keeps the derived tables (followed, connection, transition, turnover) in step with the dumps.
//
// They are a pure function of the dumps of each host and family in their order (taken_ms, ordinal,
// content_hash), whatever the order in which these were imported. Dumps that come in this order,
// as nearly all do, are followed as they come; where one comes before another that is there, or is
// replaced or taken out, all of its host and family is followed anew from the database at the end.
// Until then followed.stale is 1, so that the next import does it when this one is killed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "store/database.h"
#include "store/socket_row.h"

namespace tcpsnap::store {

/// A dump that was stored just now.
struct StoredSamples {
  int64_t host_id = 0;
  int64_t family = 4;
  int64_t dump_id = 0;
  int64_t taken_ms = 0;
  int64_t ordinal = 0;
  int64_t content_hash = 0;
  int64_t first_row = 0;
  std::vector<SocketRow> rows;
};

/// Runs inside the caller's transactions. Dumps are followed some at a time on a thread of its own,
/// while the caller stores the next ones; what comes of them is written with those.
class ConnectionFollower {
 public:
  /// Hosts and families of which the last dumps have more rows than `most_rows` together, and than
  /// two of the largest dump, are not all followed at once: what they hold in memory.
  explicit ConnectionFollower(Database& database, size_t most_rows = 96 << 10);
  ~ConnectionFollower();
  ConnectionFollower(const ConnectionFollower&) = delete;
  ConnectionFollower& operator=(const ConnectionFollower&) = delete;

  /// A new dump. Returns about how many bytes that adds to the transaction.
  int64_t Add(StoredSamples&& dump);
  /// Another dump of this host and family has changed, its place in the order included: all of them
  /// will be followed anew.
  void Distrust(int64_t host_id, int64_t family);
  /// What was written since the last commit is taken back: dumps, and what was derived from them.
  void RolledBack();

  /// Brings the tables up to date, also where an earlier import was killed. Calls `wrote` now and
  /// then with the bytes since the last call, about: it may commit and begin anew.
  void Finish(const std::function<void(int64_t)>& wrote);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// For whoever takes dumps out: drops what was derived from any dump of this host and family, and
/// marks it as stale.
void ForgetConnections(Database& database, int64_t host_id, int64_t family);

}  // namespace tcpsnap::store
