#include "capture/archive_index.h"

#include <algorithm>
#include <filesystem>
#include <functional>
#include <memory>
#include <new>
#include <string_view>
#include <utility>

#include "capture/text_opening.h"

namespace tcpsnap::capture {

namespace {

// How large a file may be that has several names: it is kept in memory to be read again.
constexpr size_t kMostLinkedBytes = 64 << 20;

class InMemory : public ByteSource {
 public:
  explicit InMemory(std::string_view bytes) : bytes_(bytes) {}
  size_t Read(char* bytes, size_t size) override {
    const size_t count = bytes_.copy(bytes, size, next_);
    next_ += count;
    return count;
  }
  void Rewind() override { next_ = 0; }
  std::optional<uint64_t> Size() const override { return bytes_.size(); }
  std::optional<uint64_t> RewindLimit() const override { return std::nullopt; }

 private:
  std::string_view bytes_;
  size_t next_ = 0;
};

// Calls `read(name, content)` for each name of a content that can be read once, and `fail(name,
// error)` for those it can't be read for.
template <typename Name, typename Read, typename Fail>
void ReadForEach(const std::vector<Name>& names, ByteSource& content, Read read, Fail fail) {
  const auto guarded = [&](const Name& name, ByteSource& source) {
    try {
      read(name, source);
    } catch (const std::bad_alloc&) {
      fail(name, NeedsMemory());
    }
  };
  if (names.size() == 1) return guarded(names[0], content);
  std::unique_ptr<PeekedSource> peeked;
  try {
    peeked = std::make_unique<PeekedSource>(content, kMostLinkedBytes + 1);
  } catch (const std::bad_alloc&) {
    for (const Name& name : names) fail(name, NeedsMemory());
    return;
  }
  if (peeked->head().size() <= kMostLinkedBytes) {
    for (const Name& name : names) {
      InMemory source(peeked->head());
      guarded(name, source);
    }
    return;
  }
  guarded(names[0], *peeked);
  for (size_t i = 1; i < names.size(); ++i) {
    fail(names[i], CaptureError(Trouble::kUnreadable,
                                "it is a hard link to a file that is larger than 64 MB; unpack the "
                                "archive and import the folder"));
  }
}

// Takes out what is noted of a path, and of all in the archive there.
template <typename Notes>
void EraseAt(Notes& notes, const std::string& path) {
  notes.erase(path);
  // '"' follows '!'.
  notes.erase(notes.lower_bound(path + "!"), notes.lower_bound(path + "\""));
}

}  // namespace

// The paths of an archive's files, each with the content that extracting would leave there.
class ArchiveIndex::Names {
 public:
  struct Name {
    std::string path;
    std::optional<int64_t> mtime_ms;
  };

  void AddFile(uint64_t number, const std::string& path, std::optional<int64_t> mtime_ms) {
    by_path_[path] = {number, added_++, mtime_ms};
  }
  // The number of the content; nullopt where there is no file at the target.
  std::optional<uint64_t> AddLink(const std::string& path, const std::string& target,
                                  std::optional<int64_t> mtime_ms) {
    const auto file = by_path_.find(target);
    if (file == by_path_.end()) return std::nullopt;
    const uint64_t number = file->second.number;
    by_path_[path] = {number, added_++, mtime_ms};
    return number;
  }
  // Forgets what is at a path, and what is in the archive there. Calls `forgotten(number)`.
  template <typename Forgotten>
  void Remove(const std::string& path, Forgotten forgotten) {
    const std::string inner = path + "!";
    const auto file = by_path_.find(path);
    if (file != by_path_.end()) {
      forgotten(file->second.number);
      by_path_.erase(file);
    }
    auto at = by_path_.lower_bound(inner);
    while (at != by_path_.end() && at->first.starts_with(inner)) {
      forgotten(at->second.number);
      at = by_path_.erase(at);
    }
  }
  // The names of each content, in the order of the archive.
  std::map<uint64_t, std::vector<Name>> ByNumber() const {
    std::map<uint64_t, std::map<uint64_t, Name>> ordered;
    for (const auto& [path, file] : by_path_) {
      ordered[file.number][file.added] = {path, file.mtime_ms};
    }
    std::map<uint64_t, std::vector<Name>> names;
    for (auto& [number, of_content] : ordered) {
      for (auto& [added, name] : of_content) names[number].push_back(std::move(name));
    }
    return names;
  }

