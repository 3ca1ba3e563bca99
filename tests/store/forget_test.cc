// Taking a source out again leaves what the others brought, as if it had never been there.
#include "store/forget.h"

#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "store/database.h"
#include "store/imports.h"
#include "store/made_capture.h"
#include "support/catch.h"
#include "support/temporary_folder.h"

namespace tcpsnap::store {
namespace {

using testing::AllViews;
using testing::Below;
using testing::Difference;
using testing::Import;
using testing::ImportOptions;
using testing::Joined;
using testing::MakeSnapshots;
using testing::Rows;
using testing::TemporaryFolder;
using testing::Views;

const std::string kWebhost = std::string(TCPSNAP_TESTDATA) + "/webhost/webhost.log";
const std::string kSeries =
    std::string(TCPSNAP_TESTDATA) + "/lab/lab618-series12-dateIs-tcp+tcp6.txt";
// The numbers of IPv6 addresses are not given twice, and a dump that becomes a copy's keeps what
// its first source told of its byte order and its end.
std::set<std::string> MakeKept() {
  std::set<std::string> kept = testing::kAddressNumbers;
  kept.insert({"dumps.byte_order_origin", "dumps.open"});
  return kept;
}
const std::set<std::string> kKept = MakeKept();

Views ViewsOf(const std::vector<std::string>& paths, const ImportOptions& options = {}) {
  Database database = Database::OpenInMemory();
  Import(database, paths, options);
  return AllViews(database, kKept);
}

TEST_CASE("a database whose only source is forgotten is empty") {
  Database database = Database::OpenInMemory();
  const Views empty = AllViews(database);
  Import(database, {kWebhost});
  const Forgotten forgotten = ForgetSource(database, kWebhost);
  CHECK(forgotten.sources == 1);
  CHECK(forgotten.dumps == 52);
  CHECK(forgotten.dumps_kept == 0);
  CHECK(forgotten.samples == 31808);
  CHECK(forgotten.reimport.empty());
  CHECK(Difference(empty, AllViews(database)) == "");
  for (const char* table : {"source", "host", "snapshot", "dump", "dump_copy", "socket_row",
                            "census", "rejected_line"}) {
    CHECK(database.QueryInteger("SELECT count(*) FROM " + std::string(table)) == 0);
  }
}

TEST_CASE("a path that no source has is told, and changes nothing") {
  Database database = Database::OpenInMemory();
  Import(database, {kSeries});
  const Views before = AllViews(database);
  CHECK(ForgetSource(database, kWebhost).sources == 0);
  CHECK(Difference(before, AllViews(database)) == "");
}

TEST_CASE("other sources stay untouched") {
  Database database = Database::OpenInMemory();
  Import(database, {kSeries});
  Import(database, {kWebhost});
  ForgetSource(database, kWebhost);
  CHECK(Difference(ViewsOf({kSeries}), AllViews(database, kKept)) == "");
}

TEST_CASE("what a copy holds too becomes the copy's") {
  testing::Random random(21);
  for (int round = 0; round < 40; ++round) {
    CAPTURE(round);
    const auto snapshots = MakeSnapshots(random, {6, 5, false, 20});
    const TemporaryFolder folder;
    std::vector<std::string> paths;
    for (int i = 0; i < 3; ++i) {
      const size_t begin = Below(random, snapshots.size());
      std::string text = Joined(snapshots, begin, begin + 1 + Below(random, 4));
      // Rows that can't be read are the source's own, and go with it.
      for (size_t damages = Below(random, 3); damages > 0; --damages) {
        const size_t row = text.find("\n   0: ", Below(random, text.size()));
        if (row != text.npos) text[row + 6] = 'x';
      }
      text += "2027-01-01T00:00:00Z\n";  // nothing is open
      paths.push_back(folder.Write("copy" + std::to_string(i) + ".log", text));
    }
    const std::string gone = paths[Below(random, paths.size())];
    Database database = Database::OpenInMemory();
    for (const std::string& path : paths) Import(database, {path});
    const int64_t transaction_bytes = round % 2 == 0 ? 1 : 48 << 20;
    const Forgotten forgotten = ForgetSource(database, gone, transaction_bytes);
    CHECK(forgotten.reimport.empty());
    std::erase(paths, gone);
    Database expected = Database::OpenInMemory();
    for (const std::string& path : paths) Import(expected, {path});
    REQUIRE(Difference(AllViews(expected, kKept), AllViews(database, kKept)) == "");
  }
}

TEST_CASE("after a longer version is gone its beginning comes back by another import") {
  testing::Random random(22);
  for (int round = 0; round < 40; ++round) {
    CAPTURE(round);
    const std::string text = Joined(MakeSnapshots(random, {2, 8, false, 20}));
    const TemporaryFolder folder;
    const std::string whole = folder.Write("whole.log", text);
    const std::string cut =
        folder.Write("cut.log", text.substr(0, text.size() - Below(random, text.size() / 3)));
    for (const bool cut_first : {true, false}) {
      Database database = Database::OpenInMemory();
      Import(database, {cut_first ? cut : whole});
      Import(database, {cut_first ? whole : cut});
      const Forgotten forgotten = ForgetSource(database, whole);
      CHECK(forgotten.sources == 1);
      if (!forgotten.reimport.empty()) {
        CHECK(forgotten.reimport == std::vector{cut});
        CHECK(Rows(database, "SELECT complete FROM sources") == std::vector<std::string>{"0"});
        Import(database, {cut});
      }
      REQUIRE(Difference(ViewsOf({cut}), AllViews(database, kKept)) == "");
    }
  }
}

TEST_CASE("a wrong zone is mended: forget, then import again") {
  testing::Random random(23);
  const TemporaryFolder folder;
  const std::string path = folder.Write("a.log", Joined(MakeSnapshots(random, {4, 8, true, 10})));
  Database database = Database::OpenInMemory();
  Import(database, {path}, testing::InZone("Asia/Kolkata"));
  CHECK(Rows(database, "SELECT min(taken_at) FROM snapshots") ==
        std::vector<std::string>{"2026-11-22 01:30:27.000"});
  ForgetSource(database, path);
  Import(database, {path}, testing::InZone("Europe/Berlin"));
  CHECK(Difference(ViewsOf({path}, testing::InZone("Europe/Berlin")), AllViews(database, kKept)) ==
        "");
}

TEST_CASE("a wrong zone noticed too late is mended too: both imports go") {
  testing::Random random(24);
  const TemporaryFolder folder;
  const std::string path = folder.Write("a.log", Joined(MakeSnapshots(random, {4, 8, true, 10})));
  Database database = Database::OpenInMemory();
  Import(database, {path}, testing::InZone("Asia/Kolkata"));
  const auto second = Import(database, {path}, testing::InZone("Europe/Berlin"));
  CHECK(second.warnings.size() == 2);  // they are there twice; the old ones are not in the file
  CHECK(Rows(database, "SELECT count(*) FROM snapshots") == std::vector<std::string>{"8"});
  CHECK(ForgetSource(database, path).sources == 1);
  CHECK(Rows(database, "SELECT count(*) FROM sources") == std::vector<std::string>{"0"});
  Import(database, {path}, testing::InZone("Europe/Berlin"));
  CHECK(Difference(ViewsOf({path}, testing::InZone("Europe/Berlin")), AllViews(database, kKept)) ==
        "");
}

TEST_CASE("of several sources of one name the content hash tells which") {
  testing::Random random(25);
  const TemporaryFolder folder;
  Database database = Database::OpenInMemory();
  const std::string path = folder.Write("a.log", Joined(MakeSnapshots(random)));
  Import(database, {path}, testing::OfHost("web1"));
  folder.Write("a.log", Joined(MakeSnapshots(random)));
  Import(database, {path}, testing::OfHost("web2"));
  const std::vector<std::string> hashes =
      Rows(database, "SELECT content_hash FROM sources ORDER BY path");
  REQUIRE(hashes.size() == 2);
  const Views before = AllViews(database);
  try {
    ForgetSource(database, path);
    FAIL("it took one of two");
  } catch (const std::invalid_argument& error) {
    for (const std::string& hash : hashes) {
      CHECK(std::string(error.what()).find(hash) != std::string::npos);
    }
  }
  CHECK(ForgetSource(database, hashes[0].substr(0, 7)).sources == 0);  // too short
  CHECK(Difference(before, AllViews(database)) == "");
  CHECK(ForgetSource(database, hashes[0].substr(0, 8)).sources == 1);
  CHECK(Rows(database, "SELECT content_hash FROM sources") == std::vector{hashes[1]});
  CHECK(Rows(database, "SELECT count(*) FROM hosts") == std::vector<std::string>{"1"});
  CHECK(ForgetSource(database, path).sources == 1);
  CHECK(Rows(database, "SELECT count(*) FROM hosts") == std::vector<std::string>{"0"});
}

TEST_CASE("dumps that were paired with forgotten ones stand alone again") {
  const TemporaryFolder folder;
  testing::Random random(26);
  const auto snapshots = MakeSnapshots(random, {5, 5});
  std::string tcp, tcp6;
  for (const auto& snapshot : snapshots) {
    tcp += snapshot.marker + "\n";
    tcp6 += snapshot.marker.substr(0, 17) + "29" + snapshot.marker.substr(19) + "\n";  // 2 s later
    for (const std::string& line : snapshot.tcp) tcp += line + "\n";
    for (const std::string& line : snapshot.tcp6) tcp6 += line + "\n";
  }
  const std::string a = folder.Write("tcp.log", tcp);
  const std::string b = folder.Write("tcp6.log", tcp6);
  Database database = Database::OpenInMemory();
  Import(database, {a, b});
  CHECK(Rows(database, "SELECT count(*) FROM snapshots") == std::vector<std::string>{"5"});
  ForgetSource(database, a);
  CHECK(Difference(ViewsOf({b}), AllViews(database, kKept)) == "");
  Import(database, {a});
  ForgetSource(database, b);
  CHECK(Difference(ViewsOf({a}), AllViews(database, kKept)) == "");
}

}  // namespace
}  // namespace tcpsnap::store
