#include "capture/archive.h"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <exception>
#include <new>
#include <utility>

#include "capture/capture.h"
#include "capture/decompressor.h"
#include "capture/filter_reader.h"
#include "capture/gzip_reader.h"
#include "capture/packing.h"
#include "capture/read_ahead.h"

namespace tcpsnap::capture {
namespace {

constexpr size_t kBlockBytes = 128 << 10;
// Two blocks of zeros.
constexpr int64_t kTarEndBytes = 1024;

// The packed bytes, counted, after a look at the first of them.
class PackedInput {
 public:
  explicit PackedInput(ByteSource& source)
      : source_(source),
        size_(source.Size()),
        can_seek_(size_.has_value() && source.Seek(0)),
        head_(kSniffBytes, '\0') {
    size_t count = 0;
    while (count < head_.size()) {
      const size_t step = source_.Read(head_.data() + count, head_.size() - count);
      if (step == 0) break;
      count += step;
    }
    head_.resize(count);
  }

  const std::string& head() const { return head_; }
  bool can_seek() const { return can_seek_; }

  // How much there is to unpack of: what was read, but nothing twice.
  uint64_t packed_bytes() const { return size_ ? std::min(*size_, read_bytes_) : read_bytes_; }

  size_t Read(char* bytes, size_t size) {
    size_t count;
    if (position_ < head_.size()) {
      count = head_.copy(bytes, size, position_);
    } else {
      if (std::exchange(moved_, false)) source_.Seek(position_);
      count = source_.Read(bytes, size);
    }
    position_ += count;
    read_bytes_ += count;
    return count;
  }

  // Goes to a byte counted from the beginning (SEEK_SET), here or the end; false for one before the
  // beginning. One behind the end is the end, so that skipping can't hide that the file was cut.
  bool Seek(int64_t offset, int whence) {
    const uint64_t from = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? position_ : size_.value();
    int64_t target;
    if (__builtin_add_overflow(static_cast<int64_t>(from), offset, &target)) return false;
    if (target < 0) return false;
    position_ = std::min(static_cast<uint64_t>(target), size_.value());
    moved_ = true;
    return true;
  }
  uint64_t position() const { return position_; }

 private:
  ByteSource& source_;
  const std::optional<uint64_t> size_;
  const bool can_seek_;
  std::string head_;
  uint64_t position_ = 0;
  uint64_t read_bytes_ = 0;
  bool moved_ = false;  // the source stands elsewhere
};

std::string_view TextOf(const char* text) { return text == nullptr ? std::string_view() : text; }

void DropDotSlash(std::string& path) {
  size_t begin = 0;
  while (path.compare(begin, 2, "./") == 0) {
    begin = std::min(path.find_first_not_of('/', begin + 1), path.size());
  }
  path.erase(0, begin);
  if (path.empty()) path = ".";
}

// Times that no file has tell nothing: 0, where an archiver leaves them out, and what is so far off
// that milliseconds could overflow (behind the year 9999).
std::optional<int64_t> MtimeOf(archive_entry* entry) {
  constexpr int64_t kMostSeconds = 253'402'300'799;
  const int64_t seconds = archive_entry_mtime(entry);
  if (!archive_entry_mtime_is_set(entry) || seconds == 0) return std::nullopt;
  if (seconds < -kMostSeconds || seconds > kMostSeconds) return std::nullopt;
  return seconds * 1000 + archive_entry_mtime_nsec(entry) / 1'000'000;
}

ArchiveMember MemberOf(archive_entry* entry, uint64_t number) {
  using Kind = ArchiveMember::Kind;
  ArchiveMember member;
  member.path = TextOf(archive_entry_pathname(entry));
  // libarchive has it in one of two forms where it couldn't convert between them.
  if (member.path.empty()) member.path = TextOf(archive_entry_pathname_utf8(entry));
  if (member.path.empty()) member.path = "member-" + std::to_string(number);
  DropDotSlash(member.path);
  if (const char* target = archive_entry_hardlink(entry)) {
    member.kind = Kind::kLink;
    member.hard_link = true;
    member.link_target = target;
    DropDotSlash(member.link_target);
  } else if (archive_entry_filetype(entry) == AE_IFLNK) {
    member.kind = Kind::kLink;
    member.link_target = TextOf(archive_entry_symlink(entry));
  } else if (archive_entry_filetype(entry) == AE_IFDIR) {
    member.kind = Kind::kFolder;
  } else if (archive_entry_filetype(entry) != AE_IFREG) {
    member.kind = Kind::kOther;
  }
  member.mtime_ms = MtimeOf(entry);
  if (archive_entry_size_is_set(entry) && archive_entry_size(entry) >= 0) {
    member.bytes = static_cast<uint64_t>(archive_entry_size(entry));
  }
  return member;
}

// All of ArchiveReader. What goes wrong once is thrown again by every later call, so that nobody
// takes a broken archive for one that ended.
class Unpacker {
 public:
  enum class Formats : uint8_t { kAll, kStream };

