// Bundles: what the small files of sosreports, supportconfigs and the like tell, and of which
// files.
#include "capture/bundle.h"

#include <algorithm>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.h"

namespace tcpsnap::capture {
namespace {

using procnet::ByteOrder;
using Files = std::vector<std::pair<std::string, std::string>>;

constexpr int64_t kMoment = 1'795'333'047'000;  // 2026-11-22T07:37:27Z
constexpr const char* kDate = "Sun Nov 22 07:37:27 UTC 2026\n";
constexpr const char* kUname =
    "Linux web1 6.1.0-18-amd64 #1 SMP PREEMPT_DYNAMIC Debian 6.1.76-1 (2024-02-01) x86_64 "
    "GNU/Linux\n";

Bundles BundlesOf(const Files& files, const std::string& name = "", const Zone& zone = Zone()) {
  Bundles bundles(name, zone);
  for (const auto& [path, content] : files) {
    CAPTURE(path);
    CHECK(Bundles::TellsSomething(path));
    bundles.AddPath(path);
    bundles.AddFact(path, content);
  }
  return bundles;
}

// Everything of the bundle that holds a path as one line; "none" where none does.
std::string Told(const Bundles& bundles, const std::string& path) {
  const Bundle* bundle = bundles.Of(path);
  if (bundle == nullptr) return "none";
  const auto number = [](const std::optional<int64_t>& value) {
    return value ? std::to_string(*value) : std::string("-");
  };
  std::string line = bundle->root + "|";
  if (bundle->date) line += bundle->date->time ? FormatIsoUtc(bundle->date->time->utc_ms) : "error";
  line += "|" + bundle->host + "|";
  if (bundle->byte_order) line += *bundle->byte_order == ByteOrder::kLittle ? "little" : "big";
  const HostFacts& facts = bundle->facts;
  line += "|" + facts.uname.value_or("-") + "|" + number(facts.port_range_low) + "-" +
          number(facts.port_range_high) + "|" + number(facts.somaxconn) + "|" +
          number(facts.tcp_max_tw_buckets);
  return line;
}

// The same for any order of the calls.
std::string ToldInAnyOrder(Files files, const std::string& path, const std::string& name = "") {
  const std::string first = Told(BundlesOf(files, name), path);
  std::mt19937 random(5);
  for (int round = 0; round < 30; ++round) {
    std::shuffle(files.begin(), files.end(), random);
    REQUIRE(Told(BundlesOf(files, name), path) == first);
  }
  return first;
}

// What one file tells of `proc/net/tcp` beside it.
std::string ToldBy(const std::string& path, const std::string& content) {
  Bundles bundles("", Zone());
  CHECK(Bundles::TellsSomething(path));
  bundles.AddFact(path, content);
  return Told(bundles, "proc/net/tcp");
}

TEST_CASE("a sosreport of today") {
  const std::string root = "sosreport-web1-2026-11-22-abcdefg/";
  const Files files = {
      {root + "sos_commands/date/date", kDate},
      {root + "sos_commands/date/date_--utc", "Sun Nov 22 07:37:28 UTC 2026\n"},
      {root + "sos_commands/host/hostname", "web1\n"},
      {root + "sos_commands/host/hostname_-f", "web1.example.com\n"},
      {root + "etc/hostname", "template\n"},
      {root + "sos_commands/kernel/uname_-a", kUname},
      {root + "proc/version", "Linux version 6.1.0-18-amd64 (debian-kernel@lists.debian.org)\n"},
      {root + "sos_commands/kernel/sysctl_-a",
       "net.core.somaxconn = 128\nnet.ipv4.ip_local_port_range = 1\t2\n"},
      {root + "proc/sys/net/core/somaxconn", "4096\n"},
      {root + "proc/sys/net/ipv4/ip_local_port_range", "32768\t60999\n"},
      {root + "proc/sys/net/ipv4/tcp_max_tw_buckets", "262144\n"}};
  const std::string uname(kUname, std::string(kUname).size() - 1);
  CHECK(ToldInAnyOrder(files, root + "proc/3255/net/tcp") ==
        root + "|2026-11-22T07:37:27Z|web1|little|" + uname + "|32768-60999|4096|262144");
  // As links at the top, which are followed on disk.
  Files with_top = files;
  with_top.emplace_back(root + "date", "Sun Nov 22 07:37:26 UTC 2026\n");
  with_top.emplace_back(root + "hostname", "web2\n");
  with_top.emplace_back(root + "uname", "Linux web2 5.10 #1 SMP s390x s390x s390x GNU/Linux\n");
  CHECK(ToldInAnyOrder(with_top, root + "proc/net/tcp") ==
        root +
            "|2026-11-22T07:37:26Z|web2|big|Linux web2 5.10 #1 SMP s390x s390x s390x "
            "GNU/Linux|32768-60999|4096|262144");
  const Bundles bundles = BundlesOf(with_top);
  CHECK(Told(bundles, root + "sos_commands/networking/tcp") == Told(bundles, root + "tcp"));
  CHECK(Told(bundles, root + "var/log/tcp.log") == "none");
  CHECK(Told(bundles, "proc/net/tcp") == "none");
  CHECK(Told(bundles, "other/proc/net/tcp") == "none");
}

TEST_CASE("each file tells its own") {
  const std::string nothing = "none";
  CHECK(ToldBy("date", kDate) == "|2026-11-22T07:37:27Z|||-|---|-|-");
  CHECK(ToldBy("date", "\n\n1795333047\n") == "|2026-11-22T07:37:27Z|||-|---|-|-");
  CHECK(ToldBy("date", "Sun Nov 22 07:37:27 CST 2026\n") == "|error|||-|---|-|-");
  CHECK(ToldBy("date", "Sun 2026-11-22 07:37:27 UTC\n") == "|2026-11-22T07:37:27Z|||-|---|-|-");
  CHECK(ToldBy("sos_commands/systemd/timedatectl",
               "               Local time: Sun 2026-11-22 01:37:27 CST\n"
               "           Universal time: Sun 2026-11-22 07:37:27 UTC\n"
               "                 RTC time: Sun 2026-11-22 07:37:26\n") ==
        "|2026-11-22T07:37:27Z|||-|---|-|-");
  CHECK(ToldBy("hostname", "web1\r\n") == "||web1||-|---|-|-");
  CHECK(ToldBy("etc/hostname", "# our name\nweb1\n") == "||web1||-|---|-|-");
  CHECK(ToldBy("proc/sys/kernel/hostname", "web1\n") == "||web1||-|---|-|-");
  CHECK(ToldBy("uname", "Linux (none) 4.14.0 #1 SMP mips GNU/Linux") ==
        "||||Linux (none) 4.14.0 #1 SMP mips GNU/Linux|---|-|-");
  CHECK(ToldBy("uname", "Linux s390x 4.14.0") == "||s390x||Linux s390x 4.14.0|---|-|-");
  CHECK(ToldBy("proc/version", "Linux version 6.1.0 x86_64") ==
        "||||Linux version 6.1.0 x86_64|---|-|-");
  CHECK(ToldBy("sys/kernel/cpu_byteorder", "big\n") == "|||big|-|---|-|-");
  CHECK(ToldBy("sos_commands/kernel/sysctl_-a",
               "net.core.somaxconn = 4096\nnet.ipv4.ip_local_port_range=1024 65535\n"
               "net.ipv4.tcp_max_tw_buckets = 7") == "||||-|1024-65535|4096|7");
}

TEST_CASE("garbage tells nothing") {
  for (const auto& [path, content] :
       Files{{"date", ""},
             {"date", "\n"},
             {"timedatectl", "System has not been booted with systemd as init system\n"},
             {"hostname", "hostname: command not found\n"},
             {"hostname", "(none)\n"},
             {"hostname", std::string(300, 'a')},
             {"hostname", "-f\n"},
             {"hostname", "w\xC3\xA4"},
             {"uname", "Darwin mac 23.0\n"},
             {"uname", "Linux web1"},
             {"uname", "Linux web1 6.1 \x01 x86_64"},
             {"uname", "Linux web1 6.1 " + std::string(5000, 'x')},
             {"sys/kernel/cpu_byteorder", "middle\n"},
             {"proc/sys/net/core/somaxconn", "-1\n"},
             {"proc/sys/net/core/somaxconn", "4096 1\n"},
             {"proc/sys/net/core/somaxconn", "99999999999\n"},
             {"proc/sys/net/core/somaxconn", "cat: Permission denied\n"},
             {"proc/sys/net/ipv4/ip_local_port_range", "32768\n"},
             {"proc/sys/net/ipv4/ip_local_port_range", "60999 32768\n"},
             {"proc/sys/net/ipv4/ip_local_port_range", "1024 65536\n"},
             {"proc/sys/net/ipv4/tcp_max_tw_buckets", ""},
             {"sos_commands/kernel/sysctl_-a", "net.core.somaxconn\nxnet.core.somaxconn = 1\n"},
             {"basic-environment.txt", "# /bin/date\nSun Nov 22 07:37:27 UTC 2026\n"},
             {"basic-environment.txt", "#==[ Command ]=="},
             {"basic-environment.txt", "#==[ Command ]==#\n# /bin/dates\nSun Nov 22"}}) {
    CAPTURE(path, content);
    CHECK(ToldBy(path, content) == "none");
  }
  for (const char* path : {"", "/", "dates", "update", "proc/net/tcp", "etc/hosts", "mydate",
                           "xetc/hostnames", "proc/sys/net/core"}) {
    CAPTURE(path);
    CHECK_FALSE(Bundles::TellsSomething(path));
  }
}

// The date line that can't be read, for a table beside these files.
std::string Unreadable(Files files, const std::string& path = "proc/net/tcp") {
  std::mt19937 random(5);
  std::optional<std::string> first;
  for (int round = 0; round < 10; ++round) {
    const Bundles bundles = BundlesOf(files);
    const Bundle* bundle = bundles.Of(path);
    const std::string line = bundle == nullptr ? "none" : bundle->unreadable_date;
    REQUIRE(line == first.value_or(line));
    first = line;
    std::shuffle(files.begin(), files.end(), random);
  }
  return *first;
}

TEST_CASE("a date that can't be read is told as it stands") {
  for (const char* line : {"dim. 22 nov. 2026 07:37:27 CET", "sh: date: command not found",
                           "2026-11-22", "07:37:27", "Mon Nov 22 07:37:27 UTC 2026", "\xFF\xFE"}) {
    CAPTURE(line);
    CHECK(Unreadable({{"date", "\n" + std::string(line) + "\r\nmore\n"}}) == line);
    CHECK(ToldBy("date", line) == "||||-|---|-|-");
  }
  CHECK(Unreadable({{"sos_commands/date/date", "heute\n"}, {"hostname", "web1"}}) == "heute");
  CHECK(Unreadable({{"date", std::string(100, 'x')}}) == std::string(60, 'x'));
  // No part of a character.
  CHECK(Unreadable({{"date", std::string(59, 'x') + "\xC3\xA4"}}) == std::string(59, 'x'));
  CHECK(Unreadable({{"date", std::string(100, '\x80')}}).size() >= 57);
  CHECK(Unreadable({{"date", ""}, {"hostname", "web1"}}).empty());
  // Any other date that can be read, or would be with a zone, is better.
  CHECK(Unreadable({{"date", "heute\n"}, {"sos_commands/date/date_--utc", kDate}}).empty());
  CHECK(Unreadable({{"date", "heute\n"}, {"date", kDate}}).empty());
  CHECK(Unreadable({{"date", "heute\n"}, {"date.txt", "Sun Nov 22 01:37:27 CST 2026\n"}}).empty());
  CHECK(Unreadable({{"date", "Sun Nov 22 07:37:27 UTC 2026\n"}}).empty());
}

TEST_CASE("a file called date that is none makes no bundle within one") {
  const Files files = {{"s/date", kDate}, {"s/sos_commands/x/date", "heute\n"}};
  CHECK(Unreadable(files, "s/sos_commands/x/tcp").empty());
  CHECK(ToldInAnyOrder(files, "s/sos_commands/x/tcp") == "s/|2026-11-22T07:37:27Z|||-|---|-|-");
  CHECK(Unreadable({files[1]}, "s/sos_commands/x/tcp") == "heute");
}

TEST_CASE("what lies below a root") {
  const Bundles bundles = BundlesOf({{"s/date", kDate}, {"a.zip!x/hostname", "web1"}});
  for (const char* path : {"s/boot/", "s/boot/grub/grub.cfg", "s/notes", "a.zip!x/notes"}) {
    CAPTURE(path);
    CHECK(bundles.IsBelowRoot(path));
  }
  for (const char* path : {"", "s", "notes", "x/s/notes", "t/notes", "a.zip!notes"}) {
    CAPTURE(path);
    CHECK_FALSE(bundles.IsBelowRoot(path));
  }
  const Bundles top = BundlesOf({{"date", kDate}});
  CHECK(top.IsBelowRoot("boot/"));
  CHECK_FALSE(top.IsBelowRoot("/boot/"));
}

TEST_CASE("any bytes may stand in a file that tells") {
  std::mt19937 random(11);
  const std::string good = std::string("#==[ Command ]===#\n# /bin/date\n") + kDate + kUname +
                           "net.core.somaxconn = 4096\nUniversal time: Sun 2026-11-22\n";
  for (int round = 0; round < 3000; ++round) {
    std::string content = good.substr(random() % good.size());
    for (size_t i = random() % 8; i > 0; --i) {
      content[random() % content.size()] = static_cast<char>(random());
    }
    Bundles bundles("x", Zone());
    for (const char* path :
         {"date", "hostname", "uname", "sysctl.txt", "env.txt", "etc/hostname"}) {
      bundles.AddFact(path, content);
    }
    const Bundle* bundle = bundles.Of("proc/net/tcp");
    if (bundle == nullptr) continue;
    CHECK((bundle->host.empty() || IsHostName(bundle->host)));
    CHECK(bundle->unreadable_date.size() <= 60);
  }
}

TEST_CASE("an unusable time gives way to one that needs no zone") {
  const std::string chicago = "Sun Nov 22 01:37:27 CST 2026\n";
  const Files files = {{"date", chicago}, {"sos_commands/date/date_--utc", kDate}};
  CHECK(ToldInAnyOrder(files, "proc/net/tcp") == "|2026-11-22T07:37:27Z|||-|---|-|-");
  const Bundles settled = BundlesOf({{"date", chicago}}, "", Zone::Find("America/Chicago"));
  REQUIRE(settled.Of("tcp"));
  REQUIRE(settled.Of("tcp")->date->time);
  CHECK(settled.Of("tcp")->date->time->utc_ms == kMoment);
}

TEST_CASE("a member that an archive holds twice tells the same in either order") {
  CHECK(ToldInAnyOrder({{"date", kDate},
                        {"date", "Sun Nov 22 07:37:26 UTC 2026\n"},
                        {"hostname", "web2"},
                        {"hostname", "web1"}},
                       "proc/net/tcp") == "|2026-11-22T07:37:26Z|web1||-|---|-|-");
}

TEST_CASE("a long sysctl file is read to its last whole line") {
  std::string content = "net.core.somaxconn = 4096\n";
  content += std::string(kFactFileBytes - content.size() - 34, '#');
  content += "\nnet.ipv4.tcp_max_tw_buckets = 262144\n";
  REQUIRE(content.size() > kFactFileBytes);
  CHECK(ToldBy("sos_commands/kernel/sysctl_-a", content) == "||||-|---|4096|-");
  content.resize(kFactFileBytes);  // as the caller cuts it
  CHECK(ToldBy("sos_commands/kernel/sysctl_-a", content) == "||||-|---|4096|-");
}

TEST_CASE("a supportconfig") {
  const std::string root = "case/scc_web1_261122_0737/";
  const Files files = {
      {root + "basic-environment.txt",
       "=====================\n  Supportconfig\n\n"
       "#==[ Command ]======================================#\n# /bin/date\n" +
           std::string(kDate) +
           "\n#==[ Command ]======================================#\n# /bin/uname -a\n"
           "Linux web1 5.14 #1 SMP Fri Jan 2 (abc) s390x s390x s390x GNU/Linux\n"
           "\n#==[ Configuration File ]===========================#\n# /etc/os-release\n"
           "NAME=\"SLES\"\n"},
      {root + "env.txt",
       "#==[ Command ]======================================#\n# /sbin/sysctl -a\n"
       "net.core.somaxconn = 4096\n"},
      {root + "sysctl.txt",
       "#==[ Configuration File ]===========================#\n"
       "# /proc/sys/net/ipv4/ip_local_port_range\n32768\t60999\n"}};
  CHECK(ToldInAnyOrder(files, root + "network.txt") ==
        root +
            "|2026-11-22T07:37:27Z|web1|big|Linux web1 5.14 #1 SMP Fri Jan 2 (abc) s390x s390x "
            "s390x GNU/Linux|32768-60999|4096|-");
  CHECK(Told(BundlesOf(files), root + "proc.txt.d/tcp") == "none");
  CHECK(ToldBy("sysctl.txt", "net.core.somaxconn = 5\n") == "||||-|---|5|-");
  CHECK(Told(BundlesOf({{"sysctl.txt", "net.core.somaxconn = 5\n"}}), "network.txt") == "none");
}

TEST_CASE("folders of snapshots, and a stray date") {
  const Bundles bundles = BundlesOf({{"20261122_073727/date", kDate},
                                     {"20261122_073728/date", "Sun Nov 22 07:37:28 UTC 2026\n"},
                                     {"date", "Sun Nov 22 08:00:00 UTC 2026\n"}});
  const auto time = [&](const std::string& path) {
    const Bundle* bundle = bundles.Of(path);
    return bundle == nullptr ? std::string("none") : FormatIsoUtc(bundle->date->time->utc_ms);
  };
  CHECK(time("20261122_073727/proc/net/tcp") == "2026-11-22T07:37:27Z");
  CHECK(time("20261122_073727/net/tcp6") == "2026-11-22T07:37:27Z");
  CHECK(time("20261122_073727/tcp") == "2026-11-22T07:37:27Z");
  CHECK(time("20261122_073728/proc_net_tcp6.txt") == "2026-11-22T07:37:28Z");
  CHECK(time("20261122_073729/proc/net/tcp") == "none");
  CHECK(time("proc/net/tcp") == "2026-11-22T08:00:00Z");
  CHECK(time("tcp6") == "2026-11-22T08:00:00Z");
  CHECK(time("other/tcp") == "none");
  CHECK(time("tcp.1") == "none");
  CHECK(time("web1_tcp.log") == "none");
  CHECK(time("20261122_073727/web1/proc/net/tcp") == "none");
}

TEST_CASE("the longest root that holds a file") {
  const Bundles bundles = BundlesOf({{"a/hostname", "outer"}, {"a/proc/7/root/hostname", "inner"}});
  CHECK(Told(bundles, "a/proc/7/root/proc/net/tcp") == "a/proc/7/root/||inner||-|---|-|-");
  CHECK(Told(bundles, "a/proc/7/net/tcp") == "a/||outer||-|---|-|-");
}

TEST_CASE("archives inside of archives") {
  const std::string root = "case.zip!sosreport-web1-2026-11-22-abcdefg.tar.xz!";
  CHECK(Told(BundlesOf({{root + "date", kDate}}), root + "proc/net/tcp") ==
        root + "|2026-11-22T07:37:27Z|web1||-|---|-|-");
  const std::string folder = root + "sosreport-web2-2026-11-22-abcdefg/";
  const Bundles bundles = BundlesOf({{folder + "date", kDate}});
  CHECK(Told(bundles, folder + "proc/net/tcp") == folder + "|2026-11-22T07:37:27Z|web2||-|---|-|-");
  CHECK(Told(bundles, root + "proc/net/tcp") == root + "||web1||-|---|-|-");
}

TEST_CASE("a name alone makes a bundle, and the last to be asked for the host") {
  Bundles bundles("", Zone());
  bundles.AddPath("x/insights-db1.example.com-20261122073727/proc/net/tcp");
  CHECK(Told(bundles, "x/insights-db1.example.com-20261122073727/proc/net/tcp6") ==
        "x/insights-db1.example.com-20261122073727/||db1.example.com||-|---|-|-");
  const std::string name = "sosreport-web1-2026-11-22-abcdefg.tar.xz";
  CHECK(ToldInAnyOrder({{"date", kDate}}, "proc/net/tcp", name) ==
        "|2026-11-22T07:37:27Z|web1||-|---|-|-");
  CHECK(ToldInAnyOrder({{"date", kDate}, {"uname", "Linux web2 6.1"}}, "proc/net/tcp", name) ==
        "|2026-11-22T07:37:27Z|web2||Linux web2 6.1|---|-|-");
}

TEST_CASE("the host in the name of a bundle") {
  for (const auto& [name, host] : std::vector<std::pair<const char*, const char*>>{
           {"sosreport-web1-2026-11-22-abcdefg", "web1"},
           {"sosreport-web1-2026-11-22-abcdefg.tar.xz", "web1"},
           {"sosreport-web1-03123456-2026-11-22-abcdefg.tar.xz", "web1"},
           {"sosreport-web-01-2026-11-22-abcdefg.tar.gz", "web-01"},
           {"sosreport-ip-10-0-0-12-2026-11-22-abcdefg", "ip-10-0-0-12"},
           {"sosreport-web1.example.com-2026-11-22-abcdefg", "web1.example.com"},
           {"sosreport-host0-2026-11-22-abcdefg-obfuscated.tar.xz", "host0"},
           {"sosreport-web1.03123456-20261122073727", "web1"},
           {"sosreport-web1.03123456-20261122073727-6b26.tar.xz", "web1"},
           {"sosreport-web1-20261122073727.tar.bz2", "web1"},
           {"scc_web1_261122_0737", "web1"},
           {"scc_web_1_261122_0737.txz", "web_1"},
           {"nts_web1_261122_0737.tbz", "web1"},
           {"insights-web1-20261122073727.tar.gz", "web1"},
           {"sosreport-web1", ""},
           {"sosreport-2026-11-22-abcdefg", ""},
           {"sosreport--2026-11-22-abcdefg", ""},
           {"sosreport-web1-2026-11-22-abcdefg.tar.xz.md5", ""},
           {"sosreport-", ""},
           {"sosreport", ""},
           {"scc_261122_0737", ""},
           {"scc_web1", ""},
           {"nts__261122_0737", ""},
           {"insights-web1", ""},
           {"insights-20261122073727", ""},
           {"web1", ""},
           {"", ""},
           {".tar.gz", ""}}) {
    CAPTURE(name);
    CHECK(HostOfBundleName(name) == host);
  }
}

TEST_CASE("the byte order of machines") {
  for (const char* machine : {"x86_64", "i686", "aarch64", "ppc64le", "riscv64", "armv7l",
                              "armv5tejl", "mips64el", "alpha", "loongarch64"}) {
    CAPTURE(machine);
    CHECK(ByteOrderOfMachine(machine) == ByteOrder::kLittle);
  }
  for (const char* machine :
       {"s390x", "s390", "ppc64", "ppc", "sparc64", "parisc64", "m68k", "aarch64_be", "armv7b"}) {
    CAPTURE(machine);
    CHECK(ByteOrderOfMachine(machine) == ByteOrder::kBig);
  }
  for (const char* machine : {"", "mips", "mips64", "arm", "armv7", "GNU/Linux", "x86"}) {
    CAPTURE(machine);
    CHECK_FALSE(ByteOrderOfMachine(machine));
  }
}

}  // namespace
}  // namespace tcpsnap::capture
