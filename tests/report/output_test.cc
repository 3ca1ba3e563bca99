#include "common/output.h"

#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <string>

#include "common/run_main.h"
#include "report/message_of.h"
#include "report/sample_database.h"
#include "support/catch.h"

namespace tcpsnap::apps {
namespace {

using testing::MessageOf;
using testing::TemporaryFolder;

std::string Content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST_CASE(
    "output: a file appears when it is finished, and what was there before stays until then") {
  const TemporaryFolder folder;
  const std::string path = folder.Path("out");
  { Output output(path); }
  CHECK(folder.Names().empty());
  {
    Output output(path);
    output.Write("abc");
    output.Write("def");
    output.Finish();
  }
  CHECK(Content(path) == "abcdef");
  {
    Output output(path);  // fails before it has an answer
  }
  CHECK(Content(path) == "abcdef");
  {
    Output output(path);
    output.Finish();
  }
  CHECK(Content(path).empty());
}

TEST_CASE("output: half an answer is removed") {
  const TemporaryFolder folder;
  {
    Output output(folder.Path("out"));
    output.Write("abc");
  }
  CHECK(folder.Names().empty());
}

TEST_CASE("output: what can't be written is told") {
  const TemporaryFolder folder;
  CHECK(MessageOf([&] { Output(folder.Path("no/out")).Write("x"); }) ==
        "can't write to " + folder.Path("no/out") + ": No such file or directory");
  CHECK(MessageOf([] { Output("/dev/full").Write("x"); }) ==
        "can't write to /dev/full: No space left on device");
  CHECK(access("/dev/full", F_OK) == 0);  // no regular file: not removed
}

TEST_CASE("output: a pipe that nobody reads") {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  close(ends[0]);
  const auto previous = std::signal(SIGPIPE, SIG_IGN);
  const std::string path = "/dev/fd/" + std::to_string(ends[1]);
  CHECK_THROWS_AS(Output(path).Write("x"), ClosedPipe);
  std::signal(SIGPIPE, previous);
  close(ends[1]);
}

}  // namespace
}  // namespace tcpsnap::apps
