// Writes a capture of a stated shape to stdout: tcp then tcp6 under a marker, again and again.
//
//   generate [NAME=VALUE]...          e.g. generate snapshots=500 sockets=4000 > capture.log
//
// The same options give the same bytes. The rows are those of a busy front end: listeners, clients
// of them, TIME_WAIT that counts down between snapshots, backends, a leak of CLOSE_WAIT.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

struct Shape {
  int64_t snapshots = 500;
  int64_t sockets = 4000;      ///< a snapshot, both families
  int64_t interval = 60;       ///< seconds between snapshots
  int64_t start = 1795333047;  ///< 2026-11-22T07:37:27Z
  int64_t seed = 1;
  double tcp6 = 0.2;       ///< share of the sockets in tcp6; most of them are v4-mapped
  double time_wait = 0.5;  ///< shares of the states; ESTABLISHED is what they leave
  double close_wait = 0.03;
  double fin_wait2 = 0.01;
  double syn_recv = 0.005;
  double syn_sent = 0.005;
  double churn = 0.2;               ///< share of the other sockets that are new in each snapshot
  std::string_view marker = "iso";  ///< iso (`date -Is`), epoch, none
};

constexpr const char* kUsage =
    "generate [snapshots=N] [sockets=N] [interval=SECONDS] [start=EPOCH] [seed=N] [tcp6=SHARE]\n"
    "         [time_wait=SHARE] [close_wait=SHARE] [fin_wait2=SHARE] [syn_recv=SHARE]\n"
    "         [syn_sent=SHARE] [churn=SHARE] [marker=iso|epoch|none] > CAPTURE\n";

template <typename Number>
bool SetNumber(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && number >= 0;
}

bool Set(Shape& shape, std::string_view argument) {
  const size_t equals = argument.find('=');
  if (equals == std::string_view::npos) return false;
  const std::string_view name = argument.substr(0, equals);
  const std::string_view value = argument.substr(equals + 1);
  if (name == "snapshots") return SetNumber(value, shape.snapshots);
  if (name == "sockets") return SetNumber(value, shape.sockets);
  if (name == "interval") return SetNumber(value, shape.interval);
  if (name == "start") return SetNumber(value, shape.start);
  if (name == "seed") return SetNumber(value, shape.seed);
  if (name == "tcp6") return SetNumber(value, shape.tcp6);
  if (name == "time_wait") return SetNumber(value, shape.time_wait);
  if (name == "close_wait") return SetNumber(value, shape.close_wait);
  if (name == "fin_wait2") return SetNumber(value, shape.fin_wait2);
  if (name == "syn_recv") return SetNumber(value, shape.syn_recv);
  if (name == "syn_sent") return SetNumber(value, shape.syn_sent);
  if (name == "churn") return SetNumber(value, shape.churn);
  if (name != "marker") return false;
  shape.marker = value;
  return value == "iso" || value == "epoch" || value == "none";
}

/// SplitMix64 (Steele, Lea, Flood 2014): the same numbers with every compiler.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t Next() {
    uint64_t z = state_ += 0x9E3779B97F4A7C15;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  }
  /// 0 .. bound - 1
  uint32_t Below(uint32_t bound) { return static_cast<uint32_t>(((Next() >> 32) * bound) >> 32); }
  bool Chance(double share) { return static_cast<double>(Next() >> 11) * 0x1p-53 < share; }

 private:
  uint64_t state_;
};

enum class Kind : uint8_t {
  kListen,
  kEstablished,
  kTimeWait,
  kCloseWait,
  kFinWait2,  ///< as a minisocket
  kSynRecv,
  kSynSent,
};

using Words = std::array<uint32_t, 4>;  // as printed on a little-endian machine

struct Socket {
  Kind kind = Kind::kListen;
  Words local{};
  Words remote{};
  uint16_t local_port = 0;
  uint16_t remote_port = 0;
  uint32_t tx_queue = 0;
  uint32_t rx_queue = 0;
  uint32_t timer = 0;
  int64_t ticks = 0;
  uint32_t retransmits = 0;
  uint32_t uid = 0;
  uint64_t inode = 0;
  uint32_t pointer = 0;
  uint32_t rto = 20;
  uint32_t cwnd = 10;
  int32_t ssthresh = -1;
};

