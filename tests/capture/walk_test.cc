// What is found below a folder, and where its links lead.
#include "capture/walk.h"

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "support/catch.h"
#include "support/temporary_folder.h"

namespace tcpsnap::capture {
namespace {

namespace fs = std::filesystem;
using testing::TemporaryFolder;

std::vector<std::string> Paths(const FoundFiles& found) {
  std::vector<std::string> paths;
  for (const FoundFile& file : found.files) paths.push_back(file.path);
  return paths;
}

TEST_CASE("links to files are followed within the folder that was named, not out of it") {
  const TemporaryFolder folder;
  const std::string own = folder.Write("machine/hostname", "mine\n");
  const std::string kept = folder.Write("bundle/sos_commands/date", "x");
  folder.Write("bundle-2/file", "x");  // its name begins like that of the folder
  fs::create_symlink("sos_commands/date", folder.Path("bundle/date"));
  fs::create_symlink(kept, folder.Path("bundle/absolute"));
  fs::create_symlink("../bundle/sos_commands/date", folder.Path("bundle/around"));
  fs::create_symlink(own, folder.Path("bundle/hostname"));
  fs::create_symlink("../bundle-2/file", folder.Path("bundle/neighbour"));
  fs::create_symlink("hostname", folder.Path("bundle/sos_commands/gone"));
  fs::create_symlink("../hostname", folder.Path("bundle/sos_commands/twice"));
  const FoundFiles found = FindFiles({folder.Path("bundle")});
  CHECK(Paths(found) == std::vector<std::string>{folder.Path("bundle/absolute"),
                                                 folder.Path("bundle/around"),
                                                 folder.Path("bundle/date"), kept});
  CHECK(found.failures.empty());
  std::map<std::string, std::string> links;
  for (const FoundLink& link : found.links) links[link.path] = link.target;
  CHECK(links == std::map<std::string, std::string>{
                     {folder.Path("bundle/hostname"), own},
                     {folder.Path("bundle/neighbour"), "../bundle-2/file"},
                     {folder.Path("bundle/sos_commands/gone"), "hostname"},
                     {folder.Path("bundle/sos_commands/twice"), "../hostname"}});
}

TEST_CASE("what is named is followed, and a folder that is a link holds what is in it") {
  const TemporaryFolder folder;
  const std::string own = folder.Write("machine/hostname", "mine\n");
  fs::create_directories(folder.Path("bundle"));
  fs::create_symlink(own, folder.Path("bundle/hostname"));
  fs::create_directory_symlink("machine", folder.Path("door"));
  fs::create_symlink("hostname", folder.Path("machine/link"));
  CHECK(Paths(FindFiles({folder.Path("bundle/hostname")})).size() == 1);
  CHECK(Paths(FindFiles({folder.Path("door")})) ==
        std::vector<std::string>{folder.Path("door/hostname"), folder.Path("door/link")});
  CHECK(Paths(FindFiles({folder.Path("door/")})).size() == 2);
  const FoundFiles none = FindFiles({folder.Path("bundle")});
  CHECK(none.files.empty());
  REQUIRE(none.failures.size() == 1);
  CHECK(std::string(none.failures[0].second.what()).find("links out of it") != std::string::npos);
}

}  // namespace
}  // namespace tcpsnap::capture
