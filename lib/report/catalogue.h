// The reports there are.
#pragma once

#include <string_view>
#include <vector>

#include "report/front_matter.h"

namespace tcpsnap::report {

class Catalogue {
 public:
  /// Those that were built in. Throws UserError when one of them is wrong.
  static Catalogue BuiltIn();

  /// Adds a report; one with the same name gives way.
  void Add(Report report);

  /// Throws UserError, which names the nearest.
  const Report& Find(std::string_view name) const;

  /// Ordered by name.
  const std::vector<Report>& reports() const { return reports_; }

 private:
  std::vector<Report> reports_;
};

}  // namespace tcpsnap::report
