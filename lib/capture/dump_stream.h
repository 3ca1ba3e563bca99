// The lines of one host, their prefixes taken off -> dumps. dump_splitter.h has one such stream for
// each host of a text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "capture/dump_splitter.h"
#include "capture/line_prefix.h"
#include "capture/time_keeper.h"

namespace tcpsnap::capture {

/// What all streams of a text share.
class SplitOutput {
 public:
  SplitOutput(const SplitSettings& settings, DumpEvents& events)
      : keeper(settings.date, settings.zone), settings_(settings), events_(events) {}

  const SplitSettings& settings() const { return settings_; }
  DumpEvents& events() { return events_; }

  /// Lines that belong to no dump; handed on in batches.
  void Refuse(std::vector<procnet::RefusedLine> lines);
  void Flush();

  procnet::LineCounts counts;
  std::string text_host;    ///< that the text says it is of, for lines that name none
  std::string text_netns;   ///< of that host; empty: its own
  std::string text_kernel;  ///< of that host, as uname tells it; or empty
  TimeKeeper keeper;        ///< one for all: each stream goes on from the times of the others
  bool saw_sure_time = false;

 private:
  const SplitSettings& settings_;
  DumpEvents& events_;
  std::vector<procnet::RefusedLine> stray_;
  size_t stray_bytes_ = 0;
};

/// A line without its prefixes.
struct BareLine {
  std::string_view text;  ///< what is left of it; a part of `line.text`
  const Line& line;
  const LinePrefix* prefix = nullptr;  ///< absent: it has none
};

class DumpStream {
 public:
  DumpStream(std::string host, SplitOutput& output);

  /// A header of any kind of table.
  void TakeHeader(const procnet::Header& header, const BareLine& bare);
  void TakeMarker(const Marker& marker, const BareLine& bare);
  /// A row, a damaged one, or other text.
  void TakeText(const BareLine& bare);
  /// The beginning of a line that is too long to be read.
  void TakeLongLine(const BareLine& bare);
  /// Whole rows as they stand, as many as are of the common shape; their lines are consumed.
  void TakeRows(TextWindow& text);
  /// The text ends, or (not `open`) the stream is given up.
  void End(uint64_t offset, bool open);

 private:
  size_t NextMoment(procnet::Family family) const;
  bool IsTimed(const BareLine& bare, procnet::Family family) const;
  void TakeTime(const Marker& marker, const BareLine& bare);
  void LearnFamily(const BareLine& bare);
  bool IsOfLostRead(const BareLine& bare) const;
  void RefuseInDump(const BareLine& bare, procnet::Reason reason, size_t column = 0);
  void NotePath(const BareLine& bare);
  void NoteClock(const BareLine& bare);
  void StartMoment(const TimeResult& time, TimeSource source, uint64_t line);
  void BeginDump(const procnet::Header& header, const BareLine& bare, bool has_header);
  void DecideTime(const BareLine& bare, procnet::Family family);
  void EndDump(uint64_t end_offset, bool open);
  procnet::DumpBuilder::Restart RestartAt() const;
  void RefuseStray(const BareLine& bare, procnet::Reason reason);
  void NoteRefused(const BareLine& bare);

  const std::string host_;
  SplitOutput& output_;
  const SplitSettings& settings_;
  procnet::DumpBuilder builder_;

  // The dump that is being read.
  bool in_dump_ = false;
  bool has_header_ = false;
  bool family_is_known_ = false;     // a row was taken
  bool lines_were_refused_ = false;  // and handed on
  bool header_tcp6_ = false;
  bool header_is_whole_ = false;  // a header that was cut shows no empty table
  bool is_torn_ = false;          // rows of it are lost: what follows is of another read
  procnet::LinePosition dump_first_;
  std::optional<TimeResult> dump_time_;
  std::vector<size_t> dump_prefixes_;
  size_t dump_refused_bytes_ = 0;

  // Where the text stands.
  bool foreign_ = false;    // below another table
  bool is_screen_ = false;  // below the first line of a screen
  std::string path_;

  // The moment.
  std::optional<TimeResult> time_;
  TimeSource time_source_ = TimeSource::kNone;
  bool time_is_whole_ = false;  // it was told with its date
  uint64_t time_line_ = 0;
  bool time_is_used_up_ = false;         // by a second table of one family, or the end of a read
  bool moment_has_[2] = {false, false};  // tcp, tcp6
  int64_t moment_ = -1;                  // how many there were before
  std::optional<int64_t> clock_ms_;      // of the prefix of the last line
  bool clock_is_partial_ = false;        // it is a time of day
};

}  // namespace tcpsnap::capture
