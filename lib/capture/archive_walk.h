// The files in an archive, also those of the archives in it: one level of nesting.
//
//   case.zip!web1.tar.gz!proc/net/tcp        an archive in an archive
//   logs.tar!web1/tcp.log.gz                 a compressed file in an archive is a file
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "capture/archive.h"
#include "capture/byte_source.h"
#include "capture/capture.h"

namespace tcpsnap::capture {

class ArchiveVisitor {
 public:
  virtual ~ArchiveVisitor() = default;
  /// A member that is no folder comes: what was at this path before (the file, or all that is in an
  /// archive) is replaced, as it is by extracting.
  virtual void Member(const std::string& path) = 0;
  /// A file, unpacked. `number` counts the files from 0, the same in each walk. `source` can be
  /// read once, and only now.
  virtual void File(uint64_t number, const std::string& path, std::optional<int64_t> mtime_ms,
                    ByteSource& source) = 0;
  virtual void Link(const std::string& path, const std::string& target) = 0;
  /// Another name of a file: `target` is the path of what was a File or HardLink before.
  virtual void HardLink(const std::string& path, const std::string& target,
                        std::optional<int64_t> mtime_ms) = 0;
  /// The tar at this path may have been cut between two members.
  virtual void LacksEndMark(const std::string& path) = 0;
  /// An inner archive that can't be read (to its end), or is too deep inside.
  virtual void Failed(const std::string& path, const CaptureError& error) = 0;
};

struct WalkSettings {
  ArchiveLimits limits;            ///< those of the outer archive hold for all that is in it
  std::function<void()> on_block;  ///< hears of each block that is unpacked; may throw
};

/// Walks the archive (or compressed file: then one File whose path is `name`) that `source` is.
/// Throws CaptureError where it can't be read.
void WalkArchive(const std::string& name, ByteSource& source, ArchiveVisitor& visitor,
                 const WalkSettings& settings = {});

/// What is said of a member for which std::bad_alloc was thrown.
CaptureError NeedsMemory();

/// The first bytes of a source that can be read only once, and a source that still has them.
class PeekedSource : public ByteSource {
 public:
  /// `source` must outlive it.
  PeekedSource(ByteSource& source, size_t bytes);
  const std::string& head() const { return head_; }

  size_t Read(char* bytes, size_t size) override;
  void Rewind() override;
  std::optional<uint64_t> Size() const override { return source_.Size(); }
  /// Rewind works as long as no more than the head was read.
  std::optional<uint64_t> RewindLimit() const override { return head_.size(); }

 private:
  ByteSource& source_;
  std::string head_;
  size_t next_ = 0;
};

}  // namespace tcpsnap::capture
