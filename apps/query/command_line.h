// The words of the command line. The command is the first of them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tcpsnap::query {

/// Where names of services come from unless --services says otherwise.
inline constexpr const char* kServicesFile = "/etc/services";

/// The format of findings for people, besides those of report::FormatNames().
inline constexpr const char* kTextFormat = "text";

struct CommandLine {
  std::string command;
  std::vector<std::string> arguments;  ///< what stands after it and is no option

  std::string format = "table";
  std::optional<std::string> output;
  bool header = true;
  bool quiet = false;
  std::optional<std::string> since;
  std::optional<std::string> until;
  std::optional<std::string> host;
  std::optional<std::string> bucket;
  std::string zone = "UTC";
  std::map<std::string, std::string> parameters;
  std::optional<std::string> file;
  bool tables = false;
  std::vector<std::string> report_folders;
  std::vector<std::string> rule_folders;
  bool rules = false;
  std::optional<std::string> at;
  std::optional<std::string> limit;
  bool is_long = false;
  bool resolve_ports = false;
  std::optional<std::string> services;
  std::optional<std::string> hosts;
  std::optional<std::string> passwd;
  bool anonymize = false;
  std::optional<std::string> key_file;
  bool triage = false;
  std::optional<std::string> compare_since;
  std::optional<std::string> compare_until;
  std::optional<std::string> max_rows;
  bool ticket = false;  ///< the schema of tickets

  /// Set when --help or --version was asked for: print this and do nothing else.
  std::optional<std::string> help;
};

/// Throws apps::UsageError (or Boost's errors for options): no command, an unknown one, an option
/// that the command doesn't have, too few or too many arguments.
CommandLine ParseCommandLine(int argc, const char* const* argv);

}  // namespace tcpsnap::query
