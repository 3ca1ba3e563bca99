// Dumps -> the database: what is new is added, what is known is skipped, what was refused is kept.
//
// Calls come in this order: Begin, (Add | Refuse)*, then End or Abort, for each source; Finish at
// the end; Tell whenever it is known (what was told within a source that is aborted is taken back).
// Transactions are the importer's own: many small sources share one, a large source spans several,
// and each ends at a dump's end with the source's account up to there, so that a killed import
// leaves a database that is right as far as it goes and a second run completes.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "procnet/dump.h"
#include "procnet/line_counts.h"
#include "store/database.h"
#include "store/host_facts.h"
#include "store/prepared_dump.h"

namespace tcpsnap::store {

struct SourceStart {
  std::string path;
  /// Its first bytes, 64 KiB or all: they tell a file that grew from another of the same name.
  std::string head;
  std::optional<int64_t> bytes;  ///< of its text, where that is known before it is read
  std::string layout;
  bool is_pipe = false;  ///< standard input: another one may have the same path
};

struct IncomingDump {
  PreparedDump dump;
  std::string host = "localhost";
  std::string netns;
  int64_t taken_ms = 0;
  std::string time_origin;  ///< marker, name, given, ...
  int64_t ordinal = 0;      ///< of the source's dumps with this host, family and time
  int64_t line = 0;         ///< of its first line, 1-based
  int64_t byte_offset = 0;  ///< of its first line
  int64_t end_offset = 0;   ///< bytes of the source read up to its end
  procnet::ByteOrder byte_order = procnet::ByteOrder::kLittle;
  std::string byte_order_origin;  ///< given, told, voted, assumed
  bool open = false;              ///< the source ended in it: it may be longer in a later copy
  bool has_header = true;
  std::vector<procnet::RefusedLine> refused;  ///< lines of this dump
  procnet::LineCounts counts;                 ///< of the source so far, this dump's lines included
};

struct SourceEnd {
  procnet::LineCounts counts;
  int64_t bytes = 0;
  std::string content_hash;  ///< XXH3-128 of all bytes, hex
  std::string layout;
};

struct ImportSummary {
  int64_t sources = 0;
  int64_t dumps = 0;        ///< new ones
  int64_t known_dumps = 0;  ///< brought by another source, or by an earlier import of this one
  int64_t samples = 0;      ///< new ones
  int64_t duplicates = 0;   ///< copies dropped in the new dumps
  int64_t known_rows = 0;
  int64_t rejected = 0;  ///< lines refused in what was read, new or not
  std::array<int64_t, static_cast<size_t>(procnet::Reason::kCount)> rejected_by_reason{};
  std::optional<int64_t> first_ms, last_ms;  ///< of all dumps that were read
  int64_t snapshots = 0;                     ///< that were read, new or not
  std::vector<std::string> warnings;
};

struct ImportSettings {
  std::optional<int64_t> ticks_per_second;  ///< --hz
  std::string version;                      ///< kept with each source
  int64_t now_ms = 0;                       ///< kept with each source
  int64_t transaction_bytes = 24 << 20;     ///< dirty pages of one transaction
  size_t followed_rows = 96 << 10;          ///< see ConnectionFollower
};

/// The facts of an import contradict what the database has (--hz): the user must decide.
class ImportConflict : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

class Importer {
 public:
  Importer(Database& database, ImportSettings settings);
  ~Importer();

  void Begin(const SourceStart& source);
  void Add(IncomingDump&& dump);
  /// Lines refused outside of dumps.
  void Refuse(const std::vector<procnet::RefusedLine>& lines);
  /// Keeps what a bundle tells of a host, or of one namespace of it, unless the database has facts
  /// of a later time. A host that is not there yet is added; facts that tell nothing add none.
  void Tell(const std::string& host, const std::string& netns, const HostFacts& facts);
  void End(const SourceEnd& end);
  /// Takes back what the source brought since the last commit.
  void Abort();
  /// Decides anew which dumps of the hosts that were touched are one snapshot, and commits.
  ImportSummary Finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tcpsnap::store
