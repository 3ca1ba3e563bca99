// Paths of the command line -> files to read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "capture/capture.h"

namespace tcpsnap::capture {

struct FoundFile {
  std::string path;
  uint64_t bytes = 0;
  bool named = false;               ///< it stood on the command line
  std::optional<int64_t> mtime_ms;  ///< when it was last changed; absent where it is no file
};

/// A link, which is not followed.
struct FoundLink {
  std::string path;
  std::string target;
};

struct FoundFiles {
  std::vector<FoundFile> files;  ///< in the order of their names, each once
  std::vector<FoundLink> links;  ///< to folders, to nothing, or out of the folder
  /// Paths that can't be read, and folders without a file.
  std::vector<std::pair<std::string, CaptureError>> failures;
};

/// Walks folders recursively. Links to files are followed within the folder that was named, but not
/// out of it (those of an unpacked bundle would lead to the files of this machine). Links to
/// folders are not (a `cp -r /proc` tree would never end). Anything that is no file is passed over.
/// What was named is followed wherever it leads.
FoundFiles FindFiles(const std::vector<std::string>& paths);

}  // namespace tcpsnap::capture
