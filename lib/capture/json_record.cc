#include "capture/json_record.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <span>
#include <utility>

#include "capture/clock.h"
#include "capture/layout.h"
#include "procnet/token.h"

namespace tcpsnap::capture {
namespace {

using procnet::HexDigit;
using procnet::IsDigit;

constexpr size_t kMaxLevels = 64;
constexpr size_t kMaxHeldBytes = 64 << 20;
constexpr size_t kGrowth = 2;  // a vector may be half empty
constexpr size_t kMaxKeyBytes = 256;
constexpr size_t kMaxTimeBytes = 64;
constexpr size_t kMaxHostBytes = 255;  // a DNS name
constexpr size_t kMaxPathBytes = 4096;

// In order of trust: what is nearer to the read comes before what a log adds when it stores a line.
constexpr std::string_view kTimeKeys[] = {
    "@timestamp", "timestamp", "ts",    "time",  "taken_at", "captured_at",
    "datetime",   "date",      "epoch", "_time", "t",        "__REALTIME_TIMESTAMP"};
// A pod is a machine of its own, but where the log names the machine that it runs on, too, that is
// what other captures of it are called by.
constexpr std::string_view kHostKeys[] = {"host",
                                          "hostname",
                                          "node",
                                          "nodename",
                                          "machine",
                                          "_HOSTNAME",
                                          "kubernetes.pod_name",
                                          "kubernetes.pod.name",
                                          "k8s.pod.name",
                                          "pod_name",
                                          "pod",
                                          "container_name",
                                          "instance"};
constexpr size_t kFirstPodRank = 6, kLastPodRank = 11;
// Objects that tell of the record around them. A host in them may be the node of the pod.
constexpr std::string_view kLabelKeys[] = {"kubernetes", "k8s", "docker", "resource"};
constexpr std::string_view kPathKeys[] = {"file", "path", "filename", "source"};
constexpr std::string_view kLogKeys[] = {"log", "MESSAGE", "message", "msg", "line", "textPayload"};

size_t RankOf(std::string_view key, std::span<const std::string_view> keys) {
  return static_cast<size_t>(std::find(keys.begin(), keys.end(), key) - keys.begin());
}

bool IsOneOf(std::string_view key, std::span<const std::string_view> keys) {
  return RankOf(key, keys) < keys.size();
}

size_t CountHex(std::string_view text, size_t begin, size_t most) {
  size_t count = 0;
  while (count < most && begin + count < text.size() && HexDigit(text[begin + count]) >= 0) ++count;
  return count;
}

// `digits: hex8:hex4 ` with the ": " at `colon`.
bool IsRowAt(std::string_view text, size_t colon) {
  if (colon == 0 || !IsDigit(text[colon - 1])) return false;
  const size_t address = colon + 2;
  const size_t digits = CountHex(text, address, 33);
  if (digits != 8 && digits != 32) return false;
  const size_t port = address + digits + 1;
  return port + 4 < text.size() && text[port - 1] == ':' && CountHex(text, port, 5) == 4 &&
         text[port + 4] == ' ';
}

bool HoldsHeader(std::string_view text) {
  constexpr std::string_view kSecond = "local_address";
  for (size_t at = 0; (at = text.find(kSecond, at)) != text.npos; at += kSecond.size()) {
    const size_t blank = text.find_last_not_of(' ', at == 0 ? 0 : at - 1);
    if (blank != text.npos && blank + 1 < at && blank > 0 && text.substr(blank - 1, 2) == "sl") {
      return true;
    }
  }
  return false;
}

bool HasControls(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7F'; });
}

std::string_view TrimBlanks(std::string_view text) {
  const size_t begin = text.find_first_not_of(' ');
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(' ') + 1 - begin);
}

bool IsPodRank(size_t rank) { return rank >= kFirstPodRank && rank <= kLastPodRank; }

// A name that syslog takes for a host, since that is how it is written; empty where it is none.
// Docker puts a slash before those of containers.
std::string_view HostIn(std::string_view text) {
  if (!text.empty() && text.front() == '/') text.remove_prefix(1);
  const bool is_host =
      text.size() <= kMaxHostBytes && std::all_of(text.begin(), text.end(), [](char c) {
        return IsDigit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '.' ||
               c == '-' || c == '_' || c == ':';
      });
  if (!is_host || text.empty() || text == "-" || text.back() == ':') return {};
  return text;
}

// The path of the table that a key names; empty: none. Of the other tables only those that nobody
// would take for a word of another meaning ("raw").
std::string TableOfKey(std::string_view key) {
  const std::string_view name = key.substr(key.rfind('/') + 1);
  if (FileOfPath(key) != NamedFile::kTcp && name.substr(0, 3) != "udp") return {};
  if (FileOfPath(key) == NamedFile::kUnsaid || HasControls(key)) return {};
  return key.find('/') == key.npos ? "/proc/net/" + std::string(key) : std::string(key);
}

// A time that the clock reads, or would with a zone or a date given.
bool IsKnownTime(std::string_view text) {
  const TimeResult result = ParseTime(text, Zone());
  return result.time ||
         (result.error != TimeError::kNotATime && result.error != TimeError::kOutOfRange);
}

// The time as syslog writes it, which knows ISO 8601 and no epochs.
std::string TimeForPrefix(const std::string& time) {
  const TimeResult result = ParseTime(time, Zone());
  if (!result.time || !result.time->zone_given) return time;
  if (result.time->form == TimeForm::kIso && time.find(' ') == time.npos) return time;
  return FormatIsoUtc(result.time->utc_ms);
}

bool EndsLine(std::string_view text) { return !text.empty() && text.back() == '\n'; }

RecordText OneText(std::string&& text, uint64_t line) {
  if (!EndsLine(text)) text += '\n';
  return {{}, std::move(text), {{0, line}}};
}

}  // namespace

