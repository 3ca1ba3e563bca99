// Pieces of dumps for tests that write their own.
#pragma once

#include <string>

namespace tcpsnap::testing {

inline const std::string kTcpHeader =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "
    "inode"
    "                                                     ";
inline const std::string kTcp6Header =
    "  sl  local_address                         remote_address                        st tx_queue "
    "rx_queue tr tm->when retrnsmt   uid  timeout inode";

/// Lines with their '\n'.
template <typename... Line>
std::string Text(const Line&... lines) {
  std::string text;
  ((text += lines, text += '\n'), ...);
  return text;
}

}  // namespace tcpsnap::testing
