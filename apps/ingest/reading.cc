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

capture::CaptureSettings WithKnownHost(capture::CaptureSettings settings,
                                       store::Database* database) {
  if (database != nullptr) {
    settings.earlier_byte_order = KnownByteOrder(*database, settings.host, settings.netns);
  }
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
