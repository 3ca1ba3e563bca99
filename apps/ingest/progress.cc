#include "ingest/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace tcpsnap::ingest {

Progress::Progress(bool quiet) : enabled_(!quiet && isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() { Clear(); }

void Progress::Clear() {
  if (!shown_) return;
  std::fputs("\r\033[K", stderr);
  std::fflush(stderr);
  shown_ = false;
}

void Progress::Show(uint64_t done, uint64_t total) {
  if (!enabled_) return;
  const Clock::time_point now = Clock::now();
  const std::chrono::duration<double> since_start = now - start_;
  if (since_start.count() < 1 || now - last_ < std::chrono::milliseconds(100)) return;
  last_ = now;
  shown_ = true;
  constexpr double kMegabyte = 1e6;
  const double megabytes = static_cast<double>(done) / kMegabyte;
  const double rate = megabytes / since_start.count();
  if (total < done || total == 0) {
    std::fprintf(stderr, "\r\033[K%.0f MB, %.0f MB/s", megabytes, rate);
  } else {
    const double all = static_cast<double>(total) / kMegabyte;
    const double left = rate > 0 ? (all - megabytes) / rate : 0;
    std::fprintf(stderr, "\r\033[K%.0f of %.0f MB, %.0f MB/s, %.0f s left", megabytes, all, rate,
                 std::max(left, 0.0));
  }
  std::fflush(stderr);
}

}  // namespace tcpsnap::ingest
