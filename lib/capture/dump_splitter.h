// The lines of one capture -> dumps, with the marker that each stands under.
//
//   2026-11-22T07:37:27+00:00                      marker: a new moment
//     sl  local_address rem_address   st ...       header: a new dump
//      0: 0100007F:1538 00000000:0000 0A ...       rows
//     sl  local_address                        ... header: a new dump of the same moment
//      0: 00000000000000000000000000000000:238C ...
//
// A dump ends at a marker, a header, a whole row of the other family, or the end. Blank lines and
// other text in between do not end it. A time tells one moment: the moment of a second tcp (or
// tcp6) table below it is unknown. Below the header or the path of another table (udp, unix, ss)
// everything is other text until the next marker or header of tcp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "capture/layout.h"
#include "capture/text_window.h"
#include "procnet/dump.h"
#include "procnet/line_counts.h"

namespace tcpsnap::capture {

/// A dump as it was found, before its time and byte order are decided.
struct FoundDump {
  procnet::Family family = procnet::Family::kTcp;
  procnet::Records records;
  std::vector<procnet::RefusedLine> refused;
  procnet::LinePosition first;  ///< its header, or its first row
  uint64_t end_offset = 0;      ///< bytes read up to its end
  bool has_header = false;
  bool open = false;                      ///< the text ended in it
  std::optional<TimeResult> marker_time;  ///< of the last marker with a time above it
  bool same_moment = false;               ///< the other family's dump of this moment came before it
  procnet::LineCounts counts;             ///< of the text so far
};

/// What a splitter tells of the text.
class DumpEvents {
 public:
  virtual ~DumpEvents() = default;
  virtual void OnMarker(const Marker& marker, const Line& line) = 0;
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
  /// The text has markers with times: rows whose moment they don't tell are refused.
  bool refuse_untimed = false;
};

/// Reads the text to its end (or until WantsToStop) and returns the counts of its lines.
procnet::LineCounts SplitDumps(TextWindow& text, const SplitSettings& settings, DumpEvents& events);

}  // namespace tcpsnap::capture
