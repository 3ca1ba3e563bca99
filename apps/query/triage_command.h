// tcpsnap-query triage: how its findings are shown.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "capture/clock.h"
#include "report/row_writer.h"
#include "report/scope.h"
#include "report/triage.h"
#include "store/database.h"

namespace tcpsnap::query {

/// Blocks with an empty line between.
std::string FindingsAsText(std::span<const report::Finding> findings, const capture::Zone& zone,
                           std::string_view database_path);

/// A row a finding, with the whole command in `more`.
void WriteFindings(std::span<const report::Finding> findings, std::string_view database_path,
                   report::RowWriter& writer);

/// What there is to say on stderr: that nothing was found, or can't be.
std::vector<std::string> TriageRemarks(store::Database& database, const report::Scope& scope,
                                       size_t rules, size_t findings);

}  // namespace tcpsnap::query
