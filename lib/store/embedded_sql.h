// The .sql files of the folder sql/, inside the binary. Defined by a generated file:
// sql/embed.cmake.
#pragma once

#include <span>
#include <string_view>

namespace tcpsnap::store {

struct SqlFile {
  std::string_view name;  ///< below sql/: "schema.sql", "reports/states.sql"
  std::string_view text;
};

/// All of them: schema.sql, views.sql, then the reports and the rules of triage by name.
std::span<const SqlFile> EmbeddedSql();

/// The text of a file that is there; asserts that it is.
std::string_view EmbeddedSqlText(std::string_view name);

}  // namespace tcpsnap::store
