// What archives and compressed files hold, and what is said of those that can't be read.
#include "capture/archive.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <random>
#include <system_error>
#include <vector>

#include "capture/archive_maker.h"
#include "capture/archive_walk.h"
#include "capture/capture.h"
#include "capture/seekable_text.h"
#include "capture/text_source.h"
#include "support/catch.h"

namespace tcpsnap::capture {
namespace {

using testing::ArchiveKind;
using testing::Compress;
using testing::MadeMember;
using testing::MakeArchive;
using testing::SeekableText;
using testing::TextSource;
using Kind = ArchiveMember::Kind;

constexpr const char* kStored = "zip:compression=store";
constexpr const char* kEncrypted = "zip:encryption=zipcrypt";

struct Filter {
  std::string name;
  int code;
  bool checked;  // its data carries a checksum, and its end a mark
  std::string cat, unpack;
};
const std::vector<Filter> kFilters = {
    {"gz", ARCHIVE_FILTER_GZIP, true, "zcat FILE |", "tar xzf FILE"},
    {"bz2", ARCHIVE_FILTER_BZIP2, true, "bzcat FILE |", "tar xjf FILE"},
    {"xz", ARCHIVE_FILTER_XZ, true, "xzcat FILE |", "tar xJf FILE"},
    {"lzma", ARCHIVE_FILTER_LZMA, false, "lzcat FILE |", "tar --lzma -xf FILE"},
    {"zst", ARCHIVE_FILTER_ZSTD, false, "zstdcat FILE |", "tar --zstd -xf FILE"},
    {"lz4", ARCHIVE_FILTER_LZ4, true, "lz4cat FILE |", "tar -I lz4 -xf FILE"},
    {"Z", ARCHIVE_FILTER_COMPRESS, false, "zcat FILE |", "tar xZf FILE"},
};

// Lines that compress as captures do.
std::string Lines(size_t bytes, unsigned seed = 1) {
  std::mt19937 random(seed);
  std::string text;
  while (text.size() < bytes) {
    text += std::to_string(random()) + ": 0100007F:0CEA 00000000:0000 0A 00000000:00000000\n";
  }
  return text;
}

std::string ReadAll(ByteSource& source, size_t step = 50'000) {
  std::string text, buffer(step, '\0');
  while (const size_t count = source.Read(buffer.data(), buffer.size())) {
    text.append(buffer, 0, count);
  }
  return text;
}

void CheckContains(const std::string& text, const std::string& part) {
  INFO(text);
  CHECK(text.find(part) != text.npos);
}

// Puts the right checksum into the first header.
void SealTarHeader(std::string& tar) {
  tar.replace(148, 8, 8, ' ');
  unsigned sum = 0;
  for (size_t i = 0; i < 512; ++i) sum += static_cast<unsigned char>(tar[i]);
  for (size_t i = 148 + 6; i-- > 148; sum /= 8) tar[i] = static_cast<char>('0' + sum % 8);
  tar[148 + 6] = '\0';
}

struct Found {
  std::string path, content;
  friend bool operator==(const Found&, const Found&) = default;
};
struct Walked {
  std::vector<Found> members;
  std::string error;  // of the CaptureError that ended it; empty: none did
};

Walked Walk(ByteSource& source, ArchiveLimits limits = {}) {
  Walked walked;
  ArchiveReader reader(source, limits);
  try {
    while (const ArchiveMember* member = reader.Next()) {
      std::string path = member->path;
      walked.members.push_back({std::move(path), ReadAll(reader.content())});
    }
  } catch (const CaptureError& error) {
    CHECK(error.trouble() == Trouble::kUnreadable);
    walked.error = error.what();
    CHECK_THROWS_AS(reader.Next(), CaptureError);
  }
  return walked;
}

enum class Access : bool { kStream, kSeekable };

Walked Walk(const std::string& bytes, Access access, ArchiveLimits limits = {}) {
  if (access == Access::kSeekable) {
    SeekableText source(bytes);
    return Walk(source, limits);
  }
  TextSource source(bytes, 70'000);
  return Walk(source, limits);
}

const std::vector<MadeMember> kTree = {
    {"case/tcp.log", Lines(40'000, 2)}, {"case/empty", ""}, {"case/proc/net/tcp6", Lines(3000, 3)}};

std::vector<Found> Expected(const std::vector<MadeMember>& made) {
  std::vector<Found> members;
  for (const MadeMember& member : made) members.push_back({member.path, member.content});
  return members;
}

struct Named {
  std::string name;
  std::string bytes;
  bool checked;
  bool single;
};

// One of each kind.
std::vector<Named> AllKinds() {
  std::vector<Named> kinds;
  for (const Filter& filter : kFilters) {
    kinds.push_back({filter.name, Compress(Lines(60'000), filter.code), filter.checked, true});
    const ArchiveKind kind{.filter = filter.code};
    kinds.push_back({"tar." + filter.name, MakeArchive(kTree, kind), filter.checked, false});
  }
  kinds.push_back({"tar", MakeArchive(kTree, {}), false, false});
  kinds.push_back({"zip", MakeArchive(kTree, {.format = ARCHIVE_FORMAT_ZIP}), false, false});
  kinds.push_back({"stored zip",
                   MakeArchive(kTree, {.format = ARCHIVE_FORMAT_ZIP, .options = kStored}), false,
                   false});
  return kinds;
}

// Whether `walked` holds members of `whole` from the first on, the last of them complete or not.
bool IsBeginning(const std::vector<Found>& walked, const std::vector<Found>& whole) {
  if (walked.size() > whole.size()) return false;
  for (size_t i = 0; i < walked.size(); ++i) {
    if (walked[i].path != whole[i].path || !whole[i].content.starts_with(walked[i].content)) {
      return false;
    }
  }
  return true;
}

TEST_CASE("one compressed file is one member without a path") {
  const std::string text = Lines(700'000);
  for (const Filter& filter : kFilters) {
    INFO(filter.name);
    const std::string bytes = Compress(text, filter.code);
    CHECK(SniffPacking(bytes.substr(0, kSniffBytes)) == Packing::kCompressed);
    for (const Access access : {Access::kStream, Access::kSeekable}) {
      const Walked walked = Walk(bytes, access);
      CHECK(walked.error.empty());
      CHECK((walked.members == std::vector<Found>{{"", text}}));
    }
    TextSource source(bytes, 1000);
    ArchiveReader reader(source);
    REQUIRE(reader.Next() != nullptr);
    CHECK(reader.is_single_stream());
    CHECK_FALSE(reader.content().Size());
    CHECK(reader.content().RewindLimit() == 0u);
    CHECK(reader.Next() == nullptr);
    CHECK(reader.Next() == nullptr);
    CHECK(ReadAll(reader.content()).empty());
  }
}

TEST_CASE("a compressed file of nothing is one member of nothing") {
  for (const Filter& filter : kFilters) {
    if (filter.name == "Z") continue;  // the writer puts a byte into it
    INFO(filter.name);
    const std::string bytes = Compress("", filter.code);
    CHECK(SniffPacking(bytes) == Packing::kCompressed);
    const Walked walked = Walk(bytes, Access::kStream);
    CHECK(walked.error.empty());
    CHECK((walked.members == std::vector<Found>{{"", ""}}));
  }
}

TEST_CASE("a compressed file reads as its bytes, once") {
  const std::string text = Lines(300'000);
  for (const Filter& filter : kFilters) {
    INFO(filter.name);
    const auto source =
        OpenCompressed(std::make_unique<TextSource>(Compress(text, filter.code), 5000));
    CHECK_FALSE(source->Size());
    CHECK(source->RewindLimit() == 0u);
    std::string head(1000, '\0');
    CHECK(source->Read(head.data(), head.size()) == head.size());
    CHECK((head + ReadAll(*source) == text));
  }
  // A tar is bytes as well.
  const std::string tar = MakeArchive(kTree, {});
  const auto source = OpenCompressed(
      std::make_unique<SeekableText>(MakeArchive(kTree, {.filter = ARCHIVE_FILTER_GZIP})));
  CHECK((ReadAll(*source) == tar));
  CHECK_THROWS_AS(OpenCompressed(std::make_unique<SeekableText>("no archive")), CaptureError);
}

TEST_CASE("compressed files that were put together are read to their end") {
  const std::string first = Lines(100'000, 1), second = Lines(100'000, 2);
  for (const Filter& filter : kFilters) {
    // compress has no end, lzma no magic.
    if (filter.name == "Z" || filter.name == "lzma") continue;
    INFO(filter.name);
    // libarchive takes an lz4 frame of nothing for the end.
    const std::string nothing = filter.name == "lz4" ? "" : Compress("", filter.code);
    const Walked walked = Walk(
        Compress(first, filter.code) + nothing + Compress(second, filter.code), Access::kStream);
    CHECK(walked.error.empty());
    CHECK((walked.members == std::vector<Found>{{"", first + second}}));
  }
  const ArchiveKind gzip{.filter = ARCHIVE_FILTER_GZIP};
  const Walked tars =
      Walk(MakeArchive({{"a", "1"}}, gzip) + MakeArchive({{"b", "2"}}, gzip), Access::kStream);
  CHECK(tars.error.empty());
  CHECK((tars.members == std::vector<Found>{{"a", "1"}, {"b", "2"}}));
}

TEST_CASE("what follows a compressed file and is none is damage, but for zeros") {
  const std::string text = Lines(300'000);
  for (const Filter& filter : kFilters) {
    if (filter.name == "Z") continue;  // has no end
    for (const bool is_tar : {false, true}) {
      const std::string bytes = is_tar ? MakeArchive({{"a", text}}, {.filter = filter.code})
                                       : Compress(text, filter.code);
      const std::vector<Found> whole = {{is_tar ? "a" : "", text}};
      for (const std::string& tail :
           {std::string("\x1f"), std::string("garbage"), std::string("\x1fgarbage"),
            std::string(10'000, '\0') + "text", "garbage" + bytes, std::string(300'000, 'x')}) {
        for (const Access access : {Access::kStream, Access::kSeekable}) {
          INFO(filter.name << ", tar: " << is_tar << ", " << tail.size());
          const Walked walked = Walk(bytes + tail, access);
          CheckContains(walked.error, " is cut or damaged (");
          CHECK(IsBeginning(walked.members, whole));
        }
      }
      // xz has its own padding, of fours; zstd refuses any.
      if (filter.name == "zst") continue;
      for (const size_t zeros : {size_t{4}, size_t{512}, size_t{100'000}}) {
        INFO(filter.name << ", tar: " << is_tar << ", " << zeros << " zeros");
        const Walked walked = Walk(bytes + std::string(zeros, '\0'), Access::kStream);
        CHECK(walked.error.empty());
        CHECK((walked.members == whole));
      }
    }
  }
  const std::string gzip = Compress(text, ARCHIVE_FILTER_GZIP);
  CheckContains(Walk(gzip + "text", Access::kStream).error,
                "is cut or damaged (bytes behind its end that are no gzip)");
  CheckContains(Walk(Compress(text, ARCHIVE_FILTER_BZIP2) + "text", Access::kStream).error,
                "is cut or damaged (bytes behind its end that are no bzip2)");
  CheckContains(Walk(Compress("", ARCHIVE_FILTER_BZIP2) + "text", Access::kStream).error,
                "(bytes behind its end that are no bzip2)");
  const std::string zip = MakeArchive(kTree, {.format = ARCHIVE_FORMAT_ZIP});
  for (const int code : {ARCHIVE_FILTER_GZIP, ARCHIVE_FILTER_BZIP2}) {
    CheckContains(Walk(Compress(zip, code) + "text", Access::kStream).error,
                  "is cut or damaged (bytes behind its end that are no ");
  }
  // What looks like a further member is taken for one.
  CheckContains(Walk(gzip + gzip.substr(0, 5), Access::kStream).error, "(unexpected end of file)");
}

TEST_CASE("a compressed file of zeros is no archive") {
  for (const Filter& filter : kFilters) {
    INFO(filter.name);
    TextSource source(Compress(std::string(100'100, '\0'), filter.code), 1000);
    ArchiveReader reader(source);
    try {
      reader.Next();
      FAIL("no error");
    } catch (const CaptureError& error) {
      CHECK(error.trouble() == Trouble::kNoCapture);
      CHECK(std::string(error.what()) == "what is packed in the file is binary (NUL bytes)");
    }
  }
}

// What a reader says of the end of a tar, which it read, or skipped but for a byte.
bool LacksEndMark(ByteSource& source, bool read) {
  ArchiveReader reader(source);
  while (reader.Next() != nullptr) {
    char byte;
    if (read) {
      ReadAll(reader.content());
    } else {
      reader.content().Read(&byte, 1);
    }
  }
  return reader.lacks_end_mark();
}

TEST_CASE("a tar without an end mark says so") {
  std::vector<MadeMember> made = kTree;
  made.push_back({.path = "link", .content = "", .type = AE_IFLNK, .symlink = "case"});
  std::string tar = MakeArchive(made, {});
  tar.resize(tar.find_last_not_of('\0') / 512 * 512 + 512);
  for (const bool last_is_link : {true, false}) {
    if (!last_is_link) tar.resize(tar.size() - 512);
    for (const size_t zeros : {size_t{0}, size_t{512}, size_t{1024}, size_t{10'240}}) {
      const std::string bytes = tar + std::string(zeros, '\0');
      for (const bool read : {true, false}) {
        SeekableText plain(bytes);
        CHECK(LacksEndMark(plain, read) == (zeros < 1024));
        for (const Filter& filter : kFilters) {
          INFO(filter.name << ", " << zeros << ", read: " << read);
          TextSource source(Compress(bytes, filter.code), 3000);
          CHECK(LacksEndMark(source, read) == (zeros < 1024));
        }
      }
    }
  }
  for (const Named& kind : AllKinds()) {
    INFO(kind.name);
    SeekableText source(kind.bytes);
    CHECK_FALSE(LacksEndMark(source, false));
  }
}

TEST_CASE("the members of every kind of archive") {
  std::vector<Named> archives = AllKinds();
  std::erase_if(archives, [](const Named& kind) { return kind.single; });
  for (const int format :
       {ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FORMAT_TAR_GNUTAR, ARCHIVE_FORMAT_TAR_PAX_INTERCHANGE}) {
    archives.push_back({"tar " + std::to_string(format), MakeArchive(kTree, {format}), {}, false});
  }
  for (const Named& kind : archives) {
    INFO(kind.name);
    CHECK(SniffPacking(kind.bytes.substr(0, kSniffBytes)) != Packing::kNone);
    for (const Access access : {Access::kStream, Access::kSeekable}) {
      const Walked walked = Walk(kind.bytes, access);
      CHECK(walked.error.empty());
      CHECK((walked.members == Expected(kTree)));
    }
  }
}

TEST_CASE("members are skipped without being read") {
  for (const Named& kind : AllKinds()) {
    if (kind.single) continue;
    INFO(kind.name);
    SeekableText seekable(kind.bytes);
    TextSource stream(kind.bytes, 3000);
    for (ByteSource* source : std::initializer_list<ByteSource*>{&seekable, &stream}) {
      ArchiveReader reader(*source);
      std::vector<std::string> paths;
      std::string last;
      while (const ArchiveMember* member = reader.Next()) {
        paths.push_back(member->path);
        char byte;
        if (paths.size() == 1) CHECK(reader.content().Read(&byte, 1) == 1);  // begun, left off
        if (paths.size() == kTree.size()) last = ReadAll(reader.content());
      }
      CHECK((paths == std::vector{kTree[0].path, kTree[1].path, kTree[2].path}));
      CHECK((last == kTree[2].content));
      CHECK_FALSE(reader.is_single_stream());
    }
  }
}

// Counts what is read of a file.
class CountingText : public SeekableText {
 public:
  using SeekableText::SeekableText;
  size_t Read(char* bytes, size_t size) override {
    const size_t count = SeekableText::Read(bytes, size);
    read_bytes += count;
    return count;
  }
  size_t read_bytes = 0;
};

TEST_CASE("what is skipped of a file on disk is not read") {
  std::mt19937 random(1);
  std::string noise(8 << 20, '\0');
  for (char& byte : noise) byte = static_cast<char>(random());
  for (const int format : {ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FORMAT_ZIP}) {
    CountingText source(MakeArchive({{"noise", noise}, {"a", "text"}}, {format}));
    ArchiveReader reader(source);
    REQUIRE(reader.Next() != nullptr);
    REQUIRE(reader.Next() != nullptr);
    CHECK(ReadAll(reader.content()) == "text");
    CHECK(reader.Next() == nullptr);
    CHECK(source.read_bytes < noise.size() / 4);
  }
}

TEST_CASE("an archive in an archive is read where it lies") {
  for (const int inner : {ARCHIVE_FILTER_GZIP, ARCHIVE_FILTER_XZ, ARCHIVE_FILTER_NONE}) {
    const std::string nested = MakeArchive(kTree, {.filter = inner});
    const std::string bytes =
        MakeArchive({{"a", "1"}, {"b.tar.gz", nested}, {"c", "2"}}, {.filter = 0});
    TextSource source(bytes, 4000);
    ArchiveReader outer(source);
    REQUIRE(outer.Next() != nullptr);
    REQUIRE(outer.Next() != nullptr);
    CHECK(outer.content().Size() == nested.size());
    const Walked walked = Walk(outer.content());
    CHECK(walked.error.empty());
    CHECK((walked.members == Expected(kTree)));
    const ArchiveMember* last = outer.Next();
    REQUIRE(last != nullptr);
    CHECK(last->path == "c");
    CHECK(ReadAll(outer.content()) == "2");
  }
}

TEST_CASE("a look at a member's beginning") {
  TextSource source(MakeArchive(kTree, {.filter = ARCHIVE_FILTER_GZIP}), 4000);
  ArchiveReader reader(source);
  REQUIRE(reader.Next() != nullptr);
  PeekedSource peeked(reader.content(), 100);
  CHECK(peeked.head() == kTree[0].content.substr(0, 100));
  CHECK(peeked.Size() == kTree[0].content.size());
  CHECK((ReadAll(peeked) == kTree[0].content));
}

TEST_CASE("links, folders and times") {
  const std::vector<MadeMember> made = {
      {.path = "d/", .content = "", .type = AE_IFDIR},
      {.path = "./d/tcp", .content = "text", .mtime = 1'763'797'027},
      {.path = "d/net", .content = "", .type = AE_IFLNK, .symlink = "self/net"},
      {.path = "d/same", .content = "", .hard_link = "./d/tcp"},
      {.path = "d/pipe", .content = "", .type = AE_IFIFO},
      {.path = "./", .content = "", .type = AE_IFDIR}};
  TextSource source(MakeArchive(made, {}), 4000);
  ArchiveReader reader(source);
  std::vector<ArchiveMember> members;
  while (const ArchiveMember* member = reader.Next()) members.push_back(*member);
  REQUIRE(members.size() == 6);
  CHECK(members[0].kind == Kind::kFolder);
  CHECK(members[0].path == "d/");
  CHECK_FALSE(members[0].mtime_ms);
  CHECK(members[1].kind == Kind::kFile);
  CHECK(members[1].path == "d/tcp");
  CHECK(members[1].mtime_ms == 1'763'797'027'000);
  CHECK(members[1].bytes == 4u);
  CHECK(members[2].kind == Kind::kLink);
  CHECK(members[2].link_target == "self/net");
  CHECK_FALSE(members[2].hard_link);
  CHECK(members[3].kind == Kind::kLink);
  CHECK(members[3].hard_link);
  CHECK(members[3].link_target == "d/tcp");
  CHECK(members[4].kind == Kind::kOther);
  CHECK(members[5].path == ".");
}

TEST_CASE("a gzip file's time is the one of what was packed") {
  std::string bytes = Compress("text\n", ARCHIVE_FILTER_GZIP, "gzip:!timestamp");
  bytes.replace(4, 4, "\x63\x68\x21\x69");  // 0x69216863
  TextSource source(bytes, 100);
  ArchiveReader reader(source);
  const ArchiveMember* member = reader.Next();
  REQUIRE(member != nullptr);
  CHECK(member->mtime_ms == int64_t{0x69216863} * 1000);
}

TEST_CASE("names that lead out of the archive are names, and nothing is written") {
  const std::filesystem::path here = std::filesystem::current_path();
  const auto count_files = [&] {
    return std::distance(std::filesystem::directory_iterator(here), {});
  };
  const auto before = count_files();
  const std::vector<MadeMember> made = {{"../archive_test_out", "1"},
                                        {"/tmp/archive_test_out", "2"},
                                        {"archive_test_out", "3"},
                                        {"h\xc3\xa9llo", "4"},
                                        {"h\xe9llo", "5"}};
  for (const int format : {ARCHIVE_FORMAT_TAR_GNUTAR, ARCHIVE_FORMAT_ZIP}) {
    const Walked walked = Walk(MakeArchive(made, {format}), Access::kSeekable);
    CHECK(walked.error.empty());
    CHECK((walked.members == Expected(made)));
  }
  CHECK(count_files() == before);
  CHECK_FALSE(std::filesystem::exists(here / "../archive_test_out"));
  CHECK_FALSE(std::filesystem::exists("/tmp/archive_test_out"));
}

TEST_CASE("names of a pax archive keep their bytes") {
  // pax's own header has them in UTF-8, which libarchive would make text of the locale of.
  std::string long_name = "h\xc3\xa9llo";
  while (long_name.size() < 300) long_name += "/h\xc3\xa9llo";
  const std::string pax = "path=" + long_name + "\n";
  const std::string record = std::to_string(pax.size() + 4) + " " + pax;
  std::string bytes =
      MakeArchive({{"PaxHeader", record}, {"short", "text"}}, {ARCHIVE_FORMAT_TAR_USTAR});
  // The first header becomes one of type x.
  bytes[156] = 'x';
  SealTarHeader(bytes);
  const Walked walked = Walk(bytes, Access::kStream);
  CHECK(walked.error.empty());
  CHECK((walked.members == std::vector<Found>{{long_name, "text"}}));
}

TEST_CASE("archives without members") {
  for (const ArchiveKind& kind :
       {ArchiveKind{}, ArchiveKind{.filter = ARCHIVE_FILTER_GZIP},
        ArchiveKind{.filter = ARCHIVE_FILTER_XZ}, ArchiveKind{.format = ARCHIVE_FORMAT_ZIP}}) {
    const std::string bytes = MakeArchive({}, kind);
    // 1024 zeros are no archive by themselves: a file of nothing but zeros is more often damage.
    if (SniffPacking(bytes) == Packing::kNone) {
      CHECK(bytes == std::string(1024, '\0'));
      continue;
    }
    for (const Access access : {Access::kStream, Access::kSeekable}) {
      const Walked walked = Walk(bytes, access);
      CHECK(walked.error.empty());
      CHECK(walked.members.empty());
    }
  }
}

TEST_CASE("a cut archive says so") {
  for (const Named& kind : AllKinds()) {
    const std::vector<Found> whole = Walk(kind.bytes, Access::kStream).members;
    for (size_t sixteenth = 0; sixteenth < 16; ++sixteenth) {
      const std::string cut = kind.bytes.substr(0, kind.bytes.size() * sixteenth / 16);
      for (const Access access : {Access::kStream, Access::kSeekable}) {
        INFO(kind.name << ", " << sixteenth << "/16, seekable: " << (access == Access::kSeekable));
        const Walked walked = Walk(cut, access);
        CHECK(IsBeginning(walked.members, whole));
        // compress, tar and the members of a zip end anywhere.
        const bool ends_anywhere =
            kind.name.ends_with("Z") || kind.name == "tar" || kind.name.ends_with("zip");
        if (!ends_anywhere) CHECK_FALSE(walked.error.empty());
      }
    }
    // The last byte of those that can tell.
    if (kind.checked) {
      const Walked walked = Walk(kind.bytes.substr(0, kind.bytes.size() - 1), Access::kStream);
      INFO(kind.name << ": " << walked.error);
      CHECK_FALSE(walked.error.empty());
    }
  }
}

TEST_CASE("what to do about a cut archive") {
  const auto error_of = [](std::string bytes) {
    bytes.resize(bytes.size() * 3 / 4);
    return Walk(bytes, Access::kStream).error;
  };
  for (const Filter& filter : kFilters) {
    if (filter.name == "Z") continue;
    INFO(filter.name);
    // Small blocks, so that something can be unpacked.
    const char* options = filter.name == "bz2"   ? "bzip2:compression-level=1"
                          : filter.name == "lz4" ? "lz4:block-size=4"
                                                 : nullptr;
    const std::string single = error_of(Compress(Lines(500'000), filter.code, options));
    CheckContains(single, "the compressed file is cut or damaged (");
    CheckContains(single, "import what can be unpacked: " + filter.cat + " tcpsnap-ingest DB -");
    const std::string tar = error_of(MakeArchive({{"a", "1"}, {"tcp.log", Lines(500'000)}},
                                                 {.filter = filter.code, .options = options}));
    CheckContains(tar, "the archive is cut or damaged (");
    CheckContains(tar, "import what can be unpacked: " + filter.unpack + ", then the folder");
  }
  CheckContains(error_of(MakeArchive(kTree, {})), "tar xf FILE, then the folder");
  CheckContains(error_of(MakeArchive({{"a", Lines(50'000)}}, {.format = ARCHIVE_FORMAT_ZIP})),
                "unzip FILE, then the folder");
  CheckContains(Walk("no archive\n", Access::kStream).error, "this is no archive");
  CheckContains(Walk("", Access::kSeekable).error, "this is no archive");
}

TEST_CASE("a changed byte is an error or changes nothing that was packed") {
  std::mt19937 random(3);
  for (const Named& kind : AllKinds()) {
    const std::vector<Found> whole = Walk(kind.bytes, Access::kStream).members;
    for (int round = 0; round < 60; ++round) {
      std::string bytes = kind.bytes;
      // The headers get every other change.
      const size_t at = random() % (round % 2 == 0 ? bytes.size() : size_t{40});
      bytes[at] = static_cast<char>(bytes[at] + static_cast<int>(1 + random() % 255));
      for (const Access access : {Access::kStream, Access::kSeekable}) {
        INFO(kind.name << ", byte " << at << " of " << bytes.size());
        const Walked walked = Walk(bytes, access, {.free_bytes = 64 << 20});
        if (kind.checked && walked.error.empty()) CHECK((walked.members == whole));
      }
    }
  }
}

TEST_CASE("a gzip file whose checksum is wrong is damaged") {
  std::string bytes = Compress("0: 0100007F:0CEA\n", ARCHIVE_FILTER_GZIP);
  bytes[bytes.size() - 8] ^= 1;
  CHECK(Walk(bytes, Access::kStream).error ==
        "the compressed file is cut or damaged (incorrect data check); import what can be "
        "unpacked: zcat FILE | tcpsnap-ingest DB - (of a tar: tar xzf FILE, then the folder)");
}

TEST_CASE("an archive that is made to fill disks is left") {
  const std::string zeros(16 << 20, '\0');
  const std::string text(16 << 20, 'x');
  const ArchiveLimits limits{.free_bytes = 1 << 20, .most_ratio = 50};
  std::vector<std::string> bombs;
  for (const Filter& filter : kFilters) {
    if (filter.name == "Z") continue;
    bombs.push_back(Compress(zeros, filter.code));
    bombs.push_back(Compress(text, filter.code));
    bombs.push_back(MakeArchive({{"a", text}, {"b", "1"}}, {.filter = filter.code}));
  }
  bombs.push_back(MakeArchive({{"a", text}, {"b", "1"}}, {.format = ARCHIVE_FORMAT_ZIP}));
  for (const std::string& bomb : bombs) {
    const std::string error = Walk(bomb, Access::kStream, limits).error;
    CheckContains(error, "the file unpacks to more than 50 times");
    CHECK(Walk(bomb, Access::kSeekable, limits).error == error);
  }
  // Skipping unpacks as well.
  TextSource source(MakeArchive({{"a", text}, {"b", "1"}}, {.filter = ARCHIVE_FILTER_GZIP}), 4000);
  ArchiveReader reader(source, limits);
  REQUIRE(reader.Next() != nullptr);
  CHECK_THROWS_AS(reader.Next(), CaptureError);
  // Below free_bytes no ratio counts.
  CHECK(Walk(bombs[1], Access::kStream, {.free_bytes = 20 << 20, .most_ratio = 50}).error.empty());
}

TEST_CASE("what inner archives unpack to counts for the outer one") {
  // Each layer by itself stays below the ratio.
  const std::string text = Lines(1 << 20);
  std::string repeated;
  for (int i = 0; i < 8; ++i) repeated += text;
  const std::string inner = MakeArchive({{"a", repeated}}, {.filter = ARCHIVE_FILTER_XZ});
  const std::vector<MadeMember> copies(20, {"b.tar.xz", inner});
  const std::string bytes = MakeArchive(copies, {.filter = ARCHIVE_FILTER_XZ});
  const ArchiveLimits limits{.free_bytes = 10 << 20, .most_ratio = 100};
  REQUIRE(repeated.size() / inner.size() < limits.most_ratio);
  REQUIRE(inner.size() * copies.size() / bytes.size() < limits.most_ratio);
  TextSource source(bytes, 4000);
  ArchiveReader outer(source, limits);
  uint64_t unpacked = 0;
  std::string error, again;
  try {
    while (outer.Next() != nullptr) {
      ArchiveReader reader(outer.content(), limits, {}, &outer);
      try {
        while (reader.Next() != nullptr) unpacked += ReadAll(reader.content()).size();
      } catch (const CaptureError& inner_error) {
        error = inner_error.what();
      }
    }
  } catch (const CaptureError& outer_error) {
    again = outer_error.what();
  }
  CheckContains(error, "the file unpacks to more than 100 times");
  CHECK(again == error);
  CHECK(unpacked <= std::max<uint64_t>(limits.free_bytes, limits.most_ratio * bytes.size()));
}

struct Stop {};

TEST_CASE("each block that is unpacked is heard of, skipped ones too") {
  const std::string zeros(32 << 20, '\0');
  for (const Filter& filter : kFilters) {
    if (filter.name == "Z") continue;
    INFO(filter.name);
    const std::string bytes = MakeArchive({{"a", zeros}, {"b", "1"}}, {.filter = filter.code});
    TextSource source(bytes, 1 << 20);
    int blocks = 0;
    ArchiveReader reader(source, {}, [&] { ++blocks; });
    REQUIRE(reader.Next() != nullptr);
    blocks = 0;
    REQUIRE(reader.Next() != nullptr);
    CHECK(blocks > 20);
    // What it throws ends the reading, and comes out as it is.
    TextSource stopped_source(bytes, 1 << 20);
    bool stop = false;
    ArchiveReader stopped(stopped_source, {}, [&] {
      if (stop) throw Stop();
    });
    REQUIRE(stopped.Next() != nullptr);
    stop = true;
    CHECK_THROWS_AS(stopped.Next(), Stop);
  }
}

TEST_CASE("too many members and too long names") {
  const std::string bytes = MakeArchive(kTree, {});
  CHECK(Walk(bytes, Access::kStream, {.most_members = 3}).error.empty());
  CheckContains(Walk(bytes, Access::kStream, {.most_members = 2}).error,
                "the archive has more than 2 members");
  CheckContains(Walk(bytes, Access::kStream, {.most_path_bytes = 11}).error,
                "a name in the archive has more than 11 bytes");
}

TEST_CASE("an encrypted archive says what to do") {
  const std::string bytes = MakeArchive(
      kTree, {.format = ARCHIVE_FORMAT_ZIP, .options = kEncrypted, .passphrase = "secret"});
  for (const Access access : {Access::kStream, Access::kSeekable}) {
    const Walked walked = Walk(bytes, access);
    CHECK(walked.error ==
          "the archive is encrypted; unpack it with its password and import the folder");
    CHECK(walked.members.empty());
  }
}

TEST_CASE("a member that is packed in an unknown way fails only when it is wanted") {
  std::string bytes = MakeArchive({{"a", Lines(5000)}, {"b", "text"}},
                                  {.format = ARCHIVE_FORMAT_ZIP, .options = kStored});
  bytes[8] = 10;  // PKWARE's implode, in the local header and in the directory
  bytes[bytes.find("PK\x01\x02") + 10] = 10;
  CheckContains(Walk(bytes, Access::kSeekable).error,
                "the archive is packed in a way that is not known here");
  SeekableText source(bytes);
  ArchiveReader reader(source);
  REQUIRE(reader.Next() != nullptr);
  REQUIRE(reader.Next() != nullptr);
  CHECK(ReadAll(reader.content()) == "text");
  CHECK(reader.Next() == nullptr);
}

// Fails in the midst.
class BrokenSource : public ByteSource {
 public:
  BrokenSource(std::string text, size_t good) : text_(std::move(text)), good_(good) {}
  size_t Read(char* bytes, size_t size) override {
    const size_t count = std::min({size, size_t{1000}, good_ - next_});
    if (count == 0) throw std::system_error(EIO, std::generic_category());
    text_.copy(bytes, count, next_);
    next_ += count;
    return count;
  }
  void Rewind() override { next_ = 0; }
  std::optional<uint64_t> Size() const override { return std::nullopt; }
  std::optional<uint64_t> RewindLimit() const override { return std::nullopt; }

 private:
  std::string text_;
  size_t good_;
  size_t next_ = 0;
};

TEST_CASE("the source's own failure passes through") {
  for (const Named& kind : AllKinds()) {
    INFO(kind.name);
    for (const size_t good : {size_t{0}, size_t{100}, kind.bytes.size() / 2}) {
      BrokenSource source(kind.bytes, good);
      CHECK_THROWS_AS(Walk(source), std::system_error);
    }
  }
  BrokenSource source(MakeArchive(kTree, {}), 5000);
  ArchiveReader reader(source);
  CHECK(reader.Next() != nullptr);
  CHECK_THROWS_AS(ReadAll(reader.content()), std::system_error);
  CHECK_THROWS_AS(ReadAll(reader.content()), std::system_error);
  CHECK_THROWS_AS(reader.Next(), std::system_error);
}

// More than is unpacked without a thread of its own.
TEST_CASE("large files are as small ones: whole, cut, damaged, and with a source that fails") {
  const std::string text = Lines(2'000'000);
  const std::vector<MadeMember> made = {
      {"a", text.substr(0, 1'000'000)}, {"b", text.substr(1'000'000)}, {"c", "1"}};
  for (const Filter& filter : kFilters) {
    // Small blocks, so that something can be unpacked.
    const char* options = filter.name == "bz2"   ? "bzip2:compression-level=1"
                          : filter.name == "lz4" ? "lz4:block-size=4"
                          : filter.name == "xz"  ? "xz:compression-level=1"
                                                 : nullptr;
    const ArchiveKind kind{.filter = filter.code, .options = options};
    for (const bool is_tar : {false, true}) {
      INFO(filter.name << ", tar: " << is_tar);
      const std::string bytes =
          is_tar ? MakeArchive(made, kind) : Compress(text, filter.code, options);
      const std::vector<Found> whole = is_tar ? Expected(made) : std::vector<Found>{{"", text}};
      CHECK((Walk(bytes, Access::kSeekable).members == whole));
      const auto unpacked = [&](ByteSource& source, bool fails) {
        std::string found;
        ArchiveReader reader(source);
        try {
          char buffer[5000];
          while (reader.Next() != nullptr) {
            while (const size_t count = reader.content().Read(buffer, sizeof buffer)) {
              found.append(buffer, count);
            }
          }
          CHECK_FALSE(fails);
        } catch (const CaptureError& error) {
          CheckContains(error.what(), "is cut or damaged (");
        } catch (const std::system_error&) {
        }
        return found;
      };
      const auto is_beginning = [&](const std::string& found) {
        return found.size() > text.size() / 2 && text.starts_with(found);
      };
      const size_t most = bytes.size() * 15 / 16;
      // compress has no end; a tar in it has one.
      TextSource cut(bytes.substr(0, most), 70'000);
      CHECK(is_beginning(unpacked(cut, filter.name != "Z" || is_tar)));
      BrokenSource broken(bytes, most);
      CHECK(is_beginning(unpacked(broken, true)));
      if (filter.checked) {
        std::string changed = bytes;
        changed[most] ^= 0x10;
        TextSource damaged(changed, 70'000);
        CHECK(unpacked(damaged, true).size() > text.size() / 2);
      }
      // Left in the midst.
      TextSource left(bytes, 70'000);
      ArchiveReader reader(left);
      REQUIRE(reader.Next() != nullptr);
      PeekedSource(reader.content(), 900'000);
      reader.Next();
    }
  }
}

TEST_CASE("large archives in an archive that is compressed are read where they lie") {
  const std::string text = Lines(1'500'000);
  std::vector<MadeMember> made;
  for (const Filter& filter : kFilters) made.push_back({filter.name, Compress(text, filter.code)});
  for (const int code : {ARCHIVE_FILTER_GZIP, ARCHIVE_FILTER_ZSTD}) {
    SeekableText source(MakeArchive(made, {.filter = code}));
    ArchiveReader outer(source);
    size_t members = 0;
    while (outer.Next() != nullptr) {
      ++members;
      ArchiveReader inner(outer.content(), {}, {}, &outer);
      REQUIRE(inner.Next() != nullptr);
      CHECK((ReadAll(inner.content()) == text));
    }
    CHECK(members == kFilters.size());
  }
}

TEST_CASE("text is never taken for packed") {
  for (const std::string& text :
       {std::string(), std::string("\n"), std::string("PK\n"), std::string("PK34 is no archive\n"),
        std::string("BZh91 is no bzip2\n"), std::string("]\n"), std::string("P*M is no frame\n"),
        Lines(2000), std::string(2000, ' '), std::string(2000, '0')}) {
    CHECK(SniffPacking(std::string_view(text).substr(0, kSniffBytes)) == Packing::kNone);
  }
  std::string ustar = Lines(1000);
  ustar.replace(257, 8, "ustar 00");
  CHECK(SniffPacking(ustar.substr(0, kSniffBytes)) == Packing::kNone);
  // Random bytes without control characters, the beginnings of all magics among them.
  std::mt19937 random(5);
  for (int round = 0; round < 20'000; ++round) {
    std::string text(kSniffBytes, '\0');
    for (char& byte : text) byte = static_cast<char>(0x20 + random() % 0xe0);
    const std::string_view starts[] = {"BZh9", "PK", "]", "P*M", "BZh91AY&S."};
    const std::string_view start = starts[random() % std::size(starts)];
    text.replace(0, start.size(), start);
    CHECK(SniffPacking(text) == Packing::kNone);
  }
}

TEST_CASE("the packings that no writer here makes") {
  using std::string_literals::operator""s;
  const std::string zstd = Compress("text", ARCHIVE_FILTER_ZSTD);
  const std::string skipped = "\x50\x2a\x4d\x18\x04\0\0\0abcd"s + zstd;
  CHECK(SniffPacking(skipped) == Packing::kCompressed);
  CHECK((Walk(skipped, Access::kStream).members == std::vector<Found>{{"", "text"}}));
  CHECK(SniffPacking("\x50\x2a\x4d\x18\x04\0\0\0abcdtext"s) == Packing::kNone);
  CHECK(SniffPacking("\x5f\x2a\x4d\x18\xff\xff\0\0abcd"s) == Packing::kCompressed);
  // The tar of 1979: no magic, a checksum.
  std::string tar = MakeArchive({{"a", "text"}}, {ARCHIVE_FORMAT_TAR_USTAR});
  std::fill(tar.begin() + 257, tar.begin() + 512, '\0');
  CHECK(SniffPacking(tar.substr(0, kSniffBytes)) == Packing::kNone);
  SealTarHeader(tar);
  CHECK(SniffPacking(tar.substr(0, kSniffBytes)) == Packing::kArchive);
  CHECK((Walk(tar, Access::kStream).members == std::vector<Found>{{"a", "text"}}));
}

}  // namespace
}  // namespace tcpsnap::capture
