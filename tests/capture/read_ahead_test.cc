// Unpacking ahead on another thread: the same bytes, errors at their place, and an end at any time.
#include "capture/read_ahead.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <memory>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "capture/text_source.h"
#include "support/catch.h"

namespace tcpsnap::capture {
namespace {

using namespace std::chrono_literals;
using testing::TextSource;

constexpr size_t kAlone = ReadAhead::kAloneBytes;
constexpr size_t kBlock = ReadAhead::kBlockBytes;

std::string Noise(size_t bytes) {
  std::mt19937 random(4);
  std::string text(bytes, '\0');
  for (char& c : text) c = static_cast<char>('a' + random() % 26);
  return text;
}

// What a decompressor did, on whichever thread.
struct Log {
  std::set<std::thread::id> threads;  // to be looked at when the thread has ended
  std::atomic<size_t> bytes = 0;
  std::atomic<bool> destroyed = false;
};

// Gives the packed bytes as they are; damaged behind the first `good`.
class Copier : public Decompressor {
 public:
  Copier(Log& log, ReadBytes read, size_t good) : log_(log), read_(std::move(read)), good_(good) {}
  ~Copier() override { log_.destroyed = true; }
  size_t Read(char* bytes, size_t size) override {
    log_.threads.insert(std::this_thread::get_id());
    if (good_ == 0) throw PackingDamage("damaged");
    size_t count = 0;
    size = std::min(size, good_);
    while (count < size) {
      const size_t step = read_(bytes + count, size - count);
      if (step == 0) break;
      count += step;
    }
    good_ -= count;
    log_.bytes += count;
    return count;
  }