/// Text of a fixed alphabet into a buffer that is flushed to stdout.
class Output {
 public:
  explicit Output(size_t capacity) { buffer_.reserve(capacity); }
  ~Output() { Flush(); }
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  void Flush() {
    for (size_t done = 0; done < buffer_.size();) {
      const ssize_t written = write(STDOUT_FILENO, buffer_.data() + done, buffer_.size() - done);
      if (written < 0) {
        std::perror("generate");
        std::_Exit(1);
      }
      done += static_cast<size_t>(written);
    }
    buffer_.clear();
  }
  void Text(std::string_view text) { buffer_ += text; }
  void Pad(size_t start, size_t width) {
    const size_t length = buffer_.size() - start;
    if (length < width) buffer_.append(width - length, ' ');
  }
  void Hex(uint64_t value, int digits) {
    for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) {
      buffer_ += "0123456789ABCDEF"[(value >> shift) & 15];
    }
  }
  void LowerHex(uint64_t value, int digits) {
    for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) {
      buffer_ += "0123456789abcdef"[(value >> shift) & 15];
    }
  }
  void Decimal(int64_t value, size_t width = 0) {
    char digits[20];
    const char* end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    const auto length = static_cast<size_t>(end - digits);
    if (length < width) buffer_.append(width - length, ' ');
    buffer_.append(digits, length);
  }
  size_t size() const { return buffer_.size(); }

 private:
  std::string buffer_;
};

constexpr std::string_view kTcpHeader =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "
    "inode";
constexpr std::string_view kTcp6Header =
    "  sl  local_address                         remote_address                        st "
    "tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";
constexpr size_t kTcpWidth = 149;  // TMPSZ - 1
constexpr int kTicksPerSecond = 100;
constexpr int kTimeWaitTicks = 60 * kTicksPerSecond;

constexpr uint32_t Swapped(uint32_t address) { return __builtin_bswap32(address); }
constexpr uint32_t V4(uint32_t a, uint32_t b, uint32_t c, uint32_t d) {
  return a << 24 | b << 16 | c << 8 | d;
}

/// The sockets of one of the two files, and how they change.
class Table {
 public:
  Table(const Shape& shape, bool tcp6, size_t sockets, Random& random)
      : shape_(shape), tcp6_(tcp6), random_(random) {
    for (const uint16_t port : kServices) {
      if (sockets_.size() < sockets) sockets_.push_back(Listener(port));
    }
    while (sockets_.size() < sockets) {
      sockets_.push_back(Fresh(ChooseKind()));
      // At the first snapshot the table has been busy for long.
      if (sockets_.back().ticks > 0 && sockets_.back().kind == Kind::kTimeWait) {
        sockets_.back().ticks = 1 + random_.Below(kTimeWaitTicks);
      }
    }
  }

  void Step() {
    const int64_t elapsed = shape_.interval * kTicksPerSecond;
    for (Socket& socket : sockets_) {
      switch (socket.kind) {
        case Kind::kListen:
          socket.rx_queue = random_.Chance(0.05) ? random_.Below(8) : 0;
          break;
        case Kind::kTimeWait:
        case Kind::kFinWait2:
          socket.ticks -= elapsed;
          if (socket.ticks <= 0) {
            socket = Fresh(socket.kind);
            socket.ticks -= random_.Below(
                static_cast<uint32_t>(std::min<int64_t>(elapsed, kTimeWaitTicks - 1) + 1));
            socket.ticks = std::max<int64_t>(socket.ticks, 1);
          }
          break;
        default:
          if (random_.Chance(shape_.churn)) socket = Fresh(socket.kind);
          Stir(socket);
      }
    }
  }

  void Print(Output& out) const {
    const size_t start = out.size();
    out.Text(tcp6_ ? kTcp6Header : kTcpHeader);
    if (!tcp6_) {
      out.Pad(start, kTcpWidth);
      out.Text("\n");
    }
    int64_t slot = 0;
    for (const Socket& socket : sockets_) PrintRow(slot++, socket, out);
  }

 private:
  static constexpr std::array<uint16_t, 8> kServices = {22, 80, 443, 8080, 5432, 6379, 9090, 9100};

