// What a tracker finds out -> the tables connection, transition and turnover.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "store/appended_rows.h"
#include "store/connection_tracker.h"
#include "store/database.h"
#include "store/staged_rows.h"

namespace tcpsnap::store {

/// Collects rows without the database, so that a tracker can run while another thread uses it, and
/// writes many at a time.
class DerivedWriter : public ConnectionSink {
 public:
  explicit DerivedWriter(Database& database);

  void Ended(int64_t last_dump, const ConnectionRow& row,
             std::span<const TransitionRow> transitions) override;
  void Turnover(int64_t dump_id, const TurnoverRow& row) override;

  /// Writes what has come since the last call, and sets the ranges of the dumps; returns about how
  /// many bytes that adds to the transaction.
  int64_t Write();
  /// Forgets what has come, after a rollback.
  void Drop();

 private:
  // The columns of the tables; a connection's id is its place in connections_ until it is written.
  struct Transition {
    int64_t dump_id, connection_id, from_dump, from_kind, to_kind;
  };
  struct Turnovers {
    int64_t dump_id, missed, from_state, to_state, sockets;
  };
  // Consecutive connections that were last seen in one dump.
  struct Block {
    int64_t dump_id, connections;
  };
  // The last one that was written: more of it may come.
  struct WrittenBlock {
    int64_t dump_id = 0, first = 0, last = 0;
  };

  void Clear();

  AppendedRows insert_connections_;
  StagedRows insert_transitions_, insert_turnovers_;  // these have no rowid
  Statement set_range_;
  std::vector<ConnectionRow> connections_;
  std::vector<Block> blocks_;
  std::vector<Transition> transitions_;
  std::vector<Turnovers> turnovers_;
  WrittenBlock written_;
};

}  // namespace tcpsnap::store
