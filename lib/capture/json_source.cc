#include "capture/json_source.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "capture/json_input.h"
#include "capture/json_record.h"
#include "capture/made_text.h"
#include "capture/text_window.h"

namespace tcpsnap::capture {
namespace {

constexpr size_t kSliceBytes = 64 << 10;  // how much text is written at once
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

// What stands around the records of an array.
bool IsSeparator(char c) { return c == '[' || c == ']' || c == ','; }

// Thrown through the parser, which otherwise would put all that it has read of a string into the
// message of its error, several times.
struct ValueTooLong {};

// Reads what may be JSON for the parser, which takes a byte at a time.
class ByteIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = char;

  ByteIterator() = default;  // the end
  /// `first`, if any, comes before the bytes of the input.
  ByteIterator(JsonInput& input, std::optional<char> first) : input_(&input), first_(first) {}
  char operator*() const { return first_ ? *first_ : input_->byte(); }
  ByteIterator& operator++() {
    if (first_) {
      first_.reset();
    } else {
      input_->Take();
    }
    return *this;
  }
  friend bool operator==(const ByteIterator& a, const ByteIterator& b) {
    return a.AtEnd() == b.AtEnd();
  }

 private:
  bool AtEnd() const {
    if (input_ == nullptr) return true;
    if (first_ || input_->HasByte()) return false;
    if (input_->too_long()) throw ValueTooLong();
    return true;
  }

  JsonInput* input_ = nullptr;
  std::optional<char> first_;
};

class Events : public nlohmann::json::json_sax_t {
 public:
  Events(JsonRecord& record, const JsonInput& input) : record_(record), input_(input) {}
  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }  // negative ones
  bool number_unsigned(number_unsigned_t value) override {
    record_.Integer(value);
    return true;
  }
  bool number_float(number_float_t value, const string_t&) override {
    record_.Fraction(value);
    return true;
  }
  bool string(string_t& text) override { return record_.String(std::move(text), input_.line()); }
  bool binary(binary_t&) override { return true; }  // JSON has none
  bool start_object(size_t) override { return record_.OpenObject(); }
  bool key(string_t& key) override {
    record_.Key(std::move(key));
    return true;
  }
  bool end_object() override {
    record_.Close();
    return true;
  }
  bool start_array(size_t) override { return record_.OpenArray(); }
  bool end_array() override {
    record_.Close();
    return true;
  }
  bool parse_error(size_t bytes, const std::string&, const nlohmann::detail::exception&) override {
    bytes_ = bytes;
    return false;
  }
  /// The 1-based byte that the parser found to be wrong; 0 where it found none.
  size_t wrong_byte() const { return bytes_; }

 private:
  JsonRecord& record_;
  const JsonInput& input_;
  size_t bytes_ = 0;
};

class JsonSource : public MadeText {
 public:
  JsonSource(std::unique_ptr<ByteSource> original, uint64_t max_record_bytes)
      : MadeText(std::move(original)), max_record_bytes_(max_record_bytes) {
    Restart();
  }

 protected:
  bool Make() override;
  void Restart() override;

 private:
  enum class State : uint8_t {
    kInFront,      // of a line: blanks and separators
    kText,         // in a line that is no JSON
    kBehindValue,  // in a line that is
    kFailed,       // behind the place where JSON turned out to be none
  };

  void ReadFront();
  void BeginText();
  void CopyText();
  void ReadBehindValue();
  bool BeginsValue() const;
  void NoteSeparator(char c);
  void ReadValue();
  bool ParseValue(std::optional<char> first, Events& events);
  void Fail(uint64_t end);
  void ReadFailedLine();
  void FinishFailure();
  bool LostDump();
  void RefuseValue();
  void WriteValueAsText();
  void WriteRecord();

  const uint64_t max_record_bytes_;
  std::optional<JsonInput> input_;
  State state_ = State::kInFront;
  std::string front_;                                // of the line, up to input_
  bool array_is_open_ = false;                       // the last byte that is no blank was `[`
  procnet::Reason reason_ = procnet::Reason::kNone;  // why there is no value
  bool had_sign_ = false;  // of a dump, before the place where it turned out
  size_t error_column_ = 0;
  JsonRecord record_;
  size_t written_ = 0;  // of the first of the record's texts
};

