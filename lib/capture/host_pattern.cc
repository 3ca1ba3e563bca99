#include "capture/host_pattern.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace tcpsnap::capture {
namespace {

bool IsInFolder(char c) { return c != '/'; }
bool IsInName(char c) { return c != '/' && c != '!'; }

std::invalid_argument Wrong(const std::string& pattern, const std::string& what) {
  return std::invalid_argument("\"" + pattern + "\" is no pattern for a host: " + what +
                               "; write it like fleet/{host}/**");
}

}  // namespace

HostPattern::HostPattern(std::string pattern) : pattern_(std::move(pattern)) {
  const std::string_view text = pattern_;
  for (size_t i = 0; i < text.size();) {
    if (text[i] == '{') {
      const size_t end = text.find('}', i);
      if (end == std::string_view::npos) throw Wrong(pattern_, "a { is not closed");
      AddPlaceholder(text.substr(i, end + 1 - i));
      i = end + 1;
    } else if (text.substr(i).starts_with("**")) {
      tokens_.push_back({Kind::kAny, '*'});
      i += 2;
    } else {
      const Kind kind = text[i] == '*'   ? Kind::kAnyInFolder
                        : text[i] == '?' ? Kind::kAnyByte
                                         : Kind::kByte;
      tokens_.push_back({kind, text[i++]});
    }
  }
  const auto is_host = [](const Token& token) { return token.kind == Kind::kHost; };
  if (std::none_of(tokens_.begin(), tokens_.end(), is_host)) {
    throw Wrong(pattern_, "it has no {host}");
  }
}

void HostPattern::AddPlaceholder(std::string_view word) {
  if (word != "{host}" && word != "{netns}") {
    throw Wrong(pattern_, std::string(word) + " is neither {host} nor {netns}");
  }
  const Kind kind = word == "{host}" ? Kind::kHost : Kind::kNetns;
  for (const Token& token : tokens_) {
    if (token.kind == kind) throw Wrong(pattern_, std::string(word) + " stands in it twice");
  }
  tokens_.push_back({kind, '{'});
}

/// For every token and every place in a path, whether the tokens from there on match the path from
/// there on. With that known nothing has to be tried and taken back, which costs exponential time
/// for names that are made for it.
class HostPattern::Table {
 public:
  Table(const std::vector<Token>& tokens, std::string_view path)
      : tokens_(tokens), path_(path), fits_((tokens.size() + 1) * (path.size() + 1)) {
    fits_.back() = true;
    for (size_t token = tokens.size(); token-- > 0;) {
      for (size_t at = path.size() + 1; at-- > 0;) {
        fits_[Index(token, at)] = MayEnd(token, at) || MayGoOn(token, at);
      }
    }
  }

  bool Fits(size_t token, size_t at) const { return fits_[Index(token, at)]; }

  /// How many bytes the token takes at a place that it fits: as few as it can.
  size_t Length(size_t token, size_t at) const {
    size_t length = 0;
    while (!MayEnd(token, at + length)) ++length;
    return length + (TakesOneByteLast(token) ? 1 : 0);
  }

 private:
  size_t Index(size_t token, size_t at) const { return token * (path_.size() + 1) + at; }

  bool TakesOneByteLast(size_t token) const {
    return tokens_[token].kind != Kind::kAny && tokens_[token].kind != Kind::kAnyInFolder;
  }
  /// Whether the token may take the byte at a place.
  bool Takes(size_t token, size_t at) const {
    if (at == path_.size()) return false;
    switch (tokens_[token].kind) {
      case Kind::kByte:
        return path_[at] == tokens_[token].byte;
      case Kind::kAnyByte:
      case Kind::kAnyInFolder:
        return IsInFolder(path_[at]);
      case Kind::kAny:
        return true;
      case Kind::kHost:
      case Kind::kNetns:
        return IsInName(path_[at]);
    }
    return false;
  }
  /// Whether the next token may follow, behind this byte or (`*`, `**`) before it.
  bool MayEnd(size_t token, size_t at) const {
    if (!TakesOneByteLast(token)) return Fits(token + 1, at);
    return Takes(token, at) && Fits(token + 1, at + 1);
  }
  /// Whether the token may take this byte and then more.
  bool MayGoOn(size_t token, size_t at) const {
    const Kind kind = tokens_[token].kind;
    if (kind == Kind::kByte || kind == Kind::kAnyByte) return false;
    return Takes(token, at) && Fits(token, at + 1);
  }

  const std::vector<Token>& tokens_;
  std::string_view path_;
  std::vector<bool> fits_;
};

std::optional<HostName> HostPattern::Match(std::string_view path) const {
  const Table table(tokens_, path);
  for (size_t start = 0; start <= path.size(); ++start) {
    const bool begins_part = start == 0 || !IsInName(path[start - 1]);
    if (!begins_part || !table.Fits(0, start)) continue;
    HostName name;
    size_t at = start;
    for (size_t token = 0; token < tokens_.size(); ++token) {
      const size_t length = table.Length(token, at);
      if (tokens_[token].kind == Kind::kHost) name.host = path.substr(at, length);
      if (tokens_[token].kind == Kind::kNetns) name.netns = path.substr(at, length);
      at += length;
    }
    if (name.host != "." && name.host != "..") return name;
  }
  return std::nullopt;
}

}  // namespace tcpsnap::capture
