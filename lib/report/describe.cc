#include "report/describe.h"

#include <algorithm>
#include <vector>

#include "report/cell_text.h"

namespace tcpsnap::report {
namespace {

constexpr size_t kLineWidth = 100;

/// Lines of three aligned pieces: name, what it is, help.
std::string Aligned(const std::vector<std::vector<std::string>>& lines) {
  size_t first = 0;
  size_t second = 0;
  for (const auto& line : lines) {
    first = std::max(first, Width(line[0]));
    second = std::max(second, Width(line[1]));
  }
  std::string text;
  for (const auto& line : lines) {
    text += "  " + line[0] + std::string(first - Width(line[0]) + 2, ' ');
    text += line[1] + std::string(second - Width(line[1]) + 2, ' ');
    text += line[2] + "\n";
  }
  return text;
}

std::string DescribeParameters(const Report& report) {
  std::vector<std::vector<std::string>> lines;
  for (const Parameter& parameter : report.parameters) {
    const std::string when = parameter.optional ? "optional" : "default " + parameter.default_text;
    lines.push_back(
        {parameter.name, std::string(TypeName(parameter.type)) + ", " + when, parameter.help});
  }
  return Aligned(lines);
}

std::string DescribeColumns(const Report& report) {
  std::vector<std::vector<std::string>> lines;
  for (const Column& column : report.columns) {
    std::string type(TypeName(column.type));
    if (!column.unit.empty()) type += ", " + column.unit;
    lines.push_back({column.name, type, column.help});
  }
  return Aligned(lines);
}

}  // namespace

std::string Wrap(std::string_view text, size_t width, std::string_view indent) {
  std::string wrapped;
  while (true) {
    const size_t line_end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, line_end);
    while (line.size() > width) {
      const size_t blank = line.rfind(' ', width);
      if (blank == std::string_view::npos || blank == 0) break;
      wrapped.append(indent).append(line.substr(0, blank)) += '\n';
      line.remove_prefix(blank + 1);
    }
    wrapped.append(indent).append(line) += '\n';
    if (line_end == text.size()) return wrapped;
    text.remove_prefix(line_end + 1);
  }
}

std::string DescribeReport(const Report& report) {
  std::string text = report.name + ": " + report.title + "\n\n";
  text += "Group: " + report.group + " (" + std::string(QuestionOf(report)) + ")\n\n";
  text += Wrap(report.description, kLineWidth);
  text += "\nOptions: --since, --until, --host, --tz";
  text += report.UsesBuckets() ? ", --bucket (1h unless given)\n" : "\n";
  if (!report.parameters.empty()) {
    text += "\nParameters (-p name=value):\n";
    text += DescribeParameters(report);
  }
  text += "\nColumns:\n";
  text += DescribeColumns(report);
  text += "\nSQL:\n";
  text += report.sql;
  return text;
}

}  // namespace tcpsnap::report
