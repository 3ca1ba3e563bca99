// What the names of bundles and of machines mean.

#include <algorithm>
#include <array>

#include "capture/bundle.h"
#include "capture/layouts/text.h"
#include "procnet/token.h"

namespace tcpsnap::capture {
namespace {

using procnet::ByteOrder;
using procnet::IsDigit;

// Takes the last part off, if `fits` it.
template <typename Fits>
bool TakeLast(std::string_view& name, std::string_view separators, Fits fits) {
  const size_t separator = name.find_last_of(separators);
  if (separator == name.npos || !fits(name.substr(separator + 1))) return false;
  name = name.substr(0, separator);
  return true;
}

auto DigitsOf(size_t count) {
  return [count](std::string_view part) { return part.size() == count && IsNumber(part); };
}

bool TakeDay(std::string_view& name) {
  std::string_view rest = name;
  if (!TakeLast(rest, "-", DigitsOf(2)) || !TakeLast(rest, "-", DigitsOf(2)) ||
      !TakeLast(rest, "-", DigitsOf(4))) {
    return false;
  }
  name = rest;
  return true;
}

// "web1-2026-11-22-abcdefg" of sos 3.6 and later, "web1-20261122073727-6b26" of earlier ones ->
// "web1".
bool TakeSosTime(std::string_view& name) {
  const auto is_random = [](std::string_view part) {
    return !part.empty() && part.size() <= 8 && std::all_of(part.begin(), part.end(), [](char c) {
      return IsDigit(c) || (c >= 'a' && c <= 'z');
    });
  };
  for (const bool random : {false, true}) {
    std::string_view rest = name;
    if (random && !TakeLast(rest, "-", is_random)) continue;
    if (!TakeDay(rest) && !TakeLast(rest, "-", DigitsOf(14))) continue;
    name = rest;
    return true;
  }
  return false;
}

// The name without what packers and signers add.
std::string_view WithoutExtensions(std::string_view name) {
  static constexpr std::array<std::string_view, 14> kExtensions = {
      ".tar", ".tgz", ".tbz", ".tbz2", ".txz", ".gz",   ".bz2",
      ".xz",  ".zst", ".zip", ".lz4",  ".7z",  ".lzma", ".Z"};
  for (bool again = true; again;) {
    again = false;
    for (const std::string_view extension : kExtensions) {
      if (!name.ends_with(extension)) continue;
      name.remove_suffix(extension.size());
      again = true;
    }
  }
  return name;
}

}  // namespace

bool IsHostName(std::string_view name) {
  constexpr size_t kLongest = 253;  // in DNS; a kernel's nodename has 64
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  return !name.empty() && name.size() <= kLongest && (IsDigit(name[0]) || is_letter(name[0])) &&
         std::all_of(name.begin(), name.end(), [&](char c) {
           return IsDigit(c) || is_letter(c) || c == '-' || c == '.' || c == '_';
         });
}

std::string HostOfBundleName(std::string_view name) {
  name = WithoutExtensions(name);
  bool known = false;
  if (name.starts_with("sosreport-")) {
    name.remove_prefix(10);
    if (name.ends_with("-obfuscated")) name.remove_suffix(11);
    known = TakeSosTime(name);
    // The number of a support case is longer than what counts a host's brothers: web-01.
    TakeLast(name, "-.", [](std::string_view part) { return part.size() >= 6 && IsNumber(part); });
  } else if (name.starts_with("scc_") || name.starts_with("nts_")) {
    name.remove_prefix(4);
    known = TakeLast(name, "_", DigitsOf(4)) && TakeLast(name, "_", DigitsOf(6));
  } else if (name.starts_with("insights-")) {
    name.remove_prefix(9);
    known = TakeLast(name, "-", DigitsOf(14));
  }
  return known && IsHostName(name) ? std::string(name) : std::string();
}

std::optional<ByteOrder> ByteOrderOfMachine(std::string_view machine) {
  static constexpr std::array<std::string_view, 24> kLittle = {
      "x86_64",      "amd64",    "i386",    "i486",  "i586",    "i686",
      "aarch64",     "arm64",    "ppc64le", "ppcle", "riscv32", "riscv64",
      "mipsel",      "mips64el", "alpha",   "ia64",  "sw_64",   "loongarch32",
      "loongarch64", "sh4",      "nios2",   "csky",  "e2k",     "microblazeel"};
  static constexpr std::array<std::string_view, 12> kBig = {
      "s390",   "s390x",    "ppc",  "ppc64", "sparc",    "sparc64",
      "parisc", "parisc64", "m68k", "sh4eb", "openrisc", "aarch64_be"};
  const auto is_in = [machine](const auto& list) {
    return std::find(list.begin(), list.end(), machine) != list.end();
  };
  if (is_in(kLittle)) return ByteOrder::kLittle;
  if (is_in(kBig)) return ByteOrder::kBig;
  // arch/arm/kernel/setup.c prints the order behind the architecture: armv7l, armv5tejb.
  if (machine.starts_with("armv") && machine.ends_with('l')) return ByteOrder::kLittle;
  if (machine.starts_with("armv") && machine.ends_with('b')) return ByteOrder::kBig;
  return std::nullopt;
}

}  // namespace tcpsnap::capture
