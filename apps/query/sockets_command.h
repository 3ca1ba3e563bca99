// tcpsnap-query sockets.
#pragma once

#include <string>
#include <vector>

#include "query/command_line.h"
#include "query/given_names.h"
#include "report/row_writer.h"
#include "report/scope.h"
#include "store/database.h"

namespace tcpsnap::query {

/// Writes the sockets asked for; returns what there is to say about them on stderr.
std::vector<std::string> ShowSockets(const CommandLine& line, const report::Request& request,
                                     const GivenNames& given, store::Database& database,
                                     report::RowWriter& writer);

}  // namespace tcpsnap::query
