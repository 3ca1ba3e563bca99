#include "procnet/swar.h"

#include <string>

#include "procnet/token.h"
#include "support/catch.h"
#include "support/row_text.h"

namespace tcpsnap::procnet {
namespace {

using testing::Below;
using testing::Random;

/// Compares the eight characters with the simple versions of token.h.
bool Agrees(const std::string& text) {
  uint64_t errors = 0, expected = 0;
  const uint32_t value = swar::ParseHex8(swar::Load(text.data()), errors);
  const bool is_hex = ParseHex(text, expected);
  if ((errors == 0) != is_hex || (is_hex && value != expected)) return false;
  int digits = 0;
  while (digits < 8 && IsDigit(text[static_cast<size_t>(digits)])) ++digits;
  if (swar::DigitRun(swar::Load(text.data())) != digits) return false;
  for (int count = 1; count <= digits; ++count) {
    uint32_t number = 0;
    if (!ParseDecimal(std::string_view(text).substr(0, static_cast<size_t>(count)), number))
      return false;
    if (swar::ParseDigits(swar::Load(text.data()), count) != number) return false;
  }
  return true;
}

TEST_CASE("every byte at every place among hex digits") {
  for (const std::string around : {"00000000", "FFFFFFFF", "aBcDeF09", "99999999", "@@@@@@@@"}) {
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
  constexpr std::string_view kLikely = "0123456789ABCDEFabcdef:/@G`g -";
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
