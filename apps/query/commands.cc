#include "query/commands.h"

#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "common/interrupt.h"
#include "common/message.h"
#include "common/output.h"
#include "common/run_main.h"
#include "query/given_names.h"
#include "query/sockets_command.h"
#include "query/ticket_command.h"
#include "report/catalogue.h"
#include "report/check.h"
#include "report/describe.h"
#include "report/error.h"
#include "report/file_text.h"
#include "report/info.h"
#include "report/named_rows.h"
#include "report/nearest.h"
#include "report/row_writer.h"
#include "report/runner.h"
#include "report/scope.h"
#include "report/ticket.h"
#include "store/embedded_sql.h"

namespace tcpsnap::query {
namespace {

using apps::Output;
using store::Database;

void WriteText(const CommandLine& line, std::string_view text) {
  Output output(line.output);
  output.Write(text);
  output.Finish();
}

std::unique_ptr<report::RowWriter> MakeWriter(const CommandLine& line, Output& output) {
  return report::MakeRowWriter(report::ParseFormat(line.format),
                               {line.header, capture::Zone::Find(line.zone),
                                [&output](std::string_view bytes) { output.Write(bytes); }});
}

report::Request MakeRequest(const CommandLine& line) {
  report::Request request;
  request.since = line.since;
  request.until = line.until;
  request.host = line.host;
  request.bucket = line.bucket;
  request.parameters = line.parameters;
  request.zone = capture::Zone::Find(line.zone);
  return request;
}

/// `-o` with the database itself would destroy it.
void RefuseToOverwrite(const CommandLine& line, const std::string& database) {
  struct stat output;
  struct stat source;
  if (line.output && stat(line.output->c_str(), &output) == 0 &&
      stat(database.c_str(), &source) == 0 && output.st_dev == source.st_dev &&
      output.st_ino == source.st_ino) {
    throw apps::UsageError("-o " + *line.output + " is the database itself");
  }
}

Database Open(const CommandLine& line) {
  const std::string& path = line.arguments[0];
  RefuseToOverwrite(line, path);
  return Database::OpenReadOnly(path);
}

/// One line about the state of the data, where there is something to know.
void PrintHealth(const CommandLine& line, Database& database) {
  if (line.quiet) return;
  const std::vector<std::string> health = report::ReadHealth(database);
  if (health.empty()) return;
  apps::PrintMessage("note: " + database.path() + ": " + report::JoinNames(health, "; "));
}

void PrintEmptyWindow(const CommandLine& line, const report::Scope& scope) {
  if (line.quiet) return;
  report::Scope all = scope;
  all.since_ms.reset();
  all.until_ms.reset();
  apps::PrintMessage(scope.first_ms ? "no snapshot in " + report::DescribeWindow(scope) +
                                          "; there are some in " + report::DescribeWindow(all)
                                    : "there are no snapshots");
}

void PrintWindow(const CommandLine& line, Database& database, const report::Scope& scope,
                 int64_t rows) {
  if (line.quiet) return;
  if (!report::HasSnapshots(database, scope)) return PrintEmptyWindow(line, scope);
  if (rows == 0) {
    apps::PrintMessage("no rows: in " + report::DescribeWindow(scope) +
                       " there is nothing of the kind (tcpsnap-query show " + line.arguments[1] +
                       " says what it looks for)");
  } else if (line.format == "table") {
    apps::PrintMessage(report::DescribeWindow(scope));
  }
}

report::Catalogue ReadCatalogue(const CommandLine& line) {
  report::Catalogue catalogue = report::Catalogue::BuiltIn();
  for (const std::string& folder : line.report_folders) catalogue.AddFolder(folder);
  return catalogue;
}

/// The report of that name, or of that path.
report::Report FindReport(const CommandLine& line, const std::string& word) {
  const report::Catalogue catalogue = ReadCatalogue(line);
  return report::IsReportPath(word) ? report::ReadReport(word) : catalogue.Find(word);
}

/// By the question that they answer, in the order of the groups. A table, which people read, has a
/// question once, above its reports.
int RunList(const CommandLine& line) {
  const report::Catalogue catalogue = ReadCatalogue(line);
  Output output(line.output);
  const auto writer = MakeWriter(line, output);
  constexpr auto kText = report::ColumnType::kText;
  writer->Begin({{"question", kText}, {"report", kText}, {"title", kText}});
  for (const report::Group& group : report::Groups()) {
    std::string_view question = group.question;
    for (const report::Report& report : catalogue.reports()) {
      if (report.group != group.name) continue;
      std::array<report::Cell, 3> cells;
      for (report::Cell& cell : cells) cell.type = store::ValueType::kText;
      cells[0].bytes = question;
      cells[1].bytes = report.name;
      cells[2].bytes = report.title;
      writer->Row(cells);
      if (line.format == "table") question = "";
    }
  }
  writer->End();
  output.Finish();
  return apps::kDone;
}

int RunShow(const CommandLine& line) {
  WriteText(line, report::DescribeReport(FindReport(line, line.arguments[0])));
  return apps::kDone;
}

int RunReport(const CommandLine& line) {
  const report::Report report = FindReport(line, line.arguments[1]);
  const report::Request request = MakeRequest(line);
  const GivenNames given = ReadNames(line);
  Output output(line.output);
  const auto writer = report::NameRows(MakeWriter(line, output), given.names, IsForPeople(line));
  Database database = Open(line);
  const apps::InterruptGuard guard(&database);
  const report::Scope scope = report::ResolveScope(database, request);
  PrintHealth(line, database);
  PrintForeignUsers(line, database);
  const int64_t rows = report::RunReportForUser(database, report, request, scope, *writer);
  output.Finish();
  PrintWindow(line, database, scope, rows);
  return apps::kDone;
}

int RunTicket(const CommandLine& line) {
  const TicketPlan plan = PlanTicket(line, ReadCatalogue(line), MakeRequest(line));
  Database database = Open(line);
  const apps::InterruptGuard guard(&database);
  const report::Scope scope = report::ResolveScope(database, plan.request);
  const report::Catalogue rules;
  const std::string document = WriteTicket(database, plan, rules, scope);
  WriteText(line, document);
  if (!report::HasSnapshots(database, scope)) PrintEmptyWindow(line, scope);
  return apps::kDone;
}

/// A file that can't be read does not keep the others from being checked.
int RunCheck(const CommandLine& line) {
  Output output(std::nullopt);
  int code = apps::kDone;
  for (const std::string& path : line.arguments) {
    try {
      const std::string text = report::ReadReportText(path);
      const std::vector<report::Problem> problems = report::CheckReportText(path, text);
      if (problems.empty()) output.Write(path + ": ok\n");
      for (const report::Problem& problem : problems) {
        output.Write(report::ProblemText(problem) + "\n");
        code = apps::kUsage;
      }
    } catch (const report::UserError& error) {
      apps::PrintMessage(error.what());
      code = apps::kUsage;
    }
  }
  output.Finish();
  return code;
}

std::string ReadStream(std::FILE* stream, const std::string& name) {
  std::optional<std::string> text = report::ReadAll(stream);
  if (!text) throw std::runtime_error("can't read " + name + ": " + std::strerror(errno));
  return std::move(*text);
}

std::string ReadSqlFile(const std::string& path) {
  if (path == "-") return ReadStream(stdin, "standard input");
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"),
                                                             std::fclose);
  if (file == nullptr) throw apps::UsageError("can't open " + path + ": " + std::strerror(errno));
  return ReadStream(file.get(), path);
}

std::string ReadSql(const CommandLine& line) {
  const bool has_argument = line.arguments.size() > 1;
  if (has_argument == line.file.has_value()) {
    throw apps::UsageError("give the SQL as one of: an argument, -f FILE, or - for standard input");
  }
  if (line.file) return ReadSqlFile(*line.file);
  return line.arguments[1] == "-" ? ReadSqlFile("-") : line.arguments[1];
}

int RunSql(const CommandLine& line) {
  const report::Request request = MakeRequest(line);
  Output output(line.output);
  const auto writer = MakeWriter(line, output);
  Database database = Open(line);
  const std::string sql = ReadSql(line);
  const apps::InterruptGuard guard(&database);
  const report::Scope scope = report::ResolveScope(database, request);
  PrintHealth(line, database);
  report::RunSql(database, sql, request, scope, *writer);
  output.Finish();
  return apps::kDone;
}

int RunSockets(const CommandLine& line) {
  const report::Request request = MakeRequest(line);
  const GivenNames given = ReadNames(line);
  Output output(line.output);
  const auto writer = report::NameRows(MakeWriter(line, output), given.names, IsForPeople(line));
  Database database = Open(line);
  const apps::InterruptGuard guard(&database);
  PrintHealth(line, database);
  PrintForeignUsers(line, database);
  const std::vector<std::string> remarks = ShowSockets(line, request, given, database, *writer);
  output.Finish();
  if (line.quiet) return apps::kDone;
  for (const std::string& remark : remarks) apps::PrintMessage(remark);
  return apps::kDone;
}

int RunInfo(const CommandLine& line) {
  if (line.format != "table" && line.format != "json") {
    throw apps::UsageError("info has the formats table and json");
  }
  const capture::Zone zone = capture::Zone::Find(line.zone);
  Database database = Open(line);
  const apps::InterruptGuard guard(&database);
  const report::DatabaseInfo info = report::ReadInfo(database);
  WriteText(line,
            line.format == "json" ? report::InfoAsJson(info) : report::InfoAsText(info, zone));
  return apps::kDone;
}

int RunSchema(const CommandLine& line) {
  if (line.ticket && line.tables) {
    throw apps::UsageError("--ticket and --tables are two schemas: give one of them");
  }
  if (line.ticket) {
    WriteText(line, report::TicketSchema());
    return apps::kDone;
  }
  WriteText(line, store::EmbeddedSqlText(line.tables ? "schema.sql" : "views.sql"));
  return apps::kDone;
}

struct Runner {
  std::string_view command;
  int (*run)(const CommandLine&);
};

constexpr std::array<Runner, 9> kRunners = {{{"list", RunList},
                                             {"show", RunShow},
                                             {"report", RunReport},
                                             {"ticket", RunTicket},
                                             {"check", RunCheck},
                                             {"sql", RunSql},
                                             {"sockets", RunSockets},
                                             {"info", RunInfo},
                                             {"schema", RunSchema}}};

}  // namespace

int RunCommand(const CommandLine& line) {
  for (const Runner& runner : kRunners) {
    if (runner.command == line.command) return runner.run(line);
  }
  throw std::logic_error("a command without a runner: " + line.command);
}

}  // namespace tcpsnap::query
