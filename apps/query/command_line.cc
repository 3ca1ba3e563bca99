#include "query/command_line.h"

#include <algorithm>
#include <array>
#include <boost/program_options.hpp>
#include <limits>
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
  kFolders = 256,
  kMoment = 512,
  kNames = 1024,
  kSharing = 2048,
  kKey = 4096,
  kHeader = 8192,
  kBucket = 16384,
  kRuleFolders = 32768,
  kRules = 65536,
  kText = 131072,
  kTicket = 262144,
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

constexpr unsigned kRows = kFormat | kHeader | kOutput | kQuiet;

constexpr size_t kAnyNumber = std::numeric_limits<size_t>::max();

constexpr std::array<Command, 11> kCommands = {{
    {"list", "", 0, 0, kRows | kFolders | kRules | kRuleFolders,
     "the reports there are, by the question they answer",
     "Examples:\n"
     "  tcpsnap-query list\n"
     "  tcpsnap-query list --rules\n"
     "  tcpsnap-query list --report-dir ~/reports --format json\n"},
    {"show", "NAME", 1, 1, kOutput | kFolders | kRuleFolders,
     "what a report or rule means, its parameters, columns and SQL",
     "NAME is one of list, triage/NAME one of list --rules; or it is the path of a file: it holds "
     "a\n"
     "'/' or ends in .sql.\n"
     "\n"
     "Examples:\n"
     "  tcpsnap-query show timewait\n"
     "  tcpsnap-query show triage/close-wait-leak\n"
     "  tcpsnap-query show ./open-ports.sql\n"},
    {"report", "DB NAME", 2, 2,
     kRows | kZone | kWindow | kBucket | kParameters | kFolders | kNames | kSharing, "run a report",
     "NAME is one of list, or the path of a report file: it holds a '/' or ends in .sql. The SQL "
     "of\n"
     "a report (see: show) is the model for your own; check tells what is wrong with one.\n"
     "\n"
     "Times are ISO (2026-11-22T14:00, or with a zone), epoch seconds, HH:MM of the last day at "
     "or\n"
     "before the end, or -90m (s, m, h, d) from the end. The end is --until, else the last\n"
     "snapshot. --since is inside of the window, --until outside.\n"
     "In JSON times are ISO-8601 UTC; elsewhere they are shown in the zone of --tz.\n"
     "\n"
     "Names go to the columns of the types port, address and uid (see: show). table and markdown "
     "show\n"
     "443/https, 10.0.0.1 (db1), 33 (www-data). The other formats leave these columns as they are "
     "and\n"
     "have one more behind each, NAME_name: port_name, local_ip_name, uid_name; empty (null) "
     "where\n"
     "nothing is known. Services are those of tcp; the first line for a number or address counts; "
     "a\n"
     "prefix (10.0.0.0/8), 0.0.0.0 and :: have no name. Lines of a file that are not understood "
     "are\n"
     "left out. Give files of the captured host: this machine's users and hosts are others.\n"
     "\n"
     "--anonymize is for output that others get to see. Addresses become others of the same kind,\n"
     "those of one network another network; hosts, network namespaces and files become words. "
     "Ports,\n"
     "times and numbers stay, and so do 0.0.0.0, loopback, and the kinds: private, link-local,\n"
     "multicast. One key always gives the same, so that two outputs can be compared; keep it, "
     "since\n"
     "restore translates back with it. What is on standard error is for you and stays as it is. A\n"
     "report of your own has to give addresses as text, not as numbers.\n"
     "\n"
     "Examples:\n"
     "  tcpsnap-query report incident.db timewait --bucket 1h --tz Europe/Berlin\n"
     "  tcpsnap-query report incident.db states --since -90m --bucket 1m -p state=connected\n"
     "  tcpsnap-query report incident.db timewait-peers --since 14:00 --until 15:00 -p limit=5\n"
     "  tcpsnap-query report incident.db listeners --resolve-ports --passwd web1/etc/passwd\n"
     "  tcpsnap-query report incident.db remotes --anonymize --key-file ~/acme.key -o remotes.txt\n"
     "  tcpsnap-query report incident.db ./open-ports.sql\n"
     "  tcpsnap-query report incident.db open-ports --report-dir ~/reports\n"},
    {"triage", "DB", 1, 1, kRows | kText | kZone | kWindow | kParameters | kRuleFolders | kSharing,
     "what went wrong, worst first",
     "Rules look for leaks, full queues, floods, silent backends, loss and their like. A finding "
     "tells\n"
     "what it is, when, how sure that is and why, the figures, some of the sockets or peers, and "
     "the\n"
     "command that shows more. Nothing is found on a healthy host: then there is no output but a "
     "line\n"
     "on standard error, and the exit code is 0 as well.\n"
     "\n"
     "A rule is a file as a report is, with the columns of a finding (list --rules, show "
     "triage/NAME).\n"
     "Yours are added from --rule-dir; one with the name of a built-in rule takes its place. "
     "check\n"
     "tells what is wrong with one. Thresholds are parameters (-p), and go to every rule that has "
     "one\n"
     "of the name. Of a window with more than 240 snapshots most rules look into "
     "240, evenly spaced:\n"
     "for what lasts a few snapshots only choose a shorter one, or -p looks=N. Times are as for "
     "report\n"
     "(--help there).\n"
     "\n"
     "Examples:\n"
     "  tcpsnap-query triage incident.db --tz Europe/Berlin\n"
     "  tcpsnap-query triage incident.db --since 14:00 --until 15:00 --host web1\n"
     "  tcpsnap-query triage incident.db -p leak_growth=20 --rule-dir ~/rules --format json -o "
     "findings.json\n"},
    {"ticket", "DB [REPORT...]", 1, kAnyNumber,
     kOutput | kQuiet | kZone | kWindow | kBucket | kParameters | kFolders | kRuleFolders |
         kTicket | kSharing,
     "one document for a ticket: findings, reports, quality, sources",
     "Without a REPORT: what triage finds, and the reports states and services (without peers: "
     "none of\n"
     "them reads the samples). With some: these, and findings with --triage. --triage alone: "
     "findings\n"
     "without reports. A REPORT is a name or a path, as for report (--help there, for times "
     "too).\n"
     "\n"
     "A parameter goes to every report and rule that has it; -p REPORT.NAME=VALUE is for one "
     "report.\n"
     "--compare-since and --compare-until add the report compare: that window, side by side with "
     "the one\n"
     "of --since and --until.\n"
     "\n"
     "The JSON is described by a JSON Schema (tcpsnap-query schema --ticket). The Markdown tells "
     "the\n"
     "same and reads well pasted into GitHub, GitLab or Jira. Lists are cut at --max-rows and tell "
     "how\n"
     "many there are. The same database and window give the same bytes.\n"
     "\n"
     "Examples:\n"
     "  tcpsnap-query ticket incident.db --since 14:00 --until 15:00 --host web1 -o ticket.json\n"
     "  tcpsnap-query ticket incident.db --format markdown --tz Europe/Berlin -o ticket.md\n"
     "  tcpsnap-query ticket incident.db close-wait remotes --triage -p limit=10 -p "
     "remotes.limit=50\n"
     "  tcpsnap-query ticket incident.db --since 14:00 --compare-since 13:00 --compare-until "
     "14:00\n"
     "  tcpsnap-query ticket incident.db --anonymize --key-file ~/acme.key -o ticket.json\n"},
    {"check", "FILE...", 1, kAnyNumber, 0,
     "whether files of reports and rules are right, and what is wrong",
     "A report file is comments (title, group, description, param, column), then one SELECT; show\n"
     "prints the SQL of the built-in ones. A rule of triage is one of the group triage, with the\n"
     "columns of a finding. For each file: 'FILE: ok', or every problem as\n"
     "FILE:LINE:COLUMN with what to do. It is run on an empty database and on a small sample, "
     "none\n"
     "of yours is needed. Exit code 2 when there was a problem.\n"
     "\n"
     "Example:\n"
     "  tcpsnap-query check ./open-ports.sql ~/reports/*.sql\n"},
    {"sql", "DB [SQL]", 1, 2, kRows | kZone | kWindow | kBucket | kParameters | kFile,
     "run SQL that reads, on the views (see: schema)",
     "The SQL is an argument, a file (-f), or standard input (-). It may hold several statements,\n"
     "whose results follow one another: in JSON an array each, in table, csv, tsv and markdown "
     "with\n"
     "an empty line between. :since, :until (milliseconds), :host and the names given with -p are\n"
     "parameters; bucket(taken_ms) is the start of the bucket of --bucket in the zone of --tz.\n"
     "Nothing can be written: no ATTACH, no VACUUM INTO, no temporary tables.\n"
     "The columns have no types, so that ports, addresses and uids can't be named here: a report\n"
     "file of your own, which declares them, can (report --help).\n"
     "\n"
     "Examples:\n"
     "  tcpsnap-query sql incident.db \"SELECT remote_ip, count(*) FROM sockets\n"
     "    WHERE taken_ms >= :since AND state = 'SYN_SENT' GROUP BY 1 ORDER BY 2 DESC\" --since "
     "-10m\n"
     "  tcpsnap-query sql incident.db -f churn.sql -p port=443 --format csv -o churn.csv\n"
     "  echo 'SELECT host, count(*) FROM snapshots GROUP BY host' | tcpsnap-query sql incident.db "
     "-\n"},
    {"sockets", "DB [FILTER...]", 1, kAnyNumber, kRows | kZone | kMoment | kNames | kSharing,
     "the sockets of a moment, as ss shows them",
     "Shown is the last snapshot of each host, that of --at, or each of --since and --until. All\n"
     "states are shown unless the filter names some (ss leaves out LISTEN and TIME_WAIT without "
     "-a).\n"
     "\n"
     "The filter is that of ss, in one argument or in several:\n"
     "  state STATE, exclude STATE  established, time-wait, listening, ...; all, connected,\n"
     "                              synchronized, bucket, big; also TIME_WAIT or 06; repeated "
     "words\n"
     "                              add up\n"
     "  src HOST, dst HOST          10.0.0.1, 10.0.0.0/8, 10.0.0.1:443, [::1]:443, "
     "[2001:db8::]/32, :443\n"
     "  sport|dport OP PORT         443, :443 or :https; OP is = != < <= > >=, or eq ne lt le gt "
     "ge,\n"
     "                              or nothing for =\n"
     "  and, or, not, ( )           also & | !; nothing means and\n"
     "Where ss and its manual read 'or' with 'and' differently, parentheses are asked for. dev, "
     "fwmark,\n"
     "cgroup and autobound are refused: a saved table doesn't tell them.\n"
     "\n"
     "recv_q of LISTEN counts connections that wait for accept(); send_q of LISTEN is not the "
     "limit\n"
     "that ss -l shows: /proc/net/tcp doesn't have it. uid is empty where no process owns the "
     "socket.\n"
     "table and markdown show host and taken_at where they differ; the other formats always do, "
     "with\n"
     "address and port apart.\n"
     "\n"
     "Names stand in endpoints as ss -r writes them (db1:https) and beside uids, 33 (www-data); "
     "the\n"
     "formats with address and port apart leave them and have columns of names behind them, "
     "local_ip_name\n"
     "and so on (report --help). The filter takes names of ports from --services too, never those "
     "of\n"
     "hosts.\n"
     "Times and --anonymize are as for report (--help there); --at HH:MM is of the last day, and "
     "the\n"
     "filter takes addresses as they are.\n"
     "\n"
     "Examples:\n"
     "  tcpsnap-query sockets incident.db --at 14:05 'state time-wait and dport = :443 and dst "
     "10.0.0.0/8'\n"
     "  tcpsnap-query sockets incident.db --host web1 state close-wait --long\n"
     "  tcpsnap-query sockets incident.db --anonymize --key-file ~/acme.key state syn-sent\n"
     "  tcpsnap-query sockets incident.db --since 14:00 --until 14:10 'src 10.0.0.5:8080' --format "
     "csv\n"},
    {"restore", "DB [FILE]", 1, 2, kOutput | kQuiet | kKey,
     "translate back what --anonymize wrote, or an answer to it",
     "Addresses in FILE (or standard input) become the original ones again, in whatever spelling "
     "and\n"
     "between whatever words they stand, and so do the words for the hosts, namespaces and files "
     "of\n"
     "DB. The rest stays as it is. The key is that which --anonymize was given; with another one "
     "the\n"
     "addresses that come out are wrong.\n"
     "\n"
     "Examples:\n"
     "  tcpsnap-query restore incident.db --key-file ~/acme.key answer.txt\n"
     "  echo 'is 10.224.17.201 a proxy?' | tcpsnap-query restore incident.db --key-file "
     "~/acme.key\n"},
    {"info", "DB", 1, 1, kFormat | kOutput | kZone,
     "what a database holds: hosts, times, sources, refused lines",
     "Formats: table, json.\n"
     "\n"
     "Example:\n"
     "  tcpsnap-query info incident.db\n"},
    {"schema", "", 0, 0, kOutput | kTables, "the views with their columns, as commented SQL",
     "Examples:\n"
     "  tcpsnap-query schema | less\n"
     "  tcpsnap-query schema --ticket -o ticket.schema.json\n"},
}};

