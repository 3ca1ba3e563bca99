#include "report/anonymized_rows.h"

#include <string>
#include <utility>
#include <vector>

namespace tcpsnap::report {
namespace {

using store::ValueType;

/// What it writes itself is nothing: its own sink is never called.
class AnonymizedRows : public RowWriter {
 public:
  AnonymizedRows(std::unique_ptr<RowWriter> writer, const Anonymizer& anonymizer)
      : RowWriter({}), writer_(std::move(writer)), anonymizer_(anonymizer) {}

 protected:
  void WriteBegin() override {
    texts_.resize(columns().size());
    writer_->Begin(columns());
  }

  void WriteRow(std::span<const Cell> cells) override {
    shown_.assign(cells.begin(), cells.end());
    for (size_t i = 0; i < shown_.size(); ++i) {
      if (shown_[i].type == ValueType::kBlob) shown_[i] = Cell();
      if (shown_[i].type != ValueType::kText) continue;
      texts_[i] = anonymizer_.Text(shown_[i].bytes);
      shown_[i].bytes = texts_[i];
    }
    writer_->Row(shown_);
  }

  void WriteEnd() override { writer_->End(); }

 private:
  std::unique_ptr<RowWriter> writer_;
  const Anonymizer& anonymizer_;
  std::vector<Cell> shown_;
  std::vector<std::string> texts_;  // of the cells, by column
};

}  // namespace

std::unique_ptr<RowWriter> AnonymizeRows(std::unique_ptr<RowWriter> writer,
                                         const Anonymizer& anonymizer) {
  return std::make_unique<AnonymizedRows>(std::move(writer), anonymizer);
}

}  // namespace tcpsnap::report