  Kind ChooseKind() {
    double dice = static_cast<double>(random_.Next() >> 11) * 0x1p-53;
    for (const auto& [share, kind] : {std::pair{shape_.time_wait, Kind::kTimeWait},
                                      {shape_.close_wait, Kind::kCloseWait},
                                      {shape_.fin_wait2, Kind::kFinWait2},
                                      {shape_.syn_recv, Kind::kSynRecv},
                                      {shape_.syn_sent, Kind::kSynSent}}) {
      if (dice < share) return kind;
      dice -= share;
    }
    return Kind::kEstablished;
  }

  // A v4 address in this file's words.
  Words FromV4(uint32_t address) const {
    if (!tcp6_) return {Swapped(address), 0, 0, 0};
    return {0, 0, Swapped(0xFFFF), Swapped(address)};
  }
  Words FromV6(uint32_t low) const {
    return {Swapped(0x20010DB8), Swapped(0x00010000), 0, Swapped(low)};
  }

  Socket Listener(uint16_t port) {
    Socket socket;
    socket.local_port = port;
    socket.uid = port < 1024 ? 0 : 100U + port % 7U;
    socket.inode = next_inode_++;
    socket.pointer = static_cast<uint32_t>(random_.Next()) | 1;
    socket.rto = 100;
    socket.ssthresh = 0;
    return socket;
  }

  Socket Fresh(Kind kind) {
    Socket socket;
    socket.kind = kind;
    socket.pointer = static_cast<uint32_t>(random_.Next()) | 1;
    const bool out = kind == Kind::kSynSent || (kind != Kind::kSynRecv && random_.Chance(0.4));
    const bool v6 = tcp6_ && random_.Chance(0.3);
    const uint16_t service = kServices[1 + random_.Below(kServices.size() - 1)];
    const auto ephemeral = static_cast<uint16_t>(32768 + random_.Below(28232));
    const uint32_t peer = out ? 20 + random_.Below(12) : random_.Below(20000);
    socket.local_port = out ? ephemeral : service;
    socket.remote_port = out ? service : ephemeral;
    if (v6) {
      socket.local = FromV6(1);
      socket.remote = FromV6(0x100 + peer);
    } else {
      socket.local = FromV4(V4(10, 0, 0, 1));
      // Clients stand on both halves of the address space: what a row takes depends on it.
      const uint32_t clients = peer % 2 == 0 ? V4(100, 64, 0, 0) : V4(198, 18, 0, 0);
      socket.remote = FromV4(out ? V4(10, 0, 1, peer) : clients + peer);
    }
    switch (kind) {
      case Kind::kTimeWait:
      case Kind::kFinWait2:
        socket.timer = 3;
        socket.ticks = kTimeWaitTicks;
        return socket;
      case Kind::kSynRecv:
        socket.timer = 1;
        socket.ticks = 1 + random_.Below(100);
        return socket;
      default:
        socket.uid = out ? 1000 : 33;
        socket.inode = next_inode_++;
        if (random_.Chance(0.2)) {
          socket.cwnd = 2 + random_.Below(40);
          socket.ssthresh = static_cast<int32_t>(2 + random_.Below(40));
        }
        socket.rto = 20 + random_.Below(20);
        if (kind == Kind::kCloseWait) socket.rx_queue = random_.Chance(0.5) ? 1 : 0;
        if (kind == Kind::kSynSent) {
          socket.tx_queue = 1;
          socket.cwnd = 1;
        }
        Stir(socket);
        return socket;
    }
  }

  // What changes from snapshot to snapshot in one socket.
  void Stir(Socket& socket) {
    if (socket.kind == Kind::kSynSent) {
      socket.timer = 1;
      socket.ticks = 1 + random_.Below(1600);
      socket.retransmits = random_.Below(6);
    }
    if (socket.kind != Kind::kEstablished) return;
    socket.tx_queue = random_.Chance(0.05) ? 1 + random_.Below(65536) : 0;
    socket.rx_queue = random_.Chance(0.03) ? 1 + random_.Below(131072) : 0;
    socket.retransmits = 0;
    if (socket.tx_queue > 0) {
      socket.timer = 1;
      socket.ticks = 1 + random_.Below(60);
      if (random_.Chance(0.1)) socket.retransmits = 1 + random_.Below(4);
    } else {
      socket.timer = random_.Chance(0.5) ? 2 : 0;
      socket.ticks = socket.timer == 2 ? 1 + random_.Below(720000) : 0;
    }
  }

