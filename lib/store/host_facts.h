// What is known of a host besides its sockets: the settings that limit them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "store/database.h"

namespace tcpsnap::store {

/// What one bundle told of its host, or of a network namespace of it. Ports and somaxconn are set
/// for each namespace, uname and tcp_max_tw_buckets may be told to all of them.
struct HostFacts {
  std::optional<int64_t> told_ms;  ///< when it was so; nothing is older than what has no time
  std::optional<std::string> uname;
  std::optional<int64_t> port_range_low, port_range_high;  ///< net.ipv4.ip_local_port_range
  std::optional<int64_t> somaxconn;                        ///< net.core.somaxconn
  std::optional<int64_t> tcp_max_tw_buckets;
  bool TellsNothing() const;
  friend bool operator==(const HostFacts&, const HostFacts&) = default;
};

/// The later of the two as a whole; of two of the same time the greater values (of the ports as a
/// pair), so that it doesn't matter which came first. One that tells nothing is never the later.
HostFacts LaterFacts(const HostFacts& a, const HostFacts& b);

/// What the database has of a host.
HostFacts ReadHostFacts(Database& database, int64_t host_id);
/// Puts these in their place. In the transaction of whoever calls.
void WriteHostFacts(Database& database, int64_t host_id, const HostFacts& facts);

}  // namespace tcpsnap::store
