// tcpsnap-query: answers from a database that tcpsnap-ingest wrote.

#include <cstdio>

#include "common/output.h"
#include "common/run_main.h"
#include "query/command_line.h"
#include "query/commands.h"

namespace tcpsnap::query {
namespace {

int Main(int argc, char** argv) {
  const CommandLine command_line = ParseCommandLine(argc, argv);
  if (command_line.help) {
    apps::Output output(std::nullopt);
    output.Write(*command_line.help);
    output.Finish();
    return apps::kDone;
  }
  return RunCommand(command_line);
}

}  // namespace
}  // namespace tcpsnap::query

int main(int argc, char** argv) { return tcpsnap::apps::RunMain(argc, argv, tcpsnap::query::Main); }
