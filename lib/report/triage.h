// What went wrong, worst first: rules over the database that find it and hand over the proof.
//
// A rule is a report (front_matter.h; sql/triage/NAME.sql, or the user's) with the columns of a
// finding, in this order:
//
//   host        text     host, or host/network namespace
//   severity    text     critical, warning or notice
//   weight      real     orders findings of one severity: larger is worse
//   what        text     one sentence, with the figure that matters
//   since       time     the first snapshot of the window that shows it
//   until       time     the last one
//   confidence  text     sure, likely or possible
//   why         text     what makes it so sure, or what else it could be
//   numbers     text     the figures: a JSON object
//   evidence    text     the sockets or peers that show it: a JSON array of texts, a few
//   more        text     the words behind `tcpsnap-query` that show more, DB for the database
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "report/catalogue.h"
#include "report/scope.h"
#include "store/database.h"

namespace tcpsnap::report {

enum class Severity : uint8_t { kCritical, kWarning, kNotice };

/// "critical", "warning", "notice".
std::string_view SeverityName(Severity severity);

struct Finding {
  std::string rule;  ///< its name
  std::string host;
  Severity severity = Severity::kNotice;
  double weight = 0;
  std::string what;
  std::optional<int64_t> since_ms, until_ms;
  std::string confidence;
  std::string why;
  std::string numbers;   ///< a JSON object
  std::string evidence;  ///< a JSON array of texts
  std::string more;      ///< empty: nothing
};

/// Runs the rules and returns what they find, worst first: by severity, weight, host, rule, then
/// the order of the rule. Parameters of the request go to every rule that declares them. Throws
/// UserError where a rule is wrong, or a parameter is none of any rule.
std::vector<Finding> Triage(store::Database& database, const Catalogue& rules,
                            const Request& request, const Scope& scope);

}  // namespace tcpsnap::report
