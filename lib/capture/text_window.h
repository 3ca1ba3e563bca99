// A window that slides over the bytes of a capture, line by line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "capture/byte_source.h"
#include "procnet/dump.h"

namespace tcpsnap::capture {

/// The longest line that is read whole. A longer one is cut there and marked.
inline constexpr size_t kMaxLineBytes = 64 << 10;

struct Line {
  std::string_view text;  ///< without '\n' or "\r\n"
  procnet::LinePosition position;
  bool terminated = true;  ///< false: the text ends here without '\n'
  bool too_long = false;   ///< `text` is only its beginning
};

/// Reads a source once from its first byte. Bounded memory whatever the lines are.
class TextWindow {
 public:
  /// `on_read` hears of every block of bytes, in order.
  TextWindow(ByteSource& source, std::function<void(std::string_view)> on_read);
  ~TextWindow();

  /// The lines in the window that are complete, with kReadAhead readable bytes behind them.
  std::string_view CompleteLines() const;
  /// Goes behind `bytes` bytes of CompleteLines, which held `lines` lines.
  void Consume(size_t bytes, size_t lines);
  /// The next line, consumed; false at the end.
  bool NextLine(Line& line);

  const procnet::LinePosition& position() const { return position_; }

 private:
  bool Refill();
  void KeepBeginning(Line& line);
  void FindLastNewline();

  ByteSource& source_;
  std::function<void(std::string_view)> on_read_;
  std::unique_ptr<char[]> buffer_;
  size_t begin_ = 0;         ///< first byte that was not consumed
  size_t end_ = 0;           ///< behind the last byte that was read
  size_t complete_end_ = 0;  ///< behind the last '\n'
  bool at_end_ = false;
  std::string long_line_;
  procnet::LinePosition position_{1, 0};
};

}  // namespace tcpsnap::capture
