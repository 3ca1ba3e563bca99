// What both kinds of run say of files that could not be imported.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "capture/capture.h"
#include "ingest/progress.h"

namespace tcpsnap::ingest {

/// Collects failures and warnings: prints each at once, counts, and knows the exit code.
class FileReport {
 public:
  FileReport(Progress& progress, bool strict) : progress_(progress), strict_(strict) {}

  void Fail(const std::string& path, const capture::CaptureError& error, bool named);
  void Warn(const std::string& message);
  /// The table of `path` was not read: it is the same as that of `copy_of`.
  void NoteCopy(const std::string& path, const std::string& copy_of);
  /// A file was taken, but no dump of it could be read (a warning says so): the run failed.
  void NoteNothingRead() { ++failed_; }
  /// The last word: files that were passed over, or that there was nothing at all. Call it once,
  /// with the number of sources that were read. Returns the exit code.
  int Finish(int64_t sources);

 private:
  Progress& progress_;
  bool strict_;
  int64_t failed_ = 0;
  int64_t refused_ = 0;  // under --strict
  int64_t passed_over_ = 0;
  int64_t warnings_ = 0;
  std::string first_passed_over_;
  int64_t copies_ = 0;
  std::string first_copy_;
  std::map<std::string, int64_t> by_message_;  // how many files failed with it
};

}  // namespace tcpsnap::ingest
