// A shell command, as transcripts and supportconfig show it: whose output follows?
//
//   cat /proc/net/tcp /proc/net/tcp6      date; cat /proc/net/tcp      sudo head -50 /proc/net/tcp
//   ss -tan      /usr/sbin/ss -an      cat /proc/net/udp      sleep 1; netstat -nat
//   date      uptime      ls -l /tmp
#pragma once

#include <string_view>

#include "capture/layout.h"

namespace tcpsnap::capture {

struct Command {
  /// The command begins with a program that such transcripts hold; false for most plain sentences.
  bool known = false;
  /// kTcp where a tcp table is named anywhere, since a loop may print other tables besides;
  /// kForeign where only other tables are.
  NamedFile file = NamedFile::kUnsaid;
  std::string_view path;  ///< of the first such file; empty where a program prints the table
};

/// Never fails: anything may be a command.
Command ReadCommand(std::string_view text);

}  // namespace tcpsnap::capture
