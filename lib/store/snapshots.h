// Keeps the snapshot table in step with the dumps.
#pragma once

#include <cstdint>
#include <string>

#include "store/database.h"

namespace tcpsnap::store {

/// Decides anew which dumps of a host are one snapshot (pairing.h) and writes what changed. Runs
/// inside the caller's transaction.
void RepairSnapshots(Database& database, int64_t host_id);

}  // namespace tcpsnap::store
