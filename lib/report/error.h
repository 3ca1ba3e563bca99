// What the user asked for can't be done as asked.
#pragma once

#include <stdexcept>

namespace tcpsnap::report {

/// An unknown report, a bad parameter, a time that is none: `what()` says what is wrong with which
/// word and what would be right.
class UserError : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

}  // namespace tcpsnap::report
