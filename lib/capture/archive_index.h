// What an archive holds, from a first pass over it, and the reading of it in a second: what one
// member is may be told by another that comes later (`date`, `hostname`, links), and nothing is
// unpacked to disk.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "capture/archive_walk.h"
#include "capture/bundle.h"
#include "capture/file_reader.h"
#include "capture/proc_tree.h"

namespace tcpsnap::capture {

class ArchiveIndex {
 public:
  /// The first pass: reads `source` to its end. Members that can't be imported go to sink.Failed,
  /// tables that others hold too to sink.Copy. Throws CaptureError where the archive can't be read
  /// or holds no capture. Where members are hard links or replaced by later ones it is read twice,
  /// and `source` rewound for that. `on_progress` hears of each block that is unpacked, in this and
  /// in the later passes; what it throws ends the pass.
  ArchiveIndex(const std::string& path, ByteSource& source, const CaptureSettings& settings,
               CaptureSink& sink, std::function<void()> on_progress = {});

  /// The members that will be read.
  const std::vector<FileToRead>& files() const { return files_; }

  /// Leaves out the members in which more lines are refused than the settings allow: a pass over
  /// `source`, which was rewound.
  void CheckRejects(ByteSource& source, const OrderVotes& run_votes);
  /// Reads the members: the last pass. Returns true when the byte order of some dump was assumed.
  bool Read(ByteSource& source, const OrderVotes& run_votes);

 private:
  class Names;
  class FirstPass;
  class LaterPass;
  void Survey(ByteSource& source);
  WalkSettings Walking() const { return {.limits = {}, .on_block = on_progress_}; }
  void Progress() const {
    if (on_progress_) on_progress_();
  }
  void Fail(const std::string& path, const CaptureError& error);
  void MapNumbers();
  void DecideCopies();
  void DecideClocks();
  void ShareMtimes();

  const std::string path_;
  const CaptureSettings& settings_;
  CaptureSink& sink_;
  const std::function<void()> on_progress_;  // or empty
  Bundles bundles_;
  ProcTrees trees_;
  std::set<std::string> tables_;  // that trees_ knows
  std::vector<FileToRead> files_;
  std::vector<uint64_t> numbers_;  // of the content of files_, as WalkArchive counts
  std::map<uint64_t, std::vector<size_t>> by_number_;  // several: hard links
  uint64_t failures_ = 0;
  std::optional<procnet::Table> foreign_;
};

}  // namespace tcpsnap::capture
