#include "query/sharing.h"

#include <string>

#include "common/message.h"
#include "common/run_main.h"
#include "report/database_names.h"
#include "report/key_file.h"

namespace tcpsnap::query {
namespace {

/// Names of people and machines, which would stand beside what was hidden.
void RefuseNames(const CommandLine& line) {
  const char* const option = line.hosts ? "--hosts" : line.passwd ? "--passwd" : nullptr;
  if (option == nullptr) return;
  throw apps::UsageError(std::string(option) +
                         " shows the names that --anonymize hides: leave one of them out");
}

report::Anonymizer MakeAnonymizer(const CommandLine& line, const report::KeyFile& file,
                                  store::Database& database) {
  if (file.is_open_to_others && !line.quiet) {
    apps::PrintMessage("note: others can read the key in " + *line.key_file +
                       ", and with it undo --anonymize: chmod 600 " + *line.key_file);
  }
  report::Anonymizer anonymizer(file.key);
  report::AddNamesOf(database, anonymizer);
  return anonymizer;
}

}  // namespace

std::optional<report::Anonymizer> ReadAnonymizer(const CommandLine& line,
                                                 store::Database& database) {
  if (!line.anonymize) {
    if (line.key_file) throw apps::UsageError("--key-file is for --anonymize, which isn't given");
    return std::nullopt;
  }
  if (!line.key_file) {
    throw apps::UsageError(
        "--anonymize needs --key-file FILE: the key that makes the same address the same each "
        "time,\nand that translates an answer back. A file that is not there yet gets a new one");
  }
  RefuseNames(line);
  const report::KeyFile file = report::ReadOrMakeKeyFile(*line.key_file);
  if (file.is_new && !line.quiet) {
    apps::PrintMessage("made a key in " + *line.key_file +
                       ": keep it, and to yourself; tcpsnap-query restore translates back with it");
  }
  return MakeAnonymizer(line, file, database);
}

report::Anonymizer ReadRestorer(const CommandLine& line, store::Database& database) {
  if (!line.key_file) {
    throw apps::UsageError("restore needs --key-file FILE: the key that --anonymize was given");
  }
  const report::KeyFile file = report::ReadKeyFile(*line.key_file);
  return MakeAnonymizer(line, file, database);
}

}  // namespace tcpsnap::query
