-- title: What hangs while closing
-- group: leak
-- description: FIN_WAIT1, FIN_WAIT2, LAST_ACK and CLOSING by state, owner class, direction and
--   service port, the most of each host first. avg and max are over all snapshots of the host in
--   the window; a snapshot without such a socket counts as 0.
--   FIN_WAIT1, CLOSING and LAST_ACK wait for the peer to acknowledge this host's end of the
--   stream: many, or old ones, mean loss, a peer that is gone, or one that doesn't read (tx_avg
--   far above 1 a socket). FIN_WAIT2 waits for the peer to close: owned - the application has shut
--   its side down and waits itself, without a limit; orphan - it has closed, the kernel waits;
--   timewait - the kernel keeps only the addresses, for net.ipv4.tcp_fin_timeout (60 s). Such a
--   peer has a CLOSE_WAIT.
--   owner_class orphan: closed by its process, the kernel alone goes on with it.
--   oldest_s is the longest that one socket was seen in the same state and class within the window,
--   from its first to its last snapshot: it lasted longer, by up to two gaps between snapshots.
--   0: none was seen in two snapshots in a row. A socket without an inode that is missing in a
--   snapshot counts as another one behind it.
--   The report reads the samples of the window: give --since and --until in large databases.
--
--   Next: orphans for the memory that they hold, close-wait for the other side of FIN_WAIT2,
--   retrans for loss.
-- param: limit integer 20 rows for each host
-- column: host text - host, or host/network namespace
-- column: state text - FIN_WAIT1, FIN_WAIT2, LAST_ACK or CLOSING
-- column: owner_class text - owned, orphan or timewait
-- column: direction text - in: to a listening port of this host; out: the rest
-- column: service_port port - local port for in, the peer's port for out
-- column: snapshots integer snapshots snapshots of the host in the window
-- column: seen integer snapshots those of them with at least one
-- column: avg real sockets average over all snapshots
-- column: max integer sockets most in one snapshot
-- column: oldest_s real s longest that one was seen so
-- column: peers integer addresses distinct addresses of peers
-- column: tx_avg real bytes not acknowledged, all of them, average over all snapshots
-- column: tx_max bytes bytes not acknowledged, most in one snapshot
WITH numbered AS MATERIALIZED (
  SELECT host, taken_ms, ordinal,
    row_number() OVER (PARTITION BY host ORDER BY taken_ms, ordinal) AS number
  FROM snapshots
  WHERE taken_ms >= ifnull(:since, -9223372036854775808)
    AND taken_ms < ifnull(:until, 9223372036854775807)
    AND host = ifnull(:host, host)
),
total AS (
  SELECT host, count(*) AS snapshots
  FROM numbered
  GROUP BY host
),
sighting AS MATERIALIZED (
  SELECT host, state, owner_class, direction, service_port, taken_ms, ordinal, local_key,
    local_port, remote_key, remote_port, inode, tx_queue, timer_expires_ms
  FROM sockets
  WHERE taken_ms >= ifnull(:since, -9223372036854775808)
    AND taken_ms < ifnull(:until, 9223372036854775807)
    AND host = ifnull(:host, host)
    AND state IN ('FIN_WAIT1', 'FIN_WAIT2', 'LAST_ACK', 'CLOSING')
),
per_snapshot AS (
  SELECT host, state, owner_class, direction, service_port,
    count(*) AS sockets,
    sum(tx_queue) AS tx_queue
  FROM sighting
  GROUP BY host, state, owner_class, direction, service_port, taken_ms, ordinal
),
per_group AS (
  SELECT
    host, state, owner_class, direction, service_port,
    count(*) AS seen,
    sum(sockets) AS sum_sockets,
    max(sockets) AS max_sockets,
    sum(tx_queue) AS sum_tx_queue,
    max(tx_queue) AS max_tx_queue,
    row_number() OVER (
      PARTITION BY host
      ORDER BY sum(sockets) DESC, state, owner_class, direction, service_port) AS place
  FROM per_snapshot
  GROUP BY host, state, owner_class, direction, service_port
),
stepped AS (
  SELECT
    w.host AS host, w.state AS state, w.owner_class AS owner_class, w.direction AS direction,
    w.service_port AS service_port, w.local_key AS local_key, w.local_port AS local_port,
    w.remote_key AS remote_key, w.remote_port AS remote_port, w.inode AS inode,
    w.taken_ms AS taken_ms,
    n.number AS number,
    n.number - lag(n.number) OVER one_socket AS step,
    w.taken_ms + w.timer_expires_ms AS expires_ms,
    lag(w.taken_ms + w.timer_expires_ms) OVER one_socket AS expired_ms
  FROM sighting AS w
  JOIN numbered AS n ON n.host = w.host AND n.taken_ms = w.taken_ms AND n.ordinal = w.ordinal
  WINDOW one_socket AS (
    PARTITION BY w.host, w.state, w.owner_class, w.direction, w.service_port, w.local_key,
      w.local_port, w.remote_key, w.remote_port, w.inode
    ORDER BY n.number)
),
-- A socket is the same one where the rules of identity say so: with an inode it may be missing in
-- one snapshot, a minisocket is told by the time at which it ends, others must be there in a row.
island AS (
  SELECT
    host, state, owner_class, direction, service_port, local_key, local_port, remote_key,
    remote_port, inode, taken_ms,
    sum(CASE
      WHEN step IS NULL THEN 1
      WHEN owner_class = 'timewait'
        THEN step > 2 OR ifnull(abs(expires_ms - expired_ms) > 2000, 1)
      WHEN inode <> 0 THEN step > 2
      ELSE step > 1
    END) OVER (
      PARTITION BY host, state, owner_class, direction, service_port, local_key, local_port,
        remote_key, remote_port, inode
      ORDER BY number) AS island
  FROM stepped
),
one AS (
  SELECT host, state, owner_class, direction, service_port, max(taken_ms) - min(taken_ms) AS seen_ms
  FROM island
  GROUP BY host, state, owner_class, direction, service_port, local_key, local_port, remote_key,
    remote_port, inode, island
),
oldest AS (
  SELECT host, state, owner_class, direction, service_port, max(seen_ms) AS oldest_ms
  FROM one
  GROUP BY host, state, owner_class, direction, service_port
),
peer AS (
  SELECT host, state, owner_class, direction, service_port, count(DISTINCT remote_key) AS peers
  FROM sighting
  GROUP BY host, state, owner_class, direction, service_port
)
SELECT
  g.host AS host,
  g.state AS state,
  g.owner_class AS owner_class,
  g.direction AS direction,
  g.service_port AS service_port,
  t.snapshots AS snapshots,
  g.seen AS seen,
  g.sum_sockets * 1.0 / t.snapshots AS avg,
  g.max_sockets AS max,
  o.oldest_ms / 1000.0 AS oldest_s,
  k.peers AS peers,
  g.sum_tx_queue * 1.0 / t.snapshots AS tx_avg,
  g.max_tx_queue AS tx_max
FROM per_group AS g
JOIN total AS t ON t.host = g.host
JOIN oldest AS o ON o.host = g.host AND o.state = g.state AND o.owner_class = g.owner_class
  AND o.direction = g.direction AND o.service_port = g.service_port
JOIN peer AS k ON k.host = g.host AND k.state = g.state AND k.owner_class = g.owner_class
  AND k.direction = g.direction AND k.service_port = g.service_port
WHERE g.place <= :limit
ORDER BY g.host, g.place;
