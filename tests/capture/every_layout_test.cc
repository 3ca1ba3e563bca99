// One capture in every layout: the same sockets at the same times come out of each, and damage to a
// line takes that line's rows away, or those of its table, but never gives a row another time.
#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "capture/capture.h"
#include "capture/recording_sink.h"
#include "support/captures.h"
#include "support/catch.h"
#include "support/row_text.h"
#include "support/temporary_folder.h"

namespace tcpsnap::capture {
namespace {

using testing::Read;
using testing::RecordingSink;
using testing::TemporaryFolder;

const std::string kLayouts = std::string(TCPSNAP_TESTDATA) + "/layouts/";
constexpr int64_t kMoment = 1'795'333'047'000;  // 2026-11-22T07:37:27Z

enum class Needs { kNothing, kDate, kStart, kStartAndInterval, kTime };

struct Layout {
  std::string file;
  std::string word;  // that the account shows
  int moments = 3;   // of the three that the capture has
  bool has_tcp6 = false;
  TimeOrigin origin = TimeOrigin::kMarker;
  Needs needs = Needs::kNothing;
  std::string host = "localhost";
  int rows_of_first = 3;  // as many of the first table
  int64_t fraction_ms = 0;
};

// 03 and 30 have their own tests; 13 is told nothing, so that nothing can be wrong with its times.
const std::vector<Layout> kAll = {
    {"01-epoch-line.txt", "epoch-line"},
    {"02-epoch-float-line.txt", "epoch-fraction-line", 3, false, TimeOrigin::kMarker,
     Needs::kNothing, "localhost", 3, 123},
    {"03-date-C-locale.txt", "date-line", 3, true},
    {"04-date-12h-en_US.txt", "date-12h-line"},
    {"05-date-Is.txt", "iso-line"},
    {"06-oswatcher-zzz.dat", "oswatcher", 3, false, TimeOrigin::kMarker, Needs::kNothing, "host1"},
    {"07-exawatcher-zzz.dat", "exawatcher"},
    {"08-rhel-monitor-sh.txt", "dressed-time", 3, false, TimeOrigin::kMarker, Needs::kNothing,
     "localhost", 3, 123},
    {"09-equals-plain.txt", "dressed-time"},
    {"10-timestamp-keyword.txt", "dressed-time"},
    {"11-dash-check-date.txt", "dressed-time"},
    {"12-relative-t.txt", "relative-time", 3, false, TimeOrigin::kMarker, Needs::kStart},
    {"13-no-marker-loop.txt", "no-marker (--start)", 3, false, TimeOrigin::kGiven,
     Needs::kStartAndInterval},
    {"14-tail-headers.txt", "no-marker (--time), path-line", 1, true, TimeOrigin::kGiven,
     Needs::kTime},
    {"15-echo-path-sections.txt", "no-marker (--time), path-line", 1, true, TimeOrigin::kGiven,
     Needs::kTime},
    {"16-grep-path-prefix.txt", "no-marker (--time), path-prefix", 1, true, TimeOrigin::kGiven,
     Needs::kTime},
    {"17-grep-Hn-path-line-prefix.txt", "no-marker (--time), path-prefix", 1, false,
     TimeOrigin::kGiven, Needs::kTime},
    {"18-ts-prefix-moreutils.txt", "ts-prefix", 3, false, TimeOrigin::kPrefix, Needs::kDate},
    {"19-iso-prefix-k8s.txt", "iso-prefix", 3, false, TimeOrigin::kPrefix, Needs::kNothing,
     "localhost", 3, 123},
    {"20-epoch-prefix-awk.txt", "epoch-prefix", 3, false, TimeOrigin::kPrefix},
    {"21-syslog-prefix.txt", "syslog-prefix", 3, false, TimeOrigin::kPrefix, Needs::kDate, "host1"},
    {"22-journal-iso-syslog.txt", "iso-syslog-prefix", 3, false, TimeOrigin::kPrefix,
     Needs::kNothing, "host1"},
    {"23-shell-prompt.txt", "date-line, prompt-line", 1, true},
    {"24-adb-crlf.txt", "iso-line", 1, false},
    {"25-supportconfig.txt", "date-line, supportconfig, times-below", 1, false},
    {"26-android-dumpstate.txt", "dumpstate", 1, false},
    {"27-watch-typescript.txt", "terminal, watch", 1, false},
    {"28-jsonl-embedded.jsonl", "iso-line, json, path-line"},
    {"29-T-hms-only.txt", "time-of-day-line", 3, false, TimeOrigin::kMarker, Needs::kDate,
     "localhost", 3, 123},
};

CaptureSettings SettingsFor(const Layout& layout) {
  CaptureSettings settings;
  switch (layout.needs) {
    case Needs::kNothing:
      break;
    case Needs::kDate:
      settings.date = CivilDay{2026, 11, 22};
      break;
    case Needs::kStart:
      settings.start_ms = kMoment - 1000;
      break;
    case Needs::kStartAndInterval:
      settings.start_ms = kMoment;
      settings.interval_ms = 1000;
      break;
    case Needs::kTime:
      settings.time_ms = kMoment;
      break;
  }
  return settings;
}

// A socket at a time. Two of one dump that are the same would be one here.
using Sample = std::tuple<int64_t, uint64_t, uint64_t, uint16_t, uint16_t, int, uint64_t>;

std::set<Sample> SamplesOf(const RecordingSink& sink) {
  std::set<Sample> samples;
  for (const testing::RecordedSource& source : sink.sources) {
    for (const CapturedDump& dump : source.dumps) {
      for (const procnet::SocketRecord& record : dump.records) {
        samples.insert({dump.taken_ms, record.inode, record.pointer, record.local_port,
                        record.remote_port, static_cast<int>(record.state), record.timer_ticks});
      }
    }
  }
  return samples;
}

// The truth: tcp and tcp6 of three moments.
std::map<std::pair<int64_t, procnet::Family>, procnet::Records> Truth() {
  std::map<std::pair<int64_t, procnet::Family>, procnet::Records> truth;
  const RecordingSink sink = Read({kLayouts + "03-date-C-locale.txt"});
  for (const CapturedDump& dump : sink.sources.at(0).dumps) {
    truth[{dump.taken_ms, dump.family}] = dump.records;
  }
  return truth;
}

TEST_CASE("the same sockets at the same times come out of every layout") {
  const auto truth = Truth();
  REQUIRE(truth.size() == 6);
  for (const Layout& layout : kAll) {
    CAPTURE(layout.file);
    const RecordingSink sink = Read({kLayouts + layout.file}, SettingsFor(layout));
    REQUIRE(sink.failures.empty());
    REQUIRE(sink.sources.size() == 1);
    const testing::RecordedSource& source = sink.sources[0];
    CHECK(source.stray.empty());
    CHECK(source.end->layout == layout.word);
    CHECK(source.dumps.size() == static_cast<size_t>(layout.moments * (layout.has_tcp6 ? 2 : 1)));
    for (const CapturedDump& dump : source.dumps) {
      CHECK(dump.refused.empty());
      CHECK(dump.time_origin == layout.origin);
      CHECK(dump.host == layout.host);
      const auto expected = truth.find({dump.taken_ms - layout.fraction_ms, dump.family});
      REQUIRE(expected != truth.end());
      CHECK(dump.records == expected->second);
    }
    if (layout.needs == Needs::kNothing) continue;
    // Without what it needs it is refused, and told what would help.
    const RecordingSink refused = Read({kLayouts + layout.file});
    CHECK(refused.sources.empty());
    REQUIRE(refused.failures.size() == 1);
    CHECK(refused.failures[0].trouble == Trouble::kNoTime);
    const std::string option = layout.needs == Needs::kDate   ? "--date"
                               : layout.needs == Needs::kTime ? "--time"
                                                              : "--start";
    CHECK(refused.failures[0].message.find(option) != std::string::npos);
  }
}

TEST_CASE("a layout that is cut keeps what stands before the cut, at its times") {
  const TemporaryFolder folder;
  for (const Layout& layout : kAll) {
    const CaptureSettings settings = SettingsFor(layout);
    const std::string text = testing::ReadFile(kLayouts + layout.file);
    const std::set<Sample> whole = SamplesOf(Read({kLayouts + layout.file}, settings));
    const std::string name = "cut" + layout.file.substr(layout.file.rfind('.'));
    for (size_t size = 0; size < text.size(); size += 1 + text.size() / 60) {
      CAPTURE(layout.file, size);
      const std::set<Sample> cut =
          SamplesOf(Read({folder.Write(name, text.substr(0, size))}, settings));
      CHECK(std::includes(whole.begin(), whole.end(), cut.begin(), cut.end()));
    }
  }
}

// Where in a line a letter in place of a digit can't be read as another good time or row.
void Break(std::string& line, testing::Random& random) {
  const size_t at = std::uniform_int_distribution<size_t>(0, line.size() - 1)(random);
  line[at] = '~';
}

TEST_CASE("a damaged line never gives a row of another line another time") {
  testing::Random random(20261122);
  const TemporaryFolder folder;
  for (const Layout& layout : kAll) {
    // A cut word of a screen or a string is another screen or string.
    if (layout.file.substr(0, 2) == "27" || layout.file.substr(0, 2) == "28") continue;
    const CaptureSettings settings = SettingsFor(layout);
    const std::string text = testing::ReadFile(kLayouts + layout.file);
    const std::set<Sample> whole = SamplesOf(Read({kLayouts + layout.file}, settings));
    const std::string name = "damaged" + layout.file.substr(layout.file.rfind('.'));
    std::vector<std::string> lines;
    for (size_t begin = 0; begin < text.size();) {
      const size_t end = text.find('\n', begin);
      lines.push_back(text.substr(begin, end - begin));
      if (end == text.npos) break;
      begin = end + 1;
    }
    for (size_t i = 0; i < lines.size(); ++i) {
      if (lines[i].empty()) continue;
      for (int round = 0; round < 6; ++round) {
        std::vector<std::string> damaged = lines;
        Break(damaged[i], random);
        std::string joined;
        for (const std::string& line : damaged) joined += line + "\n";
        CAPTURE(layout.file, i + 1, damaged[i]);
        const std::set<Sample> samples = SamplesOf(Read({folder.Write(name, joined)}, settings));
        CHECK(std::includes(whole.begin(), whole.end(), samples.begin(), samples.end()));
      }
    }
  }
}

}  // namespace
}  // namespace tcpsnap::capture
