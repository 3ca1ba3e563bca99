// A time, a host and a tag, as syslog and the journal write them:
//
//   Nov 22 07:37:27 host1 tcplog[1234]:    0: 0100007F:1538 ...       (no year)
//   <13>Nov 22 07:37:27 host1 tcplog: ...        Nov 22 07:37:27 host1 (cron)[1]: ...
//   2026-11-22T07:37:27.000000+00:00 host1 tcplog: ...                (rsyslog, short-iso)
//   <13>1 2026-11-22T07:37:27.000003Z host1 app 12 ID47 - ...         (RFC 5424)
//   Sun 2026-11-22 07:37:27 UTC host1 tcplog[12]: ...                 (journalctl -o short-full)
//   Sun Nov 22 07:37:27 2026 user.notice tcplog: ...                  (OpenWrt's logread: no host)
//   Nov 22 07:37:27 host1 user.notice tcplog: ...                     (syslogd of busybox)
//
// A tag begins with no digit and ends in a colon and one blank, so that a row's number behind a
// time (`Nov 22 07:37:27   12: 0100...`) is none. A host `-` is one that is not known.

#include <algorithm>
#include <array>

#include "capture/layout.h"
#include "capture/layouts/text.h"
#include "procnet/token.h"

namespace tcpsnap::capture {
namespace {

using procnet::IsBlank;
using procnet::IsDigit;

constexpr size_t kLongestWord = 256;

// `<13>` at the front: its length, 0 where none is.
size_t PriorityLength(std::string_view line) {
  if (line.empty() || line[0] != '<') return 0;
  const size_t close = line.substr(0, 5).find('>');
  return close != line.npos && IsNumber(line.substr(1, close - 1)) ? close + 1 : 0;
}

// The word at `i` without the blank behind it; empty where none is, or no blank follows.
std::string_view WordAt(std::string_view line, size_t i) {
  if (i >= line.size()) return {};
  const size_t blank = line.substr(i, kLongestWord).find(' ');
  return blank == line.npos ? std::string_view() : line.substr(i, blank);
}

bool IsWeekday(std::string_view word) {
  static constexpr std::array<std::string_view, 7> kWords = {"Sun", "Mon", "Tue", "Wed",
                                                             "Thu", "Fri", "Sat"};
  return IsOneOf(word, kWords);
}

// The time that ends before a blank. A host in capitals behind a time must not pass for its zone,
// so the forms of syslog are tried at their own lengths first.
TimeAtFront ReadSyslogTime(std::string_view text, const Zone& zone) {
  if (text.empty() || !IsLetterOrDigit(text[0])) return {};
  const auto try_length = [&](size_t length) -> TimeAtFront {
    if (length == 0 || length >= text.size() || text[length] != ' ') return {};
    const TimeResult result = ParseTime(text.substr(0, length), zone);
    return IsMeantAsTime(result) ? TimeAtFront{result, length} : TimeAtFront{};
  };
  constexpr size_t kClassic = std::string_view("Nov 22 07:37:27").size();
  const std::string_view first = WordAt(text, 0);
  for (const size_t length : {first.size(), kClassic}) {
    if (const TimeAtFront time = try_length(length); time.length > 0) return time;
  }
  if (const TimeAtFront time = ReadTimeInText(text, zone); time.length > 0) return time;
  // `Sun 2026-11-22 07:37:27 UTC`
  if (!IsWeekday(first)) return {};
  const size_t skipped = first.size() + 1;
  if (skipped >= text.size() || !IsDigit(text[skipped])) return {};
  TimeAtFront time = ReadTimeInText(text.substr(skipped), zone);
  if (time.length > 0) time.length += skipped;
  return time;
}

// True for `Nov 22 07:37:27` and `Sun Nov 22 ...`, not for `2026-...` and `Sun 2026-...`.
bool IsClassic(std::string_view time) {
  return IsLetter(time[0]) && !(IsWeekday(time.substr(0, 3)) && IsDigit(time[4]));
}

bool IsHost(std::string_view word) {
  return !word.empty() && word.back() != ':' && std::all_of(word.begin(), word.end(), [](char c) {
    return IsLetterOrDigit(c) || c == '.' || c == '-' || c == '_' || c == ':';
  });
}

// `user.notice`; not `user.example.org`, which is a host.
bool IsFacilityAndLevel(std::string_view word) {
  static constexpr std::array<std::string_view, 21> kFacilities = {
      "user",   "daemon", "kern",   "cron",   "auth",   "authpriv", "syslog",
      "mail",   "lpr",    "news",   "uucp",   "ftp",    "ntp",      "local0",
      "local1", "local2", "local3", "local4", "local5", "local6",   "local7"};
  static constexpr std::array<std::string_view, 11> kLevels = {"emerg",  "panic", "alert",   "crit",
                                                               "err",    "error", "warning", "warn",
                                                               "notice", "info",  "debug"};
  const size_t dot = word.find('.');
  if (dot == word.npos) return false;
  return IsOneOf(word.substr(0, dot), kFacilities) && IsOneOf(word.substr(dot + 1), kLevels);
}

// `tcplog[1234]:`, `kernel:`, `(cron)[1]:`
bool IsTag(std::string_view word) {
  return word.size() > 1 && word.back() == ':' && (IsLetter(word[0]) || word[0] == '(');
}

// `-` or `[id name="value"][...]` at `i`; returns where it ends, 0 where it is neither.
size_t StructuredDataEnd(std::string_view line, size_t i) {
  if (i < line.size() && line[i] == '-') return i + 1;
  constexpr size_t kLongest = 2048;
  const size_t end = std::min(line.size(), i + kLongest);
  size_t last = 0;
  while (i < end && line[i] == '[') {
    bool quoted = false;
    for (++i; i < end && (quoted || line[i] != ']'); ++i) {
      if (line[i] == '"') quoted = !quoted;
      if (line[i] == '\\') ++i;
    }
    if (i >= end) return 0;
    last = ++i;
  }
  return last;
}

// `-` stands for a host that is not known.
std::string_view KnownHost(std::string_view word) { return word == "-" ? "" : word; }

// `host1 tcplog[1234]: `, `tcplog[1234]: ` or `host1 user.notice tcplog: ` at `i`.
void ReadHostAndTag(std::string_view line, size_t i, Prefix& prefix) {
  // A line without a rest may have lost its last blank.
  const auto word_at = [&](size_t begin) {
    const std::string_view word = WordAt(line, begin);
    return word.empty() && begin < line.size() && line.size() - begin <= kLongestWord
               ? line.substr(begin)
               : word;
  };
  std::string_view word = word_at(i);
  if (!IsTag(word)) {
    if (!IsHost(word)) return;
    if (!IsFacilityAndLevel(word)) {
      prefix.host = KnownHost(word);
      i += word.size() + 1;
      if (i > line.size()) return;
      word = word_at(i);
    }
    if (IsFacilityAndLevel(word)) {
      i += word.size() + 1;
      if (i > line.size()) return;
      word = word_at(i);
    }
    if (!IsTag(word)) return;
  }
  if (word.find(' ') != word.npos) return;
  if (const std::optional<size_t> rest = BehindOneBlank(line, i + word.size())) {
    prefix.length = *rest;
  }
}

// `host1 app 12 ID47 - ` of RFC 5424 at `i`.
void ReadRfc5424Fields(std::string_view line, size_t i, Prefix& prefix) {
  constexpr int kFields = 4;  // host, program, process, id of the message
  for (int field = 0; field < kFields; ++field) {
    const std::string_view word = WordAt(line, i);
    if (word.empty()) return;
    if (field == 0) prefix.host = KnownHost(word);
    i += word.size() + 1;
  }
  const size_t data_end = StructuredDataEnd(line, i);
  if (data_end == 0) return;
  const std::optional<size_t> rest = BehindOneBlank(line, data_end);
  if (!rest) return;
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  const bool marked = line.substr(*rest).starts_with(kByteOrderMark);
  prefix.length = *rest + (marked ? kByteOrderMark.size() : 0);
}

}  // namespace

std::optional<Prefix> ReadSyslogPrefix(std::string_view line, const Zone& zone) {
  size_t i = PriorityLength(line);
  if (i == line.size() || !IsLetterOrDigit(line[i])) return std::nullopt;
  const bool rfc5424 = i > 0 && line.substr(i, 2) == "1 ";
  if (rfc5424) i += 2;
  const TimeAtFront time = ReadSyslogTime(line.substr(i), zone);
  if (time.length == 0) return std::nullopt;
  i += time.length;
  if (i >= line.size() || !IsBlank(line[i])) return std::nullopt;
  Prefix prefix;
  prefix.time = time.result;
  prefix.layout = IsClassic(line.substr(i - time.length)) ? "syslog-prefix" : "iso-syslog-prefix";
  if (rfc5424) {
    ReadRfc5424Fields(line, i + 1, prefix);
  } else {
    ReadHostAndTag(line, i + 1, prefix);
  }
  return prefix.length > 0 ? std::optional(prefix) : std::nullopt;
}

}  // namespace tcpsnap::capture
