// Unpacking on a thread of its own: one thread parses, this one unpacks what comes next.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <string_view>
#include <thread>
#include <vector>

#include "capture/decompressor.h"

namespace tcpsnap::capture {

/// The blocks that a decompressor makes. The first megabyte is unpacked by the thread that asks for
/// it; what follows by another thread, at most 1 MB ahead, so that small files cost no thread. The
/// packed bytes are always read by the thread that asks: their source needs no lock, and a signal
/// interrupts it.
class ReadAhead {
 public:
  static constexpr size_t kBlockBytes = 128 << 10;
  static constexpr size_t kAheadBytes = 1 << 20;
  /// How much is unpacked before the thread is started.
  static constexpr uint64_t kAloneBytes = 1 << 20;

  using MakeDecompressor = std::function<std::unique_ptr<Decompressor>(ReadBytes packed)>;

  /// `make` is called at once; what it makes is used on another thread from some Next on.
  /// `on_wait`, if any, is called now and then while Next waits; what it throws passes through.
  ReadAhead(ReadBytes packed, const MakeDecompressor& make, std::function<void()> on_wait = {});
  /// Ends the thread; the decompressor may finish the block that it is at.
  ~ReadAhead();
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;

  /// The next bytes, up to a block, until the next call; empty at the end. Throws what `packed` and
  /// the decompressor throw, behind the blocks that came before it, and again in every later call.
  std::string_view Next();
  /// How many packed bytes were used for what Next has returned.
  uint64_t packed_bytes() const { return block_.packed_bytes; }
  const Decompressor& decompressor() const { return *decompressor_; }

 private:
  struct Block {
    std::unique_ptr<char[]> bytes;
    size_t size = 0;
    uint64_t packed_bytes = 0;
  };

  size_t TakePacked(char* bytes, size_t size);
  size_t TakeFed(char* bytes, size_t size);
  void Fill(Block& block);
  void Start();
  void TakeBlock();
  void Feed(std::unique_lock<std::mutex>& lock);
  void Run();

  const ReadBytes packed_;
  const std::function<void()> on_wait_;
  const std::unique_ptr<Decompressor> decompressor_;
  Block block_;                  // that Next returned
  uint64_t alone_bytes_ = 0;     // unpacked without the thread
  bool has_thread_ = false;      // does not change while the thread runs
  uint64_t used_bytes_ = 0;      // by the decompressor: on its thread alone
  std::unique_ptr<char[]> fed_;  // a ring of packed bytes

  std::mutex mutex_;  // for all below
  std::condition_variable for_reader_, for_thread_;
  uint64_t fed_end_ = 0, fed_begin_ = 0;  // counted from the first byte that was fed
  bool packed_ended_ = false;
  std::exception_ptr packed_error_;  // behind the last byte
  std::vector<Block> free_;
  std::deque<Block> full_;
  bool ended_ = false;
  std::exception_ptr error_;  // behind the last block
  bool stopped_ = false;
  std::thread thread_;
};

}  // namespace tcpsnap::capture
