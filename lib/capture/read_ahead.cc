#include "capture/read_ahead.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <system_error>
#include <utility>

namespace tcpsnap::capture {
namespace {

using namespace std::chrono_literals;

// Enough for the blocks ahead where packing saved nothing.
constexpr size_t kFedBytes = 1 << 20;
constexpr size_t kFeedBytes = 64 << 10;
static_assert(kFedBytes % kFeedBytes == 0);

}  // namespace

ReadAhead::ReadAhead(ReadBytes packed, const MakeDecompressor& make, std::function<void()> on_wait)
    : packed_(std::move(packed)),
      on_wait_(std::move(on_wait)),
      decompressor_(make([this](char* bytes, size_t size) { return TakePacked(bytes, size); })),
      block_{.bytes = std::make_unique<char[]>(kBlockBytes)} {}

ReadAhead::~ReadAhead() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  for_thread_.notify_one();
  thread_.join();
}

std::string_view ReadAhead::Next() {
  if (!has_thread_ && alone_bytes_ >= kAloneBytes) Start();
  if (has_thread_) {
    TakeBlock();
  } else {
    if (error_) std::rethrow_exception(error_);
    try {
      Fill(block_);
    } catch (...) {
      error_ = std::current_exception();
      throw;
    }
    alone_bytes_ += block_.size;
  }
  return {block_.bytes.get(), block_.size};
}

// For the decompressor, on whatever thread it runs.
size_t ReadAhead::TakePacked(char* bytes, size_t size) {
  const size_t count = has_thread_ ? TakeFed(bytes, size) : packed_(bytes, size);
  used_bytes_ += count;
  return count;
}

// Once the thread is to stop the packed bytes are at their end, whatever is made of that.
size_t ReadAhead::TakeFed(char* bytes, size_t size) {
  std::unique_lock lock(mutex_);
  for_thread_.wait(lock, [this] { return stopped_ || packed_ended_ || fed_begin_ < fed_end_; });
  if (stopped_) return 0;
  if (fed_begin_ == fed_end_) {
    if (packed_error_) std::rethrow_exception(packed_error_);
    return 0;
  }
  const size_t at = fed_begin_ % kFedBytes;
  const size_t count = std::min({size, static_cast<size_t>(fed_end_ - fed_begin_), kFedBytes - at});
  std::memcpy(bytes, fed_.get() + at, count);
  fed_begin_ += count;
  return count;
}

void ReadAhead::Fill(Block& block) {
  block.size = decompressor_->Read(block.bytes.get(), kBlockBytes);
  block.packed_bytes = used_bytes_;
}

void ReadAhead::Start() {
  fed_ = std::make_unique<char[]>(kFedBytes);
  for (size_t bytes = 0; bytes < kAheadBytes; bytes += kBlockBytes) {
    free_.push_back({.bytes = std::make_unique<char[]>(kBlockBytes)});
  }
  const std::lock_guard lock(mutex_);
  try {
    thread_ = std::thread([this] { Run(); });
    has_thread_ = true;
  } catch (const std::system_error&) {
    // There may be one to be had later.
    alone_bytes_ = 0;
    free_.clear();
  }
}

// Feeds the thread only while there is no block to return, so that a pipe that has nothing more at
// the moment does not hold it back.
void ReadAhead::TakeBlock() {
  std::unique_lock lock(mutex_);
  if (block_.size > 0) {
    free_.push_back({.bytes = std::move(block_.bytes)});
    block_.size = 0;
    for_thread_.notify_one();
  }
  while (full_.empty()) {
    if (error_) std::rethrow_exception(error_);
    if (ended_) return;
    if (!packed_ended_ && kFedBytes - (fed_end_ - fed_begin_) >= kFeedBytes) {
      Feed(lock);
    } else if (for_reader_.wait_for(lock, 100ms) == std::cv_status::timeout && on_wait_) {
      lock.unlock();
      on_wait_();
      lock.lock();
    }
  }
  block_ = std::move(full_.front());
  full_.pop_front();
}

// One reading's worth of packed bytes. The thread leaves that part of the ring alone.
void ReadAhead::Feed(std::unique_lock<std::mutex>& lock) {
  const size_t at = fed_end_ % kFedBytes;
  lock.unlock();
  size_t count = 0;
  std::exception_ptr error;
  try {
    count = packed_(fed_.get() + at, std::min(kFeedBytes, kFedBytes - at));
  } catch (...) {
    error = std::current_exception();
  }
  lock.lock();
  fed_end_ += count;
  packed_ended_ = count == 0;
  packed_error_ = error;
  for_thread_.notify_one();
}

void ReadAhead::Run() {
  std::unique_lock lock(mutex_);
  while (!ended_) {
    for_thread_.wait(lock, [this] { return stopped_ || !free_.empty(); });
    if (stopped_) return;
    Block block = std::move(free_.back());
    free_.pop_back();
    lock.unlock();
    std::exception_ptr error;
    try {
      Fill(block);
    } catch (...) {
      error = std::current_exception();
    }
    lock.lock();
    error_ = error;
    ended_ = error || block.size == 0;
    if (!ended_) full_.push_back(std::move(block));
    for_reader_.notify_one();
  }
}

}  // namespace tcpsnap::capture
