// A time before each line:
//
//   Nov 22 07:37:27   sl  local_address ...          (ts of moreutils: no year)
//   07:37:27.123456    0: 0100007F:1538 ...          (ts '%H:%M:%.S')
//   2026-11-22T07:37:27.123456789Z    0: 0100...     (kubectl logs --timestamps)
//   1795333047    0: 0100007F:1538 ...               (awk '{print systime(), $0}')
//   [Sun Nov 22 07:37:27 2026]    0: 0100007F:1538   2026-11-22 07:37:27 |    0: 0100007F:1538 ...
//
// In brackets or not, one of : , ; | - behind it or not, then one blank. A number with a colon
// behind it is mostly the number of a row, so there an epoch counts only before a row or a header.

#include "capture/layout.h"
#include "capture/layouts/text.h"
#include "procnet/token.h"

namespace tcpsnap::capture {
namespace {

using procnet::IsDigit;

std::string_view LayoutOf(const TimeResult& result, char first) {
  if (!result.time) {
    if (result.error == TimeError::kNoDate) return "ts-prefix";
    return IsDigit(first) ? "iso-prefix" : "date-prefix";
  }
  switch (result.time->form) {
    case TimeForm::kEpoch:
    case TimeForm::kEpochFraction:
      return "epoch-prefix";
    case TimeForm::kDateC:
    case TimeForm::kDate12h:
      return "date-prefix";
    case TimeForm::kIso:
    case TimeForm::kCompact:
      return "iso-prefix";
  }
  return "";
}

char ClosingBracket(char c) {
  switch (c) {
    case '[':
      return ']';
    case '(':
      return ')';
    case '<':
      return '>';
    default:
      return '\0';
  }
}

// Behind `:`, `|` or the like at `i`, perhaps with a blank before it; `i` where none stands there.
size_t BehindMark(std::string_view line, size_t i) {
  constexpr std::string_view kMarks = ":,;|-";
  const size_t mark = i < line.size() && line[i] == ' ' ? i + 1 : i;
  if (mark >= line.size() || kMarks.find(line[mark]) == kMarks.npos) return i;
  return mark + 1;
}

}  // namespace

std::optional<Prefix> ReadTimePrefix(std::string_view line, const Zone& zone) {
  if (line.empty()) return std::nullopt;
  const char closing = ClosingBracket(line[0]);
  const size_t begin = closing != '\0' ? 1 : 0;
  const TimeAtFront time = ReadTimeInText(line.substr(begin), zone);
  if (time.length == 0) return std::nullopt;
  size_t end = begin + time.length;
  if (closing != '\0') {
    if (end >= line.size() || line[end] != closing) return std::nullopt;
    ++end;
  }
  const size_t mark_end = BehindMark(line, end);
  std::optional<size_t> length = BehindOneBlank(line, mark_end);
  // `1795333047,12345: 0100...`: behind these marks the line may follow at once.
  if (!length && mark_end > end && line[mark_end - 1] != '-') length = mark_end;
  if (!length) return std::nullopt;
  const bool is_number =
      line.substr(begin, time.length).find_first_not_of("0123456789") == line.npos;
  const bool colon = is_number && mark_end > end && line[mark_end - 1] == ':';
  if (colon && !StartsLikeTable(line.substr(*length))) return std::nullopt;
  Prefix prefix;
  prefix.layout = LayoutOf(time.result, line[begin]);
  prefix.length = *length;
  prefix.time = time.result;
  return prefix;
}

}  // namespace tcpsnap::capture
