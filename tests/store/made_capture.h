// Captures made up for the tests of importing: random sockets among few hosts, so that connections
// meet their listeners and both ends of some are local.
#pragma once

#include <string>
#include <vector>

#include "support/row_text.h"

namespace tcpsnap::testing {

/// A capture in pieces: a marker, then the lines of its tcp and its tcp6 dump with their headers.
struct MadeSnapshot {
  std::string marker;
  std::vector<std::string> tcp;
  std::vector<std::string> tcp6;

  std::string Text() const;
};

struct MadeOptions {
  size_t snapshots = 4;
  size_t most_rows = 12;      ///< of a dump
  bool zoneless = false;      ///< markers like "2026-11-22 07:37:27"
  size_t copies_percent = 0;  ///< rows that stand again further down
};

/// Snapshots a minute apart, markers like `date -Is`.
std::vector<MadeSnapshot> MakeSnapshots(Random& random, const MadeOptions& options = {});

/// The texts of the snapshots from `begin` to before `end`.
std::string Joined(const std::vector<MadeSnapshot>& snapshots, size_t begin = 0,
                   size_t end = static_cast<size_t>(-1));

}  // namespace tcpsnap::testing
