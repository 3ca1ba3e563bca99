// The names that --resolve-ports, --services, --hosts and --passwd give.
#pragma once

#include <optional>

#include "query/command_line.h"
#include "report/names.h"
#include "report/socket_filter.h"
#include "store/database.h"

namespace tcpsnap::query {

struct GivenNames {
  report::Names names;
  /// Those of --services, for the words of a filter: shown and asked for, a name is one port.
  std::optional<report::ServiceNames> services;
};

/// Reads the files, and says on stderr (unless --quiet) which lines were not understood. Throws
/// report::UserError where a file can't be read.
GivenNames ReadNames(const CommandLine& line);

/// Says on stderr (unless --quiet) when the users of one machine would name those of several.
void PrintForeignUsers(const CommandLine& line, store::Database& database);

/// True for the formats that people read, in which numbers are rounded and names stand beside them.
bool IsForPeople(const CommandLine& line);

}  // namespace tcpsnap::query
