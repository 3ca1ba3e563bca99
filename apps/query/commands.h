// The commands of tcpsnap-query.
#pragma once

#include "query/command_line.h"

namespace tcpsnap::query {

/// Runs the command and returns the exit code. Throws for everything that goes wrong.
int RunCommand(const CommandLine& line);

}  // namespace tcpsnap::query
