// What a file is besides plain text, and the text in it.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "capture/byte_source.h"

namespace tcpsnap::capture {

/// The text of an unpacked file: of its JSON, of the screen that it shows, or the file as it is.
/// `head` are its first bytes; `source` stands at its first. `layout` is the word of --layout:
/// "json" and "terminal" decide, others leave it to the bytes. Throws CaptureError (kNoCapture)
/// where it is no text. `container` is set to "json" or "terminal", or emptied.
std::unique_ptr<ByteSource> OpenText(std::unique_ptr<ByteSource> source, std::string_view head,
                                     std::string_view layout, std::string& container);

/// A source that belongs to somebody else.
std::unique_ptr<ByteSource> Borrow(ByteSource& source);

/// The first bytes of a source, at most so many.
std::string ReadHead(ByteSource& source, size_t bytes);

}  // namespace tcpsnap::capture
