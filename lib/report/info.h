// What a database holds and how far it can be trusted.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "capture/clock.h"
#include "store/database.h"

namespace tcpsnap::report {

struct HostInfo {
  std::string label;
  int64_t snapshots = 0;
  std::optional<int64_t> first_ms;
  std::optional<int64_t> last_ms;
  bool has_tcp = false;
  bool has_tcp6 = false;
};

/// A file that was imported, and what became of its lines: the sum of the last eight is `lines`.
struct SourceInfo {
  std::string path;
  std::string layout;
  bool complete = true;
  int64_t bytes = 0;
  int64_t lines = 0;
  int64_t markers = 0;
  int64_t headers = 0;
  int64_t samples = 0;
  int64_t duplicates = 0;
  int64_t blank = 0;
  int64_t other = 0;
  int64_t known = 0;
  int64_t rejected = 0;
};

struct RejectInfo {
  std::string reason;
  int64_t lines = 0;
  std::string sentence;
};

struct DatabaseInfo {
  std::string path;
  int64_t bytes = 0;
  int64_t samples = 0;
  std::vector<HostInfo> hosts;
  std::vector<SourceInfo> sources;
  std::vector<RejectInfo> rejects;
  std::vector<std::string> health;  ///< see ReadHealth
};

DatabaseInfo ReadInfo(store::Database& database);

/// What whoever reads an answer has to know about the data, a clause each; nothing when all is
/// well: interrupted imports, the share of refused rows, hosts with one of the two families only.
std::vector<std::string> ReadHealth(store::Database& database);

/// Of these, those about imports that did not end.
std::vector<std::string> ReadImportHealth(store::Database& database);

/// For people; times in `zone`.
std::string InfoAsText(const DatabaseInfo& info, const capture::Zone& zone);
/// One JSON object; times as ISO-8601 UTC.
std::string InfoAsJson(const DatabaseInfo& info);

}  // namespace tcpsnap::report
