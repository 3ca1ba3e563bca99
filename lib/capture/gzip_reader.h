// gzip, unpacked with its checksums compared, which libarchive 3.6 leaves out.
#pragma once

#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>

namespace tcpsnap::capture {

/// The data is cut, or is not what was packed; what() says how.
class GzipDamage : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Unpacks one member behind the other, up to the end. NUL bytes behind the last one are the
/// padding of a tape; anything else there is damage: it was data once, and would be left out.
class GzipReader {
 public:
  /// `read` gives up to so many packed bytes, 0 at the end.
  explicit GzipReader(std::function<size_t(char* bytes, size_t size)> read);
  ~GzipReader();
  GzipReader(const GzipReader&) = delete;
  GzipReader& operator=(const GzipReader&) = delete;

  /// Fills `bytes`; less only at the end. Throws GzipDamage, and what `read` throws.
  size_t Read(char* bytes, size_t size);
  /// How much was unpacked.
  uint64_t unpacked_bytes() const { return unpacked_bytes_; }
  /// When the file was last changed before it was packed, of the first member, once it was read.
  std::optional<int64_t> mtime_ms() const;

 private:
  bool Refill(size_t least);
  bool NextMember();
  void Inflate();
  void CheckPadding();

  std::function<size_t(char*, size_t)> read_;
  std::unique_ptr<char[]> packed_;
  z_stream stream_{};  // zlib owns what hangs on it from the constructor to the destructor
  gz_header header_{};
  uint64_t unpacked_bytes_ = 0;
  bool in_member_ = true;  // the first one is there: its magic was seen
  bool at_end_ = false;
};

}  // namespace tcpsnap::capture