void JsonSource::Restart() {
  input_.emplace([this](char* bytes, size_t size) { return ReadOriginal(bytes, size); });
  state_ = State::kInFront;
  front_.clear();
  array_is_open_ = false;
  record_ = {};
  written_ = 0;
}

bool JsonSource::Make() {
  if (!record_.texts().empty()) {
    WriteRecord();
    return true;
  }
  if (state_ == State::kFailed) {
    ReadFailedLine();
    return true;
  }
  if (!input_->HasByte()) return false;
  switch (state_) {
    case State::kInFront:
      ReadFront();
      break;
    case State::kText:
      CopyText();
      break;
    default:
      ReadBehindValue();
  }
  return true;
}

bool JsonSource::BeginsValue() const {
  return input_->byte() == '{' || (input_->byte() == '"' && array_is_open_);
}

void JsonSource::NoteSeparator(char c) {
  if (!IsBlank(c)) array_is_open_ = c == '[';
}

// Blanks and separators up to a value; without one they are a line of text.
void JsonSource::ReadFront() {
  for (; input_->HasByte(); input_->Take()) {
    const char c = input_->byte();
    const bool is_mark =
        input_->offset() < kByteOrderMark.size() && c == kByteOrderMark[input_->offset()];
    if (BeginsValue()) return ReadValue();
    if (!(IsBlank(c) || IsSeparator(c) || is_mark) || front_.size() == kMaxLineBytes) break;
    NoteSeparator(c);
    front_ += c;
  }
  if (input_->HasByte() && input_->byte() != '\n') array_is_open_ = false;
  BeginText();
}

void JsonSource::BeginText() {
  BeginLine(input_->line());
  Append(front_);
  front_.clear();
  state_ = State::kText;
}

void JsonSource::CopyText() {
  Append(input_->TakeRestOfLine());
  if (!input_->HasByte() || input_->byte() != '\n') return;
  input_->Take();
  EndLine();
  state_ = State::kInFront;
}

// What separates values is no text; what else stands there is a line of its own.
void JsonSource::ReadBehindValue() {
  for (; input_->HasByte(); input_->Take()) {
    const char c = input_->byte();
    if (BeginsValue()) {
      if (c == '"') front_ = "[";
      return ReadValue();
    }
    if (c == '\n') {
      input_->Take();
      state_ = State::kInFront;
      return;
    }
    if (!IsBlank(c) && !IsSeparator(c)) return BeginText();
    NoteSeparator(c);
  }
}

bool JsonSource::ParseValue(std::optional<char> first, Events& events) {
  try {
    return nlohmann::json::sax_parse(ByteIterator(*input_, first), ByteIterator(), &events,
                                     nlohmann::json::input_format_t::json, /*strict=*/false);
  } catch (const ValueTooLong&) {
    return false;
  }
}

// Arrays around the records are taken apart here, so that a file that is one array takes no more
// memory than its records. One of strings is a record.
void JsonSource::ReadValue() {
  const bool is_array = input_->byte() == '"';
  array_is_open_ = false;
  input_->BeginValue(std::exchange(front_, {}), max_record_bytes_);
  record_.Clear();
  Events events(record_, *input_);
  const auto first = is_array ? std::optional<char>('[') : std::nullopt;
  const uint64_t begin = input_->offset() - (is_array ? 1 : 0);
  if (ParseValue(first, events)) {
    if (record_.texts().empty()) {
      record_.texts().push_back({{}, "json: no dump\n", {{0, input_->value_line()}}});
    }
    input_->EndValue();
    state_ = State::kBehindValue;
  } else {
    Fail(events.wrong_byte() > 0 ? begin + events.wrong_byte() : input_->offset());
  }
}

// `end` is behind what was found to be wrong.
void JsonSource::Fail(uint64_t end) {
  error_column_ = static_cast<size_t>(end - 1 - input_->value_offset());
  const bool too_long = input_->too_long() || record_.is_full();
  reason_ = too_long ? procnet::Reason::kLineTooLong : procnet::Reason::kBadJson;
  input_->LiftLimit();
  state_ = State::kFailed;
}

