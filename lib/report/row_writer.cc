#include "report/row_writer.h"

#include <array>

#include "report/error.h"
#include "report/nearest.h"

namespace tcpsnap::report {
namespace {

constexpr size_t kFlushBytes = 1 << 16;

struct FormatEntry {
  std::string_view name;
  std::unique_ptr<RowWriter> (*make)(WriterOptions);
};

/// In the order of Format.
constexpr std::array<FormatEntry, 6> kFormats = {{{"table", MakeTableWriter},
                                                  {"csv", MakeCsvWriter},
                                                  {"tsv", MakeTsvWriter},
                                                  {"json", MakeJsonWriter},
                                                  {"jsonl", MakeJsonLinesWriter},
                                                  {"markdown", MakeMarkdownWriter}}};

}  // namespace

Cell ReadCell(const store::Statement& statement, int column) {
  Cell cell;
  cell.type = statement.Type(column);
  switch (cell.type) {
    case store::ValueType::kNull:
      break;
    case store::ValueType::kInteger:
      cell.integer = statement.Integer(column);
      break;
    case store::ValueType::kReal:
      cell.real = statement.Real(column);
      break;
    case store::ValueType::kText:
      cell.bytes = statement.Text(column);
      break;
    case store::ValueType::kBlob:
      cell.bytes = statement.Blob(column);
      break;
  }
  return cell;
}

std::vector<std::string> FormatNames() {
  std::vector<std::string> names;
  for (const FormatEntry& entry : kFormats) names.emplace_back(entry.name);
  return names;
}

Format ParseFormat(std::string_view name) {
  for (size_t i = 0; i < kFormats.size(); ++i) {
    if (kFormats[i].name == name) return static_cast<Format>(i);
  }
  throw UserError("no format is called '" + std::string(name) +
                  "' (there are: " + JoinNames(FormatNames()) + ")");
}

std::unique_ptr<RowWriter> MakeRowWriter(Format format, WriterOptions options) {
  return kFormats[static_cast<size_t>(format)].make(std::move(options));
}

void RowWriter::Begin(std::vector<OutputColumn> columns) {
  columns_ = std::move(columns);
  ++results_;
  WriteBegin();
}

void RowWriter::Row(std::span<const Cell> cells) {
  WriteRow(cells);
  if (out_.size() >= kFlushBytes) Flush();
}

void RowWriter::End() {
  WriteEnd();
  Flush();
}

void RowWriter::Flush() {
  if (!out_.empty()) options_.sink(out_);
  out_.clear();
}

}  // namespace tcpsnap::report
