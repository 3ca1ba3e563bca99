#include "report/socket_filter.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <fstream>
#include <optional>
#include <set>
#include <sstream>

#include "report/cell_text.h"
#include "report/error.h"
#include "report/nearest.h"
#include "report/states.h"
#include "store/socket_row.h"

namespace tcpsnap::report {
namespace {

// SQLite refuses expressions that are nested more than 1000 deep (a chain of conditions is nested),
// and its parser holds 100 symbols, of which a level of `a and not (` takes five.
constexpr size_t kMostConditions = 300;
constexpr int kDeepestParentheses = 20;  // and nots
constexpr size_t kMostLettersShown = 100;
constexpr int kAnyPort = -1;

enum class Kind : uint8_t { kWord, kOpen, kClose, kNot, kAnd, kOr, kCompare, kEnd };
enum class Compare : uint8_t { kEqual, kNotEqual, kLess, kLessEqual, kGreater, kGreaterEqual };

struct Token {
  Kind kind = Kind::kEnd;
  Compare compare = Compare::kEqual;
  std::string_view text;
  size_t place = 0;
};

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return lower;
}

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

[[noreturn]] void Fail(std::string_view filter, size_t place, const std::string& message) {
  const size_t begin = place > kMostLettersShown / 2 ? place - kMostLettersShown / 2 : 0;
  std::string before = begin > 0 ? "..." : "";
  AppendPrintable(before, filter.substr(begin, place - begin));
  std::string after;
  AppendPrintable(after, filter.substr(place, kMostLettersShown / 2));
  if (filter.size() - place > kMostLettersShown / 2) after += "...";
  throw UserError("the filter, column " + std::to_string(Width(filter.substr(0, place)) + 1) +
                  ": " + message + "\n  " + before + after + "\n  " +
                  std::string(Width(before), ' ') + "^");
}

std::string Quoted(std::string_view text) {
  std::string quoted = "'";
  AppendPrintable(quoted, text.substr(0, kMostLettersShown));
  return quoted + (text.size() > kMostLettersShown ? "...'" : "'");
}

struct Spelling {
  std::string_view text;
  Kind kind;
  Compare compare;
};

/// Longer ones before those that they begin with.
constexpr std::array<Spelling, 14> kSigns = {{
    {"!=", Kind::kCompare, Compare::kNotEqual},
    {"==", Kind::kCompare, Compare::kEqual},
    {"<=", Kind::kCompare, Compare::kLessEqual},
    {">=", Kind::kCompare, Compare::kGreaterEqual},
    {"&&", Kind::kAnd, {}},
    {"||", Kind::kOr, {}},
    {"=", Kind::kCompare, Compare::kEqual},
    {"<", Kind::kCompare, Compare::kLess},
    {">", Kind::kCompare, Compare::kGreater},
    {"!", Kind::kNot, {}},
    {"&", Kind::kAnd, {}},
    {"|", Kind::kOr, {}},
    {"(", Kind::kOpen, {}},
    {")", Kind::kClose, {}},
}};

constexpr std::array<Spelling, 12> kOperatorWords = {{
    {"not", Kind::kNot, {}},
    {"and", Kind::kAnd, {}},
    {"or", Kind::kOr, {}},
    {"eq", Kind::kCompare, Compare::kEqual},
    {"ne", Kind::kCompare, Compare::kNotEqual},
    {"neq", Kind::kCompare, Compare::kNotEqual},
    {"gt", Kind::kCompare, Compare::kGreater},
    {"lt", Kind::kCompare, Compare::kLess},
    {"ge", Kind::kCompare, Compare::kGreaterEqual},
    {"geq", Kind::kCompare, Compare::kGreaterEqual},
    {"le", Kind::kCompare, Compare::kLessEqual},
    {"leq", Kind::kCompare, Compare::kLessEqual},
}};

const Spelling* FindSign(std::string_view text) {
  for (const Spelling& sign : kSigns) {
    if (text.substr(0, sign.text.size()) == sign.text) return &sign;
  }
  return nullptr;
}

std::vector<Token> Tokens(std::string_view filter) {
  std::vector<Token> tokens;
  for (size_t at = 0; at < filter.size();) {
    if (IsBlank(filter[at])) {
      ++at;
      continue;
    }
    if (const Spelling* sign = FindSign(filter.substr(at))) {
      tokens.push_back({sign->kind, sign->compare, filter.substr(at, sign->text.size()), at});
      at += sign->text.size();
      continue;
    }
    size_t end = at;
    while (end < filter.size() && !IsBlank(filter[end]) && !FindSign(filter.substr(end))) ++end;
    Token token{Kind::kWord, {}, filter.substr(at, end - at), at};
    const std::string lower = Lower(token.text);
    for (const Spelling& word : kOperatorWords) {
      if (word.text != lower) continue;
      token.kind = word.kind;
      token.compare = word.compare;
    }
    tokens.push_back(token);
    at = end;
  }
  tokens.push_back({Kind::kEnd, {}, {}, filter.size()});
  return tokens;
}

std::optional<int> SmallNumber(std::string_view text, int most, int base = 10) {
  int number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number, base);
  if (error != std::errc() || stop != end || number < 0 || number > most) return std::nullopt;
  if (base == 10 && text.size() > 1 && text[0] == '0') return std::nullopt;
  return number;
}

