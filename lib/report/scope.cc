#include "report/scope.h"

#include <vector>

#include "report/cell_text.h"
#include "report/error.h"
#include "report/nearest.h"
#include "report/parameter.h"

namespace tcpsnap::report {
namespace {

using store::Database;
using store::Statement;
using store::ValueType;

constexpr std::string_view kDefaultBucket = "1h";

void CheckHost(Database& database, const std::string& host) {
  std::vector<std::string> labels;
  Statement statement = database.Prepare("SELECT label FROM host ORDER BY label");
  while (statement.Step()) {
    labels.emplace_back(statement.Text(0));
    if (labels.back() == host) return;
  }
  throw UserError("--host '" + host + "': the database has no such host" +
                  DidYouMean(host, labels));
}

void FindEnds(Database& database, Scope& scope) {
  Statement statement = database.Prepare(
      "SELECT min(taken_ms), max(taken_ms) FROM snapshot"
      " WHERE host_id IN (SELECT id FROM host WHERE label = ifnull(:host, label))");
  statement.Bind(1, scope.host);
  if (!statement.Step() || statement.Type(0) == ValueType::kNull) return;
  scope.first_ms = statement.Integer(0);
  scope.last_ms = statement.Integer(1);
}

}  // namespace

Scope ResolveScope(Database& database, const Request& request) {
  Scope scope;
  scope.zone = request.zone;
  scope.host = request.host;
  if (scope.host) CheckHost(database, *scope.host);
  FindEnds(database, scope);
  if (request.until) {
    scope.until_ms = ParseTimeValue("--until", *request.until, scope.zone, scope.last_ms);
  }
  if (request.since) {
    const auto end_ms = scope.until_ms && scope.last_ms ? scope.until_ms : scope.last_ms;
    scope.since_ms = ParseTimeValue("--since", *request.since, scope.zone, end_ms);
  }
  if (scope.since_ms && scope.until_ms && *scope.since_ms >= *scope.until_ms) {
    throw UserError("the window is empty: --since (" + TimeText(*scope.since_ms, scope.zone) +
                    ") is not before --until (" + TimeText(*scope.until_ms, scope.zone) + ")");
  }
  const std::string width = request.bucket.value_or(std::string(kDefaultBucket));
  const auto bucket_ms = capture::ParseBucketWidth(width);
  if (!bucket_ms) {
    throw UserError("--bucket '" + width +
                    "': a bucket is 10s, 1m, 5m, 1h, 1d, or another part of a day");
  }
  scope.bucket_ms = *bucket_ms;
  return scope;
}

int64_t CountSnapshots(Database& database, const Scope& scope) {
  Statement statement = database.Prepare(
      "SELECT count(*) FROM snapshot"
      " WHERE host_id IN (SELECT id FROM host WHERE label = ifnull(:host, label))"
      " AND taken_ms >= ifnull(:since, -9223372036854775808)"
      " AND taken_ms < ifnull(:until, 9223372036854775807)");
  statement.Bind(1, scope.host).Bind(2, scope.since_ms).Bind(3, scope.until_ms);
  return statement.Step() ? statement.Integer(0) : 0;
}

std::string DescribeEmptyWindow(const Scope& scope) {
  if (!scope.first_ms) return "there are no snapshots";
  Scope all = scope;
  all.since_ms.reset();
  all.until_ms.reset();
  return "no snapshot in " + DescribeWindow(scope) + "; there are some in " + DescribeWindow(all);
}

std::string DescribeWindow(const Scope& scope) {
  const auto begin = scope.since_ms ? scope.since_ms : scope.first_ms;
  const auto end = scope.until_ms ? scope.until_ms : scope.last_ms;
  const std::string open = "?";
  return (begin ? TimeText(*begin, scope.zone) : open) + " to " +
         (end ? TimeText(*end, scope.zone) : open) + " (" + scope.zone.name() + ")";
}

}  // namespace tcpsnap::report
