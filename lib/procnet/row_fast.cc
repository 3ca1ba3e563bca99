#include "procnet/row_fast.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "procnet/header.h"
#include "procnet/row_fast_avx2.h"
#include "procnet/row_fast_avx512.h"
#include "procnet/swar.h"
#include "procnet/token.h"

// A row is of fixed width from its slot's colon to retrnsmt (see row.h), then decimal. One pass of
// fixed offsets, errors collected in a mask and looked at once; what is not surely a whole row of
// the common shape is left to ParseRow.

namespace tcpsnap::procnet {
namespace {

constexpr uint64_t Characters(const char (&text)[9]) {
  uint64_t word = 0;
  for (int i = 0; i < 8; ++i) word |= uint64_t{static_cast<uint8_t>(text[i])} << (8 * i);
  return word;
}
constexpr uint64_t kZeros = Characters("00000000");
constexpr uint64_t kBlanks = Characters("        ");

// Eight hex digits, mostly all zero in queues and retransmits.
inline uint32_t HexWord(const char* text, uint64_t& errors) noexcept {
  const uint64_t word = swar::Load(text);
  if (word == kZeros) return 0;
  return static_cast<uint32_t>(swar::ParseHex8<swar::Letters::kUpper>(word, errors));
}

struct TwoWords {
  uint32_t first, second;
};

// Eight hex digits each.
inline TwoWords HexWords(uint64_t first, uint64_t second, swar::Pair& errors) noexcept {
  const swar::Pair values =
      swar::ParseHex8<swar::Letters::kUpper>(swar::Pair{first, second}, errors);
  return {static_cast<uint32_t>(values[0]), static_cast<uint32_t>(values[1])};
}

// A decimal number of 1 to 15 digits; `text` is moved behind it. Sets bits in `errors` when there
// is none.
inline uint64_t Decimal(const char*& text, uint64_t& errors) noexcept {
  if (text[1] == ' ') {  // a single digit: nearly always or nearly never, by column
    const auto digit = static_cast<unsigned char>(*text++ - '0');
    errors |= digit > 9;
    return digit;
  }
  const uint64_t word = swar::Load(text);
  const int count = swar::SpanOfDigits(word);
  if (count == 0) [[unlikely]] {
    errors |= 1;
    return 0;
  }
  uint64_t value = swar::ParseDigits(word, count, errors);
  text += count;
  if (count < 8) [[likely]]
    return value;
  const uint64_t more = swar::Load(text);
  const int more_count = swar::SpanOfDigits(more);
  errors |= more_count == 8;  // 16 digits and more are ParseRow's
  if (more_count == 0 || more_count == 8) return value;
  constexpr uint64_t kPowers[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000};
  value = value * kPowers[more_count] + swar::ParseDigits(more, more_count, errors);
  text += more_count;
  return value;
}

// A decimal number up to `most`, and the blank behind it.
inline uint64_t DecimalThenBlank(const char*& text, uint64_t most, uint64_t& errors) noexcept {
  const uint64_t value = Decimal(text, errors);
  errors |= (value > most) | (*text != ' ');
  ++text;
  return value;
}

constexpr uint64_t kMax32 = std::numeric_limits<uint32_t>::max();
constexpr uint64_t kMaxSigned32 = std::numeric_limits<int32_t>::max();

inline void SkipBlanks(const char*& text) noexcept {
  for (int most = 16; *text == ' ' && most > 0; --most) ++text;
}

// `sl`, right-aligned in 4 and mostly so; its colon and a blank.
inline uint64_t Slot(const char*& text, uint64_t& errors) noexcept {
  if (text[4] == ':') {
    const uint32_t slot = swar::ParseAligned4(static_cast<uint32_t>(swar::Load(text)), errors);
    errors |= text[5] != ' ';
    text += 6;
    return slot;
  }
  SkipBlanks(text);
  constexpr int kMostDigits = 15;
  uint64_t slot = 0;
  int count = 0;
  for (; count < kMostDigits && IsDigit(*text); ++count) {
    slot = slot * 10 + static_cast<uint64_t>(*text++ - '0');
  }
  errors |= (count == 0) | (text[0] != ':') | (text[1] != ' ');
  text += 2;
  return slot;
}

// `uid` and `timeout`, right-aligned in 5 and 8, both mostly 0; a negative uid is ParseRow's.
inline void UidAndProbes(const char*& text, SocketRecord& record, uint64_t& errors) noexcept {
  if (swar::Load(text) == Characters("    0   ") &&
      swar::Load(text + 7) == Characters("      0 ")) {
    record.uid = 0;
    record.probes = 0;
    text += 15;
    return;
  }
  SkipBlanks(text);
  record.uid = static_cast<int64_t>(DecimalThenBlank(text, kMax32, errors));
  SkipBlanks(text);
  record.probes = static_cast<int32_t>(DecimalThenBlank(text, kMaxSigned32, errors));
}

// 16 or 8 digits, as %p prints them.
inline uint64_t Pointer(const char*& text, uint64_t& errors) noexcept {
  const auto word = [&](const char* at) -> uint64_t {
    const uint64_t characters = swar::Load(at);
    if (characters == kZeros) return 0;
    return swar::ParseHex8<swar::Letters::kLower>(characters, errors);
  };
  const uint64_t first = word(text);
  text += 8;
  if (*text == ' ' || *text == '\n') return first;
  text += 8;
  return first << 32 | word(text - 8);
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

// Both addresses, whose text is `apart` bytes apart.
template <Family kFamily>
inline void AddressWords(const char* local, size_t apart, SocketRecord& record,
                         swar::Pair& errors) noexcept {
  constexpr size_t kWords = kFamily == Family::kTcp ? 1 : 4;
  for (size_t i = 0; i < kWords; ++i) {
    const char* const text = local + 8 * i;
    const auto [local_word, remote_word] =
        HexWords(swar::Load(text), swar::Load(text + apart), errors);
    record.local_words[i] = local_word;
    record.remote_words[i] = remote_word;
  }
  for (size_t i = kWords; i < 4; ++i) record.local_words[i] = record.remote_words[i] = 0;
}

// One row from `line`; returns the start of the next line, or nullptr. Reads less than kReadAhead
// bytes behind `end`: the part of fixed width ends within 180 bytes, and the rest within 220 more
// but begins before `end`.
template <Family kFamily>
inline const char* Row(const char* line, const char* end, SocketRecord& record) noexcept {
  constexpr int kAddressDigits = kFamily == Family::kTcp ? 8 : 32;

  const char* text = line;
  uint64_t errors = 0;
  record.slot = Slot(text, errors);

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

  swar::Pair pair_errors{};
  AddressWords<kFamily>(local, kAddressDigits + 6, record, pair_errors);
  const uint64_t port_digits = (swar::Load(local + kAddressDigits + 1) & 0xFFFFFFFF) |
                               (swar::Load(remote + kAddressDigits + 1) & 0xFFFFFFFF) << 32;
  const auto [ports, ticks] = HexWords(port_digits, swar::Load(timer + 3), pair_errors);
  errors |= pair_errors[0] | pair_errors[1];
  record.local_port = static_cast<uint16_t>(ports >> 16);
  record.remote_port = static_cast<uint16_t>(ports);
  record.timer_ticks = ticks;
  record.tx_queue = HexWord(queues, errors);
  record.rx_queue = HexWord(queues + 9, errors);
  record.retransmits = HexWord(retransmits, errors);
  // st is 01 to 0B, tr is 00 to 04.
  const auto state_digit = static_cast<unsigned char>(state[1]);
  const unsigned state_value = state_digit - (state_digit <= '9' ? '0' : 'A' - 10U);
  const auto timer_value = static_cast<unsigned char>(timer[1] - '0');
  errors |= (state[0] != '0') | (timer[0] != '0') | (state_value - 1 >= kStateCount) |
            (state_digit > '9' && state_digit < 'A') | (timer_value > 4);
  if (errors != 0) return nullptr;
  record.state = static_cast<State>(state_value);
  record.timer = static_cast<Timer>(timer_value);
  record.family = kFamily;

  text = retransmits + 9;
  if (text >= end) return nullptr;
  UidAndProbes(text, record, errors);
  record.inode = DecimalThenBlank(text, std::numeric_limits<int64_t>::max(), errors);
  record.references = static_cast<uint32_t>(DecimalThenBlank(text, kMax32, errors));
  record.pointer = Pointer(text, errors);
  if (errors != 0) return nullptr;

  const char* newline;
  if (text[0] == '\n' || text[1] == ' ' || text[1] == '\n') {
    // Nothing but blanks may follow, and only in the states of a minisocket or request socket.
    const bool timewait = (record.state == State::kTimeWait || record.state == State::kFinWait2) &&
                          record.timer == Timer::kTimewait;
    const bool mini = record.inode == 0 && (timewait || record.state == State::kSynRecv);
    if (!mini || !OnlyBlanksToNewline(text, line, end, newline)) return nullptr;
    record.shape = RowShape::kMini;
    record.rto_ticks = record.ato_ticks = record.quick_pingpong = record.cwnd = 0;
    record.ssthresh = 0;
    return newline + 1;
  }
  if (*text++ != ' ') return nullptr;
  record.rto_ticks = static_cast<uint32_t>(DecimalThenBlank(text, kMax32, errors));
  record.ato_ticks = static_cast<uint32_t>(DecimalThenBlank(text, kMax32, errors));
  record.quick_pingpong = static_cast<uint32_t>(DecimalThenBlank(text, kMax32, errors));
  record.cwnd = static_cast<uint32_t>(DecimalThenBlank(text, kMax32, errors));
  const bool negative = *text == '-';
  text += negative;
  const uint64_t ssthresh = Decimal(text, errors);
  if (errors != 0 || ssthresh > kMaxSigned32) return nullptr;
  record.ssthresh = negative ? -static_cast<int32_t>(ssthresh) : static_cast<int32_t>(ssthresh);
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

RowsParsed ParseRowsPortable(const char* begin, const char* end, Family family,
                             SocketRecord* records, size_t capacity) noexcept {
  return family == Family::kTcp ? Rows<Family::kTcp>(begin, end, records, capacity)
                                : Rows<Family::kTcp6>(begin, end, records, capacity);
}

RowsParsed ParseRows(const char* begin, const char* end, Family family, SocketRecord* records,
                     size_t capacity) noexcept {
  static const auto narrow = HasAvx512() ? ParseRowsAvx512 : HasAvx2() ? ParseRowsAvx2 : nullptr;
  if (narrow == nullptr) return ParseRowsPortable(begin, end, family, records, capacity);
  // Where the narrower path stops, the portable one takes a row, or it is neither's. Where the next
  // one stops it again, it is left more.
  constexpr size_t kMost = 64;
  RowsParsed all{begin, 0};
  size_t most = 1;
  for (;;) {
    const auto add = [&](const RowsParsed& some) {
      all = {some.stop, all.count + some.count};
      return some.count;
    };
    const auto room = [&] { return capacity - all.count; };
    const bool any = add(narrow(all.stop, end, family, records + all.count, room())) != 0;
    most = any ? 1 : std::min(2 * most, kMost);
    const size_t limit = std::min(most, room());
    if (add(ParseRowsPortable(all.stop, end, family, records + all.count, limit)) < limit ||
        limit == 0) {
      return all;
    }
  }
}

}  // namespace tcpsnap::procnet