 private:
  struct Placed {
    uint64_t number = 0, added = 0;
    std::optional<int64_t> mtime_ms;
  };
  std::map<std::string, Placed> by_path_;
  uint64_t added_ = 0;
};

// Surveys each member, and takes what the small ones tell. What only the end of the archive shows,
// that a member has further names or is replaced, a second such pass is told.
class ArchiveIndex::FirstPass : public ArchiveVisitor {
 public:
  using KnownNames = std::map<uint64_t, std::vector<Names::Name>>;
  // `known`: nullptr, or the names of the members.
  FirstPass(ArchiveIndex& index, const KnownNames* known) : index_(index), known_(known) {}

  // Whether members that tell something have other names than their own, or none.
  bool is_second_needed() const { return is_second_needed_; }
  KnownNames names() const { return names_.ByNumber(); }
  // What is to be said, of the last of these passes.
  void Report() const;
  // Of the first: how many tables are left out for later ones.
  void ReportReplaced() const;

  void Member(const std::string& path) override {
    names_.Remove(path, [this](uint64_t number) {
      if (wanted_.count(number) == 0) return;
      is_second_needed_ = true;
      replaced_ += tables_.count(number);
    });
    EraseAt(failed_, path);
    EraseAt(unmarked_, path);
  }
  void File(uint64_t number, const std::string& path, std::optional<int64_t> mtime_ms,
            ByteSource& source) override {
    names_.AddFile(number, path, mtime_ms);
    std::vector<Names::Name> names = {{path, mtime_ms}};
    if (known_ != nullptr) {
      const auto known = known_->find(number);
      if (known == known_->end()) return;
      names = known->second;
    }
    ReadForEach(
        names, source,
        [&](const Names::Name& name, ByteSource& content) { Take(number, name, content); },
        [&](const Names::Name& name, const CaptureError& error) {
          unread_.emplace_back(name.path, error);
        });
  }
  void Link(const std::string& path, const std::string& target) override {
    index_.trees_.AddLink(path, target);
  }
  void HardLink(const std::string& path, const std::string& target,
                std::optional<int64_t> mtime_ms) override {
    const std::optional<uint64_t> number = names_.AddLink(path, target, mtime_ms);
    if (!number) {
      ++lost_links_;
    } else if (wanted_.count(*number) > 0 || Bundles::TellsSomething(path)) {
      is_second_needed_ = true;
    }
  }
  void Failed(const std::string& path, const CaptureError& error) override {
    if (error.trouble() != Trouble::kNoCapture) failed_.emplace(path, error);
  }
  void LacksEndMark(const std::string& path) override { unmarked_.insert(path); }

 private:
  void Take(uint64_t number, const Names::Name& name, ByteSource& source) {
    const std::string& path = name.path;
    index_.bundles_.AddPath(path);
    if (Bundles::TellsSomething(path)) {
      wanted_.insert(number);
      index_.bundles_.AddFact(path, ReadHead(source, kFactFileBytes));
      return;
    }
    FileToRead file;
    file.facts.path = path;
    file.facts.mtime_ms = name.mtime_ms;
    file.facts.in_archive = true;
    try {
      file.survey = LookAt(path, source, file.container);
    } catch (const CaptureError& error) {
      if (error.trouble() != Trouble::kNoCapture) throw;
      return;
    }
    if (file.survey.has_dumps || file.survey.has_refused) {
      wanted_.insert(number);
      tables_.insert(number);
      index_.files_.push_back(std::move(file));
      index_.numbers_.push_back(number);
    } else if (!index_.foreign_) {
      index_.foreign_ = file.survey.foreign;
    }
  }

  capture::Survey LookAt(const std::string& path, ByteSource& content, std::string& container) {
    PeekedSource peeked(content, kHeadBytes);
    const std::unique_ptr<ByteSource> text =
        OpenText(Borrow(peeked), peeked.head(), index_.settings_.layout, container);
    SurveySettings survey;
    survey.on_read = [this](size_t) { index_.Progress(); };
    survey.whole =
        index_.settings_.interval_ms.has_value() || index_.settings_.layout == "times-below";
    const bool is_table = ReadProcPath(path).has_value();
    survey.on_dump = [&](const FoundDump& dump) {
      if (is_table && index_.tables_.insert(path).second) {
        index_.trees_.AddTable(path, dump.records);
      }
    };
    return SurveySource(*text, MakeSplitSettings(index_.settings_), survey);
  }

