// A small database filled by hand: the importer has no part in it, so that reports are tested
// against what stands here.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "procnet/socket_record.h"
#include "store/database.h"
#include "support/temporary_folder.h"

namespace tcpsnap::testing {

/// A socket as the views show it. IPv4 as "10.0.0.1", anything with a colon is stored as text.
struct Socket {
  int family = 4;
  int state = 1;               ///< the kernel's number
  std::string_view direction;  ///< listen, in, out
  std::string_view local_ip = "10.0.0.1";
  int local_port = 443;
  std::string_view remote_ip = "10.9.9.9";
  int remote_port = 40000;
  bool is_local = false;
  int64_t tx_queue = 0;
  int64_t rx_queue = 0;
  procnet::Timer timer = procnet::Timer::kOff;
  uint64_t timer_ticks = 0;
  int64_t uid = 0;
};

class SampleDatabase {
 public:
  explicit SampleDatabase(store::Database database);

  /// A snapshot with a dump of each family in `families`, and the totals and census that belong to
  /// these sockets. Returns its id.
  int64_t AddSnapshot(std::string_view host, int64_t taken_ms, const std::vector<Socket>& sockets,
                      const std::vector<int>& families = {4, 6});

  store::Database& operator*() { return database_; }
  store::Database* operator->() { return &database_; }

 private:
  int64_t HostId(std::string_view host);
  int64_t AddressKey(std::string_view ip);
  int64_t Endpoint(std::string_view ip, int port);
  void AddDump(int64_t snapshot, int64_t host, int64_t taken_ms, int family,
               const std::vector<Socket>& sockets);

  store::Database database_;
};

/// `count` sockets of one kind.
std::vector<Socket> Times(int count, Socket socket);
/// Several lists after one another.
std::vector<Socket> All(const std::vector<std::vector<Socket>>& lists);

/// All rows of a query as text: values separated by '|', NULL as "NULL".
std::vector<std::string> Rows(store::Database& database, std::string_view sql);

}  // namespace tcpsnap::testing
