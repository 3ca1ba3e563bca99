#include "query/commands.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/interrupt.h"
#include "common/message.h"
#include "common/output.h"
#include "common/run_main.h"
#include "query/given_names.h"
#include "query/sharing.h"
#include "query/sockets_command.h"
#include "query/ticket_command.h"
#include "query/triage_command.h"
#include "report/anonymized_rows.h"
#include "report/anonymizer.h"
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
#include "report/sql_error.h"
#include "report/ticket.h"
#include "report/triage.h"
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

/// A writer of rows with names beside the numbers, or with others in place of addresses and names.
/// What is given has to outlive it.
std::unique_ptr<report::RowWriter> MakeWriter(const CommandLine& line, Output& output,
                                              const GivenNames& given,
                                              const std::optional<report::Anonymizer>& anonymizer) {
  auto writer = MakeWriter(line, output);
  if (anonymizer) writer = report::AnonymizeRows(std::move(writer), *anonymizer);
  return report::NameRows(std::move(writer), given.names, IsForPeople(line));
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

/// `-o` with the database itself or with the key would destroy it.
void RefuseToOverwrite(const CommandLine& line, const std::string& path, const char* what) {
  struct stat output;
  struct stat source;
  if (line.output && stat(line.output->c_str(), &output) == 0 && stat(path.c_str(), &source) == 0 &&
      output.st_dev == source.st_dev && output.st_ino == source.st_ino) {
    throw apps::UsageError("-o " + *line.output + " is " + what + " itself");
  }
}

Database Open(const CommandLine& line) {
  const std::string& path = line.arguments[0];
  RefuseToOverwrite(line, path, "the database");
  if (line.key_file) RefuseToOverwrite(line, *line.key_file, "the key file");
  return Database::OpenReadOnly(path);
}

/// One line about the state of the data, where there is something to know.
void PrintHealth(const CommandLine& line, Database& database) {
  if (line.quiet) return;
  const std::vector<std::string> health = report::ReadHealth(database);
  if (health.empty()) return;
  apps::PrintMessage("note: " + database.path() + ": " + report::JoinNames(health, "; "));
}

void PrintWindow(const CommandLine& line, Database& database, const report::Scope& scope,
                 int64_t rows) {
  if (line.quiet) return;
  if (report::CountSnapshots(database, scope) == 0) {
    apps::PrintMessage(report::DescribeEmptyWindow(scope));
    return;
  }
  if (rows == 0) {
    apps::PrintMessage("no rows: in " + report::DescribeWindow(scope) +
                       " there is nothing of the kind (tcpsnap-query show " + line.arguments[1] +
                       " says what it looks for)");
  } else if (line.format == "table") {
    apps::PrintMessage(report::DescribeWindow(scope));
  }
}

report::Catalogue ReadRules(const CommandLine& line) {
  report::Catalogue rules = report::Catalogue::BuiltInRules();
  for (const std::string& folder : line.rule_folders) rules.AddOrReplaceFolder(folder);
  return rules;
}

report::Catalogue ReadCatalogue(const CommandLine& line) {
  report::Catalogue catalogue = report::Catalogue::BuiltIn();
  for (const std::string& folder : line.report_folders) catalogue.AddFolder(folder);
  return catalogue;
}

/// The report or rule of that name, or of that path.
report::Report FindReport(const CommandLine& line, const std::string& word) {
  constexpr std::string_view kRules = "triage/";
  if (word.rfind(kRules, 0) == 0 && word.find('.') == std::string::npos) {
    return ReadRules(line).Find(word.substr(kRules.size()));
  }
  const report::Catalogue catalogue = ReadCatalogue(line);
  return report::IsReportPath(word) ? report::ReadReport(word) : catalogue.Find(word);
}

int RunListRules(const CommandLine& line) {
  const report::Catalogue rules = ReadRules(line);
  Output output(line.output);
  const auto writer = MakeWriter(line, output);
  writer->Begin({{"rule", report::ColumnType::kText}, {"title", report::ColumnType::kText}});
  for (const report::Report& rule : rules.reports()) {
    std::array<report::Cell, 2> cells;
    for (report::Cell& cell : cells) cell.type = store::ValueType::kText;
    cells[0].bytes = rule.name;
    cells[1].bytes = rule.title;
    writer->Row(cells);
  }
  writer->End();
  output.Finish();
  return apps::kDone;
}

/// By the question that they answer, in the order of the groups. A table, which people read, has a
/// question once, above its reports.
int RunList(const CommandLine& line) {
  if (line.rules) return RunListRules(line);
  if (!line.rule_folders.empty()) throw apps::UsageError("--rule-dir goes with --rules");
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
  Database database = Open(line);
  const std::optional<report::Anonymizer> anonymizer = ReadAnonymizer(line, database);
  Output output(line.output);
  const auto writer = MakeWriter(line, output, given, anonymizer);
  const apps::InterruptGuard guard(&database);
  const report::Scope scope = report::ResolveScope(database, request);
  PrintHealth(line, database);
  PrintForeignUsers(line, database);
  const int64_t rows = report::RunReportForUser(database, report, request, scope, *writer);
  output.Finish();
  PrintWindow(line, database, scope, rows);
  return apps::kDone;
}

/// nullptr: text.
std::unique_ptr<report::RowWriter> MakeFindingWriter(
    const CommandLine& line, Output& output, const std::optional<report::Anonymizer>& anonymizer) {
  std::vector<std::string> names = report::FormatNames();
  names.insert(names.begin(), kTextFormat);
  if (std::find(names.begin(), names.end(), line.format) == names.end()) {
    throw apps::UsageError("no format is called '" + line.format + "'" +
                           report::DidYouMean(line.format, names));
  }
  if (line.format == kTextFormat) return nullptr;
  return MakeWriter(line, output, {}, anonymizer);
}

int RunTriage(const CommandLine& line) {
  const report::Catalogue rules = ReadRules(line);
  const report::Request request = MakeRequest(line);
  Database database = Open(line);
  const std::optional<report::Anonymizer> anonymizer = ReadAnonymizer(line, database);
  Output output(line.output);
  const auto writer = MakeFindingWriter(line, output, anonymizer);
  const apps::InterruptGuard guard(&database);
  const report::Scope scope = report::ResolveScope(database, request);
  PrintHealth(line, database);
  const std::vector<report::Finding> findings = report::Triage(database, rules, request, scope);
  const std::string path = anonymizer ? "DB" : database.path();
  if (writer == nullptr) {
    const std::string text = FindingsAsText(findings, scope.zone, path);
    output.Write(anonymizer ? anonymizer->Text(text) : text);
  } else {
    WriteFindings(findings, path, *writer);
  }
  output.Finish();
  if (line.quiet) return apps::kDone;
  for (const std::string& remark :
       TriageRemarks(database, scope, rules.reports().size(), findings.size())) {
    apps::PrintMessage(remark);
  }
  return apps::kDone;
}

int RunTicket(const CommandLine& line) {
  const TicketPlan plan = PlanTicket(line, ReadCatalogue(line), MakeRequest(line));
  const report::Catalogue rules = ReadRules(line);
  Database database = Open(line);
  const apps::InterruptGuard guard(&database);
  const report::Scope scope = report::ResolveScope(database, plan.request);
  const std::optional<report::Anonymizer> anonymizer = ReadAnonymizer(line, database);
  WriteText(line, WriteTicket(database, plan, rules, scope, anonymizer));
  if (!line.quiet && report::CountSnapshots(database, scope) == 0) {
    apps::PrintMessage(report::DescribeEmptyWindow(scope));
  }
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

std::string ReadFile(const std::string& path) {
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
  if (line.file) return ReadFile(*line.file);
  return line.arguments[1] == "-" ? ReadFile("-") : line.arguments[1];
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
  Database database = Open(line);
  const std::optional<report::Anonymizer> anonymizer = ReadAnonymizer(line, database);
  Output output(line.output);
  const auto writer = MakeWriter(line, output, given, anonymizer);
  const apps::InterruptGuard guard(&database);
  PrintHealth(line, database);
  PrintForeignUsers(line, database);
  const std::vector<std::string> remarks = ShowSockets(line, request, given, database, *writer);
  output.Finish();
  if (line.quiet) return apps::kDone;
  for (const std::string& remark : remarks) apps::PrintMessage(remark);
  return apps::kDone;
}

int RunRestore(const CommandLine& line) {
  Database database = Open(line);
  const report::Anonymizer anonymizer = ReadRestorer(line, database);
  const std::string text = ReadFile(line.arguments.size() > 1 ? line.arguments[1] : "-");
  WriteText(line, anonymizer.RestoreText(text));
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

constexpr std::array<Runner, 11> kRunners = {{{"list", RunList},
                                              {"show", RunShow},
                                              {"report", RunReport},
                                              {"triage", RunTriage},
                                              {"ticket", RunTicket},
                                              {"check", RunCheck},
                                              {"sql", RunSql},
                                              {"sockets", RunSockets},
                                              {"restore", RunRestore},
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
