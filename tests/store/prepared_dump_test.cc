// What the importer keeps of a row, and how it classifies it: held against a plain reading of the
// rules, through the views.
#include "store/prepared_dump.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "capture/capture.h"
#include "store/database.h"
#include "store/importer.h"
#include "store/imports.h"
#include "support/captures.h"
#include "support/catch.h"
#include "support/reference_row.h"
#include "support/row_text.h"
#include "support/temporary_folder.h"

namespace tcpsnap::store {
namespace {

using procnet::ByteOrder;
using procnet::Family;
using procnet::Records;
using procnet::RowShape;
using procnet::SocketRecord;
using procnet::State;
using procnet::Timer;
using testing::Rows;

struct Endpoint {
  std::string ip;
  uint16_t port;
};

Endpoint Decode(const SocketRecord& record, const uint32_t words[4], uint16_t port,
                ByteOrder order) {
  return {AddressText(procnet::DecodeAddress(words, record.family, order)), port};
}

bool IsWildcard(const std::string& ip) { return ip == "0.0.0.0" || ip == "::"; }

std::string OwnerClassName(const SocketRecord& record) {
  if (record.state == State::kTimeWait) return "timewait";
  if (record.inode != 0) return "owned";
  if (record.timer == Timer::kTimewait) return "timewait";
  if (record.state == State::kSynRecv && record.shape == RowShape::kMini) return "synrecv";
  switch (record.state) {
    case State::kEstablished:
    case State::kCloseWait:
    case State::kSynRecv:  // a full one: a Fast Open child that waits in the accept queue
      return "unaccepted";
    default:
      return "orphan";
  }
}

// Kernels before the clamp print queues that were negative for a moment.
int64_t Queue(uint32_t printed) { return printed >= 0x80000000U ? 0 : printed; }

std::string OrNull(bool there, int64_t value) { return there ? std::to_string(value) : "NULL"; }

struct Expected {
  std::vector<std::string> sockets;
  std::vector<std::string> counts;
};

// The rows of the views `sockets` and `counts` for one dump.
Expected ExpectedViews(const Records& records, ByteOrder order, int64_t ticks_per_second) {
  const std::vector<SocketRecord> rows = testing::ReferenceDedup({records.begin(), records.end()});
  std::set<std::string> own_ips;
  std::set<std::pair<std::string, uint16_t>> listeners;
  for (const SocketRecord& row : rows) {
    const Endpoint local = Decode(row, row.local_words, row.local_port, order);
    if (!IsWildcard(local.ip)) own_ips.insert(local.ip);
    if (row.state != State::kListen) continue;
    listeners.emplace(IsWildcard(local.ip) ? "any" : local.ip, local.port);
  }
  Expected expected;
  struct Sums {
    int64_t sockets = 0, tx = 0, rx = 0, retransmitting = 0, unowned = 0;
  };
  std::map<std::tuple<std::string, bool, uint16_t, std::string>, Sums> counts;
  for (const SocketRecord& row : rows) {
    const Endpoint local = Decode(row, row.local_words, row.local_port, order);
    const Endpoint remote = Decode(row, row.remote_words, row.remote_port, order);
    const bool served =
        listeners.contains({"any", local.port}) || listeners.contains({local.ip, local.port});
    const std::string direction = row.state == State::kListen ? "listen" : served ? "in" : "out";
    const uint16_t service_port = direction == "out" ? remote.port : local.port;
    const bool is_local = own_ips.contains(remote.ip);
    const std::string state(StateName(row.state));
    const bool full = row.shape == RowShape::kFull;
    const bool overflow = row.timer_ticks > UINT32_MAX;
    const auto ms = [&](uint64_t ticks) {
      return static_cast<int64_t>(ticks) * 1000 / ticks_per_second;
    };
    // What no kernel prints is cut to what fits.
    const uint32_t ato = std::min<uint32_t>(row.ato_ticks, (1 << 20) - 1);
    const uint32_t quick_pingpong = std::min<uint32_t>(row.quick_pingpong, (1 << 10) - 1);
    // The kernel prints 2^31 - 1 as -1.
    const int64_t ssthresh = row.ssthresh < 0 || row.ssthresh == INT32_MAX ? -1 : row.ssthresh;
    std::string text = std::to_string(static_cast<int>(row.family));
    for (const std::string& value :
         {local.ip,
          std::to_string(local.port),
          remote.ip,
          std::to_string(remote.port),
          state,
          direction,
          std::to_string(is_local),
          std::to_string(service_port),
          std::to_string(Queue(row.tx_queue)),
          std::to_string(Queue(row.rx_queue)),
          std::string(TimerName(row.timer)),
          OrNull(row.timer != Timer::kOff && !overflow, overflow ? 0 : ms(row.timer_ticks)),
          std::to_string(row.retransmits),
          std::to_string(row.uid),
          std::to_string(row.probes),
          std::to_string(row.inode),
          OwnerClassName(row),
          OrNull(full, ms(row.rto_ticks)),
          OrNull(full, ms(ato)),
          OrNull(full, quick_pingpong >> 1),
          OrNull(full, quick_pingpong & 1),
          OrNull(full, row.cwnd),
          OrNull(full, ssthresh)}) {
      text += "|" + value;
    }
    expected.sockets.push_back(text);
    Sums& sums = counts[{direction, is_local, service_port, state}];
    ++sums.sockets;
    sums.tx += Queue(row.tx_queue);
    sums.rx += Queue(row.rx_queue);
    sums.retransmitting += row.timer == Timer::kOn && row.retransmits > 0;
    sums.unowned += OwnerClassName(row) != "owned";
  }
  for (const auto& [key, sums] : counts) {
    const auto& [direction, is_local, service_port, state] = key;
    expected.counts.push_back(direction + "|" + std::to_string(is_local) + "|" +
                              std::to_string(service_port) + "|" + state + "|" +
                              std::to_string(sums.sockets) + "|" + std::to_string(sums.tx) + "|" +
                              std::to_string(sums.rx) + "|" + std::to_string(sums.retransmitting) +
                              "|" + std::to_string(sums.unowned));
  }
  std::sort(expected.sockets.begin(), expected.sockets.end());
  std::sort(expected.counts.begin(), expected.counts.end());
  return expected;
}

constexpr const char* kSocketColumns =
    "family, local_ip, local_port, remote_ip, remote_port, state, direction, is_local, "
    "service_port,"
    " tx_queue, rx_queue, timer, timer_expires_ms, retransmits, uid, probes, inode, owner_class,"
    " rto_ms, ato_ms, quick, pingpong, cwnd, ssthresh";

std::vector<std::string> Sorted(std::vector<std::string> rows) {
  std::sort(rows.begin(), rows.end());
  return rows;
}

// Stores one dump in a database of its own and compares what the views show of it.
void CheckDump(const Records& records, Family family, ByteOrder order,
               int64_t ticks_per_second = 100) {
  Database database = Database::OpenInMemory();
  ImportSettings settings;
  settings.ticks_per_second = ticks_per_second;
  Importer importer(database, settings);
  importer.Begin({"made", "made", 4, "made"});
  IncomingDump incoming;
  incoming.dump = PrepareDump(records, family, order);
  incoming.byte_order = order;
  CHECK(incoming.dump.row_count == static_cast<int64_t>(records.size()));
  importer.Add(std::move(incoming));
  importer.End({{}, 4, "", "made"});
  importer.Finish();

  const Expected expected = ExpectedViews(records, order, ticks_per_second);
  const std::vector<std::string> sockets =
      Sorted(Rows(database, "SELECT " + std::string(kSocketColumns) + " FROM sockets"));
  REQUIRE(sockets == expected.sockets);
  REQUIRE(Sorted(Rows(database,
                      "SELECT direction, is_local, service_port, state, sockets, tx_queue,"
                      " rx_queue, retransmitting, unowned FROM counts")) == expected.counts);
  // The rollup and the totals equal the sums over the rows.
  CHECK(Sorted(Rows(database,
                    "SELECT direction, is_local, service_port, state, count(*), sum(tx_queue),"
                    " sum(rx_queue), sum(timer = 'on' AND retransmits > 0),"
                    " sum(owner_class <> 'owned') FROM sockets GROUP BY 1, 2, 3, 4")) ==
        expected.counts);
  CHECK(Rows(database,
             "SELECT established, syn_sent, syn_recv, fin_wait1, fin_wait2, time_wait, close,"
             " close_wait, last_ack, listen, closing, sockets FROM snapshots") ==
        Rows(database,
             "SELECT ifnull(sum(state = 'ESTABLISHED'), 0), ifnull(sum(state = 'SYN_SENT'), 0),"
             " ifnull(sum(state = 'SYN_RECV'), 0), ifnull(sum(state = 'FIN_WAIT1'), 0),"
             " ifnull(sum(state = 'FIN_WAIT2'), 0), ifnull(sum(state = 'TIME_WAIT'), 0),"
             " ifnull(sum(state = 'CLOSE'), 0), ifnull(sum(state = 'CLOSE_WAIT'), 0),"
             " ifnull(sum(state = 'LAST_ACK'), 0), ifnull(sum(state = 'LISTEN'), 0),"
             " ifnull(sum(state = 'CLOSING'), 0), count(*) FROM sockets"));
  // Equal addresses have equal keys, different ones different keys.
  CHECK(database.QueryInteger("SELECT count(DISTINCT local_ip) = count(DISTINCT local_key)"
                              " AND count(DISTINCT remote_ip) = count(DISTINCT remote_key)"
                              " FROM sockets") == 1);
}

// Takes the dumps of files, whatever their times are.
class DumpCollector : public capture::CaptureSink {
 public:
  void Begin(const capture::SourceInfo&) override {}
  void Dump(capture::CapturedDump&& dump) override { dumps.push_back(std::move(dump)); }
  void StrayRefused(std::vector<procnet::RefusedLine>&&) override {}
  void End(const capture::SourceTotals&) override {}
  void Failed(const std::string&, const capture::CaptureError&, bool) override {}
  void Warn(const std::string&) override {}
  void Advance(uint64_t, uint64_t) override {}

