// The text of small files that users give: reports, SQL, lists of names.
#pragma once

#include <cstdio>
#include <optional>
#include <string>

namespace tcpsnap::report {

/// What the stream has left; nullopt where reading fails, and errno says why.
std::optional<std::string> ReadAll(std::FILE* stream);

}  // namespace tcpsnap::report