/// An address with the bits of it that count. All of `bytes` is in network order.
struct Prefix {
  bool is_v4 = false;
  std::array<uint8_t, 16> bytes{};  ///< the first four for v4
  int bits = 0;

  void ClearHostBits() {
    for (int i = bits; i < (is_v4 ? 32 : 128); ++i) {
      uint8_t& byte = bytes[static_cast<size_t>(i / 8)];
      byte = static_cast<uint8_t>(byte & ~(0x80 >> (i % 8)));
    }
  }
};

/// "10.0.0.1", or as ss "10.1" for 10.1.0.0; the number of parts, 0 where it is none.
int ParseV4(std::string_view text, std::array<uint8_t, 16>& bytes) {
  for (int parts = 0; parts < 4;) {
    const size_t dot = text.find('.');
    const std::optional<int> part = SmallNumber(text.substr(0, dot), 255);
    if (!part) return 0;
    bytes[static_cast<size_t>(parts++)] = static_cast<uint8_t>(*part);
    if (dot == std::string_view::npos) return parts;
    text.remove_prefix(dot + 1);
  }
  return 0;
}

/// RFC 4291 section 2.2. "::" stands for at least one group, as inet_pton takes it.
bool ParseV6(std::string_view text, std::array<uint8_t, 16>& bytes) {
  std::vector<int> groups;
  std::optional<size_t> gap;
  if (text.substr(0, 2) == "::") {
    gap = 0;
    text.remove_prefix(2);
  }
  while (!text.empty()) {
    if (groups.size() >= 8) return false;
    const size_t colon = text.find(':');
    const std::string_view part = text.substr(0, colon);
    std::array<uint8_t, 16> v4{};
    if (colon == std::string_view::npos && ParseV4(part, v4) == 4) {
      groups.push_back(v4[0] << 8 | v4[1]);
      groups.push_back(v4[2] << 8 | v4[3]);
      break;
    }
    if (part.size() > 4) return false;
    const std::optional<int> group = SmallNumber(part, 0xffff, 16);
    if (!group) return false;
    groups.push_back(*group);
    if (colon == std::string_view::npos) break;
    text.remove_prefix(colon + 1);
    if (text.empty()) return false;
    if (text[0] == ':') {
      if (gap) return false;
      gap = groups.size();
      text.remove_prefix(1);
    }
  }
  if (gap ? groups.size() > 7 : groups.size() != 8) return false;
  if (gap) groups.insert(groups.begin() + static_cast<std::ptrdiff_t>(*gap), 8 - groups.size(), 0);
  for (size_t i = 0; i < 8; ++i) {
    bytes[2 * i] = static_cast<uint8_t>(groups[i] >> 8);
    bytes[2 * i + 1] = static_cast<uint8_t>(groups[i] & 0xff);
  }
  return true;
}

/// "24", or for v4 "255.255.255.0"; nullopt where it is no length of a prefix.
std::optional<int> ParsePrefixLength(std::string_view text, bool is_v4) {
  if (const auto bits = SmallNumber(text, is_v4 ? 32 : 128)) return bits;
  std::array<uint8_t, 16> mask{};
  if (!is_v4 || ParseV4(text, mask) != 4) return std::nullopt;
  int bits = 0;
  while (bits < 32 && (mask[static_cast<size_t>(bits / 8)] & (0x80 >> (bits % 8))) != 0) ++bits;
  Prefix whole{true, mask, bits};
  whole.ClearHostBits();
  return whole.bytes == mask ? std::optional<int>(bits) : std::nullopt;
}

