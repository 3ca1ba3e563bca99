// The text of a parameter -> the value that is bound in the SQL.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "capture/clock.h"
#include "report/front_matter.h"

namespace tcpsnap::report {

/// NULL, integer, real or text.
using Value = std::variant<std::monostate, int64_t, double, std::string>;

/// Throws UserError when `text` is not of the parameter's type. `end_ms` is what relative times are
/// relative to; nullopt: there are no snapshots, and relative times are refused.
Value ParseParameter(const Parameter& parameter, std::string_view text, const capture::Zone& zone,
                     std::optional<int64_t> end_ms);

/// For ad-hoc SQL, where nothing is declared: an integer or a real number where the whole text is
/// one, else text.
Value GuessValue(std::string_view text);

/// A time argument as --since takes it. Throws UserError that begins with `what`.
int64_t ParseTimeValue(std::string_view what, std::string_view text, const capture::Zone& zone,
                       std::optional<int64_t> end_ms);

}  // namespace tcpsnap::report
