// tcpsnap-ingest: captured dumps of /proc/net/tcp and tcp6 -> a SQLite database.

#include "common/output.h"
#include "common/run_main.h"
#include "ingest/command_line.h"
#include "ingest/import.h"

namespace tcpsnap::ingest {
namespace {

int Main(int argc, char** argv) {
  const CommandLine line = ParseCommandLine(argc, argv);
  if (line.help) {
    apps::Output output(std::nullopt);
    output.Write(*line.help);
    output.Finish();
    return apps::kDone;
  }
  if (!line.forget.empty()) return RunForget(line);
  return line.dry_run ? RunDryRun(line) : RunImport(line);
}

}  // namespace
}  // namespace tcpsnap::ingest

int main(int argc, char** argv) {
  return tcpsnap::apps::RunMain(argc, argv, tcpsnap::ingest::Main);
}
