// A capture in any layout: every line of its text is counted once, and the pieces in which it is
// read never show.
//
// The first byte chooses how it is read: bits 0-1 as it is, as JSON, as a terminal's screen; bit 2
// --date; bit 3 --start; bit 4 rows without a time are refused; bit 5 the prefixes that a survey
// finds stand on every line; bit 6 the times stand below.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "capture/dump_splitter.h"
#include "capture/json_source.h"
#include "capture/screen_source.h"
#include "capture/survey.h"
#include "capture/text_source.h"

namespace {

using namespace tcpsnap;           // NOLINT(google-build-using-namespace)
using namespace tcpsnap::capture;  // NOLINT(google-build-using-namespace)

constexpr int64_t kMoment = 1'795'333'047'000;  // 2026-11-22T07:37:27Z

// What the splitter told, as text, and how many lines that were.
class Told : public DumpEvents {
 public:
  void OnMarker(const Marker& marker, const Line& line) override {
    text += std::string(marker.layout) + " " + std::to_string(line.position.line) + "\n";
  }
  void OnDump(FoundDump& dump) override {
    lines += dump.records.size() + dump.refused.size();
    text += "dump " + dump.host + " " + std::to_string(dump.records.size()) + " " +
            std::to_string(dump.first.line) + " " + std::to_string(dump.end_offset) + " " +
            (dump.time && dump.time->time ? std::to_string(dump.time->time->utc_ms) : "-") +
            (dump.open ? " open" : "") + (dump.same_moment ? " same\n" : "\n");
    Refused(dump.refused);
  }
  void OnStrayRefused(std::vector<procnet::RefusedLine>& refused) override {
    lines += refused.size();
    Refused(refused);
    refused.clear();
  }
  void OnForeignTable(procnet::Table) override {}

  std::string text;
  uint64_t lines = 0;

 private:
  void Refused(const std::vector<procnet::RefusedLine>& refused) {
    for (const procnet::RefusedLine& line : refused) {
      text += "refused " + std::to_string(line.position.line) + ":" + std::to_string(line.column) +
              " " + std::string(ReasonName(line.reason)) + " " + line.text + "\n";
      if (line.column > line.text.size() && line.reason != procnet::Reason::kLineTooLong) {
        text += "outside\n";
        std::abort();
      }
    }
  }
};

std::unique_ptr<ByteSource> Open(const std::string& text, unsigned selector, size_t most) {
  auto source = std::make_unique<testing::TextSource>(text, most);
  switch (selector & 3) {
    case 1:
      return OpenJson(std::move(source));
    case 2:
      return OpenTerminal(std::move(source));
    default:
      return source;
  }
}

SplitSettings SettingsOf(const std::string& text, unsigned selector) {
  SplitSettings settings;
  if ((selector & 4) != 0) settings.date = CivilDay{2026, 11, 22};
  if ((selector & 8) != 0) settings.start_ms = kMoment;
  if ((selector & 32) != 0) {
    settings.prefixes = SurveySource(*Open(text, selector, 1 << 16), settings, {}).prefixes;
  }
  settings.refuse_untimed = (selector & 16) != 0;
  if ((selector & 64) != 0) settings.moment_times = {kMoment, kMoment + 1000};
  if (!settings.moment_times.empty()) settings.refuse_untimed = true;
  return settings;
}

struct Result {
  std::string text;
  uint64_t told = 0;  // lines that were counted or handed on
  uint64_t lines = 0;
};

Result Split(const std::string& text, unsigned selector, const SplitSettings& settings,
             size_t most) {
  Result result;
  {
    const std::unique_ptr<ByteSource> source = Open(text, selector, most);
    TextWindow window(*source, [](std::string_view) {});
    Told told;
    const procnet::LineCounts counts = SplitDumps(window, settings, told);
    const int64_t counted = counts.markers + counts.headers + counts.blank + counts.other;
    result.told = told.lines + static_cast<uint64_t>(counted);
    result.text = told.text + std::to_string(counts.markers) + " " +
                  std::to_string(counts.headers) + " " + std::to_string(counts.blank) + " " +
                  std::to_string(counts.other);
  }
  const std::unique_ptr<ByteSource> source = Open(text, selector, most);
  TextWindow window(*source, [](std::string_view) {});
  for (Line line; window.NextLine(line);) ++result.lines;
  return result;
}

void Require(bool holds, const char* what, const Result& a, const Result& b) {
  if (holds) return;
  std::fprintf(stderr, "%s\n%s\n%llu of %llu lines\n---\n%s\n%llu of %llu lines\n", what,
               a.text.c_str(), static_cast<unsigned long long>(a.told),
               static_cast<unsigned long long>(a.lines), b.text.c_str(),
               static_cast<unsigned long long>(b.told), static_cast<unsigned long long>(b.lines));
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const unsigned selector = data[0];
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const SplitSettings settings = SettingsOf(text, selector);
  const Result whole = Split(text, selector, settings, 1 << 16);
  Require(whole.told == whole.lines, "lines got lost or were counted twice", whole, whole);
  const Result pieces = Split(text, selector, settings, 7);
  Require(whole.text == pieces.text, "the pieces show", whole, pieces);
  return 0;
}
