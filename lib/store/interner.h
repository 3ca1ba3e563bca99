// Keys -> small dense numbers, in the order of their first appearance.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "procnet/address.h"

namespace tcpsnap::store {

/// Gives each distinct key a number from 0 on. Hash is a callable that mixes well in its high bits.
/// Open addressing, at most half full.
template <typename Key, typename Hash>
class Interner {
 public:
  /// The key's number, a new one if it was not seen before.
  uint32_t Intern(const Key& key) {
    if (keys_.size() * 2 >= table_.size()) Grow();
    size_t at = Place(key);
    for (; table_[at] != 0; at = (at + 1) & (table_.size() - 1)) {
      if (keys_[table_[at] - 1] == key) return table_[at] - 1;
    }
    keys_.push_back(key);
    table_[at] = static_cast<uint32_t>(keys_.size());
    return table_[at] - 1;
  }
  bool Contains(const Key& key) const {
    if (table_.empty()) return false;
    for (size_t at = Place(key); table_[at] != 0; at = (at + 1) & (table_.size() - 1)) {
      if (keys_[table_[at] - 1] == key) return true;
    }
    return false;
  }
  const std::vector<Key>& keys() const { return keys_; }
  void Clear() {
    keys_.clear();
    table_.clear();
  }

 private:
  size_t Place(const Key& key) const {
    return Hash{}(key) >> (64 - std::countr_zero(table_.size()));
  }
  void Grow() {
    table_.assign(std::max<size_t>(64, table_.size() * 2), 0);
    for (size_t i = 0; i < keys_.size(); ++i) {
      size_t at = Place(keys_[i]);
      while (table_[at] != 0) at = (at + 1) & (table_.size() - 1);
      table_[at] = static_cast<uint32_t>(i + 1);
    }
  }

  std::vector<Key> keys_;
  std::vector<uint32_t> table_;  ///< number + 1, 0: free; its size is a power of two
};

/// Multiplies by an odd constant (2^64 / golden ratio): spreads integers over the high bits.
struct IntegerHash {
  uint64_t operator()(uint64_t value) const { return value * 0x9E3779B97F4A7C15; }
};

struct AddressHash {
  uint64_t operator()(const procnet::Address& address) const {
    uint64_t halves[2];
    std::memcpy(halves, address.bytes.data(), sizeof halves);
    const IntegerHash mix;
    const uint64_t high = mix(halves[0]);
    return mix((high ^ high >> 32) ^ halves[1]);
  }
};

}  // namespace tcpsnap::store
