// Files and folders -> dumps with a time: what ReadCaptures finds, and what it refuses by name.
#include "capture/capture.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include "capture/byte_source.h"
#include "capture/recording_sink.h"
#include "support/captures.h"
#include "support/catch.h"
#include "support/dump_text.h"
#include "support/temporary_folder.h"

namespace tcpsnap::capture {
namespace {

namespace fs = std::filesystem;
using procnet::ByteOrder;
using procnet::Family;
using procnet::Reason;
using testing::kTcp6Header;
using testing::kTcpHeader;
using testing::Read;
using testing::RecordingSink;
using testing::TemporaryFolder;
using testing::Text;

const std::string kTestdata = TCPSNAP_TESTDATA;
const std::string kLayouts = kTestdata + "/layouts/";
constexpr int64_t kMoment = 1'795'333'047'000;  // 2026-11-22T07:37:27Z

const std::string kRow =
    "   0: 0100007F:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 "
    "371114 1 00000000e8439b5a 100 0 0 10 0";

// "tcp 5 tcp6 2": family and rows of each dump, in order.
std::string Shape(const testing::RecordedSource& source) {
  std::string text;
  for (const CapturedDump& dump : source.dumps) {
    text += (text.empty() ? "" : " ") + std::string(dump.family == Family::kTcp ? "tcp" : "tcp6") +
            " " + std::to_string(dump.records.size());
  }
  return text;
}

std::vector<int64_t> Times(const testing::RecordedSource& source) {
  std::vector<int64_t> times;
  for (const CapturedDump& dump : source.dumps) times.push_back(dump.taken_ms - kMoment);
  return times;
}

TEST_CASE("layouts 1 to 5: a time in a line of its own") {
  const std::vector<int64_t> whole = {0, 1000, 2000};
  const std::vector<int64_t> fraction = {123, 1123, 2123};
  const std::vector<int64_t> both = {0, 0, 1000, 1000, 2000, 2000};
  struct Layout {
    const char* file;
    std::string name;
    std::vector<int64_t> times;
    std::string shape;
  };
  for (const Layout& layout : std::vector<Layout>{
           {"01-epoch-line.txt", "epoch-line", whole, "tcp 3 tcp 5 tcp 7"},
           {"02-epoch-float-line.txt", "epoch-fraction-line", fraction, "tcp 3 tcp 5 tcp 7"},
           {"03-date-C-locale.txt", "date-line", both, "tcp 3 tcp6 2 tcp 5 tcp6 3 tcp 7 tcp6 4"},
           {"04-date-12h-en_US.txt", "date-12h-line", whole, "tcp 3 tcp 5 tcp 7"},
           {"05-date-Is.txt", "iso-line", whole, "tcp 3 tcp 5 tcp 7"}}) {
    CAPTURE(layout.file);
    const RecordingSink sink = Read({kLayouts + layout.file});
    REQUIRE(sink.failures.empty());
    REQUIRE(sink.sources.size() == 1);
    const testing::RecordedSource& source = sink.sources[0];
    CHECK(Shape(source) == layout.shape);
    CHECK(Times(source) == layout.times);
    CHECK(source.stray.empty());
    REQUIRE(source.end);
    CHECK(source.end->layout == layout.name);
    CHECK(source.end->bytes == fs::file_size(kLayouts + layout.file));
    CHECK(source.end->counts.markers == 3);
    CHECK(source.end->counts.other == 0);
    for (const CapturedDump& dump : source.dumps) {
      CHECK(dump.host == "localhost");
      CHECK(dump.time_origin == TimeOrigin::kMarker);
      CHECK(dump.byte_order == ByteOrder::kLittle);
      CHECK(dump.byte_order_origin == ByteOrderOrigin::kVoted);
      CHECK(dump.has_header);
      CHECK(dump.open == (&dump == &source.dumps.back()));
      CHECK(dump.ordinal == 0);
    }
  }
}

TEST_CASE("layout 13: no time at all needs --start and --interval") {
  const std::string path = kLayouts + "13-no-marker-loop.txt";
  CaptureSettings settings;
  const auto refusal = [&] {
    const RecordingSink sink = Read({path}, settings);
    REQUIRE(sink.sources.empty());
    REQUIRE(sink.failures.size() == 1);
    CHECK(sink.failures[0].trouble == Trouble::kNoTime);
    CHECK(sink.failures[0].named);
    return sink.failures[0].message;
  };
  CHECK(refusal().find("--start") != std::string::npos);
  settings.time_ms = kMoment;
  CHECK(refusal().find("--interval") != std::string::npos);
  CHECK(refusal().find("--start instead of --time") != std::string::npos);
  settings = {};
  settings.interval_ms = 3000;
  CHECK(refusal().find("--start") != std::string::npos);
  settings.start_ms = kMoment;
  const RecordingSink sink = Read({path}, settings);
  REQUIRE(sink.failures.empty());
  CHECK(Times(sink.sources[0]) == std::vector<int64_t>{0, 3000, 6000});
  CHECK(sink.sources[0].dumps[0].time_origin == TimeOrigin::kGiven);
  CHECK(sink.sources[0].end->layout == "no-marker (--start)");
}

TEST_CASE("layouts 14 and 15: paths above both tables are one moment") {
  for (const char* file : {"14-tail-headers.txt", "15-echo-path-sections.txt"}) {
    CAPTURE(file);
    CHECK(Read({kLayouts + file}).failures.at(0).trouble == Trouble::kNoTime);
    CaptureSettings settings;
    settings.time_ms = kMoment;
    const RecordingSink sink = Read({kLayouts + file}, settings);
    REQUIRE(sink.failures.empty());
    CHECK(Shape(sink.sources[0]) == "tcp 3 tcp6 2");
    CHECK(Times(sink.sources[0]) == std::vector<int64_t>{0, 0});
    CHECK(sink.sources[0].end->layout == "no-marker (--time), path-line");
    CHECK(sink.sources[0].end->counts.markers == 2);
  }
}

TEST_CASE("layout 30: a file a snapshot, the time in its name") {
  const RecordingSink sink = Read({kLayouts + "30-file-per-snapshot"});
  CHECK(sink.failures.empty());
  REQUIRE(sink.sources.size() == 6);
  for (size_t i = 0; i < 6; ++i) {
    const testing::RecordedSource& source = sink.sources[i];
    CAPTURE(source.begin.path);
    CHECK(Times(source) == std::vector<int64_t>{static_cast<int64_t>(i % 3) * 1000});
    CHECK(source.dumps[0].time_origin == TimeOrigin::kName);
    CHECK(source.end->layout == "file-name");
  }
  CaptureSettings settings;
  settings.time_ms = kMoment;
  CHECK(Read({sink.sources[0].begin.path}, settings).failures.at(0).message.find("name") !=
        std::string::npos);
}

TEST_CASE("the recorded captures are told apart as their folders say") {
  CaptureSettings settings;
  settings.time_ms = kMoment;
  for (const auto& [path, shape] : std::vector<std::pair<std::string, std::string>>{
           {"/lab/lab618-rsA-allstates-tcp.txt", "tcp 17"},
           {"/lab/lab618-rsA-allstates-tcp6.txt", "tcp6 3"},
           {"/lab/lab618-rsB-allstates-tcp.txt", "tcp 21"},
           {"/damaged/lab618-truncated-midrow-tcp.txt", "tcp 17"}}) {
    CAPTURE(path);
    const RecordingSink sink = Read({kTestdata + path}, settings);
    REQUIRE(sink.sources.size() == 1);
    CHECK(Shape(sink.sources[0]) == shape);
    CHECK(sink.sources[0].dumps[0].refused.size() == (path.find("midrow") != path.npos ? 1 : 0));
  }
  CHECK(Shape(Read({kTestdata + "/arch/i386-6.1-ptrval-dateIs-tcp+tcp6.txt"}).sources[0])
            .find("tcp6") != std::string::npos);
}

TEST_CASE("options --time, --start and --interval beside times of the file's own are an error") {
  for (int option = 0; option < 3; ++option) {
    CaptureSettings settings;
    if (option == 0) settings.time_ms = kMoment;
    if (option == 1) settings.start_ms = kMoment;
    if (option == 2) settings.interval_ms = 1000;
    const RecordingSink sink = Read({kLayouts + "01-epoch-line.txt"}, settings);
    REQUIRE(sink.failures.size() == 1);
    CHECK(sink.sources.empty());
    CHECK(sink.failures[0].trouble == Trouble::kNoTime);
    CHECK(sink.failures[0].message.find("line 1: '1795333047'") != std::string::npos);
  }
}

TEST_CASE("several dumps in a file whose name tells one time need --interval") {
  const TemporaryFolder folder;
  const std::string path =
      folder.Write("tcp.20261122-073727", Text(kTcpHeader, kRow, kTcpHeader, kRow));
  CHECK(Read({path}).failures.at(0).message.find("--interval") != std::string::npos);
  CaptureSettings settings;
  settings.interval_ms = 5000;
  CHECK(Times(Read({path}, settings).sources.at(0)) == std::vector<int64_t>{0, 5000});
}

TEST_CASE("rows before the first marker are refused: their moment can't be told") {
  const TemporaryFolder folder;
  const std::string path = folder.Write("a.log", Text(kRow, kRow, "1795333047", kTcpHeader, kRow));
  const RecordingSink sink = Read({path});
  REQUIRE(sink.sources.size() == 1);
  CHECK(Shape(sink.sources[0]) == "tcp 1");
  REQUIRE(sink.sources[0].stray.size() == 2);
  CHECK(sink.sources[0].stray[0].reason == Reason::kNoTime);
  CHECK(sink.sources[0].stray[1].position.line == 2);
}

TEST_CASE("a first time that can't be told refuses the file, with the line and the advice") {
  const TemporaryFolder folder;
  const std::string path =
      folder.Write("a.log", Text("", "Sun Nov 22 07:37:27 CST 2026", kTcpHeader, kRow));
  const RecordingSink sink = Read({path});
  REQUIRE(sink.failures.size() == 1);
  CHECK(sink.failures[0].trouble == Trouble::kNoTime);
  CHECK(sink.failures[0].message.find("line 2: 'Sun Nov 22 07:37:27 CST 2026'") !=
        std::string::npos);
  CHECK(sink.failures[0].message.find("--tz") != std::string::npos);
  CaptureSettings settings;
  settings.zone = Zone::Find("Asia/Shanghai");
  CHECK(Times(Read({path}, settings).sources.at(0)) == std::vector<int64_t>{-8 * 3'600'000});
}

TEST_CASE("header-only dumps are dumps of no sockets; without one readable row there is none") {
  const TemporaryFolder folder;
  const std::string empty = folder.Write("empty.log", Text("1795333047", kTcpHeader, kTcp6Header));
  CHECK(Shape(Read({empty}).sources.at(0)) == "tcp 0 tcp6 0");

  std::string bad = kRow;
  bad.replace(bad.find(" 0A "), 4, " 0C ");
  const RecordingSink sink =
      Read({folder.Write("bad.log", Text("1795333047", kTcpHeader, bad, bad))});
  REQUIRE(sink.sources.size() == 1);
  CHECK(sink.sources[0].dumps.empty());
  CHECK(sink.sources[0].stray.size() == 2);
  CHECK(sink.warnings.size() == 1);
}

TEST_CASE("other formats are refused by name") {
  const TemporaryFolder folder;
  const std::string udp = Text(
      "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  "
      "timeout inode ref pointer drops",
      "  100: 00000000:0044 00000000:0000 07 00000000:00000000 00:00000000 00000000     0     "
      "   0 12345 2 00000000c1b4bb9e 0");
  const std::string unix_table =
      Text("Num       RefCount Protocol Flags    Type St Inode Path",
           "0000000000000000: 00000002 00000000 00010000 0001 01 12345 /run/x");
  const std::string ss = Text("State  Recv-Q Send-Q Local Address:Port  Peer Address:Port Process",
                              "LISTEN 0      128          0.0.0.0:22         0.0.0.0:*");
  const std::string netstat =
      Text("Active Internet connections (servers and established)",
           "Proto Recv-Q Send-Q Local Address           Foreign Address         State");
  struct Other {
    const char* name;
    std::string text;
    const char* says;
  };
  for (const Other& other :
       std::vector<Other>{{"udp", udp, "udp"},
                          {"unix", unix_table, "unix"},
                          {"ss.txt", ss, "ss"},
                          {"netstat.txt", netstat, "netstat"},
                          {"notes.txt", "nothing of the kind\n", "no tcp table"},
                          {"empty", "", "empty"},
                          {"binary",
                           std::string("\x7f"
                                       "ELF\0\0\0\0",
                                       8),
                           "binary"},
                          {"a.db", std::string("SQLite format 3\0", 16), "database"},
                          {"utf16.txt",
                           std::string("\xff\xfe"
                                       "2\0",
                                       4),
                           "UTF-16"}}) {
    CAPTURE(other.name);
    const RecordingSink sink = Read({folder.Write(other.name, other.text)});
    REQUIRE(sink.failures.size() == 1);
    CHECK(sink.sources.empty());
    CHECK(sink.failures[0].trouble == Trouble::kNoCapture);
    CHECK(sink.failures[0].named);
    CHECK(sink.failures[0].message.find(other.says) != std::string::npos);
  }
}

TEST_CASE("tables between other text are found") {
  const TemporaryFolder folder;
  const std::string path =
      folder.Write("mixed.log", Text("Linux web1 6.18", "", "$ date", "2026-11-22T07:37:27Z",
                                     "$ cat /proc/net/tcp", kTcpHeader, kRow, "$ uptime",
                                     " 07:37:27 up 1 day", "$ cat /proc/net/udp",
                                     "  sl  local_address rem_address   st tx_queue rx_queue tr "
                                     "tm->when retrnsmt   uid  timeout "
                                     "inode ref pointer drops",
                                     "  100: 00000000:0044 00000000:0000 07 00000000:00000000 "
                                     "00:00000000 00000000     0        "
                                     "0 12345 2 00000000c1b4bb9e 0",
                                     "2026-11-22T07:38:27Z", kTcpHeader, kRow, kRow, "bye"));
  const RecordingSink sink = Read({path});
  REQUIRE(sink.sources.size() == 1);
  CHECK(Shape(sink.sources[0]) == "tcp 1 tcp 2");
  CHECK(sink.sources[0].stray.empty());
  CHECK(sink.sources[0].end->counts.other == 5);
}

TEST_CASE("a big-endian capture is voted so, its rows from the first on") {
  for (const auto& file : testing::FilesBelow(kTestdata + "/arch")) {
    const std::string name = file.filename().string();
    if (name.find("-be-") == name.npos) continue;
    CAPTURE(name);
    CaptureSettings settings;
    if (name.find("dateIs") == name.npos) settings.time_ms = kMoment;
    const RecordingSink sink = Read({file.string()}, settings);
    REQUIRE(sink.sources.size() == 1);
    REQUIRE_FALSE(sink.sources[0].dumps.empty());
    for (const CapturedDump& dump : sink.sources[0].dumps) {
      CHECK(dump.byte_order == ByteOrder::kBig);
      CHECK(dump.byte_order_origin == ByteOrderOrigin::kVoted);
    }
    settings.byte_order = ByteOrder::kLittle;
    const RecordingSink given = Read({file.string()}, settings);
    CHECK(given.sources[0].dumps[0].byte_order == ByteOrder::kLittle);
    CHECK(given.sources[0].dumps[0].byte_order_origin == ByteOrderOrigin::kGiven);
  }
}

TEST_CASE("what shows no byte order takes that of the host's other files, else a warning") {
  const TemporaryFolder folder;
  // An address that is private in neither order.
  std::string neutral = kRow;
  neutral.replace(6, 8, "08080808");
  const std::string undecided = folder.Write("b.log", Text("1795333048", kTcpHeader, neutral));
  std::string big = kRow;
  big.replace(6, 8, "7F000001");
  const std::string decided = folder.Write("a.log", Text("1795333047", kTcpHeader, big));
  const RecordingSink alone = Read({undecided});
  CHECK(alone.sources[0].dumps[0].byte_order == ByteOrder::kLittle);
  CHECK(alone.sources[0].dumps[0].byte_order_origin == ByteOrderOrigin::kAssumed);
  REQUIRE(alone.warnings.size() == 1);
  CHECK(alone.warnings[0].find("--byte-order") != std::string::npos);
  const RecordingSink both = Read({undecided, decided});
  CHECK(both.sources[1].dumps[0].byte_order == ByteOrder::kBig);
  CHECK(both.warnings.empty());
  // Only unspecified addresses read the same in both: no reason to warn.
  std::string nothing = kRow;
  nothing.replace(6, 8, "00000000");
  CHECK(Read({folder.Write("c.log", Text("1795333047", kTcpHeader, nothing))}).warnings.empty());
}

TEST_CASE("option --max-rejects looks at the whole file before anything of it is told") {
  const TemporaryFolder folder;
  std::string bad = kRow;
  bad.replace(bad.find(" 0A "), 4, " 0C ");
  const std::string path = folder.Write("a.log", Text(kRow, "1795333047", kTcpHeader, kRow, bad,
                                                      "1795333048", kTcpHeader, kRow, bad));
  CaptureSettings settings;
  settings.max_rejects = 2;
  const RecordingSink refused = Read({path}, settings);
  CHECK(refused.sources.empty());
  REQUIRE(refused.failures.size() == 1);
  CHECK(refused.failures[0].trouble == Trouble::kTooManyRejects);
  CHECK(refused.failures[0].message.find("3 lines") != std::string::npos);
  CHECK(refused.failures[0].message.find("the first is line 1:1") != std::string::npos);
  settings.max_rejects = 3;
  const RecordingSink taken = Read({path}, settings);
  CHECK(taken.failures.empty());
  CHECK(taken.sources.at(0).dumps.size() == 2);
}

TEST_CASE("the order of the paths never matters, and each file is read once") {
  const std::vector<std::string> paths = {kTestdata + "/arch", kLayouts + "05-date-Is.txt",
                                          kTestdata + "/webhost/webhost.log"};
  const auto names = [](const RecordingSink& sink) {
    std::vector<std::string> text;
    for (const testing::RecordedSource& source : sink.sources) {
      text.push_back(source.begin.path + " " + Shape(source));
    }
    return text;
  };
  const std::vector<std::string> expected = names(Read(paths));
  CHECK(expected.size() == 4);
  CHECK(std::is_sorted(expected.begin(), expected.end()));
  CHECK(names(Read({paths[2], paths[1], paths[0]})) == expected);
  CHECK(names(Read({paths[1], paths[2], paths[0], paths[1], paths[0]})) == expected);
}

TEST_CASE("folders are searched to the bottom; what is no capture there is no error of yours") {
  const TemporaryFolder folder;
  const std::string dump = Text("1795333047", kTcpHeader, kRow);
  folder.Write("pile/a.log", dump);
  folder.Write("pile/deep/er/b.log", dump);
  folder.Write("pile/notes.txt", "nothing of the kind\n");
  folder.Write("pile/empty.txt", "");
  fs::create_directories(folder.Path("pile/nothing"));
  fs::create_symlink("a.log", folder.Path("pile/link.log"));
  fs::create_directory_symlink("..", folder.Path("pile/deep/loop"));
  fs::create_symlink("self", folder.Path("pile/self"));
  fs::create_symlink("gone", folder.Path("pile/dangling"));
  REQUIRE(mkfifo(folder.Path("pile/pipe").c_str(), 0600) == 0);
  const RecordingSink sink = Read({folder.Path("pile")});
  std::vector<std::string> found;
  for (const testing::RecordedSource& source : sink.sources) found.push_back(source.begin.path);
  CHECK(found == std::vector<std::string>{folder.Path("pile/a.log"),
                                          folder.Path("pile/deep/er/b.log"),
                                          folder.Path("pile/link.log")});
  REQUIRE(sink.failures.size() == 2);
  for (const testing::RecordedFailure& failure : sink.failures) {
    CHECK_FALSE(failure.named);
    CHECK(failure.trouble == Trouble::kNoCapture);
  }
  CHECK(Read({folder.Path("pile/deep/loop")}).sources.size() == 3);  // named, it is followed
}

TEST_CASE("links of an unpacked bundle do not lead to the files of this machine") {
  const TemporaryFolder folder;
  const std::string own = folder.Write("machine/tcp", Text("1795333047", kTcpHeader, kRow));
  folder.Write("machine/hostname", "analyst\n");
  folder.Write("bundle/proc/net/tcp6", Text("1795333047", kTcp6Header));
  fs::create_symlink(own, folder.Path("bundle/proc/net/tcp"));
  fs::create_directories(folder.Path("bundle/etc"));
  fs::create_symlink(folder.Path("machine/hostname"), folder.Path("bundle/etc/hostname"));
  const RecordingSink sink = Read({folder.Path("bundle")});
  REQUIRE(sink.sources.size() == 1);
  CHECK(sink.sources[0].begin.path == folder.Path("bundle/proc/net/tcp6"));
  CHECK(sink.sources[0].dumps.at(0).host == "localhost");
  CHECK(Read({folder.Path("bundle/proc/net/tcp")}).sources.size() == 1);
}

TEST_CASE("what is named of a bundle and is no capture is passed over") {
  const TemporaryFolder folder;
  const std::string dump = folder.Write("sos/proc/net/tcp", Text(kTcpHeader, kRow));
  const std::string date = folder.Write("sos/date", "Sun Nov 22 07:37:27 UTC 2026\n");
  const std::string notes = folder.Write("sos/version.txt", "sosreport: 4.5\n");
  fs::create_directories(folder.Path("sos/boot"));
  fs::create_directories(folder.Path("empty"));
  const std::string other = folder.Write("other.txt", "words\n");
  const RecordingSink sink = Read(
      {folder.Path("sos/boot"), date, folder.Path("sos/proc"), notes, folder.Path("empty"), other});
  CHECK(sink.sources.size() == 1);
  std::map<std::string, bool> named;
  for (const testing::RecordedFailure& failure : sink.failures) named[failure.path] = failure.named;
  CHECK(named == std::map<std::string, bool>{{folder.Path("sos/boot"), false},
                                             {notes, false},
                                             {folder.Path("empty"), true},
                                             {other, true}});
}

// Has no memory for one file.
class ForgetfulSink : public RecordingSink {
 public:
  void Dump(CapturedDump&& dump) override {
    if (sources.back().begin.path.ends_with("b.log")) throw std::bad_alloc();
    RecordingSink::Dump(std::move(dump));
  }
};

TEST_CASE("a file for which the memory does not suffice fails by name, and the rest is read") {
  const TemporaryFolder folder;
  const std::string dump = Text("1795333047", kTcpHeader, kRow);
  for (const char* name : {"a.log", "b.log", "c.log"}) folder.Write(name, dump);
  ForgetfulSink sink;
  ReadCaptures({folder.path()}, {}, sink);
  REQUIRE(sink.sources.size() == 3);
  CHECK(sink.sources[2].end);
  REQUIRE(sink.failures.size() == 1);
  CHECK(sink.failures[0].path == folder.Path("b.log"));
  CHECK(sink.failures[0].trouble == Trouble::kUnreadable);
  CHECK(sink.failures[0].named);
  CHECK(sink.failures[0].message.find("needs too much memory (") == 0);
}

TEST_CASE("paths that are not there, and folders without a file, are told by name") {
  const TemporaryFolder folder;
  fs::create_directories(folder.Path("empty/er"));
  const RecordingSink sink = Read({folder.Path("none"), folder.Path("empty")});
  REQUIRE(sink.failures.size() == 2);
  CHECK(sink.failures[0].path == folder.Path("none"));
  CHECK(sink.failures[0].message == "no such file");
  CHECK(sink.failures[0].trouble == Trouble::kUnreadable);
  CHECK(sink.failures[1].path == folder.Path("empty"));
  CHECK(sink.failures[1].message.find("no file") != std::string::npos);
}

// Another user's rights, for files that root could read.
class OtherUser {
 public:
  OtherUser() : changed_(geteuid() == 0 && seteuid(65534) == 0) {}
  ~OtherUser() {
    if (changed_ && seteuid(0) != 0) std::abort();
  }