  Unpacker(ByteSource& source, ArchiveLimits limits, Formats formats,
           std::function<void()> on_block, Unpacker* outer)
      : source_(source),
        limits_(limits),
        formats_(formats),
        on_block_(std::move(on_block)),
        outer_(outer),
        content_(*this) {}

  bool is_single_stream() const { return is_single_stream_; }
  bool lacks_end_mark() const { return lacks_end_mark_; }
  ByteSource& content() { return content_; }
  const ArchiveMember* Next();

 private:
  class Content : public ByteSource {
   public:
    explicit Content(Unpacker& unpacker) : unpacker_(unpacker) {}
    size_t Read(char* bytes, size_t size) override { return unpacker_.ReadContent(bytes, size); }
    void Rewind() override {}
    std::optional<uint64_t> Size() const override { return unpacker_.member_.bytes; }
    std::optional<uint64_t> RewindLimit() const override { return 0; }

   private:
    Unpacker& unpacker_;
  };

  // What libarchive calls. Nothing is thrown through its frames: OnRead keeps it in broken_, and
  // the others go nowhere yet.
  static la_ssize_t OnRead(archive*, void* self, const void** bytes);
  static la_int64_t OnSkip(archive*, void* self, la_int64_t request);
  static la_int64_t OnSeek(archive*, void* self, la_int64_t offset, int whence);

  void Open();
  void OpenPacked();
  void EnableFormats();
  std::string_view ReadBlock();
  const ArchiveMember* ReadHeader();
  const ArchiveMember* TakeStream();
  const ArchiveMember* TakeMember(archive_entry* entry);
  void SkipRest();
  void SkipTarMember();
  void EndArchive();
  size_t ReadContent(char* bytes, size_t size);
  void Check(int64_t result);
  void NoteBlock();
  void CheckLimits() const;
  uint64_t UnpackedBytes() const;
  int64_t FormatBytes() const { return archive_filter_bytes(archive_.get(), 0); }

  bool IsCompressed() const {
    return ahead_ != nullptr || archive_filter_count(archive_.get()) > 1;
  }
  bool HasFormat(int format) const {
    return (archive_format(archive_.get()) & ARCHIVE_FORMAT_BASE_MASK) == format;
  }
  [[noreturn]] void Break(const std::string& message) const {
    throw CaptureError(Trouble::kUnreadable, message);
  }
  [[noreturn]] void Fail(std::string_view what) const;
  CaptureError Damage(std::string_view what) const;

