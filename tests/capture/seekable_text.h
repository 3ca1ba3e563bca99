// A text in memory as a file on disk.
#pragma once

#include <algorithm>
#include <string>
#include <utility>

#include "capture/byte_source.h"

namespace tcpsnap::testing {

/// Gives all that it is asked for, and can go anywhere.
class SeekableText : public capture::ByteSource {
 public:
  explicit SeekableText(std::string text) : text_(std::move(text)) {}
  size_t Read(char* bytes, size_t size) override {
    const size_t count = next_ < text_.size() ? text_.copy(bytes, size, next_) : 0;
    next_ += count;
    return count;
  }
  void Rewind() override { next_ = 0; }
  bool Seek(uint64_t offset) override {
    next_ = offset;
    return true;
  }
  std::optional<uint64_t> Size() const override { return text_.size(); }
  std::optional<uint64_t> RewindLimit() const override { return std::nullopt; }

 private:
  std::string text_;
  size_t next_ = 0;
};

}  // namespace tcpsnap::testing
