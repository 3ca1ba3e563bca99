#include "support/row_check.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include "procnet/row.h"
#include "procnet/row_fast.h"
#include "support/reference_row.h"
#include "support/row_text.h"

namespace tcpsnap::testing {
namespace {

using procnet::Dump;
using procnet::DumpBuilder;
using procnet::Family;
using procnet::LinePosition;
using procnet::ParseRow;
using procnet::ParseRows;
using procnet::Reason;
using procnet::RowResult;
using procnet::SocketRecord;

/// Bytes behind the text that would continue a number, a blank run or end a line, to show that they
/// are read by nobody.
constexpr std::array<char, 4> kBehind = {'0', ' ', '\n', 'F'};

/// `line` and '\n' as the fast path wants them, in memory of exactly the size that it may read.
std::vector<char> WithReadAhead(std::string_view line, char behind) {
  std::vector<char> memory(line.begin(), line.end());
  memory.push_back('\n');
  memory.resize(memory.size() + procnet::kReadAhead, behind);
  return memory;
}

std::optional<SocketRecord> FastRow(std::string_view line, Family family, char behind,
                                    std::string& failure) {
  const std::vector<char> memory = WithReadAhead(line, behind);
  const char* const end = memory.data() + line.size() + 1;
  SocketRecord record;
  std::memset(&record, 0xA5, sizeof record);
  const procnet::RowsParsed parsed = ParseRows(memory.data(), end, family, &record, 1);
  if (parsed.count > 1 || parsed.stop != (parsed.count == 1 ? end : memory.data())) {
    failure = "ParseRows stops inside of the line";
  }
  if (parsed.count == 0) return std::nullopt;
  return record;
}

bool SameBytes(const SocketRecord& a, const SocketRecord& b) {
  return std::memcmp(&a, &b, sizeof a) == 0;
}

std::string CheckFastRow(std::string_view line, const RowResult& result,
                         const SocketRecord& record) {
  std::string failure;
  for (const Family family : {Family::kTcp, Family::kTcp6}) {
    std::array<bool, kBehind.size()> taken{};
    for (size_t i = 0; i < kBehind.size(); ++i) {
      const auto fast = FastRow(line, family, kBehind[i], failure);
      taken[i] = fast.has_value();
      if (!fast) continue;
      if (result.reason != Reason::kNone)
        failure = "ParseRows takes what ParseRow refuses";
      else if (!SameBytes(*fast, record))
        failure = "ParseRows and ParseRow differ";
      else if (record.family != family)
        failure = "ParseRows takes a row of the other family";
    }
    if (std::adjacent_find(taken.begin(), taken.end(), std::not_equal_to<>()) != taken.end()) {
      failure = "ParseRows depends on what stands behind the text";
    }
  }
  return failure;
}

/// Every line of the text is counted once.
std::string CheckAccount(std::string_view text, const Dump& dump) {
  bool terminated = false;
  const std::vector<std::string_view> lines = Lines(text, terminated);
  const auto blank =
      static_cast<size_t>(std::count_if(lines.begin(), lines.end(), [](std::string_view line) {
        if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
        return line.find_first_not_of(" \t") == line.npos;
      }));
  const size_t header = dump.table == procnet::Table::kNone ? 0 : 1;
  const size_t counted = dump.sockets.size() + dump.duplicates + dump.refused.size() +
                         dump.other_lines + blank + header;
  if (counted == lines.size()) return {};
  return "lines: " + std::to_string(lines.size()) + ", accounted for: " + std::to_string(counted);
}

std::string CheckRefused(std::string_view text, const Dump& dump) {
  for (const procnet::RefusedLine& refused : dump.refused) {
    const uint64_t offset = refused.position.offset;
    if (refused.reason == Reason::kNone || refused.reason >= Reason::kCount) return "no reason";
    if (offset > text.size() || (offset > 0 && text[offset - 1] != '\n') ||
        !text.substr(offset).starts_with(refused.text)) {
      return "a refused line does not stand where it says";
    }
    if (refused.column > refused.text.size()) return "a refused line's column is behind it";
    const auto line =
        1 + std::count(text.begin(), text.begin() + static_cast<ptrdiff_t>(offset), '\n');
    if (refused.position.line != static_cast<uint64_t>(line))
      return "a refused line's number is wrong";
  }
  return {};
}

/// The records are rows of the text, in its order.
std::string CheckRecords(std::string_view text, const DumpBuilder& builder) {
  bool terminated = false;
  const std::vector<std::string_view> lines = Lines(text, terminated);
  size_t next = 0;
  for (const SocketRecord& record : builder.records()) {
    for (;; ++next) {
      if (next == lines.size()) return "a record is no row of the text";
      std::string line(lines[next]);
      while (!line.empty() && line.back() == '\r') line.pop_back();
      // What the header says of further columns is not known here.
      const auto is_record = [&](std::optional<int> extra_columns) {
        const auto reference = ReferenceRow(line, extra_columns);
        return reference && SameBytes(*reference, record);
      };
      if (is_record(1) || is_record(std::nullopt)) break;
    }
    ++next;
  }
  return {};
}

bool SameRefused(const std::vector<procnet::RefusedLine>& a,
                 const std::vector<procnet::RefusedLine>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
    return x.position.line == y.position.line && x.position.offset == y.position.offset &&
           x.column == y.column && x.reason == y.reason && x.text == y.text;
  });
}

}  // namespace

