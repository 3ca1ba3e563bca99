#include "support/reference_row.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace tcpsnap::testing {
namespace {

using procnet::Family;
using procnet::RowShape;
using procnet::SocketRecord;
using procnet::State;
using procnet::Timer;

std::vector<std::string> Words(std::string line) {
  if (!line.empty() && line.back() == '\r') line.pop_back();
  std::vector<std::string> words;
  std::string word;
  for (const char c : line + ' ') {
    if (c != ' ' && c != '\t') {
      word += c;
    } else if (!word.empty()) {
      words.push_back(word);
      word.clear();
    }
  }
  return words;
}

/// True when `word` has the form that `picture` paints: `h` stands for a hex digit, `d` for a
/// decimal one, all else for itself.
bool LooksLike(const std::string& word, const std::string& picture) {
  if (word.size() != picture.size()) return false;
  for (size_t i = 0; i < word.size(); ++i) {
    const auto c = static_cast<unsigned char>(word[i]);
    if (picture[i] == 'h'   ? !std::isxdigit(c)
        : picture[i] == 'd' ? !std::isdigit(c)
                            : word[i] != picture[i]) {
      return false;
    }
  }
  return true;
}

std::optional<uint64_t> Decimal(const std::string& word, uint64_t most) {
  if (word.empty() || !LooksLike(word, std::string(word.size(), 'd'))) return std::nullopt;
  errno = 0;
  const unsigned long long value = std::strtoull(word.c_str(), nullptr, 10);
  if (errno != 0 || value > most) return std::nullopt;
  return value;
}

std::optional<int64_t> SignedDecimal(const std::string& word, int64_t least, int64_t most) {
  const bool negative = !word.empty() && word[0] == '-';
  const std::optional<uint64_t> size = Decimal(word.substr(negative ? 1 : 0), INT64_MAX);
  if (!size) return std::nullopt;
  const int64_t value = negative ? -static_cast<int64_t>(*size) : static_cast<int64_t>(*size);
  if (value < least || value > most) return std::nullopt;
  return value;
}

/// Fills an endpoint and says how many hex digits its address has; 0 when it is none.
size_t Endpoint(const std::string& word, uint32_t words[4], uint16_t& port) {
  if (LooksLike(word, "hhhhhhhh:hhhh")) {
    return std::sscanf(word.c_str(), "%8x:%4hx", &words[0], &port) == 2 ? 8 : 0;
  }
  if (LooksLike(word, std::string(32, 'h') + ":hhhh")) {
    return std::sscanf(word.c_str(), "%8x%8x%8x%8x:%4hx", &words[0], &words[1], &words[2],
                       &words[3], &port) == 5
               ? 32
               : 0;
  }
  return 0;
}

/// The columns up to the inode, which every shape has.
bool FirstTen(const std::vector<std::string>& words, SocketRecord& record) {
  const std::string& slot = words[0];
  if (slot.back() != ':') return false;
  const auto number = Decimal(slot.substr(0, slot.size() - 1), UINT64_MAX);
  if (!number) return false;
  record.slot = *number;

  const size_t local = Endpoint(words[1], record.local_words, record.local_port);
  const size_t remote = Endpoint(words[2], record.remote_words, record.remote_port);
  if (local == 0 || local != remote) return false;
  record.family = local == 8 ? Family::kTcp : Family::kTcp6;

  unsigned state = 0;
  if (!LooksLike(words[3], "hh") || std::sscanf(words[3].c_str(), "%2x", &state) != 1) return false;
  if (state < 1 || state > 11) return false;
  record.state = static_cast<State>(state);

  if (!LooksLike(words[4], "hhhhhhhh:hhhhhhhh") ||
      std::sscanf(words[4].c_str(), "%8x:%8x", &record.tx_queue, &record.rx_queue) != 2) {
    return false;
  }

  const size_t digits = words[5].size() < 3 ? 0 : words[5].size() - 3;
  unsigned timer = 0;
  if (digits < 8 || digits > 16 || !LooksLike(words[5], "hh:" + std::string(digits, 'h')) ||
      std::sscanf(words[5].c_str(), "%2x:", &timer) != 1 || timer > 4) {
    return false;
  }
  record.timer = static_cast<Timer>(timer);
  record.timer_ticks = std::strtoull(words[5].c_str() + 3, nullptr, 16);

  if (!LooksLike(words[6], "hhhhhhhh")) return false;
  std::sscanf(words[6].c_str(), "%8x", &record.retransmits);

  const auto uid = SignedDecimal(words[7], INT32_MIN, UINT32_MAX);
  const auto probes = SignedDecimal(words[8], INT32_MIN, INT32_MAX);
  const auto inode = Decimal(words[9], INT64_MAX);
  if (!uid || !probes || !inode) return false;
  record.uid = *uid;
  record.probes = static_cast<int32_t>(*probes);
  record.inode = *inode;
  return true;
}

bool ReferenceAndPointer(const std::vector<std::string>& words, SocketRecord& record) {
  const auto references = Decimal(words[10], UINT32_MAX);
  if (!references) return false;
  record.references = static_cast<uint32_t>(*references);
  const std::string& pointer = words[11];
  if (pointer == "(ptrval)" || pointer == "(____ptrval____)") return true;
  if (!LooksLike(pointer, "hhhhhhhh") && !LooksLike(pointer, std::string(16, 'h'))) return false;
  record.pointer = std::strtoull(pointer.c_str(), nullptr, 16);
  return true;
}

bool Tail(const std::vector<std::string>& words, SocketRecord& record) {
  uint32_t* const numbers[] = {&record.rto_ticks, &record.ato_ticks, &record.quick_pingpong,
                               &record.cwnd};
  for (size_t i = 0; i < 4; ++i) {
    const auto value = Decimal(words[12 + i], UINT32_MAX);
    if (!value) return false;
    *numbers[i] = static_cast<uint32_t>(*value);
  }
  const auto ssthresh = SignedDecimal(words[16], INT32_MIN, INT32_MAX);
  if (!ssthresh) return false;
  record.ssthresh = static_cast<int32_t>(*ssthresh);
  return true;
}

/// Whether the kernel prints rows without a tail for such a socket.
bool HasNoTail(const SocketRecord& record) {
  if (record.inode != 0) return false;
  if (record.state == State::kSynRecv) return true;  // a request socket
  return (record.state == State::kTimeWait || record.state == State::kFinWait2) &&
         record.timer == Timer::kTimewait;
}

bool SameSocket(const SocketRecord& a, const SocketRecord& b) {
  if (a.family != b.family || a.local_port != b.local_port || a.remote_port != b.remote_port ||
      !std::equal(a.local_words, a.local_words + 4, b.local_words) ||
      !std::equal(a.remote_words, a.remote_words + 4, b.remote_words)) {
    return false;
  }
  if (a.inode != 0 || b.inode != 0) return a.inode == b.inode;
  return a.pointer == b.pointer;
}

}  // namespace

