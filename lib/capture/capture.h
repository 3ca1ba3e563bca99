// Files and folders -> dumps with a time and a host.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "capture/bundle.h"
#include "capture/clock.h"
#include "capture/host_pattern.h"
#include "capture/zone.h"
#include "procnet/dump.h"
#include "procnet/line_counts.h"

namespace tcpsnap::capture {

/// Where the time of a dump came from, the most trusted first.
enum class TimeOrigin : uint8_t {
  kMarker,    ///< a line above it (or below, where that is how the file has it)
  kPrefix,    ///< the prefix of its first line
  kName,      ///< the name of its file or folder
  kDateFile,  ///< the file `date` of its bundle
  kMtime,     ///< when the file was last changed, as its archive says
  kGiven,     ///< --time, or --start and --interval
};
std::string_view TimeOriginName(TimeOrigin origin);

/// Who decided the byte order of a dump.
enum class ByteOrderOrigin : uint8_t {
  kGiven,
  kTold,     ///< by the machine that a bundle names
  kVoted,    ///< its addresses, or those of the same host before it, show it
  kAssumed,  ///< nothing shows it: little endian
};
std::string_view ByteOrderOriginName(ByteOrderOrigin origin);

struct CaptureSettings {
  std::optional<std::string> host;          ///< of all dumps, whatever they tell
  std::optional<HostPattern> host_pattern;  ///< where it is in the paths; before `host`
  std::string netns;                        ///< of all dumps, unless it is empty
  Zone zone;                                ///< of times that name none
  std::optional<int64_t> time_ms;           ///< for a dump that carries no time
  std::optional<int64_t> start_ms;          ///< of the first dump of a file without any time
  std::optional<int64_t> interval_ms;       ///< from one dump of such a file to the next
  std::optional<CivilDay> date;    ///< of the first time of a file that has a time of day only
  std::string layout;              ///< the one word of LayoutWords whose times count; empty: all
  int64_t ticks_per_second = 100;  ///< to check `interval_ms` with
  std::optional<procnet::ByteOrder> byte_order;
  /// What earlier captures of a host showed: for dumps of which nothing else shows it.
  std::function<std::optional<procnet::ByteOrder>(const std::string& host,
                                                  const std::string& netns)>
      earlier_byte_order;
  std::optional<uint64_t> max_rejects;  ///< a file with more refused lines is not imported at all
};

/// A dump with all that is known of it.
struct CapturedDump {
  std::string host;
  std::string netns;
  procnet::Family family = procnet::Family::kTcp;
  procnet::Records records;
  std::vector<procnet::RefusedLine> refused;
  int64_t taken_ms = 0;
  TimeOrigin time_origin = TimeOrigin::kMarker;
  int64_t ordinal = 0;          ///< of the source's dumps with this family and time
  procnet::LinePosition first;  ///< its header, or its first row
  uint64_t end_offset = 0;
  procnet::ByteOrder byte_order = procnet::ByteOrder::kLittle;
  ByteOrderOrigin byte_order_origin = ByteOrderOrigin::kVoted;
  bool has_header = false;
  bool open = false;           ///< the source ended in it
  procnet::LineCounts counts;  ///< of the source up to its end
};

struct SourceInfo {
  std::string path;
  std::string head;               ///< its first 64 KiB, or all
  std::optional<uint64_t> bytes;  ///< of its text, where that is known before it is read
  bool is_pipe = false;           ///< standard input or the like
  std::string layout;
};

struct SourceTotals {
  procnet::LineCounts counts;
  uint64_t dumps = 0;
  uint64_t bytes = 0;
  std::string content_hash;  ///< XXH3-128 of all bytes, hex
  std::string layout;
};

/// Why a file is not imported.
enum class Trouble : uint8_t {
  kUnreadable,  ///< the machine said no
  kNoCapture,   ///< empty, binary, or without a tcp table
  kNoTime,      ///< its times can't be told, or are told twice
  kNoHost,      ///< its path does not tell the host, as it should
  kTooManyRejects,
};

class CaptureError : public std::runtime_error {
 public:
  CaptureError(Trouble trouble, const std::string& message)
      : std::runtime_error(message), trouble_(trouble) {}
  Trouble trouble() const { return trouble_; }

 private:
  Trouble trouble_;
};

/// A signal arrived while a pipe had nothing to read; comes out of ReadCaptures.
class ReadInterrupted : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Takes what ReadCaptures finds. For each source: Begin, (Dump | StrayRefused)*, then End or
/// Failed; Failed alone for a source that never began.
class CaptureSink {
 public:
  virtual ~CaptureSink() = default;
  virtual void Begin(const SourceInfo& source) = 0;
  virtual void Dump(CapturedDump&& dump) = 0;
  virtual void StrayRefused(std::vector<procnet::RefusedLine>&& lines) = 0;
  virtual void End(const SourceTotals& totals) = 0;
  /// `named`: the path stood on the command line (or is a folder of it), rather than being found by
  /// walking, and is not merely a part of a bundle that holds no capture. What Begin and Dump
  /// brought of this source is to be taken back.
  virtual void Failed(const std::string& path, const CaptureError& error, bool named) = 0;
  virtual void Warn(const std::string& message) = 0;
  /// What a bundle tells of a host, at the moment at which it was taken.
  virtual void Host(const std::string& /*host*/, const std::string& /*netns*/, int64_t /*taken_ms*/,
                    const HostFacts& /*facts*/) {}
  /// A file that holds the same table as another one, and was not read for that.
  virtual void Copy(const std::string& /*path*/, const std::string& /*copy_of*/) {}
  /// Bytes read so far of all; `total` is 0 where it is unknown. May throw to stop.
  virtual void Advance(uint64_t done, uint64_t total) = 0;
};

/// Reads files, archives, folders (walked; links to folders or out of them not followed) and `-`.
/// A member of an archive is a source of its own, `archive!member`. Every trouble with a file ends
/// in sink.Failed and the next file; whatever the sink throws ends all, but for std::bad_alloc.
/// Files are read in the order of their names, so that the order of `paths` never matters.
void ReadCaptures(const std::vector<std::string>& paths, const CaptureSettings& settings,
                  CaptureSink& sink);

}  // namespace tcpsnap::capture
