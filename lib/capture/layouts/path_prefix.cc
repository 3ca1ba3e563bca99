// The name of the file before each of its lines, and the line's number, as grep writes them:
//
//   /proc/net/tcp:   0: 0100007F:1538 ...        (grep . FILES)
//   /proc/net/tcp:2:   0: 0100007F:1538 ...      (grep -n . FILES)
//   /proc/net/tcp-12-   1: 0100007F:1538 ...     (grep -A, -B and -C: lines around the found ones)
//   web1/20261122_073727/tcp6:  sl  local_...    2:   0: 0100007F:1538 ...      (grep -n . FILE)
//
// No blank is taken: grep writes none. A name that is no table's, a number alone and a name before
// a hyphen count only before something that starts as a row or header does: a row starts with a
// number and a colon as well (`2000: 0100007F:1538 ...`). Names with blanks are refused, and drives
// (`C:\...`).

#include <algorithm>

#include "capture/layout.h"
#include "capture/layouts/text.h"
#include "procnet/token.h"

namespace tcpsnap::capture {
namespace {

using procnet::IsBlank;
using procnet::IsDigit;

constexpr size_t kMostDigits = 9;  // of the number of a line
constexpr size_t kLongestName = 1024;

// Digits at `i` with the same mark behind them; returns where the rest begins, or `i` without one.
size_t BehindNumber(std::string_view line, size_t i, char mark) {
  size_t end = i;
  while (end < line.size() && end - i < kMostDigits && IsDigit(line[end])) ++end;
  return end > i && end < line.size() && line[end] == mark ? end + 1 : i;
}

bool IsRestOfTable(std::string_view rest) { return rest.empty() || StartsLikeTable(rest); }

Prefix MakePrefix(std::string_view path, size_t length, const Zone& zone) {
  Prefix prefix;
  prefix.layout = "path-prefix";
  prefix.length = length;
  prefix.path = path;
  prefix.time = TimeInPath(path, zone);
  return prefix;
}

// `12:` or `12-` of one file; the whole line would be a row otherwise.
std::optional<Prefix> ReadNumber(std::string_view line, const Zone& zone) {
  for (const char mark : {':', '-'}) {
    const size_t end = BehindNumber(line, 0, mark);
    if (end > 0 && StartsLikeTable(line.substr(end))) return MakePrefix({}, end, zone);
  }
  return std::nullopt;
}

// The prefix whose name ends at `i`, where a mark stands.
std::optional<Prefix> ReadAt(std::string_view line, size_t i, const Zone& zone) {
  const std::string_view path = line.substr(0, i);
  const char mark = line[i];
  const size_t end = BehindNumber(line, i + 1, mark);
  const std::string_view rest = line.substr(end);
  const bool is_table = FileOfPath(path) != NamedFile::kUnsaid;
  if (is_table && mark == ':') return MakePrefix(path, end, zone);
  if (!is_table && path.find_first_of("/.") == path.npos) return std::nullopt;
  if (is_table ? !IsRestOfTable(rest) : !StartsLikeTable(rest)) return std::nullopt;
  return MakePrefix(path, end, zone);
}

}  // namespace

std::optional<Prefix> ReadPathPrefix(std::string_view line, const Zone& zone) {
  if (line.empty() || IsBlank(line[0])) return std::nullopt;
  if (IsDigit(line[0])) {
    if (std::optional<Prefix> number = ReadNumber(line, zone)) return number;
  }
  const size_t end = std::min(line.size(), kLongestName);
  for (size_t i = 1; i < end && !IsBlank(line[i]); ++i) {
    if (line[i] != ':' && line[i] != '-') continue;
    if (std::optional<Prefix> prefix = ReadAt(line, i, zone)) return prefix;
  }
  return std::nullopt;
}

}  // namespace tcpsnap::capture
