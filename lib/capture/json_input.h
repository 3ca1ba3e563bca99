// The bytes of a file that may hold JSON, one at a time, and what is remembered of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <string_view>

namespace tcpsnap::capture {

/// Looks for `local_address` or hex8:hex4 in a text that comes in pieces.
class DumpSign {
 public:
  void Look(std::string_view text);
  bool found() const { return found_; }

 private:
  void Step(char c);

  bool found_ = false;
  bool in_port_ = false;
  size_t matched_ = 0;  ///< bytes of `local_address`
  size_t digits_ = 0;
  size_t port_digits_ = 0;
};

/// Reads forward only, but for one byte. Remembers the beginning of a value, so that it can be told
/// what was no JSON after all.
class JsonInput {
 public:
  using Reader = std::function<size_t(char*, size_t)>;  ///< 0 at the end
  explicit JsonInput(Reader read);

  bool HasByte() { return next_ < stop_ || Fill(); }
  char byte() const { return block_[next_]; }
  void Take() {
    const char c = block_[next_++];
    if (c == '\n') {
      BeginLine();
    } else if (only_blanks_) {
      TakeInFront(c);
    }
  }
  /// Takes what there is up to the end of the line, '\n' left out. Empty: `byte` is '\n'.
  std::string_view TakeRestOfLine();

  uint64_t offset() const { return offset_ + next_; }
  uint64_t line() const { return line_; }  ///< of `byte`
  bool at_line_start() const { return line_offset_ == offset(); }
  /// True when the last byte is that one and the first of its line that is no blank, and nothing
  /// was asked for behind it.
  bool LastBegan(char byte) const {
    return next_ > 0 && block_[next_ - 1] == byte && first_offset_ + 1 == offset();
  }
  /// Gives back the last byte, which began its line.
  void Return();
  /// What stands before that byte.
  const std::string& blanks() const { return blanks_; }

  /// A value begins at `byte`; `before` is what stands before it in its line. There are no more
  /// bytes behind `most`, then.
  void BeginValue(std::string before, uint64_t most);
  void LiftLimit();
  void EndValue();
  /// True when more was asked for than the value may have.
  bool too_long() const { return too_long_; }
  uint64_t value_line() const { return value_line_; }
  uint64_t value_offset() const { return value_offset_; }  ///< of value_text
  /// The beginning of what was taken since BeginValue, with what stood before.
  const std::string& value_text();
  bool value_text_is_cut() const { return text_is_cut_; }
  /// True when it looks as if there was a dump in it.
  bool value_has_sign();

 private:
  static constexpr uint64_t kNoLimit = std::numeric_limits<uint64_t>::max();

  bool Fill();
  void SetStop();
  void BeginLine();
  void TakeInFront(char c);
  void Remember();

  Reader read_;
  std::unique_ptr<char[]> block_;
  size_t next_ = 0;
  size_t stop_ = 0;  ///< the end of the block, or of what the value may take
  size_t size_ = 0;
  bool at_end_ = false;
  uint64_t offset_ = 0;  ///< of the block

  uint64_t line_ = 1;
  uint64_t line_offset_ = 0;
  uint64_t first_offset_ = 0;  ///< of the first byte that is no blank
  bool only_blanks_ = true;
  std::string blanks_;

  bool in_value_ = false;
  bool too_long_ = false;
  bool text_is_cut_ = false;
  uint64_t limit_ = kNoLimit;  ///< an offset
  uint64_t value_line_ = 0;
  uint64_t value_offset_ = 0;
  size_t remembered_ = 0;  ///< of the block: the value up to here stands in text_ and sign_
  std::string text_;
  DumpSign sign_;
};

}  // namespace tcpsnap::capture
