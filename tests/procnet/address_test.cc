#include "procnet/address.h"

#include <arpa/inet.h>

#include <cstdio>
#include <cstring>
#include <string>

#include "support/catch.h"
#include "support/row_text.h"

namespace tcpsnap::procnet {
namespace {

using testing::Below;
using testing::Random;

Address FromText(const char* text) {
  Address address;
  REQUIRE(inet_pton(AF_INET6, text, address.bytes.data()) == 1);
  return address;
}

/// The words that a machine of this order prints for an address.
void Print(const Address& address, ByteOrder order, uint32_t words[4]) {
  for (size_t i = 0; i < 4; ++i) {
    const uint8_t* const b = address.bytes.data() + 4 * i;
    words[i] = order == ByteOrder::kBig
                   ? uint32_t{b[0]} << 24 | uint32_t{b[1]} << 16 | uint32_t{b[2]} << 8 | b[3]
                   : uint32_t{b[3]} << 24 | uint32_t{b[2]} << 16 | uint32_t{b[1]} << 8 | b[0];
  }
}

TEST_CASE("addresses as the kernel prints them") {
  const uint32_t little[4] = {0x0100007F}, big[4] = {0x7F000001};
  CHECK(AddressText(DecodeAddress(little, Family::kTcp, ByteOrder::kLittle)) == "127.0.0.1");
  CHECK(AddressText(DecodeAddress(big, Family::kTcp, ByteOrder::kBig)) == "127.0.0.1");
  CHECK(DecodeAddress(little, Family::kTcp, ByteOrder::kLittle).V4() == 0x7F000001);
  const uint32_t one_little[4] = {0, 0, 0, 0x01000000}, one_big[4] = {0, 0, 0, 1};
  CHECK(AddressText(DecodeAddress(one_little, Family::kTcp6, ByteOrder::kLittle)) == "::1");
  CHECK(AddressText(DecodeAddress(one_big, Family::kTcp6, ByteOrder::kBig)) == "::1");
  const uint32_t mapped_little[4] = {0, 0, 0xFFFF0000, 0x0501A8C0};
  const uint32_t mapped_big[4] = {0, 0, 0x0000FFFF, 0xC0A80105};
  CHECK(AddressText(DecodeAddress(mapped_little, Family::kTcp6, ByteOrder::kLittle)) ==
        "192.168.1.5");
  CHECK(AddressText(DecodeAddress(mapped_big, Family::kTcp6, ByteOrder::kBig)) == "192.168.1.5");
  CHECK(DecodeAddress(mapped_big, Family::kTcp6, ByteOrder::kBig).IsV4());
  const uint32_t link_local[4] = {0x000080FE, 0, 0, 0x01000000};
  CHECK(AddressText(DecodeAddress(link_local, Family::kTcp6, ByteOrder::kLittle)) == "fe80::1");
}

TEST_CASE("a v4-mapped address equals the v4 one") {
  const uint32_t v4[4] = {0x0501A8C0}, mapped[4] = {0, 0, 0xFFFF0000, 0x0501A8C0};
  CHECK(DecodeAddress(v4, Family::kTcp, ByteOrder::kLittle) ==
        DecodeAddress(mapped, Family::kTcp6, ByteOrder::kLittle));
}

TEST_CASE("unspecified addresses") {
  const uint32_t zero[4] = {}, mapped[4] = {0, 0, 0xFFFF0000, 0}, one[4] = {0, 0, 0, 0x01000000};
  CHECK(DecodeAddress(zero, Family::kTcp, ByteOrder::kLittle).IsUnspecified());
  CHECK(DecodeAddress(zero, Family::kTcp6, ByteOrder::kLittle).IsUnspecified());
  CHECK(DecodeAddress(mapped, Family::kTcp6, ByteOrder::kLittle).IsUnspecified());
  CHECK_FALSE(DecodeAddress(one, Family::kTcp6, ByteOrder::kLittle).IsUnspecified());
  CHECK(AddressText(DecodeAddress(zero, Family::kTcp, ByteOrder::kLittle)) == "0.0.0.0");
  CHECK(AddressText(DecodeAddress(zero, Family::kTcp6, ByteOrder::kLittle)) == "::");
}

TEST_CASE("the examples of RFC 5952") {
  const struct {
    const char* written;
    const char* recommended;
  } kExamples[] = {
      {"2001:0db8::0001", "2001:db8::1"},                                                 // 4.1
      {"2001:db8:0:0:0:0:2:1", "2001:db8::2:1"},                                          // 4.2.1
      {"2001:db8::0:1", "2001:db8::1"},                                                   // 4.2.1
      {"2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},                                    // 4.2.2
      {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},                                            // 4.2.3
      {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},                                      // 4.2.3
      {"2001:DB8::AAAA", "2001:db8::aaaa"},                                               // 4.3
      {"2001:db8:aaaa:bbbb:cccc:dddd:eeee:0001", "2001:db8:aaaa:bbbb:cccc:dddd:eeee:1"},  // 2.1
      {"0:0:0:0:0:0:0:0", "::"},
      {"1:0:0:0:0:0:0:0", "1::"},
      {"1:2:3:4:5:6:7:0", "1:2:3:4:5:6:7:0"},
      {"0:2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
  };
  for (const auto& example : kExamples) {
    CAPTURE(example.written);
    CHECK(AddressText(FromText(example.written)) == example.recommended);
  }
}

TEST_CASE("random addresses are written as inet_ntop writes them") {
  Random random(20261122);
  for (int i = 0; i < 100'000; ++i) {
    Address address;
    for (size_t group = 0; group < 8; ++group) {
      if (Below(random, 2) == 0) continue;
      address.bytes[2 * group] = Below(random, 2) == 0 ? 0 : static_cast<uint8_t>(random());
      address.bytes[2 * group + 1] = static_cast<uint8_t>(random());
    }
    if (Below(random, 8) == 0) {
      std::memset(address.bytes.data(), 0, 10);
      address.bytes[10] = address.bytes[11] = 0xFF;
    }
    char text[INET6_ADDRSTRLEN];
    if (address.IsV4()) {
      REQUIRE(inet_ntop(AF_INET, address.bytes.data() + 12, text, sizeof text) != nullptr);
    } else {
      REQUIRE(inet_ntop(AF_INET6, address.bytes.data(), text, sizeof text) != nullptr);
      // It writes the deprecated v4-compatible addresses with dots; RFC 5952 asks for dots only
      // where a prefix that is known says so.
      if (std::strchr(text, '.') != nullptr) continue;
    }
    if (AddressText(address) != text) FAIL(AddressText(address) << " is written " << text);
  }
}

TEST_CASE("decoding takes back what either machine prints") {
  Random random(20261122);
  for (int i = 0; i < 10'000; ++i) {
    Address address;
    for (uint8_t& byte : address.bytes) byte = static_cast<uint8_t>(random());
    for (const ByteOrder order : {ByteOrder::kLittle, ByteOrder::kBig}) {
      uint32_t words[4];
      Print(address, order, words);
      if (DecodeAddress(words, Family::kTcp6, order) != address) FAIL(AddressText(address));
    }
  }
}

}  // namespace
}  // namespace tcpsnap::procnet
