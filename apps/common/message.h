// What goes to stderr.
#pragma once

#include <string>
#include <string_view>

namespace tcpsnap::apps {

/// The name that leads each message; RunMain sets it.
void SetProgramName(std::string name);
const std::string& ProgramName();

/// "tcpsnap-query: MESSAGE\n" on stderr, in one write. Errors of stderr are ignored.
void PrintMessage(std::string_view message);

}  // namespace tcpsnap::apps
