// What the answers of a ticket rest on: hosts, files, lines that were lost, gaps.
#pragma once

#include <cstddef>
#include <vector>

#include "report/scope.h"
#include "report/ticket.h"
#include "store/database.h"

namespace tcpsnap::report {

/// Hosts with snapshots in the window, by name, and the totals of all of them.
void ReadTicketHosts(store::Database& database, const Scope& scope, size_t most, Ticket& ticket);

/// Files of the window by path and content, the account of their lines, and why lines were refused.
void ReadTicketSources(store::Database& database, const Scope& scope, size_t most, Ticket& ticket);

/// What the window, the line account (which have to be read before) and the report quality say
/// against the data.
std::vector<TicketWarning> ReadTicketWarnings(store::Database& database, const Scope& scope,
                                              const Ticket& ticket);

}  // namespace tcpsnap::report
