// Texts in memory as sources of bytes.
#pragma once

#include <algorithm>
#include <cstring>
#include <random>
#include <string>
#include <utility>

#include "capture/byte_source.h"

namespace tcpsnap::testing {

/// Gives 1 to `most` bytes at a time.
class TextSource : public capture::ByteSource {
 public:
  TextSource(std::string text, size_t most, unsigned seed = 1)
      : text_(std::move(text)), most_(most), random_(seed) {}
  size_t Read(char* bytes, size_t size) override {
    const size_t wanted = std::uniform_int_distribution<size_t>(1, most_)(random_);
    const size_t count = std::min({wanted, size, text_.size() - next_});
    std::memcpy(bytes, text_.data() + next_, count);
    next_ += count;
    return count;
  }
  void Rewind() override { next_ = 0; }
  std::optional<uint64_t> Size() const override { return text_.size(); }
  std::optional<uint64_t> RewindLimit() const override { return std::nullopt; }

 private:
  std::string text_;
  size_t most_;
  size_t next_ = 0;
  std::mt19937 random_;
};

}  // namespace tcpsnap::testing
