#include "store/prepared_dump.h"

#include <xxhash.h>

#include <algorithm>
#include <bitset>
#include <cstring>

#include "store/interner.h"

namespace tcpsnap::store {
namespace {

using procnet::Address;
using procnet::Family;
using procnet::SocketRecord;
using procnet::State;
using procnet::Timer;

constexpr uint64_t kFirstKey6 = uint64_t{1} << 32;

struct AddressHash {
  uint64_t operator()(const Address& address) const {
    uint64_t halves[2];
    std::memcpy(halves, address.bytes.data(), sizeof halves);
    const IntegerHash mix;
    const uint64_t high = mix(halves[0]);
    return mix((high ^ high >> 32) ^ halves[1]);
  }
};

// Address keys: v4 is its own, v6 is numbered.
class KeyMaker {
 public:
  KeyMaker(Family family, procnet::ByteOrder order) : family_(family), order_(order) {}

  uint64_t Key(const uint32_t words[4]) {
    const Address address = procnet::DecodeAddress(words, family_, order_);
    if (address.IsV4()) return address.V4();
    return kFirstKey6 + addresses6_.Intern(address);
  }
  bool IsUnspecified(uint64_t key) const {
    return key == 0 || (key >= kFirstKey6 && addresses6_.keys()[key - kFirstKey6].IsUnspecified());
  }
  const std::vector<Address>& addresses6() const { return addresses6_.keys(); }

 private:
  Family family_;
  procnet::ByteOrder order_;
  Interner<Address, AddressHash> addresses6_;
};

OwnerClass ClassifyOwner(const SocketRecord& record) {
  if (record.inode != 0) return OwnerClass::kOwned;
  if (record.timer == Timer::kTimewait || record.state == State::kTimeWait) {
    return OwnerClass::kTimewait;
  }
  switch (record.state) {
    case State::kSynRecv:
      return record.shape == procnet::RowShape::kMini ? OwnerClass::kSynrecv
                                                      : OwnerClass::kUnaccepted;
    case State::kEstablished:
    case State::kCloseWait:
      return OwnerClass::kUnaccepted;
    default:
      return OwnerClass::kOrphan;
  }
}

// Kernels up to 2.6.32 print a queue that is negative for a moment as FFFFFFxx; later ones print 0
// (max_t in tcp4_seq_show). No queue holds 2 GiB.
int64_t QueueBytes(uint32_t printed) { return printed >= 0x80000000U ? 0 : printed; }

int64_t PackTimer(const SocketRecord& record) {
  const auto kind = static_cast<int64_t>(record.timer);
  if (record.timer_ticks > UINT32_MAX) return -1 - kind;
  return static_cast<int64_t>(record.timer_ticks) << 3 | kind;
}

// The limits are far above what the kernel prints (ato 2^20 ticks are hours).
int64_t PackRtoAto(const SocketRecord& record) {
  const int64_t ato = std::min<uint32_t>(record.ato_ticks, (1U << 20) - 1);
  const int64_t quick_pingpong = std::min<uint32_t>(record.quick_pingpong, (1U << 10) - 1);
  return int64_t{record.rto_ticks} << 30 | ato << 10 | quick_pingpong;
}

int64_t PackCwnd(const SocketRecord& record) {
  return (int64_t{record.ssthresh} + 1) * (int64_t{1} << 32) + record.cwnd;
}

// The LISTEN sockets of a dump.
class Listeners {
 public:
  void Add(uint64_t key, uint16_t port, bool wildcard) {
    if (wildcard) {
      wildcard_.set(port);
    } else {
      bound_.Intern(key << 16 | port);
    }
  }
  bool Serves(uint64_t key, uint16_t port) const {
    return wildcard_.test(port) || bound_.Contains(key << 16 | port);
  }

