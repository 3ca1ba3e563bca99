#include "report/triage.h"

namespace tcpsnap::report {

std::string_view SeverityName(Severity severity) {
  switch (severity) {
    case Severity::kCritical:
      return "critical";
    case Severity::kWarning:
      return "warning";
    case Severity::kNotice:
      break;
  }
  return "notice";
}

std::vector<Finding> Triage(store::Database&, const Catalogue&, const Request&, const Scope&) {
  return {};
}

}  // namespace tcpsnap::report
