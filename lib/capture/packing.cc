#include "capture/packing.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "capture/archive.h"

namespace tcpsnap::capture {
namespace {

using namespace std::string_view_literals;  // "..."sv

uint8_t ByteAt(std::string_view text, size_t index) { return static_cast<uint8_t>(text[index]); }

uint64_t LittleEndian(std::string_view bytes) {
  uint64_t value = 0;
  for (size_t i = bytes.size(); i-- > 0;) value = value << 8 | ByteAt(bytes, i);
  return value;
}

// RFC 1952: deflate is the only method, and three flags are reserved.
bool IsGzip(std::string_view head) {
  return head.starts_with("\x1f\x8b\x08"sv) && (head.size() < 4 || (ByteAt(head, 3) & 0xe0) == 0);
}

// Codes of 9 to 16 bits, and two flags are reserved.
bool IsCompress(std::string_view head) {
  if (!head.starts_with("\x1f\x9d"sv) || head.size() < 3) return false;
  const int most_bits = ByteAt(head, 2) & 0x1f;
  return (ByteAt(head, 2) & 0x60) == 0 && most_bits >= 9 && most_bits <= 16;
}

// "BZh9" alone may begin a text; then comes a block (pi) or, in an empty file, the end (root of
// pi).
bool IsBzip2(std::string_view head) {
  if (!head.starts_with("BZh") || head.size() < 10) return false;
  const std::string_view block = head.substr(4, 6);
  return head[3] >= '1' && head[3] <= '9' &&
         (block == "\x31\x41\x59\x26\x53\x59"sv || block == "\x17\x72\x45\x38\x50\x90"sv);
}

// A frame, or frames to be skipped (pzstd begins with one) that end in a frame, as far as the head
// shows it.
bool IsZstd(std::string_view head) {
  while (head.size() >= 8 && (ByteAt(head, 0) & 0xf0) == 0x50 &&
         head.substr(1, 3) == "\x2a\x4d\x18"sv) {
    const uint64_t skipped = 8 + LittleEndian(head.substr(4, 4));
    if (skipped + 4 > head.size()) return true;
    head.remove_prefix(skipped);
  }
  return head.starts_with("\x28\xb5\x2f\xfd"sv);
}

// A frame of today, or of the lz4 of 2012 (lz4 -l, initramfs).
bool IsLz4(std::string_view head) {
  return head.starts_with("\x04\x22\x4d\x18"sv) || head.starts_with("\x02\x21\x4c\x18"sv);
}

// No magic: the parameters that `xz --format=lzma` writes, a dictionary of 2^n or 2^n + 2^(n-1)
// bytes, a size that is unknown or below 1 TB, and a first byte of the range coder, always 0.
bool IsLzma(std::string_view head) {
  if (!head.starts_with("\x5d"sv) || head.size() < 14) return false;
  const uint64_t dictionary = LittleEndian(head.substr(1, 4));
  const uint64_t size = LittleEndian(head.substr(5, 8));
  bool sane = false;
  for (int bit = 12; bit < 32; ++bit) {
    const uint64_t power = uint64_t{1} << bit;
    sane |= dictionary == power || dictionary == power + power / 2;
  }
  return sane && (size == UINT64_MAX || size < (uint64_t{1} << 40)) && head[13] == 0;
}

// The digits of an octal field between its blanks and NULs; nullopt for anything else.
std::optional<int64_t> Octal(std::string_view field) {
  const size_t begin = field.find_first_not_of(' ');
  if (begin == field.npos) return std::nullopt;
  int64_t value = 0;
  size_t end = begin;
  for (; end < field.size() && field[end] >= '0' && field[end] <= '7'; ++end)
    value = value * 8 + (field[end] - '0');
  if (end == begin || field.find_first_not_of("\0 "sv, end) != field.npos) return std::nullopt;
  return value;
}

// POSIX and GNU tar by their magic, which holds a NUL or lies before one. The tar of 1979 has none:
// by its checksum, the sum of all bytes with blanks in place of itself, in old tars of signed ones.
bool IsTar(std::string_view head) {
  constexpr size_t kHeaderBytes = 512;
  constexpr size_t kChecksumAt = 148;
  constexpr size_t kChecksumBytes = 8;
  if (head.size() < kHeaderBytes) return false;
  const std::string_view magic = head.substr(257, 8);
  if (magic.starts_with("ustar\0"sv) || magic == "ustar  \0"sv) return true;
  if (head.find('\0') == head.npos) return false;
  const std::optional<int64_t> checksum = Octal(head.substr(kChecksumAt, kChecksumBytes));
  int64_t sum = 0, signed_sum = 0;
  for (size_t i = 0; i < kHeaderBytes; ++i) {
    const bool own = i >= kChecksumAt && i < kChecksumAt + kChecksumBytes;
    const uint8_t byte = own ? ' ' : ByteAt(head, i);
    sum += byte;
    signed_sum += static_cast<int8_t>(byte);
  }
  return checksum == sum || checksum == signed_sum;
}

bool IsXz(std::string_view head) { return head.starts_with("\xfd\x37\x7a\x58\x5a\0"sv); }

// Its first member, or the end of one without members.
bool IsZip(std::string_view head) {
  return head.starts_with("PK\x03\x04"sv) || head.starts_with("PK\x05\x06"sv);
}

struct Look {
  Method method;
  std::string_view name;
  bool (*is)(std::string_view head);
  std::string_view cat;
  std::string_view unpack;
};
constexpr std::array kLooks = {
    Look{Method::kGzip, "gzip", IsGzip, "zcat FILE", "tar xzf FILE"},
    Look{Method::kBzip2, "bzip2", IsBzip2, "bzcat FILE", "tar xjf FILE"},
    Look{Method::kXz, "xz", IsXz, "xzcat FILE", "tar xJf FILE"},
    Look{Method::kLzma, "lzma", IsLzma, "lzcat FILE", "tar --lzma -xf FILE"},
    Look{Method::kZstd, "zstd", IsZstd, "zstdcat FILE", "tar --zstd -xf FILE"},
    Look{Method::kLz4, "lz4", IsLz4, "lz4cat FILE", "tar -I lz4 -xf FILE"},
    Look{Method::kCompress, "compress", IsCompress, "zcat FILE", "tar xZf FILE"},
    Look{Method::kZip, "zip", IsZip, "unzip -p FILE", "unzip FILE"},
    Look{Method::kTar, "tar", IsTar, "tar xOf FILE", "tar xf FILE"},
};

const Look* LookOf(Method method) {
  const auto* found = std::ranges::find(kLooks, method, &Look::method);
  return found == kLooks.end() ? nullptr : found;
}

}  // namespace

Method MethodOf(std::string_view head) {
  const auto* found = std::ranges::find_if(kLooks, [&](const Look& look) { return look.is(head); });
  return found == kLooks.end() ? Method::kNone : found->method;
}

Packing SniffPacking(std::string_view head) {
  switch (MethodOf(head)) {
    case Method::kNone:
      return Packing::kNone;
    case Method::kTar:
    case Method::kZip:
      return Packing::kArchive;
    default:
      return Packing::kCompressed;
  }
}

std::string_view MethodName(Method method) {
  const Look* look = LookOf(method);
  return look == nullptr ? "archive" : look->name;
}

std::string CatCommand(Method method) {
  const Look* look = LookOf(method);
  return std::string(look == nullptr ? "cat FILE" : look->cat);
}

std::string UnpackCommand(Method method) {
  const Look* look = LookOf(method);
  return std::string(look == nullptr ? "tar xf FILE" : look->unpack);
}

}  // namespace tcpsnap::capture
