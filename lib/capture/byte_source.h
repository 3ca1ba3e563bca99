// Where the bytes of a capture come from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

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
};

/// Opens a file, or standard input for "-". A pipe keeps its first 15 MB in memory for
/// Rewind, or, with `spool`, is copied to an unnamed temporary file first. Throws
/// std::system_error.
std::unique_ptr<ByteSource> OpenSource(const std::string& path, bool spool);

}  // namespace tcpsnap::capture
