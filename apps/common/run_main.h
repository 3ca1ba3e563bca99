// The one place where exceptions become messages and exit codes.
#pragma once

#include <stdexcept>

namespace tcpsnap::apps {

enum ExitCode : int {
  kDone = 0,
  kFailed = 1,   ///< the machine: disk full, database busy or not ours
  kUsage = 2,    ///< the user: unknown report, bad SQL, bad parameter
  kRefused = 3,  ///< the data, under --strict
};

/// The command line can't be run as it stands: `what()` says why and what would be right.
class UsageError : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

/// Runs `body`, which returns an exit code. What it throws ends as one message on stderr, led by
/// the program's name, and one of the codes above: std::invalid_argument (UsageError and the
/// library's errors of the user), unknown zones and wrong options are kUsage, the rest is kFailed.
/// An interrupt ends as 128 + the signal's number, a reader of stdout that went away as kDone and
/// silently: it had what it wanted.
int RunMain(int argc, char** argv, int (*body)(int argc, char** argv));

}  // namespace tcpsnap::apps