  ArchiveIndex& index_;
  const KnownNames* const known_;
  Names names_;
  std::set<uint64_t> wanted_, tables_;  // members that tell something; of these the tables
  bool is_second_needed_ = false;
  uint64_t replaced_ = 0;  // tables
  uint64_t lost_links_ = 0;
  std::map<std::string, CaptureError> failed_;                // inner archives
  std::vector<std::pair<std::string, CaptureError>> unread_;  // files
  std::set<std::string> unmarked_;
};

void ArchiveIndex::FirstPass::Report() const {
  for (const auto& [path, error] : failed_) index_.Fail(path, error);
  for (const auto& [path, error] : unread_) index_.Fail(path, error);
  for (const std::string& path : unmarked_) {
    index_.sink_.Warn(path +
                      ": the archive has no end mark: it may be cut, and files may be missing");
  }
  if (lost_links_ > 0) {
    index_.sink_.Warn(index_.path_ + ": " + std::to_string(lost_links_) +
                      (lost_links_ == 1 ? " member is a hard link to a file"
                                        : " members are hard links to files") +
                      " that the archive does not hold: left out");
  }
}

void ArchiveIndex::FirstPass::ReportReplaced() const {
  if (replaced_ == 0) return;
  index_.sink_.Warn(index_.path_ + ": " + std::to_string(replaced_) +
                    (replaced_ == 1 ? " file in it is" : " files in it are") +
                    " replaced by a later one of the same path, as by extracting: left out");
}

// Hands the members that are wanted to a function.
class ArchiveIndex::LaterPass : public ArchiveVisitor {
 public:
  using Take = std::function<void(size_t file, PeekedSource& head, ByteSource& text)>;
  LaterPass(ArchiveIndex& index, Take take) : index_(index), take_(std::move(take)) {}

  void Member(const std::string&) override {}
  void File(uint64_t number, const std::string&, std::optional<int64_t>,
            ByteSource& source) override {
    const auto files = index_.by_number_.find(number);
    if (files == index_.by_number_.end()) return;
    const auto fail = [&](size_t file, const CaptureError& error) {
      index_.Fail(index_.files_[file].facts.path, error);
    };
    ReadForEach(
        files->second, source,
        [&](size_t file, ByteSource& content) {
          PeekedSource peeked(content, kHeadBytes);
          std::string container;
          const std::unique_ptr<ByteSource> text =
              OpenText(Borrow(peeked), peeked.head(), index_.settings_.layout, container);
          try {
            take_(file, peeked, *text);
          } catch (const CaptureError& error) {
            fail(file, error);
          }
        },
        fail);
  }
  void Link(const std::string&, const std::string&) override {}
  void HardLink(const std::string&, const std::string&, std::optional<int64_t>) override {}
  void Failed(const std::string&, const CaptureError&) override {}
  void LacksEndMark(const std::string&) override {}

