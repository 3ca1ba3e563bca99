#include "procnet/row_fast.h"

#include <cstring>
#include <limits>

#include "procnet/swar.h"

// A row is of fixed width from its slot's colon to retrnsmt (see row.h), then decimal. One pass of
// fixed offsets, errors collected in a mask and looked at once; what is not surely a whole row of
// the common shape is left to ParseRow.

namespace tcpsnap::procnet {
namespace {

constexpr size_t kPaddedWidth = 149;  // TMPSZ - 1 of net/ipv4/tcp_ipv4.c

constexpr uint64_t Characters(const char (&text)[9]) {
  uint64_t word = 0;
  for (int i = 0; i < 8; ++i) word |= uint64_t{static_cast<uint8_t>(text[i])} << (8 * i);
  return word;
}
constexpr uint64_t kZeros = Characters("00000000");
constexpr uint64_t kBlanks = Characters("        ");

// Eight hex digits, mostly all zero in queues, timers and the upper words of addresses.
inline uint32_t HexWord(const char* text, uint64_t& errors) noexcept {
  const uint64_t word = swar::Load(text);
  return word == kZeros ? 0 : swar::ParseHex8(word, errors);
}

// Four hex digits from each of two places.
inline void HexPorts(const char* local, const char* remote, uint16_t& local_port,
                     uint16_t& remote_port, uint64_t& errors) noexcept {
  const uint64_t both = (swar::Load(local) & 0xFFFFFFFF) | (swar::Load(remote) & 0xFFFFFFFF) << 32;
  const uint32_t ports = swar::ParseHex8(both, errors);
  local_port = static_cast<uint16_t>(ports >> 16);
  remote_port = static_cast<uint16_t>(ports);
}

// A decimal number of any length that fits 64 bits, followed by something else. Moves `text` along;
// false when there is no digit or too many.
inline bool Decimal(const char*& text, uint64_t& value) noexcept {
  const uint64_t word = swar::Load(text);
  const int digits = swar::DigitRun(word);
  if (digits == 0) return false;
  value = swar::ParseDigits(word, digits);
  text += digits;
  if (digits < 8) return true;
  const uint64_t more = swar::Load(text);
  const int more_digits = swar::DigitRun(more);
  if (more_digits == 0) return true;
  if (more_digits == 8) return false;  // 16 and more: ParseRow's
  constexpr uint64_t kPowers[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000};
  value = value * kPowers[more_digits] + swar::ParseDigits(more, more_digits);
  text += more_digits;
  return true;
}

inline bool DecimalThenBlank(const char*& text, uint64_t most, uint64_t& value) noexcept {
  if (!Decimal(text, value) || value > most || *text != ' ') return false;
  ++text;
  return true;
}

constexpr uint64_t kMax32 = std::numeric_limits<uint32_t>::max();

inline void SkipBlanks(const char*& text) noexcept {
  for (int most = 16; *text == ' ' && most > 0; --most) ++text;
}

// `uid` and `timeout`, right-aligned in 5 and 8, both mostly 0; a negative uid is ParseRow's.
inline bool UidAndProbes(const char*& text, SocketRecord& record) noexcept {
  if (swar::Load(text) == Characters("    0   ") &&
      swar::Load(text + 7) == Characters("      0 ")) {
    record.uid = 0;
    record.probes = 0;
    text += 15;
    return true;
  }
  uint64_t value;
  SkipBlanks(text);
  if (!DecimalThenBlank(text, kMax32, value)) return false;
  record.uid = static_cast<int64_t>(value);
  SkipBlanks(text);
  if (!DecimalThenBlank(text, std::numeric_limits<int32_t>::max(), value)) return false;
  record.probes = static_cast<int32_t>(value);
  return true;
}

// True when nothing but blanks stands from `text` to the line's end, which becomes `newline`.
inline bool OnlyBlanksToNewline(const char* text, const char* line, const char* end,
                                const char*& newline) noexcept {
  const char* const padded_end = line + kPaddedWidth;
  if (padded_end >= text + 8 && *padded_end == '\n') {
    uint64_t other = swar::Load(padded_end - 8) ^ kBlanks;
    for (const char* at = text; at + 8 <= padded_end; at += 8) other |= swar::Load(at) ^ kBlanks;
    newline = padded_end;
    if (other == 0) return true;  // if not, it is a later line's
  }
  while (*text == ' ' && text < end) ++text;
  newline = text;
  return *text == '\n';
}

template <Family kFamily>
inline const char* AddressWords(const char* text, uint32_t words[4], uint64_t& errors) noexcept {
  words[0] = HexWord(text, errors);
  if constexpr (kFamily == Family::kTcp) {
    words[1] = words[2] = words[3] = 0;
    return text + 8;
  } else {
    words[1] = HexWord(text + 8, errors);
    words[2] = HexWord(text + 16, errors);
    words[3] = HexWord(text + 24, errors);
    return text + 32;
  }
}

// One row from `line`; returns the start of the next line, or nullptr. Reads less than kReadAhead
// bytes behind `end`: the part of fixed width ends within 180 bytes, and the rest within 220 more
// but begins before `end`.
template <Family kFamily>
inline const char* Row(const char* line, const char* end, SocketRecord& record) noexcept {
  constexpr int kAddressDigits = kFamily == Family::kTcp ? 8 : 32;

  const char* text = line;
  SkipBlanks(text);
  if (!Decimal(text, record.slot) || text[0] != ':' || text[1] != ' ') return nullptr;
  text += 2;

  // local:port remote:port st tx:rx tr:when retrnsmt, then a blank.
  const char* const local = text;
  const char* const remote = local + kAddressDigits + 6;
  const char* const state = remote + kAddressDigits + 6;
  const char* const queues = state + 3;
  const char* const timer = queues + 18;
  const char* const retransmits = timer + 12;
  const bool separated = (local[kAddressDigits] == ':') & (remote[-1] == ' ') &
                         (remote[kAddressDigits] == ':') & (state[-1] == ' ') & (state[2] == ' ') &
                         (queues[8] == ':') & (queues[17] == ' ') & (timer[2] == ':') &
                         (timer[11] == ' ') & (retransmits[8] == ' ');
  if (!separated) return nullptr;

  uint64_t errors = 0;
  AddressWords<kFamily>(local, record.local_words, errors);
  AddressWords<kFamily>(remote, record.remote_words, errors);
  HexPorts(local + kAddressDigits + 1, remote + kAddressDigits + 1, record.local_port,
           record.remote_port, errors);
  record.tx_queue = HexWord(queues, errors);
  record.rx_queue = HexWord(queues + 9, errors);
  record.timer_ticks = HexWord(timer + 3, errors);
  record.retransmits = HexWord(retransmits, errors);
  // st is 01 to 0B, tr is 00 to 04.
  const char state_digit = state[1];
  const unsigned state_value = static_cast<unsigned>(state_digit <= '9'   ? state_digit - '0'
                                                     : state_digit <= 'F' ? state_digit - 'A' + 10
                                                                          : 99);
  const unsigned timer_value = static_cast<unsigned>(timer[1] - '0');
  if (errors != 0 || state[0] != '0' || timer[0] != '0' || state_value - 1 >= kStateCount ||
      (state_digit > '9' && state_digit < 'A') || timer_value > 4) {
    return nullptr;
  }
  record.state = static_cast<State>(state_value);
  record.timer = static_cast<Timer>(timer_value);
  record.family = kFamily;

  text = retransmits + 9;
  if (text >= end) return nullptr;
  uint64_t value;
  if (!UidAndProbes(text, record)) return nullptr;
  if (!DecimalThenBlank(text, std::numeric_limits<int64_t>::max(), record.inode)) return nullptr;
  if (!DecimalThenBlank(text, kMax32, value)) return nullptr;
  record.references = static_cast<uint32_t>(value);

  // The pointer: 16 or 8 digits.
  const auto ends = [](char c) { return c == ' ' || c == '\n'; };
  if (ends(text[8])) {
    record.pointer = HexWord(text, errors);
    text += 8;
  } else {
    record.pointer = uint64_t{HexWord(text, errors)} << 32 | HexWord(text + 8, errors);
    text += 16;
  }
  if (errors != 0) return nullptr;

  const char* newline;
  if (text[0] == '\n' || text[1] == ' ' || text[1] == '\n') {
    // Nothing but blanks may follow, and only in the states of a minisocket or request socket.
    const bool mini = record.inode == 0 &&
                      (record.state == State::kSynRecv ||
                       (record.timer == Timer::kTimewait &&
                        (record.state == State::kTimeWait || record.state == State::kFinWait2)));
    if (!mini || !OnlyBlanksToNewline(text, line, end, newline)) return nullptr;
    record.shape = RowShape::kMini;
    record.rto_ticks = record.ato_ticks = record.quick_pingpong = record.cwnd = 0;
    record.ssthresh = 0;
    return newline + 1;
  }
  if (*text++ != ' ') return nullptr;
  if (!DecimalThenBlank(text, kMax32, value)) return nullptr;
  record.rto_ticks = static_cast<uint32_t>(value);
  if (!DecimalThenBlank(text, kMax32, value)) return nullptr;
  record.ato_ticks = static_cast<uint32_t>(value);
  if (!DecimalThenBlank(text, kMax32, value)) return nullptr;
  record.quick_pingpong = static_cast<uint32_t>(value);
  if (!DecimalThenBlank(text, kMax32, value)) return nullptr;
  record.cwnd = static_cast<uint32_t>(value);
  const bool negative = *text == '-';
  text += negative;
  if (!Decimal(text, value) || value > std::numeric_limits<int32_t>::max()) return nullptr;
  record.ssthresh = negative ? -static_cast<int32_t>(value) : static_cast<int32_t>(value);
  if (!OnlyBlanksToNewline(text, line, end, newline)) return nullptr;
  record.shape = RowShape::kFull;
  return newline + 1;
}

template <Family kFamily>
RowsParsed Rows(const char* begin, const char* end, SocketRecord* records,
                size_t capacity) noexcept {
  // A row that runs out of the text ends at a '\n' behind it, or not at all.
  size_t count = 0;
  const char* line = begin;
  while (line < end && count < capacity) {
    const char* const next = Row<kFamily>(line, end, records[count]);
    if (next == nullptr || next > end) break;
    line = next;
    ++count;
  }
  return {line, count};
}

}  // namespace

RowsParsed ParseRows(const char* begin, const char* end, Family family, SocketRecord* records,
                     size_t capacity) noexcept {
  return family == Family::kTcp ? Rows<Family::kTcp>(begin, end, records, capacity)
                                : Rows<Family::kTcp6>(begin, end, records, capacity);
}

}  // namespace tcpsnap::procnet
