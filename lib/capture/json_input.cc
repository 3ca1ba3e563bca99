#include "capture/json_input.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "capture/text_window.h"
#include "procnet/token.h"

namespace tcpsnap::capture {
namespace {

constexpr size_t kBlockBytes = 64 << 10;

}  // namespace

void DumpSign::Look(std::string_view text) {
  for (const char c : text) {
    if (found_) return;
    Step(c);
  }
}

void DumpSign::Step(char c) {
  constexpr std::string_view kWord = "local_address";
  if (c == kWord[matched_]) {
    ++matched_;
  } else if (matched_ == 5 && c == kWord[1]) {
    matched_ = 2;  // "local" ends as it begins
  } else {
    matched_ = c == kWord[0] ? 1 : 0;
  }
  const bool is_hex = procnet::HexDigit(c) >= 0;
  in_port_ = (in_port_ && is_hex) || (c == ':' && digits_ >= 8);
  port_digits_ = in_port_ && is_hex ? port_digits_ + 1 : 0;
  digits_ = is_hex ? digits_ + 1 : 0;
  found_ = matched_ == kWord.size() || port_digits_ == 4;
}

JsonInput::JsonInput(Reader read)
    : read_(std::move(read)), block_(std::make_unique_for_overwrite<char[]>(kBlockBytes)) {}

bool JsonInput::Fill() {
  if (next_ == size_ && !at_end_) {
    Remember();
    offset_ += size_;
    next_ = 0;
    remembered_ = 0;
    size_ = 0;
    size_ = read_(block_.get(), kBlockBytes);
    at_end_ = size_ == 0;
    SetStop();
  }
  too_long_ = next_ == stop_ && stop_ < size_;
  return next_ < stop_;
}

void JsonInput::SetStop() {
  stop_ = static_cast<size_t>(std::min<uint64_t>(size_, limit_ - std::min(limit_, offset_)));
}

void JsonInput::BeginLine() {
  ++line_;
  line_offset_ = offset();
  only_blanks_ = true;
  blanks_.clear();
}

void JsonInput::TakeInFront(char c) {
  if (c != ' ' && c != '\t') {
    only_blanks_ = false;
    first_offset_ = offset() - 1;
  } else if (blanks_.size() < kMaxLineBytes) {
    blanks_ += c;
  }
}

std::string_view JsonInput::TakeRestOfLine() {
  const char* const begin = block_.get() + next_;
  const void* newline = std::memchr(begin, '\n', stop_ - next_);
  const size_t size = newline == nullptr
                          ? stop_ - next_
                          : static_cast<size_t>(static_cast<const char*>(newline) - begin);
  next_ += size;
  if (size > 0) only_blanks_ = false;
  return {begin, size};
}

void JsonInput::Return() {
  --next_;
  only_blanks_ = true;
}

void JsonInput::BeginValue(std::string before, uint64_t most) {
  in_value_ = true;
  too_long_ = false;
  text_is_cut_ = false;
  limit_ = offset() + most;
  SetStop();
  value_line_ = line_;
  value_offset_ = offset() - before.size();
  remembered_ = next_;
  text_ = std::move(before);
  sign_ = {};
}

void JsonInput::LiftLimit() {
  limit_ = kNoLimit;
  SetStop();
}

void JsonInput::EndValue() {
  LiftLimit();
  in_value_ = false;
}

// Done a block at a time, or when somebody asks: most values are JSON, and nobody does.
void JsonInput::Remember() {
  if (!in_value_) return;
  const std::string_view taken(block_.get() + remembered_, next_ - remembered_);
  sign_.Look(taken);
  const size_t room = kMaxLineBytes - std::min(kMaxLineBytes, text_.size());
  text_is_cut_ = text_is_cut_ || taken.size() > room;
  text_ += taken.substr(0, room);
  remembered_ = next_;
}

const std::string& JsonInput::value_text() {
  Remember();
  return text_;
}

bool JsonInput::value_has_sign() {
  Remember();
  return sign_.found();
}

}  // namespace tcpsnap::capture
