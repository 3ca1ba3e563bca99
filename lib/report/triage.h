// What went wrong, worst first: rules over the database that find it and hand over the proof.
//
// A rule is a report (front_matter.h; sql/triage/NAME.sql, or the user's) of the group triage with
// the columns of a finding (rule.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
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
  std::string confidence;  ///< sure, likely or possible
  std::string why;
  std::string numbers;   ///< a JSON object
  std::string evidence;  ///< a JSON array of texts
  std::string more;      ///< words behind `tcpsnap-query`, DB for the database; empty: nothing
};

/// Runs the rules and returns what they find, worst first: by severity, weight, host, rule, then
/// the order of the rule. Parameters of the request go to every rule that declares them. Commands
/// that show more get --host, unless they have one. Throws UserError where a rule is wrong, or a
/// parameter is none of any rule.
std::vector<Finding> Triage(store::Database& database, const Catalogue& rules,
                            const Request& request, const Scope& scope);

}  // namespace tcpsnap::report
