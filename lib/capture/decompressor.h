// What unpacks one stream, whichever way it is packed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>

namespace tcpsnap::capture {

/// Gives up to `size` bytes, 0 at the end.
using ReadBytes = std::function<size_t(char* bytes, size_t size)>;

/// The data is cut, or is not what was packed; what() says how.
class PackingDamage : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Takes its packed bytes from a ReadBytes.
class Decompressor {
 public:
  virtual ~Decompressor() = default;
  /// Fills `bytes`; less only at the end or before damage, 0 at the end alone. Throws
  /// PackingDamage, and what its ReadBytes throws.
  virtual size_t Read(char* bytes, size_t size) = 0;
  /// When the file was last changed before it was packed, of the first one, once it was read.
  virtual std::optional<int64_t> mtime_ms() const { return std::nullopt; }
};

}  // namespace tcpsnap::capture
