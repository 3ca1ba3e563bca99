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

// Address keys: v4 is its own, v6 is numbered.
class KeyMaker {
 public:
  KeyMaker(Family family, procnet::ByteOrder order) : family_(family), order_(order) {}

  int64_t Key(const uint32_t words[4]) {
    const Address address = procnet::DecodeAddress(words, family_, order_);
    if (address.IsV4()) return address.V4();
    return kFirstKey6 + addresses6_.Intern(address);
  }
  bool IsUnspecified(int64_t key) const {
    return key == 0 || (key >= kFirstKey6 &&
                        addresses6_.keys()[static_cast<size_t>(key - kFirstKey6)].IsUnspecified());
  }
  const std::vector<Address>& addresses6() const { return addresses6_.keys(); }

 private:
  Family family_;
  procnet::ByteOrder order_;
  Interner<Address, AddressHash> addresses6_;
};

OwnerClass ClassifyOwner(const SocketRecord& record) {
  // Whatever its inode: PackKind leaves this class out.
  if (record.state == State::kTimeWait) return OwnerClass::kTimewait;
  if (record.inode != 0) return OwnerClass::kOwned;
  if (record.timer == Timer::kTimewait) return OwnerClass::kTimewait;
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

// The LISTEN sockets of a dump.
class Listeners {
 public:
  void Add(int64_t endpoint, bool wildcard) {
    if (wildcard) {
      wildcard_.set(Port(endpoint));
    } else {
      bound_.Intern(static_cast<uint64_t>(endpoint));
    }
  }
  bool Serves(int64_t endpoint) const {
    return wildcard_.test(Port(endpoint)) || bound_.Contains(static_cast<uint64_t>(endpoint));
  }

 private:
  std::bitset<65536> wildcard_;
  Interner<uint64_t, IntegerHash> bound_;
};

class Census {
 public:
  void Add(const SocketRow& row, const SocketRecord& record, Direction direction,
           OwnerClass owner) {
    const int64_t kind = row.kind & kCensusKindBits;
    const int64_t port = Port(direction == Direction::kOut ? row.remote : row.local);
    const uint32_t number = keys_.Intern(static_cast<uint64_t>(port << 7 | kind));
    if (number == rows_.size()) rows_.push_back({kind, port});
    CensusRow& sum = rows_[number];
    ++sum.sockets;
    sum.tx_queue += TxQueue(row.queues);
    sum.rx_queue += RxQueue(row.queues);
    sum.retransmitting += record.timer == Timer::kOn && record.retransmits > 0;
    sum.unowned += owner != OwnerClass::kOwned;
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
    SocketRow& row = dump.rows[i];
    const int64_t local = keys.Key(record.local_words);
    const int64_t remote = keys.Key(record.remote_words);
    row.local = PackEndpoint(local, record.local_port);
    row.remote = PackEndpoint(remote, record.remote_port);
    const bool wildcard = keys.IsUnspecified(local);
    if (!wildcard) own_addresses.Intern(static_cast<uint64_t>(local));
    if (record.state == State::kListen) listeners.Add(row.local, wildcard);
  }

  Census census;
  for (size_t i = 0; i < records.size(); ++i) {
    const SocketRecord& record = records[i];
    SocketRow& row = dump.rows[i];
    const Direction direction = record.state == State::kListen ? Direction::kListen
                                : listeners.Serves(row.local)  ? Direction::kIn
                                                               : Direction::kOut;
    const OwnerClass owner = ClassifyOwner(record);
    const bool is_local = own_addresses.Contains(static_cast<uint64_t>(AddressKey(row.remote)));
    row.kind = PackKind(record.state, is_local, direction, owner);
    row.queues = PackQueues(QueueBytes(record.tx_queue), QueueBytes(record.rx_queue));
    row.timer = PackTimer(record.timer, record.timer_ticks);
    row.retries = PackRetries(record.retransmits, record.probes);
    row.uid = record.uid;
    row.inode = static_cast<int64_t>(record.inode);
    const bool full = record.shape == procnet::RowShape::kFull;
    row.rto_ato =
        full ? PackRtoAto(record.rto_ticks, record.ato_ticks, record.quick_pingpong) : kAbsent;
    row.cwnd_ssthresh = full ? PackCwndSsthresh(record.cwnd, record.ssthresh) : kAbsent;
    ++dump.state_totals[static_cast<size_t>(record.state) - 1];
    if (record.state == State::kTimeWait) {
      dump.time_wait_in += direction == Direction::kIn;
      dump.time_wait_local += is_local;
    }
    census.Add(row, record, direction, owner);
  }
  dump.addresses6 = keys.addresses6();
  dump.census = census.TakeSorted();
  return dump;
}

}  // namespace tcpsnap::store
