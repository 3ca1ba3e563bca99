// Rows -> text in one of the formats. Each format is a file: format_csv.cc and so on.
//
//           NULL     times           reals    text
// table     -        zone of --tz    rounded  controls escaped, bad UTF-8 replaced
// csv       nothing  zone of --tz    exact    as it is, quoted by RFC 4180; lines end in \n
// tsv       nothing  zone of --tz    exact    \t \n \r \\ escaped
// json(l)   null     ISO-8601 UTC    exact    bad UTF-8 replaced
// markdown  -        zone of --tz    rounded  as table, pipes escaped
//
// Columns of the type json are text; in json(l) they stand as the object or array that they are.
// Blobs are lower-case hexadecimal digits in all of them. A time that is shown in another zone than
// UTC bears its offset. In csv an empty text is "" and NULL is nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "capture/clock.h"
#include "report/front_matter.h"
#include "store/database.h"

namespace tcpsnap::report {

/// One value of a row. Text is valid until the next row only.
struct Cell {
  store::ValueType type = store::ValueType::kNull;
  int64_t integer = 0;
  double real = 0;
  std::string_view bytes;  ///< of text and blobs
};

/// A column of the row that the statement is at.
Cell ReadCell(const store::Statement& statement, int column);

struct OutputColumn {
  std::string name;
  ColumnType type = ColumnType::kAny;
};

enum class Format : uint8_t { kTable, kCsv, kTsv, kJson, kJsonLines, kMarkdown };

/// Throws UserError, which names the formats.
Format ParseFormat(std::string_view name);
std::vector<std::string> FormatNames();

/// Takes finished output; throws where it can't be written.
using Sink = std::function<void(std::string_view)>;

struct WriterOptions {
  bool header = true;  ///< column names (JSON objects always have them)
  capture::Zone zone;
  Sink sink;
};

/// Begin, any number of Row, End; then again for a further result. Hands its output to the sink in
/// large pieces, the last at End.
class RowWriter {
 public:
  explicit RowWriter(WriterOptions options) : options_(std::move(options)) {}
  RowWriter(const RowWriter&) = delete;
  RowWriter& operator=(const RowWriter&) = delete;
  virtual ~RowWriter() = default;

  void Begin(std::vector<OutputColumn> columns);
  void Row(std::span<const Cell> cells);
  void End();

 protected:
  virtual void WriteBegin() = 0;
  virtual void WriteRow(std::span<const Cell> cells) = 0;
  virtual void WriteEnd() = 0;

  const std::vector<OutputColumn>& columns() const { return columns_; }
  const WriterOptions& options() const { return options_; }
  bool is_first_result() const { return results_ == 1; }
  std::string& out() { return out_; }

 private:
  void Flush();

  WriterOptions options_;
  std::vector<OutputColumn> columns_;
  int results_ = 0;
  std::string out_;
};

std::unique_ptr<RowWriter> MakeRowWriter(Format format, WriterOptions options);

// The writers; each is defined in the file of its format.
std::unique_ptr<RowWriter> MakeTableWriter(WriterOptions options);
std::unique_ptr<RowWriter> MakeCsvWriter(WriterOptions options);
std::unique_ptr<RowWriter> MakeTsvWriter(WriterOptions options);
std::unique_ptr<RowWriter> MakeJsonWriter(WriterOptions options);
std::unique_ptr<RowWriter> MakeJsonLinesWriter(WriterOptions options);
std::unique_ptr<RowWriter> MakeMarkdownWriter(WriterOptions options);

}  // namespace tcpsnap::report
