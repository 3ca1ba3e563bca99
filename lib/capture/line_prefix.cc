#include "capture/line_prefix.h"

#include "procnet/token.h"

namespace tcpsnap::capture {

namespace {

constexpr size_t kMostPrefixes = 3;

void AddPrefix(LinePrefix& all, const Prefix& prefix, size_t reader) {
  all.readers.push_back(reader);
  all.layouts.push_back(prefix.layout);
  all.length += prefix.length;
  if (prefix.time) all.time = prefix.time;
  if (!prefix.host.empty()) all.host = prefix.host;
  if (!prefix.path.empty()) all.path = prefix.path;
  if (!prefix.source.empty()) all.source = prefix.source;
}

// Goes on behind the prefixes so far.
std::optional<LinePrefix> FindBehind(std::string_view line, const Zone& zone,
                                     const std::function<bool(std::string_view rest)>& is_wanted,
                                     const LinePrefix& so_far) {
  const std::span<const PrefixReader> readers = PrefixReaders();
  for (size_t i = 0; i < readers.size(); ++i) {
    const std::optional<Prefix> prefix = readers[i](line.substr(so_far.length), zone);
    if (!prefix || prefix->length == 0) continue;
    LinePrefix all = so_far;
    AddPrefix(all, *prefix, i);
    if (is_wanted(line.substr(all.length))) return all;
    if (all.readers.size() == kMostPrefixes) continue;
    if (std::optional<LinePrefix> found = FindBehind(line, zone, is_wanted, all)) return found;
  }
  return std::nullopt;
}

}  // namespace

std::optional<LinePrefix> FindPrefixes(
    std::string_view line, const Zone& zone,
    const std::function<bool(std::string_view rest)>& is_wanted) {
  return FindBehind(line, zone, is_wanted, {});
}

std::optional<LinePrefix> TakePrefixes(std::string_view line, std::span<const size_t> readers,
                                       const Zone& zone) {
  LinePrefix all;
  for (const size_t reader : readers) {
    const std::optional<Prefix> prefix = PrefixReaders()[reader](line.substr(all.length), zone);
    if (!prefix) return std::nullopt;
    AddPrefix(all, *prefix, reader);
  }
  return all;
}

bool BeginsAsRow(std::string_view text) {
  size_t at = text.find_first_not_of(" \t");
  const auto is_digit = [&](size_t i) { return procnet::IsDigit(text[i]); };
  const auto is_hex = [&](size_t i) { return procnet::HexDigit(text[i]) >= 0; };
  if (at == text.npos || !is_digit(at)) return false;
  while (at < text.size() && is_digit(at)) ++at;
  if (at == text.size() || text[at] != ':') return false;
  at = text.find_first_not_of(" \t", at + 1);
  if (at == text.npos) return false;
  const size_t address = at;
  while (at < text.size() && is_hex(at)) ++at;
  const size_t digits = at - address;
  return (digits == 8 || digits == 32) && at < text.size() && text[at] == ':';
}

}  // namespace tcpsnap::capture
