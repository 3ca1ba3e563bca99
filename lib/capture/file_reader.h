// One file of text, surveyed and with a clock -> the dumps that the sink takes.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>

#include "capture/byte_source.h"
#include "capture/capture.h"
#include "capture/clock_plan.h"
#include "capture/survey.h"
#include "procnet/address.h"

namespace tcpsnap::capture {

/// How much of a file tells it from others of its name.
inline constexpr size_t kHeadBytes = 64 << 10;

/// What the addresses of each host show of its byte order, over all files of a run.
using OrderVotes = std::map<std::string, procnet::ByteOrderVote>;

/// Host and namespace of a dump: what was said outright, before what its path, its lines and its
/// bundle tell.
HostName HostOf(const FileFacts& file, const HostName& in_text, const CaptureSettings& settings);

/// The votes of a survey under the names that the hosts get.
OrderVotes VotesOf(const Survey& survey, const FileFacts& file, const CaptureSettings& settings);

struct FileToRead {
  FileFacts facts;
  std::string container;  ///< "json" or "terminal": what its text is taken from; else empty
  Survey survey;
  ClockPlan plan;
};

/// Decides the clock of a surveyed file. Throws CaptureError where it holds no dump, or where its
/// times or its host can't be told.
void PlanFile(FileToRead& file, const CaptureSettings& settings);

/// What came of it, for the run.
struct FileOutcome {
  bool assumed_order = false;  ///< of some dump nothing shows the byte order
};

/// Reads `source` from its first byte, of which `head` are the first kHeadBytes, and hands all of
/// it to the sink, Begin and End included. `on_read` hears of each block.
FileOutcome ReadFile(const FileToRead& file, ByteSource& source, const std::string& head,
                     const CaptureSettings& settings, const OrderVotes& run_votes,
                     CaptureSink& sink, const std::function<void(size_t bytes)>& on_read);

/// Throws CaptureError (kTooManyRejects) when more lines are refused than the settings allow; reads
/// all of `source`.
void CheckRejects(const FileToRead& file, ByteSource& source, const CaptureSettings& settings,
                  const OrderVotes& run_votes, const std::function<void(size_t bytes)>& on_read);

}  // namespace tcpsnap::capture
