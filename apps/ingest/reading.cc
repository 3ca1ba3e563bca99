#include "ingest/reading.h"

#include <utility>

#include "common/interrupt.h"
#include "store/known_dumps.h"

namespace tcpsnap::ingest {

store::IncomingDump ToIncoming(capture::CapturedDump&& dump) {
  store::IncomingDump incoming;
  incoming.dump = store::PrepareDump(std::move(dump.records), dump.family, dump.byte_order);
  incoming.host = std::move(dump.host);
  incoming.netns = std::move(dump.netns);
  incoming.taken_ms = dump.taken_ms;
  incoming.time_origin = TimeOriginName(dump.time_origin);
  incoming.ordinal = dump.ordinal;
  incoming.line = static_cast<int64_t>(dump.first.line);
  incoming.byte_offset = static_cast<int64_t>(dump.first.offset);
  incoming.end_offset = static_cast<int64_t>(dump.end_offset);
  incoming.byte_order = dump.byte_order;
  incoming.byte_order_origin = ByteOrderOriginName(dump.byte_order_origin);
  incoming.open = dump.open;
  incoming.has_header = dump.has_header;
  incoming.refused = std::move(dump.refused);
  incoming.counts = dump.counts;
  return incoming;
}

store::HostFacts ToStored(const capture::HostFacts& facts, int64_t taken_ms) {
  store::HostFacts stored;
  stored.told_ms = taken_ms;
  stored.uname = facts.uname;
  stored.port_range_low = facts.port_range_low;
  stored.port_range_high = facts.port_range_high;
  stored.somaxconn = facts.somaxconn;
  stored.tcp_max_tw_buckets = facts.tcp_max_tw_buckets;
  return stored;
}

capture::CaptureSettings WithKnownHosts(capture::CaptureSettings settings,
                                        store::Database& database) {
  settings.earlier_byte_order = [orders = KnownByteOrders(database)](const std::string& host,
                                                                     const std::string& netns) {
    const auto known = orders.find({host, netns});
    return known == orders.end() ? std::nullopt : std::optional(known->second);
  };
  return settings;
}

void ReadPaths(const std::vector<std::string>& paths, const capture::CaptureSettings& settings,
               capture::CaptureSink& sink) {
  try {
    capture::ReadCaptures(paths, settings, sink);
  } catch (const capture::ReadInterrupted&) {
    StopIfInterrupted();
    throw;
  }
}

void StopIfInterrupted() {
  if (apps::ReceivedSignal() != 0) throw store::Interrupted("interrupted", 0);
}

}  // namespace tcpsnap::ingest
