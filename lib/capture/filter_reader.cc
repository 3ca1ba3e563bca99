#include "capture/filter_reader.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <string>
#include <utility>

#include "capture/capture.h"

namespace tcpsnap::capture {
namespace {

// From 128 KB of bzip2 or zstd come gigabytes, in which nobody could stop it.
constexpr size_t kPackedBytes = 8 << 10;

}  // namespace

// By name, and none that runs a program where libarchive was built without a library.
ArchiveHandle NewArchive() {
  ArchiveHandle handle(archive_read_new());
  if (handle == nullptr) throw std::bad_alloc();
  for (const auto enable : {archive_read_support_filter_gzip, archive_read_support_filter_bzip2,
                            archive_read_support_filter_xz, archive_read_support_filter_lzma,
                            archive_read_support_filter_zstd, archive_read_support_filter_lz4,
                            archive_read_support_filter_compress}) {
    if (enable(handle.get()) != ARCHIVE_OK) {
      throw CaptureError(Trouble::kUnreadable, "libarchive was built without a usual compression");
    }
  }
  archive_read_support_format_raw(handle.get());
  archive_read_support_format_empty(handle.get());
  return handle;
}

std::string_view ErrorText(archive* handle) {
  const char* text = archive_error_string(handle);
  return text == nullptr || *text == '\0' ? "unexpected end of file" : text;
}

FilterReader::FilterReader(Method method, ReadBytes read)
    : method_(method), read_(std::move(read)), packed_(std::make_unique<char[]>(kPackedBytes)) {}

// Nothing is thrown through libarchive's frames.
la_ssize_t FilterReader::OnRead(archive* handle, void* self, const void** bytes) {
  FilterReader& reader = *static_cast<FilterReader*>(self);
  *bytes = reader.packed_.get();
  try {
    return static_cast<la_ssize_t>(reader.ReadPacked());
  } catch (...) {
    reader.broken_ = std::current_exception();
    archive_set_error(handle, EIO, "the source failed");
    return ARCHIVE_FATAL;
  }
}

size_t FilterReader::ReadPacked() {
  const size_t count = read_(packed_.get(), kPackedBytes);
  const size_t last = std::string_view(packed_.get(), count).find_last_not_of('\0');
  if (last != std::string_view::npos) set_bytes_ = packed_bytes_ + last + 1;
  packed_bytes_ += count;
  return count;
}

size_t FilterReader::Read(char* bytes, size_t size) {
  if (broken_) std::rethrow_exception(broken_);
  size_t count = 0;
  try {
    if (archive_ == nullptr) Open();
    while (count < size && !at_end_) {
      const size_t step = part_.copy(bytes + count, size - count);
      part_.remove_prefix(step);
      count += step;
      if (part_.empty()) NextPart();
    }
  } catch (...) {
    broken_ = std::current_exception();
    if (count == 0) throw;
  }
  return count;
}

void FilterReader::Open() {
  archive_ = NewArchive();
  archive_read_set_callback_data(archive_.get(), this);
  archive_read_set_read_callback(archive_.get(), OnRead);
  TakeResult(archive_read_open1(archive_.get()));
  if (archive_filter_count(archive_.get()) < 2) throw PackingDamage("its header is not valid");
  archive_entry* entry = nullptr;
  TakeResult(archive_read_next_header(archive_.get(), &entry));
}

void FilterReader::NextPart() {
  const void* bytes;
  size_t size;
  la_int64_t offset;
  TakeResult(archive_read_data_block(archive_.get(), &bytes, &size, &offset));
  if (!at_end_) part_ = {static_cast<const char*>(bytes), size};
}

void FilterReader::TakeResult(int result) {
  if (broken_) std::rethrow_exception(broken_);
  if (result == ARCHIVE_EOF) {
    at_end_ = true;
    CheckTail();
  } else if (result < ARCHIVE_OK) {
    throw PackingDamage(std::string(ErrorText(archive_.get())));
  }
}

// What libarchive has left of the packed bytes.
void FilterReader::CheckTail() {
  if (method_ == Method::kCompress) return;  // has no end but that of the file
  const int64_t used = archive_filter_bytes(archive_.get(), -1);
  while (ReadPacked() > 0) continue;
  if (used >= 0 && set_bytes_ > static_cast<uint64_t>(used)) {
    throw PackingDamage("bytes behind its end that are no " + std::string(MethodName(method_)));
  }
}

}  // namespace tcpsnap::capture
