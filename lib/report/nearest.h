// "did you mean": the names nearest to one that was mistyped.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tcpsnap::report {

/// At most three of `names`, nearest first: those that differ in a few letters (a swap counts as
/// one), or that contain `wanted`. Empty when none is near.
std::vector<std::string> Nearest(std::string_view wanted, const std::vector<std::string>& names);

/// " (did you mean a or b?)", or " (there are: a, b, c)" when none is near.
std::string DidYouMean(std::string_view wanted, const std::vector<std::string>& names);

/// "a, b, c"
std::string JoinNames(const std::vector<std::string>& names, std::string_view separator = ", ");

}  // namespace tcpsnap::report
