#include "report/named_rows.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "report/cell_text.h"

namespace tcpsnap::report {
namespace {

using store::ValueType;

bool IsNamed(const Names& names, ColumnType type) {
  switch (type) {
    case ColumnType::kPort:
      return names.has_ports();
    case ColumnType::kAddress:
      return names.has_addresses();
    case ColumnType::kUid:
      return names.has_uids();
    default:
      return false;
  }
}

/// Empty where there is none.
std::string_view NameOf(const Names& names, const Cell& cell, ColumnType type) {
  if (type == ColumnType::kAddress) {
    return cell.type == ValueType::kText ? names.OfAddress(cell.bytes) : std::string_view();
  }
  if (cell.type != ValueType::kInteger) return "";
  return type == ColumnType::kPort ? names.OfPort(cell.integer) : names.OfUid(cell.integer);
}

Cell TextCell(std::string_view text) {
  Cell cell;
  cell.type = ValueType::kText;
  cell.bytes = text;
  return cell;
}

std::string FreeName(const std::vector<OutputColumn>& columns, const std::string& wanted) {
  const auto is_taken = [&](const std::string& name) {
    return std::any_of(columns.begin(), columns.end(),
                       [&](const OutputColumn& column) { return column.name == name; });
  };
  std::string name = wanted;
  for (int i = 2; is_taken(name); ++i) name = wanted + "_" + std::to_string(i);
  return name;
}

/// What it writes itself is nothing: its own sink is never called.
class NamedRows : public RowWriter {
 public:
  NamedRows(std::unique_ptr<RowWriter> writer, const Names& names, bool for_people)
      : RowWriter({}), writer_(std::move(writer)), names_(names), for_people_(for_people) {}

 protected:
  void WriteBegin() override {
    std::vector<OutputColumn> shown;
    for (const OutputColumn& column : columns()) {
      shown.push_back(column);
      if (!IsNamed(names_, column.type)) continue;
      if (for_people_) {
        shown.back().type = ColumnType::kText;
      } else {
        shown.push_back({FreeName(columns(), column.name + "_name"), ColumnType::kText});
      }
    }
    texts_.resize(columns().size());
    writer_->Begin(std::move(shown));
  }

  void WriteRow(std::span<const Cell> cells) override {
    shown_.clear();
    for (size_t i = 0; i < cells.size(); ++i) {
      shown_.push_back(cells[i]);
      const ColumnType type = columns()[i].type;
      if (!IsNamed(names_, type)) continue;
      const std::string_view name = NameOf(names_, cells[i], type);
      if (!for_people_) {
        shown_.push_back(name.empty() ? Cell() : TextCell(name));
      } else if (!name.empty()) {
        shown_.back() = TextCell(WithName(texts_[i], cells[i], type, name));
      }
    }
    writer_->Row(shown_);
  }

  void WriteEnd() override { writer_->End(); }

 private:
  static std::string_view WithName(std::string& text, const Cell& cell, ColumnType type,
                                   std::string_view name) {
    text.clear();
    AppendExactCell(text, cell, type, {});
    const bool is_port = type == ColumnType::kPort;
    text.append(is_port ? "/" : " (").append(name).append(is_port ? "" : ")");
    return text;
  }

  std::unique_ptr<RowWriter> writer_;
  const Names& names_;
  bool for_people_;
  std::vector<Cell> shown_;
  std::vector<std::string> texts_;  // of the cells, by column
};

}  // namespace

std::unique_ptr<RowWriter> NameRows(std::unique_ptr<RowWriter> writer, const Names& names,
                                    bool for_people) {
  if (names.empty()) return writer;
  return std::make_unique<NamedRows>(std::move(writer), names, for_people);
}

}  // namespace tcpsnap::report
