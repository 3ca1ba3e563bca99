// Countdowns of TIME_WAIT sockets against the interval that was given.
#include "capture/countdown.h"

#include <array>
#include <string>
#include <vector>

#include "support/captures.h"
#include "support/catch.h"

namespace tcpsnap::capture {
namespace {

using procnet::Family;
using procnet::Records;
using procnet::SocketRecord;

SocketRecord Waiting(uint16_t port, uint64_t ticks, uint64_t pointer = 0x1000) {
  SocketRecord record{};
  record.local_words[0] = 0x0100007F;
  record.remote_words[0] = 0x0200007F;
  record.local_port = 5432;
  record.remote_port = port;
  record.state = procnet::State::kTimeWait;
  record.timer = procnet::Timer::kTimewait;
  record.family = Family::kTcp;
  record.shape = procnet::RowShape::kMini;
  record.timer_ticks = ticks;
  record.pointer = pointer;
  return record;
}

/// `count` sockets with `ticks` to go.
Records Dump(int count, uint64_t ticks, int first_port = 40000) {
  Records records;
  for (int i = 0; i < count; ++i) {
    records.push_back(Waiting(static_cast<uint16_t>(first_port + i), ticks));
  }
  return records;
}

CountdownCheck Check(int64_t interval_ms, const std::vector<Records>& dumps, int64_t hertz = 100) {
  CountdownCheck check(interval_ms, hertz);
  for (const Records& dump : dumps) check.Add(dump, Family::kTcp);
  return check;
}

TEST_CASE("the recorded series is a second apart") {
  // 12 reads of tcp and tcp6 by a loop with `sleep 1`. By an independent count over its text, 129
  // countdowns are in two neighbouring dumps, and fall by 101 to 103 ticks, in the middle by 102;
  // every second dump shares 50, which fall by 205.
  const std::string text =
      testing::ReadFile(TCPSNAP_TESTDATA "/lab/lab618-series12-dateIs-tcp+tcp6.txt");
  std::vector<procnet::Dump> dumps;
  for (size_t begin = text.find("  sl"); begin != std::string::npos;) {
    const size_t end = text.find("  sl", begin + 1);
    dumps.push_back(procnet::ParseDump(std::string_view(text).substr(begin, end - begin)));
    begin = end;
  }
  REQUIRE(dumps.size() == 24);
  const auto check = [&dumps](int64_t interval_ms, size_t every) {
    CountdownCheck result(interval_ms, 100);
    for (size_t i = 0; i < dumps.size(); ++i) {
      const Family family = i % 2 == 0 ? Family::kTcp : Family::kTcp6;
      if (i / 2 % every == 0) result.Add(dumps[i].sockets, family);
    }
    return result;
  };
  CHECK(check(1000, 1).verdict().shared == 129);
  CHECK(check(1000, 1).verdict().distance_ms == 1020);
  CHECK(check(1000, 1).verdict().should_stay == 129);
  CHECK(check(1000, 1).verdict().vanished == 0);
  CHECK_FALSE(check(1000, 1).Complaint());
  CHECK(check(2000, 2).verdict().shared == 50);
  CHECK(check(2000, 2).verdict().distance_ms == 2050);
  CHECK_FALSE(check(2000, 2).Complaint());
  CHECK(check(3000, 1).Complaint() ==
        "the TIME_WAIT countdowns say that the dumps are 1.0 s apart, not 3 s (129 sockets): "
        "check --interval");
  CHECK(check(1000, 2).Complaint() ==
        "the TIME_WAIT countdowns say that the dumps are 2.0 s apart, not 1 s (50 sockets): "
        "check --interval");
}

TEST_CASE("a tenth is let pass") {
  CHECK_FALSE(Check(3000, {Dump(3, 6000), Dump(3, 5670)}).Complaint());
  CHECK(Check(3000, {Dump(3, 6000), Dump(3, 5669)}).Complaint());
  CHECK_FALSE(Check(3000, {Dump(3, 6000), Dump(3, 5730)}).Complaint());
  CHECK(Check(3000, {Dump(3, 6000), Dump(3, 5731)}).Complaint());
  // Of short intervals two ticks.
  CHECK_FALSE(Check(50, {Dump(3, 6000), Dump(3, 5993)}).Complaint());
  CHECK(Check(50, {Dump(3, 6000), Dump(3, 5992)}).Complaint() ==
        "the TIME_WAIT countdowns say that the dumps are 80 ms apart, not 50 ms (3 sockets): "
        "check --interval");
  CHECK(Check(2500, {Dump(3, 6000), Dump(3, 5000)}).Complaint() ==
        "the TIME_WAIT countdowns say that the dumps are 10.0 s apart, not 2.5 s (3 sockets): "
        "check --interval");
  CHECK(Check(1050, {Dump(3, 6000), Dump(3, 5000)}).Complaint().value().find("not 1.05 s") !=
        std::string::npos);
}

TEST_CASE("two sockets are not enough to complain") {
  const CountdownCheck two = Check(3000, {Dump(2, 6000), Dump(2, 5900)});
  CHECK(two.verdict().distance_ms == 1000);
  CHECK(two.verdict().shared == 2);
  CHECK_FALSE(two.Complaint());
  // Over all dumps they may be.
  CHECK(Check(3000, {Dump(2, 6000), Dump(2, 5900), Dump(2, 5800)}).Complaint());
}

TEST_CASE("ticks are those of the machine") {
  CHECK(Check(1000, {Dump(3, 6000), Dump(3, 5900)}, 1000).verdict().distance_ms == 100);
  CHECK(Check(1000, {Dump(3, 6000), Dump(3, 4976)}, 1024).verdict().distance_ms == 1000);
}

TEST_CASE("the median stands against timers that were set anew") {
  Records before, now;
  for (int i = 0; i < 9; ++i) {
    const auto port = static_cast<uint16_t>(40000 + i);
    before.push_back(Waiting(port, 3000));
    // Four were set anew, two of which have less to go again.
    now.push_back(Waiting(port, i < 2 ? 6000 : i < 4 ? 2990 : 2700));
  }
  const CountdownCheck check = Check(3000, {before, now});
  CHECK(check.verdict().shared == 7);
  CHECK(check.verdict().distance_ms == 3000);
  CHECK(check.verdict().vanished == 0);
  CHECK_FALSE(check.Complaint());
}

TEST_CASE("of an even number the median is the lower of the middle two") {
  Records now = Dump(2, 5900);
  for (const SocketRecord& record : Dump(2, 5800, 40002)) now.push_back(record);
  CHECK(Check(1000, {Dump(4, 6000), now}).verdict().distance_ms == 1000);
}

TEST_CASE("a countdown that ran out tells no distance") {
  const CountdownCheck check = Check(3000, {Dump(3, 100), Dump(3, 0)});
  CHECK(check.verdict().shared == 0);
  CHECK_FALSE(check.verdict().distance_ms);
}

TEST_CASE("sockets are known by their endpoints and their pointer") {
  const auto shared = [](const SocketRecord& before, const SocketRecord& now) {
    return Check(1000, {Records{before}, Records{now}}).verdict().shared;
  };
  const SocketRecord before = Waiting(40000, 6000);
  SocketRecord now = Waiting(40000, 5900);
  CHECK(shared(before, now) == 1);
  now.inode = 77;  // no part of it
  CHECK(shared(before, now) == 1);
  CHECK(shared(before, Waiting(40001, 5900)) == 0);
  CHECK(shared(before, Waiting(40000, 5900, 0x2000)) == 0);
  CHECK(shared(Waiting(40000, 6000, 0), Waiting(40000, 5900, 0)) == 1);
  SocketRecord other = now;
  other.local_words[3] = 1;
  CHECK(shared(before, other) == 0);
  other = now;
  other.remote_words[0] ^= 1;
  CHECK(shared(before, other) == 0);
  other = now;
  other.local_port = 80;
  CHECK(shared(before, other) == 0);
  other = now;
  other.timer = procnet::Timer::kKeepalive;
  CHECK(shared(before, other) == 0);
  other = now;
  other.timer_ticks = (uint64_t{1} << 32) + 5900;  // an overflow of old kernels
  CHECK(shared(before, other) == 0);
  CHECK(shared(Waiting(40000, 0xFFFFFFFF), now) == 0);  // no timer falls by that much
}

TEST_CASE("of copies within a dump the last counts") {
  // Were it the first, the countdown would have risen, which shares nothing.
  Records before = Dump(500, 100);
  for (const SocketRecord& record : Dump(500, 6000)) before.push_back(record);
  Records now = Dump(500, 7000);
  for (const SocketRecord& record : Dump(500, 5700)) now.push_back(record);
  const CountdownCheck check = Check(3000, {before, now});
  CHECK(check.verdict().shared == 500);
  CHECK(check.verdict().distance_ms == 3000);
}

TEST_CASE("each family has its own neighbours") {
  CountdownCheck check(1000, 100);
  check.Add(Dump(3, 6000), Family::kTcp);
  check.Add(Dump(3, 3000), Family::kTcp6);
  check.Add(Dump(3, 5900), Family::kTcp);
  check.Add(Dump(3, 2900), Family::kTcp6);
  CHECK(check.verdict().shared == 6);
  CHECK(check.verdict().distance_ms == 1000);
  CHECK(check.verdict().vanished == 0);
}

TEST_CASE("sockets that vanish too soon") {
  const CountdownCheck gone = Check(3000, {Dump(10, 6000), Dump(10, 6000, 50000)});
  CHECK_FALSE(gone.verdict().distance_ms);
  CHECK(gone.verdict().should_stay == 10);
  CHECK(gone.verdict().vanished == 10);
  CHECK(gone.Complaint() ==
        "the dumps are further apart than 3 s, or not of one host: 10 of 10 TIME_WAIT sockets that "
        "had more than twice as long to go are gone in the next dump; check --interval");
  // The empty dump is one, too.
  CHECK(Check(3000, {Dump(5, 6000), Dump(0, 0)}).Complaint());
  CHECK_FALSE(Check(3000, {Dump(4, 6000), Dump(0, 0)}).Complaint());
  // Those that had not much longer to go may have gone: twice 3 s and a second is 700 ticks.
  CHECK(Check(3000, {Dump(5, 700), Dump(0, 0)}).verdict().should_stay == 5);
  CHECK(Check(3000, {Dump(5, 699), Dump(0, 0)}).verdict().should_stay == 0);
  CHECK(Check(int64_t{1} << 62, {Dump(5, 0xFFFFFFFF), Dump(0, 0)}).verdict().should_stay == 0);
  // Nine in ten is not more than 90 percent; the tenth was set anew.
  Records next = Dump(1, 6001);
  CHECK(Check(3000, {Dump(10, 6000), next}).verdict().vanished == 9);
  CHECK_FALSE(Check(3000, {Dump(10, 6000), next}).Complaint());
  CHECK(Check(3000, {Dump(11, 6000), next}).Complaint());
  // A countdown that is shared says more than those that vanished.
  next = Dump(3, 5700);
  CHECK_FALSE(Check(3000, {Dump(100, 6000), next}).Complaint());
}

TEST_CASE("no sockets, no verdict") {
  for (const std::vector<Records>& dumps :
       {std::vector<Records>{}, {Dump(9, 6000)}, {Dump(0, 0), Dump(9, 6000)}}) {
    const CountdownCheck check = Check(3000, dumps);
    CHECK_FALSE(check.verdict().distance_ms);
    CHECK(check.verdict().shared == 0);
    CHECK(check.verdict().should_stay == 0);
    CHECK_FALSE(check.Complaint());
  }
}

}  // namespace
}  // namespace tcpsnap::capture
