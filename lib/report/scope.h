// What the user wants to look at, and what that means in one database.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "capture/clock.h"
#include "store/database.h"

namespace tcpsnap::report {

/// The words of the command line, as given.
struct Request {
  std::optional<std::string> since;  ///< times as capture::ParseTimeArgument takes them
  std::optional<std::string> until;
  std::optional<std::string> host;    ///< a host's label
  std::optional<std::string> bucket;  ///< "1h" unless given
  std::map<std::string, std::string> parameters;
  capture::Zone zone;
};

/// The request in figures. The window is [since_ms, until_ms); an absent bound is none.
struct Scope {
  std::optional<int64_t> since_ms;
  std::optional<int64_t> until_ms;
  std::optional<std::string> host;
  int64_t bucket_ms = 0;
  capture::Zone zone;
  std::optional<int64_t> first_ms;  ///< first and last snapshot of the database, or of that host
  std::optional<int64_t> last_ms;
};

/// Relative times count from the last snapshot (of the host, where one is given), those of `since`
/// from `until` where that is given. Throws UserError for times, widths and hosts that are none,
/// and for a window that ends before it begins.
Scope ResolveScope(store::Database& database, const Request& request);

/// Snapshots in the window.
int64_t CountSnapshots(store::Database& database, const Scope& scope);

/// What to say where there is none: and where there are some.
std::string DescribeEmptyWindow(const Scope& scope);

/// "2026-11-22 07:00:00 to 2026-11-22 08:00:00 (Europe/Berlin)": the window, or where it is open
/// the first and last snapshot.
std::string DescribeWindow(const Scope& scope);

}  // namespace tcpsnap::report
