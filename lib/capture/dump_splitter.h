// The lines of one capture -> dumps, with the moment, the host and the file that each stands under.
//
//   2026-11-22T07:37:27+00:00                      marker: a new moment
//     sl  local_address rem_address   st ...       header: a new dump
//      0: 0100007F:1538 00000000:0000 0A ...       rows
//     sl  local_address                        ... header: a new dump of the same moment
//      0: 00000000000000000000000000000000:238C ...
//
//   Nov 22 07:37:27 host1 tcplog[1234]:   sl  local_address rem_address   st ...
//   Nov 22 07:37:27 host2 tcplog[77]:    0: 0100007F:1538 00000000:0000 0A ...
//   Nov 22 07:37:27 host1 tcplog[1234]:    0: 0100007F:1538 00000000:0000 0A ...
//
// A dump ends at a marker, a header, a whole row of the other family, a row that is numbered 0
// again, or the end. Blank lines and other text in between do not end it. Below the header or the
// path of another table (udp, unix, ss) everything is other text until the next marker or header of
// tcp.
//
// The time of a dump is that of the marker above it, else that of the prefix of its first line. A
// marker's time tells one moment: the moment of a second tcp (or tcp6) table below it is unknown.
//
// Each line is taken for what it is by itself: a row or header as it stands, a marker, or one of
// these behind a prefix. Lines of different hosts in one text (a log server's) are taken apart.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "capture/layout.h"
#include "capture/text_window.h"
#include "procnet/dump.h"
#include "procnet/line_counts.h"

namespace tcpsnap::capture {

/// What the time of a dump was read from.
enum class TimeSource : uint8_t {
  kNone,
  kMarker,  ///< a line above it
  kPrefix,  ///< the prefix of its first line
  kPath,    ///< the path that a line or its prefix names
};

/// A dump as it was found, before its clock and byte order are decided.
struct FoundDump {
  procnet::Family family = procnet::Family::kTcp;
  procnet::Records records;
  std::vector<procnet::RefusedLine> refused;
  procnet::LinePosition first;  ///< its header, or its first row
  uint64_t end_offset = 0;      ///< bytes read up to its end
  bool has_header = false;
  bool open = false;               ///< the text ended in it
  bool is_screen = false;          ///< it shows what fitted a screen
  bool same_moment = false;        ///< the other family's dump of this moment came before it
  std::string netns;               ///< of the host, where its lines name another than its own
  std::string kernel;              ///< of the host, as uname tells it; empty: unsaid
  std::string host;                ///< that its lines name; empty: unsaid
  std::vector<size_t> prefixes;    ///< of its first line: positions in PrefixReaders()
  std::optional<TimeResult> time;  ///< or why it can't be told; absent: nothing tells one
  TimeSource time_source = TimeSource::kNone;
  uint64_t time_line = 0;      ///< the line that tells it
  procnet::LineCounts counts;  ///< of the text so far
};

/// What a splitter tells of the text.
class DumpEvents {
 public:
  virtual ~DumpEvents() = default;
  virtual void OnMarker(const Marker& marker, const Line& line) = 0;
  /// The time of a marker, made whole as far as it can be.
  virtual void OnTime(const TimeResult& /*time*/, const Line& /*line*/) {}
  /// A prefix was taken off the first line of a dump.
  virtual void OnPrefix(std::string_view /*layout*/) {}
  /// A dump with rows, or with a header and no row. Records and refused lines may be taken.
  virtual void OnDump(FoundDump& dump) = 0;
  /// Lines that were refused outside of such a dump.
  virtual void OnStrayRefused(std::vector<procnet::RefusedLine>& lines) = 0;
  /// A header or path of another kind of table.
  virtual void OnForeignTable(procnet::Table table) = 0;
  /// Asked between lines: true to stop here.
  virtual bool WantsToStop() const { return false; }
};

struct SplitSettings {
  Zone zone;
  /// The text tells times: rows whose moment it doesn't tell are refused.
  bool refuse_untimed = false;
  std::optional<CivilDay> date;     ///< of the first time that has none, or no year
  std::optional<int64_t> start_ms;  ///< that relative times count from
  /// The one layout whose times count; empty: all. "no-marker": none.
  std::string layout;
  /// Prefixes that every line has: positions in PrefixReaders(), from the outermost on.
  std::vector<size_t> prefixes;
  /// The times of the moments in their order, where they stand below the dumps.
  std::vector<int64_t> moment_times;
  /// The host that a path inside the text tells, "" for none (--host-from).
  std::function<std::string(std::string_view path)> host_of_path;
  bool ignore_weak = false;  ///< the text has surer times than weak markers
  bool is_one_read = false;  ///< whatever the numbers of its rows say
  bool has_headers = false;  ///< of tables: rows without one, not numbered from 0 on, are torn off
};

/// Reads the text to its end (or until WantsToStop) and returns the counts of its lines.
procnet::LineCounts SplitDumps(TextWindow& text, const SplitSettings& settings, DumpEvents& events);

}  // namespace tcpsnap::capture
