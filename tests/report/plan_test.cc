// Query plans: what is read must follow from the window, whatever else a query asks.
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "report/catalogue.h"
#include "report/check_plan.h"
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

/// The tables, joined.
std::string WideReads(Database& database, const std::string& sql) {
  std::string text;
  for (const WideRead& read : FindWideReads(database, sql)) text += read.table + " ";
  return text;
}

const std::string kWindow =
    " WHERE taken_ms >= ifnull(:since, -9223372036854775808)"
    " AND taken_ms < ifnull(:until, 9223372036854775807) AND host = ifnull(:host, host)";

TEST_CASE("plan: what a statement reads beyond its window is found in every view") {
  Database database = Database::OpenInMemory();
  for (const std::string view :
       {"sockets", "snapshots", "counts", "dumps", "transitions", "turnover_counts"}) {
    INFO(view);
    CHECK(WideReads(database, "SELECT count(*) FROM " + view + kWindow) == "");
    CHECK(WideReads(database, "SELECT count(*) FROM " + view) == "snapshot ");
    CHECK(WideReads(database, "SELECT count(*) FROM " + view +
                                  " WHERE (:since IS NULL OR taken_ms >= :since)") == "snapshot ");
    // All snapshots of one host, by an index that has the time further right.
    CHECK(WideReads(database, "SELECT count(*) FROM " + view + " WHERE host = :host") ==
          "snapshot ");
    CHECK(WideReads(database,
                    "SELECT count(*) FROM " + view + " WHERE host = 'a' AND taken_ms = 1") == "");
    CHECK(WideReads(database, "SELECT count(*) FROM " + view + " WHERE taken_at >= '2026'") == "");
    CHECK(WideReads(database, "SELECT count(*) FROM " + view + kWindow +
                                  " AND taken_ms > (SELECT min(taken_ms) FROM snapshots)") ==
          "snapshot ");
  }
  CHECK(WideReads(database, "SELECT count(*) FROM connections WHERE last_seen_ms >= :since") == "");
  CHECK(WideReads(database, "SELECT count(*) FROM connections WHERE first_seen_ms >= :since") ==
        "snapshot ");
}

TEST_CASE("plan: tables that are named themselves") {
  Database database = Database::OpenInMemory();
  CHECK(WideReads(database, "SELECT count(*) FROM socket_row") == "socket_row ");
  CHECK(WideReads(database, "SELECT max(sockets) FROM census ORDER BY 1") == "census ");
  CHECK(WideReads(database, "SELECT uid FROM connection ORDER BY last_row DESC") == "connection ");
  CHECK(WideReads(database, "SELECT uid FROM connection WHERE id = 3") == "");
  CHECK(WideReads(database, "SELECT to_kind FROM transition") == "transition ");
  CHECK(WideReads(database, "SELECT to_kind FROM transition WHERE dump_id = 3") == "");
  CHECK(WideReads(database, "SELECT sockets FROM turnover") == "turnover ");
  CHECK(WideReads(database, "SELECT family FROM dump WHERE family = 4") == "dump ");
  CHECK(WideReads(database, "SELECT d.id FROM turnover AS t, dump AS d WHERE d.id = t.dump_id") ==
        "turnover ");
  // A join that SQLite builds an index for reads the table as a whole.
  CHECK(WideReads(database,
                  "SELECT 1 FROM host AS h LEFT JOIN socket_row AS r ON r.uid = h.somaxconn") ==
        "socket_row ");
  // These do not grow with the captures.
  CHECK(WideReads(database, "SELECT label FROM host") == "");
  CHECK(WideReads(database, "SELECT path, bytes FROM sources") == "");
}

