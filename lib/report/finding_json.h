// The two columns of a finding that are JSON.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tcpsnap::report {

/// Names and values in their order, for people: reals with two decimals at most, null as "-".
/// nullopt where it is no object, or holds further ones.
std::optional<std::vector<std::pair<std::string, std::string>>> ReadNumbers(std::string_view json);

/// nullopt where it is no array of texts.
std::optional<std::vector<std::string>> ReadEvidence(std::string_view json);

}  // namespace tcpsnap::report
