// Runs a fuzzer's function over the files of a folder, and over each file cut short and with a byte
// changed: what a build without libFuzzer can do.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <string>

#include "support/captures.h"
#include "support/row_text.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

void Run(const std::string& text) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(text.data()), text.size());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
    return 2;
  }
  try {
    tcpsnap::testing::Random random(20261122);
    const auto files = tcpsnap::testing::FilesBelow(argv[1]);
    for (const auto& path : files) {
      const std::string text = tcpsnap::testing::ReadFile(path);
      Run(text);
      for (size_t size = 0; size < text.size(); ++size) Run(text.substr(0, size));
      constexpr int kDamages = 200;
      for (int i = 0; i < kDamages; ++i) Run(tcpsnap::testing::Damage(text, random));
    }
    std::printf("%zu files\n", files.size());
    return files.empty() ? 1 : 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
