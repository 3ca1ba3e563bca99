#include "query/given_names.h"

#include <cstdint>
#include <string>

#include "common/message.h"
#include "report/row_writer.h"

namespace tcpsnap::query {

GivenNames ReadNames(const CommandLine& line) {
  GivenNames given;
  if (line.services || line.resolve_ports) {
    const std::string path = line.services.value_or(kServicesFile);
    // Once: it may be a pipe.
    const std::string text = report::ReadNameFile(path);
    given.names.AddServices(text, path);
    given.services = report::ServiceNames::Parse(text, path);
  }
  if (line.hosts) given.names.AddHosts(report::ReadNameFile(*line.hosts), *line.hosts);
  if (line.passwd) given.names.AddPasswd(report::ReadNameFile(*line.passwd), *line.passwd);
  if (line.quiet) return given;
  for (const std::string& remark : given.names.remarks()) apps::PrintMessage("note: " + remark);
  return given;
}

void PrintForeignUsers(const CommandLine& line, store::Database& database) {
  if (!line.passwd || line.host || line.quiet) return;
  // Network namespaces of a host (host/netns) share its users.
  const int64_t hosts =
      database
          .QueryInteger(
              "SELECT count(DISTINCT substr(label, 1, instr(label || '/', '/') - 1)) FROM host")
          .value_or(0);
  if (hosts < 2) return;
  apps::PrintMessage("note: " + *line.passwd + " names the users of all " + std::to_string(hosts) +
                     " hosts; where it is of one of them, give --host");
}

bool IsForPeople(const CommandLine& line) {
  const report::Format format = report::ParseFormat(line.format);
  return format == report::Format::kTable || format == report::Format::kMarkdown;
}

}  // namespace tcpsnap::query
