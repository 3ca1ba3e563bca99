#include "common/output.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace tcpsnap::apps {

Output::Output(const std::optional<std::string>& path) {
  if (path && *path != "-") {
    path_ = *path;
  } else {
    file_ = STDOUT_FILENO;
  }
}

Output::~Output() {
  if (path_.empty() || file_ < 0) return;
  struct stat status;
  const bool is_regular = fstat(file_, &status) == 0 && S_ISREG(status.st_mode);
  close(file_);
  if (is_regular) unlink(path_.c_str());
}

void Output::Write(std::string_view bytes) {
  if (file_ < 0) Open();
  while (!bytes.empty()) {
    const ssize_t written = write(file_, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes.remove_prefix(static_cast<size_t>(written));
    } else if (errno != EINTR) {  // after a signal: the database is what stops
      Fail(errno);
    }
  }
}

void Output::Finish() {
  if (path_.empty()) return;  // stdout stays open: further output may follow
  if (file_ < 0) Open();
  const int file = file_;
  file_ = -1;
  // Network file systems tell here that the disk is full.
  if (close(file) != 0 && errno != EINTR) {
    const int error_number = errno;
    unlink(path_.c_str());
    Fail(error_number);
  }
}

void Output::Open() {
  file_ = open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (file_ < 0) Fail(errno);
}

void Output::Fail(int error_number) const {
  if (error_number == EPIPE) throw ClosedPipe();
  const std::string name = path_.empty() ? "standard output" : path_;
  throw OutputError("can't write to " + name + ": " + std::strerror(error_number));
}

}  // namespace tcpsnap::apps
