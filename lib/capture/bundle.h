// Bundles: trees of files that were taken from one machine, on disk or in an archive (sosreport,
// supportconfig, `cp -r /proc`). What their small files tell of the machine and the moment.
//
//   sosreport-host1-2026-11-22-abcdefg/date                    Sun Nov 22 07:37:27 UTC 2026
//   sosreport-host1-2026-11-22-abcdefg/hostname                host1
//   sosreport-host1-2026-11-22-abcdefg/uname                   Linux host1 6.1.0 ... x86_64
//   GNU/Linux sosreport-host1-2026-11-22-abcdefg/proc/sys/net/ipv4/ip_local_port_range       32768
//   60999 sosreport-host1-2026-11-22-abcdefg/proc/net -> self/net
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "capture/clock.h"
#include "procnet/address.h"

namespace tcpsnap::capture {

/// What a bundle tells of its host; lib/store keeps it with the host.
struct HostFacts {
  std::optional<std::string> uname;
  std::optional<int64_t> port_range_low, port_range_high;  ///< net.ipv4.ip_local_port_range
  std::optional<int64_t> somaxconn;                        ///< net.core.somaxconn
  std::optional<int64_t> tcp_max_tw_buckets;
  friend bool operator==(const HostFacts&, const HostFacts&) = default;
};

struct Bundle {
  std::string root;                ///< its folder, with '/' at its end; empty for the top
  std::optional<TimeResult> date;  ///< of its `date` file
  std::string host;                ///< of its `hostname` file, else of `uname`, else of its name
  std::optional<procnet::ByteOrder> byte_order;  ///< of cpu_byteorder, else of uname's machine
  HostFacts facts;
};

/// How much of a small file is read at most.
inline constexpr size_t kFactFileBytes = 64 << 10;

/// Finds the bundles of a tree: first every path is shown, then the files that tell something are.
class Bundles {
 public:
  /// `name`: of the archive or folder that holds the tree, for the name of the host; may be empty.
  Bundles(std::string name, Zone zone);

  /// True when the file's first kFactFileBytes are worth showing to AddFact.
  static bool TellsSomething(std::string_view path);
  /// Takes the content of such a file. Garbage tells nothing.
  void AddFact(std::string_view path, std::string_view content);

  /// The bundle that holds the file, by the longest root; nullptr where none does. Call it when
  /// every fact was added: a root is where such files lie (`ROOT/date`, `ROOT/proc/...`,
  /// `ROOT/etc/hostname`, `ROOT/sos_commands/...`).
  const Bundle* Of(std::string_view path) const;

 private:
  std::string name_;
  Zone zone_;
  std::map<std::string, Bundle, std::less<>> by_root_;
};

/// The host in the name of a sosreport or supportconfig: `sosreport-web1-2026-11-22-abcdefg`,
/// `sosreport-web1-03123456-2026-11-22-abcdefg.tar.xz`, `sosreport-web1.03123456-20261122073727`,
/// `scc_web1_261122_0737`, `nts_web1_...`. Empty where it is none of these.
std::string HostOfBundleName(std::string_view name);

/// The byte order that a machine's `uname -m` means: x86_64, aarch64, ... little, s390x, ppc64,
/// sparc64, ... big; nullopt for those that are both (mips, arm without a suffix) or unknown.
std::optional<procnet::ByteOrder> ByteOrderOfMachine(std::string_view machine);

}  // namespace tcpsnap::capture
