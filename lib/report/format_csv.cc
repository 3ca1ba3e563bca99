#include <utility>

#include "report/cell_text.h"
#include "report/row_writer.h"

namespace tcpsnap::report {
namespace {

/// RFC 4180, but with the line ends of Unix, for grep and awk. A further result follows after an
/// empty line.
class CsvWriter : public RowWriter {
 public:
  using RowWriter::RowWriter;

 protected:
  void WriteBegin() override {
    if (!is_first_result()) out() += "\n";
    if (!options().header) return;
    bool first = true;
    for (const OutputColumn& column : columns()) {
      if (!std::exchange(first, false)) out() += ',';
      AppendField(column.name);
    }
    out() += "\n";
  }

  void WriteRow(std::span<const Cell> cells) override {
    for (size_t i = 0; i < cells.size(); ++i) {
      if (i != 0) out() += ',';
      if (cells[i].type == store::ValueType::kText) {
        AppendField(cells[i].bytes);
      } else {
        AppendExactCell(out(), cells[i], columns()[i].type, options().zone);
      }
    }
    out() += "\n";
  }

  void WriteEnd() override {}

 private:
  void AppendField(std::string_view text) {
    // An empty text is quoted to tell it from NULL.
    if (!text.empty() && text.find_first_of(",\"\r\n") == std::string_view::npos) {
      out() += text;
      return;
    }
    out() += '"';
    for (const char c : text) {
      if (c == '"') out() += '"';
      out() += c;
    }
    out() += '"';
  }
};

}  // namespace

std::unique_ptr<RowWriter> MakeCsvWriter(WriterOptions options) {
  return std::make_unique<CsvWriter>(std::move(options));
}

}  // namespace tcpsnap::report
