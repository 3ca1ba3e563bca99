#include "report/triage_text.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "report/cell_text.h"
#include "report/describe.h"
#include "report/finding_json.h"

namespace tcpsnap::report {
namespace {

constexpr size_t kLineWidth = 100;
constexpr size_t kLabelWidth = 10;  // of "  evidence", and of "CRITICAL  "

bool IsPlain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("@%_+=:,./-").find(c) != std::string_view::npos;
}

/// `text` behind a label, its further lines below its first.
void AppendLabelled(std::string& out, std::string label, std::string_view text) {
  label.resize(kLabelWidth + 2, ' ');
  std::string printable;
  AppendPrintable(printable, text);
  std::string lines = Wrap(printable, kLineWidth - label.size(), std::string(label.size(), ' '));
  lines.replace(0, label.size(), label);
  out += lines;
}

std::string SpanText(const Finding& finding, const capture::Zone& zone) {
  std::string since = finding.since_ms ? TimeText(*finding.since_ms, zone) : "?";
  if (finding.until_ms == finding.since_ms) return since;
  return since + " to " + (finding.until_ms ? TimeText(*finding.until_ms, zone) : "?");
}

std::string NumbersText(const Finding& finding) {
  std::string text;
  const auto numbers = ReadNumbers(finding.numbers);
  if (!numbers) return text;
  for (const auto& [name, value] : *numbers) {
    if (!text.empty()) text += ", ";
    text.append(name).append(" ").append(value);
  }
  return text;
}

}  // namespace

std::string ShellWord(std::string_view word) {
  if (!word.empty() && std::all_of(word.begin(), word.end(), IsPlain)) return std::string(word);
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::string MoreCommand(const Finding& finding, std::string_view database_path) {
  if (finding.more.empty()) return "";
  std::string command = "tcpsnap-query " + finding.more;
  const size_t at = command.find(" DB");
  const bool is_word =
      at != std::string::npos && (at + 3 == command.size() || command[at + 3] == ' ');
  if (is_word) command.replace(at + 1, 2, ShellWord(database_path));
  return command;
}

std::string FindingAsText(const Finding& finding, const capture::Zone& zone,
                          std::string_view database_path) {
  std::string severity(SeverityName(finding.severity));
  for (char& c : severity) c = static_cast<char>(c - 'a' + 'A');
  std::string text;
  AppendLabelled(text, severity, finding.host + ": " + finding.what);
  if (finding.since_ms || finding.until_ms) {
    AppendLabelled(text, "  when", SpanText(finding, zone));
  }
  AppendLabelled(text, "  " + finding.confidence, finding.why);
  const std::string numbers = NumbersText(finding);
  if (!numbers.empty()) AppendLabelled(text, "  numbers", numbers);
  const auto evidence = ReadEvidence(finding.evidence);
  for (size_t i = 0; evidence && i < evidence->size(); ++i) {
    AppendLabelled(text, i == 0 ? "  evidence" : "", (*evidence)[i]);
  }
  const std::string more = MoreCommand(finding, database_path);
  // A command in one line, to be copied.
  if (!more.empty()) text.append("  more      ").append(more) += '\n';
  text.append("  rule      ").append(finding.rule) += '\n';
  return text;
}

}  // namespace tcpsnap::report