std::optional<SocketRecord> ReferenceRow(const std::string& line,
                                         std::optional<int> extra_columns) {
  const std::vector<std::string> words = Words(line);
  if (words.size() < 10) return std::nullopt;
  SocketRecord record;
  std::memset(&record, 0, sizeof record);
  if (!FirstTen(words, record)) return std::nullopt;
  if (words.size() == 10) {
    record.shape = RowShape::kLinux22;
    return record;
  }
  if (words.size() == 11 || !ReferenceAndPointer(words, record)) return std::nullopt;
  if (words.size() > 17) {
    if (extra_columns == 0) return std::nullopt;
    const auto has_colon = [](const std::string& word) {
      return word.find(':') != std::string::npos;
    };
    if (!extra_columns && std::any_of(words.begin() + 17, words.end(), has_colon)) {
      return std::nullopt;
    }
  }
  if (words.size() >= 17) {
    record.shape = RowShape::kFull;
    return Tail(words, record) ? std::optional(record) : std::nullopt;
  }
  // A vendor's further columns may stand behind the pointer too.
  record.shape = RowShape::kMini;
  const bool extra = words.size() > 12;
  return HasNoTail(record) && (!extra || extra_columns.value_or(0) > 0) ? std::optional(record)
                                                                        : std::nullopt;
}

std::vector<SocketRecord> ReferenceDedup(const std::vector<SocketRecord>& rows) {
  std::vector<SocketRecord> kept;
  for (size_t i = 0; i < rows.size(); ++i) {
    const bool copied_later =
        std::any_of(rows.begin() + static_cast<ptrdiff_t>(i) + 1, rows.end(),
                    [&](const SocketRecord& later) { return SameSocket(rows[i], later); });
    if (!copied_later) kept.push_back(rows[i]);
  }
  return kept;
}

}  // namespace tcpsnap::testing
