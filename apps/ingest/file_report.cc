#include "ingest/file_report.h"

#include <filesystem>

#include "common/message.h"
#include "common/run_main.h"

namespace tcpsnap::ingest {
namespace {

constexpr int64_t kMostWarnings = 20;
constexpr int64_t kMostPerMessage = 10;

}  // namespace

void FileReport::Fail(const std::string& path, const capture::CaptureError& error, bool named) {
  using capture::Trouble;
  if (error.trouble() == Trouble::kNoCapture && !named) {
    if (passed_over_++ == 0) first_passed_over_ = path + ": " + error.what();
    return;
  }
  // A pile of files mostly fails for one reason.
  if (++by_message_[error.what()] <= kMostPerMessage) {
    progress_.Clear();
    apps::PrintMessage((path == "-" ? "standard input" : path) + ": " + error.what());
  }
  if (strict_ && error.trouble() == Trouble::kTooManyRejects) {
    ++refused_;
  } else {
    ++failed_;
  }
}

void FileReport::Warn(const std::string& message) {
  if (warnings_++ >= kMostWarnings) return;
  progress_.Clear();
  apps::PrintMessage("warning: " + message);
}

void FileReport::NoteCopy(const std::string& path, const std::string& copy_of) {
  if (copies_++ == 0) first_copy_ = path + " is that of " + copy_of;
}

int FileReport::Finish(int64_t sources) {
  if (warnings_ > kMostWarnings) {
    apps::PrintMessage("warning: " + std::to_string(warnings_ - kMostWarnings) +
                       " more warnings like these");
  }
  for (const auto& [message, count] : by_message_) {
    if (count > kMostPerMessage) {
      apps::PrintMessage("and " + std::to_string(count - kMostPerMessage) +
                         " more files of which: " + message);
    }
  }
  if (copies_ > 0) {
    apps::PrintMessage(std::to_string(copies_) +
                       (copies_ == 1
                            ? " table was not counted again: "
                            : " tables were not counted again, being those of processes in "
                              "one network namespace; the first: ") +
                       first_copy_);
  }
  if (passed_over_ > 0) {
    const bool one = passed_over_ == 1;
    apps::PrintMessage(std::to_string(passed_over_) +
                       (one ? " file is no capture and was passed over: "
                            : " files are no captures and were passed over, the first: ") +
                       first_passed_over_);
  }
  if (sources == 0 && failed_ == 0 && refused_ == 0) {
    apps::PrintMessage("no capture was found");
    return apps::kFailed;
  }
  if (failed_ > 0) return apps::kFailed;
  return refused_ > 0 ? apps::kRefused : apps::kDone;
}

}  // namespace tcpsnap::ingest
