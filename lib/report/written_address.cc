#include "report/written_address.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>

namespace tcpsnap::report {
namespace {

using procnet::Address;

constexpr size_t kV4Bits = 32;
constexpr size_t kV6Bits = 128;
constexpr size_t kGroups = 8;
constexpr size_t kGroupDigits = 4;
constexpr size_t kWordDigits = 8;  // of a 32-bit word that the kernel prints

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLowerHex(char c) { return c >= 'a' && c <= 'f'; }
bool IsHex(char c) { return IsDigit(c) || IsLowerHex(c) || (c >= 'A' && c <= 'F'); }

/// 0 behind the end, which is no part of anything.
char At(std::string_view text, size_t at) { return at < text.size() ? text[at] : '\0'; }

/// How many of the bytes from `at` on are of the kind, up to `most`.
template <typename IsKind>
size_t CountOf(std::string_view text, size_t at, size_t most, IsKind is_kind) {
  size_t count = 0;
  while (count < most && is_kind(At(text, at + count))) ++count;
  return count;
}

uint32_t HexNumber(std::string_view digits) {
  uint32_t number = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), number, 16);
  return number;
}

struct Quad {
  std::array<uint8_t, 4> bytes{};
  size_t end = 0;
};

/// Four decimal numbers up to 255, with a dot between them, no fifth and no further digit.
std::optional<Quad> ReadQuad(std::string_view text, size_t at) {
  Quad quad;
  for (size_t part = 0; part < quad.bytes.size(); ++part) {
    if (part > 0 && At(text, at++) != '.') return std::nullopt;
    const size_t digits = CountOf(text, at, 4, IsDigit);
    if (digits == 0 || digits > 3) return std::nullopt;
    unsigned number = 0;
    std::from_chars(text.data() + at, text.data() + at + digits, number);
    if (number > 255) return std::nullopt;
    quad.bytes[part] = static_cast<uint8_t>(number);
    at += digits;
  }
  if (At(text, at) == '.' && IsDigit(At(text, at + 1))) return std::nullopt;
  quad.end = at;
  return quad;
}

/// The groups of an IPv6 address, taken one after the other from `end` on.
struct Groups {
  std::array<uint16_t, kGroups> values{};
  size_t count = 0;
  std::optional<size_t> gap;  // where "::" stands: behind so many groups
  bool has_tail = false;      // the last two were dotted
  size_t end = 0;

  size_t Most() const { return gap ? kGroups - 1 : kGroups; }
  bool IsAddress() const { return gap ? count < kGroups : count == kGroups; }

  void Add(unsigned value) { values[count++] = static_cast<uint16_t>(value); }

  bool TakeGap(std::string_view text) {
    if (gap || At(text, end) != ':' || At(text, end + 1) != ':') return false;
    gap = count;
    end += 2;
    return true;
  }

  bool TakeTail(std::string_view text, size_t at) {
    if (count + 2 > Most()) return false;
    const auto quad = ReadQuad(text, at);
    if (!quad) return false;
    Add(quad->bytes[0] * 256U + quad->bytes[1]);
    Add(quad->bytes[2] * 256U + quad->bytes[3]);
    end = quad->end;
    has_tail = true;
    return true;
  }

  /// Takes a group of one to four digits, or the tail; false where there is neither.
  bool TakeGroup(std::string_view text, size_t at) {
    const size_t digits = CountOf(text, at, kGroupDigits + 1, IsHex);
    if (digits == 0 || digits > kGroupDigits || count >= Most()) return false;
    if (IsWordByte(At(text, at + digits))) return false;
    if (TakeTail(text, at)) return true;
    Add(HexNumber(text.substr(at, digits)));
    end = at + digits;
    return true;
  }
};

