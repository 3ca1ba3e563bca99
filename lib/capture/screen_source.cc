#include "capture/screen_source.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "capture/escape_parser.h"
#include "capture/made_text.h"
#include "capture/screen.h"
#include "capture/text_window.h"

namespace tcpsnap::capture {
namespace {

constexpr size_t kBlockBytes = 64 << 10;
constexpr size_t kSliceBytes = 256 << 10;             // a few bytes may show a whole screen again
constexpr size_t kMaxShownBytes = 2 * kMaxLineBytes;  // a reader cuts it before that
constexpr std::string_view kWatchHeader = "Every ";

bool IsContinuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

// Control characters that neither show nor move anything.
bool IsSilent(char byte) {
  constexpr std::string_view kSilent("\0\a\x0E\x0F\x18\x1A\x7F", 7);
  return kSilent.find(byte) != kSilent.npos;
}

// A line as a shell lets it be edited: no other row is ever touched.
class ShownLine {
 public:
  void Put(char byte) {
    if (cursor_ >= kMaxShownBytes) return;
    if (text_.size() <= cursor_) text_.resize(cursor_ + 1, ' ');
    text_[cursor_++] = byte;
  }
  void Backspace() {
    was_edited_ = true;
    while (cursor_ > 0 && cursor_ < text_.size() + 1 && IsContinuation(text_[cursor_ - 1])) {
      --cursor_;
    }
    cursor_ -= std::min<size_t>(cursor_, 1);
  }
  void CarriageReturn() { cursor_ = 0; }
  void Apply(const ControlSequence& sequence);
  /// Takes back what was put last.
  void TakeBack(size_t bytes) { text_.resize(cursor_ - std::min(cursor_, bytes)); }
  void Clear() { *this = {}; }
  /// Without the blanks by which a shell rubs out what was typed.
  std::string_view text() const {
    const std::string_view text = text_;
    return was_edited_ ? text.substr(0, text.find_last_not_of(' ') + 1) : text;
  }

 private:
  void Cut(size_t begin, size_t size) {
    if (begin < text_.size()) text_.erase(begin, size);
  }

  std::string text_;
  size_t cursor_ = 0;
  bool was_edited_ = false;
};

void ShownLine::Apply(const ControlSequence& sequence) {
  if (sequence.mark != 0) return;
  const size_t count = sequence.Count();
  switch (sequence.final) {
    case 'J':
    case 'K':
      if (sequence.Kind() == 0) Cut(cursor_, text_.npos);
      if (sequence.Kind() == 2 && sequence.final == 'K') text_.clear();
      return;
    case 'P':
      return Cut(cursor_, count);
    case '@':
      if (cursor_ < text_.size() && text_.size() < kMaxShownBytes) {
        text_.insert(cursor_, std::min(count, Screen::kMaxColumns), ' ');
      }
      return;
    case 'C':
      cursor_ += std::min(count, Screen::kMaxColumns);
      return;
    case 'D':
      cursor_ -= std::min(cursor_, count);
      return;
    case 'G':
      cursor_ = count - 1;
      return;
    default:
      return;
  }
}

// Sees where a program that draws screens begins: the cursor home, all cleared (in either order,
// among other sequences), then the header of watch.
class WatchStart {
 public:
  void SeeSequence(const ControlSequence& sequence) {
    if (sequence.mark != 0) return;
    if (sequence.final == 'H' || sequence.final == 'f') {
      SeeHome(sequence.Count(0) == 1 && sequence.Count(1) == 1);
    } else if (sequence.final == 'J' && (sequence.Kind() == 2 || (sequence.Kind() == 0 && home_))) {
      cleared_ = true;
    }
  }
  void SeeHome(bool home) {
    home_ = home;
    matched_ = 0;
  }
  void SeeClear() { cleared_ = true; }
  /// True when the header's first word is complete.
  bool SeeText(char byte) {
    if (!home_ || !cleared_ || byte != kWatchHeader[matched_]) {
      *this = {};
      return false;
    }
    if (++matched_ < kWatchHeader.size()) return false;
    *this = {};
    return true;
  }

 private:
  bool home_ = false;
  bool cleared_ = false;
  size_t matched_ = 0;
};

class TerminalSource : public MadeText {
 public:
  explicit TerminalSource(std::unique_ptr<ByteSource> original)
      : MadeText(std::move(original)), block_(std::make_unique_for_overwrite<char[]>(kBlockBytes)) {
    Restart();
  }

 protected:
  bool Make() override;
  void Restart() override;

 private:
  void Take(char byte);
  void TakeInLine(char byte);
  void TakeSequenceInLine();
  void TakeOnScreen(char byte);
  void TakeEscapeOnScreen(char byte);
  void TakeSequenceOnScreen();
  void EnterScreen();
  void LeaveScreen();
  void WritePicture(bool is_cut = false);
  void WriteRow(const Screen::Row& row);
  void Finish();

