// A look at the beginning of what can be read only once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "capture/byte_source.h"

namespace tcpsnap::capture {

/// Keeps the first 15 MB of a source in memory, so that Rewind reaches so far. Behind that it keeps
/// nothing, and Rewind has no effect.
class RewindBuffer : public ByteSource {
 public:
  /// `source` stands at its first byte.
  explicit RewindBuffer(std::unique_ptr<ByteSource> source) : source_(std::move(source)) {}

  size_t Read(char* bytes, size_t size) override;
  void Rewind() override { next_ = 0; }
  std::optional<uint64_t> Size() const override { return source_->Size(); }
  std::optional<uint64_t> RewindLimit() const override;
  uint64_t OriginalLine(uint64_t line) const override { return source_->OriginalLine(line); }
  std::vector<procnet::RefusedLine> TakeRefused() override { return source_->TakeRefused(); }

 private:
  std::unique_ptr<ByteSource> source_;
  std::string kept_;  // all that was read, while it is little
  size_t next_ = 0;   // of kept_
  bool keeping_ = true;
};

}  // namespace tcpsnap::capture
