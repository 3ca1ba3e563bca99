// json and jsonl. One array a result: those of several statements follow one another, as jq reads
// them; jsonl is a line a row whichever statement it came from.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "report/cell_text.h"
#include "report/row_writer.h"

namespace tcpsnap::report {
namespace {

std::string Quote(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

class JsonWriter : public RowWriter {
 public:
  JsonWriter(WriterOptions options, bool lines) : RowWriter(std::move(options)), lines_(lines) {}

 protected:
  void WriteBegin() override {
    NameKeys();
    is_first_row_ = true;
    if (!lines_) out() += '[';
  }

  void WriteRow(std::span<const Cell> cells) override {
    if (!lines_) out() += std::exchange(is_first_row_, false) ? "\n" : ",\n";
    out() += '{';
    for (size_t i = 0; i < cells.size(); ++i) {
      if (i != 0) out() += ',';
      out() += keys_[i];
      AppendCell(cells[i], columns()[i].type);
    }
    out() += lines_ ? "}\n" : "}";
  }

  void WriteEnd() override {
    if (!lines_) out() += is_first_row_ ? "]\n" : "\n]\n";
  }

 private:
  /// Of two columns with one name a reader would see one: they become name and name_2.
  void NameKeys() {
    std::vector<std::string> names;
    for (const OutputColumn& column : columns()) {
      std::string name = column.name;
      for (int i = 2; IsTaken(names, name); ++i) name = column.name + "_" + std::to_string(i);
      names.push_back(std::move(name));
    }
    keys_.clear();
    for (const std::string& name : names) keys_.push_back(Quote(name) + ':');
  }

  /// Also true for the name of a column still to come that bears it by itself.
  bool IsTaken(const std::vector<std::string>& names, const std::string& name) const {
    if (std::find(names.begin(), names.end(), name) != names.end()) return true;
    if (name == columns()[names.size()].name) return false;
    return std::any_of(columns().begin(), columns().end(),
                       [&](const OutputColumn& column) { return column.name == name; });
  }

  void AppendCell(const Cell& cell, ColumnType type) {
    switch (cell.type) {
      case store::ValueType::kNull:
        out() += "null";
        break;
      case store::ValueType::kInteger:
        if (type == ColumnType::kTime) {
          out() += '"';
          out() += capture::FormatIsoUtc(cell.integer);
          out() += '"';
        } else {
          AppendInteger(out(), cell.integer);
        }
        break;
      case store::ValueType::kReal:  // infinite ones are null: JSON has no word for them
        out() += nlohmann::json(cell.real).dump();
        break;
      case store::ValueType::kText:
        if (type == ColumnType::kJson && nlohmann::json::accept(cell.bytes)) {
          out() += cell.bytes;
        } else {
          out() += Quote(cell.bytes);
        }
        break;
      case store::ValueType::kBlob:
        out() += '"';
        AppendHex(out(), cell.bytes);
        out() += '"';
        break;
    }
  }

  bool lines_;
  bool is_first_row_ = true;
  std::vector<std::string> keys_;  // quoted, with the colon
};

}  // namespace

std::unique_ptr<RowWriter> MakeJsonWriter(WriterOptions options) {
  return std::make_unique<JsonWriter>(std::move(options), false);
}

std::unique_ptr<RowWriter> MakeJsonLinesWriter(WriterOptions options) {
  return std::make_unique<JsonWriter>(std::move(options), true);
}

}  // namespace tcpsnap::report
