// Counts the rows of a dump on stdin.
#include <iostream>
#include <iterator>
#include <string>

#include "procnet/dump.h"

int main() {
  const std::string text{std::istreambuf_iterator<char>(std::cin), {}};
  const auto dump = tcpsnap::procnet::ParseDump(text);
  std::cout << dump.sockets.size() + dump.duplicates + dump.refused.size() << '\n';
}
