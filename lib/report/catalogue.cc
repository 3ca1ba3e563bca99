#include "report/catalogue.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>
#include <utility>

#include "report/error.h"
#include "report/file_text.h"
#include "report/nearest.h"
#include "store/embedded_sql.h"

namespace tcpsnap::report {
namespace {

constexpr std::string_view kEnding = ".sql";

/// The paths of its reports, sorted.
std::vector<std::string> ListFolder(const std::string& folder) {
  std::vector<std::string> paths;
  try {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      if (entry.path().extension() == kEnding) paths.push_back(entry.path().string());
    }
  } catch (const std::filesystem::filesystem_error& error) {
    throw UserError("can't read the folder " + folder + ": " + error.code().message());
  }
  if (paths.empty()) throw UserError("the folder " + folder + " holds no report (no *.sql)");
  std::sort(paths.begin(), paths.end());
  return paths;
}

}  // namespace

Catalogue Catalogue::BuiltIn() { return OfFolder("reports/"); }

Catalogue Catalogue::BuiltInRules() { return OfFolder("triage/"); }

Catalogue Catalogue::OfFolder(std::string_view folder) {
  Catalogue catalogue;
  for (const store::SqlFile& file : store::EmbeddedSql()) {
    if (file.name.substr(0, folder.size()) != folder) continue;
    Report report = ParseReport(ReportName(file.name), file.name, file.text);
    report.is_built_in = true;
    catalogue.Add(std::move(report));
  }
  return catalogue;
}

void Catalogue::Add(Report report) {
  const auto place =
      std::lower_bound(reports_.begin(), reports_.end(), report.name,
                       [](const Report& r, const std::string& name) { return r.name < name; });
  if (place != reports_.end() && place->name == report.name) {
    throw UserError("two reports are called '" + report.name + "': " + place->file +
                    (place->is_built_in ? " (built in)" : "") + " and " + report.file +
                    "; rename " + (place->is_built_in ? "yours" : "one of them"));
  }
  reports_.insert(place, std::move(report));
}

void Catalogue::AddOrReplace(Report report) {
  std::erase_if(reports_, [&](const Report& r) { return r.is_built_in && r.name == report.name; });
  Add(std::move(report));
}

void Catalogue::AddFolder(const std::string& folder) {
  for (const std::string& path : ListFolder(folder)) Add(ReadReport(path));
}

void Catalogue::AddOrReplaceFolder(const std::string& folder) {
  for (const std::string& path : ListFolder(folder)) AddOrReplace(ReadReport(path));
}

const Report& Catalogue::Find(std::string_view name) const {
  std::vector<std::string> names;
  for (const Report& report : reports_) {
    if (report.name == name) return report;
    names.push_back(report.name);
  }
  throw UserError("no report is called '" + std::string(name) + "'" + DidYouMean(name, names));
}

bool IsReportPath(std::string_view word) {
  const bool ends_so =
      word.size() >= kEnding.size() && word.substr(word.size() - kEnding.size()) == kEnding;
  return ends_so || word.find('/') != std::string_view::npos;
}

std::string ReadReportText(const std::string& path) {
  const auto fail = [&path] {
    throw UserError("can't read " + path + ": " + std::strerror(errno));
  };
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"),
                                                             std::fclose);
  if (file == nullptr) fail();
  std::optional<std::string> text = ReadAll(file.get());
  if (!text) fail();
  return std::move(*text);
}

Report ReadReport(const std::string& path) {
  const std::string name = ReportName(path);
  return ParseReport(name, path, ReadReportText(path));
}

}  // namespace tcpsnap::report