 private:
  std::bitset<65536> wildcard_;
  Interner<uint64_t, IntegerHash> bound_;
};

class Census {
 public:
  void Add(const SocketRow& row, const SocketRecord& record) {
    constexpr int64_t kKindBits = 0x7F;
    const int64_t kind = row.kind & kKindBits;
    const bool out = (kind >> 5 & 3) == static_cast<int64_t>(Direction::kOut);
    const int64_t port = (out ? row.remote : row.local) & 0xFFFF;
    const uint32_t number = keys_.Intern(static_cast<uint64_t>(port << 7 | kind));
    if (number == rows_.size()) rows_.push_back({kind, port});
    CensusRow& sum = rows_[number];
    ++sum.sockets;
    sum.tx_queue += row.tx_queue;
    sum.rx_queue += row.rx_queue;
    sum.retransmitting += record.timer == Timer::kOn && record.retransmits > 0;
    sum.unowned += row.kind > kKindBits;
  }
  std::vector<CensusRow> TakeSorted() {
    std::sort(rows_.begin(), rows_.end(), [](const CensusRow& a, const CensusRow& b) {
      return a.service_port != b.service_port ? a.service_port < b.service_port : a.kind < b.kind;
    });
    return std::move(rows_);
  }

 private:
  Interner<uint64_t, IntegerHash> keys_;
  std::vector<CensusRow> rows_;
};

}  // namespace

PreparedDump PrepareDump(procnet::Records records, Family family, procnet::ByteOrder order) {
  PreparedDump dump;
  dump.family = family;
  dump.row_count = static_cast<int64_t>(records.size());
  dump.content_hash = XXH3_64bits(records.data(), records.size() * sizeof records[0]);
  dump.duplicates = static_cast<int64_t>(procnet::DropDuplicates(records));

  KeyMaker keys(family, order);
  Listeners listeners;
  Interner<uint64_t, IntegerHash> own_addresses;
  dump.rows.resize(records.size());
  for (size_t i = 0; i < records.size(); ++i) {
    const SocketRecord& record = records[i];
    const uint64_t local = keys.Key(record.local_words);
    const uint64_t remote = keys.Key(record.remote_words);
    const bool wildcard = keys.IsUnspecified(local);
    if (!wildcard) own_addresses.Intern(local);
    if (record.state == State::kListen) listeners.Add(local, record.local_port, wildcard);
    dump.rows[i].local = static_cast<int64_t>(local << 16 | record.local_port);
    dump.rows[i].remote = static_cast<int64_t>(remote << 16 | record.remote_port);
  }

  Census census;
  for (size_t i = 0; i < records.size(); ++i) {
    const SocketRecord& record = records[i];
    SocketRow& row = dump.rows[i];
    const auto local = static_cast<uint64_t>(row.local) >> 16;
    const auto remote = static_cast<uint64_t>(row.remote) >> 16;
    const Direction direction = record.state == State::kListen               ? Direction::kListen
                                : listeners.Serves(local, record.local_port) ? Direction::kIn
                                                                             : Direction::kOut;
    const auto state = static_cast<int64_t>(record.state);
    row.kind = state | int64_t{own_addresses.Contains(remote)} << 4 |
               static_cast<int64_t>(direction) << 5 |
               static_cast<int64_t>(ClassifyOwner(record)) << 7;
    row.tx_queue = QueueBytes(record.tx_queue);
    row.rx_queue = QueueBytes(record.rx_queue);
    row.timer = PackTimer(record);
    row.retransmits = record.retransmits;
    row.uid = record.uid;
    row.probes = record.probes;
    row.inode = static_cast<int64_t>(record.inode);
    const bool full = record.shape == procnet::RowShape::kFull;
    row.rto_ato = full ? PackRtoAto(record) : kAbsent;
    row.cwnd_ssthresh = full ? PackCwnd(record) : kAbsent;
    ++dump.state_totals[static_cast<size_t>(state - 1)];
    census.Add(row, record);
  }
  dump.addresses6 = keys.addresses6();
  dump.census = census.TakeSorted();
  return dump;
}

}  // namespace tcpsnap::store