  std::vector<capture::CapturedDump> dumps;
};

std::vector<capture::CapturedDump> DumpsOf(const std::string& path) {
  DumpCollector collector;
  capture::CaptureSettings settings;
  capture::ReadCaptures({path}, settings, collector);
  if (collector.dumps.empty()) {  // it tells no time
    settings.start_ms = 0;
    settings.interval_ms = 1000;
    capture::ReadCaptures({path}, settings, collector);
  }
  return std::move(collector.dumps);
}

TEST_CASE("recorded dumps are classified by the rules, and come out of the views as they were") {
  const testing::TemporaryFolder folder;
  size_t dumps = 0;
  for (const std::string root : {TCPSNAP_TESTDATA, TCPSNAP_CAPTURES}) {
    for (const auto& file : testing::FilesBelow(root)) {
      if (file.extension() == ".tsv" || file.extension() == ".md") continue;
      CAPTURE(file.string());
      std::string path = file.string();
      if (file.extension() == ".gz") path = folder.Write("unpacked.txt", testing::ReadFile(file));
      for (const capture::CapturedDump& dump : DumpsOf(path)) {
        CAPTURE(dump.first.line);
        CheckDump(dump.records, dump.family, dump.byte_order);
        ++dumps;
      }
    }
  }
  CHECK(dumps > 100);
}

// Few addresses and ports, so that connections meet their listeners and each other.
void MakeCrowded(testing::Random& random, SocketRecord& record) {
  constexpr uint32_t kAddresses[][4] = {
      {0, 0, 0, 0},                    // ::, 0.0.0.0
      {0x0100000A, 0, 0, 0},           // 10.0.0.1 in tcp
      {0, 0, 0xFFFF0000, 0x0100000A},  // 10.0.0.1 in tcp6, little endian
      {0, 0, 0xFFFF0000, 0},           // 0.0.0.0 in tcp6
      {0, 0, 0x0000FFFF, 0x0A000001},  // 10.0.0.1 in tcp6, big endian
      {0xB80D0120, 0, 0, 0x01000000},  // 2001:db8::1
      {0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF}};
  const size_t words = record.family == Family::kTcp ? 1 : 4;
  for (uint32_t* address : {record.local_words, record.remote_words}) {
    const auto& from = kAddresses[testing::Below(random, std::size(kAddresses))];
    std::copy(from, from + words, address);
  }
  record.local_port = static_cast<uint16_t>(testing::Below(random, 3));
  record.remote_port = static_cast<uint16_t>(testing::Below(random, 3) + 65533);
}

TEST_CASE("generated dumps are classified by the rules, and come out of the views as they were") {
  testing::Random random(1);
  for (int round = 0; round < 400; ++round) {
    CAPTURE(round);
    const Family family = round % 2 == 0 ? Family::kTcp : Family::kTcp6;
    const ByteOrder order = round % 3 == 0 ? ByteOrder::kBig : ByteOrder::kLittle;
    Records records;
    const size_t count = testing::Below(random, 60);
    for (size_t i = 0; i < count; ++i) {
      constexpr RowShape kShapes[] = {RowShape::kFull, RowShape::kMini, RowShape::kLinux22};
      const RowShape shape = kShapes[testing::Below(random, std::size(kShapes))];
      SocketRecord record = round % 5 < 3 ? testing::RandomRecord(random, family, shape)
                                          : testing::CommonRecord(random, family, shape);
      if (round % 5 != 0) MakeCrowded(random, record);
      records.push_back(record);
      if (testing::Below(random, 6) == 0) records.push_back(records[testing::Below(random, i + 1)]);
    }
    CheckDump(records, family, order, round % 4 == 0 ? 1024 : 100);
  }
}

TEST_CASE("a dump of no sockets has no rows and no census") {
  const PreparedDump dump = PrepareDump({}, Family::kTcp6, ByteOrder::kLittle);
  CHECK(dump.rows.empty());
  CHECK(dump.census.empty());
  CHECK(dump.row_count == 0);
  CheckDump({}, Family::kTcp6, ByteOrder::kLittle);
}

TEST_CASE("the content hash tells rows, their order and their copies apart") {
  testing::Random random(7);
  const auto record = [&] { return testing::CommonRecord(random, Family::kTcp, RowShape::kFull); };
  const Records one = {record(), record()};
  const auto hash = [](const Records& records) {
    return PrepareDump(records, Family::kTcp, ByteOrder::kLittle).content_hash;
  };
  CHECK(hash(one) == hash(one));
  CHECK(hash(one) != hash({one[1], one[0]}));
  CHECK(hash(one) != hash({one[0], one[1], one[1]}));
  CHECK(hash(one) != hash({one[0]}));
}

}  // namespace
}  // namespace tcpsnap::store
