// The command line of tcpsnap-ingest.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "capture/capture.h"

namespace tcpsnap::ingest {

struct CommandLine {
  std::optional<std::string> help;  ///< text to print instead of working (--help, --version)
  std::string database;
  std::vector<std::string> paths;
  std::vector<std::string> forget;
  capture::CaptureSettings capture;
  std::optional<int64_t> ticks_per_second;
  int64_t wait_ms = 60'000;  ///< for readers of the database, at each commit
  bool strict = false;
  bool dry_run = false;
  bool quiet = false;
};

/// Throws apps::UsageError with the reason, and boost::program_options::error.
CommandLine ParseCommandLine(int argc, char** argv);

}  // namespace tcpsnap::ingest
