// How the dumps of one file come to their times: decided once a file, after the survey.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "capture/bundle.h"
#include "capture/capture.h"
#include "capture/survey.h"

namespace tcpsnap::capture {

/// What is known of a file besides its text.
struct FileFacts {
  std::string path;
  const Bundle* bundle = nullptr;   ///< that holds it, if any
  std::string name_host;            ///< that its name tells (OSWatcher, ExaWatcher); or empty
  std::string netns;                ///< that its place in a copied /proc tells
  std::optional<int64_t> mtime_ms;  ///< when it was last changed
  bool is_pipe = false;             ///< standard input or the like
  bool in_archive = false;          ///< which keeps that; on disk it is as often that of a copy
};

struct ClockPlan {
  bool by_text = false;               ///< markers and prefixes tell the times
  std::vector<int64_t> moment_times;  ///< with by_text: of the moments in their order
  int64_t start_ms = 0;               ///< else: of the first moment
  int64_t interval_ms = 0;            ///< to each next one
  TimeOrigin origin = TimeOrigin::kMarker;
  bool is_one_read = false;  ///< rows that are numbered from 0 again are of the same read
  std::string layout;        ///< of what is not told by lines: "file-name", "no-marker (--time)"
};

/// Throws CaptureError (kNoTime) with the advice that helps.
ClockPlan MakeClockPlan(const FileFacts& file, const Survey& survey,
                        const CaptureSettings& settings);

/// For a file that turned out to hold more moments than the plan has times for.
[[noreturn]] void RefuseManyMoments(const ClockPlan& plan, const CaptureSettings& settings);

/// The settings with which the lines of a file are read.
SplitSettings MakeSplitSettings(const CaptureSettings& settings);

}  // namespace tcpsnap::capture
