#include "report/database_names.h"

#include <string_view>

namespace tcpsnap::report {
namespace {

/// "web1" of "Linux web1 6.1.0-18-amd64 ...": the second word.
std::string_view NodeName(std::string_view uname) {
  const size_t blank = uname.find(' ');
  if (blank == std::string_view::npos) return "";
  uname.remove_prefix(blank + 1);
  return uname.substr(0, uname.find(' '));
}

}  // namespace

void AddNamesOf(store::Database& database, Anonymizer& anonymizer) {
  store::Statement hosts =
      database.Prepare("SELECT label, ifnull(uname, '') FROM host ORDER BY id");
  while (hosts.Step()) {
    anonymizer.AddName(hosts.Text(0));
    anonymizer.AddName(NodeName(hosts.Text(1)));
  }
  store::Statement sources = database.Prepare("SELECT path FROM source ORDER BY id");
  while (sources.Step()) anonymizer.AddPath(sources.Text(0));
}

}  // namespace tcpsnap::report
