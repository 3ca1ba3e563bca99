#include "store/made_capture.h"

#include <algorithm>
#include <cstdio>
#include <iterator>

#include "support/dump_text.h"

namespace tcpsnap::testing {
namespace {

using procnet::Family;
using procnet::RowShape;
using procnet::SocketRecord;
using procnet::State;

void PlaceAddress(Random& random, Family family, uint32_t words[4]) {
  constexpr uint32_t kV4[] = {0, 0x0100007F, 0x0100000A, 0x0200000A, 0x0900000A};
  constexpr uint32_t kV6[][4] = {{0, 0, 0, 0},
                                 {0, 0, 0, 0x01000000},
                                 {0, 0, 0xFFFF0000, 0x0100000A},
                                 {0xB80D0120, 0, 0, 0x01000000},
                                 {0xB80D0120, 0, 0, 0x02000000}};
  if (family == Family::kTcp) {
    words[0] = kV4[Below(random, std::size(kV4))];
  } else {
    const auto& address = kV6[Below(random, std::size(kV6))];
    std::copy(std::begin(address), std::end(address), words);
  }
}

SocketRecord MakeSocket(Random& random, Family family) {
  SocketRecord record =
      CommonRecord(random, family, Below(random, 3) == 0 ? RowShape::kMini : RowShape::kFull);
  if (record.shape == RowShape::kFull && Below(random, 4) == 0) record.state = State::kListen;
  PlaceAddress(random, family, record.local_words);
  PlaceAddress(random, family, record.remote_words);
  record.local_port = static_cast<uint16_t>(8000 + Below(random, 4));
  record.remote_port = static_cast<uint16_t>(8000 + Below(random, 4));
  return record;
}

std::vector<std::string> MakeDump(Random& random, Family family, const MadeOptions& options) {
  RowStyle style;
  style.width = family == Family::kTcp ? 149 : 0;
  std::vector<std::string> lines = {family == Family::kTcp ? kTcpHeader : kTcp6Header};
  std::vector<SocketRecord> sockets;
  const size_t rows = Below(random, options.most_rows + 1);
  for (size_t i = 0; i < rows; ++i) {
    SocketRecord socket = MakeSocket(random, family);
    if (i > 0 && Below(random, 100) < options.copies_percent) {
      socket = sockets[Below(random, i)];
      ++socket.tx_queue;  // a moment later
    }
    socket.slot = i;
    sockets.push_back(socket);
    lines.push_back(FormatRow(socket, style));
  }
  return lines;
}

}  // namespace

std::string MadeSnapshot::Text() const {
  std::string text = marker + "\n";
  for (const auto* lines : {&tcp, &tcp6}) {
    for (const std::string& line : *lines) text += line + "\n";
  }
  return text;
}

std::vector<MadeSnapshot> MakeSnapshots(Random& random, const MadeOptions& options) {
  std::vector<MadeSnapshot> snapshots;
  for (size_t i = 0; i < options.snapshots; ++i) {
    MadeSnapshot snapshot;
    char marker[40];
    std::snprintf(marker, sizeof marker,
                  options.zoneless ? "2026-11-22 07:%02u:27" : "2026-11-22T07:%02u:27+00:00",
                  static_cast<unsigned>(i));
    snapshot.marker = marker;
    snapshot.tcp = MakeDump(random, Family::kTcp, options);
    snapshot.tcp6 = MakeDump(random, Family::kTcp6, options);
    snapshots.push_back(std::move(snapshot));
  }
  return snapshots;
}

std::string Joined(const std::vector<MadeSnapshot>& snapshots, size_t begin, size_t end) {
  std::string text;
  for (size_t i = begin; i < std::min(end, snapshots.size()); ++i) text += snapshots[i].Text();
  return text;
}

}  // namespace tcpsnap::testing
