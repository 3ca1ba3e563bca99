// JSON with dumps in its strings -> the text of a capture.
//
//   {"ts": "2026-11-22T07:37:27+00:00", "file": "/proc/net/tcp", "content": "  sl  local_..."}
//   {"time": 1795333047, "host": "web1", "tcp": "  sl ...", "tcp6": "  sl ..."}
//   {"log": "   0: 0100007F:1538 ...\n", "stream": "stdout", "time": "2026-11-22T07:37:27.1Z"}
//   {"__REALTIME_TIMESTAMP": "1795333047123456", "_HOSTNAME": "web1", "MESSAGE": "   0: 0100..."}
//   [{"timestamp": ..., "data": {"tcp": ["  sl ...", "   0: ..."]}}, ...]      also spread over
//   lines
//
// becomes
//
//   2026-11-22T07:37:27+00:00                  the value of the time key, on a line of its own
//   === /proc/net/tcp ===                      where a key or a path names the table
//     sl  local_address ...
//
// or, where a record holds one line or its host is known, `TIME HOST json: LINE` as syslog writes
// it, for each line. A value that holds nothing of the kind becomes the line `json: no dump`.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "capture/byte_source.h"

namespace tcpsnap::capture {

/// The longest record that is read: 32 MB, a dump of 200 thousand sockets. While a string is read
/// the parser holds it twice, in buffers that double as they grow.
inline constexpr uint64_t kMaxRecordBytes = 32 << 20;

/// True when the first bytes of a file are JSON objects, one a line or a document, that may hold
/// dumps.
bool LooksLikeJson(std::string_view head);

/// The text in the JSON of `source`, which stands at its first byte. Lines that are no JSON pass
/// through as they are. JSON that is damaged or cut is refused (Reason::kBadJson), with its line;
/// reading goes on at the next line. Memory is bounded: a record (an object, or an element of an
/// array around all objects) of more than `max_record_bytes`, or of so many strings that they would
/// take much more than that, is refused (Reason::kLineTooLong).
std::unique_ptr<ByteSource> OpenJson(std::unique_ptr<ByteSource> source,
                                     uint64_t max_record_bytes = kMaxRecordBytes);

}  // namespace tcpsnap::capture
