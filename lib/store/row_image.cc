#include "store/row_image.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cstring>
#include <string_view>

#include "store/socket_row.h"

namespace tcpsnap::store {
namespace {

constexpr size_t kPageBytes = 16 << 10;
constexpr uint8_t kInteriorPage = 0x05, kLeafPage = 0x0D;  // of a table
constexpr size_t kLeafHeaderBytes = 8, kInteriorHeaderBytes = 12;
constexpr size_t kRootPage = 2, kFirstLeaf = 3;  // from 1, as SQLite counts

// A cell: two lengths of one and two bytes, the record's header (its length and a byte for each
// column), and up to 8 bytes for each column; each value is stored as 8 bytes, then cut.
constexpr size_t kCellFront = 3;
constexpr size_t kMostCellBytes = kCellFront + 1 + RowImage::kMostColumns * (1 + 8);
static_assert(kMostCellBytes - kCellFront < 0x80);
static_assert(RowImage::kMostRows < 1 << 14);
// Cells stand behind room for so many pointers to them.
constexpr size_t kCellsAPage = 512;
constexpr size_t kCellsBegin = kLeafHeaderBytes + 2 * kCellsAPage;
constexpr size_t kCellsEnd = kPageBytes - kMostCellBytes - 8;
constexpr size_t kFewestCells =
    std::min(kCellsAPage, (kCellsEnd - kCellsBegin + kMostCellBytes - 1) / kMostCellBytes);
constexpr size_t kMostLeaves = (RowImage::kMostRows + kFewestCells - 1) / kFewestCells;
constexpr size_t kPages = kFirstLeaf - 1 + kMostLeaves;
// An interior cell: a page and a key of two bytes.
constexpr size_t kInteriorCellBytes = 6;
static_assert(kInteriorHeaderBytes + kMostLeaves * (2 + kInteriorCellBytes) < kPageBytes);

void Store16(uint8_t* at, size_t value) {
  at[0] = static_cast<uint8_t>(value >> 8);
  at[1] = static_cast<uint8_t>(value);
}

void Store32(uint8_t* at, size_t value) {
  Store16(at, value >> 16);
  Store16(at + 2, value);
}

// A variable-length integer below 2^14, in two bytes.
void StoreVarint2(uint8_t* at, size_t value) {
  at[0] = static_cast<uint8_t>(0x80 | value >> 7);
  at[1] = static_cast<uint8_t>(value & 0x7F);
}

constexpr uint8_t kNull = 0, kZero = 8, kOne = 9;  // serial types without a byte
constexpr std::array<uint8_t, 10> kSerialBytes = {0, 1, 2, 3, 4, 6, 8, 0, 0, 0};

// The serial type of an integer of so many bits, the sign not counted.
constexpr std::array<uint8_t, 64> kSerialOfBits = [] {
  std::array<uint8_t, 64> types{};
  for (size_t bits = 0; bits < types.size(); ++bits) {
    uint8_t type = 1;
    while (size_t{8} * kSerialBytes[type] < bits + 1) ++type;
    types[bits] = type;
  }
  return types;
}();

uint8_t SerialType(int64_t value) {
  if (value == kAbsent) return kNull;
  if (value == 0) return kZero;
  if (value == 1) return kOne;
  const auto magnitude = static_cast<uint64_t>(value < 0 ? ~value : value);
  return kSerialOfBits[static_cast<size_t>(std::bit_width(magnitude))];
}

uint64_t BigEndian(uint64_t value) {
  if constexpr (std::endian::native == std::endian::big) return value;
  return __builtin_bswap64(value);
}

// Writes a row's record and returns its end; up to 8 bytes behind that are overwritten.
uint8_t* StoreRecord(uint8_t* record, std::span<const int64_t> values) {
  record[0] = static_cast<uint8_t>(values.size() + 1);
  uint8_t* type_place = record + 1;
  uint8_t* place = type_place + values.size();
  for (const int64_t value : values) {
    const uint8_t type = SerialType(value);
    *type_place++ = type;
    const unsigned bytes = kSerialBytes[type];
    // The low bytes first; of none of them, whatever stands there is overwritten.
    const uint64_t bits = BigEndian(static_cast<uint64_t>(value) << (64 - 8 * bytes) % 64);
    std::memcpy(place, &bits, sizeof bits);
    place += bytes;
  }
  return place;
}

// Writes as many rows as fit into a leaf, and returns how many.
size_t StoreLeaf(uint8_t* page, std::span<const int64_t> values, size_t columns, size_t first_id) {
  const size_t rows = std::min(values.size() / columns, kCellsAPage);
  uint8_t* cell = page + kCellsBegin;
  size_t count = 0;
  for (; count < rows && cell < page + kCellsEnd; ++count) {
    Store16(page + kLeafHeaderBytes + 2 * count, static_cast<size_t>(cell - page));
    uint8_t* const record = cell + kCellFront;
    uint8_t* const end = StoreRecord(record, values.subspan(count * columns, columns));
    cell[0] = static_cast<uint8_t>(end - record);
    StoreVarint2(cell + 1, first_id + count);
    cell = end;
  }
  page[0] = kLeafPage;
  Store16(page + 3, count);
  Store16(page + 5, kCellsBegin);
  return count;
}

// The header of the file and the schema table with one row.
void StoreFirstPage(uint8_t* page, const std::string& columns) {
  constexpr char kMagic[] = "SQLite format 3";  // with its zero
  constexpr size_t kSchemaPage = 100;           // the B-tree page behind the header
  std::memcpy(page, kMagic, sizeof kMagic);
  Store16(page + 16, kPageBytes);
  page[18] = page[19] = 1;  // a rollback journal
  page[21] = 64;            // these three must be so
  page[22] = page[23] = 32;
  Store32(page + 24, 1);       // change counter
  Store32(page + 28, kPages);  // valid where the change counter stands at 92 too
  Store32(page + 40, 1);       // schema cookie
  Store32(page + 44, 4);       // schema format
  Store32(page + 56, 1);       // UTF-8
  Store32(page + 92, 1);
  Store32(page + 96, 3038000);  // SQLite's version

  const std::string name = RowImage::kTable;
  const std::string sql = "CREATE TABLE " + name + " (" + columns + ")";
  std::string types, texts;
  for (const std::string_view text : {std::string_view("table"), std::string_view(name),
                                      std::string_view(name), std::string_view(sql)}) {
    if (text.data() == sql.data()) {
      types += '\x01';
      texts += static_cast<char>(kRootPage);
    }
    uint8_t type[2];
    StoreVarint2(type, 13 + 2 * text.size());
    types.append(reinterpret_cast<const char*>(type), sizeof type);
    texts += text;
  }
  const std::string record = static_cast<char>(types.size() + 1) + types + texts;
  uint8_t* const cell = page + kPageBytes - kCellFront - record.size();
  StoreVarint2(cell, record.size());
  cell[2] = 1;  // its rowid
  std::copy(record.begin(), record.end(), cell + kCellFront);

  page[kSchemaPage] = kLeafPage;
  Store16(page + kSchemaPage + 3, 1);
  Store16(page + kSchemaPage + 5, static_cast<size_t>(cell - page));
  Store16(page + kSchemaPage + kLeafHeaderBytes, static_cast<size_t>(cell - page));
}

}  // namespace

size_t RowImage::Bytes() { return kPages * kPageBytes; }

RowImage::RowImage(const std::string& columns, std::span<uint8_t> bytes)
    : columns_(static_cast<size_t>(std::count(columns.begin(), columns.end(), ',')) + 1),
      bytes_(bytes) {
  assert(columns_ <= kMostColumns && bytes.size() == Bytes());
  std::fill(bytes.begin(), bytes.end(), uint8_t{0});
  StoreFirstPage(bytes.data(), columns);
  StoreLeaf(bytes.data() + (kRootPage - 1) * kPageBytes, {}, columns_, 1);
}

void RowImage::Fill(std::span<const int64_t> values) {
  const auto page = [this](size_t number) { return bytes_.data() + (number - 1) * kPageBytes; };
  const size_t rows = values.size() / columns_;
  assert(rows > 0 && rows <= kMostRows);
  std::array<size_t, kMostLeaves> last_ids;
  size_t leaves = 0;
  for (size_t stored = 0; stored < rows; ++leaves) {
    assert(leaves < kMostLeaves);
    stored += StoreLeaf(page(kFirstLeaf + leaves), values.subspan(stored * columns_), columns_,
                        stored + 1);
    last_ids[leaves] = stored;
  }
  uint8_t* const root = page(kRootPage);
  if (leaves == 1) {  // is the root itself
    std::memcpy(root, page(kFirstLeaf), kPageBytes);
    return;
  }
  const size_t cells = leaves - 1;  // the last leaf stands in the header
  const size_t cells_begin = kPageBytes - cells * kInteriorCellBytes;
  root[0] = kInteriorPage;
  Store16(root + 3, cells);
  Store16(root + 5, cells_begin);
  Store32(root + 8, kFirstLeaf + cells);
  for (size_t i = 0; i < cells; ++i) {
    const size_t place = cells_begin + i * kInteriorCellBytes;
    Store16(root + kInteriorHeaderBytes + 2 * i, place);
    Store32(root + place, kFirstLeaf + i);
    StoreVarint2(root + place + 4, last_ids[i]);
  }
}

}  // namespace tcpsnap::store
