// tcpsnap-ingest: captured dumps of /proc/net/tcp and tcp6 -> a SQLite database.

#include <malloc.h>

#include "common/output.h"
#include "common/run_main.h"
#include "ingest/command_line.h"
#include "ingest/import.h"

namespace tcpsnap::ingest {
namespace {

// What a large dump took goes back to the system at once. By itself glibc learns from such blocks
// to keep the next ones (M_MMAP_THRESHOLD in mallopt(3)), and a run peaks at twice its need. Below
// this it is faster to keep them.
void GiveLargeBlocksBack() {
#ifdef M_MMAP_THRESHOLD
  mallopt(M_MMAP_THRESHOLD, 4 << 20);
  mallopt(M_TRIM_THRESHOLD, 4 << 20);
#endif
}

int Main(int argc, char** argv) {
  GiveLargeBlocksBack();
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
