// A rule of triage: a report whose rows are findings.
//
//   -- title: Connections that nobody closes
//   -- group: triage
//   -- ...
//   -- column: host text - host, or host/network namespace
//   -- column: severity text - critical, warning or notice
//   -- column: weight real - orders findings of one severity: larger is worse
//   -- column: what text - one sentence, with the figure that matters
//   -- column: since time - the first snapshot of the window that shows it
//   -- column: until time - the last one
//   -- column: confidence text - sure, likely or possible
//   -- column: why text - what makes it so sure, or what else it could be
//   -- column: numbers json - the figures: an object
//   -- column: evidence json - the sockets or peers that show it: an array of texts, a few
//   -- column: more text - the words behind tcpsnap-query that show more, DB for the database
//   SELECT ...
//
// The names, their order and their types are fixed, units and help are not. A rule that finds
// nothing has no rows. since, until and more may be NULL.
#pragma once

#include <span>
#include <utility>
#include <vector>

#include "report/error.h"
#include "report/front_matter.h"
#include "report/row_writer.h"
#include "report/triage.h"

namespace tcpsnap::report {

/// The columns of a finding.
std::span<const OutputColumn> FindingColumns();

/// What keeps a report from being a rule: another group, other columns. Empty: it is one.
std::vector<Problem> RuleProblems(const Report& report);

/// A value that is none of a finding.
class FindingError : public UserError {
 public:
  explicit FindingError(Problem problem)
      : UserError(ProblemText(problem)), problem_(std::move(problem)) {}

  const Problem& problem() const { return problem_; }

 private:
  Problem problem_;
};

/// A row of a rule. Throws FindingError.
Finding ReadFinding(const Report& rule, std::span<const Cell> cells);

}  // namespace tcpsnap::report
