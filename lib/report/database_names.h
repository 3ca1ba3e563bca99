// The names in a database that tell whose it is.
#pragma once

#include "report/anonymizer.h"
#include "store/database.h"

namespace tcpsnap::report {

/// Adds the hosts with their namespaces, the names that bundles of them tell (uname -n), and the
/// paths of all sources.
void AddNamesOf(store::Database& database, Anonymizer& anonymizer);

}  // namespace tcpsnap::report
