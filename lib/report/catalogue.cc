#include "report/catalogue.h"

#include <algorithm>
#include <string>
#include <utility>

#include "report/error.h"
#include "report/nearest.h"
#include "store/embedded_sql.h"

namespace tcpsnap::report {

Catalogue Catalogue::BuiltIn() {
  constexpr std::string_view kFolder = "reports/";
  constexpr std::string_view kEnding = ".sql";
  Catalogue catalogue;
  for (const store::SqlFile& file : store::EmbeddedSql()) {
    if (file.name.substr(0, kFolder.size()) != kFolder) continue;
    std::string_view name = file.name.substr(kFolder.size());
    name.remove_suffix(kEnding.size());
    catalogue.Add(ParseReport(name, file.name, file.text));
  }
  return catalogue;
}

void Catalogue::Add(Report report) {
  const auto place =
      std::lower_bound(reports_.begin(), reports_.end(), report.name,
                       [](const Report& r, const std::string& name) { return r.name < name; });
  if (place != reports_.end() && place->name == report.name) {
    *place = std::move(report);
  } else {
    reports_.insert(place, std::move(report));
  }
}

const Report& Catalogue::Find(std::string_view name) const {
  std::vector<std::string> names;
  for (const Report& report : reports_) {
    if (report.name == name) return report;
    names.push_back(report.name);
  }
  throw UserError("no report is called '" + std::string(name) + "'" + DidYouMean(name, names));
}

}  // namespace tcpsnap::report
