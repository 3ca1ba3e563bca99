// Runs an import, or says what one would do.
#pragma once

#include "ingest/command_line.h"

namespace tcpsnap::ingest {

/// Imports the paths of the command line; returns the exit code.
int RunImport(const CommandLine& line);
/// --dry-run: reads everything and reports on stdout; returns the exit code of the import.
int RunDryRun(const CommandLine& line);
/// --forget; returns the exit code.
int RunForget(const CommandLine& line);

}  // namespace tcpsnap::ingest
