// The rows of a dump -> what the database keeps of them. No SQLite here: another store can take the
// same.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "procnet/dump.h"
#include "store/socket_row.h"

namespace tcpsnap::store {

/// One row of census: its columns in their order, and nothing else.
struct CensusRow {
  int64_t kind;  ///< state, is_local, direction: the low 7 bits of SocketRow::kind
  int64_t service_port;
  int64_t sockets = 0;
  int64_t tx_queue = 0;
  int64_t rx_queue = 0;
  int64_t retransmitting = 0;
  int64_t unowned = 0;
};

inline constexpr const char* kCensusColumns =
    "kind, service_port, sockets, tx_queue, rx_queue, retransmitting, unowned";

/// Until the store numbers them, IPv6 addresses have their number in `addresses6`.
struct PreparedDump {
  procnet::Family family = procnet::Family::kTcp;
  uint64_t content_hash = 0;  ///< XXH3-64 of the records in order, copies included
  int64_t row_count = 0;      ///< rows read
  int64_t duplicates = 0;     ///< of these, copies dropped
  std::array<int64_t, procnet::kStateCount> state_totals{};  ///< by state number - 1
  int64_t time_wait_in = 0;     ///< of TIME_WAIT, those with direction kIn
  int64_t time_wait_local = 0;  ///< of TIME_WAIT, those whose peer is this host
  std::vector<SocketRow> rows;  ///< row_count - duplicates
  std::vector<procnet::Address> addresses6;
  std::vector<CensusRow> census;  ///< by service port, then kind
};

/// Drops the copies, classifies every socket and adds up.
PreparedDump PrepareDump(procnet::Records records, procnet::Family family,
                         procnet::ByteOrder order);

}  // namespace tcpsnap::store
