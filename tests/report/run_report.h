// Runs built-in reports as the program does, and gives their rows as text.
#pragma once

#include <string>
#include <vector>

#include "report/catalogue.h"
#include "report/runner.h"
#include "report/scope.h"
#include "store/database.h"

namespace tcpsnap::testing {

/// The lines of a report as tab-separated text without the header: exact numbers, empty for NULL.
inline std::vector<std::string> RunReport(store::Database& database, const std::string& name,
                                          const report::Request& request = {}) {
  std::string text;
  const auto writer = report::MakeTsvWriter(
      {false, request.zone, [&text](std::string_view piece) { text += piece; }});
  const report::Catalogue catalogue = report::Catalogue::BuiltIn();
  const report::Scope scope = report::ResolveScope(database, request);
  report::RunReport(database, catalogue.Find(name), request, scope, *writer);
  std::vector<std::string> lines;
  for (size_t at = 0; at < text.size();) {
    const size_t end = text.find('\n', at);
    lines.push_back(text.substr(at, end - at));
    for (char& c : lines.back()) c = c == '\t' ? '|' : c;
    at = end + 1;
  }
  return lines;
}

}  // namespace tcpsnap::testing
