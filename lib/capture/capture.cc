#include "capture/capture.h"

#include <algorithm>
#include <memory>
#include <new>
#include <set>
#include <system_error>
#include <utility>

#include "capture/archive.h"
#include "capture/archive_index.h"
#include "capture/byte_source.h"
#include "capture/clock_plan.h"
#include "capture/file_reader.h"
#include "capture/proc_tree.h"
#include "capture/rewind_buffer.h"
#include "capture/survey.h"
#include "capture/text_opening.h"
#include "capture/walk.h"

namespace tcpsnap::capture {
namespace {

// Tells of each block that is read.
class Metered : public ByteSource {
 public:
  Metered(std::unique_ptr<ByteSource> source, std::function<void(uint64_t position)> on_read)
      : source_(std::move(source)), on_read_(std::move(on_read)) {}
  size_t Read(char* bytes, size_t size) override {
    const size_t count = source_->Read(bytes, size);
    position_ += count;
    on_read_(position_);
    return count;
  }
  void Rewind() override {
    source_->Rewind();
    position_ = 0;
  }
  std::optional<uint64_t> Size() const override { return source_->Size(); }
  std::optional<uint64_t> RewindLimit() const override { return source_->RewindLimit(); }
  bool Seek(uint64_t offset) override {
    if (!source_->Seek(offset)) return false;
    position_ = offset;
    return true;
  }

 private:
  std::unique_ptr<ByteSource> source_;
  std::function<void(uint64_t)> on_read_;
  uint64_t position_ = 0;
};

// A compressed file on disk: going back is beginning anew.
class CompressedFile : public ByteSource {
 public:
  CompressedFile(std::function<std::unique_ptr<ByteSource>()> open, std::function<void()> on_block)
      : open_(std::move(open)),
        on_block_(std::move(on_block)),
        source_(OpenCompressed(open_(), {}, on_block_)) {}
  size_t Read(char* bytes, size_t size) override { return source_->Read(bytes, size); }
  void Rewind() override { source_ = OpenCompressed(open_(), {}, on_block_); }
  std::optional<uint64_t> Size() const override { return std::nullopt; }
  std::optional<uint64_t> RewindLimit() const override { return std::nullopt; }

 private:
  std::function<std::unique_ptr<ByteSource>()> open_;
  std::function<void()> on_block_;
  std::unique_ptr<ByteSource> source_;
};

class CaptureReader {
 public:
  CaptureReader(const CaptureSettings& settings, CaptureSink& sink)
      : settings_(settings), sink_(sink), bundles_("", settings.zone) {}
  void ReadAll(const std::vector<std::string>& paths);

 private:
  /// A file whose byte order the others must show.
  struct Later {
    FoundFile file;
    std::unique_ptr<ArchiveIndex> index;  // of an archive
  };

  void LookAtTree(const FoundFiles& found);
  void LookAtTable(const FoundFile& file);
  void ReadFirst(const FoundFile& file);
  void ReadLater(Later& later);
  template <typename Read>
  void Guard(const FoundFile& file, Read read);
  void FailToRead(const FoundFile& file, std::string message);
  bool IsPartOfBundle(const std::string& path, const CaptureError& error) const;
  std::unique_ptr<ByteSource> Open(const FoundFile& file);
  std::function<void()> OnBlock();
  bool IsCopy(const FoundFile& file, std::string& netns);
  void ReadPacked(const FoundFile& file, std::unique_ptr<ByteSource> source);
  void ReadText(const FoundFile& file, std::unique_ptr<ByteSource> source, bool may_wait);
  std::unique_ptr<ByteSource> SurveyText(std::unique_ptr<ByteSource>& source,
                                         const std::string& head, FileToRead& file);
  void ReadArchive(ByteSource& source, ArchiveIndex& index);
  void AddVotes(const OrderVotes& votes);
  bool IsOrderUnknown(const FileFacts& facts, const OrderVotes& votes) const;

