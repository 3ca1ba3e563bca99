#include "capture/made_text.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

namespace tcpsnap::capture {
namespace {

// TextWindow asks for lines that it still holds, which are less than this far back.
constexpr uint64_t kMappedBytes = 2 << 20;
// A reader may read a block more than the limit.
constexpr uint64_t kKeptBeyondLimit = 1 << 20;
// Refused lines stand in no text, so that the limit says nothing of them.
constexpr uint64_t kKeptRefusedBytes = 64 << 20;

}  // namespace

void LineMap::Add(uint64_t offset, uint64_t original_line) {
  ++lines_;
  if (!runs_.empty()) {
    Run& run = runs_.back();
    const uint64_t distance = lines_ - run.line;
    if (distance == 1 && original_line >= run.original_line &&
        original_line - run.original_line <= 1) {
      run.step = original_line - run.original_line;
    }
    if (original_line == run.original_line + run.step * distance) return;
  }
  runs_.push_back({offset, lines_, original_line, 0});
}

uint64_t LineMap::Find(uint64_t line) const {
  const auto behind =
      std::upper_bound(runs_.begin(), runs_.end(), line,
                       [](uint64_t wanted, const Run& run) { return wanted < run.line; });
  if (behind == runs_.begin()) return runs_.empty() ? line : runs_.front().original_line;
  const Run& run = *std::prev(behind);
  return run.original_line + run.step * (std::min(line, lines_) - run.line);
}

void LineMap::ForgetBefore(uint64_t offset) {
  while (runs_.size() > 1 && runs_[1].offset < offset) runs_.pop_front();
}

void LineMap::Clear() {
  runs_.clear();
  lines_ = 0;
}

MadeText::MadeText(std::unique_ptr<ByteSource> original)
    : original_(std::move(original)),
      limit_(original_->RewindLimit()),
      keeping_(limit_.has_value()) {}

size_t MadeText::Read(char* bytes, size_t size) {
  if (replayed_ < kept_.size()) {
    const size_t count = std::min(size, kept_.size() - replayed_);
    std::memcpy(bytes, kept_.data() + replayed_, count);
    replayed_ += count;
    return count;
  }
  while (next_ == made_.size()) {
    made_before_ += made_.size();
    made_.clear();
    next_ = 0;
    if (!Make() && made_.empty()) return 0;
  }
  const size_t count = std::min(size, made_.size() - next_);
  std::memcpy(bytes, made_.data() + next_, count);
  next_ += count;
  Keep({bytes, count});
  const uint64_t read = made_before_ + next_;
  if (!keeping_ && read > kMappedBytes) lines_.ForgetBefore(read - kMappedBytes);
  return count;
}

void MadeText::Keep(std::string_view text) {
  if (!keeping_) return;
  if (kept_.size() + text.size() > *limit_ + kKeptBeyondLimit ||
      kept_refused_bytes_ > kKeptRefusedBytes) {
    keeping_ = false;
    kept_ = std::string();  // {} would keep its memory
    kept_refused_ = std::vector<procnet::RefusedLine>();
    replayed_ = 0;
    return;
  }
  kept_ += text;
  replayed_ = kept_.size();
}

void MadeText::Rewind() {
  if (limit_) {
    if (!keeping_) throw std::system_error(ESPIPE, std::generic_category());
    replayed_ = 0;
    refused_ = kept_refused_;
    return;
  }
  original_->Rewind();
  made_.clear();
  next_ = 0;
  made_before_ = 0;
  lines_.Clear();
  refused_.clear();
  Restart();
}

std::vector<procnet::RefusedLine> MadeText::TakeRefused() { return std::exchange(refused_, {}); }

void MadeText::BeginLine(uint64_t original_line) {
  lines_.Add(made_before_ + made_.size(), original_line);
}

void MadeText::WriteLine(std::string_view text, uint64_t original_line) {
  BeginLine(original_line);
  Append(text);
  EndLine();
}

void MadeText::Refuse(procnet::RefusedLine line) {
  if (keeping_ && kept_refused_bytes_ <= kKeptRefusedBytes) {
    kept_refused_bytes_ += line.text.size();
    kept_refused_.push_back(line);
  }
  refused_.push_back(std::move(line));
}

}  // namespace tcpsnap::capture