 private:
  Log& log_;
  const ReadBytes read_;
  size_t good_;
};

ReadAhead::MakeDecompressor Copying(Log& log, size_t good = SIZE_MAX) {
  return [&log, good](ReadBytes packed) {
    return std::make_unique<Copier>(log, std::move(packed), good);
  };
}

ReadBytes From(ByteSource& source) {
  return [&source](char* bytes, size_t size) { return source.Read(bytes, size); };
}

std::string ReadToEnd(ReadAhead& ahead) {
  std::string text;
  for (std::string_view block = ahead.Next(); !block.empty(); block = ahead.Next()) {
    CHECK(block.size() <= kBlock);
    text += block;
    CHECK(ahead.packed_bytes() == text.size());
  }
  return text;
}

TEST_CASE("blocks come in their order, with and without a thread") {
  for (const size_t size : {size_t{0}, size_t{1}, kAlone - 1, kAlone, kAlone + 1, 9 * kAlone + 5}) {
    for (const size_t most : {size_t{3000}, size_t{300'000}}) {
      INFO(size << " by " << most);
      const std::string text = Noise(size);
      TextSource source(text, most);
      Log log;
      ReadAhead ahead(From(source), Copying(log));
      CHECK((ReadToEnd(ahead) == text));
      CHECK(ahead.Next().empty());
      CHECK(ahead.packed_bytes() == size);
    }
  }
}

TEST_CASE("a small file costs no thread, and the source is read by who asks") {
  const auto self = std::this_thread::get_id();
  for (const size_t size : {kAlone - 1, 3 * kAlone}) {
    TextSource source(Noise(size), 50'000);
    std::set<std::thread::id> sources;
    Log log;
    {
      ReadAhead ahead(
          [&](char* bytes, size_t count) {
            sources.insert(std::this_thread::get_id());
            return source.Read(bytes, count);
          },
          Copying(log));
      ReadToEnd(ahead);
    }
    CHECK(sources == std::set{self});
    CHECK(log.threads.size() == (size < kAlone ? 1 : 2));
    CHECK(log.threads.count(self) == 1);
    CHECK(log.destroyed);
  }
}

// What comes before the exception, which comes again.
template <typename Error>
std::string ReadToError(ReadAhead& ahead) {
  std::string text;
  try {
    for (;;) {
      const std::string_view block = ahead.Next();
      REQUIRE_FALSE(block.empty());
      text += block;
    }
  } catch (const Error&) {
  }
  CHECK_THROWS_AS(ahead.Next(), Error);
  CHECK_THROWS_AS(ahead.Next(), Error);
  return text;
}

TEST_CASE("damage comes out behind the good bytes, and again") {
  const std::string text = Noise(6 * kAlone);
  for (const size_t good : {size_t{0}, size_t{10}, kAlone / 2, kAlone, 2 * kAlone + 7}) {
    INFO(good);
    TextSource source(text, 100'000);
    Log log;
    ReadAhead ahead(From(source), Copying(log, good));
    CHECK((ReadToError<PackingDamage>(ahead) == text.substr(0, good)));
  }
}

TEST_CASE("what the source throws comes out behind the blocks that were whole") {
  const std::string text = Noise(6 * kAlone);
  for (const size_t good : {size_t{0}, kAlone / 2, kAlone, 2 * kAlone + 7}) {
    INFO(good);
    size_t next = 0;
    const auto read = [&](char* bytes, size_t size) {
      const size_t count = std::min({size, size_t{40'000}, good - next});
      if (count == 0) throw std::system_error(EINTR, std::generic_category());
      text.copy(bytes, count, next);
      next += count;
      return count;
    };
    Log log;
    ReadAhead ahead(read, Copying(log));
    CHECK((ReadToError<std::system_error>(ahead) == text.substr(0, good / kBlock * kBlock)));
  }
}

// Waits until what another thread does is so; false if it never is.
template <typename Done>
bool Await(Done done) {
  for (int i = 0; i < 10'000; ++i) {
    if (done()) return true;
    std::this_thread::sleep_for(1ms);
  }
  return false;
}

TEST_CASE("the thread stays near its reader") {
  TextSource source(Noise(9 * kAlone), 100'000);
  Log log;
  ReadAhead ahead(From(source), Copying(log));
  size_t read = 0;
  while (read <= kAlone) read += ahead.Next().size();
  // It has what the reader fed to it, or is full.
  std::this_thread::sleep_for(50ms);
  CHECK(log.bytes <= read + ReadAhead::kAheadBytes);
}

TEST_CASE("it can end at any time") {
  const std::string text = Noise(9 * kAlone);
  for (size_t blocks = 0; blocks < 30; ++blocks) {
    TextSource source(text, 30'000);
    Log log;
    {
      ReadAhead ahead(From(source), Copying(log));
      for (size_t i = 0; i < blocks; ++i) ahead.Next();
      // At once, or when the thread has come to wait for packed bytes or for room.
      if (blocks % 2 == 0) std::this_thread::sleep_for(5ms);
    }
    CHECK(log.destroyed);
  }
}

// Unpacks without end, and without packed bytes.
class Endless : public Decompressor {
 public:
  explicit Endless(std::atomic<size_t>& blocks) : blocks_(blocks) {}
  size_t Read(char* bytes, size_t size) override {
    ++blocks_;
    std::memset(bytes, 'x', size);
    return size;
  }

 private:
  std::atomic<size_t>& blocks_;
};

TEST_CASE("without a reader even an endless stream stops, and ends with its reader") {
  std::atomic<size_t> blocks = 0;
  size_t taken = 0;
  const auto nothing = [](char*, size_t) { return size_t{0}; };
  {
    ReadAhead ahead(nothing, [&](ReadBytes) { return std::make_unique<Endless>(blocks); });
    for (; taken <= kAlone / kBlock; ++taken) REQUIRE(ahead.Next().size() == kBlock);
    // One that was returned is still in use.
    const size_t most = taken + ReadAhead::kAheadBytes / kBlock;
    CHECK(Await([&] { return blocks >= most - 1; }));
    std::this_thread::sleep_for(20ms);
    CHECK(blocks <= most);
  }
  const size_t at_end = blocks;
  std::this_thread::sleep_for(5ms);
  CHECK(blocks == at_end);
}

// Takes its time over each block behind the first ones.
class Slow : public Decompressor {
 public:
  size_t Read(char* bytes, size_t size) override {
    if (++blocks_ > kAlone / kBlock) std::this_thread::sleep_for(250ms);
    std::memset(bytes, 'x', size);
    return size;
  }

 private:
  size_t blocks_ = 0;
};

TEST_CASE("a reader that waits is heard, and may give up") {
  const auto nothing = [](char*, size_t) { return size_t{0}; };
  int waits = 0;
  bool give_up = false;
  ReadAhead ahead(
      nothing, [](ReadBytes) { return std::make_unique<Slow>(); },
      [&] {
        ++waits;
        if (give_up) throw std::runtime_error("enough");
      });
  for (size_t i = 0; i < kAlone / kBlock; ++i) ahead.Next();
  CHECK(waits == 0);
  CHECK(ahead.Next().size() == kBlock);
  CHECK(waits > 0);
  give_up = true;
  CHECK_THROWS_AS(ahead.Next(), std::runtime_error);
  give_up = false;
  CHECK(ahead.Next().size() == kBlock);
}

}  // namespace
}  // namespace tcpsnap::capture