/// What is mapped is v4, where its prefix leaves no other.
void Unmap(Prefix& prefix) {
  constexpr std::array<uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (prefix.is_v4 || prefix.bits < 96 ||
      !std::equal(kMapped.begin(), kMapped.end(), prefix.bytes.begin())) {
    return;
  }
  std::copy(prefix.bytes.begin() + 12, prefix.bytes.end(), prefix.bytes.begin());
  std::fill(prefix.bytes.begin() + 4, prefix.bytes.end(), uint8_t{0});
  prefix.is_v4 = true;
  prefix.bits -= 96;
}

struct Host {
  std::optional<Prefix> prefix;  ///< none: every address
  int port = kAnyPort;
};

const std::vector<std::string>& Conditions() {
  static const std::vector<std::string> words = {"state", "exclude", "src",
                                                 "dst",   "sport",   "dport"};
  return words;
}

/// What ss knows and a saved table doesn't tell.
struct Untold {
  std::string_view word;
  std::string_view why;
};
constexpr std::array<Untold, 4> kUntold = {{
    {"dev", "the device of a socket"},
    {"fwmark", "the mark of a socket"},
    {"cgroup", "the cgroup of a socket"},
    {"autobound",
     "whether a port was chosen by the kernel; compare sport with the port range of the host"},
}};

class Parser {
 public:
  Parser(std::string_view filter, const ServiceNames& services)
      : filter_(filter), services_(services), tokens_(Tokens(filter)) {}

  SocketFilter Run() {
    SocketFilter result;
    if (Now().kind != Kind::kEnd) {
      std::string sql = List(0);
      if (Now().kind != Kind::kEnd) FailHere("there is no '(' for this ')'");
      if (family_ != 0) sql = "(" + sql + ") AND family = " + Value(family_);
      result.sql = std::move(sql);
      result.values = std::move(values_);
    }
    return result;
  }

 private:
  const Token& Now() const { return tokens_[next_]; }
  const Token& Take() { return tokens_[next_++]; }
  [[noreturn]] void FailHere(const std::string& message) const {
    Fail(filter_, Now().place, message);
  }

  std::string Value(SocketFilter::Bound value) {
    values_.push_back(std::move(value));
    return ":f" + std::to_string(values_.size());
  }

  bool AtState() const {
    const std::string word = Now().kind == Kind::kWord ? Lower(Now().text) : "";
    return word == "state" || word == "exclude" || word == "excl";
  }

  /// Conditions with operators between them, or nothing for `and`, from left to right.
  std::string List(int depth) {
    // The words of state in front of a filter stand apart from it, as in ss, unless an operator
    // makes them one of its conditions.
    std::string apart;
    const bool begins_with_state = AtState();
    if (begins_with_state) {
      apart = States();
      if (Now().kind == Kind::kEnd || (depth > 0 && Now().kind == Kind::kClose)) return apart;
    }
    const bool is_apart =
        depth == 0 && begins_with_state && Now().kind != Kind::kAnd && Now().kind != Kind::kOr;
    std::string sql = begins_with_state && !is_apart ? apart : Condition(depth);
    bool has_or = false;
    bool has_state_and = false;
    while (Now().kind != Kind::kEnd && Now().kind != Kind::kClose) {
      const Token& sign = Now();
      const bool is_or = sign.kind == Kind::kOr;
      if (is_or || sign.kind == Kind::kAnd) Take();
      if (!is_or && has_or) {
        Fail(filter_, sign.place,
             "'and' after 'or' needs parentheses: ss reads from left to right, its manual says "
             "that 'and' comes first");
      }
      if (is_or && has_state_and) {
        Fail(filter_, sign.place,
             "'or' after a state with 'and' needs parentheses: without them the state could be "
             "meant for the first condition or for all");
      }
      has_or = has_or || is_or;
      has_state_and = has_state_and || (begins_with_state && !is_apart && !is_or);
      const std::string right = Condition(depth);
      // No `and` follows an `or` here, so SQL groups these as they are read: from left to right.
      sql += (is_or ? " OR " : " AND ") + right;
    }
    return is_apart ? apart + " AND (" + sql + ")" : sql;
  }

