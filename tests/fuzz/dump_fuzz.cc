// One dump: no line gets lost, every socket is a row of the text, copies are dropped as the
// reference drops them, and reading in pieces gives the same.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>

#include "support/row_check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  // The pieces depend on the text alone, so that what is found once is found again.
  const uint64_t seed = std::hash<std::string_view>()(text);
  const std::string failure = tcpsnap::testing::CheckDump(text, seed);
  if (failure.empty()) return 0;
  std::fprintf(stderr, "%s\n%.*s\n", failure.c_str(), static_cast<int>(text.size()), text.data());
  std::abort();
}
