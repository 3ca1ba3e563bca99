// ExaWatcher, month before day:
//
//   zzz <11/22/2026 07:37:27> Count:0
//   zzz <11/22/2026 07:37:27.123>
//
// Refused: other orders of the date (22/11/2026 is no day), and other text behind the time.

#include <algorithm>
#include <array>

#include "capture/layout.h"
#include "capture/layouts/text.h"

namespace tcpsnap::capture {
namespace {

constexpr std::string_view kBefore = "zzz <";
constexpr size_t kDateLength = 10;  // 11/22/2026

// `11/22/2026 07:37:27` -> the time of `2026-11-22 07:37:27`.
std::optional<TimeResult> ParseAmericanTime(std::string_view text, const Zone& zone) {
  std::array<char, 64> iso{};
  if (text.size() <= kDateLength || text.size() > iso.size()) return std::nullopt;
  if (!IsNumber(text.substr(0, 2)) || text[2] != '/' || !IsNumber(text.substr(3, 2)) ||
      text[5] != '/' || !IsNumber(text.substr(6, 4)) || text[kDateLength] != ' ') {
    return std::nullopt;
  }
  char* end = iso.data();
  for (const std::string_view part :
       {text.substr(6, 4), std::string_view("-"), text.substr(0, 2), std::string_view("-"),
        text.substr(3, 2), text.substr(kDateLength)}) {
    end = std::copy(part.begin(), part.end(), end);
  }
  return ParseTime({iso.data(), static_cast<size_t>(end - iso.data())}, zone);
}

// Nothing, or a counter: `Count:3`.
bool IsCounter(std::string_view text) {
  if (text.empty()) return true;
  const size_t colon = text.find(':');
  return colon != text.npos && colon > 0 &&
         std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(colon), IsLetter) &&
         IsNumber(text.substr(colon + 1));
}

}  // namespace

std::optional<Marker> ReadExaWatcherLine(std::string_view line, const Zone& zone) {
  if (!line.starts_with(kBefore)) return std::nullopt;
  const std::string_view rest = line.substr(kBefore.size());
  const size_t close = rest.find('>');
  if (close == rest.npos || !IsCounter(TrimBlanks(rest.substr(close + 1)))) return std::nullopt;
  const std::optional<TimeResult> time = ParseAmericanTime(rest.substr(0, close), zone);
  if (!time || !IsMeantAsTime(*time)) return std::nullopt;
  Marker marker;
  marker.layout = "exawatcher";
  marker.time = time;
  return marker;
}

}  // namespace tcpsnap::capture
