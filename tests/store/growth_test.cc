// A log that is still being written: imported at any point and again when it is longer, the
// database is that of one import of the whole, whatever the layout.
#include <set>
#include <string>
#include <vector>

#include "store/database.h"
#include "store/imports.h"
#include "support/captures.h"
#include "support/catch.h"
#include "support/temporary_folder.h"

namespace tcpsnap::store {
namespace {

using testing::AllViews;
using testing::Difference;
using testing::Import;
using testing::ImportOptions;
using testing::kAddressNumbers;
using testing::Rows;
using testing::TemporaryFolder;

struct Growing {
  std::string file;
  bool needs_date = false;
  bool needs_start = false;
  bool needs_interval = false;
};

ImportOptions OptionsFor(const Growing& growing) {
  ImportOptions options;
  if (growing.needs_date) options.capture.date = capture::CivilDay{2026, 11, 22};
  if (growing.needs_start) options.capture.start_ms = 1'795'333'047'000;
  if (growing.needs_interval) options.capture.interval_ms = 1000;
  return options;
}

TEST_CASE("a log that grew in any layout ends up complete, nothing twice and no reject left") {
  const TemporaryFolder folder;
  for (const Growing& growing : std::vector<Growing>{{"01-epoch-line.txt"},
                                                     {"03-date-C-locale.txt"},
                                                     {"06-oswatcher-zzz.dat"},
                                                     {"07-exawatcher-zzz.dat"},
                                                     {"08-rhel-monitor-sh.txt"},
                                                     {"10-timestamp-keyword.txt"},
                                                     {"12-relative-t.txt", false, true},
                                                     {"13-no-marker-loop.txt", false, true, true},
                                                     {"18-ts-prefix-moreutils.txt", true},
                                                     {"19-iso-prefix-k8s.txt"},
                                                     {"20-epoch-prefix-awk.txt"},
                                                     {"21-syslog-prefix.txt", true},
                                                     {"22-journal-iso-syslog.txt"},
                                                     {"23-shell-prompt.txt"},
                                                     {"28-jsonl-embedded.jsonl"},
                                                     {"29-T-hms-only.txt", true}}) {
    const std::string text =
        testing::ReadFile(std::string(TCPSNAP_TESTDATA) + "/layouts/" + growing.file);
    const ImportOptions options = OptionsFor(growing);
    const std::string name = "growing" + growing.file.substr(growing.file.rfind('.'));
    Database undisturbed = Database::OpenInMemory();
    Import(undisturbed, {folder.Write(name, text)}, options);
    const auto expected = AllViews(undisturbed, kAddressNumbers);
    REQUIRE(Rows(undisturbed, "SELECT count(*) FROM rejected_lines").at(0) == "0");
    for (size_t size = text.size() / 90; size < text.size(); size += 1 + text.size() / 90) {
      CAPTURE(growing.file, size);
      Database database = Database::OpenInMemory();
      Import(database, {folder.Write(name, text.substr(0, size))}, options);
      // A second time in between, a little longer.
      const size_t more = size + (text.size() - size) / 3;
      Import(database, {folder.Write(name, text.substr(0, more))}, options);
      Import(database, {folder.Write(name, text)}, options);
      CHECK(Difference(expected, AllViews(database, kAddressNumbers)) == "");
    }
  }
}

}  // namespace
}  // namespace tcpsnap::store
