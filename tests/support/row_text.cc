#include "support/row_text.h"

#include <cinttypes>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <limits>

namespace tcpsnap::testing {
namespace {

using procnet::Family;
using procnet::RowShape;
using procnet::SocketRecord;
using procnet::State;
using procnet::Timer;

__attribute__((format(printf, 2, 3))) void Append(std::string& row, const char* format, ...) {
  char text[256];
  std::va_list arguments;
  va_start(arguments, format);
  const int length = std::vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  row.append(text, static_cast<size_t>(length));
}

void AppendEndpoint(std::string& row, Family family, const uint32_t words[4], uint16_t port) {
  Append(row, " %08X", words[0]);
  if (family == Family::kTcp6) Append(row, "%08X%08X%08X", words[1], words[2], words[3]);
  Append(row, ":%04X", port);
}

void AppendPointer(std::string& row, const SocketRecord& record, std::string_view style) {
  if (style == "8") {
    Append(row, " %08x", static_cast<uint32_t>(record.pointer));
  } else if (style == "16") {
    Append(row, " %016" PRIx64, record.pointer);
  } else {
    row.append(" ").append(style);
  }
}

template <typename T>
T Any(Random& random) {
  // Short and long numbers alike, and the ends of the range.
  switch (Below(random, 8)) {
    case 0:
      return 0;
    case 1:
      return std::numeric_limits<T>::max();
    default:
      return static_cast<T>(random() >> Below(random, 64));
  }
}

State RandomState(Random& random) {
  return static_cast<State>(1 + Below(random, procnet::kStateCount));
}

SocketRecord Zeroed(Family family, RowShape shape) {
  SocketRecord record;
  std::memset(&record, 0, sizeof record);
  record.family = family;
  record.shape = shape;
  return record;
}

void RandomEndpoints(Random& random, SocketRecord& record) {
  const size_t words = record.family == Family::kTcp ? 1 : 4;
  for (size_t i = 0; i < words; ++i) {
    record.local_words[i] = Any<uint32_t>(random);
    record.remote_words[i] = Any<uint32_t>(random);
  }
  record.local_port = Any<uint16_t>(random);
  record.remote_port = Any<uint16_t>(random);
}

// State and timer of a row without a tail.
void MakeMini(Random& random, SocketRecord& record) {
  record.inode = 0;
  switch (Below(random, 3)) {
    case 0:
      record.state = State::kSynRecv;
      break;
    case 1:
      record.state = State::kFinWait2;
      record.timer = Timer::kTimewait;
      break;
    default:
      record.state = State::kTimeWait;
      record.timer = Timer::kTimewait;
  }
}

}  // namespace

size_t Below(Random& random, size_t count) { return static_cast<size_t>(random() % count); }

std::string FormatRow(const SocketRecord& record, const RowStyle& style) {
  std::string row;
  if (style.tabs) row += '\t';
  Append(row, "%*" PRIu64 ":", style.slot_width, record.slot);
  AppendEndpoint(row, record.family, record.local_words, record.local_port);
  AppendEndpoint(row, record.family, record.remote_words, record.remote_port);
  Append(row, " %02X %08X:%08X %02X:%08" PRIX64 " %08X %5" PRId64 " %8" PRId32 " %" PRIu64,
         static_cast<unsigned>(record.state), record.tx_queue, record.rx_queue,
         static_cast<unsigned>(record.timer), record.timer_ticks, record.retransmits, record.uid,
         record.probes, record.inode);
  if (record.shape != RowShape::kLinux22) {
    Append(row, " %" PRIu32, record.references);
    AppendPointer(row, record, style.pointer);
  }
  if (record.shape == RowShape::kFull) {
    Append(row, " %" PRIu32 " %" PRIu32 " %" PRIu32 " %" PRIu32 " %" PRId32, record.rto_ticks,
           record.ato_ticks, record.quick_pingpong, record.cwnd, record.ssthresh);
  }
  if (style.lower_case) {
    for (char& c : row) {
      if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
    }
  }
  if (row.size() < style.width) row.append(style.width - row.size(), ' ');
  return row + style.behind;
}

SocketRecord RandomRecord(Random& random, Family family, RowShape shape) {
  SocketRecord record = Zeroed(family, shape);
  RandomEndpoints(random, record);
  record.slot = Any<uint64_t>(random);
  record.state = RandomState(random);
  record.timer = static_cast<Timer>(Below(random, 5));
  record.tx_queue = Any<uint32_t>(random);
  record.rx_queue = Any<uint32_t>(random);
  record.timer_ticks = Any<uint64_t>(random);
  record.retransmits = Any<uint32_t>(random);
  record.uid = Below(random, 4) == 0 ? Any<int32_t>(random) : int64_t{Any<uint32_t>(random)};
  record.probes = Any<int32_t>(random);
  record.inode = Any<uint64_t>(random) >> 1;
  if (shape == RowShape::kLinux22) return record;
  record.references = Any<uint32_t>(random);
  record.pointer = Any<uint64_t>(random);
  if (shape == RowShape::kMini) {
    MakeMini(random, record);
    return record;
  }
  record.rto_ticks = Any<uint32_t>(random);
  record.ato_ticks = Any<uint32_t>(random);
  record.quick_pingpong = Any<uint32_t>(random);
  record.cwnd = Any<uint32_t>(random);
  record.ssthresh = Any<int32_t>(random);
  return record;
}

SocketRecord CommonRecord(Random& random, Family family, RowShape shape) {
  SocketRecord record = Zeroed(family, shape);
  RandomEndpoints(random, record);
  record.slot = Below(random, 1'000'000);
  record.state = RandomState(random);
  record.timer = static_cast<Timer>(Below(random, 5));
  record.tx_queue = static_cast<uint32_t>(Below(random, 1 << 24));
  record.rx_queue = static_cast<uint32_t>(Below(random, 1 << 24));
  record.timer_ticks = Below(random, 1 << 24);
  record.retransmits = static_cast<uint32_t>(Below(random, 16));
  record.uid = static_cast<int64_t>(Below(random, 100'000));
  record.probes = static_cast<int32_t>(Below(random, 16));
  record.inode = Below(random, 1'000'000'000);
  record.references = static_cast<uint32_t>(Below(random, 5000));
  record.pointer = Below(random, size_t{1} << 32);
  if (shape == RowShape::kMini) {
    MakeMini(random, record);
    return record;
  }
  record.rto_ticks = static_cast<uint32_t>(Below(random, 12'001));
  record.ato_ticks = static_cast<uint32_t>(Below(random, 100));
  record.quick_pingpong = static_cast<uint32_t>(Below(random, 32));
  record.cwnd = static_cast<uint32_t>(Below(random, 10'000));
  record.ssthresh = static_cast<int32_t>(Below(random, 10'000)) - 1;
  return record;
}

std::string Damage(std::string_view text, Random& random) {
  std::string damaged(text);
  if (damaged.empty()) return damaged;
  // Bytes that occur in rows make damage that is hard to tell; any byte makes the rest.
  constexpr std::string_view kLikely = "0123456789ABCDEFabcdef: -\t\r()+xG,";
  char byte = kLikely[Below(random, kLikely.size())];
  if (Below(random, 4) == 0) byte = static_cast<char>(random());
  if (byte == '\n') byte = ' ';
  size_t at = Below(random, damaged.size());
  while (damaged[at] == '\n') at = at == 0 ? damaged.size() - 1 : at - 1;
  switch (Below(random, 3)) {
    case 0:
      damaged[at] = byte;
      break;
    case 1:
      damaged.insert(at, 1, byte);
      break;
    default:
      damaged.erase(at, 1);
  }
  return damaged;
}

}  // namespace tcpsnap::testing
