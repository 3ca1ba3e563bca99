// What opens a database refuses what isn't one, and what reads it can't write any file.
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <string>
#include <thread>

#include "report/message_of.h"
#include "report/sample_database.h"
#include "store/database.h"
#include "store/schema.h"
#include "support/catch.h"

namespace tcpsnap::store {
namespace {

using testing::BeginsWith;
using testing::Contains;
using testing::MessageOf;
using testing::Rows;
using testing::SampleDatabase;
using testing::TemporaryFolder;

std::string MakeDatabase(const TemporaryFolder& folder) {
  const std::string path = folder.Path("a.db");
  SampleDatabase sample(Database::OpenForImport(path));
  sample.AddSnapshot("web1", 1'000, {{.direction = "in"}});
  return path;
}

std::string Content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void WriteFile(const std::string& path, std::string_view content) {
  std::ofstream(path, std::ios::binary) << content;
}

TEST_CASE("read-only: no statement writes a file or changes the database") {
  const TemporaryFolder folder;
  const std::string path = MakeDatabase(folder);
  const std::string before = Content(path);
  Database database = Database::OpenReadOnly(path);
  const std::string other = "'" + folder.Path("other") + "'";
  for (const std::string& sql : {
           "VACUUM INTO " + other,
           "VACUUM main INTO " + other,
           std::string("VACUUM"),
           "ATTACH " + other + " AS other",
           "ATTACH " + other + " AS other; CREATE TABLE other.t (a)",
           std::string("DETACH main"),
           std::string("CREATE TEMP TABLE t (a)"),
           std::string("CREATE TEMP TABLE t AS SELECT 1"),
           std::string("CREATE TEMP VIEW t AS SELECT 1"),
           std::string("CREATE TABLE t (a)"),
           std::string("CREATE VIRTUAL TABLE t USING fts5 (a)"),
           std::string("CREATE INDEX i ON host (name)"),
           std::string("INSERT INTO host (name) VALUES ('x')"),
           std::string("WITH a AS (SELECT 1) INSERT INTO host (name) SELECT 'x'"),
           std::string("INSERT INTO host (name) VALUES ('x') RETURNING name"),
           std::string("UPDATE host SET name = 'x'"),
           std::string("UPDATE sqlite_master SET sql = ''"),
           std::string("DELETE FROM host"),
           std::string("DROP VIEW sockets"),
           std::string("ALTER TABLE host RENAME TO guest"),
           std::string("REINDEX"),
           std::string("ANALYZE"),
           std::string("BEGIN IMMEDIATE"),
           std::string("BEGIN EXCLUSIVE"),
           std::string("PRAGMA journal_mode = WAL"),
           std::string("PRAGMA journal_mode"),
           std::string("PRAGMA query_only = OFF"),
           std::string("PRAGMA writable_schema = ON"),
           std::string("PRAGMA user_version = 7"),
           std::string("PRAGMA user_version(7)"),
           std::string("PRAGMA application_id = 7"),
           std::string("PRAGMA temp_store_directory = '/tmp'"),
           std::string("PRAGMA wal_checkpoint"),
           std::string("PRAGMA optimize"),
           std::string("PRAGMA incremental_vacuum"),
           std::string("SELECT load_extension('x')"),
       }) {
    INFO(sql);
    std::string message = "it ran";
    try {
      database.Execute(sql);
    } catch (const SqlError& error) {
      message = error.what();
    }
    CHECK((Contains(message, "only reading is allowed here") ||
           message == "table sqlite_master may not be modified"));
  }
  // These are functions of the sqlite3 shell, and must not have come in from anywhere.
  for (const char* name : {"writefile('x', 'y')", "readfile('/etc/passwd')", "edit('x')"}) {
    CHECK(Contains(MessageOf([&] { database.Prepare(std::string("SELECT ") + name); }),
                   "no such function"));
  }
  CHECK(folder.Names() == std::vector<std::string>{"a.db"});
  CHECK(Content(path) == before);
}

TEST_CASE("read-only: what reading needs works") {
  const TemporaryFolder folder;
  Database database = Database::OpenReadOnly(MakeDatabase(folder));
  for (const char* sql : {
           "SELECT count(*) FROM sockets",
           "EXPLAIN QUERY PLAN SELECT count(*) FROM sockets",
           "EXPLAIN SELECT 1",
           "PRAGMA table_info(host)",
           "PRAGMA table_xinfo('sockets')",
           "PRAGMA user_version",
           "PRAGMA database_list",
           "PRAGMA compile_options",
           "PRAGMA integrity_check",
           "SELECT name FROM pragma_table_info('host')",
           "SELECT value FROM json_each('[1, 2]')",
           "SELECT name FROM sqlite_schema",
           "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9)"
           " SELECT i FROM n",
       }) {
    INFO(sql);
    CHECK(MessageOf([&] { CHECK_FALSE(Rows(database, sql).empty()); }) == "nothing was thrown");
  }
  CHECK(MessageOf([&] { database.Execute("BEGIN; SELECT 1; COMMIT"); }) == "nothing was thrown");
}

TEST_CASE("open: what isn't a tcpsnap database is refused by name") {
  const TemporaryFolder folder;
  const auto refused = [&](const std::string& path, const std::string& words) {
    INFO(path);
    CHECK(Contains(MessageOf([&] { Database::OpenReadOnly(path); }), path + words));
    CHECK(Contains(MessageOf([&] { Database::OpenForImport(path); }), path + words));
  };
  const std::string text = folder.Path("capture.txt");
  WriteFile(text, std::string(10'000, 'x') + "\n");
  refused(text, " is not a tcpsnap database (no SQLite file at all)");
  CHECK(Content(text) == std::string(10'000, 'x') + "\n");

  refused(folder.Path(""), " is a folder, not a database");
  refused("/dev/null", " is not a regular file");

  const std::string newer = folder.Path("newer.db");
  Database::OpenForImport(newer).Execute("PRAGMA user_version = 99");
  refused(newer, " was written by a newer tcpsnap (schema version 99, this program knows 3)");
  const std::string foreign = folder.Path("foreign.db");
  Database::OpenForImport(foreign).Execute("PRAGMA application_id = 0x42");
  refused(foreign, " is not a tcpsnap database (application id 0x00000042)");

  const std::string missing = folder.Path("missing.db");
  CHECK(MessageOf([&] { Database::OpenReadOnly(missing); }) == missing + ": no such file");
  CHECK(access(missing.c_str(), F_OK) != 0);
  const std::string empty = folder.Path("empty.db");
  WriteFile(empty, "");
  CHECK(BeginsWith(MessageOf([&] { Database::OpenReadOnly(empty); }), empty + " is empty"));
  CHECK(MessageOf([&] { Database::OpenForImport(empty); }) == "nothing was thrown");
  CHECK(MessageOf([&] { Database::OpenReadOnly(empty); }) == "nothing was thrown");
  CHECK(Contains(MessageOf([&] { Database::OpenForImport(folder.Path("no/a.db")); }),
                 "does not exist"));
}

TEST_CASE("open: names that SQLite would take for something else are files") {
  const TemporaryFolder folder;
  char before[4096];
  REQUIRE(getcwd(before, sizeof before) != nullptr);
  REQUIRE(chdir(folder.Path("").c_str()) == 0);
  for (const char* name : {":memory:", "file:a.db?mode=memory"}) {
    Database::OpenForImport(name);
    CHECK(MessageOf([&] { Database::OpenReadOnly(name); }) == "nothing was thrown");
  }
  CHECK(folder.Names() == std::vector<std::string>{":memory:", "file:a.db?mode=memory"});
  REQUIRE(chdir(before) == 0);
}

TEST_CASE("schema: the marks in the file are those of the program, the reasons are there") {
  Database database = Database::OpenInMemory();
  CHECK(database.QueryInteger("PRAGMA application_id") == kApplicationId);
  CHECK(database.QueryInteger("PRAGMA user_version") == kSchemaVersion);
  CHECK(database.QueryInteger("SELECT count(*) FROM reject_reason") > 10);
  CHECK(database.QueryInteger("SELECT count(*) FROM reject_reason"
                              " WHERE name = '' OR sentence = ''") == 0);
  CHECK_FALSE(IsEmpty(database));
  CHECK(MessageOf([&] { CreateSchema(database); }) == "nothing was thrown");
}

TEST_CASE("read-only: a killed import's journal is rolled back first") {
  const TemporaryFolder folder;
  const std::string path = MakeDatabase(folder);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    Database database = Database::OpenForImport(path);
    // Pages reach the file before the commit only when they are spilled.
    database.Execute(
        "PRAGMA cache_spill = ON; PRAGMA cache_size = 5; BEGIN IMMEDIATE;"
        "UPDATE reject_reason SET sentence = hex(randomblob(3000));"
        "INSERT INTO host (name) SELECT hex(randomblob(2000)) FROM reject_reason");
    _exit(0);  // without a rollback, as after kill -9
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  struct stat journal;
  REQUIRE(stat((path + "-journal").c_str(), &journal) == 0);
  REQUIRE(journal.st_size > 0);

  Database database = Database::OpenReadOnly(path);
  CHECK(database.QueryInteger("SELECT count(*) FROM host") == 1);
  CHECK(Rows(database, "PRAGMA integrity_check") == std::vector<std::string>{"ok"});
}

TEST_CASE("read-only: waits for a commit, and says so when it takes too long") {
  const TemporaryFolder folder;
  const std::string path = MakeDatabase(folder);
  Database writer = Database::OpenForImport(path);
  Database reader = Database::OpenReadOnly(path);

  // A writer that has not begun to commit is in nobody's way.
  writer.Execute("BEGIN IMMEDIATE; INSERT INTO host (name) VALUES ('new')");
  CHECK(reader.QueryInteger("SELECT count(*) FROM host") == 1);
  writer.Execute("COMMIT");
  CHECK(reader.QueryInteger("SELECT count(*) FROM host") == 2);

  writer.Execute("BEGIN EXCLUSIVE");
  reader.SetBusyTimeout(20);
  CHECK(Contains(MessageOf([&] { reader.QueryInteger("SELECT count(*) FROM host"); }),
                 ": another program is using the database"));
  reader.SetBusyTimeout(60'000);
  std::thread commit([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    writer.Execute("COMMIT");
  });
  CHECK(reader.QueryInteger("SELECT count(*) FROM host") == 2);
  commit.join();
}

TEST_CASE("database: an interrupt ends what runs, what waits, and what comes after") {
  const TemporaryFolder folder;
  const std::string path = MakeDatabase(folder);
  const char* endless =
      "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
  const auto interrupt_soon = [](Database& database) {
    return std::thread([&database] {
      std::this_thread::sleep_for(std::chrono::milliseconds(30));
      database.Interrupt();
    });
  };
  {
    Database database = Database::OpenReadOnly(path);
    std::thread other = interrupt_soon(database);
    CHECK_THROWS_AS(database.QueryInteger(endless), Interrupted);
    other.join();
    CHECK_THROWS_AS(database.QueryInteger("SELECT 1"), Interrupted);
  }
  {
    Database writer = Database::OpenForImport(path);
    Database reader = Database::OpenReadOnly(path);
    writer.Execute("BEGIN EXCLUSIVE");
    reader.SetBusyTimeout(600'000);
    std::thread other = interrupt_soon(reader);
    CHECK_THROWS_AS(reader.QueryInteger("SELECT count(*) FROM host"), Interrupted);
    other.join();
  }
}

TEST_CASE("transaction: rolls back unless committed, also after an interrupt") {
  Database database = Database::OpenInMemory();
  {
    Transaction transaction(database);
    database.Execute("INSERT INTO host (name) VALUES ('a')");
  }
  CHECK(database.QueryInteger("SELECT count(*) FROM host") == 0);
  {
    Transaction transaction(database);
    database.Execute("INSERT INTO host (name) VALUES ('a')");
    transaction.Commit();
  }
  CHECK(database.QueryInteger("SELECT count(*) FROM host") == 1);

  const TemporaryFolder folder;
  const std::string path = MakeDatabase(folder);
  {
    Database writer = Database::OpenForImport(path);
    const auto work = [&] {
      Transaction transaction(writer);
      writer.Execute("INSERT INTO host (name) VALUES ('b')");
      writer.Interrupt();
      writer.Execute("INSERT INTO host (name) VALUES ('c')");
      transaction.Commit();
    };
    CHECK_THROWS_AS(work(), Interrupted);
    // The connection is still open, so that nothing but the transaction can have rolled back.
    CHECK(Database::OpenReadOnly(path).QueryInteger("SELECT count(*) FROM host") == 1);
    CHECK(MessageOf([&] {
            Database other = Database::OpenForImport(path);
            other.SetBusyTimeout(0);
            Transaction transaction(other);
          }) == "nothing was thrown");
  }
}

}  // namespace
}  // namespace tcpsnap::store
