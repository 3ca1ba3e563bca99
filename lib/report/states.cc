#include "report/states.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "report/error.h"
#include "report/nearest.h"

namespace tcpsnap::report {
namespace {

constexpr int kStateCount = 11;

constexpr uint32_t Bit(int state) { return 1u << state; }

constexpr uint32_t kAll = (1u << (kStateCount + 1)) - 2;
constexpr uint32_t kConnected = kAll & ~(Bit(7) | Bit(10));  // without CLOSE and LISTEN
constexpr uint32_t kMinisockets = Bit(3) | Bit(6);           // SYN_RECV and TIME_WAIT

struct Word {
  std::string_view word;
  uint32_t states;
};

/// Groups as in scan_state() of iproute2's ss.c, and spellings of ss and netstat.
constexpr std::array<Word, 14> kWords = {{{"ALL", kAll},
                                          {"CONNECTED", kConnected},
                                          {"SYNCHRONIZED", kConnected & ~Bit(2)},
                                          {"BUCKET", kMinisockets},
                                          {"BIG", kAll & ~kMinisockets},
                                          {"ESTAB", Bit(1)},
                                          {"SYN_RCV", Bit(3)},
                                          {"FIN_WAIT_1", Bit(4)},
                                          {"FIN_WAIT_2", Bit(5)},
                                          {"TIMEWAIT", Bit(6)},
                                          {"CLOSED", Bit(7)},
                                          {"CLOSEWAIT", Bit(8)},
                                          {"LISTENING", Bit(10)},
                                          {"UNCONN", Bit(7)}}};

/// "06", "0a", "6": as in the column `st`.
std::optional<int> HexState(std::string_view word) {
  if (word.size() == 2 && word[0] == '0') word.remove_prefix(1);
  if (word.size() != 1) return std::nullopt;
  const char c = word[0];
  if (c >= '1' && c <= '9') return c - '0';
  if (c == 'A' || c == 'B') return c - 'A' + 10;
  return std::nullopt;
}

std::string Normal(std::string_view text) {
  std::string word(text);
  for (char& c : word) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    if (c == '-') c = '_';
  }
  if (word.rfind("TCP_", 0) == 0) word.erase(0, 4);
  return word;
}

uint32_t ParseWord(std::string_view text) {
  const std::string word = Normal(text);
  if (const std::optional<int> number = HexState(word)) return Bit(*number);
  const auto& names = StateNames();
  for (int i = 0; i < kStateCount; ++i) {
    if (names[static_cast<size_t>(i)] == word) return Bit(i + 1);
  }
  for (const Word& other : kWords) {
    if (other.word == word) return other.states;
  }
  std::vector<std::string> known = names;
  for (const char* group : {"all", "connected", "synchronized", "bucket", "big"}) {
    known.emplace_back(group);
  }
  throw UserError("'" + std::string(text) + "' is no state" + DidYouMean(text, known));
}

}  // namespace

const std::vector<std::string>& StateNames() {
  static const std::vector<std::string> names = {
      "ESTABLISHED", "SYN_SENT",   "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT",
      "CLOSE",       "CLOSE_WAIT", "LAST_ACK", "LISTEN",    "CLOSING"};
  return names;
}

std::vector<std::string> ParseStates(std::string_view text) {
  uint32_t states = 0;
  while (true) {
    const size_t comma = text.find(',');
    states |= ParseWord(text.substr(0, comma));
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
  }
  std::vector<std::string> result;
  for (int i = 1; i <= kStateCount; ++i) {
    if ((states & Bit(i)) != 0) result.push_back(StateNames()[static_cast<size_t>(i - 1)]);
  }
  return result;
}

std::string StatesAsJson(const std::vector<std::string>& names) {
  // Names of the closed list above: nothing in them needs escaping.
  return names.empty() ? "[]" : "[\"" + JoinNames(names, "\",\"") + "\"]";
}

}  // namespace tcpsnap::report
