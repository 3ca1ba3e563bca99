// JSON with dumps in its strings, made into text.
#include "capture/json_source.h"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "capture/json_record.h"
#include "capture/layout.h"
#include "capture/read_all.h"
#include "capture/text_source.h"
#include "capture/text_window.h"
#include "support/catch.h"

// Sanitizers keep what was freed, and shadows of all.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TCPSNAP_MEASURES_MEMORY 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer)
#define TCPSNAP_MEASURES_MEMORY 0
#endif
#endif
#ifndef TCPSNAP_MEASURES_MEMORY
#define TCPSNAP_MEASURES_MEMORY 1
#endif

namespace tcpsnap::capture {
namespace {

using procnet::Reason;
using testing::MadeLines;
using testing::ReadAll;
using testing::TextSource;

const std::string kHeader = "  sl  local_address rem_address   st";
const std::string kRow = "   0: 0100007F:1538 00000000:0000 0A";
const std::string kRow6 =
    "   0: 00000000000000000000000000000000:238C 00000000000000000000000000000000:0000 0A";
const std::string kTime = "2026-11-22T07:37:27+00:00";

MadeLines Make(const std::string& json, size_t most = 1 << 20, uint64_t limit = kMaxRecordBytes) {
  const auto source = OpenJson(std::make_unique<TextSource>(json, most), limit);
  return ReadAll(*source);
}

// The text must not depend on the pieces, and be the same again after Rewind.
MadeLines Made(const std::string& json, uint64_t limit = kMaxRecordBytes) {
  const MadeLines whole = Make(json, 1 << 20, limit);
  CHECK((Make(json, 1, limit) == whole));
  const auto source = OpenJson(std::make_unique<TextSource>(json, 7), limit);
  char some[5];
  source->Read(some, sizeof some);
  source->Rewind();
  CHECK((ReadAll(*source, 3) == whole));
  return whole;
}

std::string Text(const std::string& json) {
  const MadeLines made = Made(json);
  CHECK(made.refused.empty());
  return made.text;
}

std::string Lines(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + '\n';
  return text;
}

// Writes ' as ", ^ and $ as the header and the row, ~ as an escaped '\n'.
std::string Json(std::string_view short_form) {
  std::string json;
  for (const char c : short_form) {
    switch (c) {
      case '\'':
        json += '"';
        break;
      case '~':
        json += "\\n";
        break;
      case '^':
        json += kHeader;
        break;
      case '$':
        json += kRow;
        break;
      default:
        json += c;
    }
  }
  return json;
}

const std::string kTcpPath = "=== /proc/net/tcp ===";
const std::string kTcp6Path = "=== /proc/net/tcp6 ===";

TEST_CASE("what looks like JSON") {
  for (const char* head :
       {"{\"ts\": 1}", "  {  \"ts\": 1}", "{\n  \"ts\": 1\n}", "[{\"ts\": 1}]", "[\n  {\n", "[ {",
        "\xEF\xBB\xBF{\"ts\": 1}", "# preamble\n\n{\"ts\": 1}\n", "a\n\t[ \r\n {\"a\""}) {
    CAPTURE(head);
    CHECK(LooksLikeJson(head));
  }
  for (const char* head :
       {"", "{", "[", "{}", "[pod/web/app]    0: 0100007F:1538", "[2026-11-22 07:37:27] row",
        "[root@host ~]# cat /proc/net/tcp", "{\n  echo \"$1\"\n}\n", "f() {\n\"$@\"\n}",
        "[ OK ] Started", "[1, 2]", "1795333047\n  sl  local_address"}) {
    CAPTURE(head);
    CHECK_FALSE(LooksLikeJson(head));
  }
}

TEST_CASE("what is a dump") {
  CHECK(HoldsDump(kHeader));
  CHECK(HoldsDump("x\n" + kRow));
  CHECK(HoldsDump(kRow6));
  CHECK(HoldsDump("host1 tcp: " + kRow));
  CHECK_FALSE(HoldsDump(""));
  CHECK_FALSE(HoldsDump("local_address"));
  CHECK_FALSE(HoldsDump("sl"));
  CHECK_FALSE(HoldsDump("   0: 0100007F:1538"));
  CHECK_FALSE(HoldsDump("   0: 0100007F0:1538 "));
  CHECK_FALSE(HoldsDump("   0: 0100007F:15380 "));
  CHECK_FALSE(HoldsDump(" x: 0100007F:1538 "));
  CHECK_FALSE(HoldsDump(": 0100007F:1538 "));
}

TEST_CASE("an object a line, with a time and a path") {
  const std::string record =
      Json("{'ts': '2026-11-22T07:37:27+00:00', 'file': '/proc/net/tcp', 'content': '^~$~'}\n");
  const std::string text = Lines({kTime, kTcpPath, kHeader, kRow});
  CHECK(Text(record) == text);
  const MadeLines two = Made(record + record);
  CHECK(two.text == text + text);
  CHECK((two.original_lines == std::vector<uint64_t>{1, 1, 1, 1, 2, 2, 2, 2}));
  CHECK(Text(Json("{'content': '^~$', 'file': '/proc/net/tcp', 'ts': "
                  "'2026-11-22T07:37:27+00:00'}")) == text);
  CHECK(Text("\xEF\xBB\xBF" + record) == text);
}

TEST_CASE("keys that name tables") {
  CHECK(Text(Json("{'time': 1795333047, 'tcp': '^~$~', 'tcp6': '^~'}")) ==
        Lines({"1795333047", kTcpPath, kHeader, kRow, kTcp6Path, kHeader}));
  CHECK(Text(Json("{'/proc/net/tcp6': '^', 't': 1795333047}")) ==
        Lines({"1795333047", kTcp6Path, kHeader}));
  CHECK(Text(Json("{'tcp6': {'content': '^'}, 'file': '/proc/net/tcp', 't': 1795333047}")) ==
        Lines({"1795333047", kTcp6Path, kHeader}));
  CHECK(Text(Json("{'udp': '^', 't': 1795333047}")) ==
        Lines({"1795333047", "=== /proc/net/udp ===", kHeader}));
  CHECK(Text(Json("{'raw': '^', 'source': 'shell', 't': 1795333047}")) ==
        Lines({"1795333047", kHeader}));
}

TEST_CASE("times as they stand") {
  const auto time_of = [](const std::string& value) {
    const std::string text = Text(Json("{'ts': " + value + ", 'x': '$'}"));
    return text.substr(0, text.size() - std::min(text.size(), kRow.size() + 1));
  };
  CHECK(time_of("'Sun Nov 22 07:37:27 UTC 2026'") == "Sun Nov 22 07:37:27 UTC 2026\n");
  CHECK(time_of("' 2026-11-22 07:37:27 '") == "2026-11-22 07:37:27\n");
  CHECK(time_of("'1795333047'") == "1795333047\n");
  CHECK(time_of("'22.11.2026 7.37'") == "22.11.2026 7.37\n");
  CHECK(time_of("1795333047") == "1795333047\n");
  CHECK(time_of("1795333047123") == "1795333047123\n");
  CHECK(time_of("1795333047123456") == "1795333047123456\n");
  CHECK(time_of("1795333047123456789") == "1795333047123456\n");
  CHECK(time_of("1795333047.5") == "1795333047.5\n");
  CHECK(time_of("1795333047.123456") == "1795333047.123456\n");
  CHECK(time_of("1795333047.12345678") == "1795333047.123457\n");
  CHECK(time_of("1.795333047e9") == "1795333047\n");
  CHECK(time_of("1795333047.0") == "1795333047\n");
  for (const char* none :
       {"12", "-1795333047", "0.25", "1e300", "null", "true", "''", "'a\\nb'", "[1795333047]"}) {
    CAPTURE(none);
    CHECK(time_of(none) == "");
  }
}

TEST_CASE("the most trusted time counts, of those that can be read") {
  CHECK(Text(Json("{'date': '2026-11-23T00:00:00Z', '@timestamp': '2026-11-22T07:37:27+00:00', "
                  "'time': 1795333000, 'x': '$'}")) == Lines({kTime, kRow}));
  CHECK(Text(Json("{'time': 'a while', 'epoch': 1795333047, 'x': '$'}")) ==
        Lines({"1795333047", kRow}));
  CHECK(Text(Json("{'ts': 1795333046, 'ts': 1795333047, 'x': '$'}")) ==
        Lines({"1795333047", kRow}));
}

TEST_CASE("the nearest time up the tree counts") {
  CHECK(Text(Json("{'data': {'tcp': '$'}, 'ts': 1795333047}")) ==
        Lines({"1795333047", kTcpPath, kRow}));
  CHECK(Text(Json("{'ts': 1795333047, 'data': [{'ts': 1795333048, 'tcp': '$'}, {'tcp6': '^'}]}")) ==
        Lines({"1795333048", kTcpPath, kRow, "1795333047", kTcp6Path, kHeader}));
  CHECK(Text(Json("{'tcp': '$', 'meta': {'ts': 1795333047}}")) == Lines({kTcpPath, kRow}));
  CHECK(Text(Json("{'file': '/proc/net/tcp6', 'samples': [{'ts': 1795333047, 'x': '$'}]}")) ==
        Lines({"1795333047", kTcp6Path, kRow}));
}

TEST_CASE("arrays of strings are lines") {
  CHECK(Text(Json("{'ts': 1795333047, 'tcp': ['^', '$', '$~']}")) ==
        Lines({"1795333047", kTcpPath, kHeader, kRow, kRow}));
  const MadeLines made = Made(
      Json("[\n{'ts': 1795333047,\n'data': {'tcp': [\n'^',\n'$',\n'$'], 'n': [1, 'a']}\n}\n]\n"));
  CHECK(made.text == Lines({"[", "1795333047", kTcpPath, kHeader, kRow, kRow, "]"}));
  CHECK((made.original_lines == std::vector<uint64_t>{1, 4, 4, 4, 5, 6, 8}));
  CHECK(Text(Json("['^', '$']")) == Lines({kHeader, kRow}));
  CHECK(Text(Json("[\n  '^',\n  '$'\n]\n")) == Lines({"[", kHeader, kRow}));
}

TEST_CASE("records with a line each are written as syslog does") {
  CHECK(Text(Json("{'log': '$~', 'stream': 'stdout', 'time': '2026-11-22T07:37:27.1Z'}\n"
                  "{'log': 'Sun Nov 22 07:37:28 UTC 2026~', 'time': '2026-11-22T07:37:28.1Z'}\n"
                  "{'log': '', 'time': '2026-11-22T07:37:28.1Z'}\n"
                  "{'log': '$'}\n")) ==
        Lines({"2026-11-22T07:37:27.1Z - json: " + kRow,
               "2026-11-22T07:37:28.1Z - json: Sun Nov 22 07:37:28 UTC 2026", "", kRow}));
  CHECK(Text(Json("{'__REALTIME_TIMESTAMP': '1795333047123456', '_HOSTNAME': 'web1', "
                  "'MESSAGE': '$'}")) == Lines({"2026-11-22T07:37:27.123Z web1 json: " + kRow}));
  CHECK(Text(Json("{'@timestamp': '2026-11-22T07:37:27Z', 'host': {'name': 'web1', 'ip': '1'}, "
                  "'message': 'two~lines'}")) ==
        Lines({"2026-11-22T07:37:27Z web1 json: two", "2026-11-22T07:37:27Z web1 json: lines"}));
  CHECK(Text(Json("{'timestamp': 'a while', 'textPayload': '$'}")) == Lines({kRow}));
  CHECK(Text(Json("{'timestamp': 'Sun Nov 22 07:37:27 UTC 2026', 'msg': '$'}")) ==
        Lines({"2026-11-22T07:37:27Z - json: " + kRow}));
}

TEST_CASE("a log without a host has none, as the same log as text") {
  const std::string text =
      Text(Json("{'log': '$~', 'stream': 'stdout', 'time': '2026-11-22T07:37:27.1Z'}\n"));
  const std::optional<Prefix> prefix = ReadSyslogPrefix(text, Zone());
  REQUIRE(prefix);
  CHECK(prefix->host.empty());
  CHECK(text.substr(prefix->length) == Lines({kRow}));
}

// The host of the lines of a record; empty where they have none.
std::string HostOf(const std::string& short_form) {
  const std::string text = Text(Json(short_form));
  const std::optional<Prefix> prefix = ReadSyslogPrefix(text, Zone());
  REQUIRE(prefix);
  return std::string(prefix->host);
}

TEST_CASE("a pod is a host") {
  const std::string front = "{'time': '2026-11-22T07:37:27Z', 'log': '$', ";
  CHECK(HostOf(front + "'pod': 'web-1'}") == "web-1");
  CHECK(HostOf(front + "'pod_name': 'web-1', 'container_name': 'app'}") == "web-1");
  CHECK(HostOf(front + "'container_name': '/web-1'}") == "web-1");
  CHECK(HostOf(front + "'kubernetes.pod_name': 'web-1'}") == "web-1");
  CHECK(HostOf(front + "'instance': '10.0.0.1:9100', 'pod': 'web-1'}") == "web-1");
  CHECK(HostOf(front + "'instance': '10.0.0.1:9100'}") == "10.0.0.1:9100");
  CHECK(HostOf(front + "'pod': 'web-1', 'host': 'node1'}") == "node1");
  CHECK(HostOf(front + "'kubernetes': {'host': 'node1', 'pod_name': 'web-1', "
                       "'container_name': 'app'}}") == "web-1");
  CHECK(HostOf("{'kubernetes': {'pod': {'name': 'web-1'}, 'node': {'name': 'node1'}}, "
               "'message': '$', '@timestamp': '2026-11-22T07:37:27Z'}") == "web-1");
  CHECK(HostOf(front + "'k8s': {'pod_name': 'web-1'}}") == "web-1");
  CHECK(HostOf(front + "'docker': {'container_id': '1', 'container_name': 'web-1'}}") == "web-1");
  CHECK(HostOf(front + "'resource': {'type': 'k8s_container', 'labels': {'pod_name': 'web-1', "
                       "'node': 'node1'}}}") == "web-1");
  // The node alone does not tell one pod from another; other labels are the user's own words.
  CHECK(HostOf(front + "'kubernetes': {'host': 'node1'}}") == "");
  CHECK(HostOf(front + "'kubernetes': {'labels': {'pod': 'x'}}}") == "");
  CHECK(HostOf(front + "'other': {'pod_name': 'x'}}") == "");
  // What syslog does not take for a host would make the line unreadable.
  for (const char* none : {"-", "/", "a b", "web1:", "w\u00e9b", "a/b", "[x]"}) {
    CAPTURE(none);
    CHECK(HostOf(front + "'host': '" + none + "'}") == "");
  }
}

TEST_CASE("the lines of two pods that are written in turn have their hosts") {
  std::string json, text;
  for (int second = 10; second < 20; ++second) {
    const std::string time = "2026-11-22T07:37:" + std::to_string(second) + "Z";
    for (const char* pod : {"web-1", "web-2"}) {
      json += Json("{'log': '$~', 'time': '" + time + "', 'kubernetes': {'pod_name': '" + pod +
                   "', 'host': 'node1'}}\n");
      text += time + " " + pod + " json: " + kRow + "\n";
    }
  }
  CHECK(Text(json) == text);
}

TEST_CASE("a record with a table is no line") {
  CHECK(Text(Json("{'time': 1795333047, 'message': '^~$~', 'source': '/proc/net/tcp'}")) ==
        Lines({"1795333047", kTcpPath, kHeader, kRow}));
  CHECK(Text(Json("{'time': 1795333047, 'msg': 'sampled', 'tcp': '^~$~'}")) ==
        Lines({"1795333047", kTcpPath, kHeader, kRow}));
}

TEST_CASE("a table whose host is known has it on each line") {
  const std::string prefix = "2026-11-22T07:37:27Z web1 json: ";
  const std::string text =
      Lines({prefix + kTcpPath, prefix + kHeader, prefix + kRow, "", prefix + kRow});
  CHECK(Text(Json("{'time': 1795333047, 'host': 'web1', 'tcp': '^~$~~$'}")) == text);
  CHECK(Text(Json("{'time': 1795333047, 'tcp': '^~$~~$', 'host': {'name': 'web1'}}")) == text);
  CHECK(Text(Json("{'host': 'web1', 'a': [{'time': 1795333047, 'tcp': '^~$~~$'}]}")) == text);
  CHECK(Text(Json("{'host': 'web2', 'a': {'time': 1795333047, 'tcp': '^~$~~$', 'node': 'web1', "
                  "'machine': 'm'}}")) == text);
  CHECK(Text(Json("{'time': 1795333047, 'host': 'web 1', 'tcp': '$'}")) ==
        Lines({"1795333047", kTcpPath, kRow}));
  CHECK(Text(Json("{'host': 'web1', 'tcp': '$'}")) == Lines({kTcpPath, kRow}));
}

TEST_CASE("lines that are no JSON pass through") {
  for (const std::string text : {"",
                                 "\n",
                                 "a\nb",
                                 "a\r\n\r\nb\r\n",
                                 "[pod/web/app] x\n",
                                 "[\n",
                                 "]\n,\n",
                                 "[ OK ] Started\n",
                                 "{\n  echo\n}\n",
                                 "{",
                                 "{ \"$cmd\"; }\n",
                                 "[ \"$x\" = y ]\n",
                                 "{\"a\": tru}\nb\n",
                                 "  [\t[ x",
                                 "{\"a\"\n\n\nb\nc",
                                 "{a\n  {b\nc\n",
                                 "{\"a\":\n{",
                                 "  \n \n",
                                 "\xEF\xBB\xBFx\n",
                                 "\xEFx\n"}) {
    CAPTURE(text);
    const MadeLines made = Made(text);
    CHECK(made.text == text);
    CHECK(made.refused.empty());
    for (size_t i = 0; i < made.original_lines.size(); ++i) CHECK(made.original_lines[i] == i + 1);
  }
  CHECK(Text("date\n{\"a\": 1}\nend\n") == "date\njson: no dump\nend\n");
  CHECK(Text(kHeader + "\n" + kRow + "\n") == kHeader + "\n" + kRow + "\n");
  const std::string block = "{\n" + kHeader + "\n" + kRow + "\n}\n";
  CHECK(Text(block) == block);
  CHECK(Text("{\n" + kRow + "\n") == "{\n" + kRow + "\n");
  const MadeLines damaged = Made(Json("{\n a 'tcp': '$'}\n"));
  CHECK(damaged.text.empty());
  CHECK(damaged.refused.size() == 1);
}

TEST_CASE("a value without a dump is a line") {
  CHECK(Text("{}\n{\"a\": [1, {}]}\n[{}, {}]\n") ==
        Lines({"json: no dump", "json: no dump", "json: no dump", "json: no dump"}));
  CHECK(Text("{\n\"a\":\n1}\nx\n") == "json: no dump\nx\n");
  CHECK(Text("{} trailing\n{}{}\n") ==
        Lines({"json: no dump", "trailing", "json: no dump", "json: no dump"}));
}

TEST_CASE("damaged JSON is refused, with its line") {
  const std::string good = Json("{'ts': 1795333047, 'tcp': '$'}\n");
  const std::string text = Lines({"1795333047", kTcpPath, kRow});
  for (const std::string& bad :
       {Json("{'ts': 1, 'tcp': '$"), Json("{'tcp': '$', 'a' 1}"), Json("{'tcp': '$'"),
        Json("{'tcp': '$\xFF'}"), Json("{a 'tcp': '$'}"), Json("{'tcp': '$\\q'}"),
        Json("[{'tcp': '$"), "{\"tcp\": \"" + std::string(1, '\0') + kRow + "\"}"}) {
    CAPTURE(bad);
    const MadeLines made = Made(good + bad + "\r\n" + good);
    CHECK(made.text == text + text);
    REQUIRE(made.refused.size() == 1);
    CHECK(made.refused[0].reason == Reason::kBadJson);
    CHECK(made.refused[0].position.line == 2);
    CHECK(made.refused[0].position.offset == good.size());
    CHECK(made.refused[0].text == bad);
    CHECK(made.refused[0].column <= bad.size());
    CHECK((made.original_lines == std::vector<uint64_t>{1, 1, 1, 3, 3, 3}));
  }
}

TEST_CASE("where the damage is") {
  const std::string bad = Json("{'tcp': '$', 'a' 1}");
  CHECK(Made(bad).refused.at(0).column == bad.size() - 2);
  CHECK(Made(bad + "\n").refused.at(0).column == bad.size() - 2);
  const std::string cut = Json("{'tcp': '$', ");
  CHECK(Made(cut).refused.at(0).column == cut.size());
  const MadeLines later = Made(Json("x\n{'tcp': '$',\n 'a' 1 }\nend\n"));
  CHECK(later.text == "x\nend\n");
  REQUIRE(later.refused.size() == 1);
  CHECK(later.refused[0].position.line == 2);
  CHECK(later.refused[0].position.offset == 2);
  CHECK(later.refused[0].column == 0);
  CHECK(later.refused[0].text == Json("{'tcp': '$',"));
}

TEST_CASE("what was complete before the damage stays") {
  const MadeLines made =
      Made(Json("[{'ts': 1795333047, 'tcp': '$'},\n"
                " {'ts': 1795333048, 'tcp' '$'},\n"
                " {'ts': 1795333049, 'tcp': '$'}]\n"));
  CHECK(made.text == Lines({"1795333047", kTcpPath, kRow, "1795333049", kTcpPath, kRow}));
  REQUIRE(made.refused.size() == 1);
  CHECK(made.refused[0].position.line == 2);
  const MadeLines nested = Made(Json("{'a': [{'ts': 1795333047, 'tcp': '$'}, {'tcp': '$"));
  CHECK(nested.text == Lines({"1795333047", kTcpPath, kRow}));
  CHECK(nested.refused.size() == 1);
}

TEST_CASE("a value that was cut does not hide the next") {
  const std::string good = Json("  {'ts': 1795333047, 'tcp': '$'}\n");
  const std::string text = Lines({"1795333047", kTcpPath, kRow});
  CHECK(Text("{\n" + good) == "{\n" + text);
  CHECK(Text("{\"a\": 1,\n" + good) == "{\"a\": 1,\n" + text);
  const MadeLines made = Made(Json("{'tcp': '$',\n") + good + "end\n");
  CHECK(made.text == text + "end\n");
  CHECK(made.refused.size() == 1);
  CHECK((made.original_lines == std::vector<uint64_t>{2, 2, 2, 3}));
}

TEST_CASE("a file may be cut anywhere") {
  const std::string json = Json(
      "# x\n{'ts': '2026-11-22T07:37:27+00:00', 'file': '/proc/net/tcp', 'content': '^~$~'}\n"
      "[{'ts': 1.795e9, 'tcp': ['$',\n'$']}]\n{'log': '$~', 'time': 1795333047}\n{'a': null}\n");
  const MadeLines whole = Make(json);
  for (size_t size = 0; size <= json.size(); ++size) {
    CAPTURE(size);
    const std::string cut = json.substr(0, size);
    const MadeLines made = Made(cut);
    const std::string text = made.text.substr(0, made.text.rfind('\n') + 1);
    REQUIRE(whole.text.substr(0, text.size()) == text);
    // The rest is text, or refused.
    REQUIRE(made.refused.size() <= 1);
    REQUIRE(made.original_lines.size() ==
            static_cast<size_t>(std::count(made.text.begin(), made.text.end(), '\n')) +
                !(made.text.empty() || made.text.back() == '\n'));
  }
}

TEST_CASE("bytes that changed do no harm to other records") {
  const std::string good = Json("{'ts': 1795333047, 'tcp': '$'}\n");
  const std::string text = Lines({"1795333047", kTcpPath, kRow});
  const std::string bad = Json("{'ts': 1795333048, 'tcp': ['$', {'a': 1.5e3}]}\n");
  for (size_t at = 0; at + 1 < bad.size(); ++at) {
    for (const char byte : std::string("{}[]\",:\\\n\0x\xC3", 12)) {
      std::string changed = bad;
      changed[at] = byte;
      CAPTURE(at, changed);
      const MadeLines made = Make(good + changed + good);
      REQUIRE(made.text.substr(0, text.size()) == text);
      // Only an opened value can take the next line in.
      if (byte == '{' || byte == '[') continue;
      REQUIRE(made.text.size() >= 2 * text.size());
      REQUIRE(made.text.substr(made.text.size() - text.size()) == text);
    }
  }
}

TEST_CASE("depth is bounded") {
  std::string deep;
  for (int i = 0; i < 60; ++i) deep += "{\"a\": ";
  std::string closed = deep + Json("{'ts': 1795333047, 'x': '$'}") + std::string(60, '}');
  CHECK(Text(closed) == Lines({"1795333047", kRow}));
  for (int i = 0; i < 10; ++i) deep += "{\"a\": ";
  const MadeLines made = Made(deep + Json("'$'") + std::string(70, '}') + "\nend\n");
  CHECK(made.text == "end\n");
  CHECK(made.refused.size() == 1);
  CHECK(Text("{\"a\": " + std::string(1000, '[') + "\n") ==
        "{\"a\": " + std::string(1000, '[') + "\n");
}

TEST_CASE("a record is bounded, an array of them is not") {
  const std::string record = Json("{'ts': 1795333047, 'tcp': '$'}");
  const std::string text = Lines({"1795333047", kTcpPath, kRow});
  const uint64_t limit = record.size();
  CHECK(Made(record + "\n", limit).text == text);
  CHECK(Made("[" + record + "," + record + "]\n", limit).text == text + text);
  const std::string longer = Json("{'ts': 1795333047, 'tcp': '$' }");
  const MadeLines made = Made("a\n" + longer + "\n" + record, limit);
  CHECK(made.text == "a\n" + text);
  REQUIRE(made.refused.size() == 1);
  CHECK(made.refused[0].reason == Reason::kLineTooLong);
  CHECK(made.refused[0].position.line == 2);
  CHECK(made.refused[0].position.offset == 2);
  CHECK(made.refused[0].text == longer);
  const MadeLines lines = Made("{\n\"a\":\n" + std::string(100, ' ') + "1\n}\nend\n", 20);
  CHECK(lines.text == "}\nend\n");
  CHECK(lines.refused.size() == 1);
}

#if TCPSNAP_MEASURES_MEMORY
// JSON that goes on and on, made as it is read.
class EndlessJson : public ByteSource {
 public:
  EndlessJson(std::string front, std::string unit, uint64_t size)
      : front_(front), unit_(unit), left_(size), rest_(front), size_(size) {}
  size_t Read(char* bytes, size_t size) override {
    size = static_cast<size_t>(std::min<uint64_t>(size, left_));
    while (rest_.size() < size) rest_ += unit_;
    rest_.copy(bytes, size);
    rest_.erase(0, size);
    left_ -= size;
    return size;
  }
  void Rewind() override {
    rest_ = front_;
    left_ = size_;
  }
  std::optional<uint64_t> Size() const override { return std::nullopt; }
  std::optional<uint64_t> RewindLimit() const override { return std::nullopt; }