 private:
  bool changed_;
};

TEST_CASE("files and folders that can't be read are told by name, and the rest is read") {
  const TemporaryFolder folder;
  const std::string dump = Text("1795333047", kTcpHeader, kRow);
  folder.Write("pile/a.log", dump);
  const std::string secret = folder.Write("pile/secret.log", dump);
  folder.Write("pile/closed/b.log", dump);
  fs::permissions(folder.path(), fs::perms::all);
  fs::permissions(secret, fs::perms::none);
  fs::permissions(folder.Path("pile/closed"), fs::perms::none);
  std::vector<testing::RecordedFailure> failures;
  size_t sources = 0;
  {
    const OtherUser nobody;
    const RecordingSink sink = Read({folder.Path("pile")});
    failures = sink.failures;
    sources = sink.sources.size();
  }
  fs::permissions(folder.Path("pile/closed"), fs::perms::owner_all);
  CHECK(sources == 1);
  REQUIRE(failures.size() == 2);
  CHECK(failures[0].path == folder.Path("pile/closed"));
  CHECK(failures[1].path == secret);
  for (const testing::RecordedFailure& failure : failures) {
    CHECK(failure.trouble == Trouble::kUnreadable);
    CHECK(failure.message.find("Permission denied") == 0);
    CHECK(failure.named);
  }
}

// Writes a text into a named pipe in pieces.
std::thread Writer(const std::string& path, const std::string& text) {
  return std::thread([path, text] {
    const int file = open(path.c_str(), O_WRONLY | O_CLOEXEC);
    for (size_t begin = 0; begin < text.size();) {
      const ssize_t count =
          write(file, text.data() + begin, std::min<size_t>(7777, text.size() - begin));
      if (count <= 0) break;
      begin += static_cast<size_t>(count);
    }
    close(file);
  });
}

TEST_CASE("a pipe is read as a file, however long it is") {
  const TemporaryFolder folder;
  const std::string path = folder.Path("pipe");
  REQUIRE(mkfifo(path.c_str(), 0600) == 0);
  const std::string webhost = testing::ReadFile(kTestdata + "/webhost/webhost.log");
  // One that shows no byte order for more than a pipe can be rewound.
  std::string neutral = kRow;
  neutral.replace(6, 8, "08080808");
  std::string far = Text("1795333047", kTcpHeader);
  for (int i = 0; i < 150'000; ++i) far += neutral + "\n";
  far += Text("1795333048", kTcpHeader, kRow);
  for (const std::string& text : {webhost, far}) {
    const RecordingSink expected = Read({folder.Write("file.log", text)});
    for (const bool strict : {false, true}) {
      CAPTURE(text.size(), strict);
      CaptureSettings settings;
      if (strict) settings.max_rejects = 0;
      std::thread writer = Writer(path, text);
      const RecordingSink sink = Read({path}, settings);
      writer.join();
      REQUIRE(sink.failures.empty());
      REQUIRE(sink.sources.size() == 1);
      CHECK(Shape(sink.sources[0]) == Shape(expected.sources[0]));
      CHECK(Times(sink.sources[0]) == Times(expected.sources[0]));
      CHECK(sink.sources[0].end->bytes == text.size());
      CHECK(sink.sources[0].end->content_hash == expected.sources[0].end->content_hash);
      CHECK(sink.sources[0].begin.head == expected.sources[0].begin.head);
      CHECK(sink.sources[0].begin.bytes.has_value() == strict);
    }
  }
}

TEST_CASE("a pipe is read as a file where its first table or time is far from its beginning") {
  const auto earlier = std::signal(SIGPIPE, SIG_IGN);  // a reader that fails leaves early
  const TemporaryFolder folder;
  const std::string path = folder.Path("pipe");
  REQUIRE(mkfifo(path.c_str(), 0600) == 0);
  std::string noise;
  while (noise.size() < 20'000'000) noise += "some line of a long log that holds no table\n";
  const std::string dump = Text("1795333047", kTcpHeader, kRow);
  const std::string late_time = Text(kTcpHeader, kRow) + noise + dump;
  const std::string packed = folder.Path("file.gz");
  for (const std::string& text : {noise + dump, late_time}) {
    const std::string plain = folder.Write("file.log", text);
    REQUIRE(std::system(("gzip -1kf " + plain + " -c > " + packed).c_str()) == 0);
    const RecordingSink expected = Read({plain});
    REQUIRE(expected.sources.size() == 1);
    for (const std::string& file : {plain, packed}) {
      CAPTURE(file, text.size());
      std::thread writer = Writer(path, testing::ReadFile(file));
      const RecordingSink sink = Read({path});
      writer.join();
      REQUIRE(sink.failures.empty());
      REQUIRE(sink.sources.size() == 1);
      CHECK(sink.sources[0].begin.is_pipe);
      CHECK(Shape(sink.sources[0]) == Shape(expected.sources[0]));
      CHECK(Times(sink.sources[0]) == Times(expected.sources[0]));
      CHECK(sink.sources[0].stray.size() == expected.sources[0].stray.size());
      CHECK(sink.sources[0].end->content_hash == expected.sources[0].end->content_hash);
    }
  }
  std::thread writer = Writer(path, noise);
  CHECK(Read({path}).failures.at(0).trouble == Trouble::kNoCapture);
  writer.join();
  // What is made into text can't be rewound so far.
  std::string json;
  while (json.size() < 40'000'000) json += "{\"MESSAGE\": \"" + std::string(1000, 'x') + "\"}\n";
  std::thread json_writer = Writer(path, json);
  CHECK(Read({path}).failures.at(0).message.find("to a file") != std::string::npos);
  json_writer.join();
  std::signal(SIGPIPE, earlier);
}

TEST_CASE("a pipe can be rewound to where it says") {
  const TemporaryFolder folder;
  const std::string path = folder.Path("pipe");
  REQUIRE(mkfifo(path.c_str(), 0600) == 0);
  std::string text;
  while (text.size() < 40'000'000) text += std::to_string(text.size()) + ",";
  std::thread writer = Writer(path, text);
  const std::unique_ptr<ByteSource> source = OpenSource(path);
  const uint64_t limit = source->RewindLimit().value();
  CHECK_FALSE(source->Size());
  std::string buffer(300'000, '\0');
  for (int round = 0; round < 2; ++round) {
    std::string read;
    while (read.size() < limit)
      read.append(buffer.data(), source->Read(buffer.data(), buffer.size()));
    CHECK((read == text.substr(0, read.size())));
    source->Rewind();
  }
  std::string read;
  while (const size_t count = source->Read(buffer.data(), buffer.size())) {
    read.append(buffer.data(), count);
  }
  writer.join();
  CHECK((read == text));
}

TEST_CASE("a file that can't be read to its end fails by name") {
  // Reading a process's memory at address 0 fails.
  const RecordingSink sink = Read({"/proc/self/mem"});
  REQUIRE(sink.failures.size() == 1);
  CHECK(sink.failures[0].trouble == Trouble::kUnreadable);
}

}  // namespace
}  // namespace tcpsnap::capture
