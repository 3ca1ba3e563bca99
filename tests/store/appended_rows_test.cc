#include "store/appended_rows.h"

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "store/row_image.h"
#include "store/socket_row.h"
#include "support/catch.h"
#include "support/temporary_folder.h"

namespace tcpsnap::store {
namespace {

using Values = std::vector<int64_t>;

// Integers of every width that SQLite has, and the ends of each.
Values RandomValues(std::mt19937_64& random, size_t count) {
  Values values;
  while (values.size() < count) {
    const auto bits = random() % 64;
    const uint64_t value = random() >> bits;
    const uint64_t power = uint64_t{1} << bits;
    switch (random() % 8) {
      case 0:
        values.push_back(kAbsent);
        break;
      case 1:
        values.push_back(0);
        break;
      case 2:
        values.push_back(static_cast<int64_t>(power));
        break;
      case 3:
        values.push_back(static_cast<int64_t>(power - 1));
        break;
      case 4:
        values.push_back(static_cast<int64_t>(~power + 1));  // -power
        break;
      case 5:
        values.push_back(static_cast<int64_t>(~power));  // one less
        break;
      case 6:
        values.push_back(static_cast<int64_t>(~value));
        break;
      default:
        values.push_back(static_cast<int64_t>(value));
    }
  }
  return values;
}

// A database in a file with a table of so many columns and what appends to it.
struct Target {
  explicit Target(size_t count) {
    for (size_t i = 0; i < count; ++i) columns += (i == 0 ? "c" : ", c") + std::to_string(i);
    database.Execute("CREATE TABLE t (" + columns + ", id INTEGER PRIMARY KEY)");
  }

  Values All() {
    Values values;
    Statement read = database.Prepare("SELECT id, " + columns + " FROM t ORDER BY id");
    while (read.Step()) {
      for (int i = 0; i < read.ColumnCount(); ++i) {
        values.push_back(read.Type(i) == ValueType::kNull ? kAbsent : read.Integer(i));
      }
    }
    return values;
  }

  std::string Check() {
    Database reader = Database::OpenReadOnly(path);
    Statement check = reader.Prepare("PRAGMA integrity_check");
    check.Step();
    return std::string(check.Text(0));
  }

