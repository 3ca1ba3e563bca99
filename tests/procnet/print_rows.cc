// Prints the rows of a dump as lib/procnet decodes them, copies included, to be compared with ss:
//
//   print_rows FILE
//   4 ESTABLISHED 0 33056 10.77.0.1 40006 10.77.0.2 6060 persist 3 0 22384
//
// family, state, rx_queue, tx_queue, local, remote, timer, retransmits (for timers other than `on`
// the probes, as ss has it), uid, inode.
#include <cinttypes>
#include <cstdio>
#include <exception>
#include <string>

#include "procnet/address.h"
#include "procnet/dump.h"
#include "support/captures.h"
#include "support/row_check.h"

namespace {

namespace procnet = tcpsnap::procnet;
namespace testing = tcpsnap::testing;

std::string Text(const uint32_t words[4], procnet::Family family) {
  return AddressText(procnet::DecodeAddress(words, family, procnet::ByteOrder::kLittle));
}

void Print(const procnet::SocketRecord& row) {
  const int64_t attempts =
      row.timer == procnet::Timer::kOn ? int64_t{row.retransmits} : int64_t{row.probes};
  std::printf("%d %s %" PRIu32 " %" PRIu32 " %s %d %s %d %s %" PRId64 " %" PRId64 " %" PRIu64 "\n",
              static_cast<int>(row.family), StateName(row.state).data(), row.rx_queue, row.tx_queue,
              Text(row.local_words, row.family).c_str(), row.local_port,
              Text(row.remote_words, row.family).c_str(), row.remote_port,
              TimerName(row.timer).data(), attempts, row.uid, row.inode);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: print_rows FILE\n");
    return 2;
  }
  try {
    const procnet::DumpBuilder dump = testing::ReadInPieces(testing::ReadFile(argv[1]), 1);
    for (const procnet::SocketRecord& row : dump.records()) Print(row);
    for (const procnet::RefusedLine& line : dump.refused()) {
      std::fprintf(stderr, "%s: %s\n", ReasonName(line.reason).data(), line.text.c_str());
    }
    return dump.refused().empty() ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "print_rows: %s\n", error.what());
    return 1;
  }
}
