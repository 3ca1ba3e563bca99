// The fast path, the complete parser and the reference agree on every line of every dump.
#include <algorithm>
#include <string>
#include <unordered_set>
#include <vector>

#include "procnet/dump.h"
#include "procnet/row.h"
#include "procnet/row_fast.h"
#include "support/captures.h"
#include "support/catch.h"
#include "support/reference_row.h"
#include "support/row_check.h"

namespace tcpsnap::procnet {
namespace {

using testing::CheckDump;
using testing::CheckRow;
using testing::FilesBelow;
using testing::ReadFile;

const char* const kFolders[] = {TCPSNAP_TESTDATA, TCPSNAP_CAPTURES "/own",
                                TCPSNAP_CAPTURES "/public"};

/// How many of the file's lines the fast path takes, one after the other, and how many are rows.
void CountRows(std::string_view text, size_t& fast, size_t& rows) {
  std::string copy(text);
  copy.append(kReadAhead, '\n');
  const char* line = copy.data();
  const char* const end = copy.data() + text.size();
  std::vector<SocketRecord> records(text.size() / 100 + 1);
  while (line < end) {
    size_t taken = 0;
    for (const Family family : {Family::kTcp, Family::kTcp6}) {
      const RowsParsed parsed = ParseRows(line, end, family, records.data(), records.size());
      line = parsed.stop;
      taken += parsed.count;
    }
    fast += taken;
    rows += taken;
    if (taken > 0 || line == end) continue;
    const char* newline = std::find(line, end, '\n');
    SocketRecord record;
    const std::string_view left(line, static_cast<size_t>(newline - line));
    rows += ParseRow(left, {}, record).reason == Reason::kNone;
    line = newline == end ? end : newline + 1;
  }
}

TEST_CASE("every line of every dump") {
  std::unordered_set<std::string> seen;  // the folders share files
  size_t fast = 0, rows = 0;
  for (const char* folder : kFolders) {
    const auto files = FilesBelow(folder);
    if (files.empty()) WARN("skipped, not there: " << folder);
    for (const auto& path : files) {
      CAPTURE(path.string());
      const std::string text = ReadFile(path);
      if (!seen.insert(text).second) continue;
      bool terminated = false;
      for (const std::string_view line : testing::Lines(text, terminated)) {
        if (!seen.emplace(line).second) continue;
        if (const std::string failure = CheckRow(line); !failure.empty())
          FAIL(failure << ": " << line);
      }
      CountRows(text, fast, rows);
    }
  }
  CHECK(rows > 0);
  // Real rows are what the fast path is for.
  CHECK(fast >= rows - rows / 100);
}

TEST_CASE("every dump, whole and in pieces") {
  constexpr size_t kMostBytes = 600'000;
  std::unordered_set<std::string> seen;
  uint64_t seed = 0;
  for (const char* folder : kFolders) {
    for (const auto& path : FilesBelow(folder)) {
      CAPTURE(path.string());
      const std::string text = ReadFile(path).substr(0, kMostBytes);
      if (!seen.insert(text).second) continue;
      if (const std::string failure = CheckDump(text, ++seed); !failure.empty()) FAIL(failure);
    }
  }
}

}  // namespace
}  // namespace tcpsnap::procnet
