// The lists of all layouts.

#include <array>

#include "capture/layout.h"

namespace tcpsnap::capture {

// Tools with words of their own come before the layouts that take lines of any tool: `# tcpsnap end
// 2026-...` and `zzz ***Sun Nov 22 ...` are dressed times too, and a time with `#` before it would
// be a root prompt.
std::span<const MarkerReader> MarkerReaders() {
  static constexpr std::array<MarkerReader, 11> kReaders = {
      ReadTimeLine,          ReadRecorderLine, ReadOsWatcherLine, ReadExaWatcherLine,
      ReadDumpstateLine,     ReadWatchLine,    ReadRelativeTime,  ReadDressedTime,
      ReadSupportconfigLine, ReadPathLine,     ReadPromptLine};
  return kReaders;
}

// A time with a host and a tag comes before the time alone, the words of any program come last.
std::span<const PrefixReader> PrefixReaders() {
  static constexpr std::array<PrefixReader, 5> kReaders = {
      ReadContainerPrefix, ReadSyslogPrefix, ReadTimePrefix, ReadPathPrefix, ReadLogPrefix};
  return kReaders;
}

std::span<const LayoutWord> LayoutWords() {
  static constexpr std::array<LayoutWord, 36> kWords = {{
      {"epoch-line", "A line that is an epoch: 1795333047."},
      {"epoch-fraction-line", "A line that is an epoch with decimals: 1795333047.123456."},
      {"date-line", "A line of `date`: Sun Nov 22 07:37:27 UTC 2026."},
      {"date-12h-line", "A line of `date` with AM or PM: Sun Nov 22 07:37:27 AM UTC 2026."},
      {"iso-line", "A line of `date -Is`: 2026-11-22T07:37:27+00:00."},
      {"compact-line", "A line with a time as file names have it: 20261122-073727."},
      {"time-of-day-line",
       "A line with a time that lacks its date or year (--date says it): 07:37:27."},
      {"dressed-time",
       "A time between marks or behind a word or two: ===== 2026-11-22 07:37:27 =====."},
      {"oswatcher", "Files of OSWatcher: zzz ***Sun Nov 22 07:37:27 UTC 2026."},
      {"exawatcher", "Files of ExaWatcher: zzz <11/22/2026 07:37:27> Count:0."},
      {"relative-time", "Seconds since a start that --start says: --- t=12 ---."},
      {"path-line", "A line that names the file below it: ==> /proc/net/tcp <==."},
      {"prompt-line",
       "A shell's prompt and the command whose output follows: root@host1:~# cat /proc/net/tcp."},
      {"supportconfig", "Sections of supportconfig: #==[ Command ]====#, then # /proc/net/tcp."},
      {"dumpstate",
       "Sections of Android's dumpstate: ------ TCP (/proc/net/tcp: 2026-11-22 07:37:27) ------."},
      {"watch", "The first line of watch: Every 1.0s: cat /proc/net/tcp  host1: Sun Nov 22 ..."},
      {"tcpsnap-capture",
       "Lines of the recorder of this project: # tcpsnap begin 2026-11-22T07:37:27Z."},
      {"path-prefix", "The file's name before each line, as of grep: /proc/net/tcp:12:   0: ..."},
      {"ts-prefix", "A time without its year or date before each line: Nov 22 07:37:27   0: ..."},
      {"iso-prefix", "An ISO time before each line: 2026-11-22T07:37:27.123Z   0: ..."},
      {"epoch-prefix", "An epoch before each line: 1795333047   0: ..."},
      {"date-prefix", "A time as of `date` before each line: [Sun Nov 22 07:37:27 2026]   0: ..."},
      {"syslog-prefix", "Classic syslog: Nov 22 07:37:27 host1 tcplog[1234]:    0: ..."},
      {"iso-syslog-prefix",
       "Syslog or journal with ISO times: 2026-11-22T07:37:27+00:00 host1 tcplog:    0: ..."},
      {"kubernetes-prefix",
       "The pod before each line (kubectl logs --prefix): [pod/web-1/app]    0: ..."},
      {"compose-prefix", "The service before each line (docker compose logs): web_1  |    0: ..."},
      {"log-prefix", "A program's log: 2026-11-22 07:37:27,123 INFO tcp -    0: 0100007F:1538 ..."},
      {"quote-prefix", "Quoted text, as in mails: >    0: 0100007F:1538 ..."},
      {"file-name", "The time in the file's name or its folder's: tcp.20261122-073727."},
      {"date-file",
       "The time in the `date` file of the bundle: sosreport-host1-2026-11-22-abcdefg/date."},
      {"mtime",
       "When the archive says that its member was changed, where nothing else tells: the time "
       "that tar -tv shows."},
      {"times-below",
       "The time stands below the table that it is of: rows, then 2026-11-22T07:37:27+00:00."},
      {"times-above",
       "The time stands above the table that it is of, and that of the first table is lost."},
      {"no-marker",
       "No line tells a time; --time, or --start and --interval do: --start '2026-11-22 07:37:27' "
       "--interval 60s."},
      {"json",
       "JSON with dumps in its strings: {\"ts\": \"2026-11-22T07:37:27+00:00\", \"content\": \""
       "  sl ...\"}."},
      {"terminal",
       "What a terminal was sent, escapes and all: a typescript of `script -c 'watch -n1 cat "
       "/proc/net/tcp'`."},
  }};
  return kWords;
}

}  // namespace tcpsnap::capture
