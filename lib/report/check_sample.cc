#include "report/check_sample.h"

namespace tcpsnap::report {
namespace {

// The dump of snapshot n is 2 n - 1 for tcp and 2 n for tcp6; that before it has the number less 2.
// A socket is told by `number`, which is the same in all dumps of its host and family.
constexpr char kSample[] = R"sql(
INSERT INTO host (id, name, netns, uname, port_range_low, port_range_high, somaxconn,
  tcp_max_tw_buckets, facts_ms)
VALUES (1, 'web1', '', 'Linux web1 6.1.0', 32768, 60999, 128, 8192, 1772359200000),
  (2, 'web2', 'blue', NULL, NULL, NULL, NULL, NULL, NULL);

INSERT INTO source (id, path, head_bytes, head_hash, bytes, complete, imported_ms, version, layout,
  lines, markers, headers, samples, duplicates, blank, other, known, rejected)
VALUES (1, 'a.log', 10, 1, 10, 1, 0, 'check', 'epoch line', 0, 0, 0, 0, 0, 0, 0, 0, 0),
  (2, 'b.log', 10, 2, 10, 1, 0, 'check', 'epoch line', 0, 0, 0, 0, 0, 0, 0, 0, 0);

INSERT INTO address6 (id, bytes, text)
VALUES (1, x'20010db8000000000000000000000001', '2001:db8::1'),
  (2, x'20010db8000000000000000000000002', '2001:db8::2'),
  (3, x'20010db8000000000000000000000003', '2001:db8::3'),
  (4, x'00000000000000000000000000000000', '::');

-- The last two snapshots of web2/blue bear the same time.
WITH RECURSIVE step (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM step WHERE n < 4)
INSERT INTO snapshot (id, host_id, taken_ms, ordinal, time_origin)
SELECT (h.id - 1) * 5 + n + 1, h.id,
  1772359200000 + 1200000 * iif(h.id = 2 AND n = 4, 3, n), h.id = 2 AND n = 4, 'marker'
FROM host AS h, step ORDER BY h.id, n;

CREATE TEMP TABLE made AS
WITH
state (state) AS (VALUES (1), (2), (3), (4), (5), (6), (8), (9), (11)),
direction (direction) AS (VALUES (1), (2)),
peer (peer) AS (VALUES (0), (1), (2)),
port (q, port) AS (VALUES (0, 22), (1, 443)),
timer (t) AS (VALUES (0), (1), (2), (3)),
family (family) AS (VALUES (4), (6)),
combined AS (
  SELECT
    (s.id - 1) * 2 + 1 + (family = 6) AS dump_id, s.host_id AS host_id, (s.id - 1) % 5 AS n,
    family, state, direction, peer, port, t,
    40000 + ((state * 4 + t) * 3 + peer) * 2 + q AS number,
    iif(family = 4, 167772161, 4294967297) AS local_key,
    -- The third peer is the host itself.
    iif(family = 4, 167772161, 4294967297) + (peer + 1) % 3 AS remote_key
  FROM snapshot AS s, family, state, direction, peer, port, timer
),
shown AS (
  SELECT dump_id, host_id, n, family, direction, peer, port, t, local_key, remote_key,
    direction * 100000 + number AS number,
    number AS high_port,
    CASE WHEN state = 1 AND t = 0 AND n >= 3 THEN 8 ELSE state END AS state
  FROM combined
  WHERE NOT (t = 1 AND n = 0) AND NOT (t = 3 AND n = 4) AND NOT (t = 2 AND n = 2)
),
owned AS (
  SELECT dump_id, host_id, n, family, direction, peer, port, t, local_key, remote_key, number,
    high_port, state,
    CASE
      WHEN state = 3 THEN 2
      WHEN state IN (1, 8) AND direction = 1 AND t = 2 THEN 3
      WHEN state = 5 AND t = 1 THEN 1
      WHEN state IN (4, 5, 9, 11) AND t IN (1, 2) THEN 4
      ELSE 0
    END AS owner_class
  FROM shown
)
SELECT
  dump_id, host_id, family, number,
  (local_key - 2147483648) * 65536 + iif(direction = 1, port, high_port) AS local,
  (remote_key - 2147483648) * 65536 + iif(direction = 1, high_port, port) AS remote,
  state | ((peer = 2) << 4) | (direction << 5) | (owner_class << 7) AS kind,
  iif(state IN (3, 6), 0, (t % 2) * 4096) AS tx_queue,
  iif(state IN (3, 6), 0, (t = 2) * 512) + (state = 8) AS rx_queue,
  CASE
    WHEN state = 6 OR owner_class = 1 THEN 3000 * 5 + 3
    WHEN state IN (2, 3) THEN 300 * 5 + 1
    ELSE CASE t WHEN 0 THEN 0 WHEN 1 THEN 40 * 5 + 1 WHEN 2 THEN 5000 * 5 + 2 ELSE 40 * 5 + 4 END
  END AS timer,
  (state <> 6 AND owner_class <> 1 AND t = 1) * 2 AS retransmits,
  iif(owner_class = 0 AND state <> 6, 33, 0) AS uid,
  (state NOT IN (3, 6) AND owner_class <> 1 AND t >= 2) * 1 AS probes,
  iif(owner_class = 0 AND state <> 6, number, 0) AS inode,
  iif(state IN (3, 6) OR owner_class = 1, NULL, 40 | (4 << 12)) AS rto_ato,
  iif(state IN (3, 6) OR owner_class = 1, NULL, 10 | (iif(t = 1, 8, 0) << 12)) AS cwnd_ssthresh,
  port AS service_port
FROM owned
UNION ALL
-- Two listeners with SO_REUSEPORT for each port, in both families.
SELECT
  (s.id - 1) * 2 + 1 + (family = 6), s.host_id, family, q * 2 + peer,
  (iif(family = 4, 0, 4294967300) - 2147483648) * 65536 + port,
  (iif(family = 4, 0, 4294967300) - 2147483648) * 65536,
  10, 0, 1, 0, 0, 33, 0, 100 + q * 2 + peer, 40, 10, port
FROM snapshot AS s, family, peer, port
WHERE peer < 2;

CREATE TEMP TABLE numbered AS
SELECT row_number() OVER (ORDER BY dump_id, number) AS id, dump_id, kind, service_port, number
FROM made;

INSERT INTO socket_row (id, local, remote, kind, queues, timer, retries, uid, inode, rto_ato,
  cwnd_ssthresh)
SELECT n.id, m.local, m.remote, m.kind, m.tx_queue | (m.rx_queue << 31), m.timer,
  m.retransmits | (m.probes << 32), m.uid, m.inode, m.rto_ato, m.cwnd_ssthresh
FROM made AS m JOIN numbered AS n ON n.dump_id = m.dump_id AND n.number = m.number
ORDER BY n.id;

CREATE TEMP TABLE rolled AS
SELECT row_number() OVER (ORDER BY dump_id, kind & 127, service_port) AS id, dump_id,
  kind & 127 AS kind, service_port, count(*) AS sockets, sum(tx_queue) AS tx_queue,
  sum(rx_queue) AS rx_queue, sum(timer % 5 = 1 AND retransmits > 0) AS retransmitting,
  sum(kind >> 7 <> 0 OR kind & 15 = 6) AS unowned
FROM made GROUP BY dump_id, kind & 127, service_port;

INSERT INTO census (id, kind, service_port, sockets, tx_queue, rx_queue, retransmitting, unowned)
SELECT id, kind, service_port, sockets, tx_queue, rx_queue, retransmitting, unowned
FROM rolled ORDER BY id;

INSERT INTO dump (id, snapshot_id, host_id, family, taken_ms, time_origin, ordinal, source_id, line,
  byte_offset, content_hash, byte_order, byte_order_origin, open, headers, row_count, duplicates,
  established, syn_sent, syn_recv, fin_wait1, fin_wait2, time_wait, close, close_wait, last_ack,
  listen, closing, time_wait_in, time_wait_local, first_row, last_row, first_census, last_census)
SELECT n.dump_id, s.id, s.host_id, iif(n.dump_id % 2 = 1, 4, 6), s.taken_ms, 'marker', s.ordinal,
  s.host_id, n.dump_id, n.dump_id * 1000, n.dump_id, 'little', 'voted', 0, 1, count(*), 0,
  sum(kind & 15 = 1), sum(kind & 15 = 2), sum(kind & 15 = 3), sum(kind & 15 = 4),
  sum(kind & 15 = 5), sum(kind & 15 = 6), sum(kind & 15 = 7), sum(kind & 15 = 8),
  sum(kind & 15 = 9), sum(kind & 15 = 10), sum(kind & 15 = 11), sum(kind & 111 = 38),
  sum(kind & 31 = 22), min(n.id), max(n.id),
  (SELECT min(c.id) FROM rolled AS c WHERE c.dump_id = n.dump_id),
  (SELECT max(c.id) FROM rolled AS c WHERE c.dump_id = n.dump_id)
FROM numbered AS n JOIN snapshot AS s ON s.id = (n.dump_id + 1) / 2
GROUP BY n.dump_id ORDER BY n.dump_id;

INSERT INTO followed (host_id, family, stale, mixed)
VALUES (1, 4, 0, 0), (1, 6, 0, 0), (2, 4, 0, 0), (2, 6, 0, 0);

CREATE TEMP TABLE sighting AS
SELECT (host_id * 10 + family) * 1000000 + number AS connection_id, dump_id, local, remote, kind,
  uid, inode,
  lag(dump_id) OVER past AS from_dump, lag(kind) OVER past AS from_kind,
  lead(dump_id) OVER past IS NULL AS is_last
FROM made
WINDOW past AS (PARTITION BY host_id, family, number ORDER BY dump_id);

CREATE TEMP TABLE followed_socket AS
SELECT row_number() OVER (ORDER BY max(dump_id), connection_id) AS id, connection_id AS socket,
  min(dump_id) AS first_dump, max(dump_id) AS last_dump, count(*) AS samples, min(local) AS local,
  min(remote) AS remote, max(kind) FILTER (WHERE from_dump IS NULL) AS first_kind,
  max(kind) FILTER (WHERE is_last) AS last_kind, max(uid) AS uid, max(inode) AS inode
FROM sighting GROUP BY connection_id HAVING count(*) > 1;

INSERT INTO connection (id, first_dump, last_row, samples, local, remote, first_kind, last_kind,
  uid, inode)
SELECT id, first_dump, 0, samples, local, remote, first_kind, last_kind, uid, inode
FROM followed_socket ORDER BY id;

UPDATE dump SET first_connection = x.first, last_connection = x.last
FROM (SELECT last_dump, min(id) AS first, max(id) AS last FROM followed_socket GROUP BY last_dump)
  AS x
WHERE x.last_dump = dump.id;

INSERT INTO transition (dump_id, connection_id, from_dump, from_kind, to_kind)
SELECT s.dump_id, f.id, s.from_dump, s.from_kind, s.kind
FROM sighting AS s JOIN followed_socket AS f ON f.socket = s.connection_id
WHERE s.from_kind IS NOT NULL AND (s.from_kind & 15 <> s.kind & 15
  OR s.from_kind >> 7 <> s.kind >> 7)
ORDER BY s.dump_id, f.id;

INSERT INTO turnover (dump_id, missed, from_state, to_state, sockets)
SELECT dump_id, dump_id - from_dump = 4 AS missed, from_kind & 15 AS from_state,
  kind & 15 AS to_state, count(*)
FROM sighting WHERE from_dump IS NOT NULL
GROUP BY dump_id, missed, from_state, to_state ORDER BY 1, 2, 3, 4;

INSERT INTO rejected_line (id, source_id, dump_id, line, byte_offset, column, reason, text)
SELECT d.id, d.source_id, d.id, 7, d.byte_offset, 1, (SELECT min(name) FROM reject_reason), 'cut'
FROM dump AS d WHERE d.id < 3;

DROP TABLE sighting;
DROP TABLE rolled;
DROP TABLE numbered;
DROP TABLE made;
)sql";

}  // namespace

void FillSample(store::Database& database) {
  store::Transaction transaction(database);
  database.Execute(kSample);
  transaction.Commit();
}

}  // namespace tcpsnap::report
