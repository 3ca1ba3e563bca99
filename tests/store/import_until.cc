// Imports, or forgets a source, and dies in the middle:
//
//   import_until DB TRANSACTION_BYTES CALL PATH...
//   import_until DB TRANSACTION_BYTES CALL --forget PATH
//
// SIGKILL comes at the CALL-th of the calls by which SQLite changes files; a write is done by half
// first. With CALL 0 it lives on, and prints how many calls there were.

#include <dlfcn.h>
#include <signal.h>
#include <sys/types.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "store/database.h"
#include "store/forget.h"
#include "store/imports.h"

namespace {

long calls = 0;
long deadly_call = 0;

bool IsDeadly() { return ++calls == deadly_call; }

[[noreturn]] void Die() {
  kill(getpid(), SIGKILL);
  std::abort();  // never reached
}

template <typename Function>
Function* Real(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

}  // namespace

// These stand before those of the C library.
extern "C" {

ssize_t pwrite64(int file, const void* bytes, size_t size, off64_t offset) {
  static auto* const real = Real<ssize_t(int, const void*, size_t, off64_t)>("pwrite64");
  if (!IsDeadly()) return real(file, bytes, size, offset);
  real(file, bytes, size / 2, offset);
  Die();
}

int ftruncate64(int file, off64_t size) noexcept {
  static auto* const real = Real<int(int, off64_t)>("ftruncate64");
  if (IsDeadly()) Die();
  return real(file, size);
}

int fdatasync(int file) {
  static auto* const real = Real<int(int)>("fdatasync");
  if (IsDeadly()) Die();
  return real(file);
}

int unlink(const char* path) noexcept {
  static auto* const real = Real<int(const char*)>("unlink");
  if (IsDeadly()) Die();
  return real(path);
}

}  // extern "C"

int main(int argc, char** argv) {
  if (argc < 5) return 2;
  tcpsnap::testing::ImportOptions options;
  options.transaction_bytes = std::atol(argv[2]);
  deadly_call = std::atol(argv[3]);
  {
    auto database = tcpsnap::store::Database::OpenForImport(argv[1]);
    if (std::string_view(argv[4]) == "--forget") {
      const auto forgotten = ForgetSource(database, argv[argc - 1], options.transaction_bytes);
      if (forgotten.sources != 1) return 1;
      std::printf("%ld\n", calls);
      return 0;
    }
    const auto result = tcpsnap::testing::Import(database, {argv + 4, argv + argc}, options);
    if (!result.failures.empty()) return 1;
  }
  std::printf("%ld\n", calls);
  return 0;
}
