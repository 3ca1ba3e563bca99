#include "report/finding_json.h"

#include <nlohmann/json.hpp>

#include "report/cell_text.h"

namespace tcpsnap::report {
namespace {

using Json = nlohmann::ordered_json;

std::string ValueText(const Json& value) {
  if (value.is_null()) return "-";
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_number_float()) return value.dump();
  std::string text;
  AppendRoundedReal(text, value.get<double>(), ColumnType::kReal);
  return text;
}

}  // namespace

std::optional<std::vector<std::pair<std::string, std::string>>> ReadNumbers(std::string_view json) {
  const Json object = Json::parse(json, nullptr, false);
  if (!object.is_object()) return std::nullopt;
  std::vector<std::pair<std::string, std::string>> numbers;
  for (const auto& [name, value] : object.items()) {
    if (value.is_structured()) return std::nullopt;
    numbers.emplace_back(name, ValueText(value));
  }
  return numbers;
}

std::optional<std::vector<std::string>> ReadEvidence(std::string_view json) {
  const Json array = Json::parse(json, nullptr, false);
  if (!array.is_array()) return std::nullopt;
  std::vector<std::string> evidence;
  for (const Json& value : array) {
    if (!value.is_string()) return std::nullopt;
    evidence.push_back(value.get<std::string>());
  }
  return evidence;
}

}  // namespace tcpsnap::report