  std::string Condition(int depth) {
    if (++conditions_ > kMostConditions) {
      FailHere("a filter has at most " + std::to_string(kMostConditions) + " conditions");
    }
    switch (Now().kind) {
      case Kind::kNot: {
        if (depth >= kDeepestParentheses) FailHere("this is nested too deeply");
        Take();
        const bool has_parentheses = Now().kind == Kind::kOpen;
        const std::string sql = Condition(depth + 1);
        return has_parentheses ? "NOT " + sql : "NOT (" + sql + ")";
      }
      case Kind::kOpen: {
        if (depth >= kDeepestParentheses) FailHere("this is nested too deeply");
        const Token open = Take();
        if (Now().kind == Kind::kClose) FailHere("there is nothing between the parentheses");
        const std::string sql = List(depth + 1);
        if (Now().kind != Kind::kClose) Fail(filter_, open.place, "this '(' is never closed");
        Take();
        return "(" + sql + ")";
      }
      case Kind::kWord:
        return Predicate();
      case Kind::kEnd:
        FailHere("a condition is missing at the end");
      default:
        FailHere("a condition is missing before " + Quoted(Now().text));
    }
  }

  std::string Predicate() {
    if (AtState()) return States();
    const Token word = Take();
    const std::string name = Lower(word.text);
    for (const Untold& untold : kUntold) {
      if (untold.word != name) continue;
      Fail(filter_, word.place,
           Quoted(word.text) + ": /proc/net/tcp doesn't tell " + std::string(untold.why));
    }
    if (name == "src" || name == "dst") return Address(name == "src" ? "local" : "remote");
    if (name == "sport" || name == "dport") {
      return PortIs(name == "sport" ? "local_port" : "remote_port");
    }
    Fail(filter_, word.place,
         Quoted(word.text) + " is no condition" + DidYouMean(std::string(word.text), Conditions()));
  }

  /// `state a state b exclude c`: the first word says what the rest adds to or takes from.
  std::string States() {
    std::set<std::string> states;
    if (Lower(Now().text) != "state") states = AllStates();
    while (AtState()) {
      const Token word = Take();
      if (Now().kind != Kind::kWord) {
        FailHere(Quoted(word.text) + " needs a state: established, time-wait, connected, ...");
      }
      for (const std::string& name : StatesOf(Take())) {
        if (Lower(word.text) == "state") {
          states.insert(name);
        } else {
          states.erase(name);
        }
      }
    }
    if (states.size() == StateNames().size()) return "TRUE";
    std::string sql;
    for (const std::string& name : StateNames()) {
      if (states.count(name) != 0) sql += (sql.empty() ? "state IN (" : ", ") + Value(name);
    }
    return sql.empty() ? "FALSE" : sql + ")";
  }

  static std::set<std::string> AllStates() {
    return std::set<std::string>(StateNames().begin(), StateNames().end());
  }

  std::vector<std::string> StatesOf(const Token& token) const {
    if (Lower(token.text) == "unconnected") return {"CLOSE"};
    try {
      return ParseStates(token.text);
    } catch (const UserError& error) {
      Fail(filter_, token.place, error.what());
    }
  }

  /// A comparison, `=` where there is none.
  Compare TakeCompare() { return Now().kind == Kind::kCompare ? Take().compare : Compare::kEqual; }

  std::string PortIs(const std::string& column) {
    const Token sign = Now();
    const Compare compare = TakeCompare();
    if (Now().kind != Kind::kWord) FailHere("a port is missing: 443, :443 or :https");
    const Token token = Take();
    std::string_view text = WithoutFamily(token);
    if (text.substr(0, 1) == ":") text.remove_prefix(1);
    const int port = Port(token, text);
    constexpr std::array<std::string_view, 6> kOperators = {" = ",  " <> ", " < ",
                                                            " <= ", " > ",  " >= "};
    if (port != kAnyPort) {
      return column + std::string(kOperators[static_cast<size_t>(compare)]) + Value(port);
    }
    if (compare == Compare::kEqual) return "TRUE";
    if (compare == Compare::kNotEqual) return "FALSE";
    Fail(filter_, sign.place, Quoted(sign.text) + " needs a port, '*' is none");
  }

  std::string Address(const std::string& side) {
    const Token sign = Now();
    const Compare compare = TakeCompare();
    if (compare != Compare::kEqual && compare != Compare::kNotEqual) {
      Fail(filter_, sign.place, "addresses can't be compared with " + Quoted(sign.text));
    }
    if (Now().kind != Kind::kWord) {
      FailHere("an address is missing: 10.0.0.0/8, 10.0.0.1:443, [::1]:443 or :443");
    }
    const Host host = HostOf(Take());
    std::string sql;
    if (host.prefix) sql = InPrefix(side + "_key", *host.prefix);
    if (host.port != kAnyPort) {
      sql += (sql.empty() ? "" : " AND ") + side + "_port = " + Value(host.port);
    }
    if (sql.empty()) sql = "TRUE";
    return compare == Compare::kEqual ? sql : "NOT (" + sql + ")";
  }

