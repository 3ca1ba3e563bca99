// The dumps of a text: where they begin and end, and that the blocks in which it is read never
// show.
#include "capture/dump_splitter.h"

#include <string>
#include <vector>

#include "capture/text_source.h"
#include "support/captures.h"
#include "support/catch.h"
#include "support/dump_text.h"
#include "support/row_text.h"

namespace tcpsnap::capture {
namespace {

using procnet::Family;
using procnet::Reason;
using procnet::RowShape;
using testing::kTcp6Header;
using testing::kTcpHeader;
using testing::Text;
using testing::TextSource;

// All that a splitter tells, as text.
class Transcript : public DumpEvents {
 public:
  void OnMarker(const Marker& marker, const Line& line) override {
    Add("marker", line.position.line);
    text += std::string(marker.layout) + "\n";
  }
  void OnDump(FoundDump& dump) override {
    Add(dump.family == Family::kTcp ? "tcp" : "tcp6", dump.first.line);
    text += std::to_string(dump.first.offset) + "-" + std::to_string(dump.end_offset) + " rows " +
            std::to_string(dump.records.size());
    if (dump.has_header) text += " header";
    if (dump.open) text += " open";
    if (dump.same_moment) text += " same";
    if (dump.time && dump.time->time) {
      text += " at " + std::to_string(dump.time->time->utc_ms / 1000);
    }
    text += "\n";
    Refused(dump.refused);
    for (procnet::SocketRecord& record : dump.records) records.push_back(record);
    ++dumps;
  }
  void OnStrayRefused(std::vector<procnet::RefusedLine>& lines) override {
    Refused(lines);
    lines.clear();
  }
  void OnForeignTable(procnet::Table table) override {
    text += "foreign " + std::to_string(static_cast<int>(table)) + "\n";
  }

  std::string text;
  std::vector<procnet::SocketRecord> records;
  size_t dumps = 0;

 private:
  void Add(const std::string& what, uint64_t line) {
    text += what + " " + std::to_string(line) + ": ";
  }
  void Refused(const std::vector<procnet::RefusedLine>& lines) {
    for (const procnet::RefusedLine& line : lines) {
      text += "  refused " + std::to_string(line.position.line) + "@" +
              std::to_string(line.position.offset) + ":" + std::to_string(line.column) + " " +
              std::string(ReasonName(line.reason)) + "\n";
      refused_text += line.text + "\n";
    }
  }

