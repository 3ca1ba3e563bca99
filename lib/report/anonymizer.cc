#include "report/anonymizer.h"

#include <nettle/hmac.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>

#include "report/address_map.h"
#include "report/written_address.h"

namespace tcpsnap::report {
namespace {

using procnet::Address;

/// What to look for -> what to write.
using Words = std::map<std::string, std::string, std::less<>>;

constexpr size_t kLetters = 10;  // of a word, five bits each
constexpr std::string_view kAlphabet = "abcdefghijklmnopqrstuvwxyz234567";  // RFC 4648

/// The longest of `words` that begins at `at` and has no further letter or digit behind it.
const Words::value_type* FindWord(const Words& words, std::string_view text, size_t at) {
  std::string_view rest = text.substr(at);
  while (!rest.empty()) {
    // Every word that `rest` begins with is a beginning of the last one up to it as well.
    auto found = words.upper_bound(rest);
    if (found == words.begin()) return nullptr;
    --found;
    const std::string& word = found->first;
    const auto common = static_cast<size_t>(
        std::mismatch(word.begin(), word.end(), rest.begin(), rest.end()).first - word.begin());
    const size_t end = at + common;
    const bool is_whole = common == word.size() && (end == text.size() || !IsWordByte(text[end]));
    if (is_whole) return &*found;
    rest = rest.substr(0, common == word.size() ? common - 1 : common);
  }
  return nullptr;
}

/// Bytes of the \n, \x1b, \u00a0 at `at`, as JSON and tables show what can't stand in them; 0 where
/// there is none. What follows begins anew, though a letter stands before it.
size_t EscapeSize(std::string_view text, size_t at) {
  if (text[at] != '\\' || at + 1 == text.size()) return 0;
  const char kind = text[at + 1];
  const size_t digits = kind == 'u' ? 4 : kind == 'x' ? 2 : 0;
  if (digits > 0) {
    const std::string_view code = text.substr(at + 2, digits);
    const bool is_whole = code.find_first_not_of("0123456789abcdefABCDEF") == code.npos;
    return is_whole && code.size() == digits ? 2 + digits : 0;
  }
  return std::string_view("ntrbf\"\\").find(kind) == std::string_view::npos ? 0 : 2;
}

/// `map` writes an address that was found to its first argument.
template <typename MapAddress>
std::string Replace(std::string_view text, const Words& words, MapAddress map) {
  std::string out;
  size_t copied = 0;
  size_t fresh = 0;  // what stands before this place doesn't belong to what stands there
  for (size_t at = 0; at < text.size();) {
    const size_t escape = EscapeSize(text, at);
    // In "ACME\nas01" no line ends where nas01 is a name.
    if (escape > 0 && FindWord(words, text, at + 1) == nullptr) {
      fresh = at += escape;
      continue;
    }
    const auto address = ReadAddressAt(text, at, at == fresh);
    const bool is_border = at == fresh || !IsWordByte(text[at - 1]);
    const auto* word = is_border ? FindWord(words, text, at) : nullptr;
    const size_t size = std::max(address ? address->size : 0, word ? word->first.size() : 0);
    if (size == 0) {
      ++at;
      continue;
    }
    out += text.substr(copied, at - copied);
    if (address && address->size == size) {
      map(out, *address);
    } else {
      out += word->second;
    }
    copied = at += size;
  }
  return out += text.substr(copied);
}

bool IsAddress(std::string_view text) {
  if (text.empty()) return false;
  const auto address = ReadAddressAt(text, 0, true);
  return address && address->size == text.size();
}

std::string_view Before(std::string_view text, size_t place) { return text.substr(0, place); }

std::string_view Behind(std::string_view text, size_t place) {
  return place == std::string_view::npos ? text : text.substr(place + 1);
}

}  // namespace

struct Anonymizer::State {
  explicit State(const Key& key) : addresses(key) {
    hmac_sha256_set_key(&hash, key.size(), key.data());
  }

