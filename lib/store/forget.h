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

/// Takes out the sources of this path with all that only they brought. Dumps that another source
/// holds too stay and become that source's. A kill in between leaves the source incomplete: call it
/// again. `sources` is 0 when there is none of that path.
Forgotten ForgetSource(Database& database, const std::string& path,
                       int64_t transaction_bytes = 48 << 20);

}  // namespace tcpsnap::store
