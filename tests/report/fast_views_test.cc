// The views of a connection that only reads are quicker than those of the file, and tell the same.
#include "store/fast_views.h"

#include <string>
#include <vector>

#include "report/catalogue.h"
#include "report/check_plan.h"
#include "report/message_of.h"
#include "report/sample_database.h"
#include "store/embedded_sql.h"
#include "support/catch.h"

namespace tcpsnap::report {
namespace {

using store::Database;
using testing::Contains;
using testing::MessageOf;
using testing::Rows;
using testing::SampleDatabase;
using testing::Socket;
using testing::TemporaryFolder;
using Lines = std::vector<std::string>;

const Lines kFastViews = {"sockets", "connections", "transitions"};

/// Each address as the local and as the remote one of a socket, of a connection and of its
/// transition.
std::string MakeDatabase(const TemporaryFolder& folder, const Lines& addresses) {
  const std::string path = folder.Path("a.db");
  SampleDatabase sample(Database::OpenForImport(path));
  std::vector<Socket> sockets;
  for (size_t i = 0; i < addresses.size(); ++i) {
    for (const int family : {4, 6}) {
      sockets.push_back({.family = family,
                         .direction = i % 2 == 0 ? "in" : "out",
                         .local_ip = addresses[i],
                         .remote_ip = addresses[addresses.size() - 1 - i]});
    }
  }
  sample.AddSnapshot("web1", 1'000, sockets);
  sample->Execute(
      "INSERT INTO connection (first_dump, last_row, samples, local, remote, first_kind, last_kind,"
      " uid, inode) SELECT 1, id, 2, local, remote, kind, kind, uid, inode FROM socket_row;"
      "UPDATE dump SET first_connection = 1, last_connection = (SELECT max(id) FROM connection)"
      " WHERE id = 1;"
      "INSERT INTO transition SELECT 1, id, 1, first_kind, last_kind FROM connection");
  return path;
}

std::string Joined(const Lines& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

size_t CountOf(std::string_view text, std::string_view word) {
  size_t count = 0;
  for (size_t at = text.find(word); at != text.npos; at = text.find(word, at + 1)) ++count;
  return count;
}

TEST_CASE("fast views: the rows are those of the file's views") {
  const TemporaryFolder folder;
  const Lines addresses = {"0.0.0.0",         "0.0.0.1",    "1.2.3.4",     "9.10.99.100",
                           "127.255.255.255", "128.0.0.0",  "128.0.0.255", "192.168.255.1",
                           "255.255.255.255", "::1",        "::",          "fe80::1",
                           "2001:db8::ffff",  "254.0.0.199"};
  Database database = Database::OpenReadOnly(MakeDatabase(folder, addresses));
  for (const std::string& view : kFastViews) {
    INFO(view);
    const Lines rows = Rows(database, "SELECT * FROM main." + view);
    CHECK(rows.size() == 2 * addresses.size());
    CHECK(Rows(database, "SELECT * FROM temp." + view) == rows);
    CHECK(Rows(database, "SELECT * FROM " + view) == rows);
    for (const std::string column : {"local_ip", "remote_ip"}) {
      for (const std::string& address : addresses) {
        CHECK(Rows(database, "SELECT count(*) FROM " + view + " WHERE " + column + " = '" +
                                 address + "'") == Lines{"2"});
      }
    }
  }
}

TEST_CASE("fast views: they are used, and only where they make addresses") {
  const TemporaryFolder folder;
  Database database = Database::OpenReadOnly(MakeDatabase(folder, {"10.0.0.1"}));
  CHECK(Rows(database, "SELECT name FROM sqlite_temp_schema") == kFastViews);
  for (const std::string& view : kFastViews) {
    for (const std::string column : {"local_ip", "remote_ip"}) {
      const std::string sql = "EXPLAIN SELECT " + column + " FROM ";
      INFO(sql << view);
      CHECK(Contains(Joined(Rows(database, sql + view)), "ipv4_text(1)"));
      CHECK_FALSE(Contains(Joined(Rows(database, sql + view)), "printf("));
      CHECK(Contains(Joined(Rows(database, sql + "main." + view)), "printf("));
    }
  }
}

TEST_CASE("fast views: ipv4_text() is the views' printf(), for any value") {
  const TemporaryFolder folder;
  Database database = Database::OpenReadOnly(MakeDatabase(folder, {"10.0.0.1"}));
  for (const std::string value :
       {"0", "-1", "65535", "65536", "140737488355327", "-140737488355328", "-140737488355329",
        "9223372036854775807", "-9223372036854775808", "1.5", "1e300", "-1e300", "'12'", "'x'",
        "''", "x'00'", "(10 - 128) * 1099511627776"}) {
    INFO(value);
    CHECK(Rows(database, "SELECT ipv4_text(v) FROM (SELECT " + value + " AS v)") ==
          Rows(database,
               "SELECT printf('%d.%d.%d.%d', (v >> 40) + 128, (v >> 32) & 255, (v >> 24) & 255,"
               " (v >> 16) & 255) FROM (SELECT " +
                   value + " AS v)"));
  }
  CHECK(Rows(database, "SELECT ipv4_text(NULL)") == Lines{"NULL"});
}

TEST_CASE("fast views: nothing but the addresses is written otherwise") {
  const std::string_view views = store::EmbeddedSqlText("views.sql");
  const std::string fast = store::WithNativeAddressText(views);
  CHECK(CountOf(views, "printf('%d.%d.%d.%d'") == 6);
  CHECK(CountOf(fast, "printf('%d.%d.%d.%d'") == 0);
  for (const char* endpoint : {"r.local", "r.remote"}) {
    CHECK(CountOf(fast, std::string("THEN ipv4_text(") + endpoint + ")\n    ELSE (SELECT") == 1);
  }
  for (const char* endpoint : {"c.local", "c.remote"}) {
    CHECK(CountOf(fast, std::string("THEN ipv4_text(") + endpoint + ")\n    ELSE (SELECT") == 2);
  }
  const std::string schema(store::EmbeddedSqlText("schema.sql"));
  CHECK(store::WithNativeAddressText(schema) == schema);
}

TEST_CASE("fast views: every report and filter finds its rows as before") {
  const TemporaryFolder folder;
  Database fast = Database::OpenReadOnly(MakeDatabase(folder, {"10.0.0.1"}));
  Database plain = Database::OpenInMemory();
  Lines statements = {
      "SELECT * FROM sockets WHERE taken_at >= '2026-11-22' AND remote_ip = '10.0.0.1'",
      "SELECT remote_ip, count(*) FROM sockets WHERE taken_ms >= 1 GROUP BY 1",
      "SELECT local_ip FROM sockets WHERE uid = 33 AND host = 'web1'",
      "SELECT * FROM connections WHERE last_seen_ms >= 1 AND local_ip = '10.0.0.1'",
      "SELECT remote_ip, count(*) FROM transitions WHERE taken_ms >= 1 GROUP BY 1",
      "SELECT local_ip FROM connections"};
  const Catalogue catalogue = Catalogue::BuiltIn();
  for (const Report& report : catalogue.reports()) statements.push_back(report.sql);
  for (Database* database : {&fast, &plain}) {
    database->RegisterFunction("bucket", [](int64_t ms) { return ms; });
  }
  for (const std::string& sql : statements) {
    INFO(sql);
    const auto plan = [&](Database& database) {
      store::Statement statement = database.Prepare("EXPLAIN QUERY PLAN " + sql);
      std::string text;
      while (statement.Step()) text += std::string(statement.Text(3)) + "\n";
      return text;
    };
    CHECK(plan(fast) == plan(plain));
    const auto wide_reads = [&](Database& database) {
      std::string tables;
      for (const WideRead& read : FindWideReads(database, sql)) tables += read.table + " ";
      return tables;
    };
    CHECK(wide_reads(fast) == wide_reads(plain));
  }
}

TEST_CASE("fast views: the file says what it said, and can't change ours") {
  const TemporaryFolder folder;
  const std::string path = MakeDatabase(folder, {"10.0.0.1"});
  Database::OpenForImport(path).Execute(
      "CREATE VIEW own AS SELECT remote_ip FROM sockets;"
      "DROP VIEW connections; CREATE VIEW connections AS SELECT 'a lie' AS local_ip;"
      "DROP VIEW transitions; CREATE TABLE transitions (local_ip);"
      "CREATE VIEW ipv4_text AS SELECT 'a lie' AS local_ip");
  Database database = Database::OpenReadOnly(path);
  CHECK(Rows(database, "SELECT remote_ip FROM own") == Lines{"10.0.0.1", "10.0.0.1"});
  for (const std::string& view : kFastViews) {
    CHECK(Rows(database, "SELECT DISTINCT local_ip FROM " + view) == Lines{"10.0.0.1"});
  }
  CHECK(Rows(database, "SELECT local_ip FROM main.connections") == Lines{"a lie"});
  CHECK(Rows(database, "SELECT count(*) FROM sqlite_schema WHERE sql LIKE '%ipv4_text(%'") ==
        Lines{"0"});
  for (const std::string sql :
       {"DROP VIEW sockets", "DROP VIEW temp.sockets", "CREATE TEMP VIEW t AS SELECT 1",
        "CREATE TABLE temp.t (a)", "DELETE FROM sqlite_temp_schema",
        "INSERT INTO sockets (state) VALUES ('x')"}) {
    INFO(sql);
    const std::string message = MessageOf([&] { database.Execute(sql); });
    CHECK((Contains(message, "only reading is allowed here") ||
           Contains(message, "because it is a view") || Contains(message, "may not be modified")));
  }
}

}  // namespace
}  // namespace tcpsnap::report
