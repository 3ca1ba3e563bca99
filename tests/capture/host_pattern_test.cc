#include "capture/host_pattern.h"

#include <algorithm>
#include <random>
#include <string>

#include "support/catch.h"

namespace tcpsnap::capture {
namespace {

/// "host", "host/netns" or "none".
std::string Host(const std::string& pattern, std::string_view path) {
  const std::optional<HostName> name = HostPattern(pattern).Match(path);
  if (!name) return "none";
  return name->netns.empty() ? name->host : name->host + "/" + name->netns;
}

TEST_CASE("the host in a path") {
  CHECK(Host("fleet/{host}/**", "fleet/web1/2026-11-22/tcp.log") == "web1");
  CHECK(Host("{host}_*.dat", "archive/oswnetstat/web1_tcp_26.11.22.0700.dat") == "web1");
  CHECK(Host("pods/{host}/{netns}/tcp*", "case-7/pods/web1/sidecar/tcp6") == "web1/sidecar");
  CHECK(Host("{host}.tar.gz!**", "pile/db2.tar.gz!proc/net/tcp") == "db2");
  CHECK(Host("{host}/tcp", "fleet/web1.example.com/tcp") == "web1.example.com");
  CHECK(Host("tcp.{host}", "tcp.web1") == "web1");
  CHECK(Host("{host}", "fleet/web1") == "web1");
  CHECK(Host("{host}/tcp?", "web1/tcp6") == "web1");
  CHECK(Host("/srv/{host}/**", "/srv/web1/tcp") == "web1");
  CHECK(Host("{netns}@{host}.txt", "x/pod@web1.txt") == "web1/pod");
}

TEST_CASE("a pattern begins at a folder or member and reaches the end") {
  CHECK(Host("fleet/{host}/**", "a/b/fleet/web1/tcp") == "web1");
  CHECK(Host("fleet/{host}/**", "xfleet/web1/tcp") == "none");
  CHECK(Host("fleet/{host}/**", "fleet/web1") == "none");
  CHECK(Host("fleet/{host}/**", "fleet/web1/") == "web1");
  CHECK(Host("fleet/{host}", "fleet/web1/tcp") == "none");
  CHECK(Host("{host}/proc/**", "pile.tar!web1/proc/net/tcp") == "web1");
  CHECK(Host("!{host}/**", "pile.tar!web1/tcp") == "none");
  CHECK(Host("pile.tar!{host}/**", "/data/pile.tar!web1/tcp") == "web1");
  CHECK(Host("{host}.log", "web1.log.gz") == "none");
  // The first folder that fits.
  CHECK(Host("{host}/**", "fleet/web1/tcp") == "fleet");
  CHECK(Host("fleet/{host}/**", "fleet/fleet/fleet/tcp") == "fleet");
  CHECK(Host("{host}/**", "") == "none");
}

TEST_CASE("what a star, a question mark and a placeholder may take") {
  CHECK(Host("a*/{host}", "abc/web1") == "web1");
  CHECK(Host("a*/{host}", "a/web1") == "web1");
  CHECK(Host("a*/{host}", "ab/c/web1") == "none");
  CHECK(Host("a**/{host}", "ab/c/web1") == "web1");
  CHECK(Host("a?c/{host}", "abc/web1") == "web1");
  CHECK(Host("a?c/{host}", "a/c/web1") == "none");
  CHECK(Host("a?c/{host}", "ac/web1") == "none");
  CHECK(Host("x/{host}/tcp", "x//tcp") == "none");
  CHECK(Host("x/{host}/tcp", "x/a/b/tcp") == "none");
  CHECK(Host("x/{host}", "x/a!b") == "none");
  CHECK(Host("x*{host}", "xa!b") == "b");
  CHECK(Host("x?{host}", "x!b") == "b");
  CHECK(Host("a.b/{host}", "axb/web1") == "none");
  CHECK(Host("[a]}/{host}", "[a]}/web1") == "web1");
}

TEST_CASE("as little as they can") {
  CHECK(Host("{host}_*", "web_1_tcp") == "web");
  CHECK(Host("*_{host}_*", "a_b_c_d") == "b");
  CHECK(Host("**/{host}/**", "a/b/c/d") == "b");
  CHECK(Host("{host}{netns}", "abcd") == "a/bcd");
  CHECK(Host("{host}*", "abcd") == "a");
  CHECK(Host("{host}-{netns}.txt", "web-1-pod.txt") == "web/1-pod");
  // Where the least would not reach the end, more.
  CHECK(Host("{host}_tcp.dat", "web_1_tcp.dat") == "web_1");
  CHECK(Host("**/x/{host}", "a/x/b/x/c") == "c");
}

TEST_CASE("no host is a dot or two") {
  CHECK(Host("{host}/tcp", "./tcp") == "none");
  CHECK(Host("{host}/**", "../web1/tcp") == "web1");
  CHECK(Host("{host}/**", "./web1/tcp") == "web1");
  CHECK(Host("{host}/**", ".../tcp") == "...");
}

TEST_CASE("patterns that are none say why") {
  const auto what = [](const char* pattern) -> std::string {
    try {
      HostPattern{pattern};
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "";
  };
  CHECK(what("fleet/*") ==
        "\"fleet/*\" is no pattern for a host: it has no {host}; write it like fleet/{host}/**");
  CHECK(what("").find("it has no {host}") != std::string::npos);
  CHECK(what("{netns}/tcp").find("it has no {host}") != std::string::npos);
  CHECK(what("{host}/{host}").find("{host} stands in it twice") != std::string::npos);
  CHECK(what("{host}/{netns}{netns}").find("{netns} stands in it twice") != std::string::npos);
  CHECK(what("{host}/{name}").find("{name} is neither {host} nor {netns}") != std::string::npos);
  CHECK(what("{host}/{").find("a { is not closed") != std::string::npos);
  CHECK(what("{hos{host}").find("{hos{host} is neither") != std::string::npos);
  CHECK(what("{host}").empty());
  CHECK(HostPattern("fleet/{host}").text() == "fleet/{host}");
}

/// The definition, tried out in every way: which texts the tokens of `pattern` match.
bool Matches(std::string_view pattern, std::string_view path) {
  if (pattern.empty()) return path.empty();
  const bool any = pattern.starts_with("**"), host = pattern.starts_with("{host}");
  const size_t token = any ? 2 : host ? 6 : 1;
  const auto rest = pattern.substr(token);
  if (any || host || pattern[0] == '*') {
    const std::string_view refused = any ? "" : host ? "/!" : "/";
    const size_t most = std::min(path.find_first_of(refused), path.size());
    for (size_t n = host ? 1 : 0; n <= most; ++n) {
      if (Matches(rest, path.substr(n))) return true;
    }
    return false;
  }
  if (path.empty() || (pattern[0] == '?' ? path[0] == '/' : path[0] != pattern[0])) return false;
  return Matches(rest, path.substr(1));
}

TEST_CASE("random patterns match what the definition says") {
  std::mt19937 random(20261122);
  const auto pick = [&random](const auto& from) { return from[random() % std::size(from)]; };
  const char* const pieces[] = {"a", "b", "/", "!", "*", "**", "?", "ab"};
  int matched = 0, refused = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string pattern, path;
    const size_t before = random() % 4, after = random() % 4, length = random() % 10;
    for (size_t i = 0; i < before; ++i) pattern += pick(pieces);
    pattern += "{host}";
    for (size_t i = 0; i < after; ++i) pattern += pick(pieces);
    for (size_t i = 0; i < length; ++i) path += pick("aaabb/!");
    std::replace(path.begin(), path.end(), '\0', 'b');
    bool expected = false;
    for (size_t start = 0; start <= path.size(); ++start) {
      const bool begins = start == 0 || path[start - 1] == '/' || path[start - 1] == '!';
      expected = expected || (begins && Matches(pattern, std::string_view(path).substr(start)));
    }
    CAPTURE(pattern, path);
    REQUIRE(HostPattern(pattern).Match(path).has_value() == expected);
    ++(expected ? matched : refused);
  }
  CHECK(matched > 1000);
  CHECK(refused > 1000);
}

TEST_CASE("a path that is made to be slow is not") {
  // With every way tried this takes longer than the universe has been.
  const std::string path = std::string(4095, 'a') + "b";
  CHECK(Host("*a*a*a*a*a*a*a*a{host}*a*a*a*a*a*a*a*ac", path) == "none");
  CHECK(Host("**a**a**a**a**a**{host}**a**a**a**a**b", path) == "a");
}

}  // namespace
}  // namespace tcpsnap::capture