std::vector<std::string_view> Lines(std::string_view text, bool& terminated) {
  std::vector<std::string_view> lines;
  terminated = true;
  while (!text.empty()) {
    const size_t newline = text.find('\n');
    terminated = newline != text.npos;
    lines.push_back(text.substr(0, newline));
    text.remove_prefix(terminated ? newline + 1 : text.size());
  }
  return lines;
}

bool FastPathTakes(std::string_view line, Family family) {
  std::string failure;
  return FastRow(line, family, '0', failure).has_value();
}

std::string CheckRow(std::string_view line) {
  SocketRecord record;
  for (const std::optional<int> extra_columns : {std::optional<int>(0), std::optional<int>(1),
                                                 std::optional<int>(2), std::optional<int>()}) {
    std::memset(&record, 0x5A, sizeof record);
    const RowResult result = ParseRow(line, {extra_columns}, record);
    const auto reference = ReferenceRow(std::string(line), extra_columns);
    if (result.column > line.size()) return "the column of the refusal is behind the line";
    if (result.reason == Reason::kNone && !reference) return "ParseRow takes what is no row";
    if (result.reason != Reason::kNone && reference) {
      return "ParseRow refuses a row: " + std::string(procnet::ReasonName(result.reason));
    }
    if (reference && !SameBytes(*reference, record)) return "ParseRow and the reference differ";
    if (reference && procnet::LooksLike(line) != procnet::Likeness::kRow) {
      return "a whole row does not look like a row";
    }
    if (extra_columns != 0) continue;
    if (std::string failure = CheckFastRow(line, result, record); !failure.empty()) return failure;
  }
  return {};
}

DumpBuilder ReadInPieces(std::string_view text, uint64_t seed) {
  Random random(seed);
  DumpBuilder builder;
  bool header_seen = false, reading = true;
  LinePosition position{1, 0};
  while (position.offset < text.size()) {
    const std::string_view rest = text.substr(position.offset);
    if (reading && rest.size() > procnet::kReadAhead) {
      const size_t most = rest.size() - procnet::kReadAhead;
      const size_t size = Below(random, 3) == 0 ? most : Below(random, std::min<size_t>(most, 700));
      if (builder.AddRows(rest.substr(0, size), position) > 0) continue;
    }
    const size_t newline = rest.find('\n');
    std::string_view line = rest.substr(0, newline);
    const size_t bytes = line.size() + (newline == rest.npos ? 0 : 1);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    const procnet::Header header = procnet::ParseHeader(line);
    if (header.table != procnet::Table::kNone) {
      reading = header.table == procnet::Table::kTcp;
      if (!header_seen && reading && builder.empty()) builder.Clear(header);
      if (reading && header.joined_at > 0) {
        builder.Refuse(line, position, header.joined_at, Reason::kJoinedRow);
      } else {
        header_seen = true;
      }
    } else if (reading && builder.Wants(line, newline != rest.npos) &&
               builder.AddLine(line, position, newline != rest.npos) ==
                   DumpBuilder::Added::kOtherFamily) {
      builder.Refuse(line, position, 0, Reason::kForeignFamily);
    }
    position.line += 1;
    position.offset += bytes;
  }
  return builder;
}

std::string CheckDump(std::string_view text, uint64_t seed) {
  Dump dump = procnet::ParseDump(text);
  if (std::string failure = CheckAccount(text, dump); !failure.empty()) return failure;
  if (std::string failure = CheckRefused(text, dump); !failure.empty()) return failure;

  const DumpBuilder pieces = ReadInPieces(text, seed);
  if (!SameRefused(pieces.refused(), dump.refused)) return "in pieces other lines are refused";
  if (std::string failure = CheckRecords(text, pieces); !failure.empty()) return failure;

  const std::vector<SocketRecord> rows(pieces.records().begin(), pieces.records().end());
  if (rows.size() != dump.sockets.size() + dump.duplicates) return "in pieces there are other rows";
  constexpr size_t kMostForQuadratic = 2'000;
  if (rows.size() > kMostForQuadratic) return {};
  const std::vector<SocketRecord> kept = ReferenceDedup(rows);
  if (!std::equal(kept.begin(), kept.end(), dump.sockets.begin(), dump.sockets.end(), SameBytes)) {
    return "other copies were dropped than the reference drops";
  }
  return {};
}

}  // namespace tcpsnap::testing
