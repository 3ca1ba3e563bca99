// The same table under many pids: which tables of a copied /proc are one network namespace.
//
//   proc/net -> self/net      proc/self -> 3255      proc/3255/net/tcp      proc/3255/net/tcp6
//   proc/1/ns/net -> net:[4026531840]                proc/1/net/tcp
//   proc/4711/ns/net -> net:[4026532281]             proc/4711/net/tcp
//   proc/4711/task/4712/net/tcp
//   dest/1/net/tcp            dest/4711/net/tcp      (cp -r /proc/[0-9]* dest/)
//
// /proc/net is a link to self/net, so each process shows the tables of its own network namespace
// (fs/proc/proc_net.c), and a copy of /proc holds one table as often as there are processes in it.
// Tables are of one namespace where `ns/net` says so, else where they have a socket in common: the
// inode of a socket is unique over all namespaces of a kernel (sock_alloc() takes it from
// get_next_ino()). Tables without any inode (TIME_WAIT alone) are of one where they have a
// connection in common that is not of the loopback: those of two namespaces have other addresses.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "procnet/dump.h"

namespace tcpsnap::capture {

/// A path `ROOT/proc/WHOSE/net/tcp` or `ROOT/proc/net/tcp`, taken apart. `proc/` may be missing
/// before a WHOSE. A '!' parts like a '/'.
struct ProcPath {
  std::string_view root;   ///< up to and without `proc/`; may be empty
  std::string_view whose;  ///< "1", "self", "thread-self", "4711/task/4712"; empty for proc/net
  bool tcp6 = false;
};
/// nullopt where the path is no such table. A pid has no leading zero and is at most 4194304
/// (PID_MAX_LIMIT): `20261122/net/tcp` is a date.
std::optional<ProcPath> ReadProcPath(std::string_view path);

/// Decides for each table whether it is read, and as which namespace. Trees with different roots
/// are decided each for itself.
class ProcTrees {
 public:
  /// A link of the tree: `proc/net`, `proc/self`, `proc/PID/ns/net`; others are passed over. Copies
  /// that keep a link as a small file with its text give it the same way.
  void AddLink(std::string_view path, std::string_view target);
  /// A table of the tree with its rows. Keeps a bounded sketch of them.
  void AddTable(std::string_view path, const procnet::Records& records);

  struct Decision {
    bool read = true;
    std::string netns;    ///< "" for the namespace of pid 1, proc/net or the only one; else the
                          ///< number of the namespace, "4026532281", or "pid-4711" without links
    std::string copy_of;  ///< where it is not read: the path of the table that stands for it
    friend bool operator==(const Decision&, const Decision&) = default;
  };
  /// For a path that AddTable took, when all were added; others are read. Deterministic: the order
  /// of the calls does not matter. Of the tables of one namespace the one that proc/net leads to is
  /// read, else that of the lowest pid; tcp and tcp6 of the same process where it has both.
  ///
  /// Without `proc/` and without anything else of a process beside them, folders with numbers like
  /// 1, 2, 3 or 2025, 2026 or 1437, 1438 may be snapshots as well: all of these are read.
  Decision Of(std::string_view path) const;

 private:
  // Sockets of a table, hashed.
  struct Sketch {
    std::vector<uint64_t> listening, owned;  // the smallest few of those with an inode, sorted
    std::vector<uint64_t> unowned;           // the same of connections without one
    uint64_t rows = 0;
    uint64_t endpoints = 0;  // a sum over all rows
  };
  class Tree;  // what is below one `proc/`

  std::map<std::string, std::string, std::less<>> links_;
  std::map<std::string, Sketch, std::less<>> tables_;
  std::set<std::string, std::less<>> copies_;  // folders that hold more of a process than tables
  // Made by the first Of after a change.
  mutable std::optional<std::map<std::string, Decision, std::less<>>> decisions_;
};

}  // namespace tcpsnap::capture