  ByteSource& source_;
  const ArchiveLimits limits_;
  const Formats formats_;
  const std::function<void()> on_block_;  // or empty
  Unpacker* const outer_;                 // or null
  Content content_;
  ArchiveMember member_;
  Method method_ = Method::kNone;  // the outermost one
  bool is_single_stream_ = false;
  bool has_content_ = false;
  bool at_end_ = false;
  uint64_t members_ = 0;
  uint64_t content_bytes_ = 0;  // of all members
  uint64_t block_bytes_ = 0;    // that libarchive was given
  uint64_t inner_bytes_ = 0;    // that were unpacked of archives in this one
  uint64_t told_bytes_ = 0;     // how much of this one outer_ has heard of
  int64_t member_end_ = 0;      // of a tar: where its last member ended
  bool lacks_end_mark_ = false;
  std::exception_ptr broken_;
  std::optional<PackedInput> input_;
  std::unique_ptr<ReadAhead> ahead_;  // what the file is compressed with; or null
  std::unique_ptr<char[]> block_;     // of a file that is not
  ArchiveHandle archive_;             // last: the first to go, while what it reads from is there
};

la_ssize_t Unpacker::OnRead(archive* handle, void* self, const void** bytes) {
  Unpacker& unpacker = *static_cast<Unpacker*>(self);
  try {
    unpacker.NoteBlock();
    const std::string_view block = unpacker.ReadBlock();
    *bytes = block.data();
    return static_cast<la_ssize_t>(block.size());
  } catch (...) {
    unpacker.broken_ = std::current_exception();
    archive_set_error(handle, EIO, "the source failed");
    return ARCHIVE_FATAL;
  }
}

la_int64_t Unpacker::OnSkip(archive*, void* self, la_int64_t request) {
  Unpacker& unpacker = *static_cast<Unpacker*>(self);
  const uint64_t before = unpacker.input_->position();
  unpacker.input_->Seek(request, SEEK_CUR);
  return static_cast<la_int64_t>(unpacker.input_->position() - before);
}

la_int64_t Unpacker::OnSeek(archive*, void* self, la_int64_t offset, int whence) {
  Unpacker& unpacker = *static_cast<Unpacker*>(self);
  if (!unpacker.input_->Seek(offset, whence)) return ARCHIVE_FATAL;
  return static_cast<la_int64_t>(unpacker.input_->position());
}

std::string_view Unpacker::ReadBlock() {
  if (ahead_ == nullptr) return {block_.get(), input_->Read(block_.get(), kBlockBytes)};
  try {
    const std::string_view block = ahead_->Next();
    block_bytes_ += block.size();
    return block;
  } catch (const PackingDamage& damage) {
    Fail(damage.what());
  }
}

void Unpacker::EnableFormats() {
  archive* handle = archive_.get();
  if (formats_ == Formats::kStream) return;
  archive_read_support_format_tar(handle);
  archive_read_support_format_zip(handle);
  // Reads on behind a tar's end mark: what `cat a.tar b.tar` made is read whole, nothing is left
  // out in silence, and the checksums at the end of a compressed tar are compared.
  archive_read_set_option(handle, "tar", "read_concatenated_archives", "1");
}

// gzip within something else is left to libarchive, at the price of its checksum.
void Unpacker::OpenPacked() {
  ahead_ = std::make_unique<ReadAhead>(
      [this](char* bytes, size_t size) { return input_->Read(bytes, size); },
      [this](ReadBytes packed) -> std::unique_ptr<Decompressor> {
        if (method_ == Method::kGzip) return std::make_unique<GzipReader>(std::move(packed));
        return std::make_unique<FilterReader>(method_, std::move(packed));
      },
      on_block_);
}

void Unpacker::Open() {
  input_.emplace(source_);
  method_ = MethodOf(input_->head());
  if (method_ == Method::kNone) Break("this is no archive and no compressed file that is known");
  archive_ = NewArchive();
  EnableFormats();
  archive_read_set_callback_data(archive_.get(), this);
  archive_read_set_read_callback(archive_.get(), OnRead);
  if (method_ != Method::kTar && method_ != Method::kZip) {
    OpenPacked();
  } else {
    block_ = std::make_unique<char[]>(kBlockBytes);
    if (input_->can_seek()) {
      archive_read_set_skip_callback(archive_.get(), OnSkip);
      archive_read_set_seek_callback(archive_.get(), OnSeek);
    }
  }
  Check(archive_read_open1(archive_.get()));
}

const ArchiveMember* Unpacker::Next() {
  if (broken_) std::rethrow_exception(broken_);
  if (at_end_) return nullptr;
  try {
    if (archive_ == nullptr) {
      Open();
    } else {
      SkipRest();
    }
    has_content_ = false;
    member_ = {};
    return at_end_ ? nullptr : ReadHeader();
  } catch (...) {
    broken_ = std::current_exception();
    throw;
  }
}

const ArchiveMember* Unpacker::ReadHeader() {
  archive_entry* entry = nullptr;
  const int result = archive_read_next_header(archive_.get(), &entry);
  if (broken_) std::rethrow_exception(broken_);
  NoteBlock();
  if (HasFormat(ARCHIVE_FORMAT_RAW) || HasFormat(ARCHIVE_FORMAT_EMPTY)) {
    if (!IsCompressed()) throw Damage("its header is not valid");
    if (result != ARCHIVE_EOF) Check(result);
    return TakeStream();
  }
  if (result == ARCHIVE_EOF) {
    EndArchive();
    return nullptr;
  }
  // A file of zeros is a tar that ended to libarchive; a header makes it a tar of some kind.
  if (result == ARCHIVE_FATAL && members_ == 0 && IsCompressed() &&
      archive_format(archive_.get()) == ARCHIVE_FORMAT_TAR && FormatBytes() > 0) {
    throw CaptureError(Trouble::kNoCapture, "what is packed in the file is binary (NUL bytes)");
  }
  // A warning is about a name or a date that could not be converted.
  if (result != ARCHIVE_WARN) Check(result);
  return TakeMember(entry);
}

const ArchiveMember* Unpacker::TakeStream() {
  is_single_stream_ = true;
  has_content_ = HasFormat(ARCHIVE_FORMAT_RAW);  // the other one: nothing was packed
  if (ahead_ != nullptr) member_.mtime_ms = ahead_->decompressor().mtime_ms();
  return &member_;
}

const ArchiveMember* Unpacker::TakeMember(archive_entry* entry) {
  if (archive_entry_is_encrypted(entry)) {
    Break("the archive is encrypted; unpack it with its password and import the folder");
  }
  if (++members_ > limits_.most_members) {
    Break("the archive has more than " + std::to_string(limits_.most_members) +
          " members; unpack what is needed of it and import the folder");
  }
  member_ = MemberOf(entry, members_);
  if (std::max(member_.path.size(), member_.link_target.size()) > limits_.most_path_bytes) {
    Break("a name in the archive has more than " + std::to_string(limits_.most_path_bytes) +
          " bytes; unpack what is needed of it and import the folder");
  }
  has_content_ = true;
  return &member_;
}

// libarchive skips in one go, in which no limit is seen: where skipping means unpacking, this goes
// block by block. A member that can't be unpacked is no trouble as long as nobody wants it.
void Unpacker::SkipRest() {
  if (is_single_stream_) {
    at_end_ = true;
    return;
  }
  const bool is_tar = HasFormat(ARCHIVE_FORMAT_TAR);
  if (!IsCompressed() && input_->can_seek()) {
    if (is_tar) SkipTarMember();
    return;
  }
  const void* bytes;
  size_t size;
  la_int64_t offset;
  int result;
  while ((result = archive_read_data_block(archive_.get(), &bytes, &size, &offset)) == ARCHIVE_OK) {
    content_bytes_ += size;
    NoteBlock();
  }
  if (result == ARCHIVE_FATAL) Check(result);
  if (is_tar) SkipTarMember();
}

// To where the next member begins, which shows at the end whether there was an end mark.
void Unpacker::SkipTarMember() {
  const int result = archive_read_data_skip(archive_.get());
  if (result == ARCHIVE_EOF) throw Damage("unexpected end of file");
  if (result == ARCHIVE_FATAL) Check(result);
  member_end_ = FormatBytes();
}

void Unpacker::EndArchive() {
  at_end_ = true;
  if (HasFormat(ARCHIVE_FORMAT_TAR)) lacks_end_mark_ = FormatBytes() - member_end_ < kTarEndBytes;
  if (ahead_ == nullptr) return;
  while (!ReadBlock().empty()) NoteBlock();  // behind the end of what is packed in it
}

size_t Unpacker::ReadContent(char* bytes, size_t size) {
  if (broken_) std::rethrow_exception(broken_);
  if (!has_content_) return 0;
  try {
    const la_ssize_t count = archive_read_data(archive_.get(), bytes, size);
    Check(count);
    content_bytes_ += static_cast<uint64_t>(count);
    NoteBlock();
    return static_cast<size_t>(count);
  } catch (...) {
    broken_ = std::current_exception();
    throw;
  }
}

// Throws for a result of libarchive that tells an error. One that could be tried again (RETRY) is
// none: what comes next is not what the archive says.
void Unpacker::Check(int64_t result) {
  if (broken_) std::rethrow_exception(broken_);
  if (result >= ARCHIVE_OK) return;
  Fail(ErrorText(archive_.get()));
}

void Unpacker::Fail(std::string_view what) const {
  if (what.starts_with("Unsupported")) {
    Break("the archive is packed in a way that is not known here (" + std::string(what) +
          "); unpack it with another program and import the folder");
  }
  throw Damage(what);
}

// Of this archive alone: what its filters made, or what its members hold where that is more (zip).
uint64_t Unpacker::UnpackedBytes() const {
  return std::max(
      {content_bytes_, block_bytes_, static_cast<uint64_t>(std::max<int64_t>(FormatBytes(), 0))});
}

// To be called for every block: gigabytes of zeros may be the end of a tar, too.
void Unpacker::NoteBlock() {
  if (on_block_) on_block_();
  CheckLimits();
  const uint64_t unpacked = UnpackedBytes();
  for (Unpacker* outer = outer_; outer != nullptr; outer = outer->outer_) {
    outer->inner_bytes_ += unpacked - told_bytes_;
  }
  told_bytes_ = unpacked;
  for (const Unpacker* outer = outer_; outer != nullptr; outer = outer->outer_) {
    outer->CheckLimits();
  }
}

void Unpacker::CheckLimits() const {
  const uint64_t unpacked = UnpackedBytes() + inner_bytes_;
  const uint64_t read = ahead_ == nullptr ? input_->packed_bytes() : ahead_->packed_bytes();
  const uint64_t packed = std::max<uint64_t>(read, 1);
  if (unpacked <= limits_.free_bytes || unpacked / packed < limits_.most_ratio) return;
  Break("the file unpacks to more than " + std::to_string(limits_.most_ratio) +
        " times its size, as archives do that are made to fill disks; if this one is meant so, "
        "unpack it and import what was in it");
}

CaptureError Unpacker::Damage(std::string_view what) const {
  const bool is_archive = method_ == Method::kTar || method_ == Method::kZip ||
                          HasFormat(ARCHIVE_FORMAT_TAR) || HasFormat(ARCHIVE_FORMAT_ZIP);
  // Where it is cut early, what is in a compressed file is unknown.
  const std::string remedy =
      is_archive
          ? UnpackCommand(method_) + ", then the folder"
          : CatCommand(method_) + " | tcpsnap-ingest DB - (of a tar: " + UnpackCommand(method_) +
                ", then the folder)";
  return CaptureError(Trouble::kUnreadable,
                      std::string(is_archive ? "the archive" : "the compressed file") +
                          " is cut or damaged (" + std::string(what) +
                          "); import what can be unpacked: " + remedy);
}

// The one stream of a compressed file, whatever is in it.
class CompressedFile : public ByteSource {
 public:
  CompressedFile(std::unique_ptr<ByteSource> source, ArchiveLimits limits,
                 std::function<void()> on_block)
      : source_(std::move(source)),
        unpacker_(*source_, limits, Unpacker::Formats::kStream, std::move(on_block), nullptr) {
    unpacker_.Next();
  }
  size_t Read(char* bytes, size_t size) override { return unpacker_.content().Read(bytes, size); }
  void Rewind() override {}
  std::optional<uint64_t> Size() const override { return std::nullopt; }
  std::optional<uint64_t> RewindLimit() const override { return 0; }

 private:
  std::unique_ptr<ByteSource> source_;
  Unpacker unpacker_;
};

}  // namespace

struct ArchiveReader::State {
  Unpacker unpacker;
};

ArchiveReader::ArchiveReader(ByteSource& source, ArchiveLimits limits,
                             std::function<void()> on_block, ArchiveReader* outer)
    : state_(new State{Unpacker(source, limits, Unpacker::Formats::kAll, std::move(on_block),
                                outer == nullptr ? nullptr : &outer->state_->unpacker)}) {}
ArchiveReader::~ArchiveReader() = default;

bool ArchiveReader::is_single_stream() const { return state_->unpacker.is_single_stream(); }
const ArchiveMember* ArchiveReader::Next() { return state_->unpacker.Next(); }
ByteSource& ArchiveReader::content() { return state_->unpacker.content(); }
bool ArchiveReader::lacks_end_mark() const { return state_->unpacker.lacks_end_mark(); }

std::unique_ptr<ByteSource> OpenCompressed(std::unique_ptr<ByteSource> source, ArchiveLimits limits,
                                           std::function<void()> on_block) {
  return std::make_unique<CompressedFile>(std::move(source), limits, std::move(on_block));
}

}  // namespace tcpsnap::capture