 private:
  const std::string front_, unit_;
  uint64_t left_;
  std::string rest_;
  const uint64_t size_;
};

// The most memory that the process had since ResetPeak; see proc(5).
void ResetPeak() { std::ofstream("/proc/self/clear_refs") << "5"; }
long PeakMegabytes() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    long kilobytes = 0;
    if (word == "VmHWM:" && status >> kilobytes) return kilobytes >> 10;
  }
  return 0;
}

TEST_CASE("a value that never ends takes no more memory than its limit allows") {
  ResetPeak();
  const long before = PeakMegabytes();
  REQUIRE(before > 0);
  for (const auto& [front, unit] : std::vector<std::pair<std::string, std::string>>{
           {"{\"tcp\": \"", kRow + "\\n"},
           {"{\"", kRow},
           {"{\"tcp\": ", "1"},
           {"{\"tcp\": [\"", "\",\n\""},
           {"{\"a\": [", "{\"log\": \"x\"},"},
           {"{\"a\": [", "{\"log\": \"x\", \"t\": 1795333047},"}}) {
    CAPTURE(front, unit);
    const auto source = OpenJson(std::make_unique<EndlessJson>(front, unit, uint64_t{100} << 20));
    std::string bytes(1 << 16, '\0');
    std::vector<procnet::RefusedLine> refused;
    while (source->Read(bytes.data(), bytes.size()) > 0) {
      if (refused.empty()) refused = source->TakeRefused();
    }
    if (refused.empty()) refused = source->TakeRefused();
    REQUIRE(!refused.empty());
    CHECK(refused[0].reason == Reason::kLineTooLong);
  }
  CHECK(PeakMegabytes() - before < 150);
}
#endif