  /// The numbers of v4 addresses are their keys; those of v6 are looked up, once a query.
  std::string InPrefix(const std::string& column, Prefix prefix) {
    Unmap(prefix);
    prefix.ClearHostBits();
    if (prefix.is_v4) {
      int64_t first = 0;
      for (size_t i = 0; i < 4; ++i) first = first << 8 | prefix.bytes[i];
      const int64_t last = first + (int64_t{1} << (32 - prefix.bits)) - 1;
      if (first == last) return column + " = " + Value(first);
      return column + " BETWEEN " + Value(first) + " AND " + Value(last);
    }
    const std::string first_key = Value(store::kFirstKey6);
    if (prefix.bits == 0) return column + " >= " + first_key;
    std::string first(prefix.bytes.begin(), prefix.bytes.end());
    std::string last = first;
    for (int i = prefix.bits; i < 128; ++i) {
      char& byte = last[static_cast<size_t>(i / 8)];
      byte = static_cast<char>(static_cast<uint8_t>(byte) | 0x80 >> (i % 8));
    }
    const std::string first_value = Value(SocketFilter::Bytes{std::move(first)});
    const std::string last_value = Value(SocketFilter::Bytes{std::move(last)});
    return column + " IN (SELECT a.id + " + first_key +
           " FROM address6 AS a WHERE a.bytes BETWEEN " + first_value + " AND " + last_value + ")";
  }

  /// `inet:` and `inet6:` in front of a host hold for the whole filter, as in ss.
  std::string_view WithoutFamily(const Token& token) {
    for (const auto& [name, family] :
         {std::pair<std::string_view, int64_t>{"inet:", 4}, {"inet6:", 6}}) {
      if (token.text.substr(0, name.size()) != name) continue;
      if (family_ != 0 && family_ != family) {
        Fail(filter_, token.place, "inet: and inet6: exclude each other: each holds for all");
      }
      family_ = family;
      return token.text.substr(name.size());
    }
    for (const std::string_view name : {"unix:", "link:", "netlink:", "vsock:"}) {
      if (token.text.substr(0, name.size()) == name) {
        Fail(filter_, token.place, Quoted(name) + ": there are TCP sockets only");
      }
    }
    return token.text;
  }

  /// ADDRESS[/BITS][:PORT], [ADDRESS][/BITS][:PORT], *[:PORT], :PORT
  Host HostOf(const Token& token) {
    const std::string_view text = WithoutFamily(token);
    std::string_view address = text;
    std::string_view rest;
    if (text.substr(0, 1) == "[") {
      const size_t close = text.find(']');
      if (close == std::string_view::npos) FailAddress(token, "has no ']'");
      address = text.substr(1, close - 1);
      rest = text.substr(close + 1);
      if (rest.substr(0, 1) == "/") {  // [2001:db8::]/32:443
        const size_t colon = rest.find(':');
        Host host = WithPort(token, colon == std::string_view::npos ? "" : rest.substr(colon));
        host.prefix = PrefixOf(token, address, rest.substr(1, std::min(colon, rest.size()) - 1));
        return host;
      }
    } else {
      // A v6 address ends at its prefix, or else its last part is the port, as ss has it.
      const size_t slash = text.find('/');
      const size_t colon =
          slash == std::string_view::npos ? text.rfind(':') : text.find(':', slash);
      address = text.substr(0, colon);
      if (colon != std::string_view::npos) rest = text.substr(colon);
    }
    Host host = WithPort(token, rest);
    if (address.empty() && rest.empty()) FailAddress(token, "is empty");
    const bool is_any = address.empty() || address == "*" || address == "any" || address == "all" ||
                        address == "default";
    if (is_any) return host;
    const size_t slash = address.find('/');
    if (slash == std::string_view::npos) {
      host.prefix = PrefixOf(token, address, std::nullopt);
    } else {
      host.prefix = PrefixOf(token, address.substr(0, slash), address.substr(slash + 1));
    }
    return host;
  }

  Host WithPort(const Token& token, std::string_view rest) {
    Host host;
    if (rest.empty()) return host;
    if (rest[0] != ':') FailAddress(token, "goes on after its end with " + Quoted(rest));
    host.port = Port(token, rest.substr(1));
    return host;
  }

  [[noreturn]] void FailAddress(const Token& token, const std::string& what) const {
    Fail(filter_, token.place, "the address " + Quoted(token.text) + " " + what);
  }

