// The identity of a tcpsnap database and how an empty one becomes one.
#pragma once

#include <cstdint>

#include "store/database.h"

namespace tcpsnap::store {

inline constexpr int64_t kApplicationId = 0x74637073;  ///< 'tcps', as in sql/schema.sql
inline constexpr int64_t kSchemaVersion = 3;           ///< PRAGMA user_version

/// True when the file holds nothing: no table, and no other program's mark.
bool IsEmpty(Database& database);

/// Creates tables and views and fills reject_reason, in one transaction: a kill leaves either
/// nothing or all. Does nothing when another process was faster.
void CreateSchema(Database& database);

/// Throws DatabaseError, naming the file, unless this is a tcpsnap database of this version.
void CheckIdentity(Database& database);

}  // namespace tcpsnap::store
