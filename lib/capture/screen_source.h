// What a terminal was sent -> the text that it showed.
//
// Transcripts of `script` and the like hold escapes: colours, titles, bracketed paste, `\r` and
// backspaces of a prompt; these are taken out, line by line. `watch` draws whole screens and later
// only what changed on them: its screens are put together again, and each that was complete is text
// of its own:
//
//   Every 1.0s: cat /proc/net/tcp                    host1: Sun Nov 22 07:37:27 2026
//
//     sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout
//     inode
//      0: 0100007F:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0
//      371114
#pragma once

#include <memory>
#include <string_view>

#include "capture/byte_source.h"

namespace tcpsnap::capture {

/// True when the first bytes of a file hold escape sequences.
bool LooksLikeTerminal(std::string_view head);

/// The text of `source`, which stands at its first byte. Memory is bounded by one screen (4096
/// columns, 4096 lines) and one line.
std::unique_ptr<ByteSource> OpenTerminal(std::unique_ptr<ByteSource> source);

}  // namespace tcpsnap::capture
