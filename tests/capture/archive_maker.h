// Archives for tests, made in memory by libarchive's writer.
#pragma once

#include <archive.h>
#include <archive_entry.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace tcpsnap::testing {

struct MadeMember {
  std::string path;
  std::string content;
  mode_t type = AE_IFREG;
  std::string symlink = {};
  std::string hard_link = {};
  time_t mtime = 0;
  bool size_known = true;
};

struct ArchiveKind {
  int format = ARCHIVE_FORMAT_TAR_PAX_RESTRICTED;
  int filter = ARCHIVE_FILTER_NONE;
  const char* options = nullptr;     ///< "zip:compression=store"
  const char* passphrase = nullptr;  ///< with "zip:encryption=..." among the options
};

inline void WriteMember(archive* made, const MadeMember& member) {
  const std::unique_ptr<archive_entry, void (*)(archive_entry*)> entry(archive_entry_new(),
                                                                       archive_entry_free);
  archive_entry_set_pathname(entry.get(), member.path.c_str());
  archive_entry_set_filetype(entry.get(), member.type);
  archive_entry_set_perm(entry.get(), 0644);
  archive_entry_set_mtime(entry.get(), member.mtime, 0);
  if (member.size_known) {
    archive_entry_set_size(entry.get(), static_cast<la_int64_t>(member.content.size()));
  }
  if (!member.symlink.empty()) archive_entry_set_symlink(entry.get(), member.symlink.c_str());
  if (!member.hard_link.empty()) archive_entry_set_hardlink(entry.get(), member.hard_link.c_str());
  if (archive_write_header(made, entry.get()) < ARCHIVE_WARN ||
      archive_write_data(made, member.content.data(), member.content.size()) < 0) {
    throw std::runtime_error(archive_error_string(made));
  }
}

inline std::string MakeArchive(const std::vector<MadeMember>& members, const ArchiveKind& kind) {
  std::string bytes;
  const std::unique_ptr<archive, int (*)(archive*)> made(archive_write_new(), archive_write_free);
  const auto take = [](archive*, void* to, const void* data, size_t size) {
    static_cast<std::string*>(to)->append(static_cast<const char*>(data), size);
    return static_cast<la_ssize_t>(size);
  };
  archive_write_set_bytes_in_last_block(made.get(), 1);
  if (archive_write_set_format(made.get(), kind.format) != ARCHIVE_OK ||
      archive_write_add_filter(made.get(), kind.filter) != ARCHIVE_OK ||
      archive_write_set_options(made.get(), kind.options) != ARCHIVE_OK ||
      (kind.passphrase != nullptr &&
       archive_write_set_passphrase(made.get(), kind.passphrase) != ARCHIVE_OK) ||
      archive_write_open(made.get(), &bytes, nullptr, take, nullptr) != ARCHIVE_OK) {
    throw std::runtime_error(archive_error_string(made.get()));
  }
  for (const MadeMember& member : members) WriteMember(made.get(), member);
  if (archive_write_close(made.get()) != ARCHIVE_OK) {
    throw std::runtime_error(archive_error_string(made.get()));
  }
  return bytes;
}

/// One compressed file.
inline std::string Compress(const std::string& content, int filter, const char* options = nullptr) {
  // libarchive 3.6 crashes where it would have to write an lz4 file of nothing: `lz4 </dev/null`.
  if (content.empty() && filter == ARCHIVE_FILTER_LZ4) {
    return std::string("\x04\x22\x4d\x18\x64\x40\xa7\0\0\0\0\x05\x5d\xcc\x02", 15);
  }
  return MakeArchive({{"", content}}, {ARCHIVE_FORMAT_RAW, filter, options});
}

}  // namespace tcpsnap::testing
