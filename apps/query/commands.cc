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
#include "report/catalogue.h"
#include "report/describe.h"
#include "report/info.h"
#include "report/nearest.h"
#include "report/row_writer.h"
#include "report/runner.h"
#include "report/scope.h"
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

void PrintWindow(const CommandLine& line, Database& database, const report::Scope& scope) {
  if (line.quiet) return;
  if (!report::HasSnapshots(database, scope)) {
    report::Scope all = scope;
    all.since_ms.reset();
    all.until_ms.reset();
    apps::PrintMessage(scope.first_ms ? "no snapshot in " + report::DescribeWindow(scope) +
                                            "; there are some in " + report::DescribeWindow(all)
                                      : "there are no snapshots");
    return;
  }
  if (line.format == "table") apps::PrintMessage(report::DescribeWindow(scope));
}

int RunList(const CommandLine& line) {
  Output output(line.output);
  const auto writer = MakeWriter(line, output);
  writer->Begin({{"report", report::ColumnType::kText}, {"title", report::ColumnType::kText}});
  const report::Catalogue catalogue = report::Catalogue::BuiltIn();
  for (const report::Report& report : catalogue.reports()) {
    std::array<report::Cell, 2> cells;
    cells[0].type = cells[1].type = store::ValueType::kText;
    cells[0].bytes = report.name;
    cells[1].bytes = report.title;
    writer->Row(cells);
  }
  writer->End();
  output.Finish();
  return apps::kDone;
}

int RunShow(const CommandLine& line) {
  WriteText(line, report::DescribeReport(report::Catalogue::BuiltIn().Find(line.arguments[0])));
  return apps::kDone;
}

int RunReport(const CommandLine& line) {
  const report::Catalogue catalogue = report::Catalogue::BuiltIn();
  const report::Report& report = catalogue.Find(line.arguments[1]);
  const report::Request request = MakeRequest(line);
  Output output(line.output);
  const auto writer = MakeWriter(line, output);
  Database database = Open(line);
  const apps::InterruptGuard guard(&database);
  const report::Scope scope = report::ResolveScope(database, request);
  PrintHealth(line, database);
  report::RunReport(database, report, request, scope, *writer);
  output.Finish();
  PrintWindow(line, database, scope);
  return apps::kDone;
}

std::string ReadStream(std::FILE* stream, const std::string& name) {
  std::string text;
  char piece[1 << 14];
  while (const size_t size = std::fread(piece, 1, sizeof piece, stream)) text.append(piece, size);
  if (std::ferror(stream) != 0) {
    throw std::runtime_error("can't read " + name + ": " + std::strerror(errno));
  }
  return text;
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
  WriteText(line, store::EmbeddedSqlText(line.tables ? "schema.sql" : "views.sql"));
  return apps::kDone;
}

struct Runner {
  std::string_view command;
  int (*run)(const CommandLine&);
};

constexpr std::array<Runner, 6> kRunners = {{{"list", RunList},
                                             {"show", RunShow},
                                             {"report", RunReport},
                                             {"sql", RunSql},
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
