// Findings for a person under pressure, and their commands for a shell.
//
//   CRITICAL  web1: 563 of the connections to port 7001 are leaked: ...
//     when      2026-11-22 07:52:05 to 2026-11-22 09:04:05
//     likely    the kernel doesn't print ...
//     numbers   close_wait_sockets 563, growth_per_hour 414.05
//     evidence  10.99.0.1:7001 <- 10.99.0.2:41980
//     more      tcpsnap-query report incident.db close-wait --host web1
//     rule      close-wait-leak
#pragma once

#include <string>
#include <string_view>

#include "capture/clock.h"
#include "report/triage.h"

namespace tcpsnap::report {

/// `word` as a POSIX shell reads it: in quotes where it holds more than letters, digits and
/// "@%_+=:,./-".
std::string ShellWord(std::string_view word);

/// The whole command of `more`, with the path for DB. Empty where there is none.
std::string MoreCommand(const Finding& finding, std::string_view database_path);

/// A block of lines, each with its '\n'.
std::string FindingAsText(const Finding& finding, const capture::Zone& zone,
                          std::string_view database_path);

}  // namespace tcpsnap::report
