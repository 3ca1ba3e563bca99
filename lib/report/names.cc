#include "report/names.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>
#include <utility>

#include "report/cell_text.h"
#include "report/error.h"
#include "report/file_text.h"

namespace tcpsnap::report {
namespace {

constexpr std::string_view kBlanks = " \t\r\v\f";
constexpr size_t kMostShown = 60;  // bytes of a line in a remark

/// Takes the next word off the front; empty at the end.
std::string_view TakeWord(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(kBlanks), line.size()));
  const std::string_view word = line.substr(0, line.find_first_of(kBlanks));
  line.remove_prefix(word.size());
  return word;
}

/// Takes what stands before the next colon, which has to be there.
std::optional<std::string_view> TakeField(std::string_view& line) {
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string_view field = line.substr(0, colon);
  line.remove_prefix(colon + 1);
  return field;
}

std::string_view WithoutComment(std::string_view line) { return line.substr(0, line.find('#')); }

bool IsBlank(std::string_view line) {
  return line.find_first_not_of(kBlanks) == std::string_view::npos;
}

/// Digits only, up to `most`.
std::optional<int64_t> Number(std::string_view text, int64_t most) {
  int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (text.empty() || text[0] == '-' || error != std::errc() || stop != end || number > most) {
    return std::nullopt;
  }
  return number;
}

using AddressBytes = std::array<uint8_t, 16>;

constexpr AddressBytes kAnyV4 = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
constexpr AddressBytes kAnyV6 = {};

std::optional<AddressBytes> ParseAddress(std::string_view text) {
  char word[INET6_ADDRSTRLEN];
  if (text.size() >= sizeof word || text.find('\0') != text.npos) return std::nullopt;
  text.copy(word, text.size());
  word[text.size()] = '\0';
  AddressBytes bytes = kAnyV4;
  if (inet_pton(AF_INET, word, bytes.data() + 12) == 1) return bytes;
  if (inet_pton(AF_INET6, word, bytes.data()) == 1) return bytes;
  return std::nullopt;
}

std::string Shown(std::string_view line) {
  std::string text;
  AppendPrintable(text, line.substr(0, kMostShown));
  return "'" + text + (line.size() > kMostShown ? "...'" : "'");
}

}  // namespace

/// `add_line` takes a line that is not blank, without its end, and returns what is wrong with it,
/// or nothing.
template <typename Line>
void Names::AddLines(std::string_view text, const std::string& path, Line add_line) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.substr(0, kByteOrderMark.size()) == kByteOrderMark) {
    text.remove_prefix(kByteOrderMark.size());
  }
  size_t entries = 0;
  size_t wrong = 0;
  std::string first_wrong;
  for (size_t number = 1; !text.empty(); ++number) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (IsBlank(WithoutComment(line))) continue;
    ++entries;
    const std::string_view problem = add_line(line);
    if (problem.empty() || ++wrong > 1) continue;
    first_wrong =
        path + ":" + std::to_string(number) + ": " + Shown(line) + ": " + std::string(problem);
  }
  if (wrong == 0) return;
  remarks_.push_back(first_wrong + "; left out: " + std::to_string(wrong) + " of " +
                     std::to_string(entries) + (entries == 1 ? " line" : " lines"));
}

void Names::AddServices(std::string_view text, const std::string& path) {
  has_ports_ = true;
  AddLines(text, path, [this](std::string_view line) -> std::string_view {
    line = WithoutComment(line);
    const std::string_view name = TakeWord(line);
    const std::string_view service = TakeWord(line);
    const size_t slash = service.find('/');
    const auto port = Number(service.substr(0, slash), 65535);
    if (!port || slash == std::string_view::npos || slash + 1 == service.size()) {
      return "no port/protocol after the name";
    }
    if (service.substr(slash) == "/tcp") ports_.emplace(*port, name);
    return "";
  });
}

void Names::AddHosts(std::string_view text, const std::string& path) {
  has_addresses_ = true;
  AddLines(text, path, [this](std::string_view line) -> std::string_view {
    line = WithoutComment(line);
    const auto address = ParseAddress(TakeWord(line));
    if (!address) return "it doesn't begin with an IP address";
    const std::string_view name = TakeWord(line);
    if (name.empty()) return "no name after the address";
    if (*address != kAnyV4 && *address != kAnyV6) addresses_.emplace(*address, name);
    return "";
  });
}

void Names::AddPasswd(std::string_view text, const std::string& path) {
  has_uids_ = true;
  AddLines(text, path, [this](std::string_view line) -> std::string_view {
    if (line[0] == '+' || line[0] == '-') return "";
    const auto name = TakeField(line);
    const auto password = TakeField(line);
    const auto field = TakeField(line);
    if (!name || name->empty() || !password || !field) return "not name:password:uid:...";
    const auto uid = Number(*field, UINT32_MAX);
    if (!uid) return "the third field is no uid";
    uids_.emplace(*uid, *name);
    return "";
  });
}

std::string_view Names::OfPort(int64_t port) const {
  const auto found = ports_.find(port);
  return found == ports_.end() ? std::string_view() : found->second;
}

std::string_view Names::OfAddress(std::string_view address) const {
  if (addresses_.empty()) return "";
  const auto parsed = ParseAddress(address);
  if (!parsed) return "";
  const auto found = addresses_.find(*parsed);
  return found == addresses_.end() ? std::string_view() : found->second;
}

std::string_view Names::OfUid(int64_t uid) const {
  const auto found = uids_.find(uid);
  return found == uids_.end() ? std::string_view() : found->second;
}

std::string ReadNameFile(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"),
                                                             std::fclose);
  if (file == nullptr) throw UserError("can't open " + path + ": " + std::strerror(errno));
  std::optional<std::string> text = ReadAll(file.get());
  if (!text) throw UserError("can't read " + path + ": " + std::strerror(errno));
  return std::move(*text);
}

}  // namespace tcpsnap::report
