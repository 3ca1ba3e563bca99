// The screen of a terminal, as far as programs that draw tables use it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace tcpsnap::capture {

/// `ESC [ ? 1 ; 24 r` has the mark '?', the numbers 1 and 24, the final 'r'.
struct ControlSequence {
  char mark = 0;  ///< one of `<=>?`, or an intermediate byte; 0: none
  char final = 0;
  std::vector<uint32_t> numbers;  ///< 0 where one was left out
  /// The number at `index`; 1 where it is 0 or absent.
  uint32_t Count(size_t index = 0) const;
  /// The number at `index`; 0 where it is absent.
  uint32_t Kind() const { return numbers.empty() ? 0 : numbers.front(); }
};

/// Rows of characters and a cursor. It is as large as what was written on it: a capture does not
/// tell the size of its terminal, and ncurses does not rely on lines that wrap. What would be
/// beyond the limits is dropped.
class Screen {
 public:
  static constexpr size_t kMaxRows = 4096;
  static constexpr size_t kMaxColumns = 4096;

  struct Row {
    std::vector<uint32_t> cells;  ///< up to four bytes of UTF-8, the first lowest; 0: blank
    uint64_t line = 0;            ///< of the file: where it was written last
    std::string Text() const;     ///< blanks at its end removed
  };

  /// `on_picture` hears of each picture that is complete, before the next is drawn over it: rows()
  /// are it. `on_gone` hears of a row that goes out at the top while text runs down the screen.
  Screen(std::function<void()> on_picture, std::function<void(const Row&)> on_gone);

  /// All of it empty, as when the program starts; `on_picture` does not hear of what was there.
  void Clear();
  /// `line` is that of the file, for Row.
  void Put(char byte, uint64_t line);
  void Apply(const ControlSequence& sequence, uint64_t line);
  void LineFeed();
  void ReverseLineFeed();
  void CarriageReturn();
  void Backspace();
  void Tab();
  void Save();
  void Restore();

  /// True for a sequence that would clear all of the screen.
  bool IsClear(const ControlSequence& sequence) const;
  bool is_at_home() const { return row_ == 0 && column_ == 0; }
  const std::deque<Row>& rows() const { return rows_; }
  size_t cursor_row() const { return row_; }

 private:
  enum class Phase : uint8_t { kShifted, kWritten };

  bool Move(const ControlSequence& sequence);
  bool Edit(const ControlSequence& sequence, uint64_t line);
  void Shift(const ControlSequence& sequence);
  void NoteWrite();
  void NoteShift();
  void MoveTo(size_t row, size_t column);
  Row& CurrentRow();
  void Erase(size_t begin, size_t end);
  void EraseBelow(uint32_t kind);
  void SetMargins(const ControlSequence& sequence);
  size_t Bottom() const;
  void ShiftUp(size_t top, size_t count);
  void ShiftDown(size_t top, size_t count);

  std::function<void()> on_picture_;
  std::function<void(const Row&)> on_gone_;
  std::deque<Row> rows_;
  size_t row_ = 0, column_ = 0;
  size_t saved_row_ = 0, saved_column_ = 0;
  size_t top_ = 0;
  std::optional<size_t> bottom_;  ///< the last row that scrolls, once that is known
  bool feeds_straight_ = false;   ///< '\n' goes down and no more; else to the first column, too
  uint32_t last_cell_ = 0;

  // ncurses draws a picture over the one before: first it shifts what it can and clears what will
  // be empty below, then it goes through the rows from the top.
  Phase phase_ = Phase::kShifted;
  size_t written_row_ = 0;
  bool left_first_row_ = false;  ///< the cursor was below it after it was written
};

}  // namespace tcpsnap::capture
