#include "capture/same_moment.h"

#include <xxhash.h>

#include <array>
#include <utility>

namespace tcpsnap::capture {
namespace {

uint64_t HashOf(const procnet::SocketRecord* records, size_t count) {
  return count == 0 ? 0 : XXH3_64bits(records, count * sizeof(procnet::SocketRecord));
}

uint64_t KeyOf(const CapturedDump& dump) {
  const std::array<uint64_t, 5> parts = {
      XXH3_64bits(dump.host.data(), dump.host.size()),
      XXH3_64bits(dump.netns.data(), dump.netns.size()), static_cast<uint64_t>(dump.family),
      static_cast<uint64_t>(dump.taken_ms), static_cast<uint64_t>(dump.ordinal)};
  return XXH3_64bits(parts.data(), sizeof parts);
}

}  // namespace

void SameMomentCheck::Begin(const std::string& path) {
  const size_t separator = path.find_last_of("/!");
  folder_ = separator == path.npos ? "." : path.substr(0, separator);
  kept_folder_ = nullptr;
  told_ = host_pattern_ && host_pattern_->Match(path);
  has_dump_[0] = has_dump_[1] = false;
}

const std::string* SameMomentCheck::Folder() {
  if (kept_folder_ == nullptr) kept_folder_ = &*folders_.insert(folder_).first;
  return kept_folder_;
}

void SameMomentCheck::Remember(uint64_t key, const Table& table) {
  tables_.emplace(key, table);
  while (tables_.size() > most_dumps_) {
    passed_over_ = passed_over_ * 2 + 1;
    std::erase_if(tables_, [this](const auto& known) { return (known.first & passed_over_) != 0; });
  }
}

// A recording that goes on has more rows of its last dump than an earlier copy of it.
bool SameMomentCheck::Differ(const Table& a, const Table& b) {
  if (a.rows == b.rows) return a.all_rows != b.all_rows;
  const Table& shorter = a.rows < b.rows ? a : b;
  return !shorter.may_be_cut || (shorter.rows > 0 && a.first_row != b.first_row);
}

std::optional<std::string> SameMomentCheck::Add(const CapturedDump& dump) {
  // A damaged copy differs from the whole one.
  if (told_ || !dump.refused.empty()) return std::nullopt;
  bool& has_dump = has_dump_[dump.family == procnet::Family::kTcp6];
  Table table;
  // A file of one table ends in it as well.
  table.may_be_cut = dump.open && has_dump;
  has_dump = true;
  const uint64_t key = KeyOf(dump);
  if ((key & passed_over_) != 0) return std::nullopt;
  table.rows = static_cast<uint32_t>(dump.records.size());
  table.first_row = HashOf(dump.records.data(), dump.records.empty() ? 0 : 1);
  table.all_rows = HashOf(dump.records.data(), dump.records.size());
  const auto known = tables_.find(key);
  if (known == tables_.end()) {
    table.folder = Folder();
    Remember(key, table);
    return std::nullopt;
  }
  const std::string& other = *known->second.folder;
  if (other == folder_ || !Differ(known->second, table)) return std::nullopt;
  if (!warned_.insert(dump.host).second) return std::nullopt;
  return dump.host + ": files of different folders hold different tables of the same moment (" +
         other + ", " + folder_ +
         "): if they are of several hosts or network namespaces, forget them and import them with "
         "--host-from";
}

}  // namespace tcpsnap::capture
