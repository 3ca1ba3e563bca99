// The reports there are: those that were built in, and the user's own.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "report/front_matter.h"

namespace tcpsnap::report {

class Catalogue {
 public:
  /// Those that were built in. Throws UserError when one of them is wrong.
  static Catalogue BuiltIn();
  /// The rules of triage that were built in.
  static Catalogue BuiltInRules();

  /// Throws UserError, which names both files, when there is a report of that name already.
  void Add(Report report);
  /// As Add, but takes the place of a built-in one of that name.
  void AddOrReplace(Report report);
  /// Adds the file of every report in a folder: all that end in ".sql", in the order of their
  /// names, nothing from folders below. Throws UserError where one of them is wrong, or there is
  /// none, or the folder can't be read.
  void AddFolder(const std::string& folder);
  /// The same, but files take the place of built-in ones of their names.
  void AddOrReplaceFolder(const std::string& folder);

  /// Throws UserError, which names the nearest.
  const Report& Find(std::string_view name) const;

  /// Ordered by name.
  const std::vector<Report>& reports() const { return reports_; }

 private:
  static Catalogue OfFolder(std::string_view folder);

  std::vector<Report> reports_;
};

/// What a report is named by: a path (it holds a '/', or ends in ".sql") or a name.
bool IsReportPath(std::string_view word);

/// The text of a report file. Throws UserError where it can't be read.
std::string ReadReportText(const std::string& path);

/// A report from its file. Throws UserError where it can't be read or is wrong.
Report ReadReport(const std::string& path);

}  // namespace tcpsnap::report
