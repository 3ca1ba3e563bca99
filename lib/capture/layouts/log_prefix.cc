// What a program's logging writes before each line, and quoting:
//
//   2026-11-22 07:37:27,123 INFO tcp -    0: 0100007F:1538 ...         (logging of Python, log4j)
//   [2026-11-22 07:37:27.123] [info] [tcp]    0: 0100007F:1538 ...
//   time=2026-11-22T07:37:27Z level=info msg="   0: 0100007F:1538 ...
//   web-1 app 2026-11-22T07:37:27Z    0: 0100007F:1538 ...            (stern)
//   >    0: 0100007F:1538 ...      > >    0: 0100007F:1538 ...      |    0: 0100007F:1538 ...
//
// The words before the time may name a pod or a program: they tell the lines of one writer from
// those of another. Levels, numbers and `time=` name none.
//
// Any words will do, so the prefix is known by what follows: the start of a row or of a header.
// Refused: words without a time; more than 200 bytes; words that hold the end or the beginning of a
// row, since a row that was cut and the row below it on one line (`   1: 0100007F:15   2:
// 0100007F:1538 ...`) are no prefix and row; an epoch that is not at the front, which may be an
// inode; dates that do not exist.

#include <algorithm>
#include <array>

#include "capture/layout.h"
#include "capture/layouts/text.h"
#include "procnet/token.h"

namespace tcpsnap::capture {
namespace {

using procnet::HexDigit;
using procnet::IsBlank;
using procnet::IsDigit;

constexpr size_t kLongestPrefix = 200;
constexpr std::string_view kQuoting = ">|* ";

// Where a row's number or the header's first word begins; npos where none does near the front.
size_t FindTable(std::string_view line) {
  const size_t end = std::min(line.size(), kLongestPrefix + 1);
  for (size_t i = 0; i < end; ++i) {
    if (line[i] != 's' && !IsDigit(line[i])) continue;
    if (i > 0 && IsLetterOrDigit(line[i - 1])) continue;
    if (StartsLikeTable(line.substr(i))) return i;
  }
  return line.npos;
}

// `0100007F:1538`, or the end of one.
bool HoldsEndpoint(std::string_view text) {
  constexpr size_t kAddressDigits = 8, kPortDigits = 4;
  size_t before = 0;  // hex digits up to here
  for (size_t i = 0; i < text.size(); ++i) {
    if (HexDigit(text[i]) >= 0) {
      ++before;
      continue;
    }
    if (text[i] == ':' && before >= kAddressDigits) {
      size_t behind = 0;
      while (i + 1 + behind < text.size() && HexDigit(text[i + 1 + behind]) >= 0) ++behind;
      if (behind >= kPortDigits) return true;
    }
    before = 0;
  }
  return false;
}

// `   1: 0100`
bool StartsWithRowNumber(std::string_view text) {
  text = TrimBlanks(text);
  size_t digits = 0;
  while (digits < text.size() && IsDigit(text[digits])) ++digits;
  return digits > 0 && digits + 1 < text.size() && text[digits] == ':' && IsBlank(text[digits + 1]);
}

// True when not all of it may be numbers of a row that was cut.
bool HoldsWord(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return IsLetter(c) && HexDigit(c) < 0; });
}

bool IsEpoch(const TimeResult& result) {
  return result.time &&
         (result.time->form == TimeForm::kEpoch || result.time->form == TimeForm::kEpochFraction);
}

// Where a word begins, one may stand behind a bracket or `time=`.
bool BeginsWord(std::string_view words, size_t i) {
  constexpr std::string_view kBefore = " \t[(<=\"'|,;";
  return i == 0 || kBefore.find(words[i - 1]) != kBefore.npos;
}

// False for what is left of a date that does not exist (`2026-11-31 07:37:27`), and for an epoch
// that may be an inode.
bool MayStandAt(const TimeResult& time, std::string_view words, size_t i) {
  const std::string_view before = words.substr(0, i);
  if (IsEpoch(time)) return std::none_of(before.begin(), before.end(), IsBlank);
  if (time.time || !time.partial || time.partial->has_day) return true;
  return std::none_of(before.begin(), before.end(), IsDigit);
}

// The first time among the words, and where it begins.
TimeAtFront FindTime(std::string_view words, const Zone& zone, size_t& begin) {
  for (size_t i = 0; i < words.size(); ++i) {
    if (!BeginsWord(words, i)) continue;
    const TimeAtFront time = ReadTimeInText(words.substr(i), zone);
    begin = i;
    if (time.length > 0 && MayStandAt(time.result, words, i)) return time;
    if (time.length == 0 && IsPartOfDate(words.substr(i, 3))) return {};
  }
  return {};
}

// False for brackets, `time=`, `[INFO]`, `level=info`, `seq=12`: what stands before the lines of
// any writer, or changes from line to line.
bool MayNameWriter(std::string_view word) {
  static constexpr std::array<std::string_view, 22> kOthers = {
      "info",   "INFO",  "Info",  "warn",      "WARN",  "warning", "WARNING", "error",
      "ERROR",  "debug", "DEBUG", "trace",     "TRACE", "fatal",   "FATAL",   "notice",
      "NOTICE", "time",  "ts",    "timestamp", "date",  "at"};
  constexpr std::string_view kAround = "[](){}<>|,;:'\"#=-*";
  word = Undress(word, kAround).text;
  const size_t equals = word.rfind('=');
  if (equals != word.npos) word = Undress(word.substr(equals + 1), kAround).text;
  return !word.empty() && !IsNumber(word) && !IsOneOf(word, kOthers);
}

// From the first word that may name the writer to the last one.
std::string_view SourceIn(std::string_view words) {
  constexpr std::string_view kBlanks = " \t";
  constexpr std::string_view kAround = "[](){}<>|,;:'\" \t";
  std::string_view rest = words;
  size_t begin = words.npos, end = 0;
  while (!(rest = TrimBlanks(rest)).empty()) {
    const std::string_view word = rest.substr(0, rest.find_first_of(kBlanks));
    rest.remove_prefix(word.size());
    if (!MayNameWriter(word)) continue;
    const size_t at = static_cast<size_t>(word.data() - words.data());
    if (begin == words.npos) begin = at;
    end = at + word.size();
  }
  return begin == words.npos ? "" : Undress(words.substr(begin, end - begin), kAround).text;
}

}  // namespace

std::optional<Prefix> ReadLogPrefix(std::string_view line, const Zone& zone) {
  if (line.empty() || IsBlank(line[0])) return std::nullopt;
  const size_t table = FindTable(line);
  if (table == 0 || table == line.npos) return std::nullopt;
  const size_t words_end = line.substr(0, table).find_last_not_of(" \t") + 1;
  const std::string_view words = line.substr(0, words_end);
  if (words.size() > kLongestPrefix || HoldsEndpoint(words)) return std::nullopt;
  Prefix prefix;
  // Behind a quotation mark the line begins at once.
  const bool quoted = words.back() == '"' || words.back() == '\'';
  prefix.length = words_end < table && !quoted ? words_end + 1 : words_end;
  if (words.find_first_not_of(kQuoting) == words.npos) {
    prefix.layout = "quote-prefix";
    return prefix;
  }
  if (StartsWithRowNumber(words) || !HoldsWord(words)) {
    return std::nullopt;
  }
  size_t time_begin = 0;
  const TimeAtFront time = FindTime(words, zone, time_begin);
  if (time.length == 0) return std::nullopt;
  prefix.layout = "log-prefix";
  prefix.time = time.result;
  prefix.source = SourceIn(words.substr(0, time_begin));
  return prefix;
}

}  // namespace tcpsnap::capture
