// Checks the given distance of dumps against what the dumps say: tm->when of a TIME_WAIT-class
// socket falls by USER_HZ ticks a second (net/ipv4/tcp_ipv4.c, get_timewait4_sock), so two dumps
// that share such sockets tell how far they are apart.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "procnet/dump.h"

namespace tcpsnap::capture {

/// What the countdowns of a capture say of its interval.
struct CountdownVerdict {
  /// Median distance of neighbouring dumps, in ms; absent where no sockets are shared.
  std::optional<int64_t> distance_ms;
  /// Sockets that it rests on: with equal endpoints and pointer in both dumps, and a countdown that
  /// was neither set anew nor has run out.
  int64_t shared = 0;
  /// Sockets that had far longer to go than the interval and are not in the next dump, of
  /// `should_stay` such sockets: dumps that are much further apart.
  int64_t vanished = 0;
  int64_t should_stay = 0;
};

class CountdownCheck {
 public:
  /// Both are positive.
  CountdownCheck(int64_t interval_ms, int64_t ticks_per_second);

  /// Takes the dumps of one host in their order, each family apart, the empty ones too. Keeps 16
  /// bytes for each TIME_WAIT-class socket of the last dump of each family.
  void Add(const procnet::Records& records, procnet::Family family);

  CountdownVerdict verdict() const;
  /// One sentence where the given interval is off by more than a tenth (and two ticks), or nothing
  /// is shared and the sockets vanish too soon for it: what they say and what to do; nullopt where
  /// all is well or too few sockets speak.
  std::optional<std::string> Complaint() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace tcpsnap::capture
