#include "capture/archive_walk.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <new>

#include "capture/text_opening.h"

namespace tcpsnap::capture {
namespace {

// How many archives may be around an archive.
constexpr int kDeepest = 1;

class Walk {
 public:
  Walk(ArchiveVisitor& visitor, const WalkSettings& settings)
      : visitor_(visitor), settings_(settings) {}

  /// `mtime_ms`: of the file that the archive is. `outer`: what it lies in, or null.
  void Archive(const std::string& name, ByteSource& source, std::optional<int64_t> mtime_ms,
               int depth, ArchiveReader* outer) {
    ArchiveReader reader(source, settings_.limits, settings_.on_block, outer);
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
      if (member->kind == ArchiveMember::Kind::kFolder) continue;
      // GNU tar notes a file that it is given twice as a link to itself.
      if (member->hard_link && member->link_target == member->path) continue;
      const std::string path = name + "!" + member->path;
      visitor_.Member(path);
      if (member->kind == ArchiveMember::Kind::kLink && member->hard_link) {
        visitor_.HardLink(path, name + "!" + member->link_target, member->mtime_ms);
      } else if (member->kind == ArchiveMember::Kind::kLink) {
        visitor_.Link(path, member->link_target);
      } else if (member->kind == ArchiveMember::Kind::kFile) {
        File(path, member->mtime_ms, reader, depth);
      }
    }
    if (reader.lacks_end_mark()) visitor_.LacksEndMark(name);
  }

 private:
  void File(const std::string& path, std::optional<int64_t> mtime_ms, ArchiveReader& reader,
            int depth) {
    PeekedSource peeked(reader.content(), kSniffBytes);
    if (SniffPacking(peeked.head()) == Packing::kNone) {
      visitor_.File(number_++, path, mtime_ms, peeked);
      return;
    }
    try {
      Archive(path, peeked, mtime_ms, depth + 1, &reader);
    } catch (const CaptureError& error) {
      visitor_.Failed(path, error);
    } catch (const std::bad_alloc&) {
      visitor_.Failed(path, NeedsMemory());  // some formats ask for gigabytes
    }
  }

  ArchiveVisitor& visitor_;
  const WalkSettings& settings_;
  uint64_t number_ = 0;
};

}  // namespace

void WalkArchive(const std::string& name, ByteSource& source, ArchiveVisitor& visitor,
                 const WalkSettings& settings) {
  Walk(visitor, settings).Archive(name, source, std::nullopt, 0, nullptr);
}

CaptureError NeedsMemory() {
  return CaptureError(Trouble::kUnreadable,
                      "it needs too much memory; unpack it and import the parts");
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
