#include "report/sql_error.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "report/cell_text.h"

namespace tcpsnap::report {
namespace {

constexpr size_t kMostLetters = 100;  // of a line that is shown

bool IsWordLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/// Where `word` stands in `sql` as a word of its own.
std::optional<size_t> FindWord(std::string_view sql, std::string_view word) {
  if (word.empty()) return std::nullopt;
  for (size_t at = sql.find(word); at != std::string_view::npos; at = sql.find(word, at + 1)) {
    const size_t end = at + word.size();
    if ((at == 0 || !IsWordLetter(sql[at - 1])) && (end == sql.size() || !IsWordLetter(sql[end]))) {
      return at;
    }
  }
  return std::nullopt;
}

bool BeginsWith(std::string_view text, std::string_view beginning) {
  return text.substr(0, beginning.size()) == beginning;
}

/// SQLite gives no place for unknown tables and for text that ends too early.
std::optional<size_t> FindPlace(const store::SqlError& error) {
  const std::string& sql = error.sql();
  const std::string_view message = error.what();
  if (error.offset() >= 0) return std::min(static_cast<size_t>(error.offset()), sql.size());
  constexpr std::string_view kNoTable = "no such table: ";
  if (BeginsWith(message, kNoTable)) {
    std::string_view name = message.substr(kNoTable.size());
    const size_t dot = name.rfind('.');
    if (dot != std::string_view::npos) name.remove_prefix(dot + 1);
    return FindWord(sql, name);
  }
  if (message == "incomplete input") {
    const size_t last = sql.find_last_not_of(" \t\r\n;");
    return last == std::string::npos ? 0 : last + 1;
  }
  return std::nullopt;
}

/// Where the line of that place begins.
size_t LineBegin(std::string_view sql, size_t place) {
  const size_t line_break = place == 0 ? std::string_view::npos : sql.rfind('\n', place - 1);
  return line_break == std::string_view::npos ? 0 : line_break + 1;
}

int LineNumber(std::string_view sql, size_t place, int first_line) {
  const auto end = sql.begin() + static_cast<std::ptrdiff_t>(place);
  return first_line + static_cast<int>(std::count(sql.begin(), end, '\n'));
}

std::string LineWithCaret(std::string_view sql, size_t place, int first_line) {
  size_t begin = LineBegin(sql, place);
  size_t end = std::min(sql.find('\n', place), sql.size());

  std::string cut_before;
  std::string cut_after;
  if (end - begin > kMostLetters) {
    const size_t from = place - begin > kMostLetters / 2 ? place - kMostLetters / 2 : begin;
    if (from > begin) cut_before = "...";
    if (from + kMostLetters < end) cut_after = "...";
    begin = from;
    end = std::min(end, from + kMostLetters);
  }
  // Both pieces are shown as one writes them: tabs would move the caret.
  std::string before = cut_before;
  AppendPrintable(before, sql.substr(begin, place - begin));
  std::string after;
  AppendPrintable(after, sql.substr(place, end - place));
  const std::string margin = "  " + std::to_string(LineNumber(sql, place, first_line)) + " | ";
  return margin + before + after + cut_after + "\n" +
         std::string(margin.size() + Width(before), ' ') + "^";
}

}  // namespace

std::string DescribeSqlError(const store::SqlError& error) {
  return PlaceSqlError(error, 1).message;
}

PlacedSqlError PlaceSqlError(const store::SqlError& error, int first_line) {
  PlacedSqlError placed;
  placed.line = first_line;
  placed.message = error.what();
  if (const std::optional<size_t> place = FindPlace(error)) {
    placed.line = LineNumber(error.sql(), *place, first_line);
    placed.column = static_cast<int>(*place - LineBegin(error.sql(), *place)) + 1;
    placed.message += '\n';
    placed.message += LineWithCaret(error.sql(), *place, first_line);
  }
  if (BeginsWith(error.what(), "no such table") || BeginsWith(error.what(), "no such column")) {
    placed.message += "\nthe views and their columns: tcpsnap-query schema";
  }
  return placed;
}

}  // namespace tcpsnap::report
