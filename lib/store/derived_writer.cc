#include "store/derived_writer.h"

#include "store/list_memory.h"

namespace tcpsnap::store {
namespace {

/// What a row adds to a transaction, indexes included.
constexpr int64_t kDerivedRowBytes = 64;

}  // namespace

DerivedWriter::DerivedWriter(Database& database)
    : insert_connections_(
          database, "connection",
          "first_dump, last_row, samples, local, remote, first_kind, last_kind, uid, inode"),
      insert_transitions_(database, "transition",
                          "dump_id, connection_id, from_dump, from_kind, to_kind"),
      insert_turnovers_(database, "turnover", "dump_id, missed, from_state, to_state, sockets"),
      set_range_(database.Prepare(
          "UPDATE dump SET first_connection = ?, last_connection = ? WHERE id = ?")) {}

void DerivedWriter::Ended(int64_t last_dump, const ConnectionRow& row,
                          std::span<const TransitionRow> transitions) {
  if (blocks_.empty() || blocks_.back().dump_id != last_dump) blocks_.push_back({last_dump, 0});
  ++blocks_.back().connections;
  connections_.push_back(row);
  const auto place = static_cast<int64_t>(connections_.size());
  for (const TransitionRow& transition : transitions) {
    transitions_.push_back({transition.dump_id, place, transition.from_dump, transition.from_kind,
                            transition.to_kind});
  }
}

void DerivedWriter::Turnover(int64_t dump_id, const TurnoverRow& row) {
  turnovers_.push_back({dump_id, row.missed, row.from_state, row.to_state, row.sockets});
}

int64_t DerivedWriter::Write() {
  const size_t rows = connections_.size() + transitions_.size() + turnovers_.size();
  const int64_t before = insert_connections_.Insert(ValuesOf(connections_)) -
                         static_cast<int64_t>(connections_.size());
  int64_t last = before;
  for (const Block& block : blocks_) {
    if (block.dump_id != written_.dump_id || written_.last != last) written_.first = last + 1;
    last += block.connections;
    written_.dump_id = block.dump_id;
    written_.last = last;
    set_range_.Bind(1, written_.first).Bind(2, last).Bind(3, block.dump_id).Run();
  }
  for (Transition& transition : transitions_) transition.connection_id += before;
  insert_transitions_.Insert(ValuesOf(transitions_));
  insert_turnovers_.Insert(ValuesOf(turnovers_));
  Clear();
  return static_cast<int64_t>(rows) * kDerivedRowBytes;
}

void DerivedWriter::Drop() {
  Clear();
  written_ = {};
}

void DerivedWriter::Clear() {
  connections_.clear();
  FreeIfLarge(connections_);
  blocks_.clear();
  FreeIfLarge(blocks_);
  transitions_.clear();
  FreeIfLarge(transitions_);
  turnovers_.clear();
  FreeIfLarge(turnovers_);
}

}  // namespace tcpsnap::store
