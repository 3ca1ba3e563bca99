// Takes an imported source out again.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "store/database.h"

namespace tcpsnap::store {

struct Forgotten {
  int64_t sources = 0;
  int64_t dumps = 0;                  ///< gone
  int64_t samples = 0;                ///< gone
  int64_t dumps_kept = 0;             ///< stay, since another source holds them too
  std::vector<std::string> reimport;  ///< sources that hold the beginning of a dump that is gone
};

/// Takes out a source with all that only it brought. `name` is its path, or, where several sources
/// have one path (standard input, a log that was rotated), the beginning of its content hash (8 hex
/// digits at least); std::invalid_argument lists them where the path is not enough. Dumps that
/// another source holds too stay and become that source's. The path of an archive means all that
/// came from it. A kill in between leaves the source
/// incomplete: call it again. `sources` is 0 when there is none of that name.
Forgotten ForgetSource(Database& database, const std::string& name,
                       int64_t transaction_bytes = 48 << 20);

}  // namespace tcpsnap::store
