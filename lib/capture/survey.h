// A first look at a capture: what it holds, and how its times are told.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "capture/byte_source.h"
#include "capture/capture.h"
#include "capture/clock.h"
#include "procnet/address.h"
#include "procnet/header.h"

namespace tcpsnap::capture {

struct Survey {
  bool has_markers = false;              ///< some marker has a time, or one that can't be told
  uint64_t times = 0;                    ///< how many such markers, up to where the survey stopped
  std::optional<TimeResult> first_time;  ///< of the first marker that has one
  uint64_t first_time_line = 0;
  std::string first_time_text;
  uint64_t moments = 0;  ///< of dumps, up to where the survey stopped
  bool has_dumps = false;
  bool has_refused = false;
  std::optional<procnet::Table> foreign;
  procnet::ByteOrderVote vote;
};

/// Reads the source until its kind of times and its byte order are clear (with `whole`, to its
/// end), at most to where it can be rewound, and rewinds it. `on_read` hears of each block and may
/// throw.
Survey SurveySource(ByteSource& source, const Zone& zone, bool whole,
                    const std::function<void()>& on_read);

/// Throws CaptureError when the first bytes are no text: NUL bytes, compressed files, UTF-16.
void CheckIsText(std::string_view head);

}  // namespace tcpsnap::capture
