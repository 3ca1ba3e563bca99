// Imports for the tests: captures into a database, and what its views then show.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "capture/capture.h"
#include "store/database.h"
#include "store/importer.h"

namespace tcpsnap::testing {

struct ImportOptions {
  capture::CaptureSettings capture;
  std::optional<int64_t> ticks_per_second;
  int64_t transaction_bytes = 48 << 20;
  size_t followed_rows = 96 << 10;
};

struct ImportResult {
  store::ImportSummary summary;
  std::vector<std::string> warnings;  ///< of the reader and of the importer
  std::vector<std::string> failures;  ///< "PATH: why"
};

/// What tcpsnap-ingest does with these paths, on this thread.
ImportResult Import(store::Database& database, const std::vector<std::string>& paths,
                    const ImportOptions& options = {});

/// Options with this host, and with this zone.
ImportOptions OfHost(std::string_view host);
ImportOptions InZone(std::string_view zone);

/// All rows of every view, sorted: "sockets" -> rows as text. `sources.imported_at` is left out,
/// and so are the columns in `without` ("VIEW.COLUMN", or "VIEW" for all of it).
using Views = std::map<std::string, std::vector<std::string>>;
Views AllViews(store::Database& database, const std::set<std::string>& without = {});

/// What depends on which of two sources came first, when they come by separate runs: whose dump one
/// is that both hold, what the source told of its byte order, and the numbers of IPv6 addresses.
extern const std::set<std::string> kWhoCameFirst;
/// The numbers of IPv6 addresses, which depend on the order of import.
inline const std::set<std::string> kAddressNumbers = {
    "sockets.local_key",      "sockets.remote_key",    "connections.local_key",
    "connections.remote_key", "transitions.local_key", "transitions.remote_key"};

/// Empty when all are equal, else the first row that differs.
std::string Difference(const Views& a, const Views& b);

/// The rows of a query: values separated by '|'.
std::vector<std::string> Rows(store::Database& database, std::string_view sql);

}  // namespace tcpsnap::testing
