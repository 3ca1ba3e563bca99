#include "capture/screen.h"

#include <algorithm>
#include <utility>

namespace tcpsnap::capture {
namespace {

constexpr size_t kTabColumns = 8;

bool IsContinuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

// How many bytes a cell holds.
unsigned CellBytes(uint32_t cell) {
  unsigned bytes = 0;
  for (; cell != 0; cell >>= 8) ++bytes;
  return bytes;
}

}  // namespace

uint32_t ControlSequence::Count(size_t index) const {
  return index < numbers.size() ? std::max(numbers[index], uint32_t{1}) : 1;
}

std::string Screen::Row::Text() const {
  std::string text;
  size_t end = 0;
  for (const uint32_t cell : cells) {
    if (cell == 0 || cell == ' ') {
      text += ' ';
      continue;
    }
    for (uint32_t rest = cell; rest != 0; rest >>= 8) text += static_cast<char>(rest & 0xFF);
    end = text.size();
  }
  text.resize(end);
  return text;
}

Screen::Screen(std::function<void()> on_picture, std::function<void(const Row&)> on_gone)
    : on_picture_(std::move(on_picture)), on_gone_(std::move(on_gone)) {}

// The margins and what '\n' does are the terminal's, not the picture's.
void Screen::Clear() {
  rows_.clear();
  row_ = column_ = 0;
  phase_ = Phase::kShifted;
  written_row_ = 0;
  left_first_row_ = false;
}

void Screen::MoveTo(size_t row, size_t column) {
  row_ = std::min(row, kMaxRows - 1);
  column_ = std::min(column, kMaxColumns);
  left_first_row_ = left_first_row_ || row_ > 0;
}

Screen::Row& Screen::CurrentRow() {
  if (rows_.size() <= row_) rows_.resize(row_ + 1);
  return rows_[row_];
}

// The first row, the one with the clock, is written again: the next picture begins.
void Screen::NoteWrite() {
  const bool is_next =
      phase_ == Phase::kWritten && row_ == 0 && (written_row_ > 0 || left_first_row_);
  if (is_next) on_picture_();
  phase_ = Phase::kWritten;
  written_row_ = row_;
  left_first_row_ = false;
}

void Screen::NoteShift() {
  if (phase_ == Phase::kWritten) on_picture_();
  phase_ = Phase::kShifted;
}

void Screen::Put(char byte, uint64_t line) {
  if (IsContinuation(byte) && column_ > 0) {
    std::vector<uint32_t>& cells = CurrentRow().cells;
    if (column_ > cells.size()) return;
    uint32_t& cell = cells[column_ - 1];
    const unsigned bytes = CellBytes(cell);
    if (bytes < 4) cell |= uint32_t{static_cast<unsigned char>(byte)} << (8 * bytes);
    last_cell_ = cell;
    return;
  }
  if (column_ >= kMaxColumns) return;
  NoteWrite();
  Row& row = CurrentRow();
  if (row.cells.size() <= column_) row.cells.resize(column_ + 1);
  last_cell_ = row.cells[column_] = static_cast<unsigned char>(byte);
  row.line = line;
  ++column_;
}

void Screen::LineFeed() {
  if (!feeds_straight_) column_ = 0;
  if (row_ != bottom_.value_or(kMaxRows - 1)) return MoveTo(row_ + 1, column_);
  if (top_ > 0) {
    NoteShift();
    return ShiftUp(top_, 1);
  }
  // Text that runs down the screen, which is all to be read.
  if (!rows_.empty()) on_gone_(rows_.front());
  phase_ = Phase::kShifted;
  ShiftUp(0, 1);
}

void Screen::ReverseLineFeed() {
  if (row_ != top_) return MoveTo(row_ - std::min<size_t>(row_, 1), column_);
  NoteShift();
  ShiftDown(top_, 1);
}

void Screen::CarriageReturn() {
  feeds_straight_ = true;
  column_ = 0;
}

void Screen::Backspace() { column_ -= std::min<size_t>(column_, 1); }

void Screen::Tab() { MoveTo(row_, (column_ / kTabColumns + 1) * kTabColumns); }

void Screen::Save() {
  saved_row_ = row_;
  saved_column_ = column_;
}

void Screen::Restore() { MoveTo(saved_row_, saved_column_); }

bool Screen::IsClear(const ControlSequence& sequence) const {
  if (sequence.final != 'J' || sequence.mark != 0) return false;
  return sequence.Kind() == 2 || (sequence.Kind() == 0 && is_at_home());
}

void Screen::Apply(const ControlSequence& sequence, uint64_t line) {
  if (sequence.mark != 0) return;
  if (Move(sequence) || Edit(sequence, line)) return;
  Shift(sequence);
}

bool Screen::Move(const ControlSequence& sequence) {
  const size_t count = sequence.Count();
  const size_t up = row_ - std::min(row_, count);
  switch (sequence.final) {
    case 'H':
    case 'f':
      if (count > 1 || sequence.Count(1) > 1) feeds_straight_ = true;
      MoveTo(count - 1, sequence.Count(1) - 1);
      return true;
    case 'd':
      feeds_straight_ = true;
      MoveTo(count - 1, column_);
      return true;
    case 'G':
    case '`':
      MoveTo(row_, count - 1);
      return true;
    case 'A':
      MoveTo(up, column_);
      return true;
    case 'B':
    case 'e':
      MoveTo(row_ + count, column_);
      return true;
    case 'C':
    case 'a':
      MoveTo(row_, column_ + count);
      return true;
    case 'D':
      MoveTo(row_, column_ - std::min(column_, count));
      return true;
    case 'E':
      MoveTo(row_ + count, 0);
      return true;
    case 'F':
      MoveTo(up, 0);
      return true;
    case 'I':
      MoveTo(row_, (column_ / kTabColumns + count) * kTabColumns);
      return true;
    case 's':
      Save();
      return true;
    case 'u':
      Restore();
      return true;
    default:
      return false;
  }
}

// What changes the row of the cursor.
bool Screen::Edit(const ControlSequence& sequence, uint64_t line) {
  const size_t count = std::min<size_t>(sequence.Count(), kMaxColumns);
  switch (sequence.final) {
    case 'K':
      NoteWrite();
      Erase(sequence.Kind() == 0 ? column_ : 0, sequence.Kind() == 1 ? column_ + 1 : kMaxColumns);
      return true;
    case 'X':
      NoteWrite();
      Erase(column_, column_ + count);
      return true;
    case 'P': {
      NoteWrite();
      std::vector<uint32_t>& cells = CurrentRow().cells;
      const size_t begin = std::min(column_, cells.size());
      const size_t end = std::min(begin + count, cells.size());
      cells.erase(cells.begin() + static_cast<std::ptrdiff_t>(begin),
                  cells.begin() + static_cast<std::ptrdiff_t>(end));
      return true;
    }
    case '@': {
      NoteWrite();
      std::vector<uint32_t>& cells = CurrentRow().cells;
      if (column_ >= cells.size()) return true;
      cells.insert(cells.begin() + static_cast<std::ptrdiff_t>(column_), count, 0);
      cells.resize(std::min(cells.size(), kMaxColumns));
      return true;
    }
    case 'b': {
      const uint32_t cell = last_cell_;
      if (cell == 0) return true;
      for (size_t i = 0; i < count && column_ < kMaxColumns; ++i) {
        Put(static_cast<char>(cell & 0xFF), line);
        rows_[row_].cells[column_ - 1] = cell;
      }
      last_cell_ = cell;
      return true;
    }
    default:
      return false;
  }
}

// What changes other rows.
void Screen::Shift(const ControlSequence& sequence) {
  const size_t count = sequence.Count();
  switch (sequence.final) {
    case 'J':
      NoteShift();
      return EraseBelow(sequence.Kind());
    case 'L':
      NoteShift();
      return ShiftDown(row_, count);
    case 'M':
      NoteShift();
      return ShiftUp(row_, count);
    case 'S':
      NoteShift();
      return ShiftUp(top_, count);
    case 'T':
      NoteShift();
      return ShiftDown(top_, count);
    case 'r':
      return SetMargins(sequence);
    default:
      return;
  }
}

void Screen::Erase(size_t begin, size_t end) {
  std::vector<uint32_t>& cells = CurrentRow().cells;
  if (end >= cells.size()) {
    cells.resize(std::min(begin, cells.size()));
  } else {
    std::fill(cells.begin() + static_cast<std::ptrdiff_t>(std::min(begin, end)),
              cells.begin() + static_cast<std::ptrdiff_t>(end), 0);
  }
}

// Or above, with 1; 3 is what has gone out of sight.
void Screen::EraseBelow(uint32_t kind) {
  if (kind == 2) rows_.clear();
  if (kind == 1) {
    for (size_t row = 0; row < std::min(row_, rows_.size()); ++row) rows_[row].cells.clear();
    Erase(0, column_ + 1);
  }
  if (kind != 0) return;
  Erase(column_, kMaxColumns);
  rows_.resize(row_ + 1);
}

void Screen::SetMargins(const ControlSequence& sequence) {
  feeds_straight_ = true;
  top_ = std::min<size_t>(sequence.Count(), kMaxRows) - 1;
  bottom_.reset();
  if (sequence.numbers.size() > 1 && sequence.numbers[1] > top_ + 1) {
    bottom_ = std::min<size_t>(sequence.numbers[1], kMaxRows) - 1;
  }
  MoveTo(0, 0);
}

size_t Screen::Bottom() const { return bottom_.value_or(kMaxRows - 1); }

void Screen::ShiftUp(size_t top, size_t count) {
  if (top > Bottom() || top >= rows_.size()) return;
  const size_t shifted = std::min({count, Bottom() + 1 - top, rows_.size() - top});
  const auto begin = rows_.begin() + static_cast<std::ptrdiff_t>(top);
  rows_.erase(begin, begin + static_cast<std::ptrdiff_t>(shifted));
  const size_t emptied = Bottom() + 1 - shifted;
  if (emptied >= rows_.size()) return;
  rows_.insert(rows_.begin() + static_cast<std::ptrdiff_t>(emptied), shifted, Row());
}

void Screen::ShiftDown(size_t top, size_t count) {
  if (top > Bottom() || top >= rows_.size()) return;
  const size_t shifted = std::min(count, Bottom() + 1 - top);
  rows_.insert(rows_.begin() + static_cast<std::ptrdiff_t>(top), shifted, Row());
  if (Bottom() + 1 >= rows_.size()) return;
  const auto gone = rows_.begin() + static_cast<std::ptrdiff_t>(Bottom() + 1);
  rows_.erase(gone,
              gone + static_cast<std::ptrdiff_t>(std::min(shifted, rows_.size() - Bottom() - 1)));
}

}  // namespace tcpsnap::capture
