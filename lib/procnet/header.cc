#include "procnet/header.h"

#include <array>

#include "procnet/token.h"

namespace tcpsnap::procnet {
namespace {

constexpr size_t kWidestTcpAddress = 20;  // characters between the two address words

bool StartsWith(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

bool EqualsIgnoringCase(std::string_view a, std::string_view lower) {
  if (a.size() != lower.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    const char c = a[i];
    if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c) != lower[i]) return false;
  }
  return true;
}

bool HoldsDigit(std::string_view word) {
  for (const char c : word) {
    if (IsDigit(c)) return true;
  }
  return false;
}

// Columns that every modern row has but the kernel's header leaves out.
bool IsUnnamedColumn(std::string_view word) {
  static constexpr std::array<std::string_view, 7> kNames = {"ref", "pointer", "rto",     "ato",
                                                             "qp",  "cwnd",    "ssthresh"};
  for (const std::string_view name : kNames) {
    if (word == name) return true;
  }
  return false;
}

}  // namespace

std::string_view TableName(Table table) noexcept {
  static constexpr std::array<std::string_view, 7> kNames = {
      "no table",    "tcp table",    "udp or raw table", "unix socket table",
      "NuttX table", "output of ss", "output of netstat"};
  return kNames[static_cast<size_t>(table)];
}

Header ParseHeader(std::string_view line) noexcept {
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  Tokens tokens(line);
  const std::string_view first = tokens.Next();
  // Nearly every line that asks is something else: decide on the first word.
  if (first == "sl") {
    const std::string_view local = tokens.Next();
    if (!StartsWith(local, "local_address")) return {};
    const size_t local_start = tokens.start();
    Header header;
    if (HoldsDigit(local)) header.joined_at = local_start;
    header.table = Table::kTcp;
    header.padded = line.size() >= kPaddedWidth;
    Tokens peek = tokens;
    peek.Next();
    header.tcp6 = peek.start() - local_start > kWidestTcpAddress;
    for (std::string_view word = tokens.Next(); !word.empty(); word = tokens.Next()) {
      if (header.joined_at == 0 && HoldsDigit(word)) header.joined_at = tokens.start();
      if (word == "drops") header.table = Table::kUdp;
      if (header.extra_columns && !IsUnnamedColumn(word)) ++*header.extra_columns;
      if (EqualsIgnoringCase(word, "inode")) header.extra_columns = 0;
    }
    if (header.joined_at > 0) header.extra_columns.reset();
    return header;
  }
  const std::string_view second = tokens.Next();
  const std::string_view third = tokens.Next();
  Header header;
  if (first == "Num" && second == "RefCount") header.table = Table::kUnix;
  if (first == "TCP" && second == "sl") header.table = Table::kNuttx;
  if (first == "Proto" && second == "Recv-Q") header.table = Table::kNetstat;
  if ((first == "State" && second == "Recv-Q") ||
      (first == "Netid" && second == "State" && third == "Recv-Q")) {
    header.table = Table::kSs;
  }
  return header;
}

}  // namespace tcpsnap::procnet
