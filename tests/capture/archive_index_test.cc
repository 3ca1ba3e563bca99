// Members of an archive that only its end explains: hard links, paths that come twice, a tar that
// was cut; and what is told of the work while it goes on.
#include "capture/archive_index.h"

#include <algorithm>
#include <new>
#include <string>
#include <vector>

#include "capture/archive_maker.h"
#include "capture/capture.h"
#include "capture/recording_sink.h"
#include "capture/seekable_text.h"
#include "support/catch.h"

namespace tcpsnap::capture {
namespace {

using testing::MadeMember;
using testing::MakeArchive;
using testing::RecordingSink;
using testing::SeekableText;

const std::string kTable =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "
    "inode\n"
    "   0: 0100007F:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 "
    "371114 1 00000000e8439b5a 100 0 0 10 0\n";
constexpr int64_t kMoment = 1'795'333'047'000;  // 2026-11-22T07:37:27Z

// A table with the inode as given, of some second after kMoment.
std::string Log(int second, const std::string& inode = "371114") {
  std::string table = kTable;
  table.replace(table.find("371114"), 6, inode);
  return std::to_string(kMoment / 1000 + second) + "\n" + table;
}

MadeMember HardLink(const std::string& path, const std::string& target) {
  return {.path = path, .content = "", .hard_link = target};
}

struct Imported {
  std::string path, host;
  int64_t second;
  friend bool operator==(const Imported&, const Imported&) = default;
};

std::vector<Imported> ImportedBy(const RecordingSink& sink) {
  std::vector<Imported> imported;
  for (const testing::RecordedSource& source : sink.sources) {
    for (const CapturedDump& dump : source.dumps) {
      imported.push_back({source.begin.path, dump.host, (dump.taken_ms - kMoment) / 1000});
    }
  }
  return imported;
}

void ReadInto(const std::string& bytes, RecordingSink& sink, const CaptureSettings& settings = {}) {
  SeekableText source(bytes);
  ArchiveIndex index("x.tar", source, settings, sink);
  if (settings.max_rejects) {
    source.Rewind();
    index.CheckRejects(source, {});
  }
  source.Rewind();
  index.Read(source, {});
}

RecordingSink ReadTar(const std::vector<MadeMember>& members,
                      const CaptureSettings& settings = {}) {
  RecordingSink sink;
  ReadInto(MakeArchive(members, {}), sink, settings);
  return sink;
}

TEST_CASE("a hard link to a table is a source of its own") {
  CaptureSettings settings;
  settings.max_rejects = 0;
  for (const CaptureSettings& each : {CaptureSettings(), settings}) {
    const RecordingSink sink = ReadTar({{"web1/tcp.log", Log(1)},
                                        HardLink("web2/tcp.log", "./web1/tcp.log"),
                                        HardLink("web3/tcp.log", "web2/tcp.log"),
                                        HardLink("web1/tcp.log", "web1/tcp.log"),
                                        {"web4/tcp.log", Log(4)}},
                                       each);
    CHECK((ImportedBy(sink) == std::vector<Imported>{{"x.tar!web1/tcp.log", "localhost", 1},
                                                     {"x.tar!web2/tcp.log", "localhost", 1},
                                                     {"x.tar!web3/tcp.log", "localhost", 1},
                                                     {"x.tar!web4/tcp.log", "localhost", 4}}));
    CHECK(sink.failures.empty());
    CHECK(sink.warnings.empty());
    REQUIRE(sink.sources.size() == 4);
    CHECK(sink.sources[0].end->content_hash == sink.sources[2].end->content_hash);
  }
}

TEST_CASE("a hard link is what its own path makes of it") {
  // The tables of three bundles are one file, and so are the dates of two.
  const RecordingSink sink = ReadTar(
      {{"sosreport-a-2026-11-22-abcdefg/date", "Sun Nov 22 07:37:27 UTC 2026\n"},
       {"sosreport-a-2026-11-22-abcdefg/hostname", "web1\n"},
       {"sosreport-a-2026-11-22-abcdefg/proc/net/tcp", kTable},
       {"sosreport-b-2026-11-22-abcdefg/date", "Sun Nov 22 07:37:29 UTC 2026\n"},
       {"sosreport-b-2026-11-22-abcdefg/notes", "web2\n"},
       HardLink("sosreport-b-2026-11-22-abcdefg/hostname", "sosreport-b-2026-11-22-abcdefg/notes"),
       HardLink("sosreport-b-2026-11-22-abcdefg/proc/net/tcp",
                "sosreport-a-2026-11-22-abcdefg/proc/net/tcp"),
       HardLink("sosreport-c-2026-11-22-abcdefg/date", "sosreport-b-2026-11-22-abcdefg/date"),
       HardLink("sosreport-c-2026-11-22-abcdefg/proc/net/tcp",
                "sosreport-b-2026-11-22-abcdefg/proc/net/tcp")});
  const std::string rest = "-2026-11-22-abcdefg/proc/net/tcp";
  CHECK((ImportedBy(sink) == std::vector<Imported>{{"x.tar!sosreport-a" + rest, "web1", 0},
                                                   {"x.tar!sosreport-b" + rest, "web2", 2},
                                                   {"x.tar!sosreport-c" + rest, "c", 2}}));
}

TEST_CASE("tables of processes that are one file are copies") {
  const std::string date = "Sun Nov 22 07:37:27 UTC 2026\n";
  const RecordingSink sink = ReadTar({{"case/date", date},
                                      {"case/proc/1/net/tcp", kTable},
                                      {.path = "case/proc/1/ns/net",
                                       .content = "",
                                       .type = AE_IFLNK,
                                       .symlink = "net:[4026531840]"},
                                      HardLink("case/proc/22/net/tcp", "case/proc/1/net/tcp"),
                                      {.path = "case/proc/22/ns/net",
                                       .content = "",
                                       .type = AE_IFLNK,
                                       .symlink = "net:[4026531840]"}});
  CHECK(sink.sources.size() == 1);
  REQUIRE(sink.copies.size() == 1);
  CHECK(sink.copies[0].first == "x.tar!case/proc/22/net/tcp");
  CHECK(sink.copies[0].second == "x.tar!case/proc/1/net/tcp");
}

TEST_CASE("hard links in an inner archive stay in it") {
  const std::string inner =
      MakeArchive({{"a.log", Log(1)}, HardLink("b.log", "a.log"), HardLink("c.log", "outer.log")},
                  {.filter = ARCHIVE_FILTER_GZIP});
  const RecordingSink sink = ReadTar({{"outer.log", Log(5)}, {"in.tgz", inner}});
  CHECK((ImportedBy(sink) == std::vector<Imported>{{"x.tar!outer.log", "localhost", 5},
                                                   {"x.tar!in.tgz!a.log", "localhost", 1},
                                                   {"x.tar!in.tgz!b.log", "localhost", 1}}));
  REQUIRE(sink.warnings.size() == 1);
  CHECK(sink.warnings[0] ==
        "x.tar: 1 member is a hard link to a file that the archive does not hold: left out");
}

TEST_CASE("a hard link to what is too large for memory is refused by name") {
  std::string large = Log(1);
  while (large.size() <= size_t{64} << 20) large += large;
  const RecordingSink sink = ReadTar({{"a.log", large}, HardLink("b.log", "a.log")});
  REQUIRE(sink.sources.size() == 1);
  CHECK(sink.sources[0].begin.path == "x.tar!a.log");
  CHECK(sink.sources[0].end->bytes == large.size());
  REQUIRE(sink.failures.size() == 1);
  CHECK(sink.failures[0].path == "x.tar!b.log");
  CHECK(sink.failures[0].message ==
        "it is a hard link to a file that is larger than 64 MB; unpack the archive and import the "
        "folder");
}

TEST_CASE("of a path that comes twice the last is read, as by extracting") {
  const RecordingSink sink = ReadTar({{"tcp.log", Log(1)},
                                      {"other.log", Log(2)},
                                      HardLink("link.log", "tcp.log"),
                                      {"./tcp.log", Log(3)},
                                      {"other.log", "no table\n"}});
  // The link was made while the first was there.
  CHECK((ImportedBy(sink) == std::vector<Imported>{{"x.tar!link.log", "localhost", 1},
                                                   {"x.tar!tcp.log", "localhost", 3}}));
  REQUIRE(sink.warnings.size() == 1);
  CHECK(sink.warnings[0] ==
        "x.tar: 2 files in it are replaced by a later one of the same path, as by extracting: left "
        "out");
  // Nothing to say where only what is no table comes twice.
  const RecordingSink quiet = ReadTar({{"a", "1\n"}, {"tcp.log", Log(1)}, {"a", "2\n"}});
  CHECK(quiet.warnings.empty());
  CHECK(quiet.sources.size() == 1);
}

TEST_CASE("of a date and a host's name that come twice the last ones tell") {
  for (const auto& [first, last] : {std::pair("27", "29"), std::pair("29", "27")}) {
    const RecordingSink sink =
        ReadTar({{"case/date", "Sun Nov 22 07:37:" + std::string(first) + " UTC 2026\n"},
                 {"case/hostname", "web" + std::string(first) + "\n"},
                 {"case/proc/net/tcp", kTable},
                 {"case/hostname", "web" + std::string(last) + "\n"},
                 {"case/date", "Sun Nov 22 07:37:" + std::string(last) + " UTC 2026\n"}});
    CHECK((ImportedBy(sink) ==
           std::vector<Imported>{
               {"x.tar!case/proc/net/tcp", "web" + std::string(last), std::stoi(last) - 27}}));
  }
}

TEST_CASE("an inner archive that comes twice is replaced as a whole") {
  const std::string first = MakeArchive({{"a.log", Log(1)}, {"b.log", Log(2)}}, {});
  const std::string last = MakeArchive({{"a.log", Log(3)}}, {.filter = ARCHIVE_FILTER_XZ});
  const std::string broken = last.substr(0, last.size() / 2);
  const RecordingSink sink = ReadTar({{"in.tar", first}, {"in.tar", broken}, {"in.tar", last}});
  CHECK((ImportedBy(sink) == std::vector<Imported>{{"x.tar!in.tar!a.log", "localhost", 3}}));
  CHECK(sink.failures.empty());
}

TEST_CASE("a tar that was cut between two members is told of") {
  std::string tar = MakeArchive({{"a.log", Log(1)}}, {ARCHIVE_FORMAT_TAR_USTAR});
  tar.resize(tar.find_last_not_of('\0') / 512 * 512 + 512);
  RecordingSink sink;
  ReadInto(tar, sink);
  CHECK(sink.sources.size() == 1);
  REQUIRE(sink.warnings.size() == 1);
  CHECK(sink.warnings[0] ==
        "x.tar: the archive has no end mark: it may be cut, and files may be missing");
  const RecordingSink outer = ReadTar({{"in.tar", tar}});
  REQUIRE(outer.warnings.size() == 1);
  CHECK(outer.warnings[0] ==
        "x.tar!in.tar: the archive has no end mark: it may be cut, and files may be missing");
}

// Has no memory for one member.
class NarrowSink : public RecordingSink {
 public:
  void Begin(const SourceInfo& source) override {
    if (source.path == "x.tar!b.log") throw std::bad_alloc();
    RecordingSink::Begin(source);
  }
};

TEST_CASE("a member that needs too much memory is left out alone") {
  NarrowSink sink;
  ReadInto(MakeArchive({{"a.log", Log(1)}, {"b.log", Log(2)}, {"c.log", Log(3)}}, {}), sink);
  CHECK((ImportedBy(sink) ==
         std::vector<Imported>{{"x.tar!a.log", "localhost", 1}, {"x.tar!c.log", "localhost", 3}}));
  REQUIRE(sink.failures.size() == 1);
  CHECK(sink.failures[0].path == "x.tar!b.log");
  CHECK(sink.failures[0].message == "it needs too much memory; unpack it and import the parts");
}

struct Stop {};

TEST_CASE("the work on an archive can be stopped in every pass") {
  const std::string bytes =
      MakeArchive({{"a.log", Log(1)}, {"zeros", std::string(32 << 20, '\0')}, {"b.log", Log(2)}},
                  {.filter = ARCHIVE_FILTER_BZIP2});
  RecordingSink sink;
  CaptureSettings settings;
  settings.max_rejects = 0;
  int blocks = 0, most_blocks = 1 << 30;
  const auto count = [&] {
    if (++blocks > most_blocks) throw Stop();
  };
  SeekableText source(bytes);
  ArchiveIndex index("x.tar", source, settings, sink, count);
  CHECK(blocks > 20);
  const auto check = [&](auto pass) {
    blocks = 0;
    most_blocks = 1 << 30;
    source.Rewind();
    pass();
    CHECK(blocks > 20);
    most_blocks = blocks / 2;
    blocks = 0;
    source.Rewind();
    CHECK_THROWS_AS(pass(), Stop);
  };
  check([&] { index.CheckRejects(source, {}); });
  check([&] { index.Read(source, {}); });
  blocks = 0;
  most_blocks = 10;
  SeekableText again(bytes);
  CHECK_THROWS_AS(ArchiveIndex("x.tar", again, settings, sink, count), Stop);
  CHECK(sink.failures.empty());
}

}  // namespace
}  // namespace tcpsnap::capture