  testing::TemporaryFolder folder;
  std::string path = folder.Path("t.db");
  Database database = Database::OpenForImport(path);
  std::string columns;
};

TEST_CASE("what is appended is what StagedRows writes, for rows of any widths and numbers") {
  std::mt19937_64 random(20261122);
  for (const size_t columns : {size_t{1}, size_t{2}, size_t{10}, RowImage::kMostColumns}) {
    Target fast(columns), slow(columns);
    AppendedRows appended(fast.database, "t", fast.columns);
    StagedRows staged(slow.database, "t", slow.columns);
    for (const size_t rows : {size_t{1}, size_t{31}, size_t{32}, size_t{500}, size_t{512},
                              size_t{513}, RowImage::kMostRows - 1, RowImage::kMostRows,
                              RowImage::kMostRows + 1, 3 * RowImage::kMostRows + 7, size_t{33}}) {
      const Values values = RandomValues(random, rows * columns);
      Transaction transaction(fast.database);
      CHECK(appended.Insert(values) == staged.Insert(values));
      transaction.Commit();
    }
    REQUIRE(appended.IsFast());
    CHECK(fast.All() == slow.All());
    CHECK(fast.Check() == "ok");
  }
}

TEST_CASE("rows of the largest values fill the pages of an image") {
  Target target(RowImage::kMostColumns);
  AppendedRows appended(target.database, "t", target.columns);
  const Values values(RowImage::kMostRows * RowImage::kMostColumns, INT64_MAX);
  CHECK(appended.Insert(values) == static_cast<int64_t>(RowImage::kMostRows));
  REQUIRE(appended.IsFast());
  CHECK(target.database.QueryInteger("SELECT count(*) FROM t WHERE c0 = 9223372036854775807 AND"
                                     " c11 = 9223372036854775807") ==
        static_cast<int64_t>(RowImage::kMostRows));
  CHECK(target.Check() == "ok");
}

TEST_CASE("appending nothing does nothing") {
  Target target(2);
  AppendedRows appended(target.database, "t", target.columns);
  CHECK(appended.Insert({}) == 0);
  CHECK(target.All().empty());
}

TEST_CASE("nobody else sees the second name of a table") {
  Target target(3);
  const std::string schema = "SELECT group_concat(name || sql) FROM sqlite_master";
  const auto text = [&](Database& database) {
    Statement read = database.Prepare(schema);
    read.Step();
    return std::string(read.Text(0));
  };
  const std::string before = text(target.database);
  AppendedRows appended(target.database, "t", target.columns);
  Transaction transaction(target.database);
  appended.Insert(Values(300, 7));
  CHECK(text(target.database) == before);
  transaction.Commit();
  REQUIRE(appended.IsFast());
  Database other = Database::OpenReadOnly(target.path);
  CHECK(text(other) == before);
  CHECK(other.QueryInteger("SELECT sum(c2) FROM t") == 700);
}

TEST_CASE("several tables of one connection are appended to in turn") {
  Target target(2);
  target.database.Execute("CREATE TABLE u (c0, c1, id INTEGER PRIMARY KEY)");
  AppendedRows t(target.database, "t", "c0, c1"), u(target.database, "u", "c0, c1");
  for (int64_t turn = 1; turn <= 3; ++turn) {
    CHECK(t.Insert(Values(100, turn)) == 50 * turn);
    CHECK(u.Insert(Values(200, turn)) == 100 * turn);
  }
  REQUIRE(t.IsFast());
  REQUIRE(u.IsFast());
  CHECK(target.database.QueryInteger("SELECT sum(c1) FROM t") == 300);
  CHECK(target.database.QueryInteger("SELECT sum(c1) FROM u") == 600);
}

TEST_CASE("a rollback takes back what was appended, and more may be appended then") {
  Target target(2);
  AppendedRows appended(target.database, "t", "c0, c1");
  {
    Transaction transaction(target.database);
    appended.Insert(Values(200, 1));
  }
  CHECK(target.All().empty());
  target.database.Execute("BEGIN; SAVEPOINT source");
  CHECK(appended.Insert(Values(200, 2)) == 100);
  target.database.Execute("ROLLBACK TO source");
  CHECK(appended.Insert(Values(200, 3)) == 100);
  target.database.Execute("COMMIT");
  REQUIRE(appended.IsFast());
  CHECK(target.database.QueryInteger("SELECT sum(c0) FROM t") == 300);
}

TEST_CASE("another program may change the schema or vacuum in between; ids stay") {
  Target target(2);
  AppendedRows appended(target.database, "t", "c0, c1");
  CHECK(appended.Insert(Values(400, 1)) == 200);
  Database other = Database::OpenForImport(target.path);
  other.Execute("DELETE FROM t WHERE id BETWEEN 50 AND 120; CREATE TABLE v (a); VACUUM");
  CHECK(appended.Insert(Values(400, 2)) == 400);
  other.Execute("DROP TABLE v; VACUUM");
  CHECK(appended.Insert(Values(400, 3)) == 600);
  REQUIRE(appended.IsFast());
  CHECK(other.QueryInteger("SELECT sum(id) FROM t WHERE c1 = 1") == (1 + 200) * 100 - 71 * 85);
  CHECK(other.QueryInteger("SELECT min(id) FROM t WHERE c1 = 3") == 401);
  CHECK(target.Check() == "ok");
}

TEST_CASE("a table is appended to by one after the other, in a transaction too") {
  Target target(2);
  for (int64_t turn = 1; turn <= 3; ++turn) {
    AppendedRows appended(target.database, "t", "c0, c1");
    CHECK(appended.Insert(Values(200, turn)) == 100 * turn);
    REQUIRE(appended.IsFast());
  }
  Transaction transaction(target.database);
  for (int64_t turn = 4; turn <= 6; ++turn) {
    AppendedRows appended(target.database, "t", "c0, c1");
    CHECK(appended.Insert(Values(200, turn)) == 100 * turn);
  }
  transaction.Commit();
  CHECK(target.database.QueryInteger("SELECT sum(c0) FROM t") == 100 * 21);
  CHECK(target.Check() == "ok");
}

TEST_CASE("where SQLite can't, StagedRows does it") {
  Target target(2);
  for (int i = 0; i < 10; ++i) {  // SQLite's limit, so that no image can be attached
    target.database.Execute("ATTACH ':memory:' AS other" + std::to_string(i));
  }
  AppendedRows appended(target.database, "t", "c0, c1");
  CHECK(appended.Insert(Values(400, 5)) == 200);
  CHECK_FALSE(appended.IsFast());
  CHECK(target.database.QueryInteger("SELECT sum(c0) FROM t") == 1000);
  CHECK(target.Check() == "ok");
}

}  // namespace
}  // namespace tcpsnap::store
