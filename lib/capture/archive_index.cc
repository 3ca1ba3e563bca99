#include "capture/archive_index.h"

#include <algorithm>
#include <filesystem>
#include <functional>
#include <utility>

#include "capture/text_opening.h"

namespace tcpsnap::capture {

// Surveys each member, and takes what the small ones tell.
class ArchiveIndex::FirstPass : public ArchiveVisitor {
 public:
  explicit FirstPass(ArchiveIndex& index) : index_(index) {}

  void File(uint64_t number, const std::string& path, std::optional<int64_t> mtime_ms,
            ByteSource& source) override {
    index_.bundles_.AddPath(path);
    if (Bundles::TellsSomething(path)) {
      index_.bundles_.AddFact(path, ReadHead(source, kFactFileBytes));
      return;
    }
    FileToRead file;
    file.facts.path = path;
    file.facts.mtime_ms = mtime_ms;
    file.facts.in_archive = true;
    try {
      file.survey = LookAt(path, source, file.container);
    } catch (const CaptureError& error) {
      if (error.trouble() != capture::Trouble::kNoCapture) throw;
      return;
    }
    if (file.survey.has_dumps || file.survey.has_refused) {
      index_.files_.push_back(std::move(file));
      index_.numbers_.push_back(number);
    } else if (!index_.foreign_) {
      index_.foreign_ = file.survey.foreign;
    }
  }
  void Link(const std::string& path, const std::string& target) override {
    index_.trees_.AddLink(path, target);
  }
  void Failed(const std::string& path, const CaptureError& error) override {
    ++index_.failures_;
    index_.sink_.Failed(path, error, true);
  }

 private:
  Survey LookAt(const std::string& path, ByteSource& content, std::string& container) {
    PeekedSource peeked(content, kHeadBytes);
    const std::unique_ptr<ByteSource> text =
        OpenText(Borrow(peeked), peeked.head(), index_.settings_.layout, container);
    SurveySettings survey;
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
};

// Hands the members that are wanted to a function.
class ArchiveIndex::LaterPass : public ArchiveVisitor {
 public:
  using Take = std::function<void(size_t file, PeekedSource& head, ByteSource& text)>;
  LaterPass(const ArchiveIndex& index, Take take) : index_(index), take_(std::move(take)) {}

  void File(uint64_t number, const std::string&, std::optional<int64_t>,
            ByteSource& source) override {
    const auto file = index_.by_number_.find(number);
    if (file == index_.by_number_.end()) return;
    PeekedSource peeked(source, kHeadBytes);
    std::string container;
    const std::unique_ptr<ByteSource> text =
        OpenText(Borrow(peeked), peeked.head(), index_.settings_.layout, container);
    take_(file->second, peeked, *text);
  }
  void Link(const std::string&, const std::string&) override {}
  void Failed(const std::string&, const CaptureError&) override {}

 private:
  const ArchiveIndex& index_;
  Take take_;
};

ArchiveIndex::ArchiveIndex(const std::string& path, ByteSource& source,
                           const CaptureSettings& settings, CaptureSink& sink)
    : path_(path),
      settings_(settings),
      sink_(sink),
      bundles_(std::filesystem::path(path).filename().string(), settings.zone) {
  FirstPass pass(*this);
  WalkArchive(path, source, pass);
  const bool found_some = !files_.empty();
  ShareMtimes();
  DecideCopies();
  DecideClocks();
  for (size_t i = 0; i < files_.size(); ++i) by_number_[numbers_[i]] = i;
  if (found_some || failures_ > 0) return;
  throw CaptureError(Trouble::kNoCapture,
                     foreign_
                         ? "it holds a " + std::string(TableName(*foreign_)) + " and no tcp table"
                         : "no file in the archive holds a tcp table");
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
      ++failures_;
      sink_.Failed(files_[i].facts.path, error, true);
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
  std::set<size_t> refused;
  LaterPass pass(*this, [&](size_t i, PeekedSource&, ByteSource& text) {
    try {
      capture::CheckRejects(files_[i], text, settings_, run_votes, [](size_t) {});
    } catch (const CaptureError& error) {
      sink_.Failed(files_[i].facts.path, error, true);
      refused.insert(i);
    }
  });
  WalkArchive(path_, source, pass);
  for (auto at = by_number_.begin(); at != by_number_.end();) {
    at = refused.count(at->second) > 0 ? by_number_.erase(at) : std::next(at);
  }
}

bool ArchiveIndex::Read(ByteSource& source, const OrderVotes& run_votes) {
  bool assumed = false;
  LaterPass pass(*this, [&](size_t i, PeekedSource& peeked, ByteSource& text) {
    try {
      const FileOutcome outcome =
          ReadFile(files_[i], text, peeked.head(), settings_, run_votes, sink_, [](size_t) {});
      assumed |= outcome.assumed_order;
    } catch (const CaptureError& error) {
      sink_.Failed(files_[i].facts.path, error, true);
    }
  });
  WalkArchive(path_, source, pass);
  return assumed;
}

}  // namespace tcpsnap::capture
