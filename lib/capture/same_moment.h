// Several machines under one name: dumps that can't be of one host.
//
//   web1/tcp.log    1795333047 ...    no line names the host: both are `localhost`
//   web2/tcp.log    1795333047 ...
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "capture/capture.h"
#include "capture/host_pattern.h"

namespace tcpsnap::capture {

/// Finds hosts of which files in different folders hold different tables of the same moment, family
/// and namespace. Of more dumps than it may remember it looks at every second moment, then at every
/// fourth, and so on: always at the same ones in all files.
class SameMomentCheck {
 public:
  /// Files whose path matches the pattern have their host from there, and are not looked at.
  explicit SameMomentCheck(std::optional<HostPattern> host_pattern, size_t most_dumps = 100'000)
      : host_pattern_(std::move(host_pattern)), most_dumps_(most_dumps) {}

  /// The next dumps are of this source.
  void Begin(const std::string& path);
  /// Takes a dump while it has its records. Returns what there is to warn of: once a host. Dumps
  /// with refused lines are passed over.
  std::optional<std::string> Add(const CapturedDump& dump);

 private:
  struct Table {
    const std::string* folder = nullptr;  // in folders_
    bool may_be_cut = false;
    uint32_t rows = 0;
    uint64_t first_row = 0, all_rows = 0;  // hashes
  };
  static bool Differ(const Table& a, const Table& b);
  const std::string* Folder();
  void Remember(uint64_t key, const Table& table);

  std::optional<HostPattern> host_pattern_;
  size_t most_dumps_;
  std::string folder_;                        // of the source
  const std::string* kept_folder_ = nullptr;  // the same in folders_, when it was needed
  bool told_ = false;                         // its path tells the host
  bool has_dump_[2] = {false, false};         // the source, of each family
  std::unordered_set<std::string> folders_;
  std::unordered_map<uint64_t, Table> tables_;  // by a hash of host, namespace, family and moment
  uint64_t passed_over_ = 0;                    // moments whose hash has one of these bits
  std::set<std::string> warned_;                // hosts
};

}  // namespace tcpsnap::capture
