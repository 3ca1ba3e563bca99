#include "store/connection_tracker.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "store/interner.h"

namespace tcpsnap::store {
namespace {

constexpr int64_t kStateBits = 0xF;
/// The bits of a kind whose change is a transition: state and owner class.
constexpr int64_t kTransitionBits = kStateBits | ~kCensusKindBits;

uint64_t HashEndpoints(int64_t local, int64_t remote) {
  const IntegerHash mix;
  const uint64_t high = mix(static_cast<uint64_t>(remote));
  return mix((high ^ high >> 32) ^ static_cast<uint64_t>(local));
}

// Two rows of one dump with the same endpoints, other than listening sockets that share a port
// (SO_REUSEPORT), which their inodes tell apart.
bool AreMixed(const ConnectionRow& a, const ConnectionRow& b) {
  constexpr auto kListen = static_cast<int64_t>(procnet::State::kListen);
  return a.local == b.local && a.remote == b.remote &&
         ((a.last_kind & kStateBits) != kListen || (b.last_kind & kStateBits) != kListen ||
          a.inode == 0 || b.inode == 0);
}

}  // namespace

ConnectionTracker::ConnectionTracker(int64_t ticks_per_second, ConnectionSink& sink)
    : ticks_per_second_(ticks_per_second), sink_(sink) {
  Index();
}

// Entries of both dumps by their endpoints, at most half full. Those of the more recent one are
// found first.
void ConnectionTracker::Index() {
  const size_t entries = before_.size() + hidden_.size();
  index_.assign(std::bit_ceil(std::max<size_t>(entries * 2, 64)), 0);
  const int shift = 64 - std::countr_zero(index_.size());
  uint32_t number = 0;
  for (const std::vector<Entry>* list : {&before_, &hidden_}) {
    for (const Entry& entry : *list) {
      size_t at = HashEndpoints(entry.row.local, entry.row.remote) >> shift;
      for (; index_[at] != 0; at = (at + 1) & (index_.size() - 1)) {
        if (list == &before_ && AreMixed(entry.row, before_[index_[at] - 1].row)) is_mixed_ = true;
      }
      index_[at] = ++number;
    }
  }
}

// The first earlier entry with the row's endpoints that no row has continued and that fits.
template <typename Fits>
ConnectionTracker::Entry* ConnectionTracker::Find(const SocketRow& row, Fits fits) {
  const int shift = 64 - std::countr_zero(index_.size());
  size_t at = HashEndpoints(row.local, row.remote) >> shift;
  for (; index_[at] != 0; at = (at + 1) & (index_.size() - 1)) {
    const size_t number = index_[at] - 1;
    Entry& entry = number < before_.size() ? before_[number] : hidden_[number - before_.size()];
    if (entry.row.local != row.local || entry.row.remote != row.remote) continue;
    if (!entry.is_continued && fits(entry)) return &entry;
  }
  return nullptr;
}

void ConnectionTracker::AddTransition(Entry& entry, const TransitionRow& transition) {
  uint32_t number = free_transition_;
  if (number == kNone) {
    number = static_cast<uint32_t>(transitions_.size());
    transitions_.emplace_back();
  } else {
    free_transition_ = transitions_[number].before;
  }
  transitions_[number] = {transition, entry.transition};
  entry.transition = number;
}

void ConnectionTracker::DropTransitions(Entry& entry) {
  while (entry.transition != kNone) {
    const uint32_t number = entry.transition;
    entry.transition = transitions_[number].before;
    transitions_[number].before = free_transition_;
    free_transition_ = number;
  }
}

void ConnectionTracker::Continue(Entry& entry, const TrackedDump& dump, size_t row) {
  const SocketRow& seen = dump.rows[row];
  const int64_t from_kind = entry.row.last_kind;
  ++turnover_[entry.is_hidden][static_cast<size_t>(from_kind & kStateBits)]
             [static_cast<size_t>(seen.kind & kStateBits)];
  if (((from_kind ^ seen.kind) & kTransitionBits) != 0) {
    AddTransition(entry, {dump.id, entry.row.last_dump, from_kind, seen.kind});
  }
  entry.is_continued = true;
  Entry& next = now_[row];
  next = entry;
  next.is_hidden = false;
  next.is_continued = false;
  next.last = sightings_[row];
  next.row.last_dump = dump.id;
  next.row.last_row = dump.first_row + static_cast<int64_t>(row);
  next.row.last_kind = seen.kind;
  ++next.row.samples;
  if (next.last.inode != 0) next.row.inode = next.last.inode;
  if (next.last.inode != 0 || next.row.inode == 0) next.row.uid = seen.uid;
}

void ConnectionTracker::Begin(const TrackedDump& dump, size_t row) {
  const SocketRow& seen = dump.rows[row];
  Entry& entry = now_[row];
  entry.last = sightings_[row];
  entry.row = {dump.id,
               dump.id,
               dump.first_row + static_cast<int64_t>(row),
               1,
               seen.local,
               seen.remote,
               seen.kind,
               seen.kind,
               seen.uid,
               entry.last.inode};
  entry.transition = kNone;
  entry.is_hidden = false;
  entry.is_continued = false;
}

// An equal inode settles it, whatever else has these endpoints.
bool ConnectionTracker::TakeSameInode(const TrackedDump& dump, size_t row) {
  const Sighting& now = sightings_[row];
  Entry* const entry = Find(dump.rows[row], [&](const Entry& e) {
    return e.last.inode == now.inode && Continues(e.last, now, e.is_hidden);
  });
  if (entry == nullptr) return false;
  Continue(*entry, dump, row);
  return true;
}

void ConnectionTracker::TakeAny(const TrackedDump& dump, size_t row) {
  const Sighting& now = sightings_[row];
  Entry* const entry =
      Find(dump.rows[row], [&](const Entry& e) { return Continues(e.last, now, e.is_hidden); });
  if (entry != nullptr) {
    Continue(*entry, dump, row);
  } else {
    Begin(dump, row);
  }
}

void ConnectionTracker::Follow(const TrackedDump& dump) {
  now_.resize(dump.rows.size());
  sightings_.clear();
  for (const SocketRow& row : dump.rows) {
    sightings_.push_back(MakeSighting(row, dump.taken_ms, ticks_per_second_));
  }
  rest_.clear();
  for (size_t i = 0; i < dump.rows.size(); ++i) {
    if (sightings_[i].inode != 0 && !TakeSameInode(dump, i)) {
      rest_.push_back(static_cast<uint32_t>(i));
    }
  }
  for (const uint32_t i : rest_) TakeAny(dump, i);
  for (size_t i = 0; i < dump.rows.size(); ++i) {
    if (sightings_[i].inode == 0) TakeAny(dump, i);
  }
  if (!is_silent_) TellTurnover(dump.id);
  turnover_ = {};
  Retire();
}

void ConnectionTracker::TellTurnover(int64_t dump_id) {
  for (const size_t missed : {size_t{0}, size_t{1}}) {
    for (size_t from = 0; from < 16; ++from) {
      for (size_t to = 0; to < 16; ++to) {
        const int64_t sockets = turnover_[missed][from][to];
        if (sockets == 0) continue;
        sink_.Turnover(
            dump_id, {missed != 0, static_cast<int64_t>(from), static_cast<int64_t>(to), sockets});
      }
    }
  }
}

// What this dump shows becomes the one before; what it hides is kept for one more.
void ConnectionTracker::Retire() {
  for (Entry& entry : hidden_) {
    if (!entry.is_continued) HandOver(entry);
  }
  hidden_.clear();
  for (Entry& entry : before_) {
    if (entry.is_continued) continue;
    if (MayBeHidden(entry.last)) {
      hidden_.push_back(entry);
      hidden_.back().is_hidden = true;
    } else {
      HandOver(entry);
    }
  }
  std::swap(before_, now_);
  Index();
}

void ConnectionTracker::HandOver(Entry& entry) {
  if (!is_silent_ && entry.row.samples > 1) {
    handed_over_.clear();
    for (uint32_t i = entry.transition; i != kNone; i = transitions_[i].before) {
      handed_over_.push_back(transitions_[i].row);
    }
    std::reverse(handed_over_.begin(), handed_over_.end());
    sink_.Ended(entry.row, handed_over_);
  }
  DropTransitions(entry);
}

void ConnectionTracker::FollowAgain(const TrackedDump& dump) {
  is_silent_ = true;
  Follow(dump);
  is_silent_ = false;
}

bool ConnectionTracker::Recall(const ConnectionRow& connection,
                               std::span<const TransitionRow> transitions) {
  const auto find = [&](std::vector<Entry>& entries) -> Entry* {
    const auto place = std::lower_bound(
        entries.begin(), entries.end(), connection.last_row,
        [](const Entry& entry, int64_t last_row) { return entry.row.last_row < last_row; });
    if (place == entries.end() || place->row.last_row != connection.last_row) return nullptr;
    return &*place;
  };
  Entry* entry = find(before_);
  if (entry == nullptr) entry = find(hidden_);
  if (entry == nullptr) return false;
  DropTransitions(*entry);
  entry->row = connection;
  for (const TransitionRow& transition : transitions) AddTransition(*entry, transition);
  return true;
}

void ConnectionTracker::Finish() {
  for (Entry& entry : hidden_) HandOver(entry);
  for (Entry& entry : before_) HandOver(entry);
  hidden_.clear();
  before_.clear();
}

}  // namespace tcpsnap::store
