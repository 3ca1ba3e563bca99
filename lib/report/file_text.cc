#include "report/file_text.h"

namespace tcpsnap::report {

std::optional<std::string> ReadAll(std::FILE* stream) {
  std::string text;
  char piece[1 << 14];
  while (const size_t size = std::fread(piece, 1, sizeof piece, stream)) text.append(piece, size);
  if (std::ferror(stream) != 0) return std::nullopt;
  return text;
}

}  // namespace tcpsnap::report
