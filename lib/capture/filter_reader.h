// What libarchive unpacks around a file: xz, zst, bz2, lzma, lz4, compress (.Z), and these in one
// another (gzip as well).
#pragma once

#include <archive.h>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <string_view>

#include "capture/decompressor.h"
#include "capture/packing.h"

namespace tcpsnap::capture {

struct FreeArchive {
  void operator()(archive* handle) const { archive_read_free(handle); }
};
using ArchiveHandle = std::unique_ptr<archive, FreeArchive>;

/// A handle that takes all of these, and as formats one stream or nothing. Throws CaptureError
/// where libarchive can't.
ArchiveHandle NewArchive();

/// What libarchive says of its last error.
std::string_view ErrorText(archive* handle);

/// Unpacks to the end of the file. NUL bytes behind the last part are its padding; anything else
/// there is damage, but for compress, which has no end.
class FilterReader : public Decompressor {
 public:
  /// `method`: the outermost one.
  FilterReader(Method method, ReadBytes read);
  FilterReader(const FilterReader&) = delete;
  FilterReader& operator=(const FilterReader&) = delete;

  /// What comes before damage is read first.
  size_t Read(char* bytes, size_t size) override;

 private:
  static la_ssize_t OnRead(archive* handle, void* self, const void** bytes);

  void Open();
  void NextPart();
  void TakeResult(int result);
  void CheckTail();
  size_t ReadPacked();

  const Method method_;
  const ReadBytes read_;
  std::unique_ptr<char[]> packed_;
  uint64_t packed_bytes_ = 0;  // that were read
  uint64_t set_bytes_ = 0;     // how far those reach that are not NUL
  std::string_view part_;      // that libarchive unpacked
  bool at_end_ = false;
  std::exception_ptr broken_;
  ArchiveHandle archive_;  // last: the first to go, while what it reads from is there
};

}  // namespace tcpsnap::capture
