// What bundles tell of hosts: the latest stays, whatever the order of the imports.
#include "store/host_facts.h"

#include <algorithm>
#include <string>
#include <vector>

#include "store/background_importer.h"
#include "store/database.h"
#include "store/forget.h"
#include "store/importer.h"
#include "store/imports.h"
#include "support/catch.h"

namespace tcpsnap::store {
namespace {

using testing::Rows;
using Lines = std::vector<std::string>;

constexpr int64_t kMoment = 1'795'333'047'000;  // 2026-11-22T07:37:27Z
const std::string kWebhost = std::string(TCPSNAP_TESTDATA) + "/webhost/webhost.log";
constexpr const char* kFacts =
    "SELECT host, uname, port_range_low, port_range_high, somaxconn, tcp_max_tw_buckets, told_at"
    " FROM hosts ORDER BY host";

HostFacts Facts(std::optional<int64_t> told_ms, const char* uname, int64_t low, int64_t high) {
  HostFacts facts;
  facts.told_ms = told_ms;
  facts.uname = uname;
  facts.port_range_low = low;
  facts.port_range_high = high;
  return facts;
}

void Tell(Database& database, const HostFacts& facts, const std::string& netns = "") {
  Importer importer(database, {});
  importer.Tell("web1", netns, facts);
  importer.Finish();
}

TEST_CASE("facts are kept with their host and namespace") {
  Database database = Database::OpenInMemory();
  HostFacts facts = Facts(kMoment + 5, "Linux web1 6.1.0", 32768, 60999);
  facts.somaxconn = 4096;
  facts.tcp_max_tw_buckets = 262144;
  Tell(database, facts);
  HostFacts small;
  small.somaxconn = 128;
  Tell(database, small, "4026532281");
  CHECK(Rows(database, kFacts) ==
        Lines{"web1|Linux web1 6.1.0|32768|60999|4096|262144|2026-11-22 07:37:27.005",
              "web1/4026532281|NULL|NULL|NULL|128|NULL|NULL"});
  CHECK(ReadHostFacts(database, *database.QueryInteger("SELECT id FROM host WHERE netns = ''")) ==
        facts);
}

TEST_CASE("the order in which facts come never shows") {
  std::vector<HostFacts> all = {Facts(kMoment, "Linux web1 5.10", 1024, 65535),
                                Facts(kMoment + 1, "Linux web1 6.1", 32768, 60999),
                                Facts(kMoment + 1, "Linux web1 6.2", 32768, 50000), HostFacts{},
                                Facts(std::nullopt, "Linux web1 9.9", 60000, 65535)};
  all[0].somaxconn = 9999;
  all[2].somaxconn = 128;
  all[3].told_ms = kMoment + 2;  // tells nothing, so it takes nothing away
  std::vector<int> order = {0, 1, 2, 3, 4};
  do {
    Database one = Database::OpenInMemory();
    for (const int i : order) Tell(one, all[static_cast<size_t>(i)]);
    REQUIRE(Rows(one, kFacts) ==
            Lines{"web1|Linux web1 6.2|32768|60999|128|NULL|2026-11-22 07:37:27.001"});
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST_CASE("facts that tell nothing add no host") {
  Database database = Database::OpenInMemory();
  HostFacts nothing;
  nothing.told_ms = kMoment;
  Tell(database, nothing);
  CHECK(Rows(database, kFacts).empty());
}

TEST_CASE("what was told within a source goes with it when it is aborted") {
  Database database = Database::OpenInMemory();
  Importer importer(database, {});
  importer.Tell("web0", "", Facts(kMoment, "Linux web0", 1, 2));
  importer.Begin({"made", "made", 4, "made"});
  importer.Tell("web1", "", Facts(kMoment, "Linux web1", 1, 2));
  importer.Abort();
  importer.Tell("web2", "", Facts(kMoment, "Linux web2", 1, 2));
  importer.Finish();
  CHECK(Rows(database, "SELECT host, uname FROM hosts ORDER BY host") ==
        Lines{"web0|Linux web0", "web2|Linux web2"});
}

TEST_CASE("the importer on its own thread tells the same") {
  Database database = Database::OpenInMemory();
  BackgroundImporter importer(database, {});
  importer.Tell("web1", "7", Facts(kMoment, "Linux web1", 1, 2));
  importer.Finish();
  CHECK(Rows(database, kFacts) == Lines{"web1/7|Linux web1|1|2|NULL|NULL|2026-11-22 07:37:27.000"});
}

TEST_CASE("facts stay when files are imported again or taken out, as long as their host does") {
  Database database = Database::OpenInMemory();
  const std::string other = std::string(TCPSNAP_TESTDATA) + "/layouts/01-epoch-line.txt";
  const testing::ImportOptions web1 = testing::OfHost("web1");
  testing::Import(database, {kWebhost, other}, web1);
  Tell(database, Facts(kMoment, "Linux web1", 32768, 60999));
  const Lines told = Rows(database, kFacts);
  CHECK(told == Lines{"web1|Linux web1|32768|60999|NULL|NULL|2026-11-22 07:37:27.000"});
  testing::Import(database, {kWebhost}, web1);
  CHECK(Rows(database, kFacts) == told);
  ForgetSource(database, kWebhost);
  CHECK(Rows(database, kFacts) == told);
  ForgetSource(database, other);
  CHECK(Rows(database, kFacts).empty());
}

}  // namespace
}  // namespace tcpsnap::store
