#include "common/message.h"

#include <cstdio>
#include <utility>

namespace tcpsnap::apps {
namespace {

std::string& Name() {
  static std::string name = "tcpsnap";
  return name;
}

}  // namespace

void SetProgramName(std::string name) { Name() = std::move(name); }

const std::string& ProgramName() { return Name(); }

void PrintMessage(std::string_view message) {
  std::string line = Name();
  line += ": ";
  line += message;
  line += '\n';
  std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace tcpsnap::apps
