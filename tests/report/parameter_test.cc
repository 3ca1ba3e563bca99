#include "report/parameter.h"

#include <string>
#include <vector>

#include "report/error.h"
#include "report/message_of.h"
#include "report/states.h"
#include "support/catch.h"

namespace tcpsnap::report {
namespace {

using testing::BeginsWith;
using testing::MessageOf;

using Names = std::vector<std::string>;

TEST_CASE("states: every way to write one") {
  for (const char* word : {"TIME_WAIT", "time-wait", "time_wait", "Time-Wait", "timewait", "06",
                           "6", "TCP_TIME_WAIT"}) {
    INFO(word);
    CHECK(ParseStates(word) == Names{"TIME_WAIT"});
  }
  CHECK(ParseStates("0A") == Names{"LISTEN"});
  CHECK(ParseStates("b") == Names{"CLOSING"});
  CHECK(ParseStates("fin-wait-1") == Names{"FIN_WAIT1"});
  CHECK(ParseStates("closed") == Names{"CLOSE"});
  CHECK(ParseStates("listening") == Names{"LISTEN"});
  CHECK(ParseStates("listen,ESTAB,01") == Names{"ESTABLISHED", "LISTEN"});
  for (size_t i = 0; i < StateNames().size(); ++i) {
    CHECK(ParseStates(StateNames()[i]) == Names{StateNames()[i]});
  }
}

TEST_CASE("states: the groups of ss") {
  CHECK(ParseStates("all") == StateNames());
  CHECK(ParseStates("connected") == Names{"ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1",
                                          "FIN_WAIT2", "TIME_WAIT", "CLOSE_WAIT", "LAST_ACK",
                                          "CLOSING"});
  CHECK(ParseStates("synchronized") == Names{"ESTABLISHED", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2",
                                             "TIME_WAIT", "CLOSE_WAIT", "LAST_ACK", "CLOSING"});
  CHECK(ParseStates("bucket") == Names{"SYN_RECV", "TIME_WAIT"});
  CHECK(ParseStates("big") == Names{"ESTABLISHED", "SYN_SENT", "FIN_WAIT1", "FIN_WAIT2", "CLOSE",
                                    "CLOSE_WAIT", "LAST_ACK", "LISTEN", "CLOSING"});
}

TEST_CASE("states: what is none") {
  for (const char* word : {"", "0C", "00", "10", "006", "foo", "established,", ",", "time wait"}) {
    INFO(word);
    CHECK_THROWS_AS(ParseStates(word), UserError);
  }
  CHECK(MessageOf([&] { ParseStates("TIME_WIAT"); }) ==
        "'TIME_WIAT' is no state (did you mean TIME_WAIT?)");
}

Value Parse(ParameterType type, const std::string& text) {
  Parameter parameter;
  parameter.name = "p";
  parameter.type = type;
  return ParseParameter(parameter, text, capture::Zone(), int64_t{1'795'333'047'000});
}

TEST_CASE("parameters: values of each type") {
  CHECK(Parse(ParameterType::kInteger, "-5") == Value(int64_t{-5}));
  CHECK(Parse(ParameterType::kReal, "2.5e3") == Value(2500.0));
  CHECK(Parse(ParameterType::kText, "") == Value(std::string()));
  CHECK(Parse(ParameterType::kPort, "65535") == Value(int64_t{65535}));
  CHECK(Parse(ParameterType::kDuration, "90s") == Value(int64_t{90'000}));
  CHECK(Parse(ParameterType::kState, "06,listen") ==
        Value(std::string("[\"TIME_WAIT\",\"LISTEN\"]")));
  CHECK(Parse(ParameterType::kTime, "-1m") == Value(int64_t{1'795'332'987'000}));
  CHECK(Parse(ParameterType::kTime, "1795333000") == Value(int64_t{1'795'333'000'000}));
}

TEST_CASE("parameters: what isn't of the type") {
  CHECK(MessageOf([&] { Parse(ParameterType::kInteger, "5x"); }) ==
        "parameter p: '5x' is not an integer");
  for (const char* text : {"", " 5", "5 ", "0x5", "1.0", "99999999999999999999"}) {
    INFO(text);
    CHECK_THROWS_AS(Parse(ParameterType::kInteger, text), UserError);
  }
  CHECK(MessageOf([&] { Parse(ParameterType::kReal, "nan"); }) ==
        "parameter p: 'nan' is not a number");
  CHECK(MessageOf([&] { Parse(ParameterType::kPort, "65536"); }) ==
        "parameter p: '65536' is not a port (0 to 65535)");
  CHECK_THROWS_AS(Parse(ParameterType::kPort, "-1"), UserError);
  CHECK(MessageOf([&] { Parse(ParameterType::kDuration, "5"); }) ==
        "parameter p: '5' is not a duration (500ms, 30s, 5m, 2h, 1d)");
  CHECK(BeginsWith(MessageOf([&] { Parse(ParameterType::kState, "0C"); }),
                   "parameter p: '0C' is no state"));
  CHECK(
      BeginsWith(MessageOf([&] { Parse(ParameterType::kTime, "soon"); }), "parameter p 'soon': "));
}

TEST_CASE("parameters: nothing to be relative to") {
  const capture::Zone utc;
  CHECK(ParseTimeValue("--since", "1795333000", utc, std::nullopt) == 1'795'333'000'000);
  CHECK(MessageOf([&] { ParseTimeValue("--since", "-5m", utc, std::nullopt); }) ==
        "--since '-5m': there is no snapshot that this time could be relative to");
}

TEST_CASE("parameters: undeclared ones are guessed") {
  CHECK(GuessValue("443") == Value(int64_t{443}));
  CHECK(GuessValue("1.5") == Value(1.5));
  CHECK(GuessValue("10.0.0.1") == Value(std::string("10.0.0.1")));
  CHECK(GuessValue("") == Value(std::string()));
}

}  // namespace
}  // namespace tcpsnap::report
