#include "store/schema.h"

#include <sqlite3.h>

#include <cstdio>
#include <string>

#include "procnet/reason.h"
#include "store/embedded_sql.h"

namespace tcpsnap::store {
namespace {

void FillReasons(Database& database) {
  Statement insert = database.Prepare("INSERT INTO reject_reason (name, sentence) VALUES (?, ?)");
  for (int i = 1; i < static_cast<int>(procnet::Reason::kCount); ++i) {
    const auto reason = static_cast<procnet::Reason>(i);
    insert.Bind(1, procnet::ReasonName(reason)).Bind(2, procnet::ReasonSentence(reason)).Run();
  }
}

}  // namespace

bool IsEmpty(Database& database) {
  return database.QueryInteger("SELECT count(*) FROM sqlite_schema") == 0 &&
         database.QueryInteger("PRAGMA application_id") == 0 &&
         database.QueryInteger("PRAGMA user_version") == 0;
}

void CreateSchema(Database& database) {
  Transaction transaction(database);
  if (IsEmpty(database)) {
    database.Execute(EmbeddedSqlText("schema.sql"));
    database.Execute(EmbeddedSqlText("views.sql"));
    FillReasons(database);
  }
  transaction.Commit();
}

void CheckIdentity(Database& database) {
  const int64_t application = database.QueryInteger("PRAGMA application_id").value_or(0);
  if (application != kApplicationId) {
    char id[24];
    std::snprintf(id, sizeof id, "0x%08x", static_cast<unsigned>(application));
    throw DatabaseError(database.path() + " is not a tcpsnap database (application id " + id +
                            "): give one that tcpsnap-ingest wrote, or the name of a new file",
                        SQLITE_NOTADB);
  }
  const int64_t version = database.QueryInteger("PRAGMA user_version").value_or(0);
  if (version == kSchemaVersion) return;
  const std::string versions = " (schema version " + std::to_string(version) +
                               ", this program knows " + std::to_string(kSchemaVersion) + ")";
  if (version > kSchemaVersion) {
    throw DatabaseError(
        database.path() + " was written by a newer tcpsnap" + versions + ": use that one",
        SQLITE_SCHEMA);
  }
  throw DatabaseError(database.path() + " was written by an older tcpsnap" + versions +
                          ": import the captures into a new file",
                      SQLITE_SCHEMA);
}

}  // namespace tcpsnap::store
