// One archive: whatever the bytes are, reading all of it ends within its limits, in a CaptureError
// or at its end, and from a pipe as from a disk.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "capture/archive.h"
#include "capture/archive_walk.h"
#include "capture/capture.h"
#include "capture/seekable_text.h"
#include "capture/text_source.h"

namespace {

using namespace tcpsnap::capture;

constexpr ArchiveLimits kLimits{
    .free_bytes = 1 << 20, .most_ratio = 100, .most_members = 200, .most_path_bytes = 300};
// One step of reading may go over the limit.
constexpr size_t kStepBytes = 64 << 10;

[[noreturn]] void Fail(const char* what) {
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

// Reads a member to its end, and one that is an archive as such. Returns how much it was, with what
// was in it.
uint64_t ReadMember(ArchiveReader& reader, int depth);

// Reads all members; every third one is left, begun or not. Returns how much they were.
uint64_t ReadArchive(ByteSource& source, uint64_t packed_bytes, int depth, ArchiveReader* outer) {
  uint64_t blocks = 0;
  ArchiveReader reader(
      source, kLimits, [&] { ++blocks; }, outer);
  uint64_t members = 0, unpacked = 0;
  try {
    while (const ArchiveMember* member = reader.Next()) {
      if (++members > kLimits.most_members) Fail("too many members");
      if (member->path.size() > kLimits.most_path_bytes) Fail("too long a path");
      if (reader.is_single_stream() != member->path.empty()) Fail("a path for a stream, or none");
      if (members % 3 != 0) unpacked += ReadMember(reader, depth);
      const uint64_t most = packed_bytes * (kLimits.most_ratio + 1);
      if (unpacked > std::max(kLimits.free_bytes, most) + kStepBytes) Fail("too many bytes");
    }
    if (reader.Next() != nullptr) Fail("a member behind the end");
  } catch (const CaptureError& error) {
    // A file of zeros is no capture.
    if (error.trouble() != Trouble::kUnreadable && error.trouble() != Trouble::kNoCapture) {
      Fail("another trouble");
    }
  }
  if (unpacked > 0 && blocks == 0) Fail("nobody heard of it");
  return unpacked;
}

uint64_t ReadMember(ArchiveReader& reader, int depth) {
  PeekedSource content(reader.content(), kSniffBytes);
  std::vector<char> bytes(kStepBytes);
  if (depth == 0 && SniffPacking(content.head()) != Packing::kNone) {
    std::string nested;
    while (const size_t count = content.Read(bytes.data(), bytes.size())) {
      nested.append(bytes.data(), count);
    }
    const uint64_t size = nested.size();
    tcpsnap::testing::SeekableText source(std::move(nested));
    return size + ReadArchive(source, size, depth + 1, &reader);
  }
  uint64_t unpacked = 0;
  while (const size_t count = content.Read(bytes.data(), bytes.size())) unpacked += count;
  return unpacked;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  tcpsnap::testing::SeekableText file(bytes);
  ReadArchive(file, size, 0, nullptr);
  tcpsnap::testing::TextSource pipe(bytes, 5000);
  ReadArchive(pipe, size, 0, nullptr);
  return 0;
}