  Prefix PrefixOf(const Token& token, std::string_view address,
                  std::optional<std::string_view> length) const {
    Prefix prefix;
    const int parts = ParseV4(address, prefix.bytes);
    prefix.is_v4 = parts > 0;
    if (parts > 0 && parts < 4 && !length) {
      FailAddress(token, "is short: write all four numbers, or a prefix like 10.1.0.0/16");
    }
    if (parts == 0) {
      prefix.bytes = {};
      if (!ParseV6(address, prefix.bytes)) FailNoAddress(token, address);
    }
    prefix.bits = prefix.is_v4 ? 32 : 128;
    if (length) {
      const std::optional<int> bits = ParsePrefixLength(*length, prefix.is_v4);
      if (!bits) {
        FailAddress(token, "has no prefix length after '/': 0 to " +
                               std::to_string(prefix.is_v4 ? 32 : 128));
      }
      prefix.bits = *bits;
    }
    return prefix;
  }

  [[noreturn]] void FailNoAddress(const Token& token, std::string_view address) const {
    const bool is_v6 = std::count(token.text.begin(), token.text.end(), ':') > 1;
    const bool is_numbers = address.find_first_not_of("0123456789.") == std::string_view::npos;
    if (is_v6 && token.text[0] != '[') {
      FailAddress(token, "is none: IPv6 goes in brackets, [::1] or [::1]:443");
    }
    FailAddress(token,
                is_v6 || is_numbers ? "is none" : "is none (names of hosts are not looked up)");
  }

  int Port(const Token& token, std::string_view text) const {
    if (text == "*") return kAnyPort;
    if (const auto port = SmallNumber(text, 65535)) return *port;
    if (text.substr(0, 2) == "0x") {
      if (const auto port = SmallNumber(text.substr(2), 65535, 16)) return *port;
    }
    const bool is_number = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
      return c >= '0' && c <= '9';
    });
    if (is_number || text.empty()) {
      Fail(filter_, token.place,
           Quoted(token.text) + " has no port: 0 to 65535 without leading zeros, or a name");
    }
    const int port = services_.Find(std::string(text));
    if (port >= 0) return port;
    Fail(filter_, token.place,
         "no TCP service is called " + Quoted(text) +
             (services_.empty() ? " (" + services_.path() + " names none, or is not there)"
                                : " in " + services_.path()) +
             ": write the number");
  }

  std::string_view filter_;
  const ServiceNames& services_;
  std::vector<Token> tokens_;
  size_t next_ = 0;
  size_t conditions_ = 0;
  int64_t family_ = 0;
  std::vector<SocketFilter::Bound> values_;
};

}  // namespace

ServiceNames ServiceNames::ReadFile(const std::string& path) {
  const std::ifstream file(path);
  std::ostringstream text;
  if (file) text << file.rdbuf();
  return Parse(text.str(), path);
}

ServiceNames ServiceNames::Parse(std::string_view text, std::string path) {
  ServiceNames names;
  names.path_ = std::move(path);
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line.substr(0, line.find('#')));
    std::string name;
    std::string port;
    if (!(words >> name >> port)) continue;
    const size_t slash = port.find('/');
    const auto number = SmallNumber(std::string_view(port).substr(0, slash), 65535);
    if (!number || slash == std::string::npos || port.substr(slash) != "/tcp") continue;
    // The first line with a name counts, as for getservbyname().
    do names.ports_.emplace(name, *number);
    while (words >> name);
  }
  return names;
}

int ServiceNames::Find(const std::string& name) const {
  const auto found = ports_.find(name);
  return found == ports_.end() ? -1 : found->second;
}

void SocketFilter::Bind(store::Statement& statement) const {
  for (int i = 1; i <= statement.ParameterCount(); ++i) {
    const std::string name = statement.ParameterName(i);
    size_t number = 0;
    if (name.size() < 3 || name[1] != 'f' ||
        std::from_chars(name.data() + 2, name.data() + name.size(), number).ptr !=
            name.data() + name.size()) {
      continue;
    }
    const Bound& value = values.at(number - 1);
    if (const auto* integer = std::get_if<int64_t>(&value)) {
      statement.Bind(i, *integer);
    } else if (const auto* text = std::get_if<std::string>(&value)) {
      statement.Bind(i, std::string_view(*text));
    } else {
      statement.BindBlob(i, std::get<Bytes>(value).bytes);
    }
  }
}

SocketFilter ParseSocketFilter(std::string_view text, const ServiceNames& services) {
  return Parser(text, services).Run();
}

}  // namespace tcpsnap::report
