// Bundles: trees of files that were taken from one machine, on disk or in an archive (sosreport,
// supportconfig, insights, `cp -r /proc`). What their small files tell of the machine and the
// moment.
//
//   sosreport-host1-2026-11-22-abcdefg/date                    Sun Nov 22 07:37:27 UTC 2026
//   sosreport-host1-2026-11-22-abcdefg/hostname                host1
//   sosreport-host1-2026-11-22-abcdefg/uname                   Linux host1 6.1.0 ... x86_64
//   GNU/Linux sosreport-host1-2026-11-22-abcdefg/proc/sys/net/ipv4/ip_local_port_range       32768
//   60999 sosreport-host1-2026-11-22-abcdefg/proc/net -> self/net
//   scc_host1_261122_0737/basic-environment.txt                # /bin/date, # /bin/uname -a
//   20261122_073727/date, 20261122_073727/proc/net/tcp
//
// In paths a '!' (`case.zip!sosreport-host1.tar.xz!sosreport-host1/date`) parts like a '/'.
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
  std::optional<std::string> uname;                        ///< printable ASCII
  std::optional<int64_t> port_range_low, port_range_high;  ///< net.ipv4.ip_local_port_range
  std::optional<int64_t> somaxconn;                        ///< net.core.somaxconn
  std::optional<int64_t> tcp_max_tw_buckets;
  friend bool operator==(const HostFacts&, const HostFacts&) = default;
};

struct Bundle {
  std::string root;  ///< its folder, with '/' or '!' at its end; empty for the top
  /// Of its `date` file; one without a time where only a zone is missing (`CST`).
  std::optional<TimeResult> date;
  /// The first line of its `date` file, at most 60 bytes, where no file told a date that could be
  /// read (`dim. 22 nov. 2026 07:37:27 CET`); else empty.
  std::string unreadable_date;
  std::string host;  ///< of its `hostname` file, else of `uname`, else of its name
  std::optional<procnet::ByteOrder> byte_order;  ///< of cpu_byteorder, else of uname's machine
  HostFacts facts;
};

/// How much of a small file is read at most: all of `sysctl -a` on a large machine, where
/// kernel.sched_domain has lines for each processor and stands before net.
inline constexpr size_t kFactFileBytes = 512 << 10;

/// Finds the bundles of a tree: first every path is shown, then the files that tell something are.
/// The order of the calls never matters: of several files that tell the same one is trusted most.
class Bundles {
 public:
  /// `name`: of the archive or folder that holds the tree, for the name of the host; may be empty.
  Bundles(std::string name, Zone zone);

  /// True when the file's first kFactFileBytes are worth showing to AddFact.
  static bool TellsSomething(std::string_view path);
  /// Notes a file of the tree: `sosreport-web1-2026-11-22-abcdefg/proc/net/tcp` makes a bundle that
  /// has a host by its name, though no file in it may tell anything.
  void AddPath(std::string_view path);
  /// Takes the content of a file that tells something. Garbage tells nothing, but for a date.
  void AddFact(std::string_view path, std::string_view content);

  /// The bundle that holds the file, by the longest root; nullptr where none does. Call it when
  /// every fact was added: a root is where such files lie (`ROOT/date`, `ROOT/proc/...`,
  /// `ROOT/etc/hostname`, `ROOT/sos_commands/...`). A file is held only where the root has it below
  /// the folders of a machine (proc, net, sos_commands, etc, ...) or as its own `tcp`: a stray
  /// `date` gives no time to the folders beside it. Valid until the next fact.
  const Bundle* Of(std::string_view path) const;
  /// True for everything below a root, whether the bundle holds it or not.
  bool IsBelowRoot(std::string_view path) const;

 private:
  struct Found {
    Bundle bundle;
    std::string host_of_name;
    std::map<size_t, Bundle> told;  // by trust, the most first: what each file tells, without root
    bool is_supportconfig = false;  // its tables stand in text files beside the one that told this
  };
  Found& At(std::string_view root);
  void Take(std::string_view root, size_t trust, std::string_view content, bool supportconfig);
  static void Rebuild(Found& found);
  static bool TellsNoMore(const Found& found);
  static bool Holds(const Found& found, std::string_view rest);

  std::string name_;
  Zone zone_;
  std::map<std::string, Found, std::less<>> by_root_;
};

/// The host in the name of a sosreport, supportconfig or insights archive or folder:
/// `sosreport-web1-2026-11-22-abcdefg`, `sosreport-web1-03123456-2026-11-22-abcdefg.tar.xz`,
/// `sosreport-web1.03123456-20261122073727`, `scc_web1_261122_0737`, `nts_web1_261122_0737.tbz`,
/// `insights-web1-20261122073727`. Empty where it is none of these.
std::string HostOfBundleName(std::string_view name);

/// True for what can be a host's name: letters, digits, '-', '.' and '_', a letter or digit first.
/// Keeps messages of failed commands out, and "(none)", the nodename of a kernel without one.
bool IsHostName(std::string_view name);

/// The byte order that a machine's `uname -m` means: x86_64, aarch64, ... little, s390x, ppc64,
/// sparc64, ... big; nullopt for those that are both (mips, arm without a suffix) or unknown.
std::optional<procnet::ByteOrder> ByteOrderOfMachine(std::string_view machine);

}  // namespace tcpsnap::capture
