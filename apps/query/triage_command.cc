#include "query/triage_command.h"

#include <array>
#include <cstdint>
#include <optional>

#include "report/triage_text.h"

namespace tcpsnap::query {
namespace {

using report::Cell;
using report::ColumnType;

Cell TextCell(std::string_view text) {
  Cell cell;
  if (text.empty()) return cell;
  cell.type = store::ValueType::kText;
  cell.bytes = text;
  return cell;
}

Cell TimeCell(std::optional<int64_t> time_ms) {
  Cell cell;
  if (!time_ms) return cell;
  cell.type = store::ValueType::kInteger;
  cell.integer = *time_ms;
  return cell;
}

std::string Counted(int64_t number, const std::string& noun) {
  return std::to_string(number) + " " + noun + (number == 1 ? "" : "s");
}

}  // namespace

std::string FindingsAsText(std::span<const report::Finding> findings, const capture::Zone& zone,
                           std::string_view database_path) {
  std::string text;
  for (const report::Finding& finding : findings) {
    if (!text.empty()) text += '\n';
    text += report::FindingAsText(finding, zone, database_path);
  }
  return text;
}

void WriteFindings(std::span<const report::Finding> findings, std::string_view database_path,
                   report::RowWriter& writer) {
  writer.Begin({{"rule", ColumnType::kText},
                {"host", ColumnType::kText},
                {"severity", ColumnType::kText},
                {"what", ColumnType::kText},
                {"since", ColumnType::kTime},
                {"until", ColumnType::kTime},
                {"confidence", ColumnType::kText},
                {"why", ColumnType::kText},
                {"numbers", ColumnType::kJson},
                {"evidence", ColumnType::kJson},
                {"more", ColumnType::kText}});
  for (const report::Finding& finding : findings) {
    const std::string more = report::MoreCommand(finding, database_path);
    const std::array<Cell, 11> cells = {TextCell(finding.rule),
                                        TextCell(finding.host),
                                        TextCell(report::SeverityName(finding.severity)),
                                        TextCell(finding.what),
                                        TimeCell(finding.since_ms),
                                        TimeCell(finding.until_ms),
                                        TextCell(finding.confidence),
                                        TextCell(finding.why),
                                        TextCell(finding.numbers),
                                        TextCell(finding.evidence),
                                        TextCell(more)};
    writer.Row(cells);
  }
  writer.End();
}

std::vector<std::string> TriageRemarks(store::Database& database, const report::Scope& scope,
                                       size_t rules, size_t findings) {
  constexpr int64_t kFew = 3;
  const int64_t snapshots = report::CountSnapshots(database, scope);
  if (snapshots == 0) return {report::DescribeEmptyWindow(scope)};
  std::vector<std::string> remarks;
  if (findings == 0) {
    remarks.push_back("no findings in " + report::DescribeWindow(scope) + " (" +
                      Counted(static_cast<int64_t>(rules), "rule") + ", " +
                      Counted(snapshots, "snapshot") + ")");
  } else {
    remarks.push_back(Counted(static_cast<int64_t>(findings), "finding") + " in " +
                      report::DescribeWindow(scope));
  }
  if (snapshots < kFew) {
    remarks.push_back("note: what grows, stays or stands still shows from " + std::to_string(kFew) +
                      " snapshots of a host on");
  }
  return remarks;
}

}  // namespace tcpsnap::query
