#include "capture/layouts/command.h"

#include <array>

#include "capture/layouts/text.h"

namespace tcpsnap::capture {
namespace {

// Programs that print tables of sockets, or numbers in columns, of their own.
bool PrintsOtherTable(std::string_view program) {
  static constexpr std::array<std::string_view, 13> kPrograms = {
      "ss",       "netstat", "lsof", "ip",       "ifconfig", "route",    "arp",
      "iptables", "nstat",   "ps",   "sockstat", "tcpdump",  "conntrack"};
  return IsOneOf(program, kPrograms);
}

bool PrintsFiles(std::string_view program) {
  static constexpr std::array<std::string_view, 8> kPrograms = {"cat",  "head", "tail", "grep",
                                                                "more", "less", "awk",  "sed"};
  return IsOneOf(program, kPrograms);
}

bool IsOtherProgram(std::string_view program) {
  static constexpr std::array<std::string_view, 33> kPrograms = {
      "date", "uptime", "ls",    "echo", "hostname", "uname",  "id",   "pwd",     "cd",
      "exit", "logout", "while", "for",  "watch",    "top",    "free", "vmstat",  "dmesg",
      "who",  "w",      "sleep", "ssh",  "su",       "sysctl", "ping", "history", "clear",
      "sh",   "bash",   "wc",    "sort", "mount",    "df"};
  return IsOneOf(program, kPrograms);
}

// Words behind which the program follows.
bool LeadsOn(std::string_view word) {
  static constexpr std::array<std::string_view, 9> kWords = {
      "sudo", "adb", "shell", "do", "then", "time", "nice", "busybox", "toybox"};
  return IsOneOf(word, kWords);
}

class CommandReader {
 public:
  void Take(std::string_view word) {
    const std::string_view name = word.substr(word.rfind('/') + 1);
    if (at_program_) {
      if (LeadsOn(name)) return;
      at_program_ = false;
      prints_files_ = PrintsFiles(name);
      const bool other_table = PrintsOtherTable(name);
      foreign_ |= other_table;
      if (!first_seen_) command_.known = prints_files_ || other_table || IsOtherProgram(name);
      first_seen_ = true;
      if (!prints_files_ && !other_table) TakeFile(word);
      return;
    }
    TakeFile(word);
  }
  void EndProgram() { at_program_ = true; }

  Command Finish() {
    if (command_.file == NamedFile::kUnsaid && foreign_) command_.file = NamedFile::kForeign;
    return command_;
  }

 private:
  void TakeFile(std::string_view word) {
    if (word.find('/') == word.npos && !prints_files_) return;
    const NamedFile file = FileOfPath(word);
    if (file == NamedFile::kUnsaid || command_.file == NamedFile::kTcp) return;
    if (file == NamedFile::kForeign && command_.file == NamedFile::kForeign) return;
    command_.file = file;
    command_.path = word;
  }

  Command command_;
  bool at_program_ = true;
  bool prints_files_ = false;
  bool foreign_ = false;
  bool first_seen_ = false;
};

}  // namespace

Command ReadCommand(std::string_view text) {
  constexpr std::string_view kEndsWord = " \t'\"<>;|&(){}`";
  constexpr std::string_view kEndsProgram = ";|&(){}`";
  CommandReader reader;
  size_t begin = 0;
  for (size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && kEndsWord.find(text[i]) == kEndsWord.npos) continue;
    if (i > begin) reader.Take(text.substr(begin, i - begin));
    if (i < text.size() && kEndsProgram.find(text[i]) != kEndsProgram.npos) reader.EndProgram();
    begin = i + 1;
  }
  return reader.Finish();
}

}  // namespace tcpsnap::capture
