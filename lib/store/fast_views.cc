#include "store/fast_views.h"

#include <sqlite3.h>

#include <array>
#include <cassert>
#include <charconv>
#include <cstdint>

#include "store/embedded_sql.h"

namespace tcpsnap::store {
namespace {

constexpr std::string_view kFunction = "ipv4_text";

/// As printf() in the views does it, for any number at all.
void Ipv4Text(sqlite3_context* context, int, sqlite3_value** arguments) {
  if (sqlite3_value_type(arguments[0]) == SQLITE_NULL) return;  // the result is NULL already
  const int64_t endpoint = sqlite3_value_int64(arguments[0]);
  constexpr size_t kMostDigits = 9;  // 2^63 >> 40, and a sign
  constexpr size_t kMostText = kMostDigits + sizeof(".255.255.255");
  std::array<char, kMostText> text;
  char* next = text.data();
  next = std::to_chars(next, next + kMostDigits, (endpoint >> 40) + 128).ptr;
  for (const int shift : {32, 24, 16}) {
    *next++ = '.';
    next = std::to_chars(next, next + 3, static_cast<unsigned>(endpoint >> shift) & 255).ptr;
  }
  *next = '\0';
  // -1: SQLite would add the zero itself to a text of known length, at three times the cost.
  sqlite3_result_text(context, text.data(), -1, SQLITE_TRANSIENT);
}

}  // namespace

std::string WithNativeAddressText(std::string_view sql) {
  constexpr std::string_view kBegin = "printf('%d.%d.%d.%d', (";
  constexpr std::string_view kNameEnd = " >> 40)";
  constexpr std::string_view kEnd = " >> 16) & 255)";
  std::string result;
  for (size_t begin = sql.find(kBegin); begin != sql.npos; begin = sql.find(kBegin)) {
    const size_t name = begin + kBegin.size();
    const size_t name_end = sql.find(kNameEnd, name);
    const size_t end = sql.find(kEnd, name_end);
    assert(end != sql.npos);
    result.append(sql.substr(0, begin)).append(kFunction).append("(");
    result.append(sql.substr(name, name_end - name)).append(")");
    sql.remove_prefix(end + kEnd.size());
  }
  return result.append(sql);
}

void CreateFastViews(Database& database) {
  const int code = sqlite3_create_function_v2(database.handle(), kFunction.data(), 1,
                                              SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS,
                                              nullptr, Ipv4Text, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) {
    throw DatabaseError(database.path() + ": " + sqlite3_errmsg(database.handle()), code);
  }
  const std::string views = WithNativeAddressText(EmbeddedSqlText("views.sql"));
  constexpr std::string_view kCreate = "CREATE VIEW ";
  for (size_t begin = views.find(kCreate); begin != views.npos;) {
    const size_t next = views.find(kCreate, begin + kCreate.size());
    const std::string_view view = std::string_view(views).substr(begin, next - begin);
    if (view.find(kFunction) != view.npos) {
      database.Execute("CREATE TEMP VIEW " + std::string(view.substr(kCreate.size())));
    }
    begin = next;
  }
}

}  // namespace tcpsnap::store