  const CaptureSettings& settings_;
  CaptureSink& sink_;
  Bundles bundles_;               // of the files on disk
  ProcTrees trees_;               // of the files on disk
  std::set<std::string> tables_;  // that trees_ knows
  std::vector<Later> later_;
  OrderVotes run_votes_;
  uint64_t bytes_done_ = 0;
  uint64_t bytes_total_ = 0;
  uint64_t last_done_ = 0;            // what the sink heard of
  double part_begin_ = 0, part_ = 1;  // of the file that is read: the pass that is under way
  uint64_t file_bytes_ = 0;
  bool assumed_order_ = false;
  bool began_ = false;  // to tell the sink of this file
};

void CaptureReader::ReadAll(const std::vector<std::string>& paths) {
  const FoundFiles found = FindFiles(paths);
  for (const FoundFile& file : found.files) bytes_total_ += file.bytes;
  LookAtTree(found);
  for (const auto& [path, error] : found.failures) {
    sink_.Failed(path, error, !IsPartOfBundle(path + "/", error));
  }
  for (const FoundFile& file : found.files) {
    Guard(file, [&] { ReadFirst(file); });
  }
  for (Later& later : later_) {
    bytes_done_ -= std::min(bytes_done_, later.file.bytes);
    Guard(later.file, [&] { ReadLater(later); });
  }
  if (assumed_order_) {
    sink_.Warn(
        "nothing shows the byte order of some dumps: taken as little endian (x86, ARM); say "
        "--byte-order big if the machine was another");
  }
}

// What the small files and the links of bundles tell, before any dump is read.
void CaptureReader::LookAtTree(const FoundFiles& found) {
  for (const FoundLink& link : found.links) trees_.AddLink(link.path, link.target);
  for (const FoundFile& file : found.files) {
    sink_.Advance(0, bytes_total_);
    bundles_.AddPath(file.path);
    try {
      if (Bundles::TellsSomething(file.path)) {
        bundles_.AddFact(file.path, ReadHead(*OpenSource(file.path), kFactFileBytes));
      } else if (ReadProcPath(file.path)) {
        LookAtTable(file);
      }
    } catch (const std::system_error&) {
      // It is met again when it is read.
    } catch (const std::bad_alloc&) {
    } catch (const CaptureError&) {
    }
  }
}

void CaptureReader::LookAtTable(const FoundFile& file) {
  const std::unique_ptr<ByteSource> source = OpenSource(file.path);
  SurveySettings survey;
  survey.on_read = [this](size_t) { sink_.Advance(0, bytes_total_); };
  survey.on_dump = [&](const FoundDump& dump) {
    // A table without even a header is that of a process that was gone.
    if ((dump.has_header || !dump.records.empty()) && tables_.insert(file.path).second) {
      trees_.AddTable(file.path, dump.records);
    }
  };
  SurveySource(*source, MakeSplitSettings(settings_), survey);
}

template <typename Read>
void CaptureReader::Guard(const FoundFile& file, Read read) {
  const uint64_t done_before = bytes_done_;
  began_ = false;
  part_begin_ = 0;
  part_ = 1;
  file_bytes_ = file.bytes;
  try {
    read();
  } catch (const CaptureError& error) {
    // A file that tells something of its bundle was read for that.
    const bool told = error.trouble() == Trouble::kNoCapture && Bundles::TellsSomething(file.path);
    const bool named = file.named && !IsPartOfBundle(file.path, error);
    if (!told) sink_.Failed(file.path, error, named);
  } catch (const std::system_error& error) {
    if (error.code() == std::errc::interrupted) throw ReadInterrupted(file.path);
    FailToRead(file, error.code().message());
  } catch (const std::bad_alloc& error) {
    FailToRead(file, "needs too much memory (" + std::string(error.what()) + ")");
  }
  bytes_done_ = done_before + file.bytes;
}

void CaptureReader::FailToRead(const FoundFile& file, std::string message) {
  if (began_) {
    message += "; if a part of it was imported, it is marked as interrupted: import it again";
  }
  sink_.Failed(file.path, CaptureError(Trouble::kUnreadable, message), true);
}

// The shell names everything for `sosreport-x/*`, as walking the folder would find it.
bool CaptureReader::IsPartOfBundle(const std::string& path, const CaptureError& error) const {
  return error.trouble() == Trouble::kNoCapture && bundles_.IsBelowRoot(path);
}

std::unique_ptr<ByteSource> CaptureReader::Open(const FoundFile& file) {
  return std::make_unique<Metered>(OpenSource(file.path), [this](uint64_t position) {
    double share = part_begin_;
    if (file_bytes_ > 0) {
      share +=
          part_ * std::min(1.0, static_cast<double>(position) / static_cast<double>(file_bytes_));
      position = static_cast<uint64_t>(share * static_cast<double>(file_bytes_));
    }
    last_done_ = std::max(last_done_, bytes_done_ + position);
    sink_.Advance(last_done_, bytes_total_);
  });
}

// A little that is packed may be much to unpack: a signal is heard meanwhile.
std::function<void()> CaptureReader::OnBlock() {
  return [this] { sink_.Advance(last_done_, bytes_total_); };
}

void CaptureReader::ReadFirst(const FoundFile& file) {
  std::unique_ptr<ByteSource> source = Open(file);
  const std::string head = ReadHead(*source, kSniffBytes);
  source->Rewind();
  if (SniffPacking(head) == Packing::kNone) {
    ReadText(file, std::move(source), true);
  } else {
    ReadPacked(file, std::move(source));
  }
}

void CaptureReader::ReadPacked(const FoundFile& file, std::unique_ptr<ByteSource> source) {
  bool is_single = false;
  {
    ArchiveReader reader(*source, {}, OnBlock());
    reader.Next();
    is_single = reader.is_single_stream();
  }
  source->Rewind();
  const bool on_disk = source->Size().has_value();
  if (is_single) {
    if (on_disk) {
      source = std::make_unique<CompressedFile>([this, &file] { return Open(file); }, OnBlock());
    } else {
      source = std::make_unique<RewindBuffer>(OpenCompressed(std::move(source), {}, OnBlock()));
    }
    ReadText(file, std::move(source), on_disk);
    return;
  }
  if (!on_disk) source = Spool(std::move(source));
  // Two passes, three with a count of the lines that can't be read.
  part_ = settings_.max_rejects ? 1.0 / 3 : 1.0 / 2;
  auto index = std::make_unique<ArchiveIndex>(file.path, *source, settings_, sink_, OnBlock());
  bool unknown = false;
  for (const FileToRead& member : index->files()) {
    const OrderVotes votes = VotesOf(member.survey, member.facts, settings_);
    AddVotes(votes);
    unknown |= IsOrderUnknown(member.facts, votes);
  }
  if (unknown && on_disk) {
    later_.push_back({file, std::move(index)});
    return;
  }
  ReadArchive(*source, *index);
}

void CaptureReader::ReadLater(Later& later) {
  std::unique_ptr<ByteSource> source = Open(later.file);
  if (later.index) {
    part_ = settings_.max_rejects ? 1.0 / 3 : 1.0 / 2;
    ReadArchive(*source, *later.index);
    return;
  }
  const std::string head = ReadHead(*source, kSniffBytes);
  source->Rewind();
  if (SniffPacking(head) != Packing::kNone) {
    const FoundFile& file = later.file;
    source = std::make_unique<CompressedFile>([this, &file] { return Open(file); }, OnBlock());
  }
  ReadText(later.file, std::move(source), false);
}

void CaptureReader::ReadArchive(ByteSource& source, ArchiveIndex& index) {
  if (settings_.max_rejects) {
    part_begin_ += part_;
    source.Rewind();
    index.CheckRejects(source, run_votes_);
  }
  part_begin_ += part_;
  source.Rewind();
  assumed_order_ |= index.Read(source, run_votes_);
}

bool CaptureReader::IsCopy(const FoundFile& file, std::string& netns) {
  if (tables_.count(file.path) == 0) return false;
  const ProcTrees::Decision decision = trees_.Of(file.path);
  netns = decision.netns;
  if (decision.read) return false;
  sink_.Copy(file.path, decision.copy_of);
  return true;
}

void CaptureReader::ReadText(const FoundFile& file, std::unique_ptr<ByteSource> source,
                             bool may_wait) {
  FileToRead to_read;
  FileFacts& facts = to_read.facts;
  facts.path = file.path;
  facts.bundle = bundles_.Of(file.path);
  facts.mtime_ms = file.mtime_ms;
  facts.is_pipe = !file.mtime_ms;
  if (IsCopy(file, facts.netns)) return;
  const bool on_disk = source->Size().has_value() || !source->RewindLimit();
  if (settings_.max_rejects && !on_disk) source = Spool(std::move(source));
  const std::string head = ReadHead(*source, kHeadBytes);
  source->Rewind();
  const std::unique_ptr<ByteSource> text = SurveyText(source, head, to_read);
  PlanFile(to_read, settings_);
  const OrderVotes votes = VotesOf(to_read.survey, facts, settings_);
  if (may_wait) AddVotes(votes);
  if (may_wait && on_disk && IsOrderUnknown(facts, votes)) {
    later_.push_back({file, nullptr});
    return;
  }
  const auto on_read = [](size_t) {};
  if (settings_.max_rejects) {
    CheckRejects(to_read, *text, settings_, run_votes_, on_read);
    text->Rewind();
  }
  began_ = true;
  const FileOutcome outcome = ReadFile(to_read, *text, head, settings_, run_votes_, sink_, on_read);
  assumed_order_ |= outcome.assumed_order;
}

// Surveys a file, and returns its text from the first byte on, for as long as `source` lives. A
// pipe whose first megabytes tell too little goes to a file, that all of it can be looked at.
std::unique_ptr<ByteSource> CaptureReader::SurveyText(std::unique_ptr<ByteSource>& source,
                                                      const std::string& head, FileToRead& file) {
  const auto open = [&] {
    return OpenText(Borrow(*source), head, settings_.layout, file.container);
  };
  std::unique_ptr<ByteSource> text = open();
  uint64_t bytes_seen = 0;
  SurveySettings survey;
  survey.whole = settings_.interval_ms.has_value() || settings_.layout == "times-below";
  survey.limit = text->RewindLimit();
  survey.on_read = [&](size_t bytes) { bytes_seen += bytes; };
  file.survey = SurveySource(*text, MakeSplitSettings(settings_), survey);
  const bool has_tables = file.survey.has_dumps || file.survey.has_refused;
  const bool has_clock = file.survey.timed > 0 || settings_.time_ms || settings_.start_ms;
  if (survey.limit && bytes_seen >= *survey.limit && !(has_tables && has_clock)) {
    if (!file.container.empty()) {  // more of it was read than it can be rewound
      throw CaptureError(Trouble::kNoCapture,
                         "its first " + std::to_string(*survey.limit >> 20) +
                             " MB hold no tcp table with a time; write it to a file and import "
                             "that");
    }
    text.reset();
    source = Spool(std::move(source));
    text = open();
    survey.limit = text->RewindLimit();
    file.survey = SurveySource(*text, MakeSplitSettings(settings_), survey);
  }
  text->Rewind();
  return text;
}

void CaptureReader::AddVotes(const OrderVotes& votes) {
  for (const auto& [host, vote] : votes) run_votes_[host].Add(vote);
}

bool CaptureReader::IsOrderUnknown(const FileFacts& facts, const OrderVotes& votes) const {
  if (settings_.byte_order || (facts.bundle != nullptr && facts.bundle->byte_order)) return false;
  return std::any_of(votes.begin(), votes.end(), [](const auto& entry) {
    return entry.second.matters() && !entry.second.decided();
  });
}

}  // namespace

std::string_view TimeOriginName(TimeOrigin origin) {
  switch (origin) {
    case TimeOrigin::kMarker:
      return "marker";
    case TimeOrigin::kPrefix:
      return "prefix";
    case TimeOrigin::kName:
      return "name";
    case TimeOrigin::kDateFile:
      return "date_file";
    case TimeOrigin::kMtime:
      return "mtime";
    case TimeOrigin::kGiven:
      return "given";
  }
  return "";
}

std::string_view ByteOrderOriginName(ByteOrderOrigin origin) {
  switch (origin) {
    case ByteOrderOrigin::kGiven:
      return "given";
    case ByteOrderOrigin::kTold:
      return "told";
    case ByteOrderOrigin::kVoted:
      return "voted";
    case ByteOrderOrigin::kAssumed:
      return "assumed";
  }
  return "";
}

void ReadCaptures(const std::vector<std::string>& paths, const CaptureSettings& settings,
                  CaptureSink& sink) {
  CaptureReader(settings, sink).ReadAll(paths);
}

}  // namespace tcpsnap::capture