TEST_CASE("plan: names that a statement gives its own subqueries don't matter") {
  Database database = Database::OpenInMemory();
  // s, d and r are the views' names for snapshot, dump and socket_row.
  CHECK(WideReads(database, "WITH s AS MATERIALIZED (SELECT host, count(*) AS n FROM snapshots" +
                                kWindow +
                                " GROUP BY host) SELECT s.n FROM s JOIN s AS r JOIN s AS d"
                                " ON d.host = r.host ORDER BY 1") == "");
  CHECK(WideReads(database, "WITH x AS (SELECT local FROM socket_row) SELECT local FROM x AS z") ==
        "socket_row ");
  CHECK(WideReads(database, "WITH socket_row AS (SELECT host FROM snapshots" + kWindow +
                                ") SELECT host FROM socket_row") == "");
}

TEST_CASE("plan: a subquery that reads all of it is found beside one that does not") {
  Database database = Database::OpenInMemory();
  CHECK(WideReads(database, "SELECT host FROM sockets" + kWindow +
                                " UNION ALL SELECT host FROM counts" + kWindow) == "");
  CHECK(WideReads(database, "SELECT host FROM sockets" + kWindow +
                                " UNION ALL SELECT host FROM counts") == "snapshot ");
  CHECK(WideReads(database, "SELECT (SELECT count(*) FROM socket_row), host FROM counts" +
                                kWindow) == "socket_row ");
}

TEST_CASE("plan: no report reads what its window leaves out") {
  Database database = Database::OpenInMemory();
  database.RegisterFunction("bucket", [](int64_t ms) { return ms; });
  const std::vector<Catalogue> catalogues = {Catalogue::BuiltIn(), Catalogue::BuiltInRules()};
  for (const Catalogue& catalogue : catalogues) {
    for (const Report& report : catalogue.reports()) {
      INFO(report.name);
      CHECK(WideReads(database, report.sql) == "");
      CHECK(Contains(Joined(Plan(database, report.sql)), "taken_ms>? AND taken_ms<?"));
    }
  }
}

/// How often a plan looks into which table by which index. What SQLite makes up on its way (sorts,
/// automatic indexes of subqueries) is left out.
std::string WaysToRows(const std::vector<std::string>& plan) {
  std::map<std::string, int> ways;
  for (const std::string& step : plan) {
    if (!BeginsWith(step, "SEARCH ") || Contains(step, "AUTOMATIC")) continue;
    ++ways[step];
  }
  std::string text;
  for (const auto& [step, count] : ways) text += "  " + std::to_string(count) + " " + step + "\n";
  return text;
}

TEST_CASE("plan: rules of triage look into samples one snapshot at a time") {
  Database database = Database::OpenInMemory();
  const Catalogue rules = Catalogue::BuiltInRules();
  for (const Report& rule : rules.reports()) {
    INFO(rule.name << "\n" << Joined(Plan(database, rule.sql)));
    // Where a rule reads samples, a step before finds the snapshot by its time.
    const std::string plan = Joined(Plan(database, rule.sql));
    if (!Contains(plan, "SEARCH r USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)")) continue;
    CHECK(Contains(plan, "taken_ms=?"));
  }
}

// After a change that is meant: put what the test writes into plans.txt, and read the difference.
TEST_CASE("plan: each report and rule finds its rows as plans.txt says") {
  Database database = Database::OpenInMemory();
  database.RegisterFunction("bucket", [](int64_t ms) { return ms; });
  const Catalogue catalogue = Catalogue::BuiltIn();
  const Catalogue rules = Catalogue::BuiltInRules();
  std::string found;
  for (const Report& report : catalogue.reports()) {
    found += report.name + "\n" + WaysToRows(Plan(database, report.sql));
  }
  for (const Report& rule : rules.reports()) {
    found += "triage/" + rule.name + "\n" + WaysToRows(Plan(database, rule.sql));
  }
  std::ifstream file(TCPSNAP_PLANS);
  const std::string expected{std::istreambuf_iterator<char>(file), {}};
  if (found == expected) return;
  std::ofstream("plans_now.txt") << found;
  FAIL("the plans are now those of plans_now.txt in this folder; before: " << TCPSNAP_PLANS);
}

}  // namespace
}  // namespace tcpsnap::report