po::options_description OptionsOf(const Command& command) {
  po::options_description options("Options", 100);
  auto add = options.add_options();
  if ((command.options & kMoment) != 0) {
    add("at", po::value<std::string>()->value_name("T"),
        "the last snapshot of each host at or before this time");
  }
  if ((command.options & (kWindow | kMoment)) != 0) {
    add("since", po::value<std::string>()->value_name("T"), "from this time on");
    add("until", po::value<std::string>()->value_name("T"), "up to this time, not including it");
    add("host", po::value<std::string>()->value_name("HOST"), "this host (or host/netns) only");
  }
  if ((command.options & kWindow) != 0) {
  }
  if ((command.options & kBucket) != 0) {
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
  if ((command.options & kFolders) != 0) {
    add("report-dir", po::value<std::vector<std::string>>()->value_name("DIR"),
        "the reports of this folder too (all its *.sql); may be repeated");
  }
  if ((command.options & kRules) != 0) add("rules", "the rules of triage instead");
  if ((command.options & kRuleFolders) != 0) {
    add("rule-dir", po::value<std::vector<std::string>>()->value_name("DIR"),
        "the rules of triage of this folder too (all its *.sql); may be repeated");
  }
  if ((command.options & kFile) != 0) {
    add("file,f", po::value<std::string>()->value_name("FILE"), "read the SQL from a file");
  }
  if ((command.options & kTables) != 0) {
    add("tables", "the tables below the views instead");
    add("ticket", "the JSON Schema of tickets instead");
  }
  if ((command.options & kMoment) != 0) {
    add("long", "further columns: is_local, rto_ms, ato_ms, quick, pingpong, cwnd, ssthresh");
    add("limit", po::value<std::string>()->value_name("N"), "at most N rows");
  }
  if ((command.options & kNames) != 0) {
    add("resolve-ports", "names of ports, of the services(5) file /etc/services");
    add("services", po::value<std::string>()->value_name("FILE"), "names of ports, of this file");
    add("hosts", po::value<std::string>()->value_name("FILE"),
        "names of addresses, of a hosts(5) file: 10.0.0.1 db1");
    add("passwd", po::value<std::string>()->value_name("FILE"),
        "names of uids, of a passwd(5) file of the captured host");
  }
  if ((command.options & kSharing) != 0) {
    add("anonymize", "other addresses and names in place of the real ones; needs --key-file");
    add("key-file", po::value<std::string>()->value_name("FILE"),
        "the key of --anonymize; where there is no such file, one is made");
  }
  if ((command.options & kKey) != 0) {
    add("key-file", po::value<std::string>()->value_name("FILE"),
        "the key that --anonymize was given");
  }
  if ((command.options & kTicket) != 0) {
    add("triage", "findings, beside the reports that are named");
    add("compare-since", po::value<std::string>()->value_name("T"),
        "compare the window with another one, from this time on");
    add("compare-until", po::value<std::string>()->value_name("T"),
        "... up to this time, not including it (default: where the window begins)");
    add("max-rows", po::value<std::string>()->value_name("N"),
        "the most rows of each report and list (default 100, in markdown 20)");
    add("format", po::value<std::string>()->value_name("FORMAT"), "json (the default), markdown");
  }
  if ((command.options & kFormat) != 0) {
    add("format", po::value<std::string>()->value_name("FORMAT"),
        (command.options & kText) != 0
            ? "text (the default), table, csv, tsv, json, jsonl, markdown"
            : "table (the default), csv, tsv, json, jsonl, markdown");
  }
  if ((command.options & kOutput) != 0) {
    add("output,o", po::value<std::string>()->value_name("FILE"),
        "write to a file instead of standard output");
  }
  if ((command.options & kHeader) != 0) add("no-header", "no column names");
  if ((command.options & kQuiet) != 0) {
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

std::vector<std::string> Texts(const po::variables_map& given, const char* name) {
  if (given.count(name) == 0) return {};
  return given[name].as<std::vector<std::string>>();
}

std::map<std::string, std::string> Parameters(const po::variables_map& given) {
  std::map<std::string, std::string> parameters;
  for (const std::string& word : Texts(given, "param")) {
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
  std::string form = "tcpsnap-query " + std::string(command.name);
  if (!command.arguments.empty()) form.append(" ").append(command.arguments);
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
  line.report_folders = Texts(given, "report-dir");
  line.rule_folders = Texts(given, "rule-dir");
  line.rules = given.count("rules") != 0;
  line.at = Text(given, "at");
  line.limit = Text(given, "limit");
  line.is_long = given.count("long") != 0;
  line.resolve_ports = given.count("resolve-ports") != 0;
  line.services = Text(given, "services");
  line.hosts = Text(given, "hosts");
  line.passwd = Text(given, "passwd");
  line.anonymize = given.count("anonymize") != 0;
  line.key_file = Text(given, "key-file");
  line.triage = given.count("triage") != 0;
  line.compare_since = Text(given, "compare-since");
  line.compare_until = Text(given, "compare-until");
  line.max_rows = Text(given, "max-rows");
  line.ticket = given.count("ticket") != 0;
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
  line.arguments = Texts(given, "argument");
  CheckCount(command, line.arguments);
  if ((command.options & kText) != 0) line.format = kTextFormat;
  if ((command.options & kTicket) != 0) line.format = "json";
  Fill(given, line);
  return line;
}

}  // namespace tcpsnap::query
