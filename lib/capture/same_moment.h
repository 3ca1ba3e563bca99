// Several machines under one name: dumps that can't be of one host.
//
//   web1/tcp.log    1795333047 ...    no line names the host: both are `localhost`
//   web2/tcp.log    1795333047 ...
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "capture/capture.h"
#include "capture/host_pattern.h"

namespace tcpsnap::capture {

/// Finds hosts of which files in different folders hold different tables of the same moment, family
/// and namespace. Remembers at most a million dumps: of a longer run the later ones are compared
/// with these alone.
class SameMomentCheck {
 public:
  /// Files whose path matches the pattern have their host from there, and are not looked at.
  explicit SameMomentCheck(std::optional<HostPattern> host_pattern)
      : host_pattern_(std::move(host_pattern)) {}

  /// The next dumps are of this source.
  void Begin(const std::string& path);
  /// Takes a dump while it has its records. Returns what there is to warn of: once a host. Dumps
  /// with refused lines are passed over.
  std::optional<std::string> Add(const CapturedDump& dump);

 private:
  struct Table {
    uint32_t folder = 0;  // in folders_
    bool may_be_cut = false;
    uint64_t rows = 0;
    uint64_t first_row = 0, all_rows = 0;  // hashes
  };
  static bool Differ(const Table& a, const Table& b);
  uint32_t Folder();

  std::optional<HostPattern> host_pattern_;
  std::string folder_;                     // of the source
  std::optional<uint32_t> folder_number_;  // of the source, when it was needed
  bool told_ = false;                      // its path tells the host
  bool has_dump_[2] = {false, false};      // the source, of each family
  std::vector<std::string> folders_;
  std::map<std::string, uint32_t> number_of_folder_;
  std::unordered_map<uint64_t, Table> tables_;  // by a hash of host, namespace, family and moment
  std::set<std::string> warned_;                // hosts
};

}  // namespace tcpsnap::capture
