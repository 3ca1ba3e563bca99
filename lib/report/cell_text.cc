#include "report/cell_text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>

namespace tcpsnap::report {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

/// Length of the UTF-8 sequence that `text` begins with, or 0 when there is none (RFC 3629).
size_t SequenceLength(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  const size_t length = lead >= 0xc2 && lead <= 0xdf   ? 2
                        : lead >= 0xe0 && lead <= 0xef ? 3
                        : lead >= 0xf0 && lead <= 0xf4 ? 4
                                                       : 0;
  if (length == 0 || text.size() < length) return 0;
  // The second byte is what tells overlong forms, surrogates and numbers above 0x10ffff.
  const unsigned char lowest = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
  const unsigned char highest = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  if (byte(1) < lowest || byte(1) > highest) return 0;
  for (size_t i = 2; i < length; ++i) {
    if (byte(i) < 0x80 || byte(i) > 0xbf) return 0;
  }
  return length;
}

void AppendControl(std::string& out, unsigned char code) {
  switch (code) {
    case '\n':
      out += "\\n";
      break;
    case '\t':
      out += "\\t";
      break;
    case '\r':
      out += "\\r";
      break;
    default:
      out += "\\x";
      out += kHexDigits[code >> 4];
      out += kHexDigits[code & 15];
  }
}

bool IsTime(const Cell& cell, ColumnType type) {
  return type == ColumnType::kTime && cell.type == store::ValueType::kInteger;
}

}  // namespace

void AppendInteger(std::string& out, int64_t value) {
  char digits[24];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, value);
  out.append(digits, end);
}

void AppendExactReal(std::string& out, double value) {
  char digits[32];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, value);
  out.append(digits, end);
}

void AppendRoundedReal(std::string& out, double value, ColumnType type) {
  const double size = std::fabs(value);
  const int decimals = type == ColumnType::kPercent ? 1 : 2;
  const bool vanishes = size != 0 && size < (decimals == 1 ? 0.05 : 0.005);
  char digits[40];
  if (vanishes) {
    std::snprintf(digits, sizeof digits, "%.2g", value);
  } else if (size < 1e15) {
    std::snprintf(digits, sizeof digits, "%.*f", decimals, value);
  } else {
    std::snprintf(digits, sizeof digits, "%.6g", value);
  }
  out += digits;
}

void AppendHex(std::string& out, std::string_view bytes) {
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += kHexDigits[byte >> 4];
    out += kHexDigits[byte & 15];
  }
}

void AppendTime(std::string& out, int64_t utc_ms, const capture::Zone& zone) {
  out += zone.is_utc() ? capture::FormatLocal(utc_ms, zone)
                       : capture::FormatLocalWithOffset(utc_ms, zone);
}

std::string TimeText(int64_t utc_ms, const capture::Zone& zone) {
  std::string text;
  AppendTime(text, utc_ms, zone);
  return text;
}

void AppendPrintable(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const size_t length = SequenceLength(text);
    const auto first = static_cast<unsigned char>(text[0]);
    if (length == 0) {
      out += kReplacement;
      text.remove_prefix(1);
      continue;
    }
    const bool is_c1_control =
        length == 2 && first == 0xc2 && static_cast<unsigned char>(text[1]) < 0xa0;
    if (length == 1 && (first < 0x20 || first == 0x7f)) {
      AppendControl(out, first);
    } else if (is_c1_control) {
      AppendControl(out, static_cast<unsigned char>(text[1]));
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length);
  }
}

std::string WithoutBadUtf8(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const size_t length = SequenceLength(text);
    out += length == 0 ? kReplacement : text.substr(0, length);
    text.remove_prefix(std::max<size_t>(length, 1));
  }
  return out;
}

void AppendExactCell(std::string& out, const Cell& cell, ColumnType type,
                     const capture::Zone& zone) {
  switch (cell.type) {
    case store::ValueType::kNull:
      break;
    case store::ValueType::kInteger:
      if (IsTime(cell, type)) {
        AppendTime(out, cell.integer, zone);
      } else {
        AppendInteger(out, cell.integer);
      }
      break;
    case store::ValueType::kReal:
      AppendExactReal(out, cell.real);
      break;
    case store::ValueType::kText:
      out += cell.bytes;
      break;
    case store::ValueType::kBlob:
      AppendHex(out, cell.bytes);
      break;
  }
}

void AppendReadableCell(std::string& out, const Cell& cell, ColumnType type,
                        const capture::Zone& zone) {
  switch (cell.type) {
    case store::ValueType::kNull:
      out += '-';
      break;
    case store::ValueType::kReal:
      AppendRoundedReal(out, cell.real, type);
      break;
    case store::ValueType::kText:
      AppendPrintable(out, cell.bytes);
      break;
    default:
      AppendExactCell(out, cell, type, zone);
  }
}

bool IsNumeric(ColumnType type, const Cell& cell) {
  switch (type) {
    case ColumnType::kAny:
      return cell.type == store::ValueType::kInteger || cell.type == store::ValueType::kReal;
    case ColumnType::kTime:
    case ColumnType::kText:
    case ColumnType::kAddress:
    case ColumnType::kJson:
      return false;
    default:
      return true;
  }
}

size_t Width(std::string_view text) {
  size_t width = 0;
  for (const char c : text) width += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  return width;
}

}  // namespace tcpsnap::report
