// What a program's logging writes before each line, and quoting:
//
//   2026-11-22 07:37:27,123 INFO tcp -    0: 0100007F:1538 ...         (logging of Python, log4j)
//   [2026-11-22 07:37:27.123] [info] [tcp]    0: 0100007F:1538 ...
//   time=2026-11-22T07:37:27Z level=info msg="   0: 0100007F:1538 ...
//   >    0: 0100007F:1538 ...      > >    0: 0100007F:1538 ...      |    0: 0100007F:1538 ...
//
// Any words will do, so the prefix is known by what follows: the start of a row or of a header.
// Refused: words without a time; more than 200 bytes; words that hold the end or the beginning of a
// row, since a row that was cut and the row below it on one line (`   1: 0100007F:15   2:
// 0100007F:1538 ...`) are no prefix and row; an epoch that is not at the front, which may be an
// inode; dates that do not exist.

#include <algorithm>

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

// The first time among the words.
TimeAtFront FindTime(std::string_view words, const Zone& zone) {
  for (size_t i = 0; i < words.size(); ++i) {
    if (!BeginsWord(words, i)) continue;
    const TimeAtFront time = ReadTimeInText(words.substr(i), zone);
    if (time.length > 0 && MayStandAt(time.result, words, i)) return time;
    if (time.length == 0 && IsPartOfDate(words.substr(i, 3))) return {};
  }
  return {};
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
  const TimeAtFront time = FindTime(words, zone);
  if (time.length == 0) return std::nullopt;
  prefix.layout = "log-prefix";
  prefix.time = time.result;
  return prefix;
}

}  // namespace tcpsnap::capture
