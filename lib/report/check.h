// Whether a report keeps its contract: `tcpsnap-query check`, and a test for each built-in report.
//
//   - The front-matter is whole (front_matter.h).
//   - One statement, a SELECT, that SQLite takes.
//   - It gives the columns that are declared, in that order, with values of their types.
//   - It uses the parameters that are declared, and no others; and :since, :until and :host, since
//     options of every report that one of them left out would have no effect.
//   - It ends with an ORDER BY that decides: rows come in the same order whichever way SQLite
//   reads.
//   - It runs on an empty database.
//   - A rule of triage has the columns of a finding, and values that they take (rule.h).
//   - With a window it reads no more than the snapshots in it (check_plan.h).
//
// The rows are those of a sample (check_sample.h), with the parameters' defaults.
#pragma once

#include <string_view>
#include <vector>

#include "report/front_matter.h"

namespace tcpsnap::report {

/// What is wrong, ordered by place; empty: nothing. A report that can't be prepared has one
/// problem.
std::vector<Problem> CheckReport(const Report& report);

/// The same for a file: what is wrong with its front-matter too.
std::vector<Problem> CheckReportText(std::string_view file, std::string_view text);

}  // namespace tcpsnap::report
