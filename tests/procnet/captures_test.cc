// What the manifests of the captures say that the files hold is what ParseDump finds in them.
#include "support/captures.h"

#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "procnet/dump.h"
#include "support/catch.h"
#include "support/row_check.h"

namespace tcpsnap::procnet {
namespace {

/// A line of a manifest, by column name.
using Entry = std::map<std::string, std::string>;

std::vector<std::string> Split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
  return parts;
}

std::vector<Entry> ReadManifest(const std::string& folder) {
  std::vector<Entry> entries;
  const std::vector<std::string> lines = Split(testing::ReadFile(folder + "/MANIFEST.tsv"), '\n');
  const std::vector<std::string> names = Split(lines.at(0), '\t');
  for (size_t i = 1; i < lines.size(); ++i) {
    const std::vector<std::string> values = Split(lines[i], '\t');
    Entry entry;
    for (size_t column = 0; column < names.size(); ++column) {
      entry[names[column]] = column < values.size() ? values[column] : "";
    }
    entries.push_back(entry);
  }
  return entries;
}

/// "ESTAB=10 LISTEN=4" or "12:4 17:17" -> numbers by word.
std::map<std::string, size_t> Counts(const std::string& text, char separator) {
  std::map<std::string, size_t> counts;
  for (const std::string& part : Split(text, ' ')) {
    const std::vector<std::string> pair = Split(part, separator);
    if (pair.size() == 2) counts[pair[0]] = std::stoul(pair[1]);
  }
  return counts;
}

bool HoldsOneDump(const Entry& entry) {
  const std::string& file = entry.at("file");
  return file.find('/') == file.npos && file.find("dateIs") == file.npos;
}

// Files that are not taken row by row: what is refused of them, and why.
struct Exception {
  size_t taken;
  size_t refused;
  Reason reason;
};
const std::map<std::string, Exception> kExceptions = {
    {"lab618-truncated-midrow-tcp.txt", {17, 1, Reason::kCutRow}},
    {"linux26-hz250-jiffies-tcp.txt", {13, 1, Reason::kCutRow}},
    {"lkml2001-linux24-quoted-printable.txt", {0, 5, Reason::kBadRetransmits}},
    {"openwrt-mips-be-wrapped-email.txt", {0, 1, Reason::kCutRow}},
    {"sparc64-be-psutil201-wrapped.txt", {0, 1, Reason::kCutRow}},
    {"ubuntu-3x-closewait-prompts.txt", {7, 2, Reason::kForeignFamily}},
    {"metasploit-busybox-mips-be-udp-NOT-tcp.txt", {0, 0, Reason::kNone}},
    {"procfs-fixture-tcp6-actually-udp6.txt", {0, 0, Reason::kNone}},
};

void CheckException(const Dump& dump, const Exception& exception) {
  CHECK(dump.sockets.size() + dump.duplicates == exception.taken);
  if (exception.reason == Reason::kNone) {
    CHECK(dump.table == Table::kUdp);
    CHECK(dump.refused.empty());
    return;
  }
  size_t refused = 0;
  for (const RefusedLine& line : dump.refused) refused += line.reason == exception.reason;
  CHECK(refused == exception.refused);
}

void CheckCounts(const std::string& text, const Dump& dump, const Entry& entry) {
  const DumpBuilder builder = testing::ReadInPieces(text, 1);
  std::map<std::string, size_t> states, tokens;
  size_t v4 = 0;
  for (const SocketRecord& record : builder.records()) {
    const std::string state(StateName(record.state));
    ++states[state == "ESTABLISHED" ? "ESTAB" : state];
    ++tokens[std::to_string(static_cast<int>(record.shape))];
    v4 += record.family == Family::kTcp;
  }
  CHECK(dump.refused.empty());
  CHECK(builder.records().size() == std::stoul(entry.at("rows")));
  CHECK(v4 == std::stoul(entry.at("v4")));
  CHECK(builder.records().size() - v4 == std::stoul(entry.at("v6")));
  CHECK(states == Counts(entry.at("state_histogram"), '='));
  CHECK(tokens == Counts(entry.at("tokens_per_row"), ':'));
  CHECK(dump.duplicates == std::stoul(entry.at("dup_4tuples")));
}

void CheckByteOrder(const Dump& dump, const std::string& byte_order) {
  if (byte_order.starts_with("BE")) {
    CHECK(dump.byte_order_decided);
    CHECK(dump.byte_order == ByteOrder::kBig);
  } else if (byte_order.starts_with("LE")) {
    CHECK(dump.byte_order == ByteOrder::kLittle);
  } else {
    CHECK_FALSE(dump.byte_order_decided);
  }
}

TEST_CASE("files hold what their manifest says") {
  for (const char* folder : {TCPSNAP_CAPTURES "/own", TCPSNAP_CAPTURES "/public"}) {
    if (testing::FilesBelow(folder).empty()) {
      WARN("skipped, not there: " << folder);
      continue;
    }
    for (const Entry& entry : ReadManifest(folder)) {
      if (!HoldsOneDump(entry)) continue;
      const std::string& file = entry.at("file");
      CAPTURE(file);
      const std::string text = testing::ReadFile(std::string(folder) + '/' + file);
      const Dump dump = ParseDump(text);
      if (const auto exception = kExceptions.find(file); exception != kExceptions.end()) {
        CheckException(dump, exception->second);
        continue;
      }
      CheckCounts(text, dump, entry);
      CheckByteOrder(dump, entry.at("byte_order"));
    }
  }
}

}  // namespace
}  // namespace tcpsnap::procnet
