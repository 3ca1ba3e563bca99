#include "query/command_line.h"

#include <algorithm>
#include <array>
#include <boost/program_options.hpp>
#include <sstream>
#include <string_view>

#include "common/run_main.h"
#include "report/nearest.h"

namespace tcpsnap::query {
namespace {

namespace po = boost::program_options;

enum OptionGroup : unsigned {
  kFormat = 1,
  kOutput = 2,
  kZone = 4,
  kWindow = 8,
  kParameters = 16,
  kQuiet = 32,
  kFile = 64,
  kTables = 128,
};

struct Command {
  std::string_view name;
  std::string_view arguments;
  size_t least_arguments;
  size_t most_arguments;
  unsigned options;
  std::string_view summary;
  std::string_view help;  // what the summary doesn't say, and an example
};

constexpr unsigned kRows = kFormat | kOutput | kQuiet;

constexpr std::array<Command, 6> kCommands = {{
    {"list", "", 0, 0, kRows, "the reports there are",
     "Example:\n"
     "  tcpsnap-query list\n"},
    {"show", "NAME", 1, 1, kOutput, "what a report means, its parameters, columns and SQL",
     "Example:\n"
     "  tcpsnap-query show timewait\n"},
    {"report", "DB NAME", 2, 2, kRows | kZone | kWindow | kParameters, "run a report",
     "Times are ISO (2026-11-22T14:00, or with a zone), epoch seconds, HH:MM of the last day at "
     "or\n"
     "before the end, or -90m (s, m, h, d) from the end. The end is --until, else the last\n"
     "snapshot. --since is inside of the window, --until outside.\n"
     "In JSON times are ISO-8601 UTC; elsewhere they are shown in the zone of --tz.\n"
     "\n"
     "Examples:\n"
     "  tcpsnap-query report incident.db timewait --bucket 1h --tz Europe/Berlin\n"
     "  tcpsnap-query report incident.db states --since -90m --bucket 1m -p state=connected\n"
     "  tcpsnap-query report incident.db timewait-peers --since 14:00 --until 15:00 -p limit=5\n"},
    {"sql", "DB [SQL]", 1, 2, kRows | kZone | kWindow | kParameters | kFile,
     "run SQL that reads, on the views (see: schema)",
     "The SQL is an argument, a file (-f), or standard input (-). It may hold several statements,\n"
     "whose results follow one another: in JSON an array each, in table, csv, tsv and markdown "
     "with\n"
     "an empty line between. :since, :until (milliseconds), :host and the names given with -p are\n"
     "parameters; bucket(taken_ms) is the start of the bucket of --bucket in the zone of --tz.\n"
     "Nothing can be written: no ATTACH, no VACUUM INTO, no temporary tables.\n"
     "\n"
     "Examples:\n"
     "  tcpsnap-query sql incident.db \"SELECT remote_ip, count(*) FROM sockets\n"
     "    WHERE taken_ms >= :since AND state = 'SYN_SENT' GROUP BY 1 ORDER BY 2 DESC\" --since "
     "-10m\n"
     "  tcpsnap-query sql incident.db -f churn.sql -p port=443 --format csv -o churn.csv\n"
     "  echo 'SELECT host, count(*) FROM snapshots GROUP BY host' | tcpsnap-query sql incident.db "
     "-\n"},
    {"info", "DB", 1, 1, kFormat | kOutput | kZone,
     "what a database holds: hosts, times, sources, refused lines",
     "Formats: table, json.\n"
     "\n"
     "Example:\n"
     "  tcpsnap-query info incident.db\n"},
    {"schema", "", 0, 0, kOutput | kTables, "the views with their columns, as commented SQL",
     "Example:\n"
     "  tcpsnap-query schema | less\n"},
}};

po::options_description OptionsOf(const Command& command) {
  po::options_description options("Options", 100);
  auto add = options.add_options();
  if ((command.options & kWindow) != 0) {
    add("since", po::value<std::string>()->value_name("T"), "from this time on");
    add("until", po::value<std::string>()->value_name("T"), "up to this time, not including it");
    add("host", po::value<std::string>()->value_name("HOST"), "this host (or host/netns) only");
    add("bucket", po::value<std::string>()->value_name("WIDTH"),
        "width of the buckets: 10s, 1m, 5m, 1h (the default), 1d");
  }
  if ((command.options & kZone) != 0) {
    add("tz", po::value<std::string>()->value_name("ZONE"),
        "zone of bucket borders, of shown times, and of given ones without a zone (default UTC)");
  }
  if ((command.options & kParameters) != 0) {
    add("param,p", po::value<std::vector<std::string>>()->value_name("NAME=VALUE"),
        "a parameter; may be repeated");
  }
  if ((command.options & kFile) != 0) {
    add("file,f", po::value<std::string>()->value_name("FILE"), "read the SQL from a file");
  }
  if ((command.options & kTables) != 0) {
    add("tables", "the tables below the views instead");
  }
  if ((command.options & kFormat) != 0) {
    add("format", po::value<std::string>()->value_name("FORMAT"),
        "table (the default), csv, tsv, json, jsonl, markdown");
  }
  if ((command.options & kOutput) != 0) {
    add("output,o", po::value<std::string>()->value_name("FILE"),
        "write to a file instead of standard output");
  }
  if ((command.options & kQuiet) != 0) {
    add("no-header", "no column names");
    add("quiet,q", "no remarks on standard error");
  }
  add("help,h", "this text");
  return options;
}

std::string Usage() {
  std::string text =
      "tcpsnap-query answers questions about captured TCP sockets, from a database that\n"
      "tcpsnap-ingest wrote.\n\n";
  for (const Command& command : kCommands) {
    std::string line = "  tcpsnap-query " + std::string(command.name) + " ";
    line += command.arguments;
    line.resize(std::max<size_t>(line.size() + 1, 32), ' ');
    text.append(line).append(command.summary) += '\n';
  }
  text +=
      "\n"
      "  tcpsnap-query COMMAND --help  options and examples\n"
      "  tcpsnap-query --version\n"
      "\n"
      "Example:\n"
      "  tcpsnap-query report incident.db timewait --bucket 1h --tz Europe/Berlin\n"
      "\n"
      "Data goes to standard output, everything else to standard error.\n"
      "Exit codes: 0 done, 1 failed (disk full, database busy or not ours), 2 wrong usage.\n";
  return text;
}

std::string HelpOf(const Command& command) {
  std::ostringstream text;
  text << "tcpsnap-query " << command.name;
  if (!command.arguments.empty()) text << ' ' << command.arguments;
  text << " [OPTIONS]: " << command.summary << "\n\n" << OptionsOf(command) << '\n' << command.help;
  return text.str();
}

const Command& FindCommand(const std::string& name) {
  std::vector<std::string> names;
  for (const Command& command : kCommands) {
    if (command.name == name) return command;
    names.emplace_back(command.name);
  }
  if (name.rfind('-', 0) == 0) {
    throw apps::UsageError("the command comes first (" + report::JoinNames(names) + "), then '" +
                           name + "'");
  }
  throw apps::UsageError("no command is called '" + name + "'" + report::DidYouMean(name, names));
}

std::optional<std::string> Text(const po::variables_map& given, const char* name) {
  if (given.count(name) == 0) return std::nullopt;
  return given[name].as<std::string>();
}

std::map<std::string, std::string> Parameters(const po::variables_map& given) {
  std::map<std::string, std::string> parameters;
  if (given.count("param") == 0) return parameters;
  for (const std::string& word : given["param"].as<std::vector<std::string>>()) {
    const size_t equals = word.find('=');
    if (equals == std::string::npos || equals == 0) {
      throw apps::UsageError("-p '" + word + "': a parameter is given as name=value");
    }
    if (!parameters.emplace(word.substr(0, equals), word.substr(equals + 1)).second) {
      throw apps::UsageError("-p " + word.substr(0, equals) + " is given twice");
    }
  }
  return parameters;
}

void CheckCount(const Command& command, const std::vector<std::string>& arguments) {
  const std::string form =
      "tcpsnap-query " + std::string(command.name) + " " + std::string(command.arguments);
  if (arguments.size() < command.least_arguments) {
    throw apps::UsageError("something is missing: " + form);
  }
  if (arguments.size() > command.most_arguments) {
    throw apps::UsageError("'" + arguments[command.most_arguments] + "' is too much: " + form);
  }
}

void Fill(const po::variables_map& given, CommandLine& line) {
  line.format = Text(given, "format").value_or(line.format);
  line.output = Text(given, "output");
  line.header = given.count("no-header") == 0;
  line.quiet = given.count("quiet") != 0;
  line.since = Text(given, "since");
  line.until = Text(given, "until");
  line.host = Text(given, "host");
  line.bucket = Text(given, "bucket");
  line.zone = Text(given, "tz").value_or(line.zone);
  line.parameters = Parameters(given);
  line.file = Text(given, "file");
  line.tables = given.count("tables") != 0;
}

}  // namespace

CommandLine ParseCommandLine(int argc, const char* const* argv) {
  CommandLine line;
  if (argc < 2) throw apps::UsageError("no command\n\n" + Usage());
  line.command = argv[1];
  if (line.command == "--help" || line.command == "-h" || line.command == "help") {
    line.help = Usage();
    return line;
  }
  if (line.command == "--version") {
    line.help = "tcpsnap-query " TCPSNAP_VERSION "\n";
    return line;
  }
  const Command& command = FindCommand(line.command);

  po::options_description options = OptionsOf(command);
  options.add_options()("argument", po::value<std::vector<std::string>>());
  po::positional_options_description positional;
  positional.add("argument", -1);
  // No guessing of long options from their first letters: a script must not change its meaning when
  // an option is added.
  const int style = po::command_line_style::default_style & ~po::command_line_style::allow_guessing;
  po::variables_map given;
  po::store(po::command_line_parser(argc - 1, argv + 1)
                .options(options)
                .positional(positional)
                .style(style)
                .run(),
            given);
  if (given.count("help") != 0) {
    line.help = HelpOf(command);
    return line;
  }
  if (given.count("argument") != 0) {
    line.arguments = given["argument"].as<std::vector<std::string>>();
  }
  CheckCount(command, line.arguments);
  Fill(given, line);
  return line;
}

}  // namespace tcpsnap::query
