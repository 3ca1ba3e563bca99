#include "report/sample_database.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <tuple>
#include <utility>

#include "store/socket_row.h"

namespace tcpsnap::testing {
namespace {

using store::Database;
using store::Statement;
using store::ValueType;

store::Direction DirectionOf(const Socket& socket) {
  return socket.direction == "listen" ? store::Direction::kListen
         : socket.direction == "in"   ? store::Direction::kIn
                                      : store::Direction::kOut;
}

int64_t ServicePort(const Socket& socket) {
  return socket.direction == "out" ? socket.remote_port : socket.local_port;
}

store::OwnerClass OwnerOf(const Socket& socket) {
  return socket.state == 6   ? store::OwnerClass::kTimewait
         : socket.state == 3 ? store::OwnerClass::kSynrecv
                             : store::OwnerClass::kOwned;
}

}  // namespace

SampleDatabase::SampleDatabase(Database database) : database_(std::move(database)) {
  database_.Execute(
      "INSERT INTO source (path, head_bytes, head_hash, bytes, complete, imported_ms, version,"
      " layout, lines, markers, headers, samples, duplicates, blank, other, known, rejected)"
      " VALUES ('a.log', 10, 1, 10, 1, 0, '0.1.0', 'epoch line', 0, 0, 0, 0, 0, 0, 0, 0, 0)");
}

int64_t SampleDatabase::HostId(std::string_view host) {
  database_.Prepare("INSERT OR IGNORE INTO host (name) VALUES (?)").Bind(1, host).Run();
  Statement find = database_.Prepare("SELECT id FROM host WHERE name = ?");
  find.Bind(1, host).Step();
  return find.Integer(0);
}

int64_t SampleDatabase::AddressKey(std::string_view ip) {
  std::array<unsigned, 4> parts{};
  if (std::sscanf(std::string(ip).c_str(), "%u.%u.%u.%u", &parts[0], &parts[1], &parts[2],
                  &parts[3]) == 4) {
    return int64_t{parts[0]} << 24 | parts[1] << 16 | parts[2] << 8 | parts[3];
  }
  database_.Prepare("INSERT OR IGNORE INTO address6 (bytes, text) VALUES (CAST(?1 AS BLOB), ?1)")
      .Bind(1, ip)
      .Run();
  Statement find = database_.Prepare("SELECT id FROM address6 WHERE text = ?");
  find.Bind(1, ip).Step();
  return store::kFirstKey6 + find.Integer(0);
}

int64_t SampleDatabase::Endpoint(std::string_view ip, int port) {
  return store::PackEndpoint(AddressKey(ip), static_cast<uint16_t>(port));
}

int64_t SampleDatabase::AddSnapshot(std::string_view host, int64_t taken_ms,
                                    const std::vector<Socket>& sockets,
                                    const std::vector<int>& families) {
  const int64_t host_id = HostId(host);
  database_
      .Prepare(
          "INSERT INTO snapshot (host_id, taken_ms, ordinal, time_origin) SELECT ?1, ?2,"
          " (SELECT count(*) FROM snapshot WHERE host_id = ?1 AND taken_ms = ?2), 'marker'")
      .Bind(1, host_id)
      .Bind(2, taken_ms)
      .Run();
  const int64_t snapshot = database_.LastInsertRowId();
  for (const int family : families) {
    std::vector<Socket> of_family;
    std::copy_if(sockets.begin(), sockets.end(), std::back_inserter(of_family),
                 [&](const Socket& socket) { return socket.family == family; });
    AddDump(snapshot, host_id, taken_ms, family, of_family);
  }
  return snapshot;
}

void SampleDatabase::AddDump(int64_t snapshot, int64_t host, int64_t taken_ms, int family,
                             const std::vector<Socket>& sockets) {
  const int64_t first_row =
      database_.QueryInteger("SELECT ifnull(max(id), 0) + 1 FROM socket_row").value();
  const int64_t first_census =
      database_.QueryInteger("SELECT ifnull(max(id), 0) + 1 FROM census").value();
  struct Count {
    int64_t sockets = 0, tx_queue = 0, rx_queue = 0, unowned = 0;
  };
  std::map<std::pair<int64_t, int64_t>, Count> census;
  std::array<int64_t, 12> totals{};
  Statement insert = database_.Prepare(
      "INSERT INTO socket_row (local, remote, kind, queues, timer, retries, uid, inode)"
      " VALUES (?, ?, ?, ?, ?, 0, ?, 1)");
  for (const Socket& socket : sockets) {
    const int64_t kind = store::PackKind(static_cast<procnet::State>(socket.state), socket.is_local,
                                         DirectionOf(socket), OwnerOf(socket));
    insert.Bind(1, Endpoint(socket.local_ip, socket.local_port))
        .Bind(2, Endpoint(socket.remote_ip, socket.remote_port))
        .Bind(3, kind)
        .Bind(4, store::PackQueues(socket.tx_queue, socket.rx_queue))
        .Bind(5, store::PackTimer(socket.timer, socket.timer_ticks))
        .Bind(6, socket.uid)
        .Run();
    ++totals[static_cast<size_t>(socket.state)];
    Count& count = census[{kind & store::kCensusKindBits, ServicePort(socket)}];
    ++count.sockets;
    count.tx_queue += socket.tx_queue;
    count.rx_queue += socket.rx_queue;
    count.unowned += OwnerOf(socket) != store::OwnerClass::kOwned;
  }
  Statement roll_up = database_.Prepare(
      "INSERT INTO census (kind, service_port, sockets, tx_queue, rx_queue, retransmitting,"
      " unowned) VALUES (?, ?, ?, ?, ?, 0, ?)");
  for (const auto& [key, count] : census) {
    roll_up.Bind(1, key.first)
        .Bind(2, key.second)
        .Bind(3, count.sockets)
        .Bind(4, count.tx_queue)
        .Bind(5, count.rx_queue)
        .Bind(6, count.unowned)
        .Run();
  }
  Statement dump = database_.Prepare(
      "INSERT INTO dump (snapshot_id, host_id, family, taken_ms, time_origin, ordinal, source_id,"
      " line, byte_offset, content_hash, byte_order, byte_order_origin, open, headers, row_count,"
      " duplicates, established, syn_sent, syn_recv, fin_wait1, fin_wait2, time_wait, close,"
      " close_wait, last_ack, listen, closing, first_row, last_row, first_census, last_census,"
      " time_wait_in, time_wait_local)"
      " VALUES (?1, ?2, ?3, ?4, 'marker', 0, 1, 1, 0, 0, 'little', 'voted', 0, 1, ?5, 0,"
      " ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22)");
  const auto size = static_cast<int64_t>(sockets.size());
  dump.Bind(1, snapshot).Bind(2, host).Bind(3, family).Bind(4, taken_ms).Bind(5, size);
  for (int state = 1; state <= 11; ++state) {
    dump.Bind(5 + state, totals[static_cast<size_t>(state)]);
  }
  const auto count = [&](auto is_counted) {
    return std::count_if(sockets.begin(), sockets.end(), [&](const Socket& socket) {
      return socket.state == 6 && is_counted(socket);
    });
  };
  dump.Bind(21, count([](const Socket& socket) { return socket.direction == "in"; }));
  dump.Bind(22, count([](const Socket& socket) { return socket.is_local; }));
  dump.Bind(17, first_row)
      .Bind(18, first_row + size - 1)
      .Bind(19, first_census)
      .Bind(20, first_census + static_cast<int64_t>(census.size()) - 1)
      .Run();
}

std::vector<Socket> Times(int count, Socket socket) {
  return std::vector<Socket>(static_cast<size_t>(count), socket);
}

std::vector<Socket> All(const std::vector<std::vector<Socket>>& lists) {
  std::vector<Socket> all;
  for (const auto& list : lists) all.insert(all.end(), list.begin(), list.end());
  return all;
}

std::vector<std::string> Rows(Database& database, std::string_view sql) {
  Statement statement = database.Prepare(sql);
  std::vector<std::string> rows;
  while (statement.Step()) {
    std::string row;
    for (int i = 0; i < statement.ColumnCount(); ++i) {
      if (i != 0) row += '|';
      if (statement.Type(i) == ValueType::kNull) {
        row += "NULL";
      } else {
        row += statement.Text(i);
      }
    }
    rows.push_back(row);
  }
  return rows;
}

}  // namespace tcpsnap::testing
