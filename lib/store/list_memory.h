// What lists keep from dump to dump.
#pragma once

#include <cstddef>
#include <vector>

namespace tcpsnap::store {

/// A list that is of no use until it is filled again keeps its memory for that, unless it is that
/// of a large dump: the parser of the next one needs the room. (`list = {}` would always keep it.)
template <typename T>
void FreeIfLarge(std::vector<T>& list) {
  constexpr size_t kMostKept = 64 << 10;
  if (list.capacity() > kMostKept) std::vector<T>().swap(list);
}

}  // namespace tcpsnap::store
