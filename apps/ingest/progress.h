// The progress line of long work on a terminal.
#pragma once

#include <chrono>
#include <cstdint>

namespace tcpsnap::ingest {

/// Rewrites one line on stderr, at most ten times a second and only after the first second. Shows
/// nothing when stderr is no terminal, or when it was told to be quiet.
class Progress {
 public:
  explicit Progress(bool quiet);
  ~Progress();  // clears the line
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Bytes done of all; `total` is 0 where it is unknown.
  void Show(uint64_t done, uint64_t total);
  /// Takes the line away before other text is printed.
  void Clear();

 private:
  using Clock = std::chrono::steady_clock;
  bool enabled_;
  bool shown_ = false;
  Clock::time_point start_ = Clock::now();
  Clock::time_point last_ = start_;
};

}  // namespace tcpsnap::ingest
