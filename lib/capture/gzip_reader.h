// gzip, unpacked with its checksums compared, which libarchive 3.6 leaves out.
#pragma once

#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "capture/decompressor.h"

namespace tcpsnap::capture {

/// Unpacks one member behind the other, up to the end. NUL bytes behind the last one are the
/// padding of a tape; anything else there is damage: it was data once, and would be left out.
class GzipReader : public Decompressor {
 public:
  explicit GzipReader(ReadBytes read);
  ~GzipReader() override;
  GzipReader(const GzipReader&) = delete;
  GzipReader& operator=(const GzipReader&) = delete;

  size_t Read(char* bytes, size_t size) override;
  std::optional<int64_t> mtime_ms() const override;

 private:
  bool Refill(size_t least);
  bool NextMember();
  void Inflate();
  void CheckPadding();

  ReadBytes read_;
  std::unique_ptr<char[]> packed_;
  z_stream stream_{};  // zlib owns what hangs on it from the constructor to the destructor
  gz_header header_{};
  bool in_member_ = true;  // the first one is there: its magic was seen
  bool at_end_ = false;
};

}  // namespace tcpsnap::capture
