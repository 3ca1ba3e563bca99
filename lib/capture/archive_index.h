// What an archive holds, from a first pass over it, and the reading of it in a second: what one
// member is may be told by another that comes later (`date`, `hostname`, links), and nothing is
// unpacked to disk.
#pragma once

#include <cstdint>
#include <map>
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
  /// or holds no capture.
  ArchiveIndex(const std::string& path, ByteSource& source, const CaptureSettings& settings,
               CaptureSink& sink);

  /// The members that will be read.
  const std::vector<FileToRead>& files() const { return files_; }

  /// Leaves out the members in which more lines are refused than the settings allow: a pass over
  /// `source`, which was rewound.
  void CheckRejects(ByteSource& source, const OrderVotes& run_votes);
  /// Reads the members: the last pass. Returns true when the byte order of some dump was assumed.
  bool Read(ByteSource& source, const OrderVotes& run_votes);

 private:
  class FirstPass;
  class LaterPass;
  void DecideCopies();
  void DecideClocks();
  void ShareMtimes();

  const std::string path_;
  const CaptureSettings& settings_;
  CaptureSink& sink_;
  Bundles bundles_;
  ProcTrees trees_;
  std::set<std::string> tables_;  // that trees_ knows
  std::vector<FileToRead> files_;
  std::vector<uint64_t> numbers_;  // of files_, as WalkArchive counts
  std::map<uint64_t, size_t> by_number_;
  uint64_t failures_ = 0;
  std::optional<procnet::Table> foreign_;
};

}  // namespace tcpsnap::capture
