#include "capture/archive_walk.h"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "capture/text_opening.h"

namespace tcpsnap::capture {
namespace {

// How many archives may be around an archive.
constexpr int kDeepest = 1;

class Walk {
 public:
  explicit Walk(ArchiveVisitor& visitor) : visitor_(visitor) {}

  /// `mtime_ms`: of the file that the archive is.
  void Archive(const std::string& name, ByteSource& source, std::optional<int64_t> mtime_ms,
               int depth) {
    ArchiveReader reader(source);
    while (const ArchiveMember* member = reader.Next()) {
      if (reader.is_single_stream()) {
        // What is packed in it the reader has unpacked too.
        visitor_.File(number_++, name, mtime_ms, reader.content());
        continue;
      }
      if (depth > kDeepest) {
        throw CaptureError(Trouble::kUnreadable,
                           "it is an archive within an archive within an archive; unpack the outer "
                           "one and import the folder");
      }
      const std::string path = name + "!" + member->path;
      if (member->kind == ArchiveMember::Kind::kLink) {
        visitor_.Link(path, member->link_target);
      } else if (member->kind == ArchiveMember::Kind::kFile) {
        File(path, member->mtime_ms, reader.content(), depth);
      }
    }
  }

 private:
  void File(const std::string& path, std::optional<int64_t> mtime_ms, ByteSource& content,
            int depth) {
    PeekedSource peeked(content, kSniffBytes);
    if (SniffPacking(peeked.head()) == Packing::kNone) {
      visitor_.File(number_++, path, mtime_ms, peeked);
      return;
    }
    try {
      Archive(path, peeked, mtime_ms, depth + 1);
    } catch (const CaptureError& error) {
      visitor_.Failed(path, error);
    }
  }

  ArchiveVisitor& visitor_;
  uint64_t number_ = 0;
};

}  // namespace

void WalkArchive(const std::string& name, ByteSource& source, ArchiveVisitor& visitor) {
  Walk(visitor).Archive(name, source, std::nullopt, 0);
}

PeekedSource::PeekedSource(ByteSource& source, size_t bytes)
    : source_(source), head_(ReadHead(source, bytes)) {}

size_t PeekedSource::Read(char* bytes, size_t size) {
  if (next_ >= head_.size()) {
    next_ = head_.size() + 1;
    return source_.Read(bytes, size);
  }
  const size_t count = std::min(size, head_.size() - next_);
  std::memcpy(bytes, head_.data() + next_, count);
  next_ += count;
  return count;
}

void PeekedSource::Rewind() {
  assert(next_ <= head_.size());
  next_ = 0;
}

}  // namespace tcpsnap::capture
