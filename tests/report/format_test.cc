// Each format, with the values that break naive writers.
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "report/cell_text.h"
#include "report/error.h"
#include "report/message_of.h"
#include "report/row_writer.h"
#include "support/catch.h"

namespace tcpsnap::report {
namespace {

using store::ValueType;
using testing::MessageOf;
using RowsOfCells = std::vector<std::vector<Cell>>;

constexpr int64_t kTaken = 1'795'333'047'000;  // 2026-11-22T07:37:27Z

Cell Null() { return Cell(); }

Cell Integer(int64_t value) {
  Cell cell;
  cell.type = ValueType::kInteger;
  cell.integer = value;
  return cell;
}

Cell Real(double value) {
  Cell cell;
  cell.type = ValueType::kReal;
  cell.real = value;
  return cell;
}

Cell Text(std::string_view text) {
  Cell cell;
  cell.type = ValueType::kText;
  cell.bytes = text;
  return cell;
}

Cell Blob(std::string_view bytes) {
  Cell cell = Text(bytes);
  cell.type = ValueType::kBlob;
  return cell;
}

std::string Write(const std::string& format, const std::vector<OutputColumn>& columns,
                  const RowsOfCells& rows, const std::string& zone = "UTC", bool header = true,
                  int results = 1) {
  std::string out;
  const auto writer = MakeRowWriter(
      ParseFormat(format),
      {header, capture::Zone::Find(zone), [&out](std::string_view piece) { out += piece; }});
  for (int i = 0; i < results; ++i) {
    writer->Begin(columns);
    for (const auto& row : rows) writer->Row(row);
    writer->End();
  }
  return out;
}

const std::vector<OutputColumn> kReport = {{"host", ColumnType::kText},
                                           {"bucket", ColumnType::kTime},
                                           {"max", ColumnType::kInteger},
                                           {"avg", ColumnType::kReal}};
const RowsOfCells kReportRows = {
    {Text("web1"), Integer(kTaken), Integer(12345), Real(4.5)},
    {Text("db"), Integer(kTaken + 250), Null(), Real(1234.0 / 3)},
};

TEST_CASE("format: a report in each") {
  CHECK(Write("table", kReport, kReportRows) ==
        "host  bucket                     max     avg\n"
        "----  -----------------------  -----  ------\n"
        "web1  2026-11-22 07:37:27      12345    4.50\n"
        "db    2026-11-22 07:37:27.250      -  411.33\n");
  CHECK(Write("csv", kReport, kReportRows) ==
        "host,bucket,max,avg\n"
        "web1,2026-11-22 07:37:27,12345,4.5\n"
        "db,2026-11-22 07:37:27.250,,411.3333333333333\n");
  CHECK(Write("tsv", kReport, kReportRows) ==
        "host\tbucket\tmax\tavg\n"
        "web1\t2026-11-22 07:37:27\t12345\t4.5\n"
        "db\t2026-11-22 07:37:27.250\t\t411.3333333333333\n");
  CHECK(Write("json", kReport, kReportRows) ==
        "[\n"
        R"({"host":"web1","bucket":"2026-11-22T07:37:27Z","max":12345,"avg":4.5},)"
        "\n"
        R"({"host":"db","bucket":"2026-11-22T07:37:27.250Z","max":null,"avg":411.3333333333333})"
        "\n]\n");
  CHECK(Write("jsonl", kReport, kReportRows) ==
        R"({"host":"web1","bucket":"2026-11-22T07:37:27Z","max":12345,"avg":4.5})"
        "\n"
        R"({"host":"db","bucket":"2026-11-22T07:37:27.250Z","max":null,"avg":411.3333333333333})"
        "\n");
  CHECK(Write("markdown", kReport, kReportRows) ==
        "| host | bucket | max | avg |\n"
        "| --- | --- | ---: | ---: |\n"
        "| web1 | 2026-11-22 07:37:27 | 12345 | 4.50 |\n"
        "| db | 2026-11-22 07:37:27.250 | - | 411.33 |\n");
}

TEST_CASE("format: a time in another zone bears its offset, in JSON it is UTC") {
  const std::vector<OutputColumn> columns = {{"t", ColumnType::kTime}};
  const RowsOfCells rows = {{Integer(kTaken)}};
  CHECK(Write("csv", columns, rows, "Asia/Kolkata") == "t\n2026-11-22 13:07:27+05:30\n");
  CHECK(Write("table", columns, rows, "Asia/Kolkata", false) == "2026-11-22 13:07:27+05:30\n");
  CHECK(Write("jsonl", columns, rows, "Asia/Kolkata") == "{\"t\":\"2026-11-22T07:37:27Z\"}\n");
}

TEST_CASE("format: nothing to show") {
  CHECK(Write("table", kReport, {}) ==
        "host  bucket  max  avg\n"
        "----  ------  ---  ---\n");
  CHECK(Write("csv", kReport, {}) == "host,bucket,max,avg\n");
  CHECK(Write("tsv", kReport, {}) == "host\tbucket\tmax\tavg\n");
  CHECK(Write("json", kReport, {}) == "[]\n");
  CHECK(Write("jsonl", kReport, {}).empty());
  CHECK(Write("markdown", kReport, {}) ==
        "| host | bucket | max | avg |\n| --- | --- | ---: | ---: |\n");
}

TEST_CASE("format: no header") {
  const std::vector<OutputColumn> columns = {{"long_name", ColumnType::kAny}};
  CHECK(Write("table", columns, {{Integer(1)}}, "UTC", false) == "1\n");
  CHECK(Write("csv", columns, {{Integer(1)}}, "UTC", false) == "1\n");
  CHECK(Write("tsv", columns, {{Integer(1)}}, "UTC", false) == "1\n");
  CHECK(Write("markdown", columns, {{Integer(1)}}, "UTC", false) == "| 1 |\n");
  CHECK(Write("jsonl", columns, {{Integer(1)}}, "UTC", false) == "{\"long_name\":1}\n");
}

TEST_CASE("format: text that breaks lines and quotes") {
  const std::vector<OutputColumn> columns = {{"a,b", ColumnType::kAny}, {"c", ColumnType::kAny}};
  const std::string_view odd = "x|\"y\"\t\r\n\\\x1b[0m";
  const RowsOfCells rows = {{Text(odd), Text("")}, {Null(), Text("a,b")}};
  CHECK(Write("csv", columns, rows) ==
        "\"a,b\",c\n"
        "\"x|\"\"y\"\"\t\r\n\\\x1b[0m\",\"\"\n"
        ",\"a,b\"\n");
  CHECK(Write("tsv", columns, rows) ==
        "a,b\tc\n"
        "x|\"y\"\\t\\r\\n\\\\\x1b[0m\t\n"
        "\ta,b\n");
  CHECK(Write("jsonl", columns, rows) ==
        "{\"a,b\":\"x|\\\"y\\\"\\t\\r\\n\\\\\\u001b[0m\",\"c\":\"\"}\n"
        "{\"a,b\":null,\"c\":\"a,b\"}\n");
  CHECK(Write("table", columns, rows, "UTC", false) ==
        "x|\"y\"\\t\\r\\n\\\\x1b[0m  \n"
        "-                    a,b\n");
  CHECK(Write("markdown", columns, rows, "UTC", false) ==
        "| x\\|\"y\"\\t\\r\\n\\\\x1b[0m |  |\n"
        "| - | a,b |\n");
}

TEST_CASE("format: bytes that are no UTF-8, blobs, NUL") {
  const std::vector<OutputColumn> columns = {{"a", ColumnType::kAny}};
  const std::string_view latin1 = "caf\xE9!";
  CHECK(Write("json", columns, {{Text(latin1)}}) == "[\n{\"a\":\"caf\xEF\xBF\xBD!\"}\n]\n");
  CHECK(Write("table", columns, {{Text(latin1)}}, "UTC", false) == "caf\xEF\xBF\xBD!\n");
  CHECK(Write("csv", columns, {{Text(latin1)}}, "UTC", false) == "caf\xE9!\n");
  // Overlong, surrogate, too large, cut: none of them is UTF-8.
  for (const char* bad : {"\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE2\x82"}) {
    std::string out;
    AppendPrintable(out, bad);
    CHECK(out.find("\xEF\xBF\xBD") == 0);
  }
  std::string out;
  AppendPrintable(out,
                  "\xC2\x9B"
                  "1m \xE2\x82\xAC \xF0\x9F\x98\x80");
  CHECK(out == "\\x9b1m \xE2\x82\xAC \xF0\x9F\x98\x80");
  CHECK(Width(out) == 10);
  const Cell blob = Blob(std::string_view("\x00\xff\x0a", 3));
  for (const char* format : {"table", "tsv"}) {
    CHECK(Write(format, columns, {{blob}}, "UTC", false) == "00ff0a\n");
  }
  CHECK(Write("jsonl", columns, {{blob}}) == "{\"a\":\"00ff0a\"}\n");
  CHECK(Write("jsonl", columns, {{Text(std::string_view("a\0b", 3))}}) ==
        "{\"a\":\"a\\u0000b\"}\n");
}

TEST_CASE("format: numbers") {
  const std::vector<OutputColumn> columns = {{"a", ColumnType::kAny}};
  const auto json = [&](Cell cell) { return Write("jsonl", columns, {{cell}}); };
  CHECK(json(Integer(9007199254740993)) == "{\"a\":9007199254740993}\n");
  CHECK(json(Integer(std::numeric_limits<int64_t>::min())) == "{\"a\":-9223372036854775808}\n");
  CHECK(json(Real(3)) == "{\"a\":3.0}\n");
  CHECK(json(Real(0.1)) == "{\"a\":0.1}\n");
  CHECK(json(Real(std::numeric_limits<double>::infinity())) == "{\"a\":null}\n");
  const auto table = [](double value, ColumnType type = ColumnType::kReal) {
    std::string out;
    AppendRoundedReal(out, value, type);
    return out;
  };
  CHECK(table(0) == "0.00");
  CHECK(table(2.0 / 3) == "0.67");
  CHECK(table(-1234.567) == "-1234.57");
  CHECK(table(0.00012345) == "0.00012");
  CHECK(table(1e300) == "1e+300");
  CHECK(table(12.345, ColumnType::kPercent) == "12.3");
  CHECK(table(0.012, ColumnType::kPercent) == "0.012");
}

TEST_CASE("format: columns that bear one name keep their values in JSON") {
  const std::vector<OutputColumn> columns = {{"a", ColumnType::kAny},
                                             {"a", ColumnType::kAny},
                                             {"a_2", ColumnType::kAny},
                                             {"a", ColumnType::kAny}};
  CHECK(Write("jsonl", columns, {{Integer(1), Integer(2), Integer(3), Integer(4)}}) ==
        "{\"a\":1,\"a_3\":2,\"a_2\":3,\"a_4\":4}\n");
}

TEST_CASE("format: several results") {
  const std::vector<OutputColumn> columns = {{"a", ColumnType::kAny}};
  const RowsOfCells rows = {{Integer(1)}};
  CHECK(Write("table", columns, rows, "UTC", true, 2) == "a\n-\n1\n\na\n-\n1\n");
  CHECK(Write("csv", columns, rows, "UTC", true, 2) == "a\n1\n\na\n1\n");
  CHECK(Write("json", columns, rows, "UTC", true, 2) == "[\n{\"a\":1}\n]\n[\n{\"a\":1}\n]\n");
  CHECK(Write("jsonl", columns, rows, "UTC", true, 2) == "{\"a\":1}\n{\"a\":1}\n");
}

TEST_CASE("format: a table streams after its first rows, wider cells move their line") {
  std::string out;
  const auto writer =
      MakeTableWriter({true, capture::Zone(), [&out](std::string_view piece) { out += piece; }});
  writer->Begin({{"a", ColumnType::kAny}, {"b", ColumnType::kAny}});
  const std::string padding(200, 'x');
  for (int i = 0; i < 1500; ++i) writer->Row(std::vector<Cell>{Integer(i), Text(padding)});
  CHECK(out.size() > 100'000);  // before End
  writer->Row(std::vector<Cell>{Integer(1'234'567), Text("y")});
  writer->End();
  CHECK(out.substr(0, 5) == "  a  ");
  CHECK(out.find("\n  0  x") != std::string::npos);
  CHECK(out.find("\n999  x") != std::string::npos);
  CHECK(out.find("\n1000  x") != std::string::npos);
  CHECK(out.find("\n1234567  y\n") != std::string::npos);
}

TEST_CASE("format: unknown ones are refused") {
  CHECK(MessageOf([] { ParseFormat("xml"); }) ==
        "no format is called 'xml' (there are: table, csv, tsv, json, jsonl, markdown)");
}

}  // namespace
}  // namespace tcpsnap::report