bool HoldsDump(std::string_view text) {
  for (size_t at = 0; (at = text.find(": ", at)) != text.npos; at += 2) {
    if (IsRowAt(text, at)) return true;
  }
  return HoldsHeader(text);
}

void JsonRecord::Fact::Offer(std::string_view offered, size_t offered_rank) {
  if (offered_rank > rank) return;
  value = offered;
  rank = offered_rank;
}

void JsonRecord::Clear() {
  levels_.clear();
  kept_.clear();
  held_bytes_ = 0;
}

bool JsonRecord::is_full() const { return held_bytes_ > kMaxHeldBytes; }

bool JsonRecord::Open(bool is_object) {
  if (levels_.size() == kMaxLevels) return false;
  Level level;
  level.is_object = is_object;
  level.first_kept = kept_.size();
  if (!levels_.empty()) {
    const Level& around = levels_.back();
    level.table_path = TableOfKey(around.key);
    if (level.table_path.empty()) level.table_path = around.table_path;
    const bool in_object = is_object && around.is_object;
    level.is_host = in_object && IsOneOf(around.key, kHostKeys);
    level.is_labels =
        in_object && (IsOneOf(around.key, kLabelKeys) ||
                      (around.is_labels && around.key == "labels" &&
                       levels_[levels_.size() - 2].key == "resource"));  // of Google's logs
    if (!is_object) level.key = around.key;
  }
  levels_.push_back(std::move(level));
  return true;
}

void JsonRecord::Key(std::string&& key) {
  levels_.back().key = key.size() <= kMaxKeyBytes ? std::move(key) : std::string();
}

bool JsonRecord::String(std::string&& text, uint64_t line) {
  if (levels_.empty()) return true;
  Level& level = levels_.back();
  if (!level.is_object) {
    std::vector<RecordText::Place>& places = level.strings.places;
    if (places.empty() || places.back().line != line) {
      places.push_back({level.strings.text.size(), line});
      held_bytes_ += kGrowth * sizeof(RecordText::Place);
    }
    held_bytes_ += text.size() + 1;
    level.strings.text += text;
    if (!EndsLine(text)) level.strings.text += '\n';
    return !is_full();
  }
  NoteFacts(level, text);
  const bool is_log = IsOneOf(level.key, kLogKeys);
  if (!is_log && !HoldsDump(text)) return true;
  std::string path = TableOfKey(level.key);
  if (path.empty()) path = level.table_path;
  held_bytes_ += text.size();
  KeepText(OneText(std::move(text), line), is_log, path);
  return !is_full();
}

void JsonRecord::NoteFacts(Level& level, std::string_view text) {
  if (text.size() > kMaxPathBytes || HasControls(text)) return;
  const std::string_view trimmed = TrimBlanks(text);
  if (trimmed.empty()) return;
  if (const size_t rank = RankOf(level.key, kTimeKeys);
      rank < std::size(kTimeKeys) && trimmed.size() <= kMaxTimeBytes) {
    // Another key may well have a time that can be read.
    level.time.Offer(trimmed, rank + (IsKnownTime(trimmed) ? 0 : std::size(kTimeKeys)));
  }
  if (const std::string_view host = HostIn(trimmed); !host.empty()) {
    OfferHost(level, level.key, host);
    if (level.is_host && (level.key == "name" || level.key == "hostname")) {
      Level& around = levels_[levels_.size() - 2];
      OfferHost(around, around.key, host);
    }
  }
  if (const size_t rank = RankOf(level.key, kPathKeys);
      rank < std::size(kPathKeys) && FileOfPath(trimmed) != NamedFile::kUnsaid) {
    level.path.Offer(trimmed, rank);
  }
}

