// A small database on which the check of reports runs them.
#pragma once

#include "store/database.h"

namespace tcpsnap::report {

/// Fills an empty database. Two hosts with five snapshots each, 20 minutes apart, of both families;
/// all states, directions, timers and owner classes; connections that stay, come, go, change, and
/// are missed once. Every kind of socket is there equally often for each peer and service port: an
/// order that does not decide between equals shows.
void FillSample(store::Database& database);

/// A window that holds some of its snapshots and leaves some out.
inline constexpr int64_t kSampleSinceMs = 1'772'360'400'000;  ///< 10:20; the first is of 10:00
inline constexpr int64_t kSampleUntilMs = 1'772'363'400'000;  ///< 11:10; the last is of 11:20
inline constexpr char kSampleHost[] = "web1";

}  // namespace tcpsnap::report
