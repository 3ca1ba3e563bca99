// Row ids of a table, a bit for each up to the largest.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace tcpsnap::store {

class IdSet {
 public:
  /// False when it is there already. Ids are 1 and above.
  bool Insert(int64_t id) {
    const auto place = static_cast<size_t>(id);
    if (place >= bits_.size()) bits_.resize(place + 1);
    if (bits_[place]) return false;
    bits_[place] = true;
    ++size_;
    return true;
  }
  bool Contains(int64_t id) const {
    const auto place = static_cast<size_t>(id);
    return place < bits_.size() && bits_[place];
  }
  int64_t size() const { return size_; }
  void Clear() { *this = {}; }

  /// Calls `visit` with each id, in order.
  template <typename Visit>
  void ForEach(Visit visit) const {
    for (size_t place = 0; place < bits_.size(); ++place) {
      if (bits_[place]) visit(static_cast<int64_t>(place));
    }
  }

 private:
  std::vector<bool> bits_;
  int64_t size_ = 0;
};

}  // namespace tcpsnap::store