void JsonRecord::OfferHost(Level& level, std::string_view key, std::string_view host) {
  const size_t rank = RankOf(key, kHostKeys);
  if (rank < std::size(kHostKeys) && (!level.is_labels || IsPodRank(rank))) {
    level.host.Offer(host, rank);
  }
}

void JsonRecord::Integer(uint64_t value) {
  if (levels_.empty() || !levels_.back().is_object) return;
  constexpr uint64_t kLeastNanoseconds = 1'000'000'000'000'000'000;
  if (value >= kLeastNanoseconds) value /= 1000;  // the clock knows microseconds
  const std::string text = std::to_string(value);
  // A number that is no epoch is some other time: of a request, say.
  if (IsKnownTime(text)) NoteFacts(levels_.back(), text);
}

void JsonRecord::Fraction(double value) {
  constexpr double kMost = 1e18;
  if (levels_.empty() || !levels_.back().is_object || !(value > 0 && value < kMost)) return;
  char digits[32];
  const std::to_chars_result end =
      std::to_chars(digits, digits + sizeof digits, value, std::chars_format::fixed, 6);
  std::string_view text(digits, static_cast<size_t>(end.ptr - digits));
  text = text.substr(0, text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.remove_suffix(1);
  if (IsKnownTime(text)) NoteFacts(levels_.back(), text);
}

void JsonRecord::KeepText(RecordText&& text, bool is_log, const std::string& path) {
  Kept kept;
  kept.holds_dump = HoldsDump(text.text);
  kept.text = std::move(text);
  // A record that holds a table is no line of a log.
  kept.is_log =
      is_log && !(kept.holds_dump && kept.text.text.find('\n') + 1 < kept.text.text.size());
  kept.path = path;
  held_bytes_ += kGrowth * sizeof kept;
  kept_.push_back(std::move(kept));
}

void JsonRecord::Close() {
  Level level = std::move(levels_.back());
  levels_.pop_back();
  if (level.is_object) {
    CloseObject(level);
  } else if (HoldsDump(level.strings.text)) {
    KeepText(std::move(level.strings), false, level.table_path);
  }
  if (levels_.empty()) Flush(0, {});
}

void JsonRecord::CloseObject(Level& level) {
  if (level.is_labels) levels_.back().host.Offer(level.host.value, level.host.rank);
  FillFrom(level, level.first_kept);
  if (level.time.value.empty()) return;
  for (size_t above = levels_.size(); above > 0; --above) {
    FillFrom(levels_[above - 1], level.first_kept);
  }
  Flush(level.first_kept, level.time.value);
}

// What is nearer has filled it before.
void JsonRecord::FillFrom(const Level& level, size_t first) {
  for (Kept& kept : std::span(kept_).subspan(first)) {
    if (kept.host.empty()) kept.host = level.host.value;
    if (kept.path.empty()) kept.path = level.path.value;
  }
}

void JsonRecord::Flush(size_t first, const std::string& time) {
  const std::span<Kept> flushed = std::span(kept_).subspan(first);
  const bool has_table =
      std::any_of(flushed.begin(), flushed.end(), [](const Kept& kept) { return !kept.is_log; });
  bool time_written = false;
  for (Kept& kept : flushed) {
    if (!kept.is_log) {
      WriteDump(kept, time, time_written);
    } else if (!has_table || kept.holds_dump) {
      WriteLog(kept, time);
    }
  }
  for (const Kept& kept : flushed) {
    held_bytes_ -= kGrowth * sizeof kept;
    held_bytes_ += sizeof(RecordText) + kept.host.size() + kMaxTimeBytes;
  }
  kept_.resize(first);
}

// `TIME HOST json: LINE`, with `-` for a host that is not known; the line alone where a prefix
// would not be read.
void JsonRecord::WriteLog(Kept& kept, const std::string& time) {
  if (IsKnownTime(time)) {
    kept.text.prefix =
        TimeForPrefix(time) + ' ' + (kept.host.empty() ? "-" : kept.host) + " json: ";
  }
  texts_.push_back(std::move(kept.text));
}

// Below a time and a path. Where the host is known every line has it in front: a line of its own
// would tell it of what comes later, too.
void JsonRecord::WriteDump(Kept& kept, const std::string& time, bool& time_written) {
  std::string above;
  if (!kept.host.empty() && IsKnownTime(time)) {
    kept.text.prefix = TimeForPrefix(time) + ' ' + kept.host + " json: ";
  } else if (!time.empty() && !time_written) {
    above = time + '\n';
    time_written = true;
  }
  if (!kept.path.empty()) above += "=== " + kept.path + " ===\n";
  if (!above.empty()) {
    texts_.push_back({kept.text.prefix, std::move(above), {kept.text.places.front()}});
  }
  texts_.push_back(std::move(kept.text));
}

}  // namespace tcpsnap::capture
