#include "capture/walk.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

namespace tcpsnap::capture {
namespace {

namespace fs = std::filesystem;

// When a file was last changed, in ms; nullopt where it is none.
std::optional<int64_t> ChangedAt(const std::string& path) {
  struct stat status;
  if (stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  return int64_t{status.st_mtim.tv_sec} * 1000 + status.st_mtim.tv_nsec / 1'000'000;
}

// What is not a regular file (a pipe of the shell, a terminal) is read as it is.
void AddNamed(const std::string& path, FoundFiles& found) {
  std::error_code error;
  const uintmax_t bytes = fs::file_size(path, error);
  found.files.push_back({path, error ? 0 : bytes, true, ChangedAt(path)});
}

// True where a link leads to something below the folder, which is canonical: an unpacked bundle
// keeps the absolute links of its machine (etc/hostname, proc/net/tcp6), and here they would lead
// to the files of another one.
bool StaysBelow(const fs::path& folder, const fs::path& link) {
  std::error_code error;
  const fs::path target = fs::weakly_canonical(link, error);
  if (error) return false;
  const auto [rest, ignored] =
      std::mismatch(folder.begin(), folder.end(), target.begin(), target.end());
  return rest == folder.end();
}

void Walk(const std::string& folder, FoundFiles& found) {
  const size_t files_before = found.files.size();
  const size_t failures_before = found.failures.size();
  size_t links_out = 0;  // to files
  std::error_code error;
  const fs::path top = fs::canonical(folder, error);
  std::vector<fs::path> pending = {folder};
  while (!pending.empty()) {
    const fs::path current = std::move(pending.back());
    pending.pop_back();
    fs::directory_iterator entry(current, error);
    for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
      std::error_code ignored;
      if (entry->is_directory(ignored) && !entry->is_symlink(ignored)) {
        pending.push_back(entry->path());
      } else if (entry->is_regular_file(ignored) &&
                 (!entry->is_symlink(ignored) || StaysBelow(top, entry->path()))) {
        const uintmax_t bytes = entry->file_size(ignored);
        const std::string path = entry->path().string();
        found.files.push_back({path, ignored ? 0 : bytes, false, ChangedAt(path)});
      } else if (entry->is_symlink(ignored)) {
        links_out += entry->is_regular_file(ignored);
        found.links.push_back(
            {entry->path().string(), fs::read_symlink(entry->path(), ignored).string()});
      }
    }
    if (error) {
      found.failures.emplace_back(current.string(),
                                  CaptureError(Trouble::kUnreadable, error.message()));
      error.clear();
    }
  }
  if (found.files.size() == files_before && found.failures.size() == failures_before) {
    found.failures.emplace_back(
        folder,
        CaptureError(Trouble::kNoCapture,
                     links_out == 0 ? "the folder holds no file"
                                    : "the folder holds no file but links out of it, which are "
                                      "followed only where they are named"));
  }
}

}  // namespace

FoundFiles FindFiles(const std::vector<std::string>& paths) {
  FoundFiles found;
  for (const std::string& path : paths) {
    if (path == "-") {
      found.files.push_back({path, 0, true, {}});
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
