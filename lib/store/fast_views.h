// The views that show addresses, quicker: on one connection, views.sql as it stands, but for the
// text of IPv4 addresses, which a native function makes.
//
//   printf('%d.%d.%d.%d', (r.local >> 40) + 128, (r.local >> 32) & 255,
//     (r.local >> 24) & 255, (r.local >> 16) & 255)
//
// is what every SQLite tool can do, and takes 180 ns; ipv4_text(r.local) gives the same in 30 ns.
#pragma once

#include <string>
#include <string_view>

#include "store/database.h"

namespace tcpsnap::store {

/// `sql` with each such printf() as ipv4_text(). Other text stays as it is.
std::string WithNativeAddressText(std::string_view sql);

/// Shadows these views by temporary ones of the same names; those of the file stay reachable as
/// main.sockets and so on. The text is this program's own, whatever the file says.
void CreateFastViews(Database& database);

}  // namespace tcpsnap::store
