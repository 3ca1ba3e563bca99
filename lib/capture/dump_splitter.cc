#include "capture/dump_splitter.h"

#include <map>
#include <memory>
#include <utility>

#include "capture/dump_stream.h"
#include "capture/layouts/text.h"
#include "capture/line_prefix.h"

namespace tcpsnap::capture {
namespace {

using procnet::Header;
using procnet::Table;

// Hosts of one text whose dumps are read at the same time; the one that was silent for longest is
// given up for another.
constexpr size_t kMostStreams = 256;

bool IsRowOrHeader(std::string_view text) {
  return BeginsAsRow(text) || procnet::ParseHeader(text).table == Table::kTcp;
}

class Splitter {
 public:
  Splitter(TextWindow& text, const SplitSettings& settings, DumpEvents& events)
      : text_(text), settings_(settings), output_(settings, events) {}

  procnet::LineCounts Run();

 private:
  struct Entry {
    std::unique_ptr<DumpStream> stream;
    uint64_t last_line = 0;
  };

  void TakeLine(const Line& line);
  bool TakePrefixed(std::string_view text, const Line& line);
  bool TakeBehindFoundPrefix(std::string_view text, const Line& line);
  bool IsOnlyLogPrefix(std::string_view text) const;
  void TakeBare(const BareLine& bare);
  bool TakeMarker(const BareLine& bare);
  DumpStream& StreamOf(const LinePrefix* prefix);
  void GiveUpOldest();

  TextWindow& text_;
  const SplitSettings& settings_;
  SplitOutput output_;
  std::map<std::string, Entry, std::less<>> streams_;
  DumpStream* plain_ = nullptr;  // of the lines without a host
  uint64_t lines_ = 0;
};

procnet::LineCounts Splitter::Run() {
  Line line;
  plain_ = &StreamOf(nullptr);
  while (!output_.events().WantsToStop()) {
    plain_->TakeRows(text_);
    if (!text_.NextLine(line)) break;
    ++lines_;
    TakeLine(line);
  }
  for (auto& [host, entry] : streams_) entry.stream->End(text_.position().offset, true);
  output_.Flush();
  return output_.counts;
}

void Splitter::TakeLine(const Line& line) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  std::string_view text = line.text;
  if (line.position.offset == 0 && text.substr(0, 3) == kByteOrderMark) text.remove_prefix(3);
  if (line.too_long) {
    plain_->TakeLongLine({text, line});
    return;
  }
  if (TrimBlanks(text).empty()) {
    ++output_.counts.blank;
    return;
  }
  if (!settings_.prefixes.empty() && TakePrefixed(text, line)) return;
  const BareLine bare{text, line};
  const bool is_table = IsRowOrHeader(text);
  if (!is_table && IsOnlyLogPrefix(text)) {
    ++output_.counts.blank;
    return;
  }
  if (is_table || (!TakeMarker(bare) && !TakeBehindFoundPrefix(text, line))) TakeBare(bare);
}

// The prefix of a program's log is known by the row behind it, so an empty line of such a log looks
// like a marker.
bool Splitter::IsOnlyLogPrefix(std::string_view text) const {
  if (settings_.prefixes.empty()) return false;
  if (PrefixReaders()[settings_.prefixes.back()] != ReadLogPrefix) return false;
  const std::string_view trimmed = TrimBlanks(text);
  for (const MarkerReader reader : MarkerReaders()) {
    const std::optional<Marker> marker = reader(trimmed, settings_.zone);
    if (marker) return marker->time.has_value();
  }
  return false;
}

// A line with the prefixes that every line has.
bool Splitter::TakePrefixed(std::string_view text, const Line& line) {
  const std::optional<LinePrefix> prefix = TakePrefixes(text, settings_.prefixes, settings_.zone);
  if (!prefix) return false;
  const BareLine bare{text.substr(prefix->length), line, &*prefix};
  if (TrimBlanks(bare.text).empty()) {
    ++output_.counts.blank;
  } else if (IsRowOrHeader(bare.text) || !TakeMarker(bare)) {
    TakeBare(bare);
  }
  return true;
}

// A line of which nothing is known: it has a prefix where a row, a header or a marker follows it.
bool Splitter::TakeBehindFoundPrefix(std::string_view text, const Line& line) {
  const auto is_wanted = [&](std::string_view rest) {
    if (IsRowOrHeader(rest)) return true;
    const std::string_view trimmed = TrimBlanks(rest);
    if (trimmed.empty()) return false;
    for (const MarkerReader reader : MarkerReaders()) {
      if (reader(trimmed, settings_.zone)) return true;
    }
    return false;
  };
  const std::optional<LinePrefix> prefix = FindPrefixes(text, settings_.zone, is_wanted);
  if (!prefix) return false;
  const BareLine bare{text.substr(prefix->length), line, &*prefix};
  if (IsRowOrHeader(bare.text) || !TakeMarker(bare)) TakeBare(bare);
  return true;
}

// Anything but a marker.
void Splitter::TakeBare(const BareLine& bare) {
  DumpStream& stream = StreamOf(bare.prefix);
  if (const Header header = procnet::ParseHeader(bare.text); header.table != Table::kNone) {
    stream.TakeHeader(header, bare);
  } else {
    stream.TakeText(bare);
  }
}

bool Splitter::TakeMarker(const BareLine& bare) {
  const std::string_view trimmed = TrimBlanks(bare.text);
  for (const MarkerReader reader : MarkerReaders()) {
    const std::optional<Marker> marker = reader(trimmed, settings_.zone);
    if (!marker) continue;
    StreamOf(bare.prefix).TakeMarker(*marker, bare);
    return true;
  }
  return false;
}

DumpStream& Splitter::StreamOf(const LinePrefix* prefix) {
  std::string host;
  if (prefix != nullptr) {
    host = prefix->host;
    if (host.empty() && !prefix->path.empty() && settings_.host_of_path) {
      host = settings_.host_of_path(prefix->path);
    }
  }
  // Where words may part two writers, their lines must not be mixed.
  std::string key = host;
  if (prefix != nullptr && !prefix->source.empty()) key.append(1, '\0').append(prefix->source);
  Entry& entry = streams_[key];
  if (!entry.stream) {
    entry.stream = std::make_unique<DumpStream>(host, output_);
    if (streams_.size() > kMostStreams) GiveUpOldest();
  }
  entry.last_line = lines_;
  return *entry.stream;
}

void Splitter::GiveUpOldest() {
  auto oldest = streams_.end();
  for (auto at = streams_.begin(); at != streams_.end(); ++at) {
    if (at->second.stream.get() == plain_ || at->second.last_line == lines_) continue;
    if (oldest == streams_.end() || at->second.last_line < oldest->second.last_line) oldest = at;
  }
  if (oldest == streams_.end()) return;
  oldest->second.stream->End(text_.position().offset, false);
  streams_.erase(oldest);
}

}  // namespace

procnet::LineCounts SplitDumps(TextWindow& text, const SplitSettings& settings,
                               DumpEvents& events) {
  return Splitter(text, settings, events).Run();
}

}  // namespace tcpsnap::capture
