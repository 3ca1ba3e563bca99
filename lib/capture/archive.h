// Archives and compressed files, through libarchive: streamed, nothing is unpacked to disk.
//
// gz, xz, zst, bz2, lzma, lz4, compress (.Z) around one file; tar (around or inside of these) and
// zip. Compressed files that were put together (`cat a.gz b.gz`) are read to their end, and so are
// tars; NUL bytes behind the last one are the padding of a tape, anything else there is damage. The
// names of members are only shown and matched, never opened: `../`, absolute names and links out of
// the archive lead nowhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "capture/byte_source.h"

namespace tcpsnap::capture {

/// What the first bytes of a file show.
enum class Packing : uint8_t {
  kNone,        ///< text, or anything else
  kCompressed,  ///< one of the filters: what is inside shows when it is opened
  kArchive,     ///< tar or zip
};

/// How many first bytes SniffPacking wants (fewer where the file is shorter).
inline constexpr size_t kSniffBytes = 512;
Packing SniffPacking(std::string_view head);

/// How far an archive may unpack before it is taken for a bomb.
struct ArchiveLimits {
  uint64_t free_bytes = uint64_t{1} << 30;  ///< below this no ratio counts
  uint64_t most_ratio = 2000;               ///< unpacked bytes for one packed byte
  uint64_t most_members = 10'000'000;
  size_t most_path_bytes = 4096;
};

struct ArchiveMember {
  enum class Kind : uint8_t { kFile, kFolder, kLink, kOther };
  Kind kind = Kind::kFile;
  std::string path;  ///< as stored, "./" at its front removed ("./" itself is "."); any bytes
  std::string link_target;  ///< kLink: as stored; a hard link's is the path of another member
  bool hard_link = false;
  /// Absent: not stored, or 0. A zip that was made without UTC times is taken to be of this
  /// machine's zone.
  std::optional<int64_t> mtime_ms;
  std::optional<uint64_t> bytes;  ///< unpacked, where the archive says it
};

/// Reads the members of one archive, or the one stream of a compressed file, in their order.
/// Everything that is wrong with the archive (cut, damaged, encrypted, a bomb) is thrown as
/// CaptureError (Trouble::kUnreadable; kNoCapture for a compressed file of zeros, which libarchive
/// can't tell from the end of a tar) with a sentence that says what to do; std::system_error of the
/// source passes through. Memory is bounded by the decompressor's window. After an exception every
/// call throws the same again.
class ArchiveReader {
 public:
  /// `source` stands at its first byte and must outlive this. It is read from the first Next on.
  /// `on_block` hears of each block that is unpacked, to be skipped too; what it throws passes
  /// through. `outer`: the archive that `source` is a member of, which must outlive this: what is
  /// unpacked here counts there as well, so that the limits of the outermost one hold for all.
  explicit ArchiveReader(ByteSource& source, ArchiveLimits limits = {},
                         std::function<void()> on_block = {}, ArchiveReader* outer = nullptr);
  ~ArchiveReader();
  ArchiveReader(const ArchiveReader&) = delete;
  ArchiveReader& operator=(const ArchiveReader&) = delete;

  /// True when this is no archive but one compressed file: its only member has an empty path.
  /// Known after the first Next.
  bool is_single_stream() const;
  /// The next member; nullptr at the end. What was not read of the last one is skipped.
  const ArchiveMember* Next();
  /// The bytes of the current member, until the next call of Next. It can be read once: RewindLimit
  /// is 0 (PeekedSource has a look at its beginning).
  ByteSource& content();
  /// True for a tar that ends without the zeros that mark its end: it may have been cut between two
  /// members. Known when Next has returned nullptr.
  bool lacks_end_mark() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// A compressed file as a source of its bytes, a compressed tar's as well, which come once: Rewind
/// has no effect. Throws as ArchiveReader, and calls `on_block` as it does. `source` stands at its
/// first byte.
std::unique_ptr<ByteSource> OpenCompressed(std::unique_ptr<ByteSource> source,
                                           ArchiveLimits limits = {},
                                           std::function<void()> on_block = {});

}  // namespace tcpsnap::capture
