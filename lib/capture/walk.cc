#include "capture/walk.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

namespace tcpsnap::capture {
namespace {

namespace fs = std::filesystem;

// What is not a regular file (a pipe of the shell, a terminal) is read as it is.
void AddNamed(const std::string& path, FoundFiles& found) {
  std::error_code error;
  const uintmax_t bytes = fs::file_size(path, error);
  found.files.push_back({path, error ? 0 : bytes, true});
}

void Walk(const std::string& folder, FoundFiles& found) {
  const size_t files_before = found.files.size();
  const size_t failures_before = found.failures.size();
  std::error_code error;
  std::vector<fs::path> pending = {folder};
  while (!pending.empty()) {
    const fs::path current = std::move(pending.back());
    pending.pop_back();
    fs::directory_iterator entry(current, error);
    for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
      std::error_code ignored;
      if (entry->is_directory(ignored) && !entry->is_symlink(ignored)) {
        pending.push_back(entry->path());
      } else if (entry->is_regular_file(ignored)) {
        const uintmax_t bytes = entry->file_size(ignored);
        found.files.push_back({entry->path().string(), ignored ? 0 : bytes, false});
      }
    }
    if (error) {
      found.failures.emplace_back(current.string(),
                                  CaptureError(Trouble::kUnreadable, error.message()));
      error.clear();
    }
  }
  if (found.files.size() == files_before && found.failures.size() == failures_before) {
    found.failures.emplace_back(folder,
                                CaptureError(Trouble::kNoCapture, "the folder holds no file"));
  }
}

}  // namespace

FoundFiles FindFiles(const std::vector<std::string>& paths) {
  FoundFiles found;
  for (const std::string& path : paths) {
    if (path == "-") {
      found.files.push_back({path, 0, true});
      continue;
    }
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (status.type() == fs::file_type::not_found) {
      found.failures.emplace_back(path, CaptureError(Trouble::kUnreadable, "no such file"));
    } else if (error) {
      found.failures.emplace_back(path, CaptureError(Trouble::kUnreadable, error.message()));
    } else if (status.type() == fs::file_type::directory) {
      Walk(path, found);
    } else {
      AddNamed(path, found);
    }
  }
  // By name; a file that was both named and found by walking counts as named.
  std::sort(found.files.begin(), found.files.end(), [](const FoundFile& a, const FoundFile& b) {
    return a.path != b.path ? a.path < b.path : a.named > b.named;
  });
  const auto same = [](const FoundFile& a, const FoundFile& b) { return a.path == b.path; };
  found.files.erase(std::unique(found.files.begin(), found.files.end(), same), found.files.end());
  return found;
}

}  // namespace tcpsnap::capture
