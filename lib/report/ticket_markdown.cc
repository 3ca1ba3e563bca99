// The ticket for people. Only what GitHub, GitLab and Jira all take when it is pasted: headings,
// paragraphs, lists of one level, code spans, bold, pipe tables. No HTML, no footnotes.
#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <span>
#include <utility>

#include "report/cell_text.h"
#include "report/nearest.h"
#include "report/ticket.h"

namespace tcpsnap::report {
namespace {

using Row = std::vector<Value>;
using RowPointers = std::vector<const Row*>;

/// More columns than these make a table that has to be scrolled.
constexpr size_t kMostColumns = 10;
/// Letters of a cell; what is longer would push the other columns out of sight.
constexpr size_t kMostCellWidth = 60;

bool IsWordByte(std::string_view text, size_t i) {
  return i < text.size() && (std::isalnum(static_cast<unsigned char>(text[i])) != 0 ||
                             static_cast<unsigned char>(text[i]) >= 0x80);
}

/// Text that shows as it is, in a paragraph or a cell.
std::string Escaped(std::string_view text) {
  std::string printable;
  AppendPrintable(printable, text);
  std::string escaped;
  for (size_t i = 0; i < printable.size(); ++i) {
    const char c = printable[i];
    // Within a word an underscore is none: TIME_WAIT.
    const bool is_within_word =
        c == '_' && i > 0 && IsWordByte(printable, i - 1) && IsWordByte(printable, i + 1);
    if (std::string_view("\\`*_[]<>|~&$").find(c) != std::string_view::npos && !is_within_word) {
      escaped += '\\';
    }
    escaped += c;
  }
  return escaped;
}

/// Text between backticks: more of them than it holds in a row, apart by blanks where it has any.
std::string CodeSpan(std::string_view text) {
  std::string printable;
  AppendPrintable(printable, text);
  size_t longest = 0;
  size_t run = 0;
  for (const char c : printable) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  const std::string fence(longest + 1, '`');
  const std::string blank = longest > 0 ? " " : "";
  return fence + blank + printable + blank + fence;
}

/// A code span in a table, where a pipe ends the cell even so.
std::string CodeCell(std::string_view text) {
  std::string cell;
  for (const char c : CodeSpan(text)) {
    if (c == '|') cell += '\\';
    cell += c;
  }
  return cell;
}

std::string Shortened(const std::string& text) {
  if (Width(text) <= kMostCellWidth) return text;
  size_t bytes = 0;
  for (size_t letters = 0; letters < kMostCellWidth; ++bytes) {
    letters += (static_cast<unsigned char>(text[bytes]) & 0xc0) != 0x80;
  }
  while (bytes < text.size() && (static_cast<unsigned char>(text[bytes]) & 0xc0) == 0x80) ++bytes;
  return text.substr(0, bytes) + "…";
}

Cell AsCell(const Value& value) {
  Cell cell;
  if (const auto* integer = std::get_if<int64_t>(&value)) {
    cell.type = store::ValueType::kInteger;
    cell.integer = *integer;
  } else if (const auto* real = std::get_if<double>(&value)) {
    cell.type = store::ValueType::kReal;
    cell.real = *real;
  } else if (const auto* text = std::get_if<std::string>(&value)) {
    cell.type = store::ValueType::kText;
    cell.bytes = *text;
  }
  return cell;
}

std::string Readable(const Value& value, ColumnType type, const capture::Zone& zone) {
  std::string text;
  AppendReadableCell(text, AsCell(value), type, zone);
  return Escaped(Shortened(text));
}

struct TableColumn {
  std::string name;
  bool is_right = false;
};

using Fields = std::vector<std::string>;

void AppendLine(std::string& out, const Fields& fields) {
  for (const std::string& field : fields) out += "| " + field + " ";
  out += "|\n";
}

void AppendTable(std::string& out, const std::vector<TableColumn>& columns,
                 const std::vector<Fields>& rows) {
  Fields names;
  for (const TableColumn& column : columns) names.push_back(column.name);
  AppendLine(out, names);
  for (const TableColumn& column : columns) out += column.is_right ? "| ---: " : "| --- ";
  out += "|\n";
  for (const Fields& row : rows) AppendLine(out, row);
  out += '\n';
}

std::string Counted(int64_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

/// The rows that a table has not.
template <typename T>
void AppendRest(std::string& out, const FirstOf<T>& list, std::string_view noun) {
  if (!list.is_truncated()) return;
  out += "Only the first " + std::to_string(list.items.size()) + " of " +
         std::to_string(list.count) + " " + std::string(noun) + " are shown.\n\n";
}

/// Which columns of a report a table shows, and what is told apart from it.
struct Layout {
  std::vector<size_t> shown;
  std::vector<size_t> same;       ///< have one value in all rows
  std::vector<size_t> left_over;  ///< for want of room
};

Layout LayOut(const std::vector<size_t>& columns, const RowPointers& rows) {
  Layout layout;
  for (const size_t column : columns) {
    const bool is_same = std::all_of(rows.begin(), rows.end(), [&](const Row* row) {
      return (*row)[column] == (*rows.front())[column];
    });
    if (is_same && rows.size() > 1) {
      layout.same.push_back(column);
    } else if (layout.shown.size() < kMostColumns) {
      layout.shown.push_back(column);
    } else {
      layout.left_over.push_back(column);
    }
  }
  return layout;
}

std::vector<size_t> AllColumns(const TicketReport& report) {
  std::vector<size_t> columns(report.columns.size());
  for (size_t i = 0; i < columns.size(); ++i) columns[i] = i;
  return columns;
}

/// One row stands upright: a value a line.
void AppendUpright(std::string& out, const TicketReport& report, const std::vector<size_t>& columns,
                   const Row& row, const capture::Zone& zone) {
  std::vector<Fields> lines;
  for (const size_t i : columns) {
    const Column& column = report.columns[i];
    lines.push_back({Escaped(column.name), Readable(row[i], column.type, zone),
                     column.unit.empty() ? "" : Escaped(column.unit)});
  }
  AppendTable(out, {{"column"}, {"value", true}, {"unit"}}, lines);
}

void AppendRows(std::string& out, const TicketReport& report, const std::vector<size_t>& columns,
                const RowPointers& rows, const capture::Zone& zone) {
  if (rows.size() == 1) return AppendUpright(out, report, columns, *rows.front(), zone);
  const Layout layout = LayOut(columns, rows);
  Fields same;
  for (const size_t i : layout.same) {
    const Value& value = (*rows.front())[i];
    if (std::holds_alternative<std::monostate>(value)) continue;
    same.push_back(Escaped(report.columns[i].name) + " " +
                   Readable(value, report.columns[i].type, zone));
  }
  if (!same.empty()) out += "The same in every row shown: " + JoinNames(same) + ".\n\n";
  std::vector<TableColumn> headers;
  for (const size_t i : layout.shown) {
    const Column& column = report.columns[i];
    headers.push_back({Escaped(column.name), IsNumeric(column.type, AsCell((*rows.front())[i]))});
  }
  std::vector<Fields> lines;
  for (const Row* row : rows) {
    Fields& line = lines.emplace_back();
    for (const size_t i : layout.shown) {
      line.push_back(Readable((*row)[i], report.columns[i].type, zone));
    }
  }
  if (!headers.empty()) AppendTable(out, headers, lines);
  Fields left_over;
  for (const size_t i : layout.left_over) left_over.push_back(Escaped(report.columns[i].name));
  if (!left_over.empty()) {
    out += "Further columns, for want of room: " + JoinNames(left_over) + ".\n\n";
  }
}

RowPointers AllRows(const TicketReport& report) {
  RowPointers rows;
  for (const Row& row : report.rows.items) rows.push_back(&row);
  return rows;
}

size_t ColumnPlace(const TicketReport& report, std::string_view name) {
  const auto found = std::find_if(report.columns.begin(), report.columns.end(),
                                  [&](const Column& column) { return column.name == name; });
  return static_cast<size_t>(found - report.columns.begin());
}

/// What two windows side by side need; the rest follows from these.
constexpr std::array<std::string_view, 11> kCompareColumns = {
    "host",     "subject",  "state",    "direction", "service_port", "peer_ip",
    "base_avg", "base_min", "base_max", "avg",       "ratio"};

/// Empty: it is not the report compare, but one of the user's of that name.
std::vector<size_t> CompareColumns(const TicketReport& report) {
  if (report.name != "compare") return {};
  std::vector<size_t> columns;
  for (const std::string_view name : kCompareColumns) columns.push_back(ColumnPlace(report, name));
  const size_t last = std::max({*std::max_element(columns.begin(), columns.end()),
                                ColumnPlace(report, "change"), ColumnPlace(report, "base_sd")});
  return last < report.columns.size() ? columns : std::vector<size_t>();
}

/// How many lines there are besides.
void AppendUnchanged(std::string& out, const TicketReport& report, size_t change) {
  const size_t spread = ColumnPlace(report, "base_sd");
  const size_t now = ColumnPlace(report, "avg");
  int64_t usual = 0;
  int64_t unknown = 0;
  for (const Row& row : report.rows.items) {
    if (row[change] != Value()) continue;
    ++(row[spread] == Value() || row[now] == Value() ? unknown : usual);
  }
  if (usual > 0) out += Counted(usual, "line") + " within the usual spread.\n\n";
  if (unknown > 0) {
    out += Counted(unknown, "line") +
           " can't be judged: fewer than two snapshots of the host in base, or none now.\n\n";
  }
}

/// The report compare by what became of each line; the rest is only counted.
void AppendComparison(std::string& out, const TicketReport& report,
                      const std::vector<size_t>& columns, const capture::Zone& zone) {
  constexpr std::array<std::pair<const char*, const char*>, 4> kChanges = {
      {{"new", "New"}, {"gone", "Gone"}, {"more", "More than usual"}, {"less", "Less than usual"}}};
  const size_t change = ColumnPlace(report, "change");
  for (const auto& [word, title] : kChanges) {
    RowPointers rows;
    for (const Row& row : report.rows.items) {
      if (row[change] == Value(std::string(word))) rows.push_back(&row);
    }
    if (rows.empty()) continue;
    out += "#### " + std::string(title) + "\n\n";
    AppendRows(out, report, columns, rows, zone);
  }
  AppendUnchanged(out, report, change);
}

std::string FirstSentence(const std::string& text) {
  const size_t line_end = std::min(text.find('\n'), text.size());
  const size_t stop = text.find(". ");
  return text.substr(0, stop < line_end ? stop + 1 : line_end);
}

void AppendParameters(std::string& out, const TicketReport& report, const capture::Zone& zone) {
  Fields told;
  for (const TicketParameter& parameter : report.parameters) {
    if (std::holds_alternative<std::monostate>(parameter.value)) continue;
    const bool is_time = parameter.type == ParameterType::kTime;
    std::string text = CodeSpan(parameter.name) + " ";
    std::string value;
    AppendExactCell(value, AsCell(parameter.value), is_time ? ColumnType::kTime : ColumnType::kAny,
                    zone);
    text += Escaped(value);
    if (parameter.type == ParameterType::kDuration) text += " ms";
    if (!parameter.is_given) text += " (default)";
    told.push_back(std::move(text));
  }
  if (!told.empty()) out += "Parameters: " + JoinNames(told) + ".\n\n";
}

void AppendLegend(std::string& out, const TicketReport& report,
                  const std::vector<size_t>& columns_shown) {
  Fields columns;
  for (const size_t i : columns_shown) {
    const Column& column = report.columns[i];
    std::string text = CodeSpan(column.name) + " " + Escaped(column.help);
    if (!column.unit.empty()) text += " (" + Escaped(column.unit) + ")";
    columns.push_back(std::move(text));
  }
  out += "Columns: " + JoinNames(columns, "; ") + ".\n\n";
}

void AppendReport(std::string& out, const TicketReport& report, const capture::Zone& zone) {
  out += "### " + Escaped(report.title) + " (" + CodeSpan(report.name) + ")\n\n";
  out += Escaped(FirstSentence(report.description)) + "\n\n";
  AppendParameters(out, report, zone);
  std::vector<size_t> columns = CompareColumns(report);
  const bool is_comparison = !columns.empty();
  if (report.rows.count == 0) {
    out += is_comparison ? "Nothing is new, gone or beyond its usual spread, where both windows "
                           "have snapshots.\n\n"
                         : "No rows: there is nothing of the kind in the window.\n\n";
    return;
  }
  if (report.rows.items.empty()) {
    out += Counted(report.rows.count, "row") + ", not shown.\n\n";
    return;
  }
  if (is_comparison) {
    AppendComparison(out, report, columns, zone);
  } else {
    columns = AllColumns(report);
    AppendRows(out, report, columns, AllRows(report), zone);
  }
  AppendRest(out, report.rows, "rows");
  AppendLegend(out, report, columns);
}

std::string Span(const std::optional<int64_t>& since_ms, const std::optional<int64_t>& until_ms,
                 const capture::Zone& zone) {
  if (!since_ms || !until_ms) return "at no certain time";
  if (*since_ms == *until_ms) return "at " + TimeText(*since_ms, zone);
  return "from " + TimeText(*since_ms, zone) + " to " + TimeText(*until_ms, zone);
}

std::string Capitalized(std::string text) {
  if (!text.empty()) {
    text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  }
  return text;
}

void AppendFinding(std::string& out, const Finding& finding, size_t number,
                   const capture::Zone& zone) {
  out += "### " + std::to_string(number) + ". " +
         Capitalized(std::string(SeverityName(finding.severity))) + ": " + Escaped(finding.what) +
         "\n\n";
  out += "On " + Escaped(finding.host) + ", " + Span(finding.since_ms, finding.until_ms, zone) +
         ". " + Capitalized(finding.confidence) + ": " + Escaped(finding.why) + "\n\n";
  Fields numbers;
  for (const auto& [name, number_text] : NumbersOf(finding)) {
    numbers.push_back(Escaped(name) + " " + Escaped(number_text));
  }
  if (!numbers.empty()) out += "Figures: " + JoinNames(numbers) + ".\n\n";
  const std::vector<std::string> evidence = EvidenceOf(finding);
  for (const std::string& text : evidence) out += "- " + CodeSpan(text) + "\n";
  if (!evidence.empty()) out += '\n';
  out += "Rule " + CodeSpan(finding.rule) + ".";
  if (!finding.more.empty()) out += " More: " + CodeSpan("tcpsnap-query " + finding.more);
  out += "\n\n";
}

void AppendFindings(std::string& out, const Ticket& ticket) {
  if (!ticket.findings) return;
  out += "## Findings\n\n";
  if (ticket.findings->count == 0) {
    out += ticket.window.snapshots > 0 ? "None of the rules found anything.\n\n"
                                       : "There is no snapshot to judge by.\n\n";
  }
  size_t number = 0;
  for (const Finding& finding : ticket.findings->items) {
    AppendFinding(out, finding, ++number, ticket.window.zone);
  }
  AppendRest(out, *ticket.findings, "findings");
}

void AppendWarnings(std::string& out, const Ticket& ticket) {
  out += "## Quality of the data\n\n";
  for (const TicketWarning& warning : ticket.warnings.items) {
    out += "- ";
    if (warning.host) out += Escaped(*warning.host) + ": ";
    out += Escaped(warning.text);
    if (warning.at_ms) out += " (" + TimeText(*warning.at_ms, ticket.window.zone) + ")";
    out += '\n';
  }
  out += ticket.warnings.items.empty() ? "Nothing speaks against it.\n\n" : "\n";
  AppendRest(out, ticket.warnings, "warnings");
}

void AppendWindow(std::string& out, const TicketWindow& window) {
  const auto time = [&](const std::optional<int64_t>& ms, const char* otherwise) {
    return ms ? TimeText(*ms, window.zone) : std::string(otherwise);
  };
  out += "## Window\n\n";
  AppendTable(out, {{"what"}, {"value"}},
              {{"asked for", time(window.since_ms, "the first snapshot") + " to " +
                                 time(window.until_ms, "the last snapshot")},
               {"host", window.host ? Escaped(*window.host) : "all"},
               {"first snapshot", time(window.first_ms, "none")},
               {"last snapshot", time(window.last_ms, "none")},
               {"snapshots", std::to_string(window.snapshots)},
               {"samples", std::to_string(window.samples)},
               {"time zone", Escaped(window.zone.name())},
               {"buckets", std::to_string(window.bucket_ms / 1000) + " s"}});
}

std::string PortRange(const TicketHost& host) {
  if (!host.port_range_low || !host.port_range_high) return "-";
  return std::to_string(*host.port_range_low) + " to " + std::to_string(*host.port_range_high);
}

void AppendHosts(std::string& out, const FirstOf<TicketHost>& hosts) {
  if (hosts.items.empty()) return;
  out += "## Hosts\n\n";
  std::vector<Fields> lines;
  for (const TicketHost& host : hosts.items) {
    lines.push_back({Escaped(host.label), std::to_string(host.snapshots),
                     std::to_string(host.samples), std::to_string(host.with_tcp),
                     std::to_string(host.with_tcp6), PortRange(host),
                     host.somaxconn ? std::to_string(*host.somaxconn) : "-",
                     host.uname ? Escaped(Shortened(*host.uname)) : "-"});
  }
  AppendTable(out,
              {{"host"},
               {"snapshots", true},
               {"samples", true},
               {"with tcp", true},
               {"with tcp6", true},
               {"local ports", true},
               {"somaxconn", true},
               {"kernel"}},
              lines);
  AppendRest(out, hosts, "hosts");
}

Fields SourceLine(const std::string& name, const LineAccount& lines) {
  Fields fields = {name};
  for (const int64_t count : lines.counts) fields.push_back(std::to_string(count));
  return fields;
}

void AppendSources(std::string& out, const Ticket& ticket) {
  if (ticket.sources.items.empty()) return;
  out += "## Sources\n\n";
  for (const TicketSource& source : ticket.sources.items) {
    out += "- " + CodeSpan(source.path) + ": " + Counted(source.bytes, "byte") + ", XXH3-128 " +
           (source.content_hash ? CodeSpan(*source.content_hash) : "not known") + ", " +
           Counted(source.dumps, "table") + " of the window, times by " + Escaped(source.layout) +
           ", imported by " + Escaped(source.imported_by) + "\n";
  }
  out += '\n';
  AppendRest(out, ticket.sources, "sources");
  out += "What became of their lines:\n\n";
  std::vector<TableColumn> columns = {{"source"}};
  for (const std::string_view name : LineAccount::kNames) {
    columns.push_back({std::string(name), true});
  }
  std::vector<Fields> lines;
  for (const TicketSource& source : ticket.sources.items) {
    lines.push_back(SourceLine(CodeCell(source.path), source.lines));
  }
  if (ticket.sources.count > 1) lines.push_back(SourceLine("all", ticket.lines));
  AppendTable(out, columns, lines);
  for (const TicketReject& reject : ticket.rejects) {
    out += "- " + CodeSpan(reject.reason) + ": " + Counted(reject.lines, "line") + ". " +
           Escaped(Capitalized(reject.sentence)) + "\n";
  }
  if (!ticket.rejects.empty()) out += '\n';
}

void AppendTitle(std::string& out, const Ticket& ticket) {
  const TicketWindow& window = ticket.window;
  out += "# tcpsnap: ";
  if (window.host) {
    out += Escaped(*window.host);
  } else if (ticket.hosts.items.size() == 1 && !ticket.hosts.is_truncated()) {
    out += Escaped(ticket.hosts.items.front().label);
  } else {
    out += Counted(ticket.hosts.count, "host");
  }
  if (!window.first_ms) out += ", no snapshots";
  if (window.first_ms) out += ", " + Span(window.first_ms, window.last_ms, window.zone);
  out += "\n\n" + Counted(window.snapshots, "snapshot") + ", " + Counted(window.samples, "sample") +
         "; times in " + Escaped(window.zone.name()) + "; tcpsnap " + Escaped(ticket.tool_version) +
         ".\n\n";
}

}  // namespace

std::string TicketAsMarkdown(const Ticket& ticket) {
  std::string out;
  AppendTitle(out, ticket);
  AppendFindings(out, ticket);
  AppendWarnings(out, ticket);
  if (!ticket.reports.empty()) out += "## Reports\n\n";
  for (const TicketReport& report : ticket.reports) AppendReport(out, report, ticket.window.zone);
  AppendWindow(out, ticket.window);
  AppendHosts(out, ticket.hosts);
  AppendSources(out, ticket);
  out.pop_back();  // the empty line behind the last block
  return out;
}

}  // namespace tcpsnap::report
