#include <algorithm>
#include <utility>

#include "report/cell_text.h"
#include "report/row_writer.h"

namespace tcpsnap::report {
namespace {

/// Rows that are looked at for the widths. Those after them stream, and a wider cell moves the rest
/// of its line.
constexpr size_t kRowsForWidths = 1000;

/// Aligned columns, numbers to the right. A further result follows after an empty line.
class TableWriter : public RowWriter {
 public:
  using RowWriter::RowWriter;

 protected:
  void WriteBegin() override {
    if (!is_first_result()) out() += '\n';
    is_waiting_ = true;
    waiting_.clear();
    widths_.assign(columns().size(), 0);
    is_numeric_.assign(columns().size(), false);
    is_decided_.assign(columns().size(), false);
    if (!options().header) return;
    for (size_t i = 0; i < columns().size(); ++i) {
      std::string name;
      AppendPrintable(name, columns()[i].name);
      widths_[i] = Width(name);
    }
  }

  void WriteRow(std::span<const Cell> cells) override {
    row_.resize(cells.size());
    for (size_t i = 0; i < cells.size(); ++i) {
      row_[i].clear();
      AppendReadableCell(row_[i], cells[i], columns()[i].type, options().zone);
    }
    if (!is_waiting_) return AppendLine(row_);
    for (size_t i = 0; i < cells.size(); ++i) {
      widths_[i] = std::max(widths_[i], Width(row_[i]));
      if (is_decided_[i] || cells[i].type == store::ValueType::kNull) continue;
      is_decided_[i] = true;
      is_numeric_[i] = IsNumeric(columns()[i].type, cells[i]);
    }
    waiting_.push_back(row_);
    if (waiting_.size() >= kRowsForWidths) WriteWaiting();
  }

  void WriteEnd() override {
    if (is_waiting_) WriteWaiting();
  }

 private:
  void WriteWaiting() {
    is_waiting_ = false;
    if (options().header) WriteHeader();
    for (const std::vector<std::string>& row : waiting_) AppendLine(row);
    waiting_.clear();
  }

  void WriteHeader() {
    std::vector<std::string> names;
    std::vector<std::string> rules;
    for (size_t i = 0; i < columns().size(); ++i) {
      AppendPrintable(names.emplace_back(), columns()[i].name);
      rules.emplace_back(widths_[i], '-');
      if (!is_decided_[i]) is_numeric_[i] = IsNumeric(columns()[i].type, Cell());
    }
    AppendLine(names);
    AppendLine(rules);
  }

  void AppendLine(const std::vector<std::string>& cells) {
    for (size_t i = 0; i < cells.size(); ++i) {
      if (i != 0) out() += "  ";
      const size_t width = Width(cells[i]);
      const size_t blanks = widths_[i] > width ? widths_[i] - width : 0;
      const bool is_last = i + 1 == cells.size();
      if (is_numeric_[i]) out().append(blanks, ' ');
      out() += cells[i];
      if (!is_numeric_[i] && !is_last) out().append(blanks, ' ');
    }
    out() += '\n';
  }

  bool is_waiting_ = true;
  std::vector<std::vector<std::string>> waiting_;
  std::vector<std::string> row_;
  std::vector<size_t> widths_;
  std::vector<bool> is_numeric_;
  std::vector<bool> is_decided_;  // a value that is not NULL was seen
};

}  // namespace

std::unique_ptr<RowWriter> MakeTableWriter(WriterOptions options) {
  return std::make_unique<TableWriter>(std::move(options));
}

}  // namespace tcpsnap::report
