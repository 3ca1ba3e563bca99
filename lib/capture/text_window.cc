#include "capture/text_window.h"

#include <algorithm>
#include <cstring>

#include "procnet/row_fast.h"

namespace tcpsnap::capture {
namespace {

constexpr size_t kBlockBytes = 256 << 10;  // fits the second-level cache beside the records
constexpr size_t kBufferBytes = kMaxLineBytes + kBlockBytes + procnet::kReadAhead;

}  // namespace

TextWindow::TextWindow(ByteSource& source, std::function<void(std::string_view)> on_read)
    : source_(source),
      on_read_(std::move(on_read)),
      buffer_(std::make_unique_for_overwrite<char[]>(kBufferBytes)) {}

TextWindow::~TextWindow() = default;

// Moves what is left to the front and reads a block behind it; false at the end of the source.
bool TextWindow::Refill() {
  if (at_end_) return false;
  std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
  const size_t count =
      source_.Read(buffer_.get() + end_, kBufferBytes - procnet::kReadAhead - end_);
  at_end_ = count == 0;
  if (count > 0) on_read_({buffer_.get() + end_, count});
  end_ += count;
  FindLastNewline();
  return !at_end_;
}

void TextWindow::FindLastNewline() {
  complete_end_ = begin_;
  if (begin_ == end_) return;
  const void* newline = memrchr(buffer_.get() + begin_, '\n', end_ - begin_);
  if (newline == nullptr) return;
  complete_end_ = static_cast<size_t>(static_cast<const char*>(newline) - buffer_.get()) + 1;
}

std::string_view TextWindow::CompleteLines() const {
  return {buffer_.get() + begin_, complete_end_ - begin_};
}

void TextWindow::Consume(size_t bytes, size_t lines) {
  begin_ += bytes;
  complete_end_ = std::max(complete_end_, begin_);  // the last line may have had no '\n'
  position_.offset += bytes;
  position_.line += lines;
}

bool TextWindow::NextLine(Line& line) {
  while (begin_ == complete_end_ && end_ - begin_ <= kMaxLineBytes && Refill()) {
  }
  if (begin_ == end_) return false;
  line = {{}, position_};
  line.position.line = source_.OriginalLine(position_.line);
  const char* const start = buffer_.get() + begin_;
  size_t bytes;  // of the line with its end, as far as it is in the window
  if (begin_ < complete_end_) {
    const auto* newline =
        static_cast<const char*>(std::memchr(start, '\n', complete_end_ - begin_));
    bytes = static_cast<size_t>(newline - start) + 1;
    line.text = {start, bytes - 1};
  } else {
    bytes = end_ - begin_;
    line.terminated = false;
    line.text = {start, bytes};
  }
  if (line.text.size() > kMaxLineBytes) {
    line.too_long = true;
    line.text = line.text.substr(0, kMaxLineBytes);
  }
  while (!line.text.empty() && line.text.back() == '\r') line.text.remove_suffix(1);
  if (!line.terminated && !at_end_) {
    KeepBeginning(line);
  } else {
    Consume(bytes, 1);
  }
  return true;
}

// A line whose end is not in the window: keeps its beginning and reads on to its end.
void TextWindow::KeepBeginning(Line& line) {
  long_line_.assign(line.text);
  line.text = long_line_;
  while (begin_ == complete_end_) {
    Consume(end_ - begin_, 0);
    if (!Refill()) {
      position_.line += 1;
      return;
    }
  }
  const char* const start = buffer_.get() + begin_;
  const void* newline = std::memchr(start, '\n', complete_end_ - begin_);
  Consume(static_cast<size_t>(static_cast<const char*>(newline) - start) + 1, 1);
  line.terminated = true;
}

}  // namespace tcpsnap::capture