  static uint32_t StateOf(Kind kind) {
    switch (kind) {
      case Kind::kListen:
        return 10;
      case Kind::kEstablished:
        return 1;
      case Kind::kTimeWait:
        return 6;
      case Kind::kCloseWait:
        return 8;
      case Kind::kFinWait2:
        return 5;
      case Kind::kSynRecv:
        return 3;
      case Kind::kSynSent:
        return 2;
    }
    return 0;
  }

  void PrintEndpoint(const Words& words, uint16_t port, Output& out) const {
    const size_t count = tcp6_ ? 4 : 1;
    for (size_t i = 0; i < count; ++i) out.Hex(words[i], 8);
    out.Text(":");
    out.Hex(port, 4);
    out.Text(" ");
  }

  void PrintRow(int64_t slot, const Socket& socket, Output& out) const {
    const size_t start = out.size();
    const bool mini = socket.kind == Kind::kTimeWait || socket.kind == Kind::kFinWait2;
    const bool request = socket.kind == Kind::kSynRecv;
    out.Decimal(slot, 4);
    out.Text(": ");
    PrintEndpoint(socket.local, socket.local_port, out);
    PrintEndpoint(socket.remote, socket.remote_port, out);
    out.Hex(StateOf(socket.kind), 2);
    out.Text(" ");
    out.Hex(socket.tx_queue, 8);
    out.Text(":");
    out.Hex(socket.rx_queue, 8);
    out.Text(" ");
    out.Hex(socket.timer, 2);
    out.Text(":");
    out.Hex(static_cast<uint64_t>(socket.ticks), 8);
    out.Text(" ");
    out.Hex(socket.retransmits, 8);
    out.Text(" ");
    out.Decimal(socket.uid, 5);
    out.Text(" ");
    out.Decimal(0, 8);
    out.Text(" ");
    out.Decimal(static_cast<int64_t>(socket.inode));
    out.Text(mini ? " 3 " : request ? " 0 " : " 1 ");
    out.LowerHex(socket.pointer, 16);
    if (!mini && !request) {
      out.Text(" ");
      out.Decimal(socket.rto);
      out.Text(socket.kind == Kind::kListen ? " 0 0 " : " 4 30 ");
      out.Decimal(socket.cwnd);
      out.Text(" ");
      out.Decimal(socket.ssthresh);
    }
    if (!tcp6_) out.Pad(start, kTcpWidth);
    out.Text("\n");
  }

  const Shape& shape_;
  const bool tcp6_;
  Random& random_;
  std::vector<Socket> sockets_;
  uint64_t next_inode_ = 20000;
};

void PrintMarker(std::string_view marker, int64_t epoch, Output& out) {
  if (marker == "none") return;
  if (marker == "epoch") {
    out.Decimal(epoch);
    out.Text("\n");
    return;
  }
  const time_t seconds = epoch;
  tm utc{};
  gmtime_r(&seconds, &utc);
  char text[32];
  out.Text({text, strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S+00:00\n", &utc)});
}

void Generate(const Shape& shape) {
  constexpr size_t kFlushBytes = 1 << 20;
  constexpr size_t kRowBytes = 192;
  Random random(static_cast<uint64_t>(shape.seed));
  const auto sockets6 =
      static_cast<int64_t>(std::llround(shape.tcp6 * static_cast<double>(shape.sockets)));
  Table tcp(shape, false, static_cast<size_t>(shape.sockets - sockets6), random);
  Table tcp6(shape, true, static_cast<size_t>(sockets6), random);
  Output out(kFlushBytes + static_cast<size_t>(shape.sockets) * kRowBytes);
  for (int64_t snapshot = 0; snapshot < shape.snapshots; ++snapshot) {
    if (snapshot > 0) {
      tcp.Step();
      tcp6.Step();
    }
    PrintMarker(shape.marker, shape.start + snapshot * shape.interval, out);
    tcp.Print(out);
    tcp6.Print(out);
    if (out.size() > kFlushBytes) out.Flush();
  }
}

}  // namespace

int main(int argc, char** argv) {
  Shape shape;
  for (int i = 1; i < argc; ++i) {
    if (!Set(shape, argv[i])) {
      std::fprintf(stderr, "%s: what is that?\n%s", argv[i], kUsage);
      return 2;
    }
  }
  if (shape.tcp6 > 1) {
    std::fputs("tcp6 is a share, 0 to 1\n", stderr);
    return 2;
  }
  Generate(shape);
  return 0;
}
