// Crypto-PAn against its published vectors; addresses mapped one to one, with their meaning kept.
#include "report/address_map.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "procnet/address.h"
#include "report/crypto_pan.h"
#include "support/catch.h"

namespace tcpsnap::report {
namespace {

using procnet::Address;
using procnet::AddressText;
using Bits = CryptoPan::Bits;
using Pairs = std::vector<std::pair<std::string, std::string>>;

/// Of the sample that comes with the authors' program.
constexpr CryptoPan::Key kSampleKey = {21,  34, 23,  141, 51, 164, 207, 128, 19,  10,  91,
                                       22,  73, 144, 125, 16, 216, 152, 143, 131, 121, 121,
                                       101, 39, 98,  87,  76, 45,  42,  132, 34,  2};

/// Its sample_trace_raw.dat and sample_trace_sanitized.dat, every address once; the last pair is
/// from the packages that port it.
const Pairs kSampleTrace = {
    {"128.11.68.132", "135.242.180.132"},   {"129.118.74.4", "134.136.186.123"},
    {"130.132.252.244", "133.68.164.234"},  {"141.223.7.43", "141.167.8.160"},
    {"141.233.145.108", "141.129.237.235"}, {"152.163.225.39", "151.140.114.167"},
    {"156.29.3.236", "147.225.12.42"},      {"165.247.96.84", "162.9.99.234"},
    {"166.107.77.190", "160.132.178.185"},  {"192.102.249.13", "252.138.62.131"},
    {"192.215.32.125", "252.43.47.189"},    {"192.233.80.103", "252.25.108.8"},
    {"192.41.57.43", "252.222.221.184"},    {"193.150.244.223", "253.169.52.216"},
    {"195.205.63.100", "255.186.223.5"},    {"198.200.171.101", "249.199.68.213"},
    {"198.26.132.101", "249.36.123.202"},   {"198.36.213.5", "249.7.21.132"},
    {"198.51.77.238", "249.18.186.254"},    {"199.217.79.101", "248.38.184.213"},
    {"202.49.198.20", "245.206.7.234"},     {"203.12.160.252", "244.248.163.4"},
    {"204.184.162.189", "243.192.77.90"},   {"204.202.136.230", "243.178.4.198"},
    {"204.29.20.4", "243.33.20.123"},       {"205.178.38.67", "242.108.198.51"},
    {"205.188.147.153", "242.96.16.101"},   {"205.188.248.25", "242.96.88.27"},
    {"205.245.121.43", "242.21.121.163"},   {"207.105.49.5", "241.118.205.138"},
    {"207.135.65.238", "241.202.129.222"},  {"207.155.9.214", "241.220.250.22"},
    {"207.188.7.45", "241.255.249.220"},    {"207.25.71.27", "241.33.119.156"},
    {"207.33.151.131", "241.1.233.131"},    {"208.147.89.59", "227.237.98.191"},
    {"208.234.120.210", "227.154.67.17"},   {"208.28.185.184", "227.39.94.90"},
    {"208.52.56.122", "227.8.63.165"},      {"209.12.231.7", "226.243.167.8"},
    {"209.238.72.3", "226.6.119.243"},      {"209.246.74.109", "226.22.124.76"},
    {"209.68.60.238", "226.184.220.233"},   {"209.85.249.6", "226.170.70.6"},
    {"212.120.124.31", "228.135.163.231"},  {"212.146.8.236", "228.19.4.234"},
    {"212.186.227.154", "228.59.98.98"},    {"212.204.172.118", "228.71.195.169"},
    {"212.206.130.201", "228.69.242.193"},  {"216.148.237.145", "235.84.194.111"},
    {"216.157.30.252", "235.89.31.26"},     {"216.184.159.48", "235.96.225.78"},
    {"216.227.10.221", "235.28.253.36"},    {"216.254.18.172", "235.7.16.162"},
    {"216.32.132.250", "235.192.139.38"},   {"216.35.217.178", "235.195.157.81"},
    {"24.0.250.221", "100.15.198.226"},     {"24.13.62.231", "100.2.192.247"},
    {"24.14.213.138", "100.1.42.141"},      {"24.5.0.80", "100.9.15.210"},
    {"24.7.198.88", "100.10.6.25"},         {"24.94.26.44", "100.88.228.35"},
    {"38.15.67.68", "64.3.66.187"},         {"4.3.88.225", "124.60.155.63"},
    {"63.14.55.111", "95.9.215.7"},         {"63.195.241.44", "95.179.238.44"},
    {"63.97.7.140", "95.97.9.123"},         {"64.14.118.196", "0.255.183.58"},
    {"64.34.154.117", "0.221.154.117"},     {"64.39.15.238", "0.219.7.41"},
    {"10.185.25.118", "117.161.29.118"}};

/// Of the extension to IPv6, as the packages for Go, Rust and Node.js have it in their tests.
const Pairs kV6Vectors = {{"::1", "78ff:f001:9fc0:20df:8380:b1f1:704:ed"},
                          {"::2", "78ff:f001:9fc0:20df:8380:b1f1:704:ef"},
                          {"::ffff", "78ff:f001:9fc0:20df:8380:b1f1:704:f838"},
                          {"2001:db8::1", "4401:2bc:603f:d91d:27f:ff8e:e6f1:dc1e"},
                          {"2001:db8::2", "4401:2bc:603f:d91d:27f:ff8e:e6f1:dc1c"}};

Bits Parse(int family, const std::string& text) {
  Bits bits{};
  REQUIRE(inet_pton(family, text.c_str(), bits.data()) == 1);
  return bits;
}

Address V4(uint32_t number) {
  Address address;
  address.bytes[10] = address.bytes[11] = 0xFF;
  for (size_t i = 0; i < 4; ++i)
    address.bytes[12 + i] = static_cast<uint8_t>(number >> (24 - 8 * i));
  return address;
}

Address Of(const std::string& text) {
  if (text.find(':') != std::string::npos) return {Parse(AF_INET6, text)};
  const Bits bits = Parse(AF_INET, text);
  return V4(uint32_t{bits[0]} << 24 | uint32_t{bits[1]} << 16 | uint32_t{bits[2]} << 8 | bits[3]);
}

/// How many first bits of the 128 two addresses share.
size_t Shared(const Address& a, const Address& b) {
  size_t bits = 0;
  while (bits < 128 && ((a.bytes[bits / 8] ^ b.bytes[bits / 8]) & 0x80 >> bits % 8) == 0) ++bits;
  return bits;
}

constexpr CryptoPan::Walk kV4 = {0, 32, {}};
constexpr CryptoPan::Walk kV6 = {0, 128, {}};

TEST_CASE("Crypto-PAn: the vectors of its sample, and back") {
  const CryptoPan cipher(kSampleKey);
  for (const auto& [original, expected] : kSampleTrace) {
    INFO(original);
    CHECK(cipher.Map(Parse(AF_INET, original), kV4) == Parse(AF_INET, expected));
    CHECK(cipher.Restore(Parse(AF_INET, expected), kV4) == Parse(AF_INET, original));
  }
  for (const auto& [original, expected] : kV6Vectors) {
    INFO(original);
    CHECK(cipher.Map(Parse(AF_INET6, original), kV6) == Parse(AF_INET6, expected));
    CHECK(cipher.Restore(Parse(AF_INET6, expected), kV6) == Parse(AF_INET6, original));
  }
}

TEST_CASE("Crypto-PAn: bits that are kept count as part of the prefix") {
  const CryptoPan cipher(kSampleKey);
  const Bits original = Parse(AF_INET, "128.11.68.132");
  const Bits whole = cipher.Map(original, kV4);
  for (size_t kept = 0; kept <= 32; ++kept) {
    const Bits mapped = cipher.Map(original, {kept, 32, {}});
    for (size_t place = 0; place < 32; ++place) {
      const Bits& expected = place < kept ? original : whole;
      const auto mask = static_cast<uint8_t>(0x80 >> place % 8);
      CHECK((mapped[place / 8] & mask) == (expected[place / 8] & mask));
    }
    CHECK(cipher.Restore(mapped, {kept, 32, {}}) == original);
  }
}

TEST_CASE("Crypto-PAn: a last chance flips a bit where none was, and nothing else changes") {
  std::mt19937 random(5);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same cases each time
  const Bits original = Parse(AF_INET, "192.168.0.1");
  int chances = 0;
  for (int i = 0; i < 5'000; ++i) {
    CryptoPan::Key key;
    for (uint8_t& byte : key) byte = static_cast<uint8_t>(random());
    const CryptoPan cipher(key);
    const Bits plain = cipher.Map(original, {16, 32, {}});
    const Bits mapped = cipher.Map(original, {16, 32, {0, 0, 0, 1}});
    Bits expected = plain;
    if (plain == original) expected[3] = 0;  // 192.168.0.0
    chances += plain == original;
    REQUIRE(mapped == expected);
    REQUIRE(cipher.Restore(mapped, {16, 32, {0, 0, 0, 1}}) == original);
  }
  CHECK(chances > 25);  // (3/4)^16 of 5000: 50
  CHECK(chances < 100);
}

TEST_CASE("address map: what an address means stays") {
  const AddressMap map(kSampleKey);
  for (const char* same : {"0.0.0.0", "0.1.2.3", "127.0.0.1", "127.0.0.53", "127.255.255.255",
                           "255.255.255.255", "::", "::1"}) {
    INFO(same);
    CHECK(AddressText(map.Map(Of(same))) == same);
  }
  const std::vector<std::pair<std::string, size_t>> ranges = {
      {"10.1.2.3", 8},         {"100.64.0.1", 10}, {"100.127.255.1", 10},
      {"169.254.169.254", 16}, {"172.16.0.1", 12}, {"172.31.9.9", 12},
      {"192.168.1.1", 16},     {"224.0.0.251", 4}, {"239.255.255.250", 4}};
  for (const auto& [inside, bits] : ranges) {
    INFO(inside);
    CHECK(Shared(Of(inside), map.Map(Of(inside))) >= 96 + bits);
    CHECK(map.Map(Of(inside)) != Of(inside));
  }
  const std::vector<std::pair<std::string, size_t>> ranges6 = {{"fe80::21a:2bff:fe3c:4d5e", 64},
                                                               {"fe9f::1", 10},
                                                               {"fc00::1", 8},
                                                               {"fd12:3456:789a::1", 8},
                                                               {"ff02::1", 16},
                                                               {"ff05::1:3", 16},
                                                               {"2001:db8::1", 3}};
  for (const auto& [inside, bits] : ranges6) {
    INFO(inside);
    CHECK(Shared(Of(inside), map.Map(Of(inside))) >= bits);
    CHECK(map.Map(Of(inside)) != Of(inside));
  }
  // A mapped address is its v4 address.
  CHECK(map.Map(Of("::ffff:192.0.2.1")) == map.Map(Of("192.0.2.1")));
}

/// What the map may not change: the range of special meaning that an address is in.
int MeaningOf(uint32_t v4) {
  const std::vector<std::pair<uint32_t, int>> ranges = {
      {0x00000000, 8},  {0x0A000000, 8},  {0x64400000, 10}, {0x7F000000, 8}, {0xA9FE0000, 16},
      {0xAC100000, 12}, {0xC0A80000, 16}, {0xE0000000, 4},  {0xFFFFFFFF, 32}};
  for (size_t i = 0; i < ranges.size(); ++i) {
    if ((v4 ^ ranges[i].first) >> (32 - ranges[i].second) == 0) return static_cast<int>(i);
  }
  return -1;
}

TEST_CASE("address map: one to one over all first halves, and within a half of each kind") {
  const AddressMap map(kSampleKey);
  // That prefixes are kept makes the two levels enough; the case below shows that they are.
  std::vector<bool> taken(1 << 16);
  for (uint32_t half = 0; half < 1 << 16; ++half) {
    const uint32_t original = half << 16 | 0x1234;
    const uint32_t mapped = map.Map(V4(original)).V4();
    REQUIRE_FALSE(taken[mapped >> 16]);
    taken[mapped >> 16] = true;
    REQUIRE(MeaningOf(mapped) == MeaningOf(original));
    const bool stays = half >> 8 == 0 || half >> 8 == 127;
    REQUIRE((mapped >> 8 == original >> 8) == stays);
    REQUIRE(map.Restore(V4(mapped)).V4() == original);
  }
  for (const uint32_t half : {0x0000U, 0x0001U, 0x0100U, 0x0A63U, 0x7F00U, 0xA9FEU, 0xC0A8U,
                              0xC000U, 0xDFFFU, 0xE000U, 0xFFFFU}) {
    taken.assign(1 << 16, false);
    const uint32_t top = map.Map(V4(half << 16)).V4() >> 16;
    for (uint32_t low = 0; low < 1 << 16; ++low) {
      const uint32_t mapped = map.Map(V4(half << 16 | low)).V4();
      REQUIRE(mapped >> 16 == top);
      REQUIRE_FALSE(taken[mapped & 0xFFFF]);
      taken[mapped & 0xFFFF] = true;
      const bool stays = half >> 8 == 0 || half >> 8 == 127 || (half << 16 | low) >= 0xFFFFFFFE;
      REQUIRE((mapped == (half << 16 | low)) == stays);
    }
  }
}

TEST_CASE("address map: shared prefixes are kept, in both families, and the way back is exact") {
  std::mt19937 random(20261125);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same cases each time
  const std::vector<std::string> seeds = {
      "0.0.0.1",    "9.255.0.1",   "10.0.0.1",       "100.63.0.1",  "128.0.0.1",
      "172.32.0.1", "192.168.1.1", "223.1.1.1",      "254.1.1.1",   "::2",
      "::ffff:0:1", "::fffe:1:1",  "64:ff9b::a00:1", "2001:db8::1", "fbff::1",
      "fe00::1",    "fe80::1",     "fe80:1::1",      "fec0::1",     "ff02::1"};
  for (int round = 0; round < 5; ++round) {
    CryptoPan::Key key;
    for (uint8_t& byte : key) byte = static_cast<uint8_t>(random());
    const AddressMap map(key);
    for (int i = 0; i < 2'000; ++i) {
      const Address a = Of(seeds[static_cast<size_t>(i) % seeds.size()]);
      const size_t first = a.IsV4() ? 96 : 0;
      Address b = a;
      // From one place on all is different from `a` or left to chance.
      const size_t place = first + random() % (128 - first);
      for (size_t bit = place; bit < 128; ++bit) {
        if (bit == place || random() % 2 == 0) {
          b.bytes[bit / 8] = static_cast<uint8_t>(b.bytes[bit / 8] ^ 0x80 >> bit % 8);
        }
      }
      const Address mapped = map.Map(b);
      INFO(AddressText(a) << " " << AddressText(b));
      // ::ffff:0:0/96 is a family of its own.
      if (a.IsV4() == b.IsV4()) REQUIRE(Shared(map.Map(a), mapped) == Shared(a, b));
      REQUIRE(map.Restore(mapped) == b);
      REQUIRE(mapped.IsV4() == b.IsV4());
      const bool stays = b.IsV4() ? b.V4() >> 24 == 0 || b.V4() >> 24 == 127 || b.V4() >= 0xFFFFFFFE
                                  : Shared(b, Of("::")) >= 127;
      REQUIRE((mapped == b) == stays);
    }
  }
}

TEST_CASE("address map: a network stays one, and no two prefixes become one") {
  const AddressMap map(kSampleKey);
  const auto text = [&](const std::string& address, size_t bits) {
    return AddressText(map.MapPrefix(Of(address), bits));
  };
  CHECK(text("0.0.0.0", 0) == "0.0.0.0");
  CHECK(text("10.0.0.0", 8) == "10.0.0.0");
  CHECK(text("fe80::", 64) == "fe80::");
  CHECK(text("192.0.2.1", 32) == AddressText(map.Map(Of("192.0.2.1"))));
  for (size_t bits = 0; bits <= 32; ++bits) {
    const uint32_t mask = bits == 0 ? 0 : ~uint32_t{0} << (32 - bits);
    const uint32_t original = Of("198.51.77.238").V4() & mask;
    const uint32_t mapped = map.MapPrefix(V4(original), bits).V4();
    CHECK((mapped & ~mask) == 0);
    CHECK(mapped == (map.Map(Of("198.51.77.238")).V4() & mask));
    CHECK(map.RestorePrefix(V4(mapped), bits) == V4(original));
  }
  // All addresses of a /24, written with it.
  std::set<uint32_t> images;
  for (uint32_t low = 0; low < 256; ++low) {
    const Address original = V4(Of("198.51.77.0").V4() | low);
    const Address mapped = map.MapPrefix(original, 24);
    CHECK(images.insert(mapped.V4()).second);
    CHECK(map.RestorePrefix(mapped, 24) == original);
  }
  const Address six = Of("2001:db8:1:2::");
  CHECK(map.RestorePrefix(map.MapPrefix(six, 64), 64) == six);
  CHECK(
      AddressText(map.MapPrefix(six, 64)).substr(AddressText(map.MapPrefix(six, 64)).size() - 2) ==
      "::");
}

}  // namespace
}  // namespace tcpsnap::report
