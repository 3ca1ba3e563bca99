// Takes down what ReadCaptures tells.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "capture/capture.h"

namespace tcpsnap::testing {

struct RecordedSource {
  capture::SourceInfo begin;
  std::vector<capture::CapturedDump> dumps;
  std::vector<procnet::RefusedLine> stray;
  std::optional<capture::SourceTotals> end;
};

struct RecordedFailure {
  std::string path;
  std::string message;
  capture::Trouble trouble;
  bool named;
};

struct RecordedHost {
  std::string host;
  std::string netns;
  int64_t taken_ms;
  capture::HostFacts facts;
};

class RecordingSink : public capture::CaptureSink {
 public:
  void Begin(const capture::SourceInfo& source) override {
    sources.push_back({source, {}, {}, std::nullopt});
  }
  void Dump(capture::CapturedDump&& dump) override {
    sources.back().dumps.push_back(std::move(dump));
  }
  void StrayRefused(std::vector<procnet::RefusedLine>&& lines) override {
    for (procnet::RefusedLine& line : lines) sources.back().stray.push_back(std::move(line));
  }
  void End(const capture::SourceTotals& totals) override { sources.back().end = totals; }
  void Failed(const std::string& path, const capture::CaptureError& error, bool named) override {
    failures.push_back({path, error.what(), error.trouble(), named});
  }
  void Warn(const std::string& message) override { warnings.push_back(message); }
  void Host(const std::string& host, const std::string& netns, int64_t taken_ms,
            const capture::HostFacts& facts) override {
    hosts.push_back({host, netns, taken_ms, facts});
  }
  void Copy(const std::string& path, const std::string& copy_of) override {
    copies.emplace_back(path, copy_of);
  }
  void Advance(uint64_t done, uint64_t) override { bytes_read = done; }

  std::vector<RecordedSource> sources;
  std::vector<RecordedFailure> failures;
  std::vector<std::string> warnings;
  std::vector<RecordedHost> hosts;
  std::vector<std::pair<std::string, std::string>> copies;  ///< and what they are copies of
  uint64_t bytes_read = 0;
};

inline RecordingSink Read(const std::vector<std::string>& paths,
                          const capture::CaptureSettings& settings = {}) {
  RecordingSink sink;
  capture::ReadCaptures(paths, settings, sink);
  return sink;
}

}  // namespace tcpsnap::testing
