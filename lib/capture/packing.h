// Ways of packing files: what they look like, and which program unpacks them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tcpsnap::capture {

enum class Method : uint8_t {
  kNone,
  kGzip,
  kBzip2,
  kXz,
  kLzma,
  kZstd,
  kLz4,
  kCompress,
  kTar,
  kZip,
};

/// What the first kSniffBytes of a file show (see archive.h); text is never taken for packed.
Method MethodOf(std::string_view head);

/// "gzip", "bzip2", ..., as the program that makes it; "archive" for kNone.
std::string_view MethodName(Method method);

/// Commands that unpack the file FILE: one that is compressed, to standard output, and an archive
/// that is compressed so (kTar: not at all).
std::string CatCommand(Method method);
std::string UnpackCommand(Method method);

}  // namespace tcpsnap::capture
