#include "capture/text_opening.h"

#include <algorithm>
#include <utility>

#include "capture/json_source.h"
#include "capture/screen_source.h"
#include "capture/survey.h"

namespace tcpsnap::capture {
namespace {

constexpr size_t kFirstStep = 64 << 10;

class Borrowed : public ByteSource {
 public:
  explicit Borrowed(ByteSource& source) : source_(source) {}
  size_t Read(char* bytes, size_t size) override { return source_.Read(bytes, size); }
  void Rewind() override { source_.Rewind(); }
  std::optional<uint64_t> Size() const override { return source_.Size(); }
  std::optional<uint64_t> RewindLimit() const override { return source_.RewindLimit(); }
  bool Seek(uint64_t offset) override { return source_.Seek(offset); }
  uint64_t OriginalLine(uint64_t line) const override { return source_.OriginalLine(line); }
  std::vector<procnet::RefusedLine> TakeRefused() override { return source_.TakeRefused(); }

 private:
  ByteSource& source_;
};

}  // namespace

std::unique_ptr<ByteSource> OpenText(std::unique_ptr<ByteSource> source, std::string_view head,
                                     std::string_view layout, std::string& container) {
  CheckIsText(head);
  container.clear();
  if (layout == "json" || (layout != "terminal" && LooksLikeJson(head))) {
    container = "json";
    return OpenJson(std::move(source));
  }
  if (layout == "terminal" || LooksLikeTerminal(head)) {
    container = "terminal";
    return OpenTerminal(std::move(source));
  }
  return source;
}

std::unique_ptr<ByteSource> Borrow(ByteSource& source) {
  return std::make_unique<Borrowed>(source);
}

std::string ReadHead(ByteSource& source, size_t bytes) {
  std::string head;
  size_t size = 0;
  while (size < bytes) {
    // Most files are small, whatever may be read of them.
    if (size == head.size()) head.resize(std::min(bytes, std::max(kFirstStep, 2 * size)));
    const size_t count = source.Read(head.data() + size, head.size() - size);
    if (count == 0) break;
    size += count;
  }
  head.resize(size);
  return head;
}

}  // namespace tcpsnap::capture