 private:
  ArchiveIndex& index_;
  Take take_;
};

ArchiveIndex::ArchiveIndex(const std::string& path, ByteSource& source,
                           const CaptureSettings& settings, CaptureSink& sink,
                           std::function<void()> on_progress)
    : path_(path),
      settings_(settings),
      sink_(sink),
      on_progress_(std::move(on_progress)),
      bundles_(std::filesystem::path(path).filename().string(), settings.zone) {
  Survey(source);
  const bool found_some = !files_.empty();
  ShareMtimes();
  DecideCopies();
  DecideClocks();
  MapNumbers();
  if (found_some || failures_ > 0) return;
  throw CaptureError(Trouble::kNoCapture,
                     foreign_
                         ? "it holds a " + std::string(TableName(*foreign_)) + " and no tcp table"
                         : "no file in the archive holds a tcp table");
}

void ArchiveIndex::Survey(ByteSource& source) {
  FirstPass pass(*this, nullptr);
  WalkArchive(path_, source, pass, Walking());
  if (!pass.is_second_needed()) return pass.Report();
  bundles_ = Bundles(std::filesystem::path(path_).filename().string(), settings_.zone);
  trees_ = {};
  tables_.clear();
  files_.clear();
  numbers_.clear();
  foreign_.reset();
  const FirstPass::KnownNames names = pass.names();
  FirstPass second(*this, &names);
  source.Rewind();
  WalkArchive(path_, source, second, Walking());
  second.Report();
  pass.ReportReplaced();
}

void ArchiveIndex::MapNumbers() {
  by_number_.clear();
  for (size_t i = 0; i < files_.size(); ++i) by_number_[numbers_[i]].push_back(i);
}

void ArchiveIndex::Fail(const std::string& path, const CaptureError& error) {
  ++failures_;
  sink_.Failed(path, error, true);
}

// tcp and tcp6 of one folder are of one moment, though they were written one after the other.
void ArchiveIndex::ShareMtimes() {
  std::map<std::string, int64_t> earliest;
  const auto folder_of = [](const FileToRead& file) {
    const std::filesystem::path path(file.facts.path);
    const std::string name = path.filename().string();
    return name == "tcp" || name == "tcp6" ? path.parent_path().string() : std::string();
  };
  for (const FileToRead& file : files_) {
    const std::string folder = folder_of(file);
    if (folder.empty() || !file.facts.mtime_ms) continue;
    int64_t& time = earliest.try_emplace(folder, *file.facts.mtime_ms).first->second;
    time = std::min(time, *file.facts.mtime_ms);
  }
  for (FileToRead& file : files_) {
    const auto time = earliest.find(folder_of(file));
    if (time != earliest.end() && file.facts.mtime_ms) file.facts.mtime_ms = time->second;
  }
}

// Leaves out the tables that another member stands for.
void ArchiveIndex::DecideCopies() {
  size_t kept = 0;
  for (size_t i = 0; i < files_.size(); ++i) {
    FileFacts& facts = files_[i].facts;
    facts.bundle = bundles_.Of(facts.path);
    if (tables_.count(facts.path) > 0) {
      const ProcTrees::Decision decision = trees_.Of(facts.path);
      facts.netns = decision.netns;
      if (!decision.read) {
        sink_.Copy(facts.path, decision.copy_of);
        continue;
      }
    }
    if (kept != i) files_[kept] = std::move(files_[i]);
    numbers_[kept++] = numbers_[i];
  }
  files_.resize(kept);
  numbers_.resize(kept);
}

// Leaves out the members whose moment can't be told.
void ArchiveIndex::DecideClocks() {
  size_t kept = 0, by_mtime = 0;
  for (size_t i = 0; i < files_.size(); ++i) {
    try {
      PlanFile(files_[i], settings_);
    } catch (const CaptureError& error) {
      Fail(files_[i].facts.path, error);
      continue;
    }
    by_mtime += files_[i].plan.origin == TimeOrigin::kMtime;
    if (kept != i) files_[kept] = std::move(files_[i]);
    numbers_[kept++] = numbers_[i];
  }
  files_.resize(kept);
  numbers_.resize(kept);
  if (by_mtime == 0) return;
  sink_.Warn(path_ + ": " + std::to_string(by_mtime) +
             (by_mtime == 1 ? " file in it tells no time: " : " files in it tell no time: ") +
             "taken as that at which the archive says it was last changed (origin mtime)");
}

void ArchiveIndex::CheckRejects(ByteSource& source, const OrderVotes& run_votes) {
  std::set<size_t> accepted;
  LaterPass pass(*this, [&](size_t i, PeekedSource&, ByteSource& text) {
    capture::CheckRejects(files_[i], text, settings_, run_votes, [this](size_t) { Progress(); });
    accepted.insert(i);
  });
  WalkArchive(path_, source, pass, Walking());
  for (auto& [number, files] : by_number_) {
    std::erase_if(files, [&](size_t i) { return accepted.count(i) == 0; });
  }
  std::erase_if(by_number_, [](const auto& content) { return content.second.empty(); });
}

bool ArchiveIndex::Read(ByteSource& source, const OrderVotes& run_votes) {
  bool assumed = false;
  LaterPass pass(*this, [&](size_t i, PeekedSource& peeked, ByteSource& text) {
    const FileOutcome outcome = ReadFile(files_[i], text, peeked.head(), settings_, run_votes,
                                         sink_, [this](size_t) { Progress(); });
    assumed |= outcome.assumed_order;
  });
  WalkArchive(path_, source, pass, Walking());
  return assumed;
}

}  // namespace tcpsnap::capture
