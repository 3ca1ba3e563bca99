// One row of /proc/net/tcp or /proc/net/tcp6, decoded column by column.
//
//    0: 0100007F:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0
//   371114 1 00000000c1b4bb9e 100 0 0 10 0
//
// The columns are those of tcp4_seq_show() and tcp6_seq_show() (Linux 2.2 to 6.18: get_tcp4_sock,
// get_openreq4, get_timewait4_sock and their v6 twins).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tcpsnap::procnet {

/// The kernel's states (include/net/tcp_states.h) that a row can show.
enum class State : uint8_t {
  kEstablished = 1,
  kSynSent = 2,
  kSynRecv = 3,
  kFinWait1 = 4,
  kFinWait2 = 5,
  kTimeWait = 6,
  kClose = 7,
  kCloseWait = 8,
  kLastAck = 9,
  kListen = 10,
  kClosing = 11,
};
inline constexpr int kStateCount = 11;

/// "ESTABLISHED", "SYN_SENT", ...: the kernel's name without `TCP_`.
std::string_view StateName(State state) noexcept;

/// The `tr` column: which timer `tm->when` belongs to.
enum class Timer : uint8_t {
  kOff = 0,
  kOn = 1,         ///< retransmission, early retransmit, loss probe, SYN-ACK of a request socket
  kKeepalive = 2,  ///< sk_timer: keepalive, FIN_WAIT2 of a full socket
  kTimewait = 3,   ///< minisocket: TIME_WAIT, or FIN_WAIT2 kept as one
  kPersist = 4,    ///< zero-window probe
};

/// "off", "on", "keepalive", "timewait", "persist": the words of ss.
std::string_view TimerName(Timer timer) noexcept;

/// The table a row stands in, told by the width of its addresses (8 or 32 hex digits).
enum class Family : uint8_t { kTcp = 4, kTcp6 = 6 };

/// How many of the kernel's columns a row has. A colon-joined pair counts as one.
enum class RowShape : uint8_t {
  kLinux22 = 10,  ///< ends at the inode (Linux 2.2)
  kMini = 12,     ///< ends at the pointer: TIME_WAIT-class and request sockets
  kFull = 17,     ///< has rto, ato, quick/pingpong, cwnd, ssthresh
};

/// A row as printed. Addresses stay in the printed words, since a single row can't tell the byte
/// order of the machine that printed it: see address.h. 120 bytes without padding: the bytes of a
/// record are its identity.
struct SocketRecord {
  uint32_t local_words[4];   ///< v4 fills [0] only
  uint32_t remote_words[4];  ///< v4 fills [0] only
  uint16_t local_port;
  uint16_t remote_port;
  State state;
  Timer timer;
  Family family;
  RowShape shape;
  uint32_t tx_queue;     ///< bytes not yet acknowledged; 0 for LISTEN
  uint32_t rx_queue;     ///< bytes not yet read; for LISTEN the connections waiting for accept()
  uint64_t timer_ticks;  ///< ticks to expiry; values >= 2^32 are an overflow of old kernels
  int64_t uid;           ///< may be negative (printed with %5d up to 3.1x)
  uint64_t inode;        ///< 0 for sockets without an owner
  uint64_t pointer;      ///< kernel address, often hashed or zero; 0 where it was hidden
  uint64_t slot;         ///< `sl`: number of the row in this read, no identity
  uint32_t retransmits;  ///< unrecovered RTO timeouts, SYN or SYN-ACK retries
  int32_t probes;        ///< column `timeout`: unanswered zero-window or keepalive probes
  uint32_t references;   ///< `ref`; 0 in kLinux22
  uint32_t rto_ticks;    ///< this and the next four: 0 unless shape is kFull
  uint32_t ato_ticks;
  uint32_t quick_pingpong;  ///< (quick << 1) | pingpong
  uint32_t cwnd;            ///< packets
  int32_t ssthresh;         ///< packets, -1 in initial slow start; for LISTEN the TFO queue limit

  friend bool operator==(const SocketRecord&, const SocketRecord&) = default;
};
static_assert(sizeof(SocketRecord) == 120);

}  // namespace tcpsnap::procnet
