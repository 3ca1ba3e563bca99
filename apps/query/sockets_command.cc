#include "query/sockets_command.h"

#include <charconv>
#include <cstdint>
#include <optional>

#include "common/run_main.h"
#include "report/socket_filter.h"
#include "report/sockets.h"

namespace tcpsnap::query {
namespace {

std::optional<int64_t> Limit(const CommandLine& line) {
  if (!line.limit) return std::nullopt;
  int64_t limit = 0;
  const char* end = line.limit->data() + line.limit->size();
  const auto [stop, error] = std::from_chars(line.limit->data(), end, limit);
  if (error != std::errc() || stop != end || limit < 1 || limit == INT64_MAX) {
    throw apps::UsageError("--limit '" + *line.limit + "' is no number of rows");
  }
  return limit;
}

/// The words after the database, as ss takes them: quoted together or not.
std::string FilterText(const CommandLine& line) {
  std::string text;
  for (size_t i = 1; i < line.arguments.size(); ++i) {
    if (i > 1) text += ' ';
    text += line.arguments[i];
  }
  return text;
}

}  // namespace

std::vector<std::string> ShowSockets(const CommandLine& line, const report::Request& request,
                                     const GivenNames& given, store::Database& database,
                                     report::RowWriter& writer) {
  if (line.at && (line.since || line.until)) {
    throw apps::UsageError(
        "--at is one moment, --since and --until are a window: give one or the other");
  }
  report::SocketsOptions options;
  options.readable = IsForPeople(line);
  options.is_long = line.is_long;
  options.limit = Limit(line);
  if (!given.names.empty()) options.names = &given.names;
  const report::SocketFilter filter = report::ParseSocketFilter(
      FilterText(line),
      given.services ? *given.services : report::ServiceNames::ReadFile(kServicesFile));
  const report::Scope scope = report::ResolveScope(database, request);
  const report::Choice choice = report::ChooseSnapshots(database, scope, line.at);

  std::vector<std::string> remarks = choice.remarks;
  if (choice.snapshots.empty()) {
    remarks.push_back(report::DescribeEmptyWindow(scope));
  } else if (choice.is_window) {
    remarks.push_back(std::to_string(choice.snapshots.size()) + " snapshots in " +
                      report::DescribeWindow(scope));
  }
  if (!report::WriteSockets(database, choice, filter, options, writer)) {
    remarks.push_back("there are more sockets than the " + *line.limit + " of --limit");
  }
  return remarks;
}

}  // namespace tcpsnap::query
