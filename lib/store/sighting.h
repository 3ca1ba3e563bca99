// When two rows of different dumps are one socket.
//
// A socket is known by its two endpoints and its inode. What has no inode (requests, what waits for
// accept(), what its process has closed, minisockets) is followed by its endpoints from one dump to
// the next, as long as its state goes forward. TIME_WAIT is known by the moment when it ends: its
// timer counts down from 60 s (TCP_TIMEWAIT_LEN, tcp_time_wait()), so another moment means that
// the port was used again, or that a FIN came once more.
//
// The kernel hides a row now and then, when a socket goes while the table is read (seq_file resumes
// by bucket and offset): a row with an inode, and TIME_WAIT, may be missing from one dump.
#pragma once

#include <cstdint>

#include "store/socket_row.h"

namespace tcpsnap::store {

/// Two moments at which a TIME_WAIT ends that are one: the clocks of dumps are rarely better.
inline constexpr int64_t kSameEndMs = 2000;

/// What matters of a row when it is compared with one of another dump.
struct Sighting {
  int64_t kind = 0;     ///< of SocketRow
  int64_t inode = 0;    ///< of a minisocket 0, whatever stands there
  int64_t ends_ms = 0;  ///< when its timer expires, since 1970
};

/// `taken_ms` is the dump's.
Sighting MakeSighting(const SocketRow& row, int64_t taken_ms, int64_t ticks_per_second);

/// True when `now` is the socket that was `before`; the endpoints are equal. `missed`: a dump lies
/// between that has neither.
bool Continues(const Sighting& before, const Sighting& now, bool missed);

/// True when the socket may be seen again after a dump that hides it.
bool MayBeHidden(const Sighting& sighting);

}  // namespace tcpsnap::store
