// The rows of /proc/net/tcp, read slowly and plainly: what the parsers of lib/procnet are held
// against. It shares no code with them and knows no reasons, only rows and records.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "procnet/socket_record.h"

namespace tcpsnap::testing {

/// The record of one line without its line end (a '\r' at its end is taken as one), or nullopt for
/// whatever is no whole row. A row of 10 columns is taken, as a dump of Linux 2.2 has them.
/// `extra_columns`: how many columns the header names after `inode`; nullopt: there is no header.
std::optional<procnet::SocketRecord> ReferenceRow(const std::string& line,
                                                  std::optional<int> extra_columns = 0);

/// Which rows of a dump, given in order, are kept when each socket's earlier copies are dropped.
/// Compares each with each.
std::vector<procnet::SocketRecord> ReferenceDedup(const std::vector<procnet::SocketRecord>& rows);

}  // namespace tcpsnap::testing
