-- title: Who the TIME_WAIT sockets were with
-- group: who
-- description: TIME_WAIT in the window by direction, address of the peer and service port, the
--   largest of each host first. avg is over all snapshots of the host in the window: a snapshot
--   without such a socket counts as 0; seen says in how many there was one.
--   Many with direction out and one peer: this host opens a connection for each request there
--   (connection pool, keep-alive). Many with direction in: it closes first. is_local 1: both ends
--   are on this host (proxy and application), and only the closing end shows.
--   The report reads the samples of the window: give --since and --until in large databases.
--
--   Next: services for the ports themselves.
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
-- column: first_seen time - first snapshot with one
-- column: last_seen time - last snapshot with one
WITH total AS (
  SELECT host, count(*) AS snapshots
  FROM snapshots
  WHERE taken_ms >= ifnull(:since, -9223372036854775808)
    AND taken_ms < ifnull(:until, 9223372036854775807)
    AND host = ifnull(:host, host)
  GROUP BY host
),
moment AS MATERIALIZED (
  SELECT host, taken_ms, ordinal
  FROM snapshots
  WHERE taken_ms >= ifnull(:since, -9223372036854775808)
    AND taken_ms < ifnull(:until, 9223372036854775807)
    AND host = ifnull(:host, host)
),
-- Both families of a snapshot together: the most in one snapshot needs them added up first. One
-- snapshot at a time: sorting all samples at once takes twice as long. Peer, port, is_local and
-- direction make one integer.
per_snapshot AS (
  SELECT m.host AS host, m.taken_ms AS taken_ms, CAST(j.key AS INTEGER) AS peer,
    j.value AS sockets
  FROM moment AS m
  CROSS JOIN json_each((
    SELECT json_group_object(q.peer, q.sockets)
    FROM (
      SELECT
        (remote_key << 18) | (service_port << 2) | (is_local << 1) | (direction = 'out') AS peer,
        count(*) AS sockets
      FROM sockets
      WHERE taken_ms = m.taken_ms
        AND host = m.host
        AND ordinal = m.ordinal
        AND state = 'TIME_WAIT'
      GROUP BY 1
    ) AS q)) AS j
),
per_peer AS (
  SELECT
    host,
    iif(peer & 1, 'out', 'in') AS direction,
    (peer >> 1) & 1 AS is_local,
    (peer >> 2) & 65535 AS service_port,
    peer >> 18 AS remote_key,
    count(*) AS seen,
    sum(sockets) AS sum_sockets,
    max(sockets) AS max_sockets,
    min(taken_ms) AS first_seen,
    max(taken_ms) AS last_seen,
    row_number() OVER (
      PARTITION BY host
      ORDER BY sum(sockets) DESC, peer & 1, (peer >> 1) & 1, (peer >> 2) & 65535, peer >> 18)
      AS place
  FROM per_snapshot
  GROUP BY peer, host
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
  p.first_seen AS first_seen,
  p.last_seen AS last_seen
FROM per_peer AS p
JOIN total AS t ON t.host = p.host
WHERE p.place <= :limit
ORDER BY p.host, p.place;