 public:
  std::string refused_text;
};

struct Split {
  Transcript events;
  procnet::LineCounts counts;
};

Split SplitText(const std::string& text, bool refuse_untimed = false, size_t most = 1 << 20,
                unsigned seed = 1) {
  TextSource source(text, most, seed);
  TextWindow window(source, [](std::string_view) {});
  Split split;
  SplitSettings settings;
  settings.refuse_untimed = refuse_untimed;
  split.counts = SplitDumps(window, settings, split.events);
  return split;
}

const std::string kRow =
    "   0: 0100007F:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 "
    "371114 1 00000000e8439b5a 100 0 0 10 0";
const std::string kRow6 =
    "   0: 00000000000000000000000001000000:1F90 00000000000000000000000000000000:0000 0A "
    "00000000:00000000 00:00000000 00000000     0        0 77 1 0000000011111111 100 0 0 10 0";

TEST_CASE("a dump ends at a marker, a header, a row of the other family, or the end") {
  CHECK(
      SplitText(Text("1795333047", kTcpHeader, kRow, "1795333048", kTcpHeader, kRow)).events.text ==
      "marker 1: epoch-line\n"
      "tcp 2: 11-291 rows 1 header at 1795333047\n"
      "marker 4: epoch-line\n"
      "tcp 5: 302-582 rows 1 header open at 1795333048\n");
  CHECK(SplitText(Text(kTcpHeader, kRow, kTcpHeader, kRow, kTcp6Header, kRow6)).events.text ==
        "tcp 1: 0-280 rows 1 header\n"
        "tcp 3: 280-560 rows 1 header\n"
        "tcp6 5: 560-879 rows 1 header open same\n");
  CHECK(SplitText(Text(kRow, kRow, kRow6, kRow)).events.text ==
        "tcp 1: 0-130 rows 1\n"  // two reads: no read has two rows 0
        "tcp 2: 130-260 rows 1\n"
        "tcp6 3: 260-434 rows 1 same\n"
        "tcp 4: 434-564 rows 1 open\n");
}

TEST_CASE("blank lines and other text in between do not end a dump") {
  const Split split =
      SplitText(Text("hello", "", kTcpHeader, kRow, "", "cat: error", "---", kRow, "$ exit"));
  CHECK(split.events.text == "tcp 3: 7-433 rows 2 header\nmarker 9: prompt-line\n");
  CHECK(split.counts.other == 3);
  CHECK(split.counts.blank == 2);
  CHECK(split.counts.headers == 1);
  CHECK(split.counts.markers == 1);
}

TEST_CASE("below the header or the path of another table all is other text") {
  const std::string udp_header =
      "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "
      "inode ref pointer drops";
  const std::string udp_row =
      "  100: 00000000:0044 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 "
      "12345 2 00000000c1b4bb9e 0";
  const Split by_header =
      SplitText(Text("1795333047", kTcpHeader, kRow, udp_header, udp_row, kRow, kTcpHeader, kRow));
  CHECK(by_header.events.dumps == 2);
  CHECK(by_header.events.records.size() == 2);
  CHECK(by_header.counts.other == 3);
  const Split by_path =
      SplitText(Text("==> /proc/net/tcp <==", kRow, "==> /proc/net/udp <==", udp_row, kRow,
                     "==> /proc/net/tcp6 <==", kRow6));
  CHECK(by_path.events.dumps == 2);
  CHECK(by_path.counts.other == 2);
  CHECK(by_path.counts.markers == 3);
}

TEST_CASE("a header alone is a dump of no sockets, one whose every row is refused is none") {
  CHECK(SplitText(Text("1795333047", kTcpHeader, kTcp6Header)).events.text ==
        "marker 1: epoch-line\n"
        "tcp 2: 11-161 rows 0 header at 1795333047\n"
        "tcp6 3: 161-" +
            std::to_string(162 + kTcp6Header.size()) + " rows 0 header open same at 1795333047\n");
  std::string bad = kRow;
  bad.replace(bad.find(" 0A "), 4, " 0C ");
  CHECK(SplitText(Text("1795333047", kTcpHeader, bad, bad)).events.text ==
        "marker 1: epoch-line\n"
        "  refused 3@161:34 bad_state\n"
        "  refused 4@291:34 bad_state\n");
}

TEST_CASE("rows whose moment can't be told are refused one by one") {
  const std::string text = Text(kRow, kTcpHeader, kRow, "1795333047", kTcpHeader, kRow,
                                "Sun Nov 22 07:37:27 CST 2026", kTcpHeader, kRow);
  const Split split = SplitText(text, true);
  CHECK(split.events.dumps == 1);
  CHECK(split.events.refused_text == Text(kRow, kRow, kRow));
  CHECK(split.counts.headers == 3);
  CHECK(split.counts.markers == 2);
  CHECK(SplitText(text, false).events.dumps == 4);
}

TEST_CASE("one time tells one moment: a second table of a family under it is refused") {
  const Split split = SplitText(Text("1795333047", kTcpHeader, kRow, kTcpHeader, kRow, kRow,
                                     kTcp6Header, kRow6, "1795333048", kTcpHeader, kRow),
                                true);
  CHECK(split.events.dumps == 2);
  CHECK(split.events.refused_text == Text(kRow, kRow, kRow6));
  CHECK(split.counts.headers == 4);
}

TEST_CASE("a row number is no marker") {
  const std::string row = "2000" + kRow.substr(4);
  CHECK(SplitText(Text("1795333047", kTcpHeader, row, row)).events.records.size() == 2);
}

TEST_CASE("a byte order mark and Windows' line ends change nothing") {
  const std::string text = Text("1795333047", kTcpHeader, kRow, kRow, kTcp6Header, kRow6);
  std::string windows = "\xEF\xBB\xBF";
  for (const char c : text) windows += c == '\n' ? "\r\n" : std::string(1, c);
  const Split plain = SplitText(text, true);
  const Split other = SplitText(windows, true);
  CHECK(plain.events.dumps == 2);
  CHECK((plain.events.records == other.events.records));
  CHECK(other.events.refused_text.empty());
}

TEST_CASE("a line longer than a row can be is refused inside of a dump, with its beginning") {
  const std::string row = kRow + std::string(100'000, '1');
  const Split inside = SplitText(Text(kTcpHeader, kRow, row, kRow));
  CHECK(inside.events.records.size() == 2);
  CHECK(inside.events.text.find("refused 3@280:65536 line_too_long") != std::string::npos);
  CHECK(inside.events.refused_text.size() == kMaxLineBytes + 1);
  const Split outside = SplitText(Text(std::string(100'000, 'x'), kTcpHeader, kRow));
  CHECK(outside.counts.other == 1);
}

TEST_CASE("a last row without its line end is taken only when it is whole") {
  const std::string padded = kRow + std::string(149 - kRow.size(), ' ');
  const std::string text = Text("1795333047", kTcpHeader, padded) + padded;
  CHECK(SplitText(text).events.records.size() == 2);
  for (size_t cut = 1; cut < 149; ++cut) {
    const Split split = SplitText(text.substr(0, text.size() - cut));
    CAPTURE(cut);
    REQUIRE(split.events.records.size() == 1);
    REQUIRE(split.counts.blank + static_cast<int64_t>(!split.events.refused_text.empty()) == 1);
  }
}

TEST_CASE("the blocks in which a text is read never show") {
  testing::Random random(9);
  for (const auto& file : testing::FilesBelow(TCPSNAP_TESTDATA)) {
    if (file.extension() == ".gz" || std::filesystem::file_size(file) > 200'000) continue;
    std::string text = testing::ReadFile(file);
    for (int round = 0; round < 4; ++round) {
      CAPTURE(file.string(), round);
      const bool refuse_untimed = round % 2 == 0;
      const Split whole = SplitText(text, refuse_untimed);
      for (const size_t most : {size_t{1}, size_t{7}, size_t{160}, size_t{5000}}) {
        const Split pieces = SplitText(text, refuse_untimed, most, static_cast<unsigned>(round));
        REQUIRE(whole.events.text == pieces.events.text);
        REQUIRE((whole.events.records == pieces.events.records));
        REQUIRE(whole.events.refused_text == pieces.events.refused_text);
      }
      for (int damage = 0; damage < 5; ++damage) text = testing::Damage(text, random);
      if (text.empty()) break;
    }
  }
}

}  // namespace
}  // namespace tcpsnap::capture
