// One row of the table socket_row, and how its columns are packed. Small numbers make small rows:
// SQLite stores an integer in 0, 1, 2, 3, 4, 6 or 8 bytes. The views (sql/views.sql) unpack.
#pragma once

#include <compare>
#include <cstdint>

#include "procnet/socket_record.h"

namespace tcpsnap::store {

/// Absent in rto_ato and cwnd_ssthresh: SQL NULL.
inline constexpr int64_t kAbsent = INT64_MIN;

/// The columns in the table's order, and nothing else.
struct SocketRow {
  int64_t local;
  int64_t remote;
  int64_t kind;
  int64_t queues;
  int64_t timer;
  int64_t retries;
  int64_t uid;
  int64_t inode;
  int64_t rto_ato;
  int64_t cwnd_ssthresh;
  friend auto operator<=>(const SocketRow&, const SocketRow&) = default;
};
inline constexpr const char* kSocketRowColumns =
    "local, remote, kind, queues, timer, retries, uid, inode, rto_ato, cwnd_ssthresh";
/// What a row adds to a transaction at most: a little more than measured.
inline constexpr int64_t kStoredRowBytes = 48;

/// Address keys: an IPv4 address is its own, an IPv6 address is this plus its number.
inline constexpr int64_t kFirstKey6 = int64_t{1} << 32;

/// (key - 2^31) << 16 | port: every IPv4 endpoint then fits 6 bytes, where 128.0.0.0 and above
/// would take 8.
constexpr int64_t PackEndpoint(int64_t key, uint16_t port) {
  return (key - (int64_t{1} << 31)) * 65536 + port;
}
constexpr int64_t AddressKey(int64_t endpoint) { return (endpoint >> 16) + (int64_t{1} << 31); }
constexpr uint16_t Port(int64_t endpoint) { return static_cast<uint16_t>(endpoint & 0xFFFF); }

/// Decided within one dump, first match.
enum class Direction : uint8_t {
  kListen = 0,  ///< state LISTEN
  kIn = 1,      ///< the local port is a LISTEN port of the dump with the same or a wildcard address
  kOut = 2,     ///< the rest
};

/// What inode 0 means (tcp4_seq_show prints sock_i_ino(), 0 without a struct socket).
enum class OwnerClass : uint8_t {
  kOwned = 0,       ///< the inode is not 0
  kTimewait = 1,    ///< minisocket: TIME_WAIT, FIN_WAIT2 of an orphan
  kSynrecv = 2,     ///< request socket
  kUnaccepted = 3,  ///< ESTABLISHED or CLOSE_WAIT, waiting for accept()
  kOrphan = 4,      ///< closed by its process, still closing on the wire
};

/// state | is_local << 4 | direction << 5 | owner class << 7. The class of TIME_WAIT goes without
/// saying and is stored as 0, so that most rows take one byte.
int64_t PackKind(procnet::State state, bool is_local, Direction direction, OwnerClass owner);
/// The low bits of a kind: all but the owner class.
inline constexpr int64_t kCensusKindBits = 0x7F;
/// The bits that depend on the other rows of the dump: is_local and direction.
inline constexpr int64_t kWholeDumpKindBits = 0x70;

/// Both below 2^31; mostly 0.
constexpr int64_t PackQueues(int64_t tx_bytes, int64_t rx_bytes) {
  return tx_bytes | rx_bytes << 31;
}
constexpr int64_t TxQueue(int64_t queues) { return queues & INT32_MAX; }
constexpr int64_t RxQueue(int64_t queues) { return queues >> 31; }

/// Mostly 0, as both are.
constexpr int64_t PackRetries(uint32_t retransmits, int32_t probes) {
  return int64_t{probes} * (int64_t{1} << 32) + retransmits;
}

/// ticks * 5 + timer: the 6000 ticks of TIME_WAIT fit 2 bytes. -1 - timer where the ticks are an
/// overflow of old kernels (2^32 and more).
int64_t PackTimer(procnet::Timer timer, uint64_t ticks);
/// 0 where they overflowed.
constexpr int64_t TimerTicks(int64_t packed) { return packed < 0 ? 0 : packed / 5; }

/// Each number in two parts: the low parts together in 30 bits, which is 4 bytes for nearly every
/// row, the high parts above them.
///   rto ticks: 12 bits at 0, 20 at 30; ato ticks: 8 at 12, 12 at 50; quick << 1 | pingpong: 10
///   at 20.
/// ato and quick are cut at their bits' maximum, far above what the kernel prints.
int64_t PackRtoAto(uint32_t rto_ticks, uint32_t ato_ticks, uint32_t quick_pingpong);

/// Likewise in 23 bits, 3 bytes: cwnd: 12 bits at 0, 20 at 23; ssthresh + 1: 11 at 12, 20 at 43.
int64_t PackCwndSsthresh(uint32_t cwnd, int32_t ssthresh);

}  // namespace tcpsnap::store
