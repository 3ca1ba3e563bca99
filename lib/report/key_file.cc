#include "report/key_file.h"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>
#include <string_view>

#include "report/cell_text.h"
#include "report/error.h"
#include "report/file_text.h"

namespace tcpsnap::report {
namespace {

using Key = CryptoPan::Key;

[[noreturn]] void Fail(const std::string& what, const std::string& path) {
  throw UserError("can't " + what + " the key file " + path + ": " + std::strerror(errno));
}

std::optional<unsigned> HexDigit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10;
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A') + 10;
  return std::nullopt;
}

std::optional<Key> ParseKey(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return std::nullopt;
  text = text.substr(begin, text.find_last_not_of(kBlanks) + 1 - begin);
  Key key;
  if (text.size() != 2 * key.size()) return std::nullopt;
  for (size_t i = 0; i < key.size(); ++i) {
    const auto high = HexDigit(text[2 * i]);
    const auto low = HexDigit(text[2 * i + 1]);
    if (!high || !low) return std::nullopt;
    key[i] = static_cast<uint8_t>(*high << 4 | *low);
  }
  return key;
}

std::string RandomKeyText() {
  char bytes[sizeof(Key)];
  // Up to 256 bytes come whole once the kernel has them at all (getrandom(2)).
  if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes) {
    throw UserError(std::string("the system gives no random numbers for a key: ") +
                    std::strerror(errno));
  }
  std::string text;
  AppendHex(text, {bytes, sizeof bytes});
  return text + "\n";
}

/// False where there is a file already.
bool MakeKeyFile(const std::string& path) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (file < 0 && errno == EEXIST) return false;
  if (file < 0) Fail("make", path);
  const std::string text = RandomKeyText();
  // Synced, since what is written with a key that is lost can't be translated back.
  const bool is_whole =
      write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
      fsync(file) == 0;
  const int error = errno;
  if (close(file) == 0 && is_whole) return true;
  unlink(path.c_str());
  errno = error;
  Fail("write", path);
}

}  // namespace

KeyFile ReadKeyFile(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rbe"),
                                                             std::fclose);
  if (file == nullptr) Fail("open", path);
  struct stat status;
  if (fstat(fileno(file.get()), &status) != 0) Fail("read", path);
  const std::optional<std::string> text = ReadAll(file.get());
  if (!text) Fail("read", path);
  const std::optional<Key> key = ParseKey(*text);
  if (!key) {
    throw UserError(path +
                    " holds no key, which is 64 hexadecimal digits; the name of a file that "
                    "is not there yet gets a new one");
  }
  // A pipe, as of <(...), is nobody else's whatever its bits say.
  const bool is_open = S_ISREG(status.st_mode) && (status.st_mode & (S_IRGRP | S_IROTH)) != 0;
  return {*key, false, is_open};
}

KeyFile ReadOrMakeKeyFile(const std::string& path) {
  const bool is_new = MakeKeyFile(path);
  KeyFile file = ReadKeyFile(path);
  file.is_new = is_new;
  return file;
}

}  // namespace tcpsnap::report
