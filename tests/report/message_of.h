// The message of what a call throws.
#pragma once

#include <exception>
#include <string>
#include <string_view>

namespace tcpsnap::testing {

/// "nothing was thrown" where that is so.
template <typename Call>
std::string MessageOf(Call call) {
  try {
    call();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "nothing was thrown";
}

inline bool BeginsWith(std::string_view text, std::string_view beginning) {
  return text.substr(0, beginning.size()) == beginning;
}

inline bool Contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace tcpsnap::testing