  AddressMap addresses;
  hmac_sha256_ctx hash;
  Words words;      // name -> word
  Words originals;  // word -> name

  /// "host-4kq2xw7vnb"; names of different kinds have nothing in common.
  std::string WordFor(std::string_view kind, std::string_view name) const {
    hmac_sha256_ctx context = hash;
    const auto update = [&](std::string_view bytes) {
      hmac_sha256_update(&context, bytes.size(), reinterpret_cast<const uint8_t*>(bytes.data()));
    };
    update(kind);
    update(name);
    std::array<uint8_t, SHA256_DIGEST_SIZE> digest;
    hmac_sha256_digest(&context, digest.size(), digest.data());
    std::string word(kind);
    for (size_t bit = 0; bit < 5 * kLetters; bit += 5) {
      const unsigned two = digest[bit / 8] * 256U + digest[bit / 8 + 1];
      word += kAlphabet[two >> (11 - bit % 8) & 31];
    }
    return word;
  }

  void Add(std::string_view name, const std::string& word) {
    if (name.empty() || IsAddress(name)) return;
    words.emplace(name, word);
    originals.emplace(word, name);
  }
};

Anonymizer::Anonymizer(const Key& key) : state_(std::make_unique<State>(key)) {}
Anonymizer::Anonymizer(Anonymizer&&) noexcept = default;
Anonymizer& Anonymizer::operator=(Anonymizer&&) noexcept = default;
Anonymizer::~Anonymizer() = default;

Address Anonymizer::Map(const Address& address) const { return state_->addresses.Map(address); }

Address Anonymizer::Restore(const Address& mapped) const {
  return state_->addresses.Restore(mapped);
}

std::string Anonymizer::Name(std::string_view label) const {
  const size_t slash = label.find('/');
  const std::string_view host = Before(label, slash);
  std::string name = host.empty()      ? ""
                     : IsAddress(host) ? Text(host)
                                       : state_->WordFor("host-", host);
  if (slash == std::string_view::npos) return name;
  return name + "/" + state_->WordFor("net-", Behind(label, slash));
}

std::string Anonymizer::PathName(std::string_view path) const {
  return state_->WordFor("file-", path);
}

void Anonymizer::AddName(std::string_view label) {
  const size_t slash = label.find('/');
  const std::string_view host = Before(label, slash);
  state_->Add(host, Name(host));
  if (slash == std::string_view::npos) return;
  state_->Add(label, Name(label));
  const std::string_view netns = Behind(label, slash);
  state_->Add(netns, state_->WordFor("net-", netns));
}

void Anonymizer::AddPath(std::string_view path) {
  const auto add_file = [this](std::string_view file) {
    state_->Add(file, PathName(file));
    const std::string_view name = Behind(file, file.rfind('/'));
    if (name != "tcp" && name != "tcp6") state_->Add(name, PathName(name));
  };
  add_file(path);
  const size_t mark = path.find('!');
  if (mark == std::string_view::npos) return;
  add_file(Before(path, mark));
  add_file(Behind(path, mark));
}

std::string Anonymizer::Text(std::string_view text) const {
  const AddressMap& addresses = state_->addresses;
  return Replace(text, state_->words, [&](std::string& out, const WrittenAddress& found) {
    const Address mapped = found.prefix_bits
                               ? addresses.MapPrefix(found.address, *found.prefix_bits)
                               : addresses.Map(found.address);
    AppendAddressLike(out, mapped, found);
  });
}

std::string Anonymizer::RestoreText(std::string_view text) const {
  const AddressMap& addresses = state_->addresses;
  return Replace(text, state_->originals, [&](std::string& out, const WrittenAddress& found) {
    const Address original = found.prefix_bits
                                 ? addresses.RestorePrefix(found.address, *found.prefix_bits)
                                 : addresses.Restore(found.address);
    AppendAddressLike(out, original, found);
  });
}

}  // namespace tcpsnap::report
