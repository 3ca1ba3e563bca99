// Values -> text, for the formats.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "capture/clock.h"
#include "report/row_writer.h"

namespace tcpsnap::report {

void AppendInteger(std::string& out, int64_t value);
/// The shortest digits that read back as the same number.
void AppendExactReal(std::string& out, double value);
/// Two decimals, one for percent, and two digits for what would show as 0.
void AppendRoundedReal(std::string& out, double value, ColumnType type);
void AppendHex(std::string& out, std::string_view bytes);
/// In the zone, with its offset unless it is UTC.
void AppendTime(std::string& out, int64_t utc_ms, const capture::Zone& zone);
std::string TimeText(int64_t utc_ms, const capture::Zone& zone);
/// For people: control characters as \n, \t, \x1b, bytes that are no UTF-8 as U+FFFD.
void AppendPrintable(std::string& out, std::string_view text);

/// The text with bytes that are no UTF-8 as U+FFFD, and the rest as it is.
std::string WithoutBadUtf8(std::string_view text);

/// A cell for csv and tsv, text excepted, which these escape themselves: exact, NULL is nothing.
void AppendExactCell(std::string& out, const Cell& cell, ColumnType type,
                     const capture::Zone& zone);
/// A cell for table and markdown: rounded, printable, NULL is "-".
void AppendReadableCell(std::string& out, const Cell& cell, ColumnType type,
                        const capture::Zone& zone);

/// True for columns of numbers, ports and uids among them, which readable formats align to the
/// right; the first value decides where nothing is declared.
bool IsNumeric(ColumnType type, const Cell& cell);

/// Letters that `text` takes up: code points (no account is taken of wide or combining ones).
size_t Width(std::string_view text);

}  // namespace tcpsnap::report
