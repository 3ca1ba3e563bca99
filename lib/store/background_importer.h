// An Importer on a thread of its own: one thread reads and classifies, this one writes.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <mutex>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "store/importer.h"

namespace tcpsnap::store {

/// The calls of Importer, carried out in their order, some at a time. What the importer throws
/// comes out of the next call here, and nothing is carried out after it.
class BackgroundImporter {
 public:
  /// Uses the database from another thread until it is destroyed: leave it alone meanwhile.
  BackgroundImporter(Database& database, ImportSettings settings);
  ~BackgroundImporter();
  BackgroundImporter(const BackgroundImporter&) = delete;
  BackgroundImporter& operator=(const BackgroundImporter&) = delete;

  void Begin(SourceStart source);
  void Add(IncomingDump&& dump);
  void Refuse(std::vector<procnet::RefusedLine>&& lines);
  void Tell(std::string host, std::string netns, HostFacts facts);
  void End(SourceEnd end);
  void Abort();
  ImportSummary Finish();

 private:
  struct TellCall {
    std::string host;
    std::string netns;
    HostFacts facts;
  };
  struct AbortCall {};
  struct FinishCall {};
  using Call = std::variant<SourceStart, IncomingDump, std::vector<procnet::RefusedLine>, TellCall,
                            SourceEnd, AbortCall, FinishCall>;
  void Push(Call&& call, size_t rows);
  template <typename Reached>
  void WaitUntil(std::unique_lock<std::mutex>& lock, Reached reached);
  void Run();
  void CarryOut(Call& call);

  Importer importer_;
  ImportSummary summary_;

  std::mutex mutex_;
  std::condition_variable not_full_, not_empty_;
  std::deque<std::pair<Call, size_t>> calls_;
  size_t waiting_rows_ = 0;
  bool is_due_ = false;  ///< there is enough to do, or somebody waits for it
  bool closed_ = false;
  std::exception_ptr error_;
  std::thread thread_;
};

}  // namespace tcpsnap::store
