// The rows of a dump -> what the database keeps of them. No SQLite here: another store can take the
// same.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <vector>

#include "procnet/dump.h"

namespace tcpsnap::store {

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

/// Absent in rto_ato and cwnd_ssthresh: SQL NULL.
inline constexpr int64_t kAbsent = INT64_MIN;

/// One row of socket_row (sql/schema.sql says how the columns are packed). The address key of an
/// IPv6 address is 2^32 + its number in PreparedDump::addresses6 until the store gives it its own.
struct SocketRow {
  int64_t local;
  int64_t remote;
  int64_t kind;
  int64_t tx_queue;
  int64_t rx_queue;
  int64_t timer;
  int64_t retransmits;
  int64_t uid;
  int64_t probes;
  int64_t inode;
  int64_t rto_ato;
  int64_t cwnd_ssthresh;
  friend auto operator<=>(const SocketRow&, const SocketRow&) = default;
};
inline constexpr int kSocketRowColumns = 12;

/// One row of census.
struct CensusRow {
  int64_t kind;  ///< state, is_local, direction: the low 7 bits of SocketRow::kind
  int64_t service_port;
  int64_t sockets = 0;
  int64_t tx_queue = 0;
  int64_t rx_queue = 0;
  int64_t retransmitting = 0;
  int64_t unowned = 0;
};

struct PreparedDump {
  procnet::Family family = procnet::Family::kTcp;
  uint64_t content_hash = 0;  ///< XXH3-64 of the records in order, copies included
  int64_t row_count = 0;      ///< rows read
  int64_t duplicates = 0;     ///< of these, copies dropped
  std::array<int64_t, procnet::kStateCount> state_totals{};  ///< by state number - 1
  std::vector<SocketRow> rows;                               ///< row_count - duplicates
  std::vector<procnet::Address> addresses6;
  std::vector<CensusRow> census;  ///< by service port, then kind
};

/// Drops the copies, classifies every socket and adds up.
PreparedDump PrepareDump(procnet::Records records, procnet::Family family,
                         procnet::ByteOrder order);

}  // namespace tcpsnap::store
