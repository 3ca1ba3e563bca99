// Every line of a source is counted once: the account equals `wc -l`, whatever the lines are.
#include <string>
#include <vector>

#include "capture/archive.h"
#include "capture/json_source.h"
#include "capture/screen_source.h"
#include "store/database.h"
#include "store/imports.h"
#include "store/made_capture.h"
#include "support/captures.h"
#include "support/catch.h"
#include "support/temporary_folder.h"

namespace tcpsnap::store {
namespace {

using testing::AllViews;
using testing::Below;
using testing::Difference;
using testing::Import;
using testing::ImportOptions;
using testing::ImportResult;
using testing::Rows;
using testing::TemporaryFolder;

// As `wc -l` counts them, and one more where the last one has no end.
size_t CountLines(const std::string& text) {
  size_t lines = 0;
  for (const char c : text) lines += c == '\n';
  return lines + (!text.empty() && text.back() != '\n');
}

std::string Lines(Database& database, const std::string& path) {
  Statement lines = database.Prepare(
      "SELECT lines, markers + headers + samples + duplicates + blank + other + known + rejected,"
      " complete FROM sources WHERE path = ?");
  lines.Bind(1, std::string_view(path));
  if (!lines.Step()) return "none";
  CHECK(lines.Integer(0) == lines.Integer(1));
  CHECK(lines.Integer(2) == 1);
  return std::to_string(lines.Integer(0));
}

// What the account says is what the tables hold.
void CheckAccountsAgainstTables(Database& database) {
  CHECK(Rows(database,
             "SELECT o.path FROM source AS o WHERE o.rejected <>"
             " (SELECT count(*) FROM rejected_line AS x WHERE x.source_id = o.id)"
             " OR o.samples <> (SELECT ifnull(sum(d.row_count - d.duplicates), 0) FROM dump AS d"
             " WHERE d.source_id = o.id)"
             " OR o.duplicates <> (SELECT ifnull(sum(d.duplicates), 0) FROM dump AS d"
             " WHERE d.source_id = o.id)")
            .empty());
  CHECK(database.QueryInteger("SELECT (SELECT sum(last_row - first_row + 1) FROM dump)"
                              " = (SELECT count(*) FROM socket_row)"
                              " AND (SELECT sum(last_census - first_census + 1) FROM dump)"
                              " = (SELECT count(*) FROM census)") != 0);
  CHECK(database.QueryInteger("SELECT count(*) FROM dump AS d WHERE NOT EXISTS"
                              " (SELECT 1 FROM snapshot AS s WHERE s.id = d.snapshot_id)") == 0);
}

// Imports a file, with a made-up day or time when it tells none.
ImportResult ImportAnyhow(Database& database, const std::string& path) {
  ImportResult result = Import(database, {path});
  ImportOptions options;
  const auto again = [&] {
    if (result.summary.sources == 0) result = Import(database, {path}, options);
  };
  options.capture.date = capture::CivilDay{2026, 11, 22};
  again();
  options.capture.start_ms = 1'795'333'047'000;
  again();
  options.capture.interval_ms = 60'000;
  again();
  return result;
}

// True when a file is the text of a capture as it stands, not a thing that holds one.
bool IsPlainText(const std::string& text) {
  return capture::SniffPacking(text.substr(0, capture::kSniffBytes)) == capture::Packing::kNone &&
         !capture::LooksLikeJson(text) && !capture::LooksLikeTerminal(text);
}

TEST_CASE("every line of every capture is counted once, at the first import and at the second") {
  const TemporaryFolder folder;
  size_t imported = 0;
  for (const std::string root : {TCPSNAP_TESTDATA, TCPSNAP_CAPTURES "/own"}) {
    for (const auto& file : testing::FilesBelow(root)) {
      CAPTURE(file.string());
      const std::string text = testing::ReadFile(file);
      std::string path = file.string();
      if (file.extension() == ".gz") path = folder.Write("unpacked.txt", text);
      const bool is_plain = IsPlainText(text);
      Database database = Database::OpenInMemory();
      if (ImportAnyhow(database, path).summary.sources == 0) {
        CHECK(Lines(database, path) == "none");
        continue;
      }
      ++imported;
      if (is_plain) CHECK(Lines(database, path) == std::to_string(CountLines(text)));
      CheckAccountsAgainstTables(database);
      const auto before = AllViews(database);
      ImportAnyhow(database, path);
      CHECK(Difference(before, AllViews(database)) == "");

      // A copy knows all of it.
      const std::string copy = folder.Write("copy-" + file.filename().string(), text);
      CHECK(ImportAnyhow(database, copy).summary.dumps == 0);
      if (is_plain) CHECK(Lines(database, copy) == std::to_string(CountLines(text)));
      CheckAccountsAgainstTables(database);
    }
  }
  CHECK(imported > 50);
}

TEST_CASE("every line of a damaged capture is counted once, and no damage stops an import") {
  testing::Random random(11);
  const TemporaryFolder folder;
  const std::string series =
      testing::ReadFile(std::string(TCPSNAP_TESTDATA) + "/lab/lab618-series12-dateIs-tcp+tcp6.txt");
  for (int round = 0; round < 150; ++round) {
    CAPTURE(round);
    std::string text = round % 2 == 0
                           ? testing::Joined(testing::MakeSnapshots(random, {3, 8, false, 20}))
                           : series.substr(0, 6000);
    if (round % 3 == 0) text.resize(Below(random, text.size()) + 1);
    for (size_t damages = Below(random, 20); damages > 0; --damages) {
      switch (Below(random, 5)) {
        case 0: {  // two lines become one, or one two
          const size_t newline = text.find('\n', Below(random, text.size()));
          if (newline != text.npos) text.erase(newline, 1);
          break;
        }
        case 1:
          text.insert(Below(random, text.size()), 1, '\n');
          break;
        case 2:  // a stretch is lost
          text.erase(Below(random, text.size()), Below(random, 200));
          break;
        default:
          text = testing::Damage(text, random);
      }
      if (text.empty()) text = "\n";
    }
    CAPTURE(text);
    const std::string path = folder.Write("damaged.log", text);
    Database database = Database::OpenInMemory();
    ImportAnyhow(database, path);
    const std::string lines = Lines(database, path);
    if (lines == "none") continue;  // not one row, or a NUL, or a first time that can't be told
    REQUIRE(lines == std::to_string(CountLines(text)));
    CheckAccountsAgainstTables(database);
    const auto before = AllViews(database);
    ImportAnyhow(database, path);
    REQUIRE(Difference(before, AllViews(database)) == "");
    REQUIRE(Lines(database, path) == lines);

    ImportOptions tiny;
    tiny.transaction_bytes = 1;
    Database again = Database::OpenInMemory();
    if (Import(again, {path}, tiny).summary.sources == 0) continue;
    REQUIRE(Difference(before, AllViews(again)) == "");
  }
}

TEST_CASE("the accounts stay right where sources overlap, grow and replace each other") {
  testing::Random random(12);
  for (int round = 0; round < 40; ++round) {
    CAPTURE(round);
    const auto snapshots = testing::MakeSnapshots(random, {4, 6, false, 30});
    const TemporaryFolder folder;
    Database database = Database::OpenInMemory();
    std::vector<std::pair<std::string, std::string>> files;
    for (int i = 0; i < 8; ++i) {
      const size_t begin = Below(random, snapshots.size());
      std::string text = testing::Joined(snapshots, begin, begin + 1 + Below(random, 4));
      text.resize(text.size() - Below(random, 300));
      const std::string name = "file" + std::to_string(Below(random, 4)) + ".log";
      const std::string path = folder.Write(name, text);
      Import(database, {path});
      std::erase_if(files, [&](const auto& file) { return file.first == path; });
      files.emplace_back(path, text);
    }
    // As they are at last; what an earlier file of the same name had brought may be counted there.
    for (const auto& [path, text] : files) {
      CAPTURE(path);
      if (!Import(database, {path}).failures.empty()) continue;  // cut before its first table
      Statement lines =
          database.Prepare("SELECT lines FROM source WHERE path = ? ORDER BY imported_ms DESC");
      lines.Bind(1, std::string_view(path));
      REQUIRE(lines.Step());
      CHECK(lines.Integer(0) == static_cast<int64_t>(CountLines(text)));
    }
    CHECK(database.QueryInteger("SELECT (SELECT sum(last_row - first_row + 1) FROM dump)"
                                " = (SELECT count(*) FROM socket_row)") != 0);
  }
}

}  // namespace
}  // namespace tcpsnap::store
