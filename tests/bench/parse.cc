// Parses a capture with lib/procnet and prints what it saw, so that the answer can be compared:
//
//   parse CAPTURE
//   rows=2000000 tx=.. rx=.. ports=.. states=760000,..
//
// tx, rx and ports are sums over the rows; states counts them from 01 to 0B.
#include <array>
#include <cstdint>
#include <cstdio>

#include "procnet/dump.h"
#include "read_capture.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("parse CAPTURE\n", stderr);
    return 2;
  }
  uint64_t rows = 0;
  uint64_t tx = 0;
  uint64_t rx = 0;
  uint64_t ports = 0;
  std::array<uint64_t, tcpsnap::procnet::kStateCount> states{};
  tcpsnap::bench::ReadCapture(argv[1], [&](const tcpsnap::procnet::DumpBuilder& dump) {
    for (const tcpsnap::procnet::SocketRecord& record : dump.records()) {
      tx += record.tx_queue;
      rx += record.rx_queue;
      ports += record.local_port;
      ++states[static_cast<size_t>(record.state) - 1];
    }
    rows += dump.records().size();
  });
  std::printf("rows=%lu tx=%lu rx=%lu ports=%lu states=", rows, tx, rx, ports);
  for (size_t i = 0; i < states.size(); ++i) std::printf("%s%lu", i == 0 ? "" : ",", states[i]);
  std::printf("\n");
  return 0;
}
