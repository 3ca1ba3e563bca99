// A first look at a capture: what it holds, and how its times are told.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "capture/byte_source.h"
#include "capture/clock.h"
#include "capture/dump_splitter.h"
#include "procnet/address.h"
#include "procnet/header.h"

namespace tcpsnap::capture {

/// A time, and the line that tells it.
struct PlacedTime {
  TimeResult time;
  uint64_t line = 0;
  std::string text;  ///< of the line; empty where it is a prefix or a path that tells it
};

struct Survey {
  bool has_dumps = false;
  bool has_refused = false;
  std::optional<procnet::Table> foreign;
  uint64_t dumps = 0;    ///< this and the next two: up to where the survey stopped
  uint64_t moments = 0;  ///< of dumps
  uint64_t timed = 0;    ///< dumps whose time is told
  /// The first dump whose time is told by something that can't be used.
  std::optional<PlacedTime> broken;
  std::optional<PlacedTime> first_time;  ///< the first line that is a time and can be used
  uint64_t times = 0;                    ///< how many such lines
  bool counts_from_start = false;        ///< some are relative
  bool starts_with_table = false;        ///< nothing but a table stands above the first time
  bool has_sure_times = false;           ///< of markers that are not weak
  uint64_t headers = 0;                  ///< dumps that have one
  bool first_is_untimed = false;         ///< the first dump stands above all times
  bool ends_with_time = false;           ///< a time stands below the last dump
  /// The times in their order, where the first dump is untimed.
  std::vector<int64_t> times_ms;
  /// Prefixes that most dumps have: positions in PrefixReaders().
  std::vector<size_t> prefixes;
  /// By the host that the text names, "" where it names none.
  std::map<std::string, procnet::ByteOrderVote> votes;
};

struct SurveySettings {
  bool whole = false;             ///< do not stop when all is clear
  std::optional<uint64_t> limit;  ///< bytes after which to stop
  /// Hears of each block that was read; may throw.
  std::function<void(size_t bytes)> on_read;
  /// Hears of each dump.
  std::function<void(const FoundDump&)> on_dump;
};

/// Reads the source until its kind of times, its prefixes and its byte order are clear, at most to
/// its limit. Leaves it where it stands.
Survey SurveySource(ByteSource& source, SplitSettings split, const SurveySettings& settings);

/// Throws CaptureError when the first bytes are no text that could hold a dump: binary files,
/// UTF-16.
void CheckIsText(std::string_view head);

}  // namespace tcpsnap::capture
