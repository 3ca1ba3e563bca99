// A shell's prompt with a command behind it, or alone:
//
//   root@host1:~# cat /proc/net/tcp      [root@host1 ~]# date      host1:~$ ss -tan
//   sh-4.2# uptime      bash-5.1$ ls      generic_x86:/ # cat /proc/net/tcp      / # date
//   # cat /proc/net/udp      $ date      + cat /proc/net/tcp (set -x)
//
// It ends what stands above it. A command that prints another table announces one. The host of the
// prompt is not taken: the table may be another machine's (`ssh web1 cat /proc/net/tcp`).
//
// Refused: `# text` and `+ text` unless a program stands there that such transcripts hold: they are
// comments and lines of a diff as well.

#include <algorithm>
#include <array>

#include "capture/layout.h"
#include "capture/layouts/command.h"
#include "capture/layouts/text.h"
#include "procnet/token.h"

namespace tcpsnap::capture {
namespace {

constexpr size_t kLongestPrompt = 128;
constexpr size_t kNotFound = std::string_view::npos;

bool IsHostCharacter(char c) {
  return IsLetterOrDigit(c) || c == '_' || c == '-' || c == '.' || c == '@' || c == '|';
}

bool IsSign(char c) { return c == '#' || c == '$'; }

// A prompt, taken off a line.
struct Prompt {
  size_t length = 0;      ///< up to the blank behind its sign; 0 where there is none
  bool doubtful = false;  ///< it may as well be something else
};

// The sign at `i`, which must be the end of the prompt.
Prompt EndAt(std::string_view line, size_t i, bool doubtful) {
  if (i >= line.size() || !IsSign(line[i])) return {};
  if (i + 1 < line.size() && line[i + 1] != ' ') return {};
  return {i + 1, doubtful};
}

// `~#`, `/ #`: a folder at `i`, perhaps a blank, and the sign.
Prompt FolderAndSign(std::string_view line, size_t i, bool doubtful) {
  if (i >= line.size() || (line[i] != '/' && line[i] != '~')) return {};
  if (line.substr(i, 2) == "//") return {};
  const size_t begin = i;
  while (i < line.size() && line[i] != ' ' && !IsSign(line[i])) ++i;
  if (i < line.size() && line[i] == ' ') ++i;
  return i - begin <= kLongestPrompt ? EndAt(line, i, doubtful) : Prompt{};
}

// `[root@host1 ~]#`
Prompt BracketedPrompt(std::string_view line) {
  const size_t close = line.find(']');
  const std::string_view inside = line.substr(0, close);
  if (close == kNotFound || inside.find('@') == kNotFound) return {};
  const size_t blank = inside.find(' ');
  if (blank == kNotFound || blank + 1 == close) return {};
  return EndAt(line, close + 1, false);
}

// `sh-4.2#`, `bash-5.1$`: the shell's name and version up to `end`.
bool IsShellWithVersion(std::string_view word) {
  static constexpr std::array<std::string_view, 5> kShells = {"sh-", "bash-", "ash-", "dash-",
                                                              "ksh-"};
  for (const std::string_view shell : kShells) {
    if (!word.starts_with(shell)) continue;
    const std::string_view version = word.substr(shell.size());
    return !version.empty() && version.find_first_not_of("0123456789.") == kNotFound;
  }
  return false;
}

// `root@host1:~#`, `generic_x86:/ #`, `root@host1 ~ #`, `sh-4.2#`.
Prompt HostPrompt(std::string_view line) {
  size_t end = 0;
  while (end < line.size() && IsHostCharacter(line[end])) ++end;
  if (end == 0 || end == line.size()) return {};
  const std::string_view host = line.substr(0, end);
  if (line[end] == ':') return FolderAndSign(line, end + 1, false);
  if (line[end] == ' ' && host.find('@') != kNotFound) return FolderAndSign(line, end + 1, false);
  return IsShellWithVersion(host) ? EndAt(line, end, false) : Prompt{};
}

// `#`, `$`, `+`, `++` and a blank.
Prompt SignAlone(std::string_view line) {
  const size_t plus = std::min(line.find_first_not_of('+'), line.size());
  if (plus == 0) return EndAt(line, 0, line[0] == '#');
  return plus < line.size() && line[plus] == ' ' ? Prompt{plus, true} : Prompt{};
}

Prompt ReadPrompt(std::string_view line) {
  switch (line[0]) {
    case '#':
    case '$':
    case '+':
      return SignAlone(line);
    case '[':
      return BracketedPrompt(line);
    case '/':
    case '~':
      return FolderAndSign(line, 0, true);
    default:
      return HostPrompt(line);
  }
}

// `(venv) ` before the prompt proper.
std::string_view WithoutEnvironment(std::string_view line) {
  if (line[0] != '(') return line;
  const size_t close = line.find(") ");
  if (close == kNotFound || close + 2 >= line.size()) return line;
  return line.substr(close + 2);
}

}  // namespace

std::optional<Marker> ReadPromptLine(std::string_view line, const Zone&) {
  if (line.empty()) return std::nullopt;
  // The sign stands near the front of any prompt.
  const std::string_view front = line.substr(0, kLongestPrompt);
  if (front.find_first_of("#$+") == kNotFound) return std::nullopt;
  line = WithoutEnvironment(line);
  const Prompt prompt = ReadPrompt(line.substr(0, 2 * kLongestPrompt));
  if (prompt.length == 0) return std::nullopt;
  const std::string_view command_text = TrimBlanks(line.substr(prompt.length));
  Marker marker;
  marker.layout = "prompt-line";
  if (command_text.empty()) return marker;
  const char first = command_text[0];
  if (!IsLetter(first) && std::string_view("/._({\"").find(first) == kNotFound) return std::nullopt;
  const Command command = ReadCommand(command_text);
  if (prompt.doubtful && !command.known) return std::nullopt;
  marker.file = command.file;
  marker.path = command.path;
  return marker;
}

}  // namespace tcpsnap::capture
