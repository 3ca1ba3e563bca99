#include <cstring>
#include <initializer_list>

#include "procnet/address.h"
#include "support/catch.h"

namespace tcpsnap::procnet {
namespace {

constexpr uint32_t Swap(uint32_t word) {
  return word >> 24 | (word >> 8 & 0xFF00) | (word << 8 & 0xFF0000) | word << 24;
}

constexpr uint32_t V4(uint32_t a, uint32_t b, uint32_t c, uint32_t d) {
  return a << 24 | b << 16 | c << 8 | d;
}

/// Collects the addresses of a host as a machine of one order prints them.
class Host {
 public:
  explicit Host(ByteOrder order) : order_(order) {}

  Host& Socket4(uint32_t own, uint32_t peer) {
    SocketRecord record;
    std::memset(&record, 0, sizeof record);
    record.family = Family::kTcp;
    record.local_words[0] = Printed(own);
    record.remote_words[0] = Printed(peer);
    vote_.Add(record);
    return *this;
  }
  Host& Socket6(std::initializer_list<uint32_t> own, std::initializer_list<uint32_t> peer) {
    SocketRecord record;
    std::memset(&record, 0, sizeof record);
    record.family = Family::kTcp6;
    for (size_t i = 0; i < 4; ++i) {
      record.local_words[i] = Printed(own.begin()[i]);
      record.remote_words[i] = Printed(peer.begin()[i]);
    }
    vote_.Add(record);
    return *this;
  }
  /// True when the vote finds the order of the machine.
  bool IsTold() const { return vote_.decided() && vote_.order() == order_; }
  bool IsMistaken() const { return vote_.decided() && vote_.order() != order_; }
  const ByteOrderVote& vote() const { return vote_; }

 private:
  uint32_t Printed(uint32_t network) const {
    return order_ == ByteOrder::kLittle ? Swap(network) : network;
  }

  ByteOrder order_;
  ByteOrderVote vote_;
};

const std::initializer_list<uint32_t> kAny6 = {0, 0, 0, 0};

TEST_CASE("one telling address is enough, in either order") {
  for (const ByteOrder order : {ByteOrder::kLittle, ByteOrder::kBig}) {
    CAPTURE(order == ByteOrder::kLittle);
    CHECK(Host(order).Socket4(V4(127, 0, 0, 1), 0).IsTold());
    CHECK(Host(order).Socket4(V4(127, 0, 0, 53), 0).IsTold());
    CHECK(Host(order).Socket4(V4(192, 168, 7, 5), 0).IsTold());
    CHECK(Host(order).Socket4(V4(172, 16, 7, 5), 0).IsTold());
    CHECK(Host(order).Socket4(V4(169, 254, 7, 5), 0).IsTold());
    CHECK(Host(order).Socket4(V4(10, 0, 0, 5), V4(10, 0, 0, 6)).IsTold());
    CHECK(Host(order).Socket6({0, 0, 0, 1}, kAny6).IsTold());
    CHECK(Host(order).Socket6({0, 0, 0xFFFF, V4(8, 8, 8, 1)}, kAny6).IsTold());
    CHECK(Host(order).Socket6({0xFE800000, 0, 0x12345678, 1}, kAny6).IsTold());
    CHECK(Host(order).Socket6({0x20010DB8, 0, 0, 1}, kAny6).IsTold());
    CHECK(Host(order).Socket6({0xFD990000, 0, 0, 1}, kAny6).IsTold());
  }
}

TEST_CASE("what can't be told") {
  const Host zeros = Host(ByteOrder::kBig).Socket4(0, 0).Socket6(kAny6, kAny6);
  CHECK_FALSE(zeros.vote().decided());
  CHECK_FALSE(zeros.vote().matters());
  CHECK(zeros.vote().order() == ByteOrder::kLittle);
  // Some address, but one that is as likely in either order.
  const Host palindrome = Host(ByteOrder::kBig).Socket4(V4(8, 1, 1, 8), V4(9, 2, 2, 9));
  CHECK_FALSE(palindrome.vote().decided());
  CHECK(palindrome.vote().matters());
}

TEST_CASE("peers whose last byte looks like a network do not mislead") {
  SECTION("10.0.0.127 read the other way is 127.0.0.10") {
    Host host(ByteOrder::kLittle);
    for (uint32_t i = 0; i < 1000; ++i) host.Socket4(V4(10, 0, 0, 5), V4(10, 0, 0, 127));
    CHECK(host.IsTold());
    // On a host of its own that address says nothing.
    CHECK_FALSE(Host(ByteOrder::kLittle).Socket4(V4(10, 0, 0, 127), 0).IsMistaken());
    CHECK_FALSE(Host(ByteOrder::kBig).Socket4(V4(127, 0, 0, 10), 0).IsMistaken());
  }
  SECTION("a public peer that reads as loopback") {
    CHECK(Host(ByteOrder::kLittle).Socket4(V4(192, 168, 1, 5), V4(52, 0, 0, 127)).IsTold());
    CHECK(Host(ByteOrder::kLittle).Socket4(V4(10, 0, 0, 5), V4(52, 0, 0, 127)).IsTold());
    CHECK(Host(ByteOrder::kBig).Socket4(V4(192, 168, 1, 5), V4(52, 0, 0, 127)).IsTold());
    for (const ByteOrder order : {ByteOrder::kLittle, ByteOrder::kBig}) {
      CHECK_FALSE(Host(order).Socket4(V4(93, 184, 216, 34), V4(52, 0, 0, 127)).IsMistaken());
    }
  }
  SECTION("public peers that end in .10, as chance makes them") {
    Host host(ByteOrder::kLittle);
    for (uint32_t i = 0; i < 256; ++i) host.Socket4(V4(93, 184, 216, 34), V4(52, 17, 99, i));
    CHECK_FALSE(host.IsMistaken());
    host.Socket4(V4(10, 0, 0, 5), V4(52, 17, 99, 10));
    CHECK(host.IsTold());
  }
  SECTION("public peers that end in .168.192") {
    Host host(ByteOrder::kLittle);
    for (uint32_t i = 0; i < 100; ++i) host.Socket4(V4(10, 1, 2, 3), V4(52, i, 3, 4));
    host.Socket4(V4(10, 1, 2, 3), V4(5, 9, 168, 192));
    CHECK(host.IsTold());
  }
  SECTION("loopback settles whatever the peers look like") {
    for (const ByteOrder order : {ByteOrder::kLittle, ByteOrder::kBig}) {
      Host host(order);
      host.Socket4(V4(127, 0, 0, 1), 0);
      for (uint32_t i = 0; i < 1000; ++i) {
        host.Socket4(V4(93, 184, 216, 34), V4(52, i % 256, i / 256, 10));
      }
      CHECK(host.IsTold());
    }
  }
}

TEST_CASE("votes of several dumps add up") {
  ByteOrderVote sum = Host(ByteOrder::kBig).Socket4(0, 0).vote();
  CHECK_FALSE(sum.matters());
  sum.Add(Host(ByteOrder::kBig).Socket4(V4(127, 0, 0, 1), 0).vote());
  CHECK(sum.matters());
  CHECK(sum.decided());
  CHECK(sum.order() == ByteOrder::kBig);
}

}  // namespace
}  // namespace tcpsnap::procnet
