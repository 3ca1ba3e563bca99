// Ctrl-C and its relatives.
#pragma once

#include "store/database.h"

namespace tcpsnap::apps {

/// While one lives, SIGINT, SIGTERM and SIGHUP stop what runs on the database, if one is given
/// (store::Interrupted is thrown there), and show in ReceivedSignal. A second signal kills: the
/// handler is gone by then. One at a time.
class InterruptGuard {
 public:
  explicit InterruptGuard(store::Database* database = nullptr);
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;
  ~InterruptGuard();
};

/// The signal that arrived, or 0.
int ReceivedSignal() noexcept;

}  // namespace tcpsnap::apps
