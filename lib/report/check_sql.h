// SQL as words, as far as the check of reports needs it: to find places, not to understand.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace tcpsnap::report {

enum class SqlWordType : uint8_t {
  kName,       ///< a keyword, a name, also one in quotes: `text` is without them
  kParameter,  ///< ":since": `text` is without the first letter
  kOther,      ///< a literal, or one letter of anything else
};

struct SqlWord {
  SqlWordType type = SqlWordType::kOther;
  std::string_view text;
  size_t at = 0;  ///< byte of the SQL
  int depth = 0;  ///< open parentheses around it
};

/// The words without blanks and comments; views into `sql`.
std::vector<SqlWord> SqlWords(std::string_view sql);

/// Equal but for the case of ASCII letters.
bool IsKeyword(const SqlWord& word, std::string_view keyword);

}  // namespace tcpsnap::report
