#include "report/check_sql.h"

#include <algorithm>

namespace tcpsnap::report {
namespace {

bool IsNameLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '$' || static_cast<unsigned char>(c) >= 0x80;
}

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

class Splitter {
 public:
  explicit Splitter(std::string_view sql) : sql_(sql) {}

  std::vector<SqlWord> Split() {
    while (at_ < sql_.size()) {
      const char c = sql_[at_];
      if (c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f') {
        ++at_;
      } else if (StartsWith("--")) {
        at_ = std::min(sql_.find('\n', at_), sql_.size());
      } else if (StartsWith("/*")) {
        const size_t end = sql_.find("*/", at_ + 2);
        at_ = end == std::string_view::npos ? sql_.size() : end + 2;
      } else {
        AddWord(c);
      }
    }
    return std::move(words_);
  }

 private:
  bool StartsWith(std::string_view text) const { return sql_.substr(at_, text.size()) == text; }

  void AddWord(char c) {
    if (c == '\'') {
      AddQuoted('\'', SqlWordType::kOther);
    } else if (c == '"' || c == '`') {
      AddQuoted(c, SqlWordType::kName);
    } else if (c == '[') {
      AddQuoted(']', SqlWordType::kName);
    } else if (c == ':' || c == '@' || c == '$' || c == '?') {
      AddPlain(1, SqlWordType::kParameter);
    } else if (c >= '0' && c <= '9') {
      AddPlain(0, SqlWordType::kOther);
    } else if (IsNameLetter(c)) {
      AddPlain(0, SqlWordType::kName);
    } else {
      if (c == ')') --depth_;
      words_.push_back({SqlWordType::kOther, sql_.substr(at_, 1), at_, depth_});
      if (c == '(') ++depth_;
      ++at_;
    }
  }

  void AddPlain(size_t skip, SqlWordType type) {
    size_t end = at_ + skip;
    while (end < sql_.size() && IsNameLetter(sql_[end])) ++end;
    words_.push_back({type, sql_.substr(at_ + skip, end - at_ - skip), at_, depth_});
    at_ = std::max(end, at_ + 1);
  }

  /// A quote inside stands twice; for the words it does not matter that this makes two.
  void AddQuoted(char end_quote, SqlWordType type) {
    const size_t quote = std::min(sql_.find(end_quote, at_ + 1), sql_.size());
    const size_t end = std::min(quote + 1, sql_.size());
    words_.push_back({type,
                      type == SqlWordType::kName ? sql_.substr(at_ + 1, quote - at_ - 1)
                                                 : sql_.substr(at_, end - at_),
                      at_, depth_});
    at_ = end;
  }

  std::string_view sql_;
  size_t at_ = 0;
  int depth_ = 0;
  std::vector<SqlWord> words_;
};

}  // namespace

std::vector<SqlWord> SqlWords(std::string_view sql) { return Splitter(sql).Split(); }

bool IsKeyword(const SqlWord& word, std::string_view keyword) {
  return word.type == SqlWordType::kName &&
         std::equal(word.text.begin(), word.text.end(), keyword.begin(), keyword.end(),
                    [](char a, char b) { return Lower(a) == Lower(b); });
}

}  // namespace tcpsnap::report
