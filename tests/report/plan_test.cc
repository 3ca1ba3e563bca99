// Query plans: what is read must follow from the window, whatever else a query asks.
#include <string>
#include <vector>

#include "report/catalogue.h"
#include "report/message_of.h"
#include "report/sample_database.h"
#include "support/catch.h"

namespace tcpsnap::report {
namespace {

using store::Database;
using testing::BeginsWith;
using testing::Contains;

std::vector<std::string> Plan(Database& database, const std::string& sql) {
  database.RegisterFunction("bucket", [](int64_t ms) { return ms; });
  store::Statement statement = database.Prepare("EXPLAIN QUERY PLAN " + sql);
  std::vector<std::string> steps;
  while (statement.Step()) steps.emplace_back(statement.Text(3));
  return steps;
}

std::string Joined(const std::vector<std::string>& steps) {
  std::string text;
  for (const std::string& step : steps) text += step + "\n";
  return text;
}

/// The places of the steps that read the table with this alias, SCAN or SEARCH.
std::vector<size_t> StepsOf(const std::vector<std::string>& steps, const std::string& alias) {
  std::vector<size_t> places;
  for (size_t i = 0; i < steps.size(); ++i) {
    if (BeginsWith(steps[i] + " ", "SCAN " + alias + " ") ||
        BeginsWith(steps[i] + " ", "SEARCH " + alias + " ")) {
      places.push_back(i);
    }
  }
  return places;
}

TEST_CASE("plan: the view sockets reads snapshots by index, then their rows only") {
  Database database = Database::OpenInMemory();
  struct Filter {
    const char* where;
    const char* snapshot_step;  ///< how the snapshots are found
  };
  for (const Filter& filter : std::vector<Filter>{
           {"taken_ms >= 1 AND taken_ms < 2", "taken_ms>? AND taken_ms<?"},
           {"taken_at >= '2026-11-22 14:00' AND taken_at < '2026-11-22 15:00'",
            "taken_at>? AND taken_at<?"},
           {"host = 'web1'", "host_id=?"},
           {"host = 'web1' AND taken_ms >= 1", "host_id=? AND taken_ms>?"},
           {"host = 'web1' AND taken_at >= '2026-11-22'", "host_id=? AND taken_at>?"},
           {"taken_ms >= 1 AND state = 'TIME_WAIT'", "taken_ms>?"},
           {"taken_at >= '2026-11-22' AND local_port = 443", "taken_at>?"},
           {"taken_ms >= 1 AND remote_ip = '10.0.0.1'", "taken_ms>?"},
           {"host = 'web1' AND taken_ms >= 1 AND service_port = 443 AND direction = 'in'",
            "host_id=? AND taken_ms>?"},
           {"taken_ms = 1 AND state = 'LISTEN' AND rx_queue > 0", "taken_ms=?"},
           {"taken_ms >= ifnull(:since, -9223372036854775808)"
            " AND taken_ms < ifnull(:until, 9223372036854775807) AND host = ifnull(:host, host)",
            "taken_ms>? AND taken_ms<?"},
           {"taken_ms = (SELECT max(taken_ms) FROM snapshots) AND uid = 33", "taken_ms=?"},
           {"taken_ms >= 1 AND taken_ms < 2 AND inode = 0 AND retransmits = 3", "taken_ms>?"},
       }) {
    for (const char* rest :
         {"", " GROUP BY remote_ip ORDER BY count(*) DESC", " GROUP BY host ORDER BY taken_ms"}) {
      const std::vector<std::string> steps = Plan(
          database, std::string("SELECT count(*), host FROM sockets WHERE ") + filter.where + rest);
      INFO(filter.where << rest << "\n" << Joined(steps));
      const std::vector<size_t> all_snapshots = StepsOf(steps, "s");
      const std::vector<size_t> all_dumps = StepsOf(steps, "d");
      REQUIRE_FALSE(all_snapshots.empty());
      REQUIRE_FALSE(all_dumps.empty());
      REQUIRE(StepsOf(steps, "r").size() == 1);
      // A subquery on another view stands between the first of these and the last of those.
      const size_t snapshots = all_snapshots.front();
      const size_t dumps = all_dumps.back();
      const size_t rows = StepsOf(steps, "r")[0];
      CHECK(snapshots < dumps);
      CHECK(dumps < rows);
      CHECK(BeginsWith(steps[snapshots], "SEARCH s USING "));
      CHECK(Contains(steps[snapshots], filter.snapshot_step));
      CHECK(steps[dumps] == "SEARCH d USING INDEX dump_snapshot (snapshot_id=?)");
      CHECK(steps[rows] == "SEARCH r USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)");
    }
  }
}

TEST_CASE("plan: a second copy of the view in a query doesn't change the order") {
  Database database = Database::OpenInMemory();
  const std::vector<std::string> steps = Plan(
      database,
      "SELECT a.remote_ip FROM sockets AS a JOIN snapshots AS b"
      " ON b.host = a.host AND b.taken_ms = a.taken_ms AND b.ordinal = a.ordinal"
      " WHERE a.taken_ms >= 1 AND a.taken_ms < 2 AND b.time_wait > 100 AND a.state = 'TIME_WAIT'");
  INFO(Joined(steps));
  CHECK(Contains(Joined(steps), "SEARCH r USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"));
  CHECK_FALSE(Contains(Joined(steps), "SCAN r"));
}

TEST_CASE("plan: counting over time never touches the samples") {
  Database database = Database::OpenInMemory();
  const Catalogue catalogue = Catalogue::BuiltIn();
  for (const char* name : {"states", "timewait", "quality"}) {
    INFO(name);
    // The samples can't be read without being named: a statement that runs without the table proves
    // more than its plan.
    Database without = Database::OpenInMemory();
    CHECK(Contains(Joined(Plan(without, catalogue.Find(name).sql)), "SEARCH s USING "));
    without.Execute("DROP VIEW sockets; DROP TABLE socket_row");
    CHECK(testing::MessageOf([&] { Plan(without, catalogue.Find(name).sql); }) ==
          "nothing was thrown");
  }
  Database without = Database::OpenInMemory();
  without.Execute("DROP VIEW sockets; DROP TABLE socket_row");
  CHECK(testing::MessageOf([&] { Plan(without, catalogue.Find("timewait-peers").sql); }) !=
        "nothing was thrown");
}

TEST_CASE("plan: no report scans what its window leaves out") {
  Database database = Database::OpenInMemory();
  const Catalogue catalogue = Catalogue::BuiltIn();
  for (const Report& report : catalogue.reports()) {
    const std::vector<std::string> steps = Plan(database, report.sql);
    INFO(report.name << "\n" << Joined(steps));
    size_t snapshot_searches = 0;
    for (const std::string& step : steps) {
      // The tables by the aliases of the views: snapshot, dump (twice), socket_row, census.
      for (const char* alias : {"s", "d", "e", "r", "c"}) {
        const bool is_materialized =  // a subquery of the report with the same alias
            Contains(step, "SCAN s") && report.name == "quality" && step == "SCAN s";
        if (!is_materialized) CHECK_FALSE(step == std::string("SCAN ") + alias);
        CHECK_FALSE(BeginsWith(step, std::string("SCAN ") + alias + " "));
      }
      if (BeginsWith(step, "SEARCH s USING ") && Contains(step, "taken_ms>? AND taken_ms<?")) {
        ++snapshot_searches;
      }
    }
    CHECK(snapshot_searches >= 1);
  }
}

}  // namespace
}  // namespace tcpsnap::report
