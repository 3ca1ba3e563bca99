#include "procnet/row.h"

#include <cstring>
#include <limits>

#include "procnet/token.h"

namespace tcpsnap::procnet {
namespace {

// The columns by number, as input.md and the kernel's formats count them.
enum Column : int {
  kSlot,
  kLocal,
  kRemote,
  kState,
  kQueues,
  kTimer,
  kRetransmits,
  kUid,
  kProbes,
  kInode,
  kReference,
  kPointer,
  kRto,
  kAto,
  kQuickPingpong,
  kCwnd,
  kSsthresh,
  kColumnCount,
};

constexpr int kLinux22Columns = kInode + 1;
constexpr int kMiniColumns = kPointer + 1;

// Nothing but the characters of the kernel's numbers.
bool IsNumberLike(std::string_view word) noexcept {
  bool digits = false;
  for (const char c : word) {
    if (HexDigit(c) >= 0) {
      digits = true;
    } else if (c != ':' && c != '-') {
      return false;
    }
  }
  return digits;
}

bool ParseWord(std::string_view text, uint32_t& word) noexcept {
  uint64_t value = 0;
  if (text.size() != 8 || !ParseHex(text, value)) return false;
  word = static_cast<uint32_t>(value);
  return true;
}

bool ParseEndpoint(std::string_view text, uint32_t words[4], uint16_t& port) noexcept {
  const size_t colon = text.size() < 5 ? 0 : text.size() - 5;
  if ((colon != 8 && colon != 32) || text[colon] != ':') return false;
  for (size_t i = 0; i < 4; ++i) {
    words[i] = 0;
    if (8 * i < colon && !ParseWord(text.substr(8 * i, 8), words[i])) return false;
  }
  uint64_t value = 0;
  if (!ParseHex(text.substr(colon + 1), value)) return false;
  port = static_cast<uint16_t>(value);
  return true;
}

bool ParseState(std::string_view text, State& state) noexcept {
  uint64_t value = 0;
  if (text.size() != 2 || !ParseHex(text, value) || value < 1 || value > kStateCount) return false;
  state = static_cast<State>(value);
  return true;
}

bool ParseTimer(std::string_view text, Timer& timer, uint64_t& ticks) noexcept {
  uint64_t kind = 0;
  if (text.size() < 11 || text.size() > 19 || text[2] != ':') return false;
  if (!ParseHex(text.substr(0, 2), kind) || kind > 4 || !ParseHex(text.substr(3), ticks)) {
    return false;
  }
  timer = static_cast<Timer>(kind);
  return true;
}

// %5d of older kernels prints a uid above 2^31 as a negative number.
bool ParseUid(std::string_view text, int64_t& uid) noexcept {
  return ParseDecimal(text, uid) && uid >= std::numeric_limits<int32_t>::min() &&
         uid <= std::numeric_limits<uint32_t>::max();
}

bool ParsePointer(std::string_view text, uint64_t& pointer) noexcept {
  pointer = 0;
  if (text == "(ptrval)" || text == "(____ptrval____)") return true;  // lib/vsprintf.c
  return (text.size() == 8 || text.size() == 16) && ParseHex(text, pointer);
}

bool ParseInode(std::string_view text, uint64_t& inode) noexcept {
  return ParseDecimal(text, inode) && inode <= std::numeric_limits<int64_t>::max();
}

// Fills the part of `record` that `column` holds; says what is wrong if it can't.
Reason ParseColumn(int column, std::string_view text, SocketRecord& record) noexcept {
  const auto check = [](bool fine, Reason reason) { return fine ? Reason::kNone : reason; };
  switch (column) {
    case kSlot:
      if (text.size() < 2 || text.back() != ':') return Reason::kBadSlot;
      text.remove_suffix(1);
      return check(ParseDecimal(text, record.slot), Reason::kBadSlot);
    case kLocal:
      record.family = text.size() > 13 ? Family::kTcp6 : Family::kTcp;
      return check(ParseEndpoint(text, record.local_words, record.local_port), Reason::kBadAddress);
    case kRemote:
      if (!ParseEndpoint(text, record.remote_words, record.remote_port)) return Reason::kBadAddress;
      return check((text.size() > 13) == (record.family == Family::kTcp6), Reason::kMixedFamilies);
    case kState:
      return check(ParseState(text, record.state), Reason::kBadState);
    case kQueues:
      return check(text.size() == 17 && text[8] == ':' &&
                       ParseWord(text.substr(0, 8), record.tx_queue) &&
                       ParseWord(text.substr(9), record.rx_queue),
                   Reason::kBadQueue);
    case kTimer:
      return check(ParseTimer(text, record.timer, record.timer_ticks), Reason::kBadTimer);
    case kRetransmits:
      return check(ParseWord(text, record.retransmits), Reason::kBadRetransmits);
    case kUid:
      return check(ParseUid(text, record.uid), Reason::kBadUid);
    case kProbes:
      return check(ParseDecimal(text, record.probes), Reason::kBadProbes);
    case kInode:
      return check(ParseInode(text, record.inode), Reason::kBadInode);
    case kReference:
      return check(ParseDecimal(text, record.references), Reason::kBadReference);
    case kPointer:
      return check(ParsePointer(text, record.pointer), Reason::kBadPointer);
    case kRto:
      return check(ParseDecimal(text, record.rto_ticks), Reason::kBadTail);
    case kAto:
      return check(ParseDecimal(text, record.ato_ticks), Reason::kBadTail);
    case kQuickPingpong:
      return check(ParseDecimal(text, record.quick_pingpong), Reason::kBadTail);
    case kCwnd:
      return check(ParseDecimal(text, record.cwnd), Reason::kBadTail);
    default:
      return check(ParseDecimal(text, record.ssthresh), Reason::kBadTail);
  }
}

// A request socket or minisocket: what get_openreq4() and get_timewait4_sock() print.
bool MayBeMini(const SocketRecord& record) noexcept {
  if (record.inode != 0) return false;
  if (record.state == State::kSynRecv) return true;
  return (record.state == State::kTimeWait || record.state == State::kFinWait2) &&
         record.timer == Timer::kTimewait;
}

// The shape that so many columns mean for this row, and whether they are too few or too many.
Reason ChooseShape(int columns, RowFormat format, SocketRecord& record) noexcept {
  const int extra = format.extra_columns.value_or(0);
  record.shape = RowShape::kFull;
  if (columns == kLinux22Columns) {
    record.shape = RowShape::kLinux22;
  } else if (MayBeMini(record) && columns >= kMiniColumns &&
             (columns == kMiniColumns || (extra > 0 && columns < kColumnCount))) {
    // A vendor's columns may stand behind the pointer or not; a name among them may hold blanks.
    record.shape = RowShape::kMini;
  } else if (columns < kColumnCount) {
    return Reason::kCutRow;
  } else if (columns > kColumnCount && format.extra_columns && extra == 0) {
    return Reason::kJoinedRow;
  }
  return Reason::kNone;
}

}  // namespace

RowResult ParseRow(std::string_view line, RowFormat format, SocketRecord& record) noexcept {
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  std::memset(&record, 0, sizeof record);

  // The columns that every shape has, then as many of the rest as the shape has.
  Tokens tokens(line);
  RowResult failure;
  int columns = 0;
  std::string_view words[kColumnCount];
  size_t starts[kColumnCount];
  for (std::string_view word = tokens.Next(); !word.empty(); word = tokens.Next()) {
    if (columns < kColumnCount) words[columns] = word, starts[columns] = tokens.start();
    ++columns;
  }
  if (columns == 0) return {Reason::kNotARow, 0};
  const auto parse = [&](int from, int to) {
    for (int i = from; i < to && i < columns; ++i) {
      const Reason reason = ParseColumn(i, words[i], record);
      if (reason == Reason::kNone) continue;
      // A last word that is only too short, in a row that is too short, is where it was cut.
      const bool cut =
          i == columns - 1 && columns < kColumnCount && i != kSlot && IsNumberLike(words[i]);
      failure = {cut ? Reason::kCutRow : reason, starts[i]};
      return false;
    }
    return true;
  };

  if (!parse(kSlot, kLinux22Columns)) return failure;
  if (columns < kLinux22Columns) return {Reason::kCutRow, line.size()};
  if (record.state == State::kClose && (columns == kMiniColumns || columns == kMiniColumns + 1)) {
    return {Reason::kUdpRow, starts[kState]};
  }
  const Reason shape = ChooseShape(columns, format, record);
  if (!parse(kLinux22Columns, static_cast<int>(record.shape))) return failure;
  if (shape == Reason::kCutRow) return {shape, line.size()};
  const size_t behind = columns > kColumnCount ? starts[kSsthresh] + words[kSsthresh].size() : 0;
  if (shape == Reason::kJoinedRow) return {shape, behind};
  // Columns that no header speaks of: a row or a time has a colon.
  if (!format.extra_columns && behind != 0 && line.find(':', behind) != line.npos) {
    return {Reason::kJoinedRow, behind};
  }
  return {};
}

namespace {

// "0100007F:1F90" or its 32-digit form, anywhere in the word.
bool HoldsEndpoint(std::string_view word) noexcept {
  size_t digits = 0;
  for (size_t i = 0; i < word.size(); ++i) {
    if (HexDigit(word[i]) >= 0) {
      ++digits;
      continue;
    }
    if (word[i] == ':' && (digits == 8 || digits == 32) && i + 4 < word.size() &&
        HexDigit(word[i + 1]) >= 0 && HexDigit(word[i + 2]) >= 0 && HexDigit(word[i + 3]) >= 0 &&
        HexDigit(word[i + 4]) >= 0) {
      return true;
    }
    digits = 0;
  }
  return false;
}

}  // namespace

Likeness LooksLike(std::string_view line) noexcept {
  constexpr int kFragmentWords = 4;
  Tokens tokens(line);
  std::string_view word = tokens.Next();
  if (word.size() >= 2 && word.back() == ':') {
    word.remove_suffix(1);
    bool digits = true;
    for (const char c : word) digits = digits && IsDigit(c);
    // "12: 0100..." or its beginning, but neither "12: some text" nor "12: 45 0 IO-APIC".
    if (digits) {
      const std::string_view next = tokens.Next();
      const bool last = tokens.Next().empty();
      if (next.empty()) return Likeness::kRow;
      if (IsNumberLike(next) && (last || next.find(':') != next.npos)) return Likeness::kRow;
    }
  }
  int words = 0;
  bool numbers = true;
  Tokens again(line);
  for (word = again.Next(); !word.empty(); word = again.Next()) {
    if (HoldsEndpoint(word)) return Likeness::kRow;
    numbers = numbers && IsNumberLike(word);
    ++words;
  }
  return numbers && words >= kFragmentWords ? Likeness::kFragment : Likeness::kOther;
}

}  // namespace tcpsnap::procnet
