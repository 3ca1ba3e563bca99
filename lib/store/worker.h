// A thread that does one thing at a time for another.
#pragma once

#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>

namespace tcpsnap::store {

class Worker {
 public:
  Worker() = default;
  /// Waits for what was begun.
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// Waits for what was begun before, then begins this and returns at once.
  void Begin(std::function<void()> task);
  /// Returns when nothing is being done; throws what that threw.
  void Wait();

 private:
  void Run();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::function<void()> task_;  ///< empty: nothing to do
  std::exception_ptr error_;
  bool closed_ = false;
  std::thread thread_;  ///< from the first task on
};

}  // namespace tcpsnap::store
