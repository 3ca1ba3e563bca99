#include "capture/byte_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>

#include "capture/rewind_buffer.h"

namespace tcpsnap::capture {
namespace {

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
  void Rewind() override { Seek(0); }
  bool Seek(uint64_t offset) override {
    if (lseek(fd_.get(), static_cast<off_t>(offset), SEEK_SET) < 0) Fail();
    return true;
  }
  std::optional<uint64_t> Size() const override { return size_; }
  std::optional<uint64_t> RewindLimit() const override { return std::nullopt; }

 private:
  Descriptor fd_;
  uint64_t size_;
};

// Bytes that come once; RewindBuffer keeps the first of them.
class Pipe : public ByteSource {
 public:
  explicit Pipe(Descriptor fd) : fd_(std::move(fd)) {}
  size_t Read(char* bytes, size_t size) override { return fd_.Read(bytes, size); }
  void Rewind() override {}
  std::optional<uint64_t> Size() const override { return std::nullopt; }
  std::optional<uint64_t> RewindLimit() const override { return 0; }

 private:
  Descriptor fd_;
};

void WriteAll(int fd, const char* bytes, size_t count) {
  while (count > 0) {
    const ssize_t step = write(fd, bytes, count);
    if (step < 0 && errno != EINTR) Fail();
    if (step <= 0) continue;
    bytes += step;
    count -= static_cast<size_t>(step);
  }
}

}  // namespace

std::unique_ptr<ByteSource> OpenSource(const std::string& path) {
  Descriptor fd(path == "-" ? dup(STDIN_FILENO) : open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status;
  if (fstat(fd.get(), &status) < 0) Fail();
  if (S_ISDIR(status.st_mode)) {
    errno = EISDIR;
    Fail();
  }
  if (!S_ISREG(status.st_mode)) {
    return std::make_unique<RewindBuffer>(std::make_unique<Pipe>(std::move(fd)));
  }
  if (lseek(fd.get(), 0, SEEK_SET) < 0) Fail();
  return std::make_unique<SeekableFile>(std::move(fd), static_cast<uint64_t>(status.st_size));
}

std::unique_ptr<ByteSource> Spool(std::unique_ptr<ByteSource> source) {
  std::FILE* file = std::tmpfile();
  if (file == nullptr) Fail();
  Descriptor spool(dup(fileno(file)));
  std::fclose(file);
  source->Rewind();
  std::vector<char> bytes(256 << 10);
  uint64_t size = 0;
  while (const size_t count = source->Read(bytes.data(), bytes.size())) {
    WriteAll(spool.get(), bytes.data(), count);
    size += count;
  }
  if (lseek(spool.get(), 0, SEEK_SET) < 0) Fail();
  return std::make_unique<SeekableFile>(std::move(spool), size);
}

}  // namespace tcpsnap::capture
