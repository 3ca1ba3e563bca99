// The blank-separated words of a line, and the numbers in them.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tcpsnap::procnet {

inline bool IsBlank(char c) noexcept { return c == ' ' || c == '\t'; }

/// Walks over the words of a line, separated by blanks and tabs.
class Tokens {
 public:
  explicit Tokens(std::string_view line) noexcept : line_(line) {}

  /// The next word, empty at the end.
  std::string_view Next() noexcept {
    while (next_ < line_.size() && IsBlank(line_[next_])) ++next_;
    start_ = next_;
    while (next_ < line_.size() && !IsBlank(line_[next_])) ++next_;
    return line_.substr(start_, next_ - start_);
  }
  /// Where the word given last starts in the line.
  size_t start() const noexcept { return start_; }

 private:
  std::string_view line_;
  size_t start_ = 0;
  size_t next_ = 0;
};

inline bool IsDigit(char c) noexcept { return c >= '0' && c <= '9'; }

/// The value of a hex digit of either case, or -1.
inline int HexDigit(char c) noexcept {
  if (IsDigit(c)) return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

/// All of `text` (1 to 16 digits) as a hex number of either case.
inline bool ParseHex(std::string_view text, uint64_t& value) noexcept {
  if (text.empty() || text.size() > 16) return false;
  value = 0;
  for (const char c : text) {
    const int digit = HexDigit(c);
    if (digit < 0) return false;
    value = value << 4 | static_cast<uint64_t>(digit);
  }
  return true;
}

/// All of `text` as a decimal number that fits T; a '-' only where T is signed.
template <typename T>
bool ParseDecimal(std::string_view text, T& value) noexcept {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

}  // namespace tcpsnap::procnet
