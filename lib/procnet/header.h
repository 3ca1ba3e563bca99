// The line above the rows, and what it says about them.
//
//   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
//   sl  local_address                         remote_address                        st tx_queue ...
//   sl  local_address rem_address   st ... inode ref pointer drops          (udp, raw: refused)
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace tcpsnap::procnet {

/// What kind of table a header line announces.
enum class Table : uint8_t {
  kNone,     ///< the line is no header
  kTcp,      ///< tcp or tcp6: the width of the addresses in the rows tells which
  kUdp,      ///< udp, udp6, udplite, raw or icmp: `ref pointer drops` behind the inode
  kUnix,     ///< /proc/net/unix
  kNuttx,    ///< NuttX's own /proc/net/tcp
  kSs,       ///< the output of `ss`
  kNetstat,  ///< the output of `netstat`
};

/// "tcp table", "udp or raw table", ..., "output of ss": what to call it in a message.
std::string_view TableName(Table table) noexcept;

/// Width of a tcp row and of its header, which the kernel pads with blanks: TMPSZ - 1 of
/// net/ipv4/tcp_ipv4.c, Linux 2.4 and later.
inline constexpr size_t kPaddedWidth = 149;

struct Header {
  Table table = Table::kNone;
  /// Words behind `inode` that are none of the kernel's columns (kTcp only); nullopt where the
  /// header is damaged and has no such word.
  std::optional<int> extra_columns;
  bool tcp6 = false;  ///< words set apart for wide addresses; counts only where no row follows
  /// Where another line begins in this one, since a header has no digits; 0: nowhere.
  size_t joined_at = 0;
  bool padded = false;  ///< 149 characters wide, as the kernel pads tcp (not tcp6)
};

/// Tells a header from other lines by its words, not their exact spelling ("Inode",
/// "remote_address" in tcp) nor their distances.
Header ParseHeader(std::string_view line) noexcept;

}  // namespace tcpsnap::procnet
