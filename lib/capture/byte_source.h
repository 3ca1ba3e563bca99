// Where the bytes of a capture come from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "procnet/dump.h"

namespace tcpsnap::capture {

/// A stream of bytes that can be started again after a look at its beginning.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  /// Reads up to `size` bytes; 0 at the end. Throws std::system_error; EINTR is one.
  virtual size_t Read(char* bytes, size_t size) = 0;
  /// Goes back to the first byte, as long as RewindLimit was not passed.
  virtual void Rewind() = 0;
  /// How many bytes there are; nullopt for a pipe.
  virtual std::optional<uint64_t> Size() const = 0;
  /// How far Rewind reaches; nullopt: any distance.
  virtual std::optional<uint64_t> RewindLimit() const = 0;
  /// Goes to a byte, where that is cheap (a file on disk); false where it is not.
  virtual bool Seek(uint64_t /*offset*/) { return false; }

  // A source that makes text of something else (JSON, the screen of a terminal) tells where the
  // text stood there.

  /// The line of the original that holds this line of the text, both 1-based. Asked for lines
  /// that were read not long ago, in any order.
  virtual uint64_t OriginalLine(uint64_t line) const { return line; }
  /// Lines of the original that could not be made into text, in terms of the original, since the
  /// last call. They are no part of the text.
  virtual std::vector<procnet::RefusedLine> TakeRefused() { return {}; }
};

/// Opens a file, or standard input for "-". A pipe keeps its first 15 MB in memory for Rewind.
/// Throws std::system_error.
std::unique_ptr<ByteSource> OpenSource(const std::string& path);

/// Copies a source from its first byte to an unnamed temporary file, which can be rewound from
/// anywhere. Throws std::system_error.
std::unique_ptr<ByteSource> Spool(std::unique_ptr<ByteSource> source);

}  // namespace tcpsnap::capture
