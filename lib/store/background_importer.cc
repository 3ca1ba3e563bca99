#include "store/background_importer.h"

#include <utility>

namespace tcpsnap::store {
namespace {

// Enough to keep both threads busy. A larger dump waits alone, and its caller for it: what both
// threads hold would be several times its size.
constexpr size_t kMostWaitingRows = 64 << 10;
constexpr size_t kMostWaitingCalls = 256;

// To wake the other thread costs as much as a small dump.
constexpr size_t kDueRows = 4 << 10;
constexpr size_t kDueCalls = 64;

template <typename... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <typename... F>
Overloaded(F...) -> Overloaded<F...>;

}  // namespace

BackgroundImporter::BackgroundImporter(Database& database, ImportSettings settings)
    : importer_(database, std::move(settings)), thread_([this] { Run(); }) {}

BackgroundImporter::~BackgroundImporter() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  not_empty_.notify_one();
  thread_.join();
}

void BackgroundImporter::Begin(SourceStart source) { Push(std::move(source), 0); }

void BackgroundImporter::Add(IncomingDump&& dump) {
  const size_t rows = dump.dump.rows.size() + dump.refused.size();
  Push(std::move(dump), rows);
}

void BackgroundImporter::Refuse(std::vector<procnet::RefusedLine>&& lines) {
  const size_t rows = lines.size();
  Push(std::move(lines), rows);
}

void BackgroundImporter::Tell(std::string host, std::string netns, HostFacts facts) {
  Push(TellCall{std::move(host), std::move(netns), std::move(facts)}, 0);
}

void BackgroundImporter::End(SourceEnd end) { Push(std::move(end), 0); }

void BackgroundImporter::Abort() { Push(AbortCall{}, 0); }

ImportSummary BackgroundImporter::Finish() {
  Push(FinishCall{}, 0);
  std::unique_lock lock(mutex_);
  WaitUntil(lock, [this] { return calls_.empty(); });
  return std::move(summary_);
}

template <typename Reached>
void BackgroundImporter::WaitUntil(std::unique_lock<std::mutex>& lock, Reached reached) {
  if (!error_ && !reached()) {
    is_due_ = true;
    not_empty_.notify_one();
    not_full_.wait(lock, [&] { return error_ || reached(); });
  }
  if (error_) std::rethrow_exception(error_);
}

void BackgroundImporter::Push(Call&& call, size_t rows) {
  std::unique_lock lock(mutex_);
  WaitUntil(lock, [&] {
    return calls_.empty() ||
           (waiting_rows_ + rows <= kMostWaitingRows && calls_.size() < kMostWaitingCalls);
  });
  waiting_rows_ += rows;
  calls_.emplace_back(std::move(call), rows);
  if (rows > kMostWaitingRows) {
    WaitUntil(lock, [this] { return calls_.empty(); });
  } else if (!is_due_ && (waiting_rows_ >= kDueRows || calls_.size() >= kDueCalls)) {
    is_due_ = true;
    lock.unlock();
    not_empty_.notify_one();
  }
}

// A call stays in the queue until it was carried out, so that an empty queue means all done.
void BackgroundImporter::Run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (calls_.empty()) is_due_ = false;
    not_empty_.wait(lock, [this] { return closed_ || is_due_; });
    if (closed_) return;
    auto& [call, rows] = calls_.front();  // stays in place while others are added behind it
    lock.unlock();
    std::exception_ptr error;
    try {
      CarryOut(call);
    } catch (...) {
      error = std::current_exception();
    }
    lock.lock();
    waiting_rows_ -= rows;
    calls_.pop_front();
    if (error) {
      error_ = error;
      calls_.clear();
    }
    const bool has_room =
        waiting_rows_ <= kMostWaitingRows / 2 && calls_.size() <= kMostWaitingCalls / 2;
    if (has_room || error) not_full_.notify_one();
    if (error) return;
  }
}

void BackgroundImporter::CarryOut(Call& call) {
  std::visit(Overloaded{
                 [&](SourceStart& source) { importer_.Begin(source); },
                 [&](IncomingDump& dump) { importer_.Add(std::move(dump)); },
                 [&](std::vector<procnet::RefusedLine>& lines) { importer_.Refuse(lines); },
                 [&](TellCall& told) { importer_.Tell(told.host, told.netns, told.facts); },
                 [&](SourceEnd& end) { importer_.End(end); },
                 [&](AbortCall) { importer_.Abort(); },
                 [&](FinishCall) { summary_ = importer_.Finish(); },
             },
             call);
}

}  // namespace tcpsnap::store
