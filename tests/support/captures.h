// Finds and reads the dumps that the tests run over.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace tcpsnap::testing {

/// The regular files below a folder, sorted; none when it does not exist.
std::vector<std::filesystem::path> FilesBelow(const std::filesystem::path& folder);

/// A file's bytes; those of `.gz` unpacked by gzip. Throws when that fails.
std::string ReadFile(const std::filesystem::path& path);

}  // namespace tcpsnap::testing