// Whether a line is one of a dump shows at its end.
void JsonSource::ReadFailedLine() {
  const bool is_later = input_->line() > input_->value_line();
  const bool may_be_value = input_->LastBegan('{') || input_->LastBegan('[');
  if (is_later && may_be_value && reason_ == procnet::Reason::kBadJson) {
    // The value before it was cut; this line is whole.
    input_->Return();
    had_sign_ = input_->value_has_sign();
    FinishFailure();
    front_ = input_->blanks();
    return;
  }
  had_sign_ = input_->value_has_sign();
  while (!(is_later && input_->at_line_start()) && input_->HasByte()) {
    input_->TakeRestOfLine();
    if (!input_->HasByte()) break;
    if (input_->byte() != '\n') continue;
    input_->Take();
    break;
  }
  FinishFailure();
}

void JsonSource::FinishFailure() {
  if (reason_ == procnet::Reason::kLineTooLong || had_sign_ || LostDump()) {
    RefuseValue();
  } else {
    WriteValueAsText();
  }
  input_->EndValue();
  state_ = State::kInFront;
}

// True when a dump stands behind the place where the JSON is damaged. Below a lone `{` it may well
// be a table as it is, which has no quotes.
bool JsonSource::LostDump() {
  if (!input_->value_has_sign()) return false;
  std::string_view text = input_->value_text();
  if (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  const size_t newline = text.rfind('\n');
  return newline == text.npos || text.find('"', newline) != text.npos;
}

void JsonSource::RefuseValue() {
  const std::string& text = input_->value_text();
  const size_t newline = text.find('\n');
  procnet::RefusedLine refused;
  refused.position = {input_->value_line(), input_->value_offset()};
  refused.reason = reason_;
  refused.text = text.substr(0, newline);
  if (newline != text.npos && !refused.text.empty() && refused.text.back() == '\r') {
    refused.text.pop_back();
  }
  const bool is_later = error_column_ > newline;
  refused.column = is_later ? 0 : std::min(error_column_, refused.text.size());
  Refuse(std::move(refused));
}

void JsonSource::WriteValueAsText() {
  std::string_view text = input_->value_text();
  uint64_t line = input_->value_line();
  // What stands before a byte that was given back belongs to the next line.
  if (!input_->at_line_start() && input_->HasByte()) text = text.substr(0, text.rfind('\n') + 1);
  while (!text.empty()) {
    const size_t newline = text.find('\n');
    BeginLine(line++);
    Append(text.substr(0, newline));
    if (newline != text.npos || input_->value_text_is_cut()) EndLine();
    text.remove_prefix(newline == text.npos ? text.size() : newline + 1);
  }
}

// A slice of the record's text.
void JsonSource::WriteRecord() {
  RecordText& record = record_.texts().front();
  const std::string_view text = record.text;
  const auto behind =
      std::upper_bound(record.places.begin(), record.places.end(), written_,
                       [](size_t at, const RecordText::Place& place) { return at < place.begin; });
  auto place = std::prev(behind);
  const size_t end = std::min(text.size(), written_ + kSliceBytes);
  while (written_ < end) {
    if (std::next(place) != record.places.end() && std::next(place)->begin <= written_) ++place;
    const std::string_view line = text.substr(written_, text.find('\n', written_) - written_);
    BeginLine(place->line);
    if (!line.empty()) Append(record.prefix);
    Append(line);
    EndLine();
    written_ += line.size() + 1;
  }
  if (written_ < text.size()) return;
  record_.texts().pop_front();
  written_ = 0;
}

}  // namespace

bool LooksLikeJson(std::string_view head) {
  constexpr int kLinesLookedAt = 64;
  if (head.substr(0, kByteOrderMark.size()) == kByteOrderMark) {
    head.remove_prefix(kByteOrderMark.size());
  }
  const auto next = [head](size_t at) { return head.find_first_not_of(" \t\r\n", at); };
  size_t begin = 0;
  for (int line = 0; line < kLinesLookedAt && begin < head.size(); ++line) {
    const size_t end = std::min(head.find('\n', begin), head.size());
    const size_t first = next(begin);
    if (first < end && (head[first] == '{' || head[first] == '[')) {
      const size_t second = next(first + 1);
      if (second != head.npos && head[second] == (head[first] == '{' ? '"' : '{')) return true;
    }
    begin = end + 1;
  }
  return false;
}

std::unique_ptr<ByteSource> OpenJson(std::unique_ptr<ByteSource> source,
                                     uint64_t max_record_bytes) {
  return std::make_unique<JsonSource>(std::move(source), max_record_bytes);
}

}  // namespace tcpsnap::capture
