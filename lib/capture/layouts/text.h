// What several layouts look for in a line.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "capture/clock.h"

namespace tcpsnap::capture {

inline bool IsLetter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }
inline bool IsLetterOrDigit(char c) { return IsLetter(c) || (c >= '0' && c <= '9'); }

/// `text` without the blanks around it.
std::string_view TrimBlanks(std::string_view text);

/// True when all of `text` is made of digits, and there is one.
bool IsNumber(std::string_view text);

/// True when `text` is one of `words`.
template <typename Words>
bool IsOneOf(std::string_view text, const Words& words) {
  for (const std::string_view word : words) {
    if (text == word) return true;
  }
  return false;
}

/// A text and the characters that stood around it.
struct Undressed {
  std::string_view text;  ///< empty where there was nothing else
  size_t front = 0;       ///< bytes before it
  size_t marks = 0;       ///< bytes before and behind it that are no blanks
};
/// Takes the characters of `dressing` off both ends.
Undressed Undress(std::string_view line, std::string_view dressing);

/// True for a time, and for one that is surely meant as such though it can't be told: an unknown
/// zone, an hour that was skipped, no date. False for numbers and days that do not exist: those are
/// rather something else.
bool IsMeantAsTime(const TimeResult& result);

/// The time at the front, as ReadTimeAtFront finds it, but not with the level of a log line taken
/// for its zone (`2026-11-22 07:37:27 INFO`). Length 0 where there is none that IsMeantAsTime.
TimeAtFront ReadTimeInText(std::string_view text, const Zone& zone);

/// True for the name of a weekday or a month, as dates have it. Where such a word starts no time,
/// the date does not exist, and what is left of it would pass for a time of day.
bool IsPartOfDate(std::string_view word);

/// The time in the last part of a path that tells one: in its name, or as a day and a time of day
/// in two parts (`20261122/073727`). '!' parts an archive from its members. The name of a bundle
/// (`sosreport-host1-...`) tells when the bundle was packed, so it does not count.
std::optional<TimeResult> TimeInPath(std::string_view path, const Zone& zone);
/// The same, looking at the last part only (and the one before it).
std::optional<TimeResult> TimeInLastPart(std::string_view path, const Zone& zone);
/// Takes the last part off `path`, the slash before it too.
std::string_view TakeLastPart(std::string_view& path);

/// True when `text` begins, blanks apart, like a row (`12: 0100007F`) or the header (`sl
/// local_address`) of a table.
bool StartsLikeTable(std::string_view text);

/// Where the rest of a line begins behind a prefix that ends at `end`: behind exactly one blank,
/// since the others are the row's own, and its width is evidence. An empty rest may lack the blank.
/// nullopt where something else stands there.
std::optional<size_t> BehindOneBlank(std::string_view line, size_t end);

}  // namespace tcpsnap::capture
