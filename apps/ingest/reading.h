// What lies between lib/capture and lib/store: both kinds of run read with it.
#pragma once

#include <string>
#include <vector>

#include "capture/capture.h"
#include "store/database.h"
#include "store/host_facts.h"
#include "store/importer.h"

namespace tcpsnap::ingest {

/// A captured dump as the store takes it: copies dropped, sockets classified.
store::IncomingDump ToIncoming(capture::CapturedDump&& dump);

/// What a bundle tells of its host, as the store takes it.
store::HostFacts ToStored(const capture::HostFacts& facts, int64_t taken_ms);

/// The settings, with what the database tells of the hosts now: the byte order that its dumps have.
capture::CaptureSettings WithKnownHosts(capture::CaptureSettings settings,
                                        store::Database& database);

/// capture::ReadCaptures, which a signal ends as store::Interrupted even while a pipe is empty.
void ReadPaths(const std::vector<std::string>& paths, const capture::CaptureSettings& settings,
               capture::CaptureSink& sink);

/// Throws store::Interrupted when a signal arrived.
void StopIfInterrupted();

}  // namespace tcpsnap::ingest
