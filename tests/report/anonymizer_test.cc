// Names and texts that tell nothing, the way back, rows, and the file of the key.
#include "report/anonymizer.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "procnet/address.h"
#include "report/anonymized_rows.h"
#include "report/key_file.h"
#include "report/message_of.h"
#include "report/written_address.h"
#include "support/catch.h"
#include "support/temporary_folder.h"

namespace tcpsnap::report {
namespace {

using procnet::AddressText;
using testing::MessageOf;

constexpr Anonymizer::Key kKey = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

/// The text with the addresses marked that are found in it: "<10.0.0.1>:80".
std::string Marked(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const auto found = ReadAddressAt(text, at, at == 0);
    if (!found) {
      out += text[at++];
      continue;
    }
    out.append("<") += text.substr(at, found->size);
    if (found->prefix_bits) out += "|" + std::to_string(*found->prefix_bits);
    out += ">";
    at += found->size;
  }
  return out;
}

TEST_CASE("written addresses: what is one") {
  for (const char* text : {"<10.0.0.1>",
                           "at <10.0.0.1>.",
                           "<10.0.0.1>:80",
                           "(<10.0.0.1>)",
                           "ip=<10.0.0.1>,<10.0.0.2>",
                           "<010.000.000.001>",
                           "\"<10.0.0.1>\"",
                           "src<10.0.0.1>",
                           "-<10.0.0.1>-<10.0.0.9>",
                           "...<10.0.0.1>...",
                           "<10.0.0.1>.in-addr.arpa",
                           "http://<10.0.0.1>:80/x",
                           "addr:<10.0.0.1>",
                           "12:34:56:<10.0.0.1>",
                           "\xff<10.0.0.1>\xff",
                           "face:<10.0.0.1>",
                           "<::>",
                           "<::1>",
                           "[<::1>]:22",
                           "<2001:DB8::1>",
                           "<fe80::1>%eth0",
                           "<1:2:3:4:5:6:7:8>",
                           "<::ffff:10.0.0.1>",
                           "[<::ffff:10.0.0.1>]:80",
                           "<::FFFF:a00:1>",
                           "<64:ff9b::10.0.0.1>",
                           "<1:2:3:4:5:6:10.0.0.1>",
                           "<1::>",
                           "<1:2:3:4:5:6:7::>",
                           "\"<2001:db8::1>\",",
                           "<2001:db8::1>.",
                           "<2001:db8::1>: refused",
                           "from <::1>:",
                           "IPv6:<2001:db8::1>",
                           "addr:<2001:db8::1>",
                           "peer:<::1>",
                           "]:<2001:db8::1>",
                           "<2001:db8::1>:https",
                           "<2001:db8::1>:ftp",
                           "<2001:db8:0:0:0:0:0:1>:443",
                           "<2001:db8::1>:34567",
                           "<a::b>",
                           "<2001:db8::1>\xE2\x86\x92<fe80::1>",
                           "<2001:db8::1>.443",
                           "<0100007F>:1F90 <0200630A>:01BB 01",
                           "<0100007f>:1f9",
                           "<0100007F>:",
                           "<000000FD000000000000000001000000>:1001"}) {
    std::string plain;
    for (const char* c = text; *c != '\0'; ++c) {
      if (*c != '<' && *c != '>') plain += *c;
    }
    CHECK(Marked(plain) == text);
  }
}

TEST_CASE("written addresses: what is none") {
  for (const char* text : {"",
                           "1.2.3",
                           "1.2.3.4.5",
                           "v1.2.3.4.5",
                           "1.2.3.4.5.6.7.8.9",
                           "10.0.0.300",
                           "300.0.0.1.2",
                           "10.0.0.1000",
                           "1000.0.0.1",
                           "10..0.0.1",
                           "12:34:56",
                           "2026-11-22T07:49:05",
                           "07:49:05.123",
                           "00:1a:2b:3c:4d:5e",
                           "1:2:3:4:5:6:7",
                           "1:2:3:4:5:6:7:8:9:10",
                           "std::dec",

                           "tcpsnap::procnet",
                           "fe80",
                           ":",
                           "...",
                           "99:99",
                           "::12345",

                           "x::1",
                           "00000000:00000000",
                           "0100007:1F90",
                           "0100007F:1F901",
                           "deadbeef",
                           "10.0.0"}) {
    CHECK(Marked(text) == text);
  }
}

TEST_CASE("written addresses: prefixes") {
  CHECK(Marked("10.0.0.0/8") == "<10.0.0.0|8>/8");
  CHECK(Marked("10.0.0.0/8,") == "<10.0.0.0|8>/8,");
  CHECK(Marked("10.0.0.0/33") == "<10.0.0.0>/33");
  CHECK(Marked("10.0.0.0/8080") == "<10.0.0.0>/8080");
  CHECK(Marked("10.0.0.0/blue") == "<10.0.0.0>/blue");
  CHECK(Marked("10.0.0.0/8x") == "<10.0.0.0>/8x");
  CHECK(Marked("2001:db8::/32") == "<2001:db8::|32>/32");
  CHECK(Marked("2001:db8::/129") == "<2001:db8::>/129");
  CHECK(Marked("::ffff:10.0.0.0/104") == "<::ffff:10.0.0.0|8>/104");
  CHECK(Marked("::ffff:10.0.0.0/64") == "<::ffff:10.0.0.0>/64");
}

/// Text that restores to itself and shows neither of the words.
void CheckHidden(const Anonymizer& anonymizer, const std::string& text,
                 const std::vector<std::string>& words) {
  const std::string hidden = anonymizer.Text(text);
  INFO(text << "\n" << hidden);
  for (const std::string& word : words) CHECK(hidden.find(word) == std::string::npos);
  CHECK(anonymizer.RestoreText(hidden) == text);
}

TEST_CASE("anonymizer: texts, and back") {
  const Anonymizer anonymizer(kKey);
  CheckHidden(anonymizer, "10.99.0.1:7003 -> 203.0.113.9:443", {"99.0.1", "203.0", "113.9"});
  CheckHidden(anonymizer, "[2001:db8::1]:443 fe80::1:2%eth0", {"db8", "::1:2"});
  CheckHidden(anonymizer, "198.51.100.0/24 198.51.100.7/31 2001:db8:5::/48", {"51.100", "db8:5"});
  CheckHidden(anonymizer, "::ffff:198.51.100.7 ::ffff:198.51.100.0/120", {"51.100"});
  CheckHidden(anonymizer, "{\"a\":\"x\\n2001:db8::1\\tfe80::9\\b2001:db8::2\"}", {"db8", "::9"});
  CheckHidden(anonymizer, "\\x1b2001:db8::1 \\u00a02001:db8::2", {"db8"});
  CheckHidden(anonymizer, "1: 0763330A:1F90 0000000000000000FFFF00000763330A:01BB 01",
              {"0763330A"});
  CheckHidden(anonymizer, "2001:db8:0:0:0:0:0:1:443 and 2001:db8::1:34567 and 2001:db8::1:ftp",
              {"db8"});
  // The rest is as it was.
  CHECK(anonymizer.Text("[::1]:22 0.0.0.0:* 127.0.0.1:80 :: 12:34:56 1.2.3.4.5 443 eth0") ==
        "[::1]:22 0.0.0.0:* 127.0.0.1:80 :: 12:34:56 1.2.3.4.5 443 eth0");
  CHECK(anonymizer.Text("0100007F:1F90 00000000:0000") == "0100007F:1F90 00000000:0000");
  CHECK(anonymizer.Text("10.0.0.0/8 192.168.0.0/16 ::/0 fe80::/10") ==
        "10.0.0.0/8 192.168.0.0/16 ::/0 fe80::/10");
  // One address, one image, however it is written.
  const std::string image = anonymizer.Text("2001:db8::1");
  for (const char* spelling : {"2001:DB8::1", "2001:0db8:0:0:0::0001", "2001:db8:0:0:0:0:0:1"}) {
    CHECK(anonymizer.Text(spelling) == image);
  }
  CHECK(anonymizer.Text("::ffff:198.51.100.7") == "::ffff:" + anonymizer.Text("198.51.100.7"));
  CHECK(anonymizer.Text("198.051.100.007") == anonymizer.Text("198.51.100.7"));
}

TEST_CASE("anonymizer: the kernel's digits are those of the mapped address") {
  const Anonymizer anonymizer(kKey);
  const uint32_t words[4] = {0x0763330A, 0, 0, 0};
  const auto original = DecodeAddress(words, procnet::Family::kTcp, procnet::ByteOrder::kLittle);
  const uint32_t v4 = anonymizer.Map(original).V4();
  char digits[16];
  std::snprintf(digits, sizeof digits, "%02X%02X%02X%02X", v4 & 255, v4 >> 8 & 255, v4 >> 16 & 255,
                v4 >> 24);
  CHECK(anonymizer.Text("0763330A:1F90") == digits + std::string(":1F90"));
}

TEST_CASE("anonymizer: names") {
  Anonymizer anonymizer(kKey);
  const std::string web1 = anonymizer.Name("web1");
  CHECK(web1.size() == 15);
  CHECK(web1.substr(0, 5) == "host-");
  CHECK(web1.find_first_not_of("abcdefghijklmnopqrstuvwxyz234567", 5) == std::string::npos);
  CHECK(anonymizer.Name("web1") == web1);
  CHECK(anonymizer.Name("web2") != web1);
  CHECK(Anonymizer(Anonymizer::Key{}).Name("web1") != web1);
  CHECK(anonymizer.Name("").empty());
  const std::string blue = anonymizer.Name("web1/blue");
  CHECK(blue.substr(0, 20) == web1 + "/net-");
  CHECK(anonymizer.Name("web2/blue").substr(15) == blue.substr(15));
  CHECK(anonymizer.PathName("web1").substr(0, 5) == "file-");
  CHECK(anonymizer.PathName("web1").substr(5) != web1.substr(5));

  CHECK(anonymizer.Text("web1") == "web1");  // not added
  anonymizer.AddName("web1/blue");
  anonymizer.AddName("web1-db");
  anonymizer.AddName("");
  CHECK(anonymizer.Text("web1") == web1);
  CHECK(anonymizer.Text("web1/blue") == blue);
  CHECK(anonymizer.Text("web1:80 web1.example web1-db xweb1 web12 blue \\nweb1") ==
        web1 + ":80 " + web1 + ".example " + anonymizer.Name("web1-db") + " xweb1 web12 " +
            blue.substr(16) + " \\n" + web1);
  CHECK(anonymizer.RestoreText(anonymizer.Text("web1/blue (web1-db), web1")) ==
        "web1/blue (web1-db), web1");
  CHECK(anonymizer.RestoreText("host-aaaaaaaaaa") == "host-aaaaaaaaaa");
  CHECK(anonymizer.Text("web1\xE2\x86\x92web1") == web1 + "\xE2\x86\x92" + web1);
}

TEST_CASE("anonymizer: a host that is named by its address is that address") {
  Anonymizer anonymizer(kKey);
  const std::string mapped = anonymizer.Text("198.51.100.7");
  anonymizer.AddName("198.51.100.7");
  anonymizer.AddName("198.51.100.8/blue");
  anonymizer.AddName("10");
  CHECK(anonymizer.Name("198.51.100.7") == mapped);
  CHECK(anonymizer.Text("198.51.100.7:80") == mapped + ":80");
  CHECK(anonymizer.Name("198.51.100.8/blue").substr(0, mapped.size() - 2) ==
        mapped.substr(0, mapped.size() - 2));
  // The longer one counts: a name of digits takes no address apart, an address no name.
  anonymizer.AddName("198.51.100.9-web");
  CHECK(anonymizer.Text("10.0.0.0/8") == "10.0.0.0/8");
  CHECK(anonymizer.Text("198.51.100.9-web") == anonymizer.Name("198.51.100.9-web"));
}

TEST_CASE("anonymizer: paths") {
  Anonymizer anonymizer(kKey);
  anonymizer.AddName("web1");
  anonymizer.AddPath("/srv/acme/web1.log");
  anonymizer.AddPath("in/acme.tar.gz!web1/proc/net/tcp");
  const std::string log = anonymizer.PathName("/srv/acme/web1.log");
  CHECK(anonymizer.Text("see /srv/acme/web1.log: 3 lines") == "see " + log + ": 3 lines");
  CheckHidden(anonymizer, "web1.log of /srv/acme/web1.log, in/acme.tar.gz and acme.tar.gz",
              {"web1", "acme", "srv"});
  CheckHidden(anonymizer, "in/acme.tar.gz!web1/proc/net/tcp:17 web1/proc/net/tcp",
              {"web1", "acme"});
  CHECK(anonymizer.Text("its table tcp is missing") == "its table tcp is missing");
}

TEST_CASE("anonymizer: backslashes before names and addresses") {
  Anonymizer anonymizer(kKey);
  for (const char* name : {"web1", "nas01", "ux"}) anonymizer.AddName(name);
  CheckHidden(anonymizer, R"(ACME\web1 ACME\nas01 C:\ux C:\users\web1)",
              {"web1", "nas01", R"(\ux)"});
  CheckHidden(anonymizer, R"("a\nweb1\tux\u00a0web1\x1bweb1\\web1")", {"web1", "ux"});
  CheckHidden(anonymizer, R"(\198.51.100.7 \u198.51.100.7 \n198.51.100.7)", {"51.100"});
}

TEST_CASE("anonymizer: names that begin alike") {
  Anonymizer anonymizer(kKey);
  for (const char* name : {"a", "ab", "ab-", "ab-c", "ab-cd-e", "b", "ab-cz"}) {
    anonymizer.AddName(name);
  }
  for (const char* text : {"a", "ab", "ab-", "ab-c", "ab-cd", "ab-cd-", "ab-cd-e", "ab-cd-ef",
                           "ab-d", "abc", "ab-cz ab-cy", "b-ab", ""}) {
    INFO(text);
    CHECK(anonymizer.RestoreText(anonymizer.Text(text)) == text);
  }
  CHECK(anonymizer.Text("ab-cd") == anonymizer.Name("ab") + "-cd");
  CHECK(anonymizer.Text("ab-.") == anonymizer.Name("ab-") + ".");
  CHECK(anonymizer.Text("ab-cd-e") == anonymizer.Name("ab-cd-e"));
  CHECK(anonymizer.Text("ab-c.") == anonymizer.Name("ab-c") + ".");
}

TEST_CASE("anonymizer: any bytes will do") {
  Anonymizer anonymizer(kKey);
  anonymizer.AddName("web1/blue");
  anonymizer.AddPath("/srv/x!y");
  std::mt19937 random(20261125);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same cases each time
  const std::string alphabet =
      "0123456789abcdef::::....//%[]\\nxu \"-g\xff\x00web1blue"
      "fe80::1 10.0.0.1 ffff:";
  for (int i = 0; i < 20'000; ++i) {
    std::string text;
    for (size_t size = random() % 60; size > 0; --size)
      text += alphabet[random() % alphabet.size()];
    const std::string hidden = anonymizer.Text(text);
    (void)anonymizer.RestoreText(text);
    // Where nothing is found nothing changes.
    if (hidden == text) CHECK(anonymizer.Text(hidden) == text);
  }
  CHECK(anonymizer.Text("").empty());
  CHECK(anonymizer.Text("\\") == "\\");
  CHECK(anonymizer.Text("\\u12") == "\\u12");
}

TEST_CASE("anonymizer: canonical addresses in any company come back") {
  const Anonymizer anonymizer(kKey);
  std::mt19937 random(7);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same cases each time
  const std::vector<std::string> before = {"",    " ",     "[",   "(",  "\"",
                                           "ip=", "addr:", "\\n", "x/", "-"};
  const std::vector<std::string> behind = {"",      " ",   "]", ")", "\"",  ":80", ":http",
                                           "%eth0", "/24", ".", ",", "\\n", ": no"};
  for (int i = 0; i < 20'000; ++i) {
    procnet::Address address;
    for (uint8_t& byte : address.bytes)
      byte = static_cast<uint8_t>(random() % 3 == 0 ? 0 : random());
    const bool is_v4 = random() % 2 == 0;
    if (is_v4) {
      std::fill_n(address.bytes.begin(), 10, uint8_t{0});
      address.bytes[10] = address.bytes[11] = 0xFF;
    }
    const std::string& end = behind[random() % behind.size()];
    std::string spelled = AddressText(address);
    if (!is_v4 && end[0] == ':') spelled = "[" + spelled + "]";
    const std::string text = before[random() % before.size()] + spelled + end;
    const std::string hidden = anonymizer.Text(text);
    INFO(text << "\n" << hidden);
    REQUIRE(anonymizer.RestoreText(hidden) == text);
  }
}

TEST_CASE("anonymizer: time is linear in the text") {
  Anonymizer anonymizer(kKey);
  anonymizer.AddName(std::string(200, 'a'));
  anonymizer.AddPath("/" + std::string(200, '/'));
  const auto seconds = [&](const std::string& piece, size_t size) {
    std::string text;
    while (text.size() < size) text += piece;
    const std::clock_t start = std::clock();
    (void)anonymizer.Text(text);
    return static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  };
  for (const char* piece :
       {"1", "1.", "1:", ":", ".", "a", "/", "1:2:3:4:5:6:7:8:9:", "\\", "::"}) {
    INFO(piece);
    // Eight times the text; were it quadratic, 64 times the time.
    const double small = std::max(seconds(piece, 1 << 15), 1e-3);
    CHECK(seconds(piece, 1 << 18) < 32 * small);
  }
}

TEST_CASE("anonymized rows: texts are replaced, numbers stay, blobs go") {
  Anonymizer anonymizer(kKey);
  anonymizer.AddName("web1");
  std::string out;
  const auto writer = AnonymizeRows(
      MakeCsvWriter({true, {}, [&](std::string_view text) { out += text; }}), anonymizer);
  for (int result = 0; result < 2; ++result) {
    writer->Begin({{"host", ColumnType::kText},
                   {"ip", ColumnType::kAddress},
                   {"port", ColumnType::kPort},
                   {"bytes", ColumnType::kAny},
                   {"none", ColumnType::kText}});
    std::vector<Cell> cells(5);
    cells[0].type = cells[1].type = store::ValueType::kText;
    cells[0].bytes = "web1";
    cells[1].bytes = "198.51.100.7";
    cells[2].type = store::ValueType::kInteger;
    cells[2].integer = 443;
    cells[3].type = store::ValueType::kBlob;
    cells[3].bytes = "\x0a";
    writer->Row(cells);
    writer->End();
  }
  const std::string once = "host,ip,port,bytes,none\n" + anonymizer.Name("web1") + "," +
                           anonymizer.Text("198.51.100.7") + ",443,,\n";
  CHECK(out == once + "\n" + once);
}

std::string TextOf(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

void Write(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

TEST_CASE("key file: made once, readable by its owner alone") {
  const testing::TemporaryFolder folder;
  const std::string path = folder.Path("key");
  CHECK(MessageOf([&] { ReadKeyFile(path); }) ==
        "can't open the key file " + path + ": No such file or directory");
  const KeyFile made = ReadOrMakeKeyFile(path);
  CHECK(made.is_new);
  CHECK_FALSE(made.is_open_to_others);
  struct stat status;
  REQUIRE(stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  const std::string text = TextOf(path);
  CHECK(text.size() == 65);
  CHECK(text.find_first_not_of("0123456789abcdef") == 64);

  const KeyFile again = ReadOrMakeKeyFile(path);
  CHECK_FALSE(again.is_new);
  CHECK(again.key == made.key);
  CHECK(TextOf(path) == text);
  CHECK(ReadOrMakeKeyFile(folder.Path("other")).key != made.key);

  REQUIRE(chmod(path.c_str(), 0640) == 0);
  CHECK(ReadKeyFile(path).is_open_to_others);
}

TEST_CASE("key file: what is a key, and what is none") {
  const testing::TemporaryFolder folder;
  const std::string path = folder.Path("key");
  Write(path, " 000102030405060708090a0B0C0D0E0F101112131415161718191A1b1c1d1e1f\r\n");
  const KeyFile file = ReadKeyFile(path);
  for (size_t i = 0; i < file.key.size(); ++i) CHECK(file.key[i] == i);
  for (const std::string& text :
       {std::string(), std::string("\n"), std::string(63, '0'), std::string(65, '0'),
        std::string(64, 'g'), std::string(32, '0') + " " + std::string(32, '0')}) {
    Write(path, text);
    CHECK(MessageOf([&] { ReadOrMakeKeyFile(path); }) ==
          path +
              " holds no key, which is 64 hexadecimal digits; the name of a file that is not "
              "there yet gets a new one");
  }
  CHECK(MessageOf([&] { ReadOrMakeKeyFile("/nonesuch/key"); }) ==
        "can't make the key file /nonesuch/key: No such file or directory");
  CHECK(MessageOf([&] { ReadOrMakeKeyFile(folder.path()); }) ==
        "can't read the key file " + folder.path() + ": Is a directory");
}

}  // namespace
}  // namespace tcpsnap::report
