-- title: Who waits in the accept queue, and who gave up?
-- group: accept
-- description: Connections that are done with the handshake and that the application has not taken
--   yet (ESTABLISHED or CLOSE_WAIT, without an inode), by the port they came to; most of them
--   first. avg and max are over all snapshots of the host in the window; one without such a
--   connection counts as 0. gave_up are those of them whose client has closed meanwhile
--   (CLOSE_WAIT): once accepted they cost the application work that nobody waits for. A client that
--   has only ended its sending, and still waits for the answer, looks the same. unread are the
--   bytes that they have sent already, 1 more for each that gave up.
--   oldest_run: one connection waited through so many snapshots in a row, from oldest_since on,
--   longer than any other of the port. queue_avg is what the listening sockets of the port tell
--   of their queues: the same connections, counted by the kernel. differ_snapshots says in how
--   many snapshots the two counts were not equal, differ_max by how much at most. Equal is
--   usual. They differ by a few where connections come fast, because the kernel reads its rows at
--   different moments, and by much where one of the two tables is missing or rows were lost.
--
--   Next: accept-queue for the limit of the queue, quality where the counts differ, services for
--   the load of the port.
-- param: limit integer 20 rows for each host
-- column: host text - host, or host/network namespace
-- column: port port - port that they came to
-- column: snapshots integer snapshots snapshots of the host in the window
-- column: avg real connections not accepted, average over all snapshots
-- column: max integer connections not accepted, most in one snapshot
-- column: peers integer addresses distinct addresses they came from
-- column: gave_up_avg real connections those of them that their client closed, average
-- column: gave_up_max integer connections those of them that their client closed, most
-- column: unread_max bytes bytes they sent, most in one snapshot, all connections
-- column: oldest_run integer snapshots longest wait of one of them, in snapshots in a row
-- column: oldest_since time - first snapshot of that wait
-- column: queue_avg real connections what the listening sockets tell, average over all snapshots
-- column: differ_snapshots integer snapshots those in which the two counts differ
-- column: differ_max integer connections how far they differ at most
WITH total AS (
  SELECT host, count(*) AS snapshots
  FROM snapshots
  WHERE taken_ms >= ifnull(:since, -9223372036854775808)
    AND taken_ms < ifnull(:until, 9223372036854775807)
    AND host = ifnull(:host, host)
  GROUP BY host
),
numbered AS MATERIALIZED (
  SELECT host, taken_ms, ordinal,
    row_number() OVER (PARTITION BY host ORDER BY taken_ms, ordinal) AS number
  FROM snapshots
  WHERE taken_ms >= ifnull(:since, -9223372036854775808)
    AND taken_ms < ifnull(:until, 9223372036854775807)
    AND host = ifnull(:host, host)
),
-- One row a waiting connection and snapshot; several only where the two tables show it both.
waiting AS MATERIALIZED (
  SELECT host, local_port, taken_ms, ordinal, local_key, remote_key, remote_port, state, rx_queue
  FROM sockets
  WHERE taken_ms >= ifnull(:since, -9223372036854775808)
    AND taken_ms < ifnull(:until, 9223372036854775807)
    AND host = ifnull(:host, host)
    AND owner_class = 'unaccepted'
),
-- Both counts, side by side: 0 where one of them has no row.
both (host, port, taken_ms, ordinal, sockets, gave_up, unread, queue) AS (
  SELECT host, local_port, taken_ms, ordinal, 1, state = 'CLOSE_WAIT', rx_queue, 0
  FROM waiting
  UNION ALL
  SELECT host, service_port, taken_ms, ordinal, 0, 0, 0, rx_queue
  FROM counts
  WHERE taken_ms >= ifnull(:since, -9223372036854775808)
    AND taken_ms < ifnull(:until, 9223372036854775807)
    AND host = ifnull(:host, host)
    AND state = 'LISTEN'
    AND rx_queue > 0
),
per_snapshot AS (
  SELECT host, port,
    sum(sockets) AS sockets,
    sum(gave_up) AS gave_up,
    sum(unread) AS unread,
    sum(queue) AS queue
  FROM both
  GROUP BY host, port, taken_ms, ordinal
),
per_port AS (
  SELECT host, port,
    sum(sockets) AS sockets_sum, max(sockets) AS sockets_max,
    sum(gave_up) AS gave_up_sum, max(gave_up) AS gave_up_max,
    max(unread) AS unread_max,
    sum(queue) AS queue_sum,
    sum(sockets <> queue) AS differ_snapshots,
    max(abs(sockets - queue)) AS differ_max,
    row_number() OVER (
      PARTITION BY host ORDER BY sum(sockets) DESC, sum(queue) DESC, port) AS place
  FROM per_snapshot
  GROUP BY host, port
),
peer AS (
  SELECT host, local_port AS port, count(DISTINCT remote_key) AS peers
  FROM waiting
  GROUP BY host, local_port
),
-- Within a run of snapshots the number of the snapshot and its rank rise together. A rank and no
-- number of rows: where tables of two namespaces were mixed, a snapshot has a row twice.
stepped AS (
  SELECT w.host, w.local_port, w.local_key, w.remote_key, w.remote_port, w.taken_ms, n.number,
    n.number - dense_rank() OVER (
      PARTITION BY w.host, w.local_port, w.local_key, w.remote_key, w.remote_port
      ORDER BY n.number) AS island
  FROM waiting AS w
  JOIN numbered AS n ON n.host = w.host AND n.taken_ms = w.taken_ms AND n.ordinal = w.ordinal
),
runs AS (
  SELECT host, local_port AS port, count(DISTINCT number) AS run, min(taken_ms) AS since
  FROM stepped
  GROUP BY host, local_port, local_key, remote_key, remote_port, island
),
longest AS (
  SELECT host, port, run, since,
    row_number() OVER (PARTITION BY host, port ORDER BY run DESC, since) AS place
  FROM runs
)
SELECT
  p.host AS host,
  p.port AS port,
  t.snapshots AS snapshots,
  p.sockets_sum * 1.0 / t.snapshots AS avg,
  p.sockets_max AS max,
  ifnull(q.peers, 0) AS peers,
  p.gave_up_sum * 1.0 / t.snapshots AS gave_up_avg,
  p.gave_up_max AS gave_up_max,
  p.unread_max AS unread_max,
  l.run AS oldest_run,
  l.since AS oldest_since,
  p.queue_sum * 1.0 / t.snapshots AS queue_avg,
  p.differ_snapshots AS differ_snapshots,
  p.differ_max AS differ_max
FROM per_port AS p
JOIN total AS t ON t.host = p.host
LEFT JOIN peer AS q ON q.host = p.host AND q.port = p.port
LEFT JOIN longest AS l ON l.host = p.host AND l.port = p.port AND l.place = 1
WHERE p.place <= :limit
ORDER BY p.host, p.place;
