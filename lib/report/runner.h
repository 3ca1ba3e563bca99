// Runs reports and ad-hoc SQL on a database and hands the rows to a writer.
//
// SQL may use the parameters :since, :until (milliseconds, NULL where not given), :host (a label,
// or NULL), those of the report or of `-p`, and the function bucket(taken_ms): the start of the
// bucket of the width and zone asked for.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "report/front_matter.h"
#include "report/parameter.h"
#include "report/row_writer.h"
#include "report/scope.h"
#include "store/database.h"

namespace tcpsnap::report {

/// By name.
using Values = std::map<std::string, Value>;

/// The parameters that a report declares, with what the request gives them or their defaults; NULL
/// for those without either. Throws UserError for those that the report doesn't have, for values
/// that are not of their type, and for a bucket where it has none.
Values ReportParameters(const Report& report, const Request& request, const Scope& scope);

/// Runs a report; returns the number of rows. Parameters are checked before anything is written.
/// Throws UserError for parameters that the report doesn't have, store::Interrupted when stopped.
int64_t RunReport(store::Database& database, const Report& report, const Request& request,
                  const Scope& scope, RowWriter& writer);

/// Like RunReport, but SQL that fails ends as a UserError that names file, line and column of it.
int64_t RunReportForUser(store::Database& database, const Report& report, const Request& request,
                         const Scope& scope, RowWriter& writer);

/// Runs every statement of `script` in order, and writes a result for each that has columns. Throws
/// UserError: for wrong SQL and SQL that would write, with line and caret (sql_error.h); for
/// parameters that have no value or that no statement uses.
int64_t RunSql(store::Database& database, std::string_view script, const Request& request,
               const Scope& scope, RowWriter& writer);

}  // namespace tcpsnap::report