Groups ReadGroups(std::string_view text, size_t at) {
  Groups groups;
  groups.end = at;
  bool goes_on = groups.TakeGap(text) || groups.TakeGroup(text, at);
  while (goes_on && !groups.has_tail) {
    const bool is_behind_gap = groups.gap == groups.count;
    goes_on = is_behind_gap ? groups.TakeGroup(text, groups.end)
                            : groups.TakeGap(text) || (At(text, groups.end) == ':' &&
                                                       groups.TakeGroup(text, groups.end + 1));
  }
  return groups;
}

Address AddressOf(const Groups& groups) {
  Address address;
  const size_t left_out = kGroups - groups.count;
  for (size_t i = 0; i < groups.count; ++i) {
    const size_t place = 2 * (groups.gap && i >= *groups.gap ? i + left_out : i);
    address.bytes[place] = static_cast<uint8_t>(groups.values[i] >> 8);
    address.bytes[place + 1] = static_cast<uint8_t>(groups.values[i]);
  }
  return address;
}

/// Where one more group ends that the colon at `at` leads to.
std::optional<size_t> EndOfFurtherGroup(std::string_view text, size_t at) {
  if (At(text, at) != ':') return std::nullopt;
  const size_t digits = CountOf(text, at + 1, kGroupDigits + 1, IsHex);
  const size_t end = at + 1 + digits;
  if (digits == 0 || digits > kGroupDigits || IsWordByte(At(text, end))) return std::nullopt;
  return end;
}

/// The number of "/24" at `at`, if it is one up to `most`.
std::optional<size_t> ReadPrefixBits(std::string_view text, size_t at, size_t most) {
  if (At(text, at) != '/') return std::nullopt;
  const size_t digits = CountOf(text, at + 1, 4, IsDigit);
  if (digits == 0 || digits > 3 || IsWordByte(At(text, at + 1 + digits))) return std::nullopt;
  size_t bits = 0;
  std::from_chars(text.data() + at + 1, text.data() + at + 1 + digits, bits);
  if (bits > most) return std::nullopt;
  return bits;
}

std::optional<WrittenAddress> ReadV6(std::string_view text, size_t at) {
  const Groups groups = ReadGroups(text, at);
  if (!groups.IsAddress() || IsWordByte(At(text, groups.end))) return std::nullopt;
  // A ninth group is a port; with a tenth all of them are something else.
  const auto port_end = EndOfFurtherGroup(text, groups.end);
  if (port_end && EndOfFurtherGroup(text, *port_end)) return std::nullopt;

  WrittenAddress found;
  found.address = AddressOf(groups);
  found.size = groups.end - at;
  found.prefix_bits = ReadPrefixBits(text, groups.end, kV6Bits);
  if (!found.address.IsV4()) {
    found.spelling = port_end ? Spelling::kAllGroups : Spelling::kPlain;
    return found;
  }
  found.spelling = Spelling::kMapped;
  constexpr size_t kMappedBits = kV6Bits - kV4Bits;
  const bool is_v4_prefix = found.prefix_bits >= kMappedBits;  // false for none
  found.prefix_bits = is_v4_prefix ? std::optional(*found.prefix_bits - kMappedBits) : std::nullopt;
  return found;
}

/// Address and port as the kernel prints them: 8 or 32 digits, a colon, up to four (fewer where the
/// line was cut).
std::optional<WrittenAddress> ReadKernelForm(std::string_view text, size_t at) {
  const size_t digits = CountOf(text, at, 4 * kWordDigits + 1, IsHex);
  if (digits != kWordDigits && digits != 4 * kWordDigits) return std::nullopt;
  if (At(text, at + digits) != ':') return std::nullopt;
  const size_t port_digits = CountOf(text, at + digits + 1, 5, IsHex);
  if (port_digits > 4 || IsWordByte(At(text, at + digits + 1 + port_digits))) return std::nullopt;
  const bool is_lower =
      std::any_of(text.begin() + static_cast<std::ptrdiff_t>(at),
                  text.begin() + static_cast<std::ptrdiff_t>(at + digits), IsLowerHex);
  uint32_t words[4] = {};
  for (size_t i = 0; i < digits / kWordDigits; ++i) {
    words[i] = HexNumber(text.substr(at + i * kWordDigits, kWordDigits));
  }
  const auto family = digits == kWordDigits ? procnet::Family::kTcp : procnet::Family::kTcp6;
  return WrittenAddress{procnet::DecodeAddress(words, family, procnet::ByteOrder::kLittle),
                        is_lower ? Spelling::kKernelLower : Spelling::kKernelUpper, digits,
                        std::nullopt};
}

