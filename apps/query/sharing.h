// Output that others get to see: --anonymize and --key-file.
#pragma once

#include <optional>

#include "query/command_line.h"
#include "report/anonymizer.h"
#include "store/database.h"

namespace tcpsnap::query {

/// The anonymizer that --anonymize asks for, with the names in the database. Makes the key file
/// where there is none, and says on stderr (unless --quiet) that it did, or that others may read
/// it. Throws apps::UsageError for options that don't go together, report::UserError where the file
/// is no key.
std::optional<report::Anonymizer> ReadAnonymizer(const CommandLine& line,
                                                 store::Database& database);

/// That of --key-file, which has to be there, for translating back. Throws in the same way.
report::Anonymizer ReadRestorer(const CommandLine& line, store::Database& database);

}  // namespace tcpsnap::query
