// The words that users write for socket states.
//
//   TIME_WAIT   time-wait   06   established,close-wait   connected   bucket
//
// Refused: words and numbers that are no state; the message names the nearest.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tcpsnap::report {

/// The kernel's names, in the order of its numbers (ESTABLISHED is 1).
const std::vector<std::string>& StateNames();

/// The names that `text` means, in the kernel's order: names as the kernel, ss or netstat spell
/// them, the hexadecimal numbers of /proc/net/tcp, groups as `ss state` defines them (all,
/// connected, synchronized, bucket, big), and several of them with commas. Throws UserError.
std::vector<std::string> ParseStates(std::string_view text);

/// The same as a JSON array, for `state IN (SELECT value FROM json_each(:state))`.
std::string StatesAsJson(const std::vector<std::string>& names);

}  // namespace tcpsnap::report
