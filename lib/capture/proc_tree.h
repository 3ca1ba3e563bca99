// The same table under many pids: which tables of a copied /proc are one network namespace.
//
//   proc/net -> self/net      proc/self -> 3255      proc/3255/net/tcp      proc/3255/net/tcp6
//   proc/1/ns/net -> net:[4026531840]                proc/1/net/tcp
//   proc/4711/ns/net -> net:[4026532281]             proc/4711/net/tcp
//
// /proc/net is a link to self/net, so each process shows the tables of its own network namespace
// (fs/proc/proc_net.c), and a copy of /proc holds one table as often as there are processes in it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "procnet/dump.h"

namespace tcpsnap::capture {

/// A path `ROOT/proc/WHOSE/net/tcp` or `ROOT/proc/net/tcp`, taken apart.
struct ProcPath {
  std::string_view root;   ///< up to and without `proc/`; may be empty
  std::string_view whose;  ///< "1", "self", "thread-self", "4711/task/4712"; empty for proc/net
  bool tcp6 = false;
};
/// nullopt where the path is no such table (nor its `ns/net`).
std::optional<ProcPath> ReadProcPath(std::string_view path);

/// Decides for each table whether it is read, and as which namespace.
class ProcTrees {
 public:
  /// A link of the tree: `proc/net`, `proc/self`, `proc/PID/ns/net`; others are passed over.
  void AddLink(std::string_view path, std::string_view target);
  /// The small file ROOT/proc/PID/ns/net of copies that keep the link as text, or else nothing.
  /// A table of the tree with its rows. Keeps a bounded sketch of them.
  void AddTable(std::string_view path, const procnet::Records& records);

  struct Decision {
    bool read = true;
    std::string netns;    ///< "" for the namespace of proc/net, pid 1 or the only one; else the
                          ///< number of the namespace, "4026532281", or "pid-4711" without links
    std::string copy_of;  ///< where it is not read: the path of the table that stands for it
  };
  /// For a path that AddTable took, when all were added. Deterministic: the order of the calls
  /// does not matter. Of the tables of one namespace the one that proc/net leads to is read, else
  /// that of the lowest pid; tcp and tcp6 of the same process.
  Decision Of(std::string_view path) const;

 private:
  // Sockets of a table, hashed; the smallest few of the LISTEN ones and of all.
  struct Sketch {
    std::vector<uint64_t> listening, all;
    uint64_t rows = 0;
  };
  std::map<std::string, std::string, std::less<>> links_;
  std::map<std::string, Sketch, std::less<>> tables_;
};

}  // namespace tcpsnap::capture
