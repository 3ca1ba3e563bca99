// Text that is made of the bytes of another source: what JSON and terminals share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "capture/byte_source.h"

namespace tcpsnap::capture {

/// Where the lines of a text stood in its original, as runs of lines of which each stood in the
/// same line as the one before it, or one line further. Lines that were read long ago are
/// forgotten.
class LineMap {
 public:
  /// Notes the next line of the text, which begins behind `offset` bytes of it.
  void Add(uint64_t offset, uint64_t original_line);
  uint64_t Find(uint64_t line) const;
  /// Forgets lines that end before `offset`.
  void ForgetBefore(uint64_t offset);
  void Clear();

 private:
  struct Run {
    uint64_t offset;
    uint64_t line;
    uint64_t original_line;
    uint64_t step;
  };
  std::deque<Run> runs_;
  uint64_t lines_ = 0;
};

/// Base of a source that makes text. Rewind reaches as far as that of the original: where that has
/// a limit, as much text is kept in memory, because how far the original was read for it can't be
/// told. Behind the limit, Rewind throws std::system_error (ESPIPE).
class MadeText : public ByteSource {
 public:
  explicit MadeText(std::unique_ptr<ByteSource> original);
  size_t Read(char* bytes, size_t size) override;
  void Rewind() override;
  std::optional<uint64_t> Size() const override { return std::nullopt; }
  std::optional<uint64_t> RewindLimit() const override { return limit_; }
  uint64_t OriginalLine(uint64_t line) const override { return lines_.Find(line); }
  std::vector<procnet::RefusedLine> TakeRefused() override;

 protected:
  /// Reads some of the original and writes what text it makes, if any; false when nothing is left.
  virtual bool Make() = 0;
  /// Gets ready for the original's first byte.
  virtual void Restart() = 0;

  size_t ReadOriginal(char* bytes, size_t size) { return original_->Read(bytes, size); }

  // The text, in pieces: a line is BeginLine, any number of Append without '\n', and EndLine, which
  // only a last line may lack.
  void BeginLine(uint64_t original_line);
  void Append(std::string_view text) { made_ += text; }
  void EndLine() { made_ += '\n'; }
  /// Bytes that were made and not read yet.
  size_t unread_bytes() const { return made_.size() - next_; }
  void WriteLine(std::string_view text, uint64_t original_line);

  void Refuse(procnet::RefusedLine line);

 private:
  void Keep(std::string_view text);

  std::unique_ptr<ByteSource> original_;
  std::optional<uint64_t> limit_;
  std::string made_;
  size_t next_ = 0;           ///< of made_
  uint64_t made_before_ = 0;  ///< bytes of text before made_
  LineMap lines_;
  std::vector<procnet::RefusedLine> refused_;

  // For Rewind, with a limit.
  bool keeping_ = false;
  std::string kept_;  ///< all text that was read
  std::vector<procnet::RefusedLine> kept_refused_;
  uint64_t kept_refused_bytes_ = 0;
  size_t replayed_ = 0;  ///< how far kept_ was read again
};

}  // namespace tcpsnap::capture
