#include "store/connection_tracker.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "store/interner.h"
#include "store/list_memory.h"

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
template <typename Entry>
bool AreMixed(const Entry& a, const Entry& b) {
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
  const size_t entries = before_.entries.size() + hidden_.entries.size();
  index_.assign(std::bit_ceil(std::max<size_t>(entries * 2, 64)), 0);
  const int shift = 64 - std::countr_zero(index_.size());
  uint32_t number = 0;
  for (const Sightings* list : {&before_, &hidden_}) {
    for (const Entry& entry : list->entries) {
      size_t at = HashEndpoints(entry.local, entry.remote) >> shift;
      for (; index_[at] != 0; at = (at + 1) & (index_.size() - 1)) {
        if (list == &before_ && AreMixed(entry, before_.entries[index_[at] - 1])) is_mixed_ = true;
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
    const size_t recent = before_.entries.size();
    Entry& entry = number < recent ? before_.entries[number] : hidden_.entries[number - recent];
    if (entry.local != row.local || entry.remote != row.remote) continue;
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

// What a row shows of its connection.
void ConnectionTracker::See(Entry& entry, const SocketRow& row, const Sighting& now, size_t place) {
  entry.last_kind = static_cast<uint32_t>(row.kind) & kKindMask;
  entry.ends_ms = now.ends_ms;
  entry.row = static_cast<uint32_t>(place);
  entry.has_inode = now.inode != 0;
  if (entry.has_inode) entry.inode = now.inode;
  if (entry.has_inode || entry.inode == 0) entry.uid = row.uid;
  ++entry.samples;
}

void ConnectionTracker::Continue(Entry& entry, const TrackedDump& dump, size_t row,
                                 const Sighting& now) {
  const SocketRow& seen = dump.rows[row];
  const int64_t from_kind = entry.last_kind;
  ++turnover_[entry.is_hidden][static_cast<size_t>(from_kind & kStateBits)]
             [static_cast<size_t>(seen.kind & kStateBits)];
  if (((from_kind ^ seen.kind) & kTransitionBits) != 0) {
    const int64_t from_dump = entry.is_hidden ? hidden_.dump_id : before_.dump_id;
    AddTransition(entry, {dump.id, from_dump, from_kind, seen.kind});
  }
  entry.is_continued = true;
  Entry& next = now_.entries[row];
  next = entry;
  next.is_hidden = false;
  next.is_continued = false;
  See(next, seen, now, row);
}

void ConnectionTracker::Begin(const TrackedDump& dump, size_t row, const Sighting& now) {
  const SocketRow& seen = dump.rows[row];
  Entry& entry = now_.entries[row];
  entry = {};
  entry.local = seen.local;
  entry.remote = seen.remote;
  entry.first_dump = dump.id;
  entry.first_kind = static_cast<uint32_t>(seen.kind) & kKindMask;
  See(entry, seen, now, row);
}

// An equal inode settles it, whatever else has these endpoints.
bool ConnectionTracker::TakeSameInode(const TrackedDump& dump, size_t row, const Sighting& now) {
  Entry* const entry = Find(dump.rows[row], [&](const Entry& e) {
    return e.has_inode && e.inode == now.inode && Continues(e.last(), now, e.is_hidden);
  });
  if (entry == nullptr) return false;
  Continue(*entry, dump, row, now);
  return true;
}

void ConnectionTracker::TakeAny(const TrackedDump& dump, size_t row, const Sighting& now) {
  Entry* const entry =
      Find(dump.rows[row], [&](const Entry& e) { return Continues(e.last(), now, e.is_hidden); });
  if (entry != nullptr) {
    Continue(*entry, dump, row, now);
  } else {
    Begin(dump, row, now);
  }
}

void ConnectionTracker::Follow(const TrackedDump& dump) {
  now_.dump_id = dump.id;
  now_.first_row = dump.first_row;
  now_.entries.resize(dump.rows.size());
  const auto sighting = [&](size_t row) {
    return MakeSighting(dump.rows[row], dump.taken_ms, ticks_per_second_);
  };
  // In this order, so that whatever has no inode takes what is left.
  with_inode_.clear();
  without_inode_.clear();
  for (size_t i = 0; i < dump.rows.size(); ++i) {
    const Sighting now = sighting(i);
    if (now.inode == 0) {
      without_inode_.push_back(static_cast<uint32_t>(i));
    } else if (!TakeSameInode(dump, i, now)) {
      with_inode_.push_back(static_cast<uint32_t>(i));
    }
  }
  for (const std::vector<uint32_t>* rest : {&with_inode_, &without_inode_}) {
    for (const uint32_t i : *rest) TakeAny(dump, i, sighting(i));
  }
  if (!is_silent_) TellTurnover(dump.id);
  turnover_ = {};
  FreeIfLarge(with_inode_);
  FreeIfLarge(without_inode_);
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

// What this dump shows becomes the one before; what it does not is kept for one more.
void ConnectionTracker::Retire() {
  HandOver(hidden_, 0, hidden_.entries.size());
  hidden_.entries.clear();
  FreeIfLarge(hidden_.entries);
  hidden_.dump_id = before_.dump_id;
  hidden_.first_row = before_.first_row;
  const auto is_kept = [this](const Entry& entry) {
    if (entry.is_continued) return false;
    return is_silent_ || entry.samples > 1 || MayBeHidden(entry.last());
  };
  hidden_.entries.reserve(
      static_cast<size_t>(std::count_if(before_.entries.begin(), before_.entries.end(), is_kept)));
  for (const Entry& entry : before_.entries) {
    if (!is_kept(entry)) continue;
    hidden_.entries.push_back(entry);
    hidden_.entries.back().is_hidden = true;
  }
  before_.dump_id = now_.dump_id;
  before_.first_row = now_.first_row;
  before_.entries = std::exchange(now_.entries, std::vector<Entry>());  // of many hosts, keep one
  Index();
}

// The connections that nothing continued, of a part of a list.
void ConnectionTracker::HandOver(Sightings& list, size_t begin, size_t end) {
  for (size_t i = begin; i < end; ++i) {
    Entry& entry = list.entries[i];
    if (entry.is_continued) continue;
    if (!is_silent_ && entry.samples > 1) {
      handed_over_.clear();
      for (uint32_t at = entry.transition; at != kNone; at = transitions_[at].before) {
        handed_over_.push_back(transitions_[at].row);
      }
      std::reverse(handed_over_.begin(), handed_over_.end());
      const ConnectionRow row{
          entry.first_dump, list.first_row + entry.row, entry.samples,   entry.local,
          entry.remote,     entry.first_kind,           entry.last_kind, entry.uid,
          entry.inode};
      sink_.Ended(list.dump_id, row, handed_over_);
    }
    DropTransitions(entry);
  }
}

void ConnectionTracker::FollowAgain(const TrackedDump& dump) {
  is_silent_ = true;
  Follow(dump);
  is_silent_ = false;
}

void ConnectionTracker::Recall(const ConnectionRow& connection,
                               std::span<const TransitionRow> transitions) {
  for (Sightings* list : {&before_, &hidden_}) {
    const int64_t row = connection.last_row - list->first_row;
    const auto place =
        std::lower_bound(list->entries.begin(), list->entries.end(), row,
                         [](const Entry& entry, int64_t wanted) { return entry.row < wanted; });
    if (place == list->entries.end() || place->row != row) continue;
    DropTransitions(*place);
    place->first_dump = connection.first_dump;
    place->samples = static_cast<uint32_t>(connection.samples);
    place->first_kind = static_cast<uint32_t>(connection.first_kind) & kKindMask;
    place->uid = connection.uid;
    place->inode = connection.inode;
    for (const TransitionRow& transition : transitions) AddTransition(*place, transition);
    return;
  }
}

bool ConnectionTracker::FinishSome(size_t most) {
  Sightings& list = hidden_.entries.empty() ? before_ : hidden_;
  if (list.entries.empty()) return false;
  const size_t end = std::min(list.entries.size(), finished_ + most);
  HandOver(list, finished_, end);
  finished_ = end;
  if (end == list.entries.size()) {
    list.entries.clear();
    FreeIfLarge(list.entries);
    finished_ = 0;
  }
  return true;
}

}  // namespace tcpsnap::store
