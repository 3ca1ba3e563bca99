// What an import adds: only what is new, whatever the order and the size of the transactions.
#include "store/importer.h"

#include <algorithm>
#include <string>
#include <vector>

#include "store/background_importer.h"
#include "store/database.h"
#include "store/imports.h"
#include "store/made_capture.h"
#include "support/catch.h"
#include "support/dump_text.h"
#include "support/temporary_folder.h"

namespace tcpsnap::store {
namespace {

using testing::AllViews;
using testing::Below;
using testing::Difference;
using testing::Import;
using testing::ImportOptions;
using testing::ImportResult;
using testing::Joined;
using testing::kAddressNumbers;
using testing::kTcp6Header;
using testing::kTcpHeader;
using testing::kWhoCameFirst;
using testing::MakeSnapshots;
using testing::Rows;
using testing::TemporaryFolder;
using testing::Text;
using testing::Views;

const std::string kTestdata = TCPSNAP_TESTDATA;
const std::string kWebhost = kTestdata + "/webhost/webhost.log";
const std::string kSeries = kTestdata + "/lab/lab618-series12-dateIs-tcp+tcp6.txt";

Views ViewsOf(const std::vector<std::string>& paths, const ImportOptions& options = {},
              const std::set<std::string>& without = {}) {
  Database database = Database::OpenInMemory();
  Import(database, paths, options);
  return AllViews(database, without);
}

// A connection without a timer, and one in TIME_WAIT with these ticks.
std::string Quiet(int slot, int port) {
  char row[160];
  std::snprintf(row, sizeof row,
                "%4d: 0100000A:%04X 0900000A:01BB 01 00000000:00000000 00:00000000 00000000"
                "     0        0 %d 1 0000000011111111 20 4 0 10 -1",
                slot, static_cast<unsigned>(port), 1000 + port);
  return row;
}
std::string Ticking(int slot, int port, unsigned ticks) {
  char row[160];
  std::snprintf(row, sizeof row,
                "%4d: 0100000A:%04X 0900000A:01BB 06 00000000:00000000 03:%08X 00000000"
                "     0        0 0 3 0000000022222222",
                slot, static_cast<unsigned>(port), ticks);
  return row;
}

bool HasTwins(const ImportResult& result) {
  return std::any_of(result.warnings.begin(), result.warnings.end(),
                     [](const std::string& text) { return text.find("both stay") != text.npos; });
}

TEST_CASE("importing everything twice changes nothing") {
  ImportOptions options;
  options.capture.start_ms = 1'795'000'000'000;
  options.capture.interval_ms = 1000;
  for (const ImportOptions& given : {ImportOptions{}, options}) {
    const std::vector<std::string> paths = {kTestdata + "/arch", kTestdata + "/damaged",
                                            kTestdata + "/lab", kTestdata + "/layouts", kWebhost};
    Database database = Database::OpenInMemory();
    const ImportResult first = Import(database, paths, given);
    const Views before = AllViews(database);
    const ImportResult second = Import(database, paths, given);
    CHECK(Difference(before, AllViews(database)) == "");
    CHECK(first.summary.samples > 0);
    CHECK(second.summary.samples == 0);
    CHECK(second.summary.dumps == 0);
    CHECK(second.summary.sources == first.summary.sources);
    CHECK(second.summary.rejected == first.summary.rejected);
    CHECK(second.summary.snapshots == first.summary.snapshots);
    CHECK(second.failures == first.failures);
  }
}

TEST_CASE("the order of the paths never matters") {
  const std::vector<std::string> paths = {kTestdata + "/arch", kTestdata + "/layouts", kSeries,
                                          kWebhost};
  const Views expected = ViewsOf(paths);
  CHECK(Difference(expected, ViewsOf({paths.rbegin(), paths.rend()})) == "");
  CHECK(Difference(expected, ViewsOf({paths[2], paths[0], paths[3], paths[1], paths[2]})) == "");
}

TEST_CASE("the order of separate imports shows only in who brought what both had") {
  std::vector<std::string> paths = {
      kTestdata + "/layouts/01-epoch-line.txt", kTestdata + "/layouts/02-epoch-float-line.txt",
      kTestdata + "/layouts/03-date-C-locale.txt", kTestdata + "/layouts/05-date-Is.txt", kSeries};
  std::sort(paths.begin(), paths.end());
  const Views expected = ViewsOf(paths, {}, kWhoCameFirst);
  do {
    Database database = Database::OpenInMemory();
    for (const std::string& path : paths) Import(database, {path});
    REQUIRE(Difference(expected, AllViews(database, kWhoCameFirst)) == "");
  } while (std::next_permutation(paths.begin(), paths.end()));
}

TEST_CASE("how many hosts are followed at once never shows") {
  // Two hosts that take turns; most sockets stay.
  testing::Random random(5);
  const auto snapshots = MakeSnapshots(random, {8, 12, false, 20});
  const TemporaryFolder folder;
  std::vector<std::string> paths;
  for (size_t i = 0; i < snapshots.size(); ++i) {
    for (const char* host : {"web1", "web2"}) {
      const std::string name = std::to_string(i) + "-" + host + ".log";
      testing::MadeSnapshot here = snapshots[0];
      here.marker = snapshots[i].marker;
      if (!here.tcp.empty())
        here.tcp.erase(here.tcp.begin() + static_cast<long>(i % here.tcp.size()));
      paths.push_back(folder.Write(name, here.Text()));
    }
  }
  ImportOptions options;
  options.capture.host_pattern = capture::HostPattern("**/*-{host}.log");
  const Views expected = ViewsOf(paths, options, kAddressNumbers);
  REQUIRE_FALSE(expected.at("connections").empty());
  for (const size_t rows : {size_t{1}, size_t{20}, size_t{40}}) {
    options.followed_rows = rows;
    CHECK(Difference(expected, ViewsOf(paths, options, kAddressNumbers)) == "");
  }
}

TEST_CASE("overlapping copies add only what is new") {
  testing::Random random(3);
  const auto snapshots = MakeSnapshots(random, {6, 10, false, 20});
  const TemporaryFolder folder;
  const std::string begin = folder.Write("begin.log", Joined(snapshots, 0, 4));
  const std::string end = folder.Write("end.log", Joined(snapshots, 2, 6));
  const std::string all = folder.Write("all.log", Joined(snapshots));
  Database database = Database::OpenInMemory();
  Import(database, {begin});
  const ImportResult second = Import(database, {end});
  CHECK(second.summary.known_dumps == 4);
  CHECK(second.summary.dumps == 4);
  const std::set<std::string> facts_only = {"sources", "dumps"};
  CHECK(Difference(AllViews(database, facts_only), ViewsOf({all}, {}, facts_only)) == "");
  CHECK(Import(database, {all}).summary.dumps == 0);
  CHECK(Difference(AllViews(database, facts_only), ViewsOf({all}, {}, facts_only)) == "");
}

TEST_CASE("line ends, prefixes of blanks and text in between make no new dump") {
  testing::Random random(4);
  const std::string text = Joined(MakeSnapshots(random));
  const TemporaryFolder folder;
  const std::string plain = folder.Write("plain.log", text);
  std::string changed = "some words\n\n";
  for (const char c : text) changed += c == '\n' ? "\r\n\r\n" : std::string(1, c);
  Database database = Database::OpenInMemory();
  Import(database, {plain});
  const ImportResult second = Import(database, {folder.Write("changed.log", changed)});
  CHECK(second.summary.dumps == 0);
  CHECK(second.summary.known_dumps == 8);
  CHECK(second.warnings.empty());
}

TEST_CASE("a capture cut at any byte gives way to the whole one, in either order") {
  testing::Random random(5);
  for (int round = 0; round < 3; ++round) {
    const auto snapshots = MakeSnapshots(random, {2, 5, false, 30});
    const std::string text = Joined(snapshots);
    const size_t first = snapshots[0].Text().size();
    const TemporaryFolder folder;
    const std::string whole = folder.Write("whole.log", text);
    std::set<std::string> keys = kAddressNumbers;
    keys.insert("sources");
    const Views expected = ViewsOf({whole}, {}, keys);
    const Views facts = ViewsOf({whole}, {}, kWhoCameFirst);
    for (size_t size = first + 30; size < text.size(); size += 1 + Below(random, 23)) {
      CAPTURE(round, size, text.substr(0, size));
      // The same file, grown.
      Database grown = Database::OpenInMemory();
      const std::string path = folder.Write("grown.log", text.substr(0, size));
      Import(grown, {path});
      folder.Write("grown.log", text);
      const ImportResult second = Import(grown, {path});
      CHECK_FALSE(HasTwins(second));
      Views views = AllViews(grown, keys);
      for (std::string& row : views.at("dumps")) {
        const size_t at = row.find("grown.log");
        REQUIRE(at != row.npos);
        row.replace(at, 9, "whole.log");
      }
      REQUIRE(Difference(expected, views) == "");

      // Another file, in both orders.
      const std::string cut = folder.Write("cut.log", text.substr(0, size));
      for (const auto& order : {std::vector{cut, whole}, std::vector{whole, cut}}) {
        Database database = Database::OpenInMemory();
        for (const std::string& source : order) CHECK_FALSE(HasTwins(Import(database, {source})));
        Views both = AllViews(database, kWhoCameFirst);
        both["sources"] = facts.at("sources");  // the other source has its own row there
        // The cut line is a row of the whole capture, unless it is the first of its dump: then it
        // is no dump's, or unless it is the beginning of something else.
        const std::string cut_text = text.substr(0, size);
        const size_t last_line = cut_text.rfind('\n') + 1;
        const size_t before = cut_text.rfind('\n', last_line - 2) + 1;
        const bool in_dump = cut_text.substr(before, 8).find(": ") != cut_text.npos;
        const bool is_row = cut_text.substr(last_line, 8).find(": ") != cut_text.npos;
        if (!in_dump || !is_row) both["rejected_lines"].clear();
        REQUIRE(Difference(facts, both) == "");
      }
    }
  }
}

TEST_CASE("a row that was cut is refused, and gone once the whole dump is there") {
  const std::string text =
      Text("1795333047", kTcpHeader, Quiet(0, 1), Quiet(1, 2), Ticking(2, 3, 500));
  const std::string cut = text.substr(0, text.size() - 40);
  const TemporaryFolder folder;
  Database database = Database::OpenInMemory();
  const std::string path = folder.Write("a.log", cut);
  CHECK(Import(database, {path}).summary.rejected == 1);
  CHECK(Rows(database, "SELECT line, reason FROM rejected_lines") ==
        std::vector<std::string>{"5|cut_row"});
  CHECK(Rows(database, "SELECT open, rejected, row_count FROM dumps") ==
        std::vector<std::string>{"1|1|2"});
  CHECK(Import(database, {folder.Write("copy.log", cut)}).summary.rejected == 1);
  CHECK(Rows(database, "SELECT count(*) FROM rejected_lines") == std::vector<std::string>{"2"});

  Import(database, {folder.Write("b.log", text)});
  CHECK(Rows(database, "SELECT count(*) FROM rejected_lines") == std::vector<std::string>{"0"});
  CHECK(Rows(database, "SELECT open, rejected, row_count FROM dumps") ==
        std::vector<std::string>{"1|0|3"});
  CHECK(Rows(database, "SELECT lines, samples, known, rejected FROM sources ORDER BY path") ==
        std::vector<std::string>{"5|0|3|0", "5|3|0|0", "5|0|3|0"});
}

TEST_CASE("a dump that something closed does not grow") {
  const TemporaryFolder folder;
  const std::string closed = Text("1795333047", kTcpHeader, Quiet(0, 1), "1795333107", kTcpHeader);
  const std::string longer = Text("1795333047", kTcpHeader, Quiet(0, 1), Quiet(1, 2));
  Database database = Database::OpenInMemory();
  Import(database, {folder.Write("closed.log", closed)});
  Import(database, {folder.Write("longer.log", longer)});
  CHECK(Rows(database, "SELECT taken_ms, ordinal, sockets FROM snapshots ORDER BY 1, 2") ==
        std::vector<std::string>{"1795333047000|0|1", "1795333047000|1|2", "1795333107000|0|0"});
}

TEST_CASE("an open dump of which only the header is there grows too") {
  const TemporaryFolder folder;
  const std::string header =
      folder.Write("header.log", Text("1795333047", kTcpHeader, Quiet(0, 1), kTcp6Header));
  const std::string rows = folder.Write(
      "rows.log",
      Text("1795333047", kTcpHeader, Quiet(0, 1), kTcp6Header,
           "   0: 00000000000000000000000001000000:1F90 00000000000000000000000000000000:0000 0A "
           "00000000:00000000 00:00000000 00000000     0        0 77 1 0000000011111111 100 0 0 "
           "10 0",
           "1795333107"));
  const Views expected = ViewsOf({rows}, {}, {"sources"});
  for (const auto& order : {std::vector{header, rows}, std::vector{rows, header}}) {
    Database database = Database::OpenInMemory();
    for (const std::string& path : order) Import(database, {path});
    CHECK(Rows(database, "SELECT family, open, sockets FROM dumps ORDER BY family") ==
          std::vector<std::string>{"4|0|1", "6|0|1"});
    CHECK(Difference(AllViews(database, {"sources", "dumps"}),
                     ViewsOf({rows}, {}, {"sources", "dumps"})) == "");
  }
}

TEST_CASE("slices of a capture, cut anywhere, give the same in any order") {
  testing::Random random(6);
  for (int round = 0; round < 60; ++round) {
    CAPTURE(round);
    const auto snapshots = MakeSnapshots(random, {5, 6, false, 20});
    const TemporaryFolder folder;
    std::vector<std::string> paths;
    for (int i = 0; i < 5; ++i) {
      const size_t begin = Below(random, snapshots.size());
      std::string text = Joined(snapshots, begin, begin + 1 + Below(random, 4));
      if (Below(random, 3) != 0) text.resize(text.size() - Below(random, 400));
      paths.push_back(folder.Write("slice" + std::to_string(i) + ".log", text));
    }
    const Views expected = ViewsOf(paths, {}, kWhoCameFirst);
    for (int shuffle = 0; shuffle < 4; ++shuffle) {
      std::shuffle(paths.begin(), paths.end(), random);
      Database database = Database::OpenInMemory();
      for (const std::string& path : paths) Import(database, {path});
      REQUIRE(Difference(expected, AllViews(database, kWhoCameFirst)) == "");
      const Views once = AllViews(database);
      for (const std::string& path : paths) Import(database, {path});
      REQUIRE(Difference(once, AllViews(database)) == "");
    }
  }
}

TEST_CASE("the same rows at another time or on another host both stay, with a warning") {
  const std::string rows = Text(kTcpHeader, Quiet(0, 1), Ticking(1, 2, 500));
  const TemporaryFolder folder;
  const std::string a = folder.Write("a.log", "1795333047\n" + rows);
  const std::string b = folder.Write("b.log", "1795333107\n" + rows);

  Database times = Database::OpenInMemory();
  Import(times, {a});
  const ImportResult other_time = Import(times, {b});
  CHECK(Rows(times, "SELECT count(*) FROM dumps") == std::vector<std::string>{"2"});
  REQUIRE(other_time.warnings.size() == 2);  // and that no snapshot has a tcp6 table
  CHECK(other_time.warnings[0].find("a.log:2") != std::string::npos);
  CHECK(other_time.warnings[0].find("b.log:2") != std::string::npos);
  CHECK(other_time.warnings[0].find("both stay") != std::string::npos);

  Database hosts = Database::OpenInMemory();
  Import(hosts, {a}, testing::OfHost("web1"));
  const ImportResult other_host = Import(hosts, {a}, testing::OfHost("web2"));
  CHECK(Rows(hosts, "SELECT host FROM dumps ORDER BY host") ==
        std::vector<std::string>{"web1", "web2"});
  CHECK(other_host.warnings.size() == 3);  // the file held other dumps before
  CHECK(Import(hosts, {a}, testing::OfHost("web2")).summary.dumps == 0);
}

TEST_CASE("equal rows without a running timer are no reason to warn: a quiet host stays the same") {
  const std::string rows = Text(kTcpHeader, Quiet(0, 1), kTcp6Header);
  const TemporaryFolder folder;
  Database database = Database::OpenInMemory();
  const ImportResult result =
      Import(database, {folder.Write("a.log", "1795333047\n" + rows + "1795333107\n" + rows)});
  CHECK(result.warnings.empty());
  CHECK(Rows(database, "SELECT count(*) FROM dumps") == std::vector<std::string>{"4"});
}

TEST_CASE("a timer of a single tick is a running timer") {
  const std::string rows = Text(kTcpHeader, Ticking(0, 2, 1), kTcp6Header);
  std::string on = rows;
  on.replace(on.find("06 0000"), 2, "05");
  for (const std::string& text : {rows, on}) {
    const TemporaryFolder folder;
    Database database = Database::OpenInMemory();
    const ImportResult result =
        Import(database, {folder.Write("a.log", "1795333047\n" + text + "1795333107\n" + text)});
    CHECK(result.warnings.size() == 1);
  }
}

TEST_CASE("hosts and network namespaces are kept apart") {
  const TemporaryFolder folder;
  const std::string path =
      folder.Write("a.log", Text("1795333047", kTcpHeader, Quiet(0, 1), kTcp6Header));
  Database database = Database::OpenInMemory();
  for (const char* netns : {"", "blue", "red"}) {
    ImportOptions options = testing::OfHost("web1");
    options.capture.netns = netns;
    CHECK(Import(database, {path}, options).summary.dumps == 2);
  }
  CHECK(Rows(database, "SELECT host FROM snapshots ORDER BY host") ==
        std::vector<std::string>{"web1", "web1/blue", "web1/red"});
}

TEST_CASE("the size of the transactions never shows") {
  const std::vector<std::string> paths = {kTestdata + "/arch", kTestdata + "/layouts",
                                          kTestdata + "/fuzz", kWebhost};
  ImportOptions options;
  const Views expected = ViewsOf(paths, options);
  for (const int64_t bytes : {1, 5'000, 100'000}) {
    options.transaction_bytes = bytes;
    CHECK(Difference(expected, ViewsOf(paths, options)) == "");
  }
}

TEST_CASE("a thread of its own does the same") {
  const auto run = [](auto& importer) {
    for (int i = 0; i < 300; ++i) {
      importer.Begin({"source" + std::to_string(i), "head", 4, "made"});
      if (i % 3 == 0) {
        importer.Refuse({{{7, 70}, 3, procnet::Reason::kBadSlot, "text"}});
        importer.Abort();
        continue;
      }
      IncomingDump dump;
      dump.taken_ms = i * 1000;
      importer.Add(std::move(dump));
      importer.Refuse({{{7, 70}, 3, procnet::Reason::kBadSlot, "text"}});
      importer.End({{}, 4, "hash", "made"});
    }
    return importer.Finish();
  };
  Database here = Database::OpenInMemory();
  Database there = Database::OpenInMemory();
  ImportSummary summary;
  {
    Importer importer(here, {});
    run(importer);
  }
  {
    BackgroundImporter importer(there, {});
    summary = run(importer);
  }
  CHECK(summary.dumps == 200);
  CHECK(summary.sources == 200);
  CHECK(Difference(AllViews(here), AllViews(there)) == "");
}

TEST_CASE("what the thread throws comes out of the next call") {
  Database database = Database::OpenInMemory();
  ImportSettings settings;
  Importer(database, settings).Finish();
  database.Execute("INSERT INTO host (name) VALUES ('localhost')");
  settings.ticks_per_second = 1024;
  BackgroundImporter importer(database, settings);
  importer.Begin({"a", "a", 1, ""});
  importer.Add({});
  CHECK_THROWS_AS(importer.Finish(), ImportConflict);
  CHECK_THROWS_AS(importer.Abort(), ImportConflict);
}

TEST_CASE("a host keeps its ticks: another --hz is refused, none takes what is there") {
  const TemporaryFolder folder;
  const std::string path =
      folder.Write("a.log", Text("1795333047", kTcpHeader, Ticking(0, 1, 1024), kTcp6Header));
  Database database = Database::OpenInMemory();
  ImportOptions options;
  options.ticks_per_second = 1024;
  Import(database, {path}, options);
  CHECK(Rows(database, "SELECT timer_expires_ms FROM sockets") == std::vector<std::string>{"1000"});
  const Views before = AllViews(database);
  options.ticks_per_second = 100;
  CHECK_THROWS_AS(Import(database, {path}, options), ImportConflict);
  CHECK(Difference(before, AllViews(database)) == "");
  CHECK_NOTHROW(Import(database, {path}));
  CHECK(Difference(before, AllViews(database)) == "");
}

TEST_CASE("a byte order that was given is mended by giving the other") {
  const std::string path = kTestdata + "/arch/s390x-6.1-be-dateIs-tcp+tcp6.txt";
  ImportOptions little, big;
  little.capture.byte_order = procnet::ByteOrder::kLittle;
  big.capture.byte_order = procnet::ByteOrder::kBig;
  const std::set<std::string>& keys = kAddressNumbers;
  Database database = Database::OpenInMemory();
  Import(database, {path}, little);
  const ImportResult second = Import(database, {path}, big);
  CHECK(second.warnings.size() == 1);
  CHECK(Difference(ViewsOf({path}, big, keys), AllViews(database, keys)) == "");
  CHECK(Import(database, {path}).summary.dumps == 0);  // what shows is less than what was said
  CHECK(Difference(ViewsOf({path}, big, keys), AllViews(database, keys)) == "");
}

TEST_CASE("Abort takes back what the source brought, and the next one is none the worse") {
  const auto dump = [](int64_t taken_ms, std::string host) {
    IncomingDump incoming;
    incoming.taken_ms = taken_ms;
    incoming.host = std::move(host);
    incoming.dump = PrepareDump({}, procnet::Family::kTcp, procnet::ByteOrder::kLittle);
    incoming.refused = {{{3, 30}, 0, procnet::Reason::kBadState, "x"}};
    return incoming;
  };
  Database database = Database::OpenInMemory();
  {
    Importer importer(database, {});
    importer.Begin({"good", "good", 4, "made"});
    importer.Add(dump(1000, "web1"));
    importer.End({{}, 4, "hash", "made"});
    importer.Finish();
  }
  const Views before = AllViews(database);
  {
    Importer importer(database, {});
    importer.Begin({"bad", "bad", 3, "made"});
    importer.Add(dump(2000, "web2"));
    importer.Refuse({{{9, 90}, 0, procnet::Reason::kBadState, "y"}});
    importer.Abort();
    importer.Begin({"good", "good", 4, "made"});  // read again, and given up in the middle
    importer.Add(dump(1000, "web1"));
    importer.Add(dump(3000, "web1"));
    importer.Abort();
    const ImportSummary summary = importer.Finish();
    CHECK(summary.sources == 0);
    CHECK(summary.dumps == 0);
    CHECK(summary.rejected == 0);
    CHECK(summary.known_dumps == 0);
  }
  CHECK(Difference(before, AllViews(database)) == "");
  {
    Importer importer(database, {});
    importer.Begin({"bad", "bad", 3, "made"});
    importer.Add(dump(2000, "web2"));
    importer.Abort();
    importer.Begin({"next", "next", 4, "made"});
    importer.Add(dump(2000, "web3"));
    importer.Add(dump(2000, "web2"));
    importer.End({{}, 4, "hash", "made"});
    CHECK(importer.Finish().dumps == 2);
  }
  CHECK(Rows(database, "SELECT host FROM snapshots ORDER BY host") ==
        std::vector<std::string>{"web1", "web2", "web3"});
}

TEST_CASE("Abort after a commit leaves the source incomplete, with what was committed") {
  ImportSettings settings;
  settings.transaction_bytes = 1;
  Database database = Database::OpenInMemory();
  Importer importer(database, settings);
  importer.Begin({"a", "a", 1, "made"});
  for (int i = 0; i < 3; ++i) {
    IncomingDump incoming;
    incoming.taken_ms = 1000 * i;
    importer.Add(std::move(incoming));
  }
  importer.Abort();
  const ImportSummary summary = importer.Finish();
  CHECK(summary.dumps == 2);
  CHECK(Rows(database, "SELECT complete, dumps FROM sources") == std::vector<std::string>{"0|2"});
  CHECK(Rows(database, "SELECT count(*) FROM snapshots") == std::vector<std::string>{"2"});
}

TEST_CASE("lines refused outside of dumps end a transaction as dumps do") {
  ImportSettings settings;
  settings.transaction_bytes = 100'000;
  const TemporaryFolder folder;
  const std::string path = folder.Path("stray.db");
  Database database = Database::OpenForImport(path);
  Importer importer(database, settings);
  importer.Begin({"a", "a", 1, "made"});
  Database reader = Database::OpenReadOnly(path);
  int64_t committed = 0;
  for (int i = 0; i < 20; ++i) {
    importer.Refuse(std::vector<procnet::RefusedLine>(
        100, {{1, 0}, 0, procnet::Reason::kNoTime, std::string(200, 'x')}));
    committed = reader.QueryInteger("SELECT count(*) FROM rejected_lines").value_or(0);
  }
  CHECK(committed > 1000);
  importer.End({{}, 4, "hash", "made"});
  importer.Finish();
  CHECK(reader.QueryInteger("SELECT rejected FROM sources") == 2000);
}

}  // namespace
}  // namespace tcpsnap::store
