#include "report/parameter.h"

#include <charconv>
#include <cmath>

#include "report/error.h"
#include "report/states.h"

namespace tcpsnap::report {
namespace {

template <typename Number>
std::optional<Number> WholeNumber(std::string_view text) {
  Number number{};
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end || text.empty()) return std::nullopt;
  if constexpr (std::is_floating_point_v<Number>) {
    if (!std::isfinite(number)) return std::nullopt;
  }
  return number;
}

[[noreturn]] void Fail(const Parameter& parameter, std::string_view text,
                       std::string_view expected) {
  throw UserError("parameter " + parameter.name + ": '" + std::string(text) + "' is not " +
                  std::string(expected));
}

}  // namespace

int64_t ParseTimeValue(std::string_view what, std::string_view text, const capture::Zone& zone,
                       std::optional<int64_t> end_ms) {
  const std::string quoted = std::string(what) + " '" + std::string(text) + "'";
  // Absolute times are the same whatever the end is.
  const capture::TimeResult result =
      end_ms ? capture::ParseTimeArgument(text, zone, *end_ms) : capture::ParseTime(text, zone);
  if (result.time) return result.time->utc_ms;
  if (!end_ms && capture::ParseTimeArgument(text, zone, 1'700'000'000'000).time) {
    throw UserError(quoted + ": there is no snapshot that this time could be relative to");
  }
  std::string message = quoted + ": " + std::string(capture::TimeErrorSentence(result.error));
  if (result.error == capture::TimeError::kNotATime) message += ", or 14:00, or -90m";
  throw UserError(message);
}

Value ParseParameter(const Parameter& parameter, std::string_view text, const capture::Zone& zone,
                     std::optional<int64_t> end_ms) {
  switch (parameter.type) {
    case ParameterType::kInteger:
      if (const auto number = WholeNumber<int64_t>(text)) return *number;
      Fail(parameter, text, "an integer");
    case ParameterType::kReal:
      if (const auto number = WholeNumber<double>(text)) return *number;
      Fail(parameter, text, "a number");
    case ParameterType::kPort:
      if (const auto number = WholeNumber<uint16_t>(text)) return int64_t{*number};
      Fail(parameter, text, "a port (0 to 65535)");
    case ParameterType::kDuration:
      if (const auto duration = capture::ParseDuration(text)) return *duration;
      Fail(parameter, text, "a duration (500ms, 30s, 5m, 2h, 1d)");
    case ParameterType::kState:
      try {
        return StatesAsJson(ParseStates(text));
      } catch (const UserError& error) {
        throw UserError("parameter " + parameter.name + ": " + error.what());
      }
    case ParameterType::kTime:
      return ParseTimeValue("parameter " + parameter.name, text, zone, end_ms);
    case ParameterType::kText:
      break;
  }
  return std::string(text);
}

Value GuessValue(std::string_view text) {
  if (const auto number = WholeNumber<int64_t>(text)) return *number;
  if (const auto number = WholeNumber<double>(text)) return *number;
  return std::string(text);
}

}  // namespace tcpsnap::report
