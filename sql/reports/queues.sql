-- title: Slow readers and writers
-- group: network
-- description: Established connections with more unread or unacknowledged bytes than a bound in
--   several snapshots in a row: one row a connection, queue and run, first those of rx, then those
--   of tx, the longest runs first.
--   queue rx: the application on this host doesn't read what has arrived (it hangs, or is slower
--   than the peer). queue tx: the peer, or the way to it, doesn't take what was written. A large
--   download has a full tx queue for as long as it runs and is healthy: suspect those whose
--   min_bytes and max_bytes are nearly equal, so that nothing moves, and see their timers
--   (zero-window) and retransmits (retrans). lasts 1: the run goes to the last snapshot of the
--   window.
--   A connection is its four addresses and ports and its inode. Those that nobody has accepted
--   yet have no inode and are left out. Between two snapshots a queue may have been empty.
--   A process that reads small messages too slowly stays below the bound: -p rx_over=0.
--   The report reads the samples of the window: give --since and --until in large databases.
--
--   Next: zero-window for peers that are full, retrans for loss, connection for the course of one
--   of these, pairs for the other end on this host, uid for whose process it is, unaccepted for
--   what waits to be accepted.
-- param: rx_over integer 32768 bytes unread, more than
-- param: tx_over integer 65536 bytes not acknowledged, more than
-- param: in_a_row integer 3 snapshots in a row, at least
-- param: limit integer 20 rows for each host and queue
-- column: host text - host, or host/network namespace
-- column: queue text - rx: unread here; tx: not acknowledged by the peer
-- column: direction text - in: to a listening port of this host; out: the rest
-- column: local_ip address - its address on this host
-- column: local_port port - its port on this host
-- column: remote_ip address - address of the peer
-- column: remote_port port - port of the peer
-- column: in_a_row integer snapshots length of the run
-- column: first_seen time - first snapshot of the run
-- column: last_seen time - last snapshot of the run
-- column: lasts integer - 1: the run ends with the window
-- column: min_bytes bytes bytes least in the run
-- column: max_bytes bytes bytes most in the run
-- column: uid uid - owner of the socket
WITH numbered AS MATERIALIZED (
  SELECT host, taken_ms, ordinal,
    row_number() OVER (PARTITION BY host ORDER BY taken_ms, ordinal) AS number
  FROM snapshots
  WHERE taken_ms >= ifnull(:since, -9223372036854775808)
    AND taken_ms < ifnull(:until, 9223372036854775807)
    AND host = ifnull(:host, host)
),
total AS (
  SELECT host, max(number) AS snapshots
  FROM numbered
  GROUP BY host
),
-- Address and port in one integer: less to sort.
over AS MATERIALIZED (
  SELECT
    host, taken_ms, ordinal,
    local_key << 16 | local_port AS local,
    remote_key << 16 | remote_port AS remote,
    inode, direction, uid, rx_queue, tx_queue
  FROM sockets
  WHERE taken_ms >= ifnull(:since, -9223372036854775808)
    AND taken_ms < ifnull(:until, 9223372036854775807)
    AND host = ifnull(:host, host)
    AND (rx_queue > :rx_over OR tx_queue > :tx_over)
    AND inode <> 0
    AND state = 'ESTABLISHED'
),
long (host, taken_ms, ordinal, queue, local, remote, inode, direction, uid, bytes) AS (
  SELECT host, taken_ms, ordinal, 'rx', local, remote, inode, direction, uid, rx_queue
  FROM over
  WHERE rx_queue > :rx_over
  UNION ALL
  SELECT host, taken_ms, ordinal, 'tx', local, remote, inode, direction, uid, tx_queue
  FROM over
  WHERE tx_queue > :tx_over
),
-- Snapshots in a row keep the difference between their number and their place in the group.
island AS (
  SELECT
    l.host, l.queue, l.local, l.remote, l.inode, l.direction, l.uid, l.bytes, l.taken_ms, n.number,
    n.number - row_number() OVER (
      PARTITION BY l.host, l.queue, l.local, l.remote, l.inode ORDER BY n.number) AS island
  FROM long AS l
  JOIN numbered AS n
    ON n.host = l.host AND n.taken_ms = l.taken_ms AND n.ordinal = l.ordinal
),
run AS (
  SELECT
    host, queue, local, remote, inode,
    min(direction) AS direction,  -- 'in' too where the listening socket is gone meanwhile
    max(uid) AS uid,
    count(*) AS snapshots,
    min(taken_ms) AS first_ms,
    max(taken_ms) AS last_ms,
    max(number) AS last_number,
    min(bytes) AS min_bytes,
    max(bytes) AS max_bytes
  FROM island
  GROUP BY host, queue, local, remote, inode, island
  HAVING count(*) >= :in_a_row
),
ranked AS (
  SELECT host, queue, local, remote, inode, direction, uid, snapshots, first_ms, last_ms,
    last_number, min_bytes, max_bytes,
    local >> 16 AS local_key,
    remote >> 16 AS remote_key,
    row_number() OVER (
      PARTITION BY host, queue
      ORDER BY snapshots DESC, min_bytes DESC, first_ms, local, remote, inode, last_number)
      AS place
  FROM run
)
SELECT
  k.host AS host,
  k.queue AS queue,
  k.direction AS direction,
  CASE WHEN k.local_key < 4294967296
    THEN (k.local_key >> 24) || '.' || ((k.local_key >> 16) & 255) || '.'
      || ((k.local_key >> 8) & 255) || '.' || (k.local_key & 255)
    ELSE (SELECT a.text FROM address6 AS a WHERE a.id = k.local_key - 4294967296)
  END AS local_ip,
  k.local & 65535 AS local_port,
  CASE WHEN k.remote_key < 4294967296
    THEN (k.remote_key >> 24) || '.' || ((k.remote_key >> 16) & 255) || '.'
      || ((k.remote_key >> 8) & 255) || '.' || (k.remote_key & 255)
    ELSE (SELECT a.text FROM address6 AS a WHERE a.id = k.remote_key - 4294967296)
  END AS remote_ip,
  k.remote & 65535 AS remote_port,
  k.snapshots AS in_a_row,
  k.first_ms AS first_seen,
  k.last_ms AS last_seen,
  k.last_number = t.snapshots AS lasts,
  k.min_bytes AS min_bytes,
  k.max_bytes AS max_bytes,
  k.uid AS uid
FROM ranked AS k
JOIN total AS t ON t.host = k.host
WHERE k.place <= :limit
ORDER BY k.host, k.queue, k.place;
