#include "capture/rewind_buffer.h"

#include <algorithm>
#include <cstring>

namespace tcpsnap::capture {
namespace {

constexpr uint64_t kKeptBytes = 16 << 20;
constexpr uint64_t kRewindBytes = 15 << 20;  // a reader may read a block more than it uses

}  // namespace

std::optional<uint64_t> RewindBuffer::RewindLimit() const { return kRewindBytes; }

size_t RewindBuffer::Read(char* bytes, size_t size) {
  if (next_ < kept_.size()) {
    const size_t count = std::min(size, kept_.size() - next_);
    std::memcpy(bytes, kept_.data() + next_, count);
    next_ += count;
    return count;
  }
  const size_t count = source_->Read(bytes, size);
  if (keeping_ && kept_.size() + count <= kKeptBytes) {
    kept_.append(bytes, count);
    next_ = kept_.size();
  } else {
    // Too far to go back.
    keeping_ = false;
    kept_ = std::string();  // {} would keep its memory
    next_ = 0;
  }
  return count;
}

}  // namespace tcpsnap::capture
