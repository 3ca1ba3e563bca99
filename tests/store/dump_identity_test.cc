// Which of two reads of one dump is the better founded one.
#include "store/dump_identity.h"

#include <array>
#include <string>
#include <string_view>

#include "support/catch.h"

namespace tcpsnap::store {
namespace {

using procnet::ByteOrder;

TEST_CASE("times are trusted by where they stand") {
  constexpr std::array<std::string_view, 6> kOrigins = {"marker",    "prefix", "name",
                                                        "date_file", "mtime",  "given"};
  for (size_t a = 0; a < kOrigins.size(); ++a) {
    for (size_t b = 0; b < kOrigins.size(); ++b) {
      CAPTURE(kOrigins[a], kOrigins[b]);
      CHECK(IsBetterTimeOrigin(kOrigins[a], kOrigins[b]) == (a < b));
    }
  }
}

TEST_CASE("another byte order takes a dump's place where it is founded as well or better") {
  constexpr std::array<std::string_view, 4> kOrigins = {"given", "told", "voted", "assumed"};
  for (size_t a = 0; a < kOrigins.size(); ++a) {
    for (size_t b = 0; b < kOrigins.size(); ++b) {
      CAPTURE(kOrigins[a], kOrigins[b]);
      StoredDump stored;
      stored.byte_order = "little";
      stored.byte_order_origin = kOrigins[b];
      const bool founded = kOrigins[a] != "assumed" && a <= b;
      CHECK(CorrectsByteOrder(stored, ByteOrder::kBig, kOrigins[a]) == founded);
      CHECK_FALSE(CorrectsByteOrder(stored, ByteOrder::kLittle, kOrigins[a]));
    }
  }
}

}  // namespace
}  // namespace tcpsnap::store
