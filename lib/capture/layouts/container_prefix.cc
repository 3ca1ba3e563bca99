// The name of a container before each line:
//
//   [pod/web-1/app]    0: 0100007F:1538 ...          (kubectl logs --prefix)
//   web_1  |    0: 0100007F:1538 ...                 (docker compose logs)
//
// The host is the pod or the service. Refused: stern's `web-1 app    0: ...`, which any two words
// look like; names that are numbers, as before the lines of a table drawn with bars.

#include <algorithm>

#include "capture/layout.h"
#include "capture/layouts/text.h"

namespace tcpsnap::capture {
namespace {

constexpr size_t kLongestName = 256;

bool IsNameCharacter(char c) { return IsLetterOrDigit(c) || c == '-' || c == '_' || c == '.'; }

std::optional<Prefix> ReadPod(std::string_view line) {
  constexpr std::string_view kBefore = "[pod/";
  if (!line.starts_with(kBefore)) return std::nullopt;
  const std::string_view rest = line.substr(kBefore.size(), 2 * kLongestName);
  const size_t close = rest.find(']');
  if (close == rest.npos) return std::nullopt;
  const size_t slash = rest.substr(0, close).find('/');
  if (slash == rest.npos || slash == 0 || slash + 1 == close) return std::nullopt;
  const auto is_name = [](std::string_view name) {
    return std::all_of(name.begin(), name.end(), IsNameCharacter);
  };
  const std::string_view pod = rest.substr(0, slash);
  if (!is_name(pod) || !is_name(rest.substr(slash + 1, close - slash - 1))) return std::nullopt;
  const std::optional<size_t> length = BehindOneBlank(line, kBefore.size() + close + 1);
  if (!length) return std::nullopt;
  Prefix prefix;
  prefix.layout = "kubernetes-prefix";
  prefix.length = *length;
  prefix.host = pod;
  return prefix;
}

std::optional<Prefix> ReadService(std::string_view line) {
  size_t end = 0;
  while (end < line.size() && end < kLongestName && IsNameCharacter(line[end])) ++end;
  const std::string_view name = line.substr(0, end);
  if (!std::any_of(name.begin(), name.end(), IsLetter)) return std::nullopt;
  size_t bar = end;
  while (bar < line.size() && bar - end < kLongestName && line[bar] == ' ') ++bar;
  if (bar == end || bar >= line.size() || line[bar] != '|') return std::nullopt;
  const std::optional<size_t> length = BehindOneBlank(line, bar + 1);
  if (!length) return std::nullopt;
  Prefix prefix;
  prefix.layout = "compose-prefix";
  prefix.length = *length;
  prefix.host = name;
  return prefix;
}

}  // namespace

std::optional<Prefix> ReadContainerPrefix(std::string_view line, const Zone&) {
  if (line.empty()) return std::nullopt;
  return line[0] == '[' ? ReadPod(line) : ReadService(line);
}

}  // namespace tcpsnap::capture