  std::unique_ptr<char[]> block_;
  size_t next_ = 0;
  size_t size_ = 0;
  bool at_end_ = false;
  uint64_t line_number_ = 1;
  EscapeParser parser_;
  ShownLine line_;
  WatchStart start_;
  std::optional<Screen> screen_;
  bool on_screen_ = false;
};

void TerminalSource::Restart() {
  next_ = size_ = 0;
  at_end_ = false;
  line_number_ = 1;
  parser_ = {};
  line_ = {};
  start_ = {};
  screen_.emplace([this] { WritePicture(); }, [this](const Screen::Row& row) { WriteRow(row); });
  on_screen_ = false;
}

bool TerminalSource::Make() {
  if (at_end_) return false;
  if (next_ == size_) {
    size_ = next_ = 0;
    size_ = ReadOriginal(block_.get(), kBlockBytes);
    at_end_ = size_ == 0;
    if (at_end_) Finish();
  }
  while (next_ < size_ && unread_bytes() < kSliceBytes) Take(block_[next_++]);
  return true;
}

void TerminalSource::Finish() {
  if (on_screen_) {
    // Whether the row below which nothing stands yet was drawn to its end can't be told.
    WritePicture(true);
    on_screen_ = false;
    return;
  }
  if (line_.text().empty()) return;
  BeginLine(line_number_);
  Append(line_.text());
}

void TerminalSource::Take(char byte) {
  switch (parser_.Take(byte)) {
    case EscapeParser::Event::kNothing:
      return;
    case EscapeParser::Event::kByte:
      on_screen_ ? TakeOnScreen(byte) : TakeInLine(byte);
      line_number_ += byte == '\n';
      return;
    case EscapeParser::Event::kEscape:
      if (on_screen_) TakeEscapeOnScreen(byte);
      return;
    case EscapeParser::Event::kSequence:
      on_screen_ ? TakeSequenceOnScreen() : TakeSequenceInLine();
      return;
  }
}

void TerminalSource::TakeInLine(char byte) {
  if (IsSilent(byte)) return;
  if (byte == '\r') return line_.CarriageReturn();
  if (byte == '\b') return line_.Backspace();
  const bool starts = start_.SeeText(byte);
  if (byte == '\n') {
    WriteLine(line_.text(), line_number_);
    line_.Clear();
    return;
  }
  line_.Put(byte);
  if (starts) EnterScreen();
}

void TerminalSource::TakeSequenceInLine() {
  start_.SeeSequence(parser_.sequence());
  line_.Apply(parser_.sequence());
}

void TerminalSource::EnterScreen() {
  line_.TakeBack(kWatchHeader.size());
  if (!line_.text().empty()) WriteLine(line_.text(), line_number_);
  line_.Clear();
  on_screen_ = true;
  screen_->Clear();
  for (const char byte : kWatchHeader) screen_->Put(byte, line_number_);
}

void TerminalSource::TakeOnScreen(char byte) {
  switch (byte) {
    case '\n':
    case '\v':
    case '\f':
      return screen_->LineFeed();
    case '\r':
      return screen_->CarriageReturn();
    case '\b':
      return screen_->Backspace();
    case '\t':
      return screen_->Tab();
    default:
      if (!IsSilent(byte)) screen_->Put(byte, line_number_);
  }
}

void TerminalSource::TakeEscapeOnScreen(char byte) {
  switch (byte) {
    case '7':
      return screen_->Save();
    case '8':
      return screen_->Restore();
    case 'D':
      return screen_->LineFeed();
    case 'E':
      screen_->CarriageReturn();
      return screen_->LineFeed();
    case 'M':
      return screen_->ReverseLineFeed();
    case 'c':
      return LeaveScreen();
    default:
      return;
  }
}

void TerminalSource::TakeSequenceOnScreen() {
  const ControlSequence& sequence = parser_.sequence();
  if (screen_->IsClear(sequence)) {
    // What comes next need not be watch.
    const bool is_home = screen_->is_at_home();
    LeaveScreen();
    start_.SeeHome(is_home);
    return start_.SeeClear();
  }
  if (sequence.mark == '?' && (sequence.final == 'h' || sequence.final == 'l')) {
    const uint32_t mode = sequence.Kind();
    const bool swaps_screens = mode == 47 || mode == 1047 || mode == 1049;
    // A shell that has its prompt ready asks for marks around what is pasted.
    const bool is_prompt = mode == 2004 && sequence.final == 'h';
    if (swaps_screens || is_prompt) LeaveScreen();
    return;
  }
  screen_->Apply(sequence, line_number_);
}

void TerminalSource::LeaveScreen() {
  WritePicture();
  on_screen_ = false;
}

// The rows down to the last that is not empty, and an empty one. Where the picture `is_cut`, that
// last row has no end if the cursor is still in it.
void TerminalSource::WritePicture(bool is_cut) {
  size_t rows = screen_->rows().size();
  while (rows > 0 && screen_->rows()[rows - 1].Text().empty()) --rows;
  const bool is_open = is_cut && rows > 0 && screen_->cursor_row() == rows - 1;
  size_t empty = 0;
  uint64_t line = line_number_;
  for (const Screen::Row& row : screen_->rows()) {
    const std::string text = row.Text();
    if (text.empty()) {
      ++empty;
      continue;
    }
    for (; empty > 0; --empty) WriteLine({}, line);
    line = row.line;
    if (is_open && &row == &screen_->rows()[rows - 1]) {
      BeginLine(line);
      Append(text);
      return;
    }
    WriteLine(text, line);
  }
  if (empty < screen_->rows().size()) WriteLine({}, line);
}

void TerminalSource::WriteRow(const Screen::Row& row) {
  WriteLine(row.Text(), row.line == 0 ? line_number_ : row.line);
}

}  // namespace

bool LooksLikeTerminal(std::string_view head) {
  for (size_t at = 0; (at = head.find('\x1B', at)) != head.npos; ++at) {
    if (at + 1 < head.size() && std::string_view("[](").find(head[at + 1]) != head.npos) {
      return true;
    }
  }
  return false;
}

std::unique_ptr<ByteSource> OpenTerminal(std::unique_ptr<ByteSource> source) {
  return std::make_unique<TerminalSource>(std::move(source));
}

}  // namespace tcpsnap::capture