std::optional<WrittenAddress> ReadV4(std::string_view text, size_t at) {
  const auto quad = ReadQuad(text, at);
  if (!quad) return std::nullopt;
  WrittenAddress found;
  found.address.bytes[10] = found.address.bytes[11] = 0xFF;
  std::copy(quad->bytes.begin(), quad->bytes.end(), found.address.bytes.begin() + 12);
  found.size = quad->end - at;
  found.prefix_bits = ReadPrefixBits(text, quad->end, kV4Bits);
  return found;
}

/// The word in front of a colon is no group of hexadecimal digits: "IPv6:", "addr:".
bool IsLabel(std::string_view text, size_t colon) {
  size_t digits = 0;
  while (digits < colon && digits <= kGroupDigits && IsHex(text[colon - 1 - digits])) ++digits;
  return digits > kGroupDigits || (digits < colon && IsWordByte(text[colon - 1 - digits]));
}

bool CanBeginGroups(std::string_view text, size_t at) {
  if (at == 0) return true;
  const char before = text[at - 1];
  if (before != ':') return !IsWordByte(before);
  if (at == 1) return true;
  const char further = text[at - 2];
  return further != ':' && (!IsWordByte(further) || IsLabel(text, at - 1));
}

bool CanBeginQuad(std::string_view text, size_t at) {
  if (at == 0) return true;
  const char before = text[at - 1];
  return !IsDigit(before) && !(before == '.' && at >= 2 && IsDigit(text[at - 2]));
}

void AppendAllGroups(std::string& out, const Address& address) {
  for (size_t i = 0; i < address.bytes.size(); i += 2) {
    char group[8];
    std::snprintf(group, sizeof group, i == 0 ? "%x" : ":%x",
                  address.bytes[i] * 256U + address.bytes[i + 1]);
    out += group;
  }
}

void AppendKernelForm(std::string& out, const Address& address, size_t words, const char* format) {
  const auto& bytes = address.bytes;
  for (size_t at = bytes.size() - 4 * words; at < bytes.size(); at += 4) {
    for (size_t i = 4; i-- > 0;) {
      char digits[4];
      std::snprintf(digits, sizeof digits, format, bytes[at + i]);
      out += digits;
    }
  }
}

}  // namespace

bool IsWordByte(char c) { return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

std::optional<WrittenAddress> ReadAddressAt(std::string_view text, size_t at, bool is_fresh) {
  const char first = text[at];
  if (!IsHex(first) && first != ':') return std::nullopt;
  if (is_fresh || CanBeginGroups(text, at)) {
    if (auto found = ReadKernelForm(text, at)) return found;
    if (auto found = ReadV6(text, at)) return found;
  }
  return is_fresh || CanBeginQuad(text, at) ? ReadV4(text, at) : std::nullopt;
}

void AppendAddressLike(std::string& out, const Address& address, const WrittenAddress& model) {
  switch (model.spelling) {
    case Spelling::kPlain:
      out += AddressText(address);
      break;
    case Spelling::kMapped:
      out.append("::ffff:") += AddressText(address);
      break;
    case Spelling::kAllGroups:
      AppendAllGroups(out, address);
      break;
    case Spelling::kKernelUpper:
      AppendKernelForm(out, address, model.size / kWordDigits, "%02X");
      break;
    case Spelling::kKernelLower:
      AppendKernelForm(out, address, model.size / kWordDigits, "%02x");
      break;
  }
}

}  // namespace tcpsnap::report
