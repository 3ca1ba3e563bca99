#include "capture/escape_parser.h"

#include <algorithm>
#include <string_view>

namespace tcpsnap::capture {
namespace {

constexpr char kEscapeByte = '\x1B';
constexpr size_t kMaxNumbers = 32;
constexpr uint32_t kMaxNumber = 65535;

}  // namespace

EscapeParser::Event EscapeParser::Take(char byte) {
  if (byte == '\n') {
    state_ = State::kText;
    return Event::kByte;
  }
  if (byte == kEscapeByte && state_ != State::kString) {
    state_ = State::kEscape;
    return Event::kNothing;
  }
  switch (state_) {
    case State::kText:
      return Event::kByte;
    case State::kEscape:
      return TakeBehindEscape(byte);
    case State::kCharset:
      state_ = State::kText;
      return Event::kNothing;
    case State::kControl:
      return TakeInControl(byte);
    case State::kString:
      if (byte == '\a') state_ = State::kText;
      if (byte == kEscapeByte) state_ = State::kStringEscape;
      return Event::kNothing;
    case State::kStringEscape:
      return byte == '\\' ? (state_ = State::kText, Event::kNothing) : TakeBehindEscape(byte);
  }
  return Event::kNothing;
}

EscapeParser::Event EscapeParser::TakeBehindEscape(char byte) {
  constexpr std::string_view kStrings = "]PX^_k";
  constexpr std::string_view kWithOneMore = "()*+-./ #%";
  state_ = State::kText;
  if (byte == '[') {
    state_ = State::kControl;
    sequence_ = {};
  } else if (kStrings.find(byte) != kStrings.npos) {
    state_ = State::kString;
  } else if (kWithOneMore.find(byte) != kWithOneMore.npos) {
    state_ = State::kCharset;
  } else {
    return Event::kEscape;
  }
  return Event::kNothing;
}

EscapeParser::Event EscapeParser::TakeInControl(char byte) {
  std::vector<uint32_t>& numbers = sequence_.numbers;
  if (byte >= '0' && byte <= '9') {
    if (numbers.empty()) numbers.push_back(0);
    const uint32_t digit = static_cast<uint32_t>(byte - '0');
    numbers.back() = std::min(numbers.back() * 10 + digit, kMaxNumber);
  } else if (byte == ';' || byte == ':') {
    if (numbers.empty()) numbers.push_back(0);
    if (numbers.size() < kMaxNumbers) numbers.push_back(0);
  } else if (byte >= ' ' && byte <= '?') {
    sequence_.mark = byte;
  } else {
    state_ = State::kText;
    if (byte < '@' || byte > '~') return Event::kByte;  // it is none
    sequence_.final = byte;
    return Event::kSequence;
  }
  return Event::kNothing;
}

}  // namespace tcpsnap::capture
