#include "common/interrupt.h"

#include <signal.h>

#include <atomic>

namespace tcpsnap::apps {
namespace {

std::atomic<int> received_signal{0};
std::atomic<store::Database*> running_database{nullptr};
static_assert(std::atomic<store::Database*>::is_always_lock_free);

constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP};

void OnSignal(int number) {
  received_signal.store(number);
  if (store::Database* database = running_database.load()) database->Interrupt();
}

void SetAll(void (*handler)(int), int flags) {
  for (const int number : kSignals) {
    struct sigaction action = {};
    struct sigaction previous = {};
    sigemptyset(&action.sa_mask);
    // What the parent ignores stays ignored: nohup.
    if (sigaction(number, nullptr, &previous) == 0 && previous.sa_handler == SIG_IGN) continue;
    action.sa_handler = handler;
    action.sa_flags = flags;
    sigaction(number, &action, nullptr);
  }
}

}  // namespace

InterruptGuard::InterruptGuard(store::Database* database) {
  running_database.store(database);
  SetAll(OnSignal, static_cast<int>(SA_RESETHAND));
}

InterruptGuard::~InterruptGuard() {
  SetAll(SIG_DFL, 0);
  running_database.store(nullptr);
}

int ReceivedSignal() noexcept { return received_signal.load(); }

}  // namespace tcpsnap::apps
