#include "ingest/command_line.h"

#include <algorithm>
#include <boost/program_options.hpp>
#include <sstream>
#include <stdexcept>

#include "capture/clock.h"
#include "capture/layout.h"
#include "common/run_main.h"

namespace tcpsnap::ingest {
namespace {

namespace po = boost::program_options;

constexpr std::string_view kUsage =
    "Usage: tcpsnap-ingest [options] DB PATH...\n"
    "       tcpsnap-ingest DB --forget SOURCE\n"
    "\n"
    "Imports dumps of /proc/net/tcp and /proc/net/tcp6 with their times into the SQLite database "
    "DB,\n"
    "which is made if it is not there. A PATH is a file, a compressed file, an archive (tar, zip), "
    "a\n"
    "folder (searched to the bottom) or - for standard input. Importing something twice adds only\n"
    "what is new.\n"
    "\n"
    "The time of a dump is read from the line above it (`date`, `date +%s`, `date -Is`), from "
    "what\n"
    "stands before each line (ts, syslog, kubectl), from the name of its file or folder, or from "
    "the\n"
    "`date` file of its bundle. What carries no time is refused unless --time, --date, or --start "
    "and\n"
    "--interval, say it; --dry-run shows how the times were found. Lines that can't be read are "
    "kept\n"
    "with their reason: SELECT * FROM rejected_lines.\n";

constexpr std::string_view kExamples =
    "\n"
    "Examples:\n"
    "  tcpsnap-ingest incident.db web1.log web1-snapshots/\n"
    "  tcpsnap-ingest incident.db --host db2 --tz Europe/Berlin db2/\n"
    "  tcpsnap-ingest incident.db --time '2026-11-22 07:37:27' proc-net-tcp.txt proc-net-tcp6.txt\n"
    "  tcpsnap-ingest incident.db --start 2026-11-22T07:37:27Z --interval 3s loop.txt\n"
    "  tcpsnap-ingest incident.db sosreport-web1-2026-11-22-abcdefg.tar.xz web2.log.gz\n"
    "  tcpsnap-ingest incident.db --host-from 'fleet/{host}/**' fleet/\n"
    "  tcpsnap-ingest incident.db --date 2026-11-22 web1-ts.log\n"
    "  ssh web1 cat sockets.log | tcpsnap-ingest incident.db --host web1 -\n"
    "  tcpsnap-ingest incident.db --dry-run pile/\n"
    "\n"
    "Exit code: 0 all imported, 1 something could not be imported, 2 wrong usage, 3 refused under\n"
    "--strict.\n";

int64_t ParseMoment(const char* option, const std::string& text, const capture::Zone& zone) {
  const capture::TimeResult result = capture::ParseTime(text, zone);
  if (!result.time) {
    throw apps::UsageError(std::string(option) + " '" + text +
                           "': " + std::string(TimeErrorSentence(result.error)));
  }
  return result.time->utc_ms;
}

int64_t ParseStretch(const char* option, const std::string& text) {
  const std::optional<int64_t> duration = capture::ParseDuration(text);
  if (!duration) {
    throw apps::UsageError(std::string(option) + " '" + text +
                           "': this is no duration; write it like 3s, 500ms, 1m or 1h");
  }
  return *duration;
}

procnet::ByteOrder ParseByteOrder(const std::string& text) {
  if (text == "little") return procnet::ByteOrder::kLittle;
  if (text == "big") return procnet::ByteOrder::kBig;
  throw apps::UsageError("--byte-order '" + text + "': it is little or big");
}

capture::HostPattern ParseHostPattern(const std::string& text) {
  try {
    return capture::HostPattern(text);
  } catch (const std::invalid_argument& error) {
    throw apps::UsageError(std::string("--host-from: ") + error.what());
  }
}

std::string ParseLayout(const std::string& text) {
  for (const capture::LayoutWord& layout : capture::LayoutWords()) {
    if (layout.word == text) return text;
  }
  throw apps::UsageError("--layout '" + text +
                         "': there is no such layout; --layout list names all");
}

std::string DescribeLayouts() {
  std::string text;
  for (const capture::LayoutWord& layout : capture::LayoutWords()) {
    constexpr size_t kColumn = 24;
    std::string word(layout.word);
    word.resize(std::max(kColumn, word.size() + 2), ' ');
    text += word + std::string(layout.sentence) + "\n";
  }
  return text;
}

po::options_description MakeOptions() {
  po::options_description options("Options", 100);
  const auto text = [](const char* name) { return po::value<std::string>()->value_name(name); };
  options.add_options()  //
      ("host", text("NAME"),
       "host that the dumps are of (default: what they tell, else localhost)")  //
      ("host-from", text("PATTERN"),
       "where the paths tell the host: 'fleet/{host}/**'; * is any text without a slash")        //
      ("netns", text("NAME"), "network namespace of the host; shown as HOST/NAME")               //
      ("tz", text("ZONE"), "zone of times that name none, like Europe/Berlin (default: UTC)")    //
      ("time", text("T"), "when the dump was taken, for files that carry no time")               //
      ("date", text("DAY"), "day of the first time, for times of day and dates without a year")  //
      ("start", text("T"),
       "when the first dump was taken, for files of many dumps without times or with times since a "
       "start")("interval", text("D"), "from one dump to the next in such files: 3s, 1m")  //
      ("layout", text("NAME"),
       "how the dumps tell their times, where that is taken wrongly; --layout list names all")  //
      ("byte-order", text("ORDER"), "little or big (default: what the addresses show)")         //
      ("hz", po::value<int64_t>()->value_name("N"),
       "clock ticks a second of the host (default: 100; 1024 on alpha and ia64)")  //
      ("strict", "import no file in which a line can't be read; exit code 3")      //
      ("max-rejects", po::value<int64_t>()->value_name("N"),
       "import no file in which more than N lines can't be read")  //
      ("forget", po::value<std::vector<std::string>>()->value_name("SOURCE")->composing(),
       "take out what the file or archive SOURCE brought (a path or content hash as `tcpsnap-query "
       "info` shows them)")                                                //
      ("dry-run", "import nothing; say on stdout what would be imported")  //
      ("wait", text("D"), "wait so long for readers of the database at a commit (default: 60s)")(
          "quiet,q", "no progress, no summary; errors and warnings only")  //
      ("help,h", "this text")                                              //
      ("version", "the version");
  return options;
}

}  // namespace

CommandLine ParseCommandLine(int argc, char** argv) {
  const po::options_description visible = MakeOptions();
  po::options_description all;
  all.add(visible).add_options()("database", po::value<std::string>())(
      "path", po::value<std::vector<std::string>>());
  po::positional_options_description positional;
  positional.add("database", 1).add("path", -1);
  po::variables_map given;
  po::store(po::command_line_parser(argc, argv).options(all).positional(positional).run(), given);
  po::notify(given);

  CommandLine line;
  if (given.count("help") > 0) {
    std::ostringstream help;
    help << kUsage << "\n" << visible << kExamples;
    line.help = help.str();
    return line;
  }
  if (given.count("layout") > 0 && given["layout"].as<std::string>() == "list") {
    line.help = DescribeLayouts();
    return line;
  }
  if (given.count("version") > 0) {
    line.help = "tcpsnap-ingest " TCPSNAP_VERSION "\n";
    return line;
  }
  const auto text = [&](const char* name) -> std::optional<std::string> {
    if (given.count(name) == 0) return std::nullopt;
    return given[name].as<std::string>();
  };

  if (!text("database")) throw apps::UsageError("which database? See tcpsnap-ingest --help");
  line.database = *text("database");
  if (given.count("path") > 0) line.paths = given["path"].as<std::vector<std::string>>();
  if (given.count("forget") > 0) line.forget = given["forget"].as<std::vector<std::string>>();
  if (line.paths.empty() && line.forget.empty()) {
    throw apps::UsageError("which files? tcpsnap-ingest " + line.database +
                           " PATH..., see tcpsnap-ingest --help");
  }
  if (!line.paths.empty() && !line.forget.empty()) {
    throw apps::UsageError("--forget goes without PATH: forget first, then import again");
  }

  capture::CaptureSettings& capture = line.capture;
  capture.host = text("host");
  capture.netns = text("netns").value_or("");
  if (capture.host && capture.host->empty()) throw apps::UsageError("--host is empty");
  if ((capture.host.value_or("") + capture.netns).find('/') != std::string::npos) {
    throw apps::UsageError(
        "a slash parts host and network namespace: it can't be in --host or --netns");
  }
  if (text("host-from")) capture.host_pattern = ParseHostPattern(*text("host-from"));
  if (text("layout")) capture.layout = ParseLayout(*text("layout"));
  if (text("date")) {
    capture.date = capture::ParseDay(*text("date"));
    if (!capture.date) {
      throw apps::UsageError("--date '" + *text("date") + "': it is a day, like 2026-11-22");
    }
  }
  if (text("tz")) capture.zone = capture::Zone::Find(*text("tz"));
  if (text("time")) capture.time_ms = ParseMoment("--time", *text("time"), capture.zone);
  if (text("start")) capture.start_ms = ParseMoment("--start", *text("start"), capture.zone);
  if (text("interval")) capture.interval_ms = ParseStretch("--interval", *text("interval"));
  if (capture.time_ms && capture.start_ms) {
    throw apps::UsageError("--time is for one dump, --start for many: give one of them");
  }
  if (text("byte-order")) capture.byte_order = ParseByteOrder(*text("byte-order"));
  if (text("wait")) line.wait_ms = ParseStretch("--wait", *text("wait"));
  if (given.count("hz") > 0) {
    line.ticks_per_second = given["hz"].as<int64_t>();
    if (*line.ticks_per_second < 1 || *line.ticks_per_second > 10'000) {
      throw apps::UsageError("--hz " + std::to_string(*line.ticks_per_second) +
                             ": it is a number from 1 to 10000");
    }
    capture.ticks_per_second = *line.ticks_per_second;
  }
  line.strict = given.count("strict") > 0;
  if (given.count("max-rejects") > 0) {
    const int64_t most = given["max-rejects"].as<int64_t>();
    if (most < 0) throw apps::UsageError("--max-rejects is a number from 0 on");
    capture.max_rejects = static_cast<uint64_t>(most);
  }
  if (line.strict) capture.max_rejects = 0;
  line.dry_run = given.count("dry-run") > 0;
  line.quiet = given.count("quiet") > 0;
  return line;
}

}  // namespace tcpsnap::ingest
