-- title: Whose receiver is full
-- group: network
-- description: Sockets with bytes to send that wait because the peer's window is closed (timer
--   'persist'): the peer's application doesn't read. By peer and service port, those with the most
--   queued bytes first. avg is over all snapshots of the host in the window: a snapshot without
--   such a socket counts as 0; seen says in how many there was one. in_a_row is the longest run of
--   snapshots in each of which there was one (not always the same), since its first. The longer it
--   is the less it is a burst. probes are those that the peer left unanswered: 0 says that it
--   answers and is full, more that it is full and gone, or that packets are lost too.
--   The kernel uses the same timer when this host fails to send the packet itself (a firewall rule
--   for what it sends, a full device queue) and nothing is on its way. Such a socket has few bytes
--   queued: where small_avg is near avg and tx_max is small, suspect that and not the peer.
--   A peer that is closed for longer than a snapshot's distance shows; shorter ones show by chance.
--   The report reads the samples of the window: give --since and --until in large databases.
--
--   Next: queues for the connections one by one, pairs where is_local is 1 (the reader is on this
--   host), orphans where the sender has closed, retrans for loss.
-- param: small_bytes integer 1024 a socket with fewer queued bytes counts as small
-- param: limit integer 20 rows for each host
-- column: host text - host, or host/network namespace
-- column: direction text - in: to a listening port of this host; out: the rest
-- column: is_local integer - 1: the peer is this host
-- column: peer_ip address - address of the peer
-- column: service_port port - local port for in, the peer's port for out
-- column: snapshots integer snapshots snapshots of the host in the window
-- column: seen integer snapshots those of them with at least one
-- column: avg real sockets average over all snapshots
-- column: max integer sockets most in one snapshot
-- column: small_avg real sockets those with few queued bytes, average over all snapshots
-- column: tx_max bytes bytes queued in all of them, most in one snapshot
-- column: probes_max integer probes most unanswered probes of one socket
-- column: in_a_row integer snapshots longest run of snapshots with at least one
-- column: since time - first snapshot of that run; the latest of several as long
-- column: last_seen time - last snapshot with one
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
per_snapshot AS (
  SELECT
    host, direction, is_local, remote_key, service_port, taken_ms, ordinal,
    count(*) AS sockets,
    sum(tx_queue < :small_bytes) AS small,
    sum(tx_queue) AS tx_queue,
    max(probes) AS probes
  FROM sockets
  WHERE taken_ms >= ifnull(:since, -9223372036854775808)
    AND taken_ms < ifnull(:until, 9223372036854775807)
    AND host = ifnull(:host, host)
    AND tx_queue > 0
    AND timer = 'persist'
  GROUP BY host, direction, is_local, remote_key, service_port, taken_ms, ordinal
),
-- Snapshots in a row keep the difference between their number and their place in the group.
island AS (
  SELECT
    p.host, p.direction, p.is_local, p.remote_key, p.service_port, p.taken_ms, p.sockets, p.small,
    p.tx_queue, p.probes,
    n.number - row_number() OVER (
      PARTITION BY p.host, p.direction, p.is_local, p.remote_key, p.service_port
      ORDER BY n.number) AS island
  FROM per_snapshot AS p
  JOIN numbered AS n
    ON n.host = p.host AND n.taken_ms = p.taken_ms AND n.ordinal = p.ordinal
),
run AS (
  SELECT
    host, direction, is_local, remote_key, service_port,
    count(*) AS snapshots,
    sum(sockets) AS sum_sockets,
    max(sockets) AS max_sockets,
    sum(small) AS sum_small,
    max(tx_queue) AS max_tx_queue,
    max(probes) AS max_probes,
    min(taken_ms) AS first_ms,
    max(taken_ms) AS last_ms,
    row_number() OVER (
      PARTITION BY host, direction, is_local, remote_key, service_port
      ORDER BY count(*) DESC, island DESC) AS place
  FROM island
  GROUP BY host, direction, is_local, remote_key, service_port, island
),
per_peer AS (
  SELECT
    host, direction, is_local, remote_key, service_port,
    sum(snapshots) AS seen,
    sum(sum_sockets) AS sum_sockets,
    max(max_sockets) AS max_sockets,
    sum(sum_small) AS sum_small,
    max(max_tx_queue) AS max_tx_queue,
    max(max_probes) AS max_probes,
    max(snapshots) AS in_a_row,
    max(first_ms) FILTER (WHERE place = 1) AS since_ms,
    max(last_ms) AS last_ms,
    row_number() OVER (
      PARTITION BY host
      ORDER BY max(max_tx_queue) DESC, sum(sum_sockets) DESC, direction, is_local, service_port,
        remote_key) AS place
  FROM run
  GROUP BY host, direction, is_local, remote_key, service_port
)
SELECT
  p.host AS host,
  p.direction AS direction,
  p.is_local AS is_local,
  CASE WHEN p.remote_key < 4294967296
    THEN (p.remote_key >> 24) || '.' || ((p.remote_key >> 16) & 255) || '.'
      || ((p.remote_key >> 8) & 255) || '.' || (p.remote_key & 255)
    ELSE (SELECT a.text FROM address6 AS a WHERE a.id = p.remote_key - 4294967296)
  END AS peer_ip,
  p.service_port AS service_port,
  t.snapshots AS snapshots,
  p.seen AS seen,
  p.sum_sockets * 1.0 / t.snapshots AS avg,
  p.max_sockets AS max,
  p.sum_small * 1.0 / t.snapshots AS small_avg,
  p.max_tx_queue AS tx_max,
  p.max_probes AS probes_max,
  p.in_a_row AS in_a_row,
  p.since_ms AS since,
  p.last_ms AS last_seen
FROM per_peer AS p
JOIN total AS t ON t.host = p.host
WHERE p.place <= :limit
ORDER BY p.host, p.place;
