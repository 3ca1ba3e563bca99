#include "procnet/socket_record.h"

#include <array>

namespace tcpsnap::procnet {

std::string_view StateName(State state) noexcept {
  static constexpr std::array<std::string_view, kStateCount + 1> kNames = {
      "",          "ESTABLISHED", "SYN_SENT",   "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2",
      "TIME_WAIT", "CLOSE",       "CLOSE_WAIT", "LAST_ACK", "LISTEN",    "CLOSING"};
  return kNames[static_cast<size_t>(state)];
}

std::string_view TimerName(Timer timer) noexcept {
  static constexpr std::array<std::string_view, 5> kNames = {"off", "on", "keepalive", "timewait",
                                                             "persist"};
  return kNames[static_cast<size_t>(timer)];
}

}  // namespace tcpsnap::procnet
