#include <utility>

#include "report/cell_text.h"
#include "report/row_writer.h"

namespace tcpsnap::report {
namespace {

/// A table as GitHub and most trackers read it. The line under the header tells the alignment, so
/// the header waits for the first row. A further result follows after an empty line.
class MarkdownWriter : public RowWriter {
 public:
  using RowWriter::RowWriter;

 protected:
  void WriteBegin() override {
    if (!is_first_result()) out() += '\n';
    is_header_due_ = options().header;
  }

  void WriteRow(std::span<const Cell> cells) override {
    if (std::exchange(is_header_due_, false)) WriteHeader(cells);
    for (size_t i = 0; i < cells.size(); ++i) {
      cell_.clear();
      AppendReadableCell(cell_, cells[i], columns()[i].type, options().zone);
      AppendField(cell_);
    }
    out() += "|\n";
  }

  void WriteEnd() override {
    if (std::exchange(is_header_due_, false)) WriteHeader(std::vector<Cell>(columns().size()));
  }

 private:
  void WriteHeader(std::span<const Cell> first_row) {
    for (const OutputColumn& column : columns()) {
      cell_.clear();
      AppendPrintable(cell_, column.name);
      AppendField(cell_);
    }
    out() += "|\n";
    for (size_t i = 0; i < first_row.size(); ++i) {
      out() += IsNumeric(columns()[i].type, first_row[i]) ? "| ---: " : "| --- ";
    }
    out() += "|\n";
  }

  void AppendField(std::string_view text) {
    out() += "| ";
    for (const char c : text) {
      if (c == '|') out() += '\\';
      out() += c;
    }
    out() += ' ';
  }

  bool is_header_due_ = false;
  std::string cell_;
};

}  // namespace

std::unique_ptr<RowWriter> MakeMarkdownWriter(WriterOptions options) {
  return std::make_unique<MarkdownWriter>(std::move(options));
}

}  // namespace tcpsnap::report
