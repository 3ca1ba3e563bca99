#include "capture/byte_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <system_error>
#include <utility>

namespace tcpsnap::capture {
namespace {

constexpr uint64_t kPipeKeptBytes = 16 << 20;
constexpr uint64_t kPipeRewindBytes = 15 << 20;  // a reader may read a block more than it uses

[[noreturn]] void Fail() { throw std::system_error(errno, std::generic_category()); }

// A file descriptor that is closed at the end.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {
    if (fd_ < 0) Fail();
  }
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }

  size_t Read(char* bytes, size_t size) const {
    const ssize_t count = read(fd_, bytes, size);
    if (count < 0) Fail();
    return static_cast<size_t>(count);
  }

 private:
  int fd_;
};

class SeekableFile : public ByteSource {
 public:
  SeekableFile(Descriptor fd, uint64_t size) : fd_(std::move(fd)), size_(size) {
    posix_fadvise(fd_.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
  }
  size_t Read(char* bytes, size_t size) override { return fd_.Read(bytes, size); }
  void Rewind() override {
    if (lseek(fd_.get(), 0, SEEK_SET) < 0) Fail();
  }
  std::optional<uint64_t> Size() const override { return size_; }
  std::optional<uint64_t> RewindLimit() const override { return std::nullopt; }

 private:
  Descriptor fd_;
  uint64_t size_;
};

class Pipe : public ByteSource {
 public:
  explicit Pipe(Descriptor fd) : fd_(std::move(fd)) {}
  size_t Read(char* bytes, size_t size) override {
    if (next_ < kept_.size()) {
      const size_t count = std::min(size, kept_.size() - next_);
      std::memcpy(bytes, kept_.data() + next_, count);
      next_ += count;
      return count;
    }
    const size_t count = fd_.Read(bytes, size);
    if (keeping_ && kept_.size() + count <= kPipeKeptBytes) {
      kept_.append(bytes, count);
      next_ = kept_.size();
    } else {
      // Too far to go back.
      keeping_ = false;
      kept_ = {};
      next_ = 0;
    }
    return count;
  }
  void Rewind() override { next_ = 0; }
  std::optional<uint64_t> Size() const override { return std::nullopt; }
  std::optional<uint64_t> RewindLimit() const override { return kPipeRewindBytes; }

 private:
  Descriptor fd_;
  std::string kept_;  // all that was read, while it is little
  size_t next_ = 0;   // of kept_
  bool keeping_ = true;
};

// All of a pipe in a temporary file without a name: it is gone when it is closed.
Descriptor Spool(const Descriptor& from) {
  std::FILE* file = std::tmpfile();
  if (file == nullptr) Fail();
  Descriptor spool(dup(fileno(file)));
  std::fclose(file);
  char bytes[65536];
  while (const size_t count = from.Read(bytes, sizeof bytes)) {
    for (size_t written = 0; written < count;) {
      const ssize_t step = write(spool.get(), bytes + written, count - written);
      if (step < 0 && errno != EINTR) Fail();
      if (step > 0) written += static_cast<size_t>(step);
    }
  }
  if (lseek(spool.get(), 0, SEEK_SET) < 0) Fail();
  return spool;
}

}  // namespace

std::unique_ptr<ByteSource> OpenSource(const std::string& path, bool spool) {
  Descriptor fd(path == "-" ? dup(STDIN_FILENO) : open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status;
  if (fstat(fd.get(), &status) < 0) Fail();
  if (S_ISDIR(status.st_mode)) {
    errno = EISDIR;
    Fail();
  }
  if (!S_ISREG(status.st_mode)) {
    if (!spool) return std::make_unique<Pipe>(std::move(fd));
    Descriptor copy = Spool(fd);
    if (fstat(copy.get(), &status) < 0) Fail();
    return std::make_unique<SeekableFile>(std::move(copy), static_cast<uint64_t>(status.st_size));
  }
  if (lseek(fd.get(), 0, SEEK_SET) < 0) Fail();
  return std::make_unique<SeekableFile>(std::move(fd), static_cast<uint64_t>(status.st_size));
}

}  // namespace tcpsnap::capture
