#include <utility>

#include "report/cell_text.h"
#include "report/row_writer.h"

namespace tcpsnap::report {
namespace {

/// One line a row whatever the text holds. A further result follows after an empty line.
class TsvWriter : public RowWriter {
 public:
  using RowWriter::RowWriter;

 protected:
  void WriteBegin() override {
    if (!is_first_result()) out() += '\n';
    if (!options().header) return;
    bool first = true;
    for (const OutputColumn& column : columns()) {
      if (!std::exchange(first, false)) out() += '\t';
      AppendEscaped(column.name);
    }
    out() += '\n';
  }

  void WriteRow(std::span<const Cell> cells) override {
    for (size_t i = 0; i < cells.size(); ++i) {
      if (i != 0) out() += '\t';
      if (cells[i].type == store::ValueType::kText) {
        AppendEscaped(cells[i].bytes);
      } else {
        AppendExactCell(out(), cells[i], columns()[i].type, options().zone);
      }
    }
    out() += '\n';
  }

  void WriteEnd() override {}

 private:
  void AppendEscaped(std::string_view text) {
    for (const char c : text) {
      switch (c) {
        case '\t':
          out() += "\\t";
          break;
        case '\n':
          out() += "\\n";
          break;
        case '\r':
          out() += "\\r";
          break;
        case '\\':
          out() += "\\\\";
          break;
        default:
          out() += c;
      }
    }
  }
};

}  // namespace

std::unique_ptr<RowWriter> MakeTsvWriter(WriterOptions options) {
  return std::make_unique<TsvWriter>(std::move(options));
}

}  // namespace tcpsnap::report
