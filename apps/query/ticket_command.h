// tcpsnap-query ticket.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "query/command_line.h"
#include "report/anonymizer.h"
#include "report/catalogue.h"
#include "report/scope.h"
#include "report/ticket.h"
#include "store/database.h"

namespace tcpsnap::query {

/// What the words of the command line ask for. Throws apps::UsageError for wrong formats and
/// numbers of rows, report::UserError for unknown reports.
struct TicketPlan {
  bool is_markdown = false;
  report::Request request;
  std::vector<report::Report> reports;
  bool has_findings = false;
  size_t most_rows = 0;  ///< of each list
};
TicketPlan PlanTicket(const CommandLine& line, const report::Catalogue& catalogue,
                      report::Request request);

/// The document; with other addresses and names where there is an anonymizer.
std::string WriteTicket(store::Database& database, const TicketPlan& plan,
                        const report::Catalogue& rules, const report::Scope& scope,
                        const std::optional<report::Anonymizer>& anonymizer);

}  // namespace tcpsnap::query
