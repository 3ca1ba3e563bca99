// Where data goes: stdout or a file.
#pragma once

#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace tcpsnap::apps {

/// Nobody reads stdout any more.
class ClosedPipe : public std::exception {
 public:
  const char* what() const noexcept override { return "nobody reads the output"; }
};

/// The output can't be written: no space left, no such folder.
class OutputError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Writes to a file, or to stdout. The file is opened (and what it held is gone) with the first
/// byte, so that a command that fails before it has an answer leaves it alone. One that was not
/// finished is removed: half an answer can't be told from a whole one.
class Output {
 public:
  /// nullopt or "-": stdout.
  explicit Output(const std::optional<std::string>& path);
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;
  ~Output();

  /// Throws ClosedPipe or OutputError.
  void Write(std::string_view bytes);
  /// Ends the output; an empty one becomes an empty file. Throws like Write: some errors show here.
  void Finish();

 private:
  void Open();
  [[noreturn]] void Fail(int error_number) const;

  std::string path_;  // empty: stdout
  int file_ = -1;
};

}  // namespace tcpsnap::apps
