#include "common/run_main.h"

#include <boost/program_options/errors.hpp>
#include <csignal>
#include <exception>
#include <filesystem>
#include <new>

#include "capture/clock.h"
#include "common/interrupt.h"
#include "common/message.h"
#include "common/output.h"
#include "store/database.h"

namespace tcpsnap::apps {
namespace {

int Fail(ExitCode code, const char* message) {
  PrintMessage(message);
  return code;
}

int FailInterrupted() {
  PrintMessage("interrupted");
  const int signal = ReceivedSignal();
  return 128 + (signal == 0 ? SIGINT : signal);
}

}  // namespace

int RunMain(int argc, char** argv, int (*body)(int argc, char** argv)) {
  if (argc > 0) SetProgramName(std::filesystem::path(argv[0]).filename().string());
  // A write to a pipe without a reader then fails with EPIPE instead of killing the process in the
  // middle of whatever it does.
  std::signal(SIGPIPE, SIG_IGN);
  try {
    return body(argc, argv);
  } catch (const ClosedPipe&) {
    return kDone;
  } catch (const store::Interrupted&) {
    return FailInterrupted();
  } catch (const std::invalid_argument& error) {
    return Fail(kUsage, error.what());
  } catch (const capture::UnknownZone& error) {
    return Fail(kUsage, error.what());
  } catch (const boost::program_options::error& error) {
    return Fail(kUsage, error.what());
  } catch (const std::bad_alloc&) {
    return Fail(kFailed, "out of memory");
  } catch (const std::exception& error) {
    return Fail(kFailed, error.what());
  }
}

}  // namespace tcpsnap::apps
