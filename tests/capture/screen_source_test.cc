// What terminals were sent, made into text.
#include "capture/screen_source.h"

#include <memory>
#include <string>
#include <vector>

#include "capture/made_text.h"
#include "capture/read_all.h"
#include "capture/screen.h"
#include "capture/text_source.h"
#include "support/captures.h"
#include "support/catch.h"

namespace tcpsnap::capture {
namespace {

using testing::MadeLines;
using testing::ReadAll;
using testing::TextSource;

MadeLines Show(const std::string& sent, size_t most = 1 << 20) {
  const auto source = OpenTerminal(std::make_unique<TextSource>(sent, most));
  return ReadAll(*source);
}

// The text must not depend on the pieces, and be the same again after Rewind.
std::string Shown(const std::string& sent) {
  const MadeLines whole = Show(sent);
  CHECK((Show(sent, 1) == whole));
  const auto source = OpenTerminal(std::make_unique<TextSource>(sent, 7));
  char some[5];
  source->Read(some, sizeof some);
  source->Rewind();
  CHECK((ReadAll(*source, 3) == whole));
  return whole.text;
}

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

const std::string kClear = "\x1B[H\x1B[2J";
const std::string kWatch = "Every 1.0s: cat f";

TEST_CASE("escapes are what makes a file that of a terminal") {
  CHECK(LooksLikeTerminal("\x1B[0m"));
  CHECK(LooksLikeTerminal("text\n\x1B]0;title\a"));
  CHECK(LooksLikeTerminal("\x1B(B"));
  CHECK_FALSE(LooksLikeTerminal(""));
  CHECK_FALSE(LooksLikeTerminal("  sl  local_address [A"));
  CHECK_FALSE(LooksLikeTerminal("\x1B"));
  CHECK_FALSE(
      LooksLikeTerminal("a\x1B"
                        "7b"));
}

TEST_CASE("escapes are taken out of lines") {
  CHECK(Shown("") == "");
  CHECK(Shown("a\n\nb") == "a\n\nb");
  CHECK(Shown("a\r\n\r\nb\r\r\n") == "a\n\nb\n");
  CHECK(Shown("\x1B[1;32muser@host\x1B[0m:\x1B[?2004h$ cat f\x1B[?2004l\r\n") ==
        "user@host:$ cat f\n");
  CHECK(Shown("\x1B]0;title\a$ x\n\x1B]2;title\x1B\\$ y\n\x1Bktitle\x1B\\$ z\n") ==
        "$ x\n$ y\n$ z\n");
  CHECK(Shown("\x1B(B\x1B)0\x1B=a\x1B>b\x1B"
              "7c\x0F\a\n") == "abc\n");
  CHECK(Shown("\x1BP1$r0m\x1B\\a\x1B_x\x1B\\b\n") == "ab\n");
  CHECK(Shown("\x1B[31m\n\x1B[0m\n") == "\n\n");
  CHECK(Shown("caf\xC3\xA9 \x1B[1m\xE2\x82\xAC\n") == "caf\xC3\xA9 \xE2\x82\xAC\n");
}

TEST_CASE("blanks at the end of a row stay") {
  CHECK(Shown("   0: 0100007F:1538   \r\n") == "   0: 0100007F:1538   \n");
}

TEST_CASE("a damaged sequence ends with its line") {
  CHECK(Shown("a\x1B]0;no end\nb\n") == "a\nb\n");
  CHECK(Shown("a\x1B[12;\nb\n") == "a\nb\n");
  CHECK(Shown("a\x1B\nb\n") == "a\nb\n");
  CHECK(Shown("a\x1B[1\x1B[0mb\n") == "ab\n");
  CHECK(Shown("a\x1B") == "a");
  CHECK(Shown("\x1B[0m") == "");
}

TEST_CASE("lines that were edited") {
  CHECK(Shown("$ lx\b \bs\r\n") == "$ ls\n");
  CHECK(Shown("$ lx\b\x1B[Ks\r\n") == "$ ls\n");
  CHECK(Shown("$ l\b \b\b \b\r\n") == "$\n");
  CHECK(Shown("\xC3\xA9\b\x1B[Ke\n") == "e\n");
  CHECK(Shown("10%\r20%\r100%\r\n") == "100%\n");
  CHECK(Shown("long text\rshort\n") == "shorttext\n");
  CHECK(Shown("long text\r\x1B[Kshort\n") == "short\n");
  CHECK(Shown("$ at f\b\b\b\b\x1B[@c\n") == "$ cat f\n");
  CHECK(Shown("$ ccat f\b\b\b\b\b\x1B[1P\n") == "$ cat f\n");
  CHECK(Shown("%      \r \r\r\x1B[0m\x1B[J$ cat f\r\n") == "$ cat f\n");
  CHECK(Shown("a\x1B[3Cb\x1B[2D.\n") == "a  .b\n");
}

TEST_CASE("a line is bounded") {
  const std::string shown = Show(std::string(3'000'000, 'x') + "\nend\n").text;
  CHECK(shown.size() < 200'000);
  CHECK(shown.substr(shown.size() - 5) == "\nend\n");
  CHECK(Show("\x1B[9999C\x1B[9999C\x1B[65535G\x1B[65535@x\n").text.size() < 200'000);
}

TEST_CASE("other programs that clear the screen go line by line") {
  CHECK(Shown(kClear + "Sun Nov 22\r\n  sl\r\n" + kClear + "Sun Nov 23\r\n  sl\r\n") ==
        "Sun Nov 22\n  sl\nSun Nov 23\n  sl\n");
  CHECK(Shown("Every day\n\x1B[HEvery night\n") == "Every day\nEvery night\n");
}

TEST_CASE("screens that come whole") {
  const std::string two = kWatch + "\n\n  sl\n   0: A\n\n" + kWatch + "\n\n  sl\n   1: B\n\n";
  for (const std::string clear : {"\x1B[H\x1B[2J", "\x1B[H\x1B[J", "\x1B[2J\x1B[H",
                                  "\x1B[?1049h\x1B[22;0;0t\x1B[1;24r\x1B(B\x1B[m\x1B[H\x1B[2J"}) {
    CAPTURE(clear);
    const std::string end = clear.find('r') == clear.npos ? "\n" : "\r\n";
    const auto screen = [&](const std::string& row) {
      return clear + kWatch + end + end + "  sl  " + end + row + end;
    };
    CHECK(Shown(screen("   0: A ") + screen("   1: B ")) == two);
    CHECK(Shown("$ watch\n" + screen("   0: A")) ==
          "$ watch\n" + two.substr(0, two.find("A\n\n") + 3));
  }
}

TEST_CASE("only what changed is drawn") {
  const std::string first = "\x1B[1;24r" + kClear + kWatch + "\x1B[1;30H07:00\x1B[3;3Hsl\x1B[4;4H" +
                            "0: AAAA  \x1B[24;80H";
  const std::string header = kWatch + std::string(12, ' ');
  const std::string shown_first = header + "07:00\n\n  sl\n   0: AAAA\n\n";
  CHECK(Shown(first) == shown_first);
  SECTION("a row and the clock") {
    CHECK(Shown(first + "\x1B[1;34H1\x1B[4;8HB\x1B[24;80H") ==
          shown_first + header + "07:01\n\n  sl\n   0: ABAA\n\n");
  }
  SECTION("the clock alone") {
    CHECK(Shown(first + "\x1B[1;34H1\x1B[24;80H\x1B[1;34H2\x1B[24;80H") ==
          shown_first + header + "07:01\n\n  sl\n   0: AAAA\n\n" + header +
              "07:02\n\n  sl\n   0: AAAA\n\n");
  }
  SECTION("the clock in two pieces") {
    CHECK(Shown(first + "\x1B[1;31H8\x1B[1;34H1\x1B[24;80H") ==
          shown_first + header + "08:01\n\n  sl\n   0: AAAA\n\n");
  }
  SECTION("rows below are cleared before the clock is drawn") {
    CHECK(Shown(first + "\r\x1B[4d\x1B[J\x1B[1;34H1\x1B[24;80H") ==
          shown_first + header + "07:01\n\n  sl\n\n");
  }
  SECTION("rows are shifted before the clock is drawn") {
    CHECK(Shown(first + "\x1B[4;1H\x1B[L\x1B[1;34H1\x1B[4;4H0: BBBB\x1B[5;4H1:\x1B[24;80H") ==
          shown_first + header + "07:01\n\n  sl\n   0: BBBB\n   1: AAAA\n\n");
    CHECK(Shown(first + "\x1B[4;6r\x1B[4;1H\x1BM\x1B[1;24r\x1B[1;34H1\x1B[24;80H") ==
          shown_first + header + "07:01\n\n  sl\n\n   0: AAAA\n\n");
    CHECK(Shown(first + "\x1B[3;6r\x1B[6;1H\n\x1B[1;24r\x1B[1;34H1\x1B[24;80H") ==
          shown_first + header + "07:01\n\n   0: AAAA\n\n");
  }
  SECTION("what came before the end of an update is shown, too") {
    CHECK(Shown(first + "\x1B[1;34H1\x1B[4;8H") ==
          shown_first + header + "07:01\n\n  sl\n   0: AAAA");
  }
}

struct Drawing {
  const char* sent;
  const char* second_row;
};

TEST_CASE("the sequences that draw") {
  const std::string begin = "\x1B[1;24r" + kClear + kWatch + "\x1B[2;1Habcdefgh";
  for (const Drawing& drawing : std::vector<Drawing>{{"\x1B[2;3HX", "abXdefgh"},
                                                     {"\x1B[2;3fX", "abXdefgh"},
                                                     {"\x1B[3GX", "abXdefgh"},
                                                     {"\x1B[3`X", "abXdefgh"},
                                                     {"\x1B[2DX", "abcdefXh"},
                                                     {"\r\x1B[2CX", "abXdefgh"},
                                                     {"\b\bX", "abcdefXh"},
                                                     {"\rX", "Xbcdefgh"},
                                                     {"\x1B[4d\x1B[2AX", "abcdefghX"},
                                                     {"\x1B[1d\x1B[BX", "abcdefghX"},
                                                     {"\x1B[1d\x1B[EX", "Xbcdefgh"},
                                                     {"\x1B[4d\x1B[2FX", "Xbcdefgh"},
                                                     {"\x1B[2;4H\x1B[K", "abc"},
                                                     {"\x1B[2;4H\x1B[1K", "    efgh"},
                                                     {"\x1B[2K", ""},
                                                     {"\x1B[2;4H\x1B[2X", "abc  fgh"},
                                                     {"\x1B[2;4H\x1B[2P", "abcfgh"},
                                                     {"\x1B[2;4H\x1B[2@", "abc  defgh"},
                                                     {"\x1B[3b", "abcdefghhhh"},
                                                     {"\tX", "abcdefgh        X"},
                                                     {"\x1B"
                                                      "7\x1B[9;9H\x1B"
                                                      "8X",
                                                      "abcdefghX"},
                                                     {"\x1B[s\x1B[9;9H\x1B[uX", "abcdefghX"},
                                                     {"\x1B[1;2H\nX", "aXcdefgh"},
                                                     {"\x1B[1;2H\x1B"
                                                      "DX",
                                                      "aXcdefgh"},
                                                     {"\x1B[3d\x1BMX", "abcdefghX"},
                                                     {"\x1B[?25l\x1B[31mX\x1B[m", "abcdefghX"},
                                                     {"\x1B[2;3H\xC3\xA9",
                                                      "ab\xC3\xA9"
                                                      "defgh"}}) {
    CAPTURE(drawing.second_row);
    const std::vector<std::string> lines = Lines(Shown(begin + drawing.sent));
    REQUIRE(lines.size() >= 2);
    CHECK(lines[1] == drawing.second_row);
  }
}

TEST_CASE("what comes behind the last screen goes line by line") {
  const std::string screen = "\x1B[1;24r" + kClear + kWatch + "\x1B[3;3Hsl";
  const std::string shown = kWatch + "\n\n  sl\n\n";
  CHECK(Shown(screen + "\x1B[24;1H\x1B[?1049l\r\n$ cat f\r\n  row  \r\n") ==
        shown + "\n$ cat f\n  row  \n");
  CHECK(Shown(screen + "\x1B[24;1H\x1B[?2004h$ cat f\r\n") == shown + "$ cat f\n");
  CHECK(Shown(screen + kClear + "$ cat f\r\n") == shown + "$ cat f\n");
}

TEST_CASE("text that runs down the screen is all there") {
  std::string sent = "\x1B[1;5r" + kClear + kWatch + "\x1B[5;1H";
  std::string expected = kWatch + "\n\n\n\n\n";
  for (int i = 0; i < 20; ++i) {
    sent += "\r\nrow " + std::to_string(i);
    expected += "row " + std::to_string(i) + "\n";
  }
  // The cursor is still in the last row: it may be cut.
  CHECK(Shown(sent) + "\n" == expected);
}

TEST_CASE("more rows than a screen may have run out at its top") {
  std::string sent = kClear + kWatch + "\r\n";
  std::string expected = kWatch + "\n";
  for (int i = 0; i < 10'000; ++i) {
    sent += "row " + std::to_string(i) + "\r\n";
    expected += "row " + std::to_string(i) + "\n";
  }
  CHECK(Show(sent).text == expected + "\n");
}

TEST_CASE("columns and rows are bounded") {
  const std::string sent = kClear + kWatch +
                           "\x1B[9999;9999Hx\x1B[9999;4096Hy\x1B[65535@\x1B[65535L" +
                           "\x1B[65535B\x1B[65535C\x1B[65535bz\x1B[5;65535r\n\n";
  CHECK(Lines(Show(sent).text).size() <= Screen::kMaxRows * 2);
}

TEST_CASE("lines are those of the recording") {
  const MadeLines made = Show("a\n\nb\n" + kClear + kWatch + "\n\n  sl\n   0: A\n   1: B\n");
  CHECK(made.text == "a\n\nb\n" + kWatch + "\n\n  sl\n   0: A\n   1: B\n\n");
  CHECK((made.original_lines == std::vector<uint64_t>{1, 2, 3, 4, 4, 6, 7, 8, 8}));
}

// The tcp tables of the series that the recording showed, in order.
std::vector<std::vector<std::string>> SeriesTables() {
  std::vector<std::vector<std::string>> tables;
  bool in_table = false;
  for (std::string line :
       Lines(testing::ReadFile(TCPSNAP_TESTDATA "/lab/lab618-series12-dateIs-tcp+tcp6.txt"))) {
    line.resize(line.find_last_not_of(' ') + 1);
    if (line.find("sl  local_address rem_address") != line.npos) {
      tables.emplace_back();
      in_table = true;
    } else if (line.empty() || line[0] != ' ' || line.find("remote_address") != line.npos) {
      in_table = false;
    }
    if (in_table) tables.back().push_back(line);
  }
  return tables;
}

TEST_CASE("the screens of a recording are the tables that were shown") {
  const std::string sent =
      testing::ReadFile(TCPSNAP_TESTDATA "/layouts/27-watch-recorded.typescript");
  const std::vector<std::vector<std::string>> tables = SeriesTables();
  std::vector<std::vector<std::string>> shown;
  for (const std::string& line : Lines(Shown(sent))) {
    if (line.substr(0, 6) == "Every ") {
      shown.emplace_back();
    } else if (!shown.empty() && !line.empty() && line.substr(0, 6) != "Script") {
      shown.back().push_back(line);
    }
  }
  std::vector<std::vector<std::string>> expected;
  for (const size_t index : {3U, 5U, 0U, 1U, 6U, 2U, 4U, 3U, 3U})
    expected.push_back(tables.at(index));
  CHECK((shown == expected));
}

TEST_CASE("a recording that was cut shows the same screens up to there") {
  const std::string sent =
      testing::ReadFile(TCPSNAP_TESTDATA "/layouts/27-watch-recorded.typescript");
  const std::string whole = Show(sent).text;
  for (size_t size = 0; size < sent.size(); ++size) {
    const std::string shown = Show(sent.substr(0, size)).text;
    // All screens but the last, which may be half drawn.
    const size_t begin = shown.rfind("Every ") == shown.npos ? 0 : shown.rfind("Every ");
    REQUIRE((shown.substr(0, begin) == whole.substr(0, begin)));
  }
}

// A pipe: it can be rewound only so far.
class LimitedSource : public TextSource {
 public:
  using TextSource::TextSource;
  void Rewind() override { FAIL("not to be rewound"); }
  std::optional<uint64_t> RewindLimit() const override { return 1000; }
};

TEST_CASE("text made of a pipe is kept for a look at its beginning") {
  std::string sent;
  for (int i = 0; i < 100'000; ++i) sent += "\x1B[0m\x1B[0m\x1B[0m\x1B[0m\x1B[0m\x1B[0mx\n";
  const auto source = OpenTerminal(std::make_unique<LimitedSource>(sent, 1 << 20));
  CHECK(source->RewindLimit() == 1000U);
  char text[1000];
  CHECK(source->Read(text, sizeof text) == 1000);
  source->Rewind();
  CHECK((ReadAll(*source) == Show(sent)));
  std::string more;
  for (int i = 0; i < 30; ++i) more += sent;
  const auto longer = OpenTerminal(std::make_unique<LimitedSource>(more, 1 << 20));
  ReadAll(*longer);
  CHECK_THROWS_AS(longer->Rewind(), std::system_error);
}

TEST_CASE("a map of lines knows those that were added and forgets old ones") {
  LineMap map;
  CHECK(map.Find(7) == 7);
  const std::vector<uint64_t> originals = {1, 2, 3, 3, 3, 9, 10, 11, 5, 5, 6, 7, 100};
  for (size_t i = 0; i < originals.size(); ++i) map.Add(i * 10, originals[i]);
  for (size_t i = 0; i < originals.size(); ++i) {
    CAPTURE(i);
    CHECK(map.Find(i + 1) == originals[i]);
  }
  map.ForgetBefore(60);
  for (size_t i = 6; i < originals.size(); ++i) CHECK(map.Find(i + 1) == originals[i]);
}

}  // namespace
}  // namespace tcpsnap::capture
