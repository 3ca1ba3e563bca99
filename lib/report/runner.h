// Runs reports and ad-hoc SQL on a database and hands the rows to a writer.
//
// SQL may use the parameters :since, :until (milliseconds, NULL where not given), :host (a label,
// or NULL), those of the report or of `-p`, and the function bucket(taken_ms): the start of the
// bucket of the width and zone asked for.
#pragma once

#include <cstdint>
#include <string_view>

#include "report/front_matter.h"
#include "report/row_writer.h"
#include "report/scope.h"
#include "store/database.h"

namespace tcpsnap::report {

/// Runs a report; returns the number of rows. Parameters are checked before anything is written.
/// Throws UserError for parameters that the report doesn't have, store::Interrupted when stopped.
int64_t RunReport(store::Database& database, const Report& report, const Request& request,
                  const Scope& scope, RowWriter& writer);

/// Runs every statement of `script` in order, and writes a result for each that has columns. Throws
/// UserError: for wrong SQL and SQL that would write, with line and caret (sql_error.h); for
/// parameters that have no value or that no statement uses.
int64_t RunSql(store::Database& database, std::string_view script, const Request& request,
               const Scope& scope, RowWriter& writer);

}  // namespace tcpsnap::report
