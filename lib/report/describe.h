// A report's front-matter, for people.
#pragma once

#include <string>
#include <string_view>

#include "report/front_matter.h"

namespace tcpsnap::report {

/// Title, group, description, parameters, columns and SQL of a report.
std::string DescribeReport(const Report& report);

/// `text` in lines of at most `width` letters, each with `indent` before it; '\n' begins a new
/// line.
std::string Wrap(std::string_view text, size_t width, std::string_view indent = "");

}  // namespace tcpsnap::report
