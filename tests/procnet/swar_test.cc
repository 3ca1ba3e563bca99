#include "procnet/swar.h"

#include <algorithm>
#include <string>

#include "procnet/token.h"
#include "support/catch.h"
#include "support/row_text.h"

namespace tcpsnap::procnet {
namespace {

using testing::Below;
using testing::Random;

bool HexAgrees(const std::string& text) {
  uint64_t upper_errors = 0, lower_errors = 0, expected = 0;
  const uint64_t word = swar::Load(text.data());
  const uint64_t upper = swar::ParseHex8<swar::Letters::kUpper>(word, upper_errors);
  const uint64_t lower = swar::ParseHex8<swar::Letters::kLower>(word, lower_errors);
  swar::Pair pair_errors{};
  const swar::Pair pair =
      swar::ParseHex8<swar::Letters::kUpper>(swar::Pair{swar::Load("0000002A"), word}, pair_errors);
  if (pair[0] != 0x2A || pair[1] != upper || pair_errors[0] != 0) return false;
  if ((pair_errors[1] == 0) != (upper_errors == 0)) return false;
  const bool is_hex = ParseHex(text, expected);
  const bool is_upper = is_hex && text.find_first_of("abcdef") == text.npos;
  const bool is_lower = is_hex && text.find_first_of("ABCDEF") == text.npos;
  return (upper_errors == 0) == is_upper && (!is_upper || upper == expected) &&
         (lower_errors == 0) == is_lower && (!is_lower || lower == expected);
}

bool DigitsAgree(const std::string& text) {
  const uint64_t word = swar::Load(text.data());
  int digits = 0;
  while (digits < 8 && IsDigit(text[static_cast<size_t>(digits)])) ++digits;
  const int span = swar::SpanOfDigits(word);
  // The span is that of the digits where a blank, a line end or a minus sign ends them.
  if (span < digits) return false;
  const auto ends = [](char c) { return c == ' ' || c == '\n' || c == '-'; };
  if ((digits == 8 || ends(text[static_cast<size_t>(digits)])) && span != digits) return false;
  for (int count = 1; count <= 8; ++count) {
    uint64_t errors = 0;
    const uint32_t value = swar::ParseDigits(word, count, errors);
    if ((errors == 0) != (count <= digits)) return false;
    uint32_t number = 0;
    if (count > digits) continue;
    if (!ParseDecimal(std::string_view(text).substr(0, static_cast<size_t>(count)), number) ||
        value != number) {
      return false;
    }
  }
  return true;
}

bool AlignedAgrees(const std::string& text) {
  const std::string first = text.substr(0, 4);
  uint64_t errors = 0;
  const uint32_t value =
      swar::ParseAligned4(static_cast<uint32_t>(swar::Load(text.data())), errors);
  const size_t blanks = std::min(first.find_first_not_of(' '), first.size());
  uint32_t number = 0;
  const bool is_number = ParseDecimal(std::string_view(first).substr(blanks), number);
  return (errors == 0) == is_number && (!is_number || value == number);
}

/// Compares the eight characters with the simple versions of token.h.
bool Agrees(const std::string& text) {
  return HexAgrees(text) && DigitsAgree(text) && AlignedAgrees(text);
}

TEST_CASE("every byte at every place among hex digits") {
  for (const std::string around :
       {"00000000", "FFFFFFFF", "aBcDeF09", "99999999", "@@@@@@@@", "   12345",
        "  90  "
        "1 "}) {
    for (size_t at = 0; at < 8; ++at) {
      for (int byte = 0; byte < 256; ++byte) {
        std::string text = around;
        text[at] = static_cast<char>(byte);
        CAPTURE(around, at, byte);
        if (!Agrees(text)) FAIL("differs");
      }
    }
  }
}

TEST_CASE("random characters") {
  Random random(20261122);
  constexpr std::string_view kLikely = "0123456789ABCDEFabcdef:/@G`g -  ";
  for (int i = 0; i < 300'000; ++i) {
    std::string text(8, '0');
    const size_t digits_only = Below(random, 3);
    for (char& c : text) {
      c = digits_only == 0   ? static_cast<char>('0' + Below(random, 10))
          : digits_only == 1 ? kLikely[Below(random, kLikely.size())]
                             : static_cast<char>(random());
    }
    if (!Agrees(text)) FAIL(text);
  }
}

}  // namespace
}  // namespace tcpsnap::procnet