TEST_CASE("a refused line is kept up to its limit") {
  const std::string bad = Json("{'tcp': '$") + std::string(200'000, 'x');
  const MadeLines made = Make(bad + "\nend\n");
  CHECK(made.text == "end\n");
  REQUIRE(made.refused.size() == 1);
  CHECK((made.refused[0].text == bad.substr(0, kMaxLineBytes)));
  // The sign of a dump may stand behind it.
  CHECK(Make("{x " + std::string(200'000, 'x') + kRow + "\n").refused.size() == 1);
  const MadeLines other = Make("{x " + std::string(200'000, 'x') + "\nend\n");
  CHECK(other.refused.empty());
  CHECK((other.text == "{x " + std::string(kMaxLineBytes - 3, 'x') + "\nend\n"));
}

TEST_CASE("odd files take no more time than others") {
  const auto begin = std::chrono::steady_clock::now();
  const size_t size = 4 << 20;
  for (const std::string unit : {"{", "[", "{\n", "[\n", "{\"a\":", "{\"a\":\n", "[{\"a\":1},\n",
                                 " ", "{}", "{},", "\"", "{\"", "{\"a\":[", "[[[\n{", "\n"}) {
    CAPTURE(unit);
    std::string json;
    while (json.size() < size) json += unit;
    const auto source = OpenJson(std::make_unique<TextSource>(json, 1 << 16));
    std::string bytes(1 << 16, '\0');
    while (source->Read(bytes.data(), bytes.size()) > 0) {
    }
  }
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(60));
}

TEST_CASE("long texts come in slices, with their lines") {
  std::string json = "\n{\"ts\": 1795333047, \"tcp\": [\n";
  std::string text = "\n1795333047\n" + kTcpPath + "\n";
  std::vector<uint64_t> lines = {1, 3, 3};
  for (uint64_t i = 0; i < 20'000; ++i) {
    json += "\"" + kRow + "\",\n";
    text += kRow + "\n";
    lines.push_back(i + 3);
  }
  const MadeLines made = Make(json + "\"\"]}");
  CHECK((made.text == text + "\n"));
  lines.push_back(20'003);
  CHECK((made.original_lines == lines));
}

// A pipe: it can be rewound only so far.
class LimitedSource : public TextSource {
 public:
  using TextSource::TextSource;
  void Rewind() override { FAIL("not to be rewound"); }
  std::optional<uint64_t> RewindLimit() const override { return 1000; }
};

TEST_CASE("refused lines of a pipe are told again after Rewind") {
  const std::string json = Json("{'tcp': '$\nx\n{'tcp': '$\n");
  const auto source = OpenJson(std::make_unique<LimitedSource>(json, 1 << 20));
  const MadeLines made = ReadAll(*source);
  CHECK(made.refused.size() == 2);
  source->Rewind();
  CHECK((ReadAll(*source) == made));
}

}  // namespace
}  // namespace tcpsnap::capture
