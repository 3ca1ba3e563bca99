// Rows of integers -> the bytes of an SQLite database that holds them in its only table.
//
// Only for SQLite to read, see appended_rows.h. The formats:
// https://www.sqlite.org/fileformat2.html (1.3 the header, 1.6 pages of a B-tree, 2.1 records).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace tcpsnap::store {

class RowImage {
 public:
  static constexpr size_t kMostColumns = 12;
  static constexpr size_t kMostRows = 4096;  ///< so that it stays in a CPU's cache
  static constexpr const char* kTable = "image";

  /// How many bytes it needs, however many rows it holds.
  static size_t Bytes();

  /// An empty table of these columns, "a, b, c", written to `bytes`, which must outlive this.
  RowImage(const std::string& columns, std::span<uint8_t> bytes);

  size_t columns() const { return columns_; }

  /// Holds these rows and no others from now on: at least one and at most kMostRows, one after the
  /// other; kAbsent is NULL. The size of the database stays the same.
  void Fill(std::span<const int64_t> values);

 private:
  size_t columns_;
  std::span<uint8_t> bytes_;
};

}  // namespace tcpsnap::store
