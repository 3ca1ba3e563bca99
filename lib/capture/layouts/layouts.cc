#include <array>

#include "capture/layout.h"

namespace tcpsnap::capture {

std::span<const MarkerReader> MarkerReaders() {
  static constexpr std::array<MarkerReader, 2> kReaders = {ReadTimeLine, ReadPathLine};
  return kReaders;
}

std::span<const PrefixReader> PrefixReaders() { return {}; }

std::span<const LayoutWord> LayoutWords() { return {}; }

}  // namespace tcpsnap::capture
