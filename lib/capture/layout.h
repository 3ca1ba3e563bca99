// Layouts: how captures say which moment, which file and which host the rows belong to.
//
// A layout is a reader of marker lines, which tell it of the rows below them, or of prefixes, which
// tell it on every line. Adding one is a file in layouts/, a declaration here and a line in a list.
// Rows, table headers and blank lines never get to a marker reader.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "capture/clock.h"

namespace tcpsnap::capture {

/// Which table a line names.
enum class NamedFile : uint8_t {
  kUnsaid,   ///< none, or its name says nothing
  kTcp,      ///< tcp or tcp6
  kForeign,  ///< another table: what follows is other text
};

/// What a marker line says. Its views point into the line or to constants.
struct Marker {
  std::string_view layout;  ///< the word for --layout: "iso-line", "path-line", ...
  /// The time that the rows below were read, or why it can't be told. Absent: the line tells none.
  std::optional<TimeResult> time;
  std::optional<int64_t> relative_ms;  ///< since a start that --start must tell (`--- t=12 ---`)
  NamedFile file = NamedFile::kUnsaid;
  std::string_view path;    ///< of the file that it names, as it stands there; empty: none
  std::string_view host;    ///< the machine that the capture says it is of; empty: none
  std::string_view netns;   ///< of it, where the rows are those of another network namespace
  std::string_view kernel;  ///< of it: system, release and machine, as uname tells them
  bool closes = false;  ///< the read above ended here (`end` of tcpsnap-capture); `time` is absent
  bool is_screen = false;  ///< the rows below are what fitted a screen (`watch`)
  bool weak = false;  ///< words that say nothing of time stand before it: it counts only where no
                      ///< surer marker does
};

/// Reads one line, blanks around it removed; nullopt when it is no marker of this layout. `zone` is
/// for times that name none. Fails fast on lines that are none: every line of other text asks.
using MarkerReader = std::optional<Marker> (*)(std::string_view line, const Zone& zone);

/// All marker readers, in the order in which they are asked.
std::span<const MarkerReader> MarkerReaders();

/// What stands before a line of a dump. Its views point into the line or to constants.
struct Prefix {
  std::string_view layout;         ///< the word for --layout: "ts-prefix", "path-prefix", ...
  size_t length = 0;               ///< bytes, the one blank that parts it from the rest included
  std::optional<TimeResult> time;  ///< when the line was written
  std::string_view host;           ///< that wrote it (syslog host, pod, service); empty: unsaid
  std::string_view path;           ///< of the file that the line is of (`grep . FILES`); or empty
  std::string_view source;  ///< words that may tell lines of different writers apart; or empty
};

/// Reads what stands at the front of a line (blanks not removed); nullopt when it is no prefix of
/// this layout. Says nothing of the rest, which may be empty, another prefix, or no row at all: who
/// calls accepts a prefix only before a row, a header or a marker, or where it is known that every
/// line has it.
using PrefixReader = std::optional<Prefix> (*)(std::string_view line, const Zone& zone);

/// All prefix readers, in the order in which they are asked.
std::span<const PrefixReader> PrefixReaders();

/// Which table the path of a file names, by its last part.
NamedFile FileOfPath(std::string_view path);

/// The words that --layout takes, each with a sentence, in the order in which help shows them.
struct LayoutWord {
  std::string_view word;
  std::string_view sentence;  ///< with an example of a line
};
std::span<const LayoutWord> LayoutWords();

// The markers, each in its own file.

/// A line that is a time and nothing else: `date`, `date +%s`, `date -Is`, `T07:37:27.5`.
/// (layouts/time_line.cc) Words: epoch-line, epoch-fraction-line, date-line, date-12h-line,
/// iso-line, compact-line, time-of-day-line.
std::optional<Marker> ReadTimeLine(std::string_view line, const Zone& zone);
/// A time dressed in # = - * < > [ ], with a word or two before it, a zone in brackets behind it:
/// `===== 2026-11-22 07:37:27.5+00:00 (UTC) =====`, `TIMESTAMP: 2026-11-22T07:37:27Z`,
/// `--- Check: Sun Nov 22 07:37:27 UTC 2026 ---`. (layouts/dressed_time.cc) Word: dressed-time.
std::optional<Marker> ReadDressedTime(std::string_view line, const Zone& zone);
/// `zzz ***Sun Nov 22 07:37:27 UTC 2026` of OSWatcher, and the first line of its files, which names
/// the host. (layouts/oswatcher.cc) Word: oswatcher.
std::optional<Marker> ReadOsWatcherLine(std::string_view line, const Zone& zone);
/// `zzz <11/22/2026 07:37:27> Count:0` of ExaWatcher. (layouts/exawatcher.cc) Word: exawatcher.
std::optional<Marker> ReadExaWatcherLine(std::string_view line, const Zone& zone);
/// `--- t=12 ---`, `t=12.5`, `T+12s`: seconds since a start. (layouts/relative_time.cc) Word:
/// relative-time.
std::optional<Marker> ReadRelativeTime(std::string_view line, const Zone& zone);
/// `==> /proc/net/tcp <==` of tail and head, `=== /proc/net/tcp ===` of shell loops, `# cat
/// /proc/net/tcp`. (layouts/path_line.cc) Word: path-line.
std::optional<Marker> ReadPathLine(std::string_view line, const Zone& zone);
/// A shell's prompt with a command behind it: `root@host1:~# cat /proc/net/tcp`.
/// (layouts/prompt_line.cc) Word: prompt-line.
std::optional<Marker> ReadPromptLine(std::string_view line, const Zone& zone);
/// `#==[ Command ]====#` and `# /proc/net/tcp` of supportconfig. (layouts/supportconfig.cc) Word:
/// supportconfig.
std::optional<Marker> ReadSupportconfigLine(std::string_view line, const Zone& zone);
/// `------ TCP (/proc/net/tcp: 2026-11-22 07:37:27) ------` of Android's dumpstate, and its first
/// line. (layouts/dumpstate.cc) Word: dumpstate.
std::optional<Marker> ReadDumpstateLine(std::string_view line, const Zone& zone);
/// `Every 1.0s: cat /proc/net/tcp    host1: Sun Nov 22 07:37:27 2026`, the first line of watch.
/// (layouts/watch_line.cc) Word: watch.
std::optional<Marker> ReadWatchLine(std::string_view line, const Zone& zone);
/// `# tcpsnap begin 2026-11-22T07:37:27Z`, `# tcpsnap end ...` and `# tcpsnap host web1 ...` of
/// tcpsnap-capture. (layouts/recorder_line.cc) Word: tcpsnap-capture.
std::optional<Marker> ReadRecorderLine(std::string_view line, const Zone& zone);

// The prefixes, each in its own file.

/// `/proc/net/tcp:` and `/proc/net/tcp:12:` of grep; `12:` of grep -n. (layouts/path_prefix.cc)
/// Word: path-prefix.
std::optional<Prefix> ReadPathPrefix(std::string_view line, const Zone& zone);
/// A time in any form, dressed in brackets or not: `Nov 22 07:37:27 ` of ts, ISO of kubectl, epochs
/// of awk, `[Sun Nov 22 07:37:27 2026] `. (layouts/time_prefix.cc) Words: ts-prefix (no year),
/// iso-prefix, epoch-prefix, date-prefix.
std::optional<Prefix> ReadTimePrefix(std::string_view line, const Zone& zone);
/// A time, a host and a tag, with or without a priority: `Nov 22 07:37:27 host1 tcplog[1234]: `,
/// `2026-11-22T07:37:27.000000+00:00 host1 tcplog: `, `<13>1 2026-... host1 app 12 - - `.
/// (layouts/syslog_prefix.cc) Words: syslog-prefix, iso-syslog-prefix.
std::optional<Prefix> ReadSyslogPrefix(std::string_view line, const Zone& zone);
/// `[pod/web-1/app] ` of kubectl --prefix, `web_1  | ` of docker compose: the host is the pod or
/// service. (layouts/container_prefix.cc) Words: kubernetes-prefix, compose-prefix.
std::optional<Prefix> ReadContainerPrefix(std::string_view line, const Zone& zone);
/// The prefix of a log line of a program: a time and a few words before the row, `2026-11-22
/// 07:37:27,123 INFO tcp - `, and quoting: `> `, `| `. Only before something that starts as a row
/// or header does. (layouts/log_prefix.cc) Words: log-prefix, quote-prefix.
std::optional<Prefix> ReadLogPrefix(std::string_view line, const Zone& zone);

/// What a file's own name says of it: layout 30, "a file per snapshot".
struct NameFacts {
  std::optional<TimeResult> time;  ///< absent: no time in the name
  std::string host;  ///< OSWatcher and ExaWatcher put it into the names of their files; else empty
};

/// Looks for a time in the file's name, and for `tcp`, `tcp6` and `proc_net_tcp` (also below `net`,
/// `proc/net` or `proc/PID/net`) in the name of the folder that holds them. (layouts/file_name.cc)
NameFacts ReadFileName(std::string_view path, const Zone& zone);

}  // namespace tcpsnap::capture
