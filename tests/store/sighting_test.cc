#include "store/sighting.h"

#include "support/catch.h"

namespace tcpsnap::store {
namespace {

using procnet::State;

Sighting Seen(State state, OwnerClass owner, int64_t inode = 0, int64_t ends_ms = 0) {
  return {PackKind(state, false, Direction::kOut, owner), inode, ends_ms};
}
Sighting Owned(State state, int64_t inode) { return Seen(state, OwnerClass::kOwned, inode); }
Sighting Orphan(State state) { return Seen(state, OwnerClass::kOrphan); }
Sighting Unaccepted(State state) { return Seen(state, OwnerClass::kUnaccepted); }
Sighting Mini(State state, int64_t ends_ms) {
  return Seen(state, OwnerClass::kTimewait, 0, ends_ms);
}

bool Next(const Sighting& before, const Sighting& now) { return Continues(before, now, false); }
bool AfterAHiddenRow(const Sighting& before, const Sighting& now) {
  return Continues(before, now, true);
}

const Sighting kRequest = Seen(State::kSynRecv, OwnerClass::kSynrecv);

TEST_CASE("sighting: an equal inode is the same socket, another one is not") {
  CHECK(Next(Owned(State::kEstablished, 7), Owned(State::kCloseWait, 7)));
  CHECK(AfterAHiddenRow(Owned(State::kEstablished, 7), Owned(State::kEstablished, 7)));
  CHECK_FALSE(Next(Owned(State::kEstablished, 7), Owned(State::kEstablished, 8)));
  CHECK_FALSE(Next(Owned(State::kListen, 7), Owned(State::kListen, 8)));  // restarted
}

TEST_CASE("sighting: a socket gets its inode when it is accepted, and no other way") {
  CHECK(Next(kRequest, Unaccepted(State::kEstablished)));
  CHECK(Next(kRequest, Owned(State::kEstablished, 7)));
  CHECK(Next(Unaccepted(State::kEstablished), Owned(State::kEstablished, 7)));
  CHECK(Next(Unaccepted(State::kCloseWait), Owned(State::kCloseWait, 7)));
  CHECK_FALSE(Next(Orphan(State::kFinWait1), Owned(State::kFinWait1, 7)));
  CHECK_FALSE(AfterAHiddenRow(Unaccepted(State::kEstablished), Owned(State::kEstablished, 7)));
}

TEST_CASE("sighting: a socket loses its inode when its process closes it, and no other way") {
  CHECK(Next(Owned(State::kEstablished, 7), Orphan(State::kFinWait1)));
  CHECK(Next(Owned(State::kCloseWait, 7), Orphan(State::kLastAck)));
  CHECK(Next(Owned(State::kEstablished, 7), Mini(State::kTimeWait, 60'000)));
  CHECK_FALSE(Next(Owned(State::kEstablished, 7), Unaccepted(State::kEstablished)));
  CHECK_FALSE(Next(Owned(State::kSynSent, 7), kRequest));
  CHECK_FALSE(AfterAHiddenRow(Owned(State::kEstablished, 7), Orphan(State::kFinWait1)));
}

TEST_CASE("sighting: without an inode a state never goes back") {
  CHECK(Next(Orphan(State::kFinWait1), Orphan(State::kFinWait2)));
  CHECK(Next(Orphan(State::kLastAck), Orphan(State::kLastAck)));
  CHECK_FALSE(Next(Orphan(State::kFinWait2), Orphan(State::kFinWait1)));
  CHECK_FALSE(Next(Orphan(State::kLastAck), Unaccepted(State::kEstablished)));
  CHECK_FALSE(Next(Unaccepted(State::kEstablished), kRequest));
  CHECK_FALSE(Next(Unaccepted(State::kEstablished), Seen(State::kListen, OwnerClass::kOrphan)));
}

TEST_CASE("sighting: TIME_WAIT is known by the moment when it ends") {
  CHECK(Next(Mini(State::kTimeWait, 60'000), Mini(State::kTimeWait, 60'010)));
  CHECK(AfterAHiddenRow(Mini(State::kTimeWait, 60'000), Mini(State::kTimeWait, 58'000)));
  CHECK_FALSE(Next(Mini(State::kTimeWait, 60'000), Mini(State::kTimeWait, 62'001)));
  CHECK_FALSE(Next(Mini(State::kTimeWait, 60'000), Owned(State::kEstablished, 7)));
  CHECK_FALSE(Next(Mini(State::kTimeWait, 60'000), Unaccepted(State::kEstablished)));
  // FIN_WAIT2 of an orphan has such a timer too, and another one in TIME_WAIT.
  CHECK(Next(Mini(State::kFinWait2, 60'000), Mini(State::kFinWait2, 60'000)));
  CHECK(Next(Mini(State::kFinWait2, 60'000), Mini(State::kTimeWait, 90'000)));
  CHECK_FALSE(AfterAHiddenRow(Mini(State::kFinWait2, 60'000), Mini(State::kTimeWait, 90'000)));
  CHECK_FALSE(Next(Mini(State::kTimeWait, 60'000), Mini(State::kFinWait2, 60'000)));
}

TEST_CASE("sighting: what may be hidden by a dump has an inode or a timer that tells it") {
  CHECK(MayBeHidden(Owned(State::kEstablished, 7)));
  CHECK(MayBeHidden(Mini(State::kTimeWait, 60'000)));
  CHECK_FALSE(MayBeHidden(Orphan(State::kFinWait1)));
  CHECK_FALSE(MayBeHidden(kRequest));
}

TEST_CASE("sighting: the timer's end, by the host's ticks; a minisocket has no inode") {
  SocketRow row{};
  row.kind = PackKind(State::kTimeWait, false, Direction::kIn, OwnerClass::kTimewait);
  row.timer = PackTimer(procnet::Timer::kTimewait, 512);
  row.inode = 9;  // of an emulator
  CHECK(MakeSighting(row, 1'000'000, 100).ends_ms == 1'005'120);
  CHECK(MakeSighting(row, 1'000'000, 1024).ends_ms == 1'000'500);
  CHECK(MakeSighting(row, 1'000'000, 100).inode == 0);
}

}  // namespace
}  // namespace tcpsnap::store
