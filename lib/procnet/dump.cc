#include "procnet/dump.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstring>

#include "procnet/row_fast.h"
#include "procnet/token.h"

namespace tcpsnap::procnet {
namespace {

constexpr size_t kPaddedWidthLinux22 = 127;
constexpr size_t kPaddedWidthLinux22Tcp6 = 190;

// Digits of the pointer column of a row, 0 where it has none.
size_t PointerDigits(std::string_view line) {
  constexpr int kPointerColumn = 11;
  Tokens tokens(line);
  for (int i = 0; i < kPointerColumn; ++i) tokens.Next();
  return tokens.Next().size();
}

bool HoldsPaddedLine(std::string_view lines) {
  while (!lines.empty()) {
    const size_t end = lines.find('\n');
    if (end >= kPaddedWidth) return true;
    lines.remove_prefix(end + 1);
  }
  return false;
}

// Behind so many lines of a text that holds them.
const char* BehindLines(const char* text, size_t lines) {
  for (; lines > 0; --lines) {
    while (*text != '\n') ++text;
    ++text;
  }
  return text;
}

}  // namespace

void DumpBuilder::Clear(const Header& header) {
  header_ = header;
  family_.reset();
  padded_ = header.padded;
  pointer_digits_ = 0;
  last_was_cut_ = false;
  has_row_zero_ = is_contiguous_ = false;
  records_.clear();
  refused_.clear();
  linux22_rows_.clear();
}

// What the first row tells about the others.
void DumpBuilder::LearnFrom(std::string_view first_line, const SocketRecord& record) {
  family_ = record.family;
  pointer_digits_ = PointerDigits(first_line);
  padded_ |= record.family == Family::kTcp && first_line.size() >= kPaddedWidth;
}

size_t DumpBuilder::AddRows(std::string_view text, LinePosition& position, Restart restart) {
  // Rows that need a look back or the header are AddLine's.
  if (!family_ || !linux22_rows_.empty() || header_.extra_columns.value_or(0) > 0) return 0;
  constexpr size_t kShortestRow = 100;
  constexpr size_t kLargeDump = 64 << 10;
  const size_t old_count = records_.size();
  const size_t room = text.size() / kShortestRow + 1;
  if (records_.capacity() < old_count + room) {
    // What is not used of a large block takes no memory, to copy one takes twice its rows.
    const size_t factor = records_.capacity() < kLargeDump ? 2 : 4;
    records_.reserve(std::max(old_count + room, factor * records_.capacity()));
  }
  records_.resize(old_count + room);
  const RowsParsed parsed = ParseRows(text.data(), text.data() + text.size(), *family_,
                                      records_.data() + old_count, room);
  size_t count = parsed.count;
  const char* stop = parsed.stop;
  if (restart != Restart::kNever) {
    // The first row is AddLine's, so each has one above it.
    for (size_t i = 0; i < count; ++i) {
      const SocketRecord* const record = &records_[old_count + i];
      if (record[0].slot == record[-1].slot + 1) continue;
      if (Restarts(record[-1].slot, record[0].slot, restart) ||
          Falls(record[-1].slot, record[0].slot)) {
        count = i;
        stop = BehindLines(text.data(), count);
        break;
      }
      has_row_zero_ |= record[0].slot == 0;
      is_contiguous_ = false;
    }
  }
  records_.resize(old_count + count);
  const size_t consumed = static_cast<size_t>(stop - text.data());
  if (consumed > 0) last_was_cut_ = false;
  if (!padded_ && *family_ == Family::kTcp) padded_ = HoldsPaddedLine(text.substr(0, consumed));
  position.line += count;
  position.offset += consumed;
  return consumed;
}

bool DumpBuilder::Restarts(uint64_t last, uint64_t slot, Restart restart) const {
  if (restart == Restart::kAtNoHigher && slot <= last) return true;
  return slot == 0 && last > 0 && has_row_zero_;
}

bool DumpBuilder::Falls(uint64_t last, uint64_t slot) const {
  return is_contiguous_ && slot <= last && records_.size() > 1;
}

bool DumpBuilder::Wants(std::string_view line, bool terminated) const {
  if (line.find_first_not_of(" \t") == line.npos) return false;
  // A last line that stops anywhere is the beginning of a row.
  const bool like_a_beginning = IsBlank(line.front()) || IsDigit(line.front());
  if (!terminated && !records_.empty() && like_a_beginning) return true;
  const Likeness likeness = LooksLike(line);
  return likeness == Likeness::kRow || (likeness == Likeness::kFragment && last_was_cut_);
}

DumpBuilder::Added DumpBuilder::AddLine(std::string_view line, LinePosition position,
                                        bool terminated, Restart restart) {
  SocketRecord record;
  RowResult result = ParseRow(line, {header_.extra_columns}, record);
  if (result.reason == Reason::kNone && family_ && record.family != *family_) {
    return Added::kOtherFamily;
  }
  if (result.reason == Reason::kNone && !records_.empty() && restart != Restart::kNever) {
    const uint64_t last = records_.back().slot;
    if (Restarts(last, record.slot, restart)) return Added::kRestarts;
    if (Falls(last, record.slot)) return Added::kFalls;
  }
  if (result.reason == Reason::kNone && !terminated && !IsSurelyWhole(line, record)) {
    result = {Reason::kCutRow, line.size()};
  }
  if (result.reason == Reason::kNone) {
    const bool linux22 = record.shape == RowShape::kLinux22;
    const bool all_linux22 = records_.size() == linux22_rows_.size();
    // The header of 2.4 and later is padded wider than any row of 2.2.
    if (linux22 && (!all_linux22 || header_.padded)) {
      result = {Reason::kCutRow, line.size()};
    } else if (!linux22 && !linux22_rows_.empty()) {
      RefuseLinux22Rows();
    } else if (linux22) {
      linux22_rows_.push_back({position, std::string(line)});
    }
  }
  if (result.reason != Reason::kNone) {
    Refuse(line, position, result.column, result.reason);
    last_was_cut_ = true;
    return Added::kRefused;
  }
  last_was_cut_ = false;
  if (!family_) LearnFrom(line, record);
  padded_ |= record.family == Family::kTcp && line.size() >= kPaddedWidth;
  has_row_zero_ |= record.slot == 0;
  is_contiguous_ = records_.empty() ? record.slot == 0
                                    : is_contiguous_ && record.slot == records_.back().slot + 1;
  records_.push_back(record);
  return Added::kTaken;
}

// A last line without '\n' may have lost its end: the rest of its last column, or whole columns.
bool DumpBuilder::IsSurelyWhole(std::string_view line, const SocketRecord& record) const {
  if (record.shape == RowShape::kLinux22) {
    // A later row of tcp6 that was cut in its inode is wider than 127.
    return line.size() >=
           (record.family == Family::kTcp ? kPaddedWidthLinux22 : kPaddedWidthLinux22Tcp6);
  }
  if (record.family == Family::kTcp && padded_) return line.size() >= kPaddedWidth;
  return pointer_digits_ == 0 || PointerDigits(line) == pointer_digits_;
}

// Rows of 10 columns are Linux 2.2's or cut ones: a longer row shows that they were cut.
void DumpBuilder::RefuseLinux22Rows() {
  records_.clear();
  for (const PlacedLine& row : linux22_rows_) {
    Refuse(row.text, row.position, row.text.size(), Reason::kCutRow);
  }
  linux22_rows_.clear();
}

void DumpBuilder::Refuse(std::string_view line, LinePosition position, size_t column,
                         Reason reason) {
  refused_.push_back({position, column, reason, std::string(line)});
}

void DumpBuilder::PrependToLastRefused(std::string_view prefix) {
  RefusedLine& last = refused_.back();
  last.text.insert(0, prefix);
  last.column += prefix.size();
}

bool IsCopy(const SocketRecord& a, const SocketRecord& b) noexcept {
  return a.inode == b.inode && (a.inode != 0 || a.pointer == b.pointer) &&
         a.local_port == b.local_port && a.remote_port == b.remote_port && a.family == b.family &&
         std::memcmp(a.local_words, b.local_words, sizeof a.local_words) == 0 &&
         std::memcmp(a.remote_words, b.remote_words, sizeof a.remote_words) == 0;
}

namespace {

// Of what IsCopy compares. The high bits are the good ones.
uint64_t IdentityHash(const SocketRecord& record) noexcept {
  constexpr uint64_t kOdd = 0x9E3779B97F4A7C15;  // 2^64 / golden ratio
  const auto mix = [](uint64_t hash, uint64_t value) {
    hash = (hash ^ value) * kOdd;
    return hash ^ hash >> 32;
  };
  uint64_t hash = mix(record.inode != 0 ? record.inode : record.pointer,
                      uint64_t{record.local_port} << 16 | record.remote_port);
  uint64_t words[4];
  std::memcpy(words, record.local_words, sizeof words);
  static_assert(offsetof(SocketRecord, remote_words) == sizeof record.local_words);
  if (record.family == Family::kTcp) {
    hash = mix(hash, words[0] << 32 | words[2]);
  } else {
    for (const uint64_t word : words) hash = mix(hash, word);
  }
  return hash * kOdd;
}

}  // namespace

size_t DropDuplicates(Records& records) {
  // Open addressing over record numbers + 1, at most half full.
  const size_t size = std::bit_ceil(std::max<size_t>(records.size() * 2, 16));
  const int shift = 64 - std::countr_zero(size);
  std::vector<uint32_t> table(size, 0);
  std::vector<bool> superseded;
  size_t copies = 0;
  for (size_t i = 0; i < records.size(); ++i) {
    size_t at = IdentityHash(records[i]) >> shift;
    for (; table[at] != 0; at = (at + 1) & (size - 1)) {
      const size_t other = table[at] - 1;
      if (!IsCopy(records[other], records[i])) continue;
      if (superseded.empty()) superseded.resize(records.size(), false);
      superseded[other] = true;
      ++copies;
      break;
    }
    table[at] = static_cast<uint32_t>(i + 1);
  }
  if (copies == 0) return 0;
  size_t kept = 0;
  for (size_t i = 0; i < records.size(); ++i) {
    if (!superseded[i]) records[kept++] = records[i];
  }
  records.resize(kept);
  return copies;
}

Dump ParseDump(std::string_view text, std::optional<ByteOrder> order) {
  Dump dump;
  DumpBuilder builder;
  bool reading = true;  // false below the header of another kind of table
  LinePosition position{1, 0};
  while (position.offset < text.size()) {
    const std::string_view rest = text.substr(position.offset);
    if (reading && rest.size() > kReadAhead &&
        builder.AddRows(rest.substr(0, rest.size() - kReadAhead), position) > 0) {
      continue;
    }
    const size_t newline = rest.find('\n');
    const bool terminated = newline != rest.npos;
    std::string_view line = rest.substr(0, newline);
    const size_t line_bytes = line.size() + terminated;
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (const Header header = ParseHeader(line); header.table != Table::kNone) {
      reading = header.table == Table::kTcp;
      const bool is_first = dump.table == Table::kNone;
      if (is_first && reading && builder.empty()) builder.Clear(header);
      if (reading && header.joined_at > 0) {
        builder.Refuse(line, position, header.joined_at, Reason::kJoinedRow);
      } else if (is_first) {
        dump.table = header.table;
      } else {
        ++dump.other_lines;
      }
    } else if (reading && builder.Wants(line, terminated)) {
      if (builder.AddLine(line, position, terminated) == DumpBuilder::Added::kOtherFamily) {
        builder.Refuse(line, position, 0, Reason::kForeignFamily);
      }
    } else if (line.find_first_not_of(" \t") != line.npos) {
      ++dump.other_lines;
    }
    position.line += 1;
    position.offset += line_bytes;
  }
  dump.family = builder.family().value_or(Family::kTcp);
  dump.sockets = builder.TakeRecords();
  dump.refused = builder.TakeRefused();
  ByteOrderVote vote;
  for (const SocketRecord& socket : dump.sockets) vote.Add(socket);
  dump.byte_order = order.value_or(vote.order());
  dump.byte_order_decided = order.has_value() || vote.decided();
  dump.duplicates = DropDuplicates(dump.sockets);
  return dump;
}

}  // namespace tcpsnap::procnet
