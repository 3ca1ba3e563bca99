// The account of a capture's lines that are neither rows nor refused.
#pragma once

#include <cstdint>

namespace tcpsnap::procnet {

struct LineCounts {
  int64_t markers = 0;  ///< lines that tell a time or name a file
  int64_t headers = 0;  ///< of tcp and tcp6 tables
  int64_t blank = 0;
  int64_t other = 0;  ///< text that is no part of a tcp table
};

}  // namespace tcpsnap::procnet
