// The lines of a text, whatever the pieces are in which it is read.
#include "capture/text_window.h"

#include <sys/resource.h>

#include <string>
#include <vector>

#include "capture/text_source.h"
#include "support/catch.h"

namespace tcpsnap::capture {
namespace {

using testing::TextSource;

struct OwnedLine {
  std::string text;
  uint64_t line;
  uint64_t offset;
  bool terminated;
  bool too_long;
  friend bool operator==(const OwnedLine&, const OwnedLine&) = default;
};

// What the header promises, plainly.
std::vector<OwnedLine> ReferenceLines(const std::string& text) {
  std::vector<OwnedLine> lines;
  for (size_t begin = 0; begin < text.size();) {
    const size_t newline = text.find('\n', begin);
    const bool terminated = newline != text.npos;
    const size_t end = terminated ? newline : text.size();
    OwnedLine line{text.substr(begin, end - begin), lines.size() + 1, begin, terminated, false};
    if (line.text.size() > kMaxLineBytes) {
      line.too_long = true;
      line.text.resize(kMaxLineBytes);
    }
    while (!line.text.empty() && line.text.back() == '\r') line.text.pop_back();
    lines.push_back(line);
    begin = end + terminated;
  }
  return lines;
}

std::vector<OwnedLine> WindowLines(const std::string& text, size_t most, unsigned seed,
                                   std::string* read = nullptr) {
  TextSource source(text, most, seed);
  TextWindow window(source, [&](std::string_view bytes) {
    if (read != nullptr) read->append(bytes);
  });
  std::vector<OwnedLine> lines;
  std::mt19937 random(seed);
  for (Line line;;) {
    // Some lines are taken in one go, as rows are.
    std::string_view complete = window.CompleteLines();
    if (random() % 3 == 0 && !complete.empty()) {
      const size_t size = complete.find('\n') + 1;
      if (size <= kMaxLineBytes) {
        std::string whole(complete.substr(0, size - 1));
        while (!whole.empty() && whole.back() == '\r') whole.pop_back();
        lines.push_back(
            {std::move(whole), window.position().line, window.position().offset, true, false});
        window.Consume(size, 1);
        continue;
      }
    }
    if (!window.NextLine(line)) break;
    lines.push_back({std::string(line.text), line.position.line, line.position.offset,
                     line.terminated, line.too_long});
  }
  CHECK(window.CompleteLines().empty());
  CHECK(window.position().offset == text.size());
  CHECK(window.position().line == lines.size() + 1);
  Line line;
  CHECK_FALSE(window.NextLine(line));
  return lines;
}

void CheckText(const std::string& text) {
  const std::vector<OwnedLine> expected = ReferenceLines(text);
  for (const size_t most : {size_t{1} << 22, size_t{70'000}, size_t{1000}, size_t{3}}) {
    if (text.size() / most > 200'000) continue;
    for (const unsigned seed : {1U, 2U}) {
      CAPTURE(most, seed, text.size());
      std::string read;
      REQUIRE((WindowLines(text, most, seed, &read) == expected));
      REQUIRE((read == text));
    }
  }
}

TEST_CASE("lines are the same whatever the blocks") {
  CheckText("");
  CheckText("\n");
  CheckText("one");
  CheckText("one\n");
  CheckText("one\r\ntwo\r\n\r\nthree\r");
  CheckText("\r\r\n\r");
  CheckText(std::string("a\0b\n\0\n", 6));
  CheckText("no end\nto the last");
}

TEST_CASE("the limit of a line is 64 KiB, its end not counted") {
  for (const std::string end : {"\n", "\r\n", "", "\r"}) {
    for (const size_t size : {kMaxLineBytes - 1, kMaxLineBytes, kMaxLineBytes + 1,
                              2 * kMaxLineBytes, 5 * kMaxLineBytes}) {
      CAPTURE(size);
      const std::string line(size, 'x');
      CheckText(line + end);
      CheckText("before\n" + line + end);
      if (end.find('\n') != end.npos) CheckText(line + end + "behind\n" + line + end + "last");
    }
  }
}

TEST_CASE("random texts of all kinds of lines") {
  std::mt19937 random(5);
  for (int round = 0; round < 30; ++round) {
    std::string text;
    while (text.size() < 400'000) {
      const size_t size = random() % 50 == 0  ? random() % 300'000
                          : random() % 8 == 0 ? 0
                                              : random() % 400;
      text += std::string(size, static_cast<char>(random() % 256));
      text += random() % 4 == 0 ? "\r\n" : "\n";
    }
    if (round % 2 == 0) text.pop_back();
    CAPTURE(round);
    REQUIRE((WindowLines(text, 1 << 20, 1) == ReferenceLines(text)));
    REQUIRE((WindowLines(text, 5000, 2) == ReferenceLines(text)));
  }
}

// Endless x.
class LongLine : public ByteSource {
 public:
  explicit LongLine(uint64_t size) : left_(size) {}
  size_t Read(char* bytes, size_t size) override {
    const size_t count = std::min<uint64_t>(size, left_);
    std::fill_n(bytes, count, 'x');
    left_ -= count;
    return count;
  }
  void Rewind() override {}
  std::optional<uint64_t> Size() const override { return std::nullopt; }
  std::optional<uint64_t> RewindLimit() const override { return std::nullopt; }

 private:
  uint64_t left_;
};

TEST_CASE("a line of 200 MB takes no more memory than another") {
  constexpr uint64_t kBytes = 200'000'000;
  LongLine source(kBytes);
  TextWindow window(source, [](std::string_view) {});
  struct rusage before, after;
  getrusage(RUSAGE_SELF, &before);
  Line line;
  REQUIRE(window.NextLine(line));
  getrusage(RUSAGE_SELF, &after);
  CHECK(line.too_long);
  CHECK_FALSE(line.terminated);
  CHECK(line.text.size() == kMaxLineBytes);
  CHECK(window.position().offset == kBytes);
  CHECK_FALSE(window.NextLine(line));
  CHECK(after.ru_maxrss - before.ru_maxrss < 20'000);  // KiB
}

}  // namespace
}  // namespace tcpsnap::capture
