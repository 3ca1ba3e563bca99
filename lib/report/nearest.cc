#include "report/nearest.h"

#include <algorithm>
#include <utility>

namespace tcpsnap::report {
namespace {

/// Letters to insert, delete, change or swap with their neighbour to make one of the other.
size_t Distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<size_t>> d(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
  for (size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
      }
    }
  }
  return d[a.size()][b.size()];
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (c == '_') c = '-';
  }
  return lower;
}

}  // namespace

std::vector<std::string> Nearest(std::string_view wanted, const std::vector<std::string>& names) {
  // Long words are never near, and would only cost time.
  if (wanted.empty() || wanted.size() > 64) return {};
  const std::string lower = Lower(wanted);
  std::vector<std::pair<size_t, std::string>> near;
  for (const std::string& name : names) {
    const std::string candidate = Lower(name);
    const bool contains = lower.size() >= 3 && candidate.find(lower) != std::string::npos;
    const size_t distance = contains ? 1 : Distance(lower, candidate);
    if (distance <= std::max<size_t>(1, std::min(lower.size(), candidate.size()) / 3)) {
      near.emplace_back(distance, name);
    }
  }
  std::stable_sort(near.begin(), near.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  if (near.size() > 3) near.resize(3);
  std::vector<std::string> result;
  for (auto& [distance, name] : near) result.push_back(std::move(name));
  return result;
}

std::string JoinNames(const std::vector<std::string>& names, std::string_view separator) {
  std::string text;
  for (const std::string& name : names) {
    if (!text.empty()) text += separator;
    text += name;
  }
  return text;
}

std::string DidYouMean(std::string_view wanted, const std::vector<std::string>& names) {
  const std::vector<std::string> near = Nearest(wanted, names);
  if (!near.empty()) return " (did you mean " + JoinNames(near, " or ") + "?)";
  if (names.empty()) return " (there is none)";
  return " (there are: " + JoinNames(names) + ")";
}

}  // namespace tcpsnap::report
