// One line: the three parsers agree, and addresses survive being written and read.
#include <arpa/inet.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "procnet/address.h"
#include "procnet/row.h"
#include "support/row_check.h"

namespace {

using tcpsnap::procnet::Address;
using tcpsnap::procnet::ByteOrder;
using tcpsnap::procnet::SocketRecord;

[[noreturn]] void Fail(std::string_view what, std::string_view line) {
  std::fprintf(stderr, "%.*s: %.*s\n", static_cast<int>(what.size()), what.data(),
               static_cast<int>(line.size()), line.data());
  std::abort();
}

void CheckAddress(const uint32_t words[4], tcpsnap::procnet::Family family, std::string_view line) {
  for (const ByteOrder order : {ByteOrder::kLittle, ByteOrder::kBig}) {
    const Address address = DecodeAddress(words, family, order);
    const std::string text = AddressText(address);
    uint8_t bytes[16];
    const bool v4 = address.IsV4();
    if (inet_pton(v4 ? AF_INET : AF_INET6, text.c_str(), bytes) != 1 ||
        std::memcmp(bytes, address.bytes.data() + (v4 ? 12 : 0), v4 ? 4 : 16) != 0) {
      Fail("the address " + text + " reads back as another", line);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view line(reinterpret_cast<const char*>(data), size);
  line = line.substr(0, line.find('\n'));
  if (const std::string failure = tcpsnap::testing::CheckRow(line); !failure.empty()) {
    Fail(failure, line);
  }
  SocketRecord record;
  if (ParseRow(line, {}, record).reason != tcpsnap::procnet::Reason::kNone) return 0;
  CheckAddress(record.local_words, record.family, line);
  CheckAddress(record.remote_words, record.family, line);
  return 0;
}
