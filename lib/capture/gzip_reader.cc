#include "capture/gzip_reader.h"

#include <cassert>
#include <cstring>
#include <new>
#include <string_view>
#include <utility>

namespace tcpsnap::capture {
namespace {

constexpr size_t kPackedBytes = 64 << 10;
constexpr int kGzipWindow = 15 + 16;  // zlib's way to say: the largest window, gzip alone

}  // namespace

GzipReader::GzipReader(ReadBytes read)
    : read_(std::move(read)), packed_(std::make_unique<char[]>(kPackedBytes)) {
  if (inflateInit2(&stream_, kGzipWindow) != Z_OK) throw std::bad_alloc();
  inflateGetHeader(&stream_, &header_);
}

GzipReader::~GzipReader() { inflateEnd(&stream_); }

// Has `least` packed bytes at hand; false when there are no more.
bool GzipReader::Refill(size_t least) {
  if (stream_.avail_in >= least) return true;
  if (stream_.avail_in > 0) std::memmove(packed_.get(), stream_.next_in, stream_.avail_in);
  stream_.next_in = reinterpret_cast<Bytef*>(packed_.get());
  while (stream_.avail_in < least) {
    const size_t count = read_(packed_.get() + stream_.avail_in, kPackedBytes - stream_.avail_in);
    if (count == 0) return false;
    stream_.avail_in += static_cast<uInt>(count);
  }
  return true;
}

bool GzipReader::NextMember() {
  if (!Refill(2) || stream_.next_in[0] != 0x1f || stream_.next_in[1] != 0x8b) {
    CheckPadding();
    return false;
  }
  inflateReset(&stream_);
  return true;
}

void GzipReader::CheckPadding() {
  while (Refill(1)) {
    const std::string_view rest(reinterpret_cast<const char*>(stream_.next_in), stream_.avail_in);
    if (rest.find_first_not_of('\0') != rest.npos) {
      throw PackingDamage("bytes behind its end that are no gzip");
    }
    stream_.avail_in = 0;
  }
}

void GzipReader::Inflate() {
  if (!Refill(1)) throw PackingDamage("unexpected end of file");
  const int result = inflate(&stream_, Z_NO_FLUSH);
  if (result == Z_MEM_ERROR) throw std::bad_alloc();
  // Z_BUF_ERROR is no error: the output was filled at the end of the input.
  if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) {
    throw PackingDamage(stream_.msg != nullptr ? stream_.msg : "invalid data");
  }
  in_member_ = result != Z_STREAM_END;
}

size_t GzipReader::Read(char* bytes, size_t size) {
  assert(size <= UINT32_MAX);
  stream_.next_out = reinterpret_cast<Bytef*>(bytes);
  stream_.avail_out = static_cast<uInt>(size);
  while (stream_.avail_out > 0 && !at_end_) {
    if (!in_member_) {
      in_member_ = NextMember();
      at_end_ = !in_member_;
    } else {
      Inflate();
    }
  }
  return size - stream_.avail_out;
}

std::optional<int64_t> GzipReader::mtime_ms() const {
  if (header_.done != 1 || header_.time == 0) return std::nullopt;
  return static_cast<int64_t>(header_.time) * 1000;
}

}  // namespace tcpsnap::capture
