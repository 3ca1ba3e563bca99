-- title: How long connections live
-- group: change
-- description: Connections that were there in the window, by how long they were seen: the time from
--   their first to their last snapshot, which may lie outside of the window. Listening sockets are
--   not among them. once: in one snapshot only. A connection lived longer than it was seen, by up
--   to the gap before and the gap behind: with a snapshot a minute, once is anything up to two
--   minutes. Those that came and went between two snapshots are in no row. TIME_WAIT counts as
--   seen, and follows for 60 s the end of a connection that this host closed first.
--   open are those still there in the last snapshot of the window: their time goes on.
--   Mostly once and short: a connection for each request. Mostly open and long: a pool, or
--   connections that nobody closes.
--   level=service tells them apart by direction and service port as they were last seen. With a
--   window, once is then not known and has no row, and percent is NULL. Where the listening socket
--   of a port came or went while its connections stayed, some stand in a wrong row named once.
--   Of several snapshots of one time all count as the last one for open. Of a connection that the
--   kernel hid from a snapshot at the end of the window, once and its open may lack one.
--   The rows named longest below the rest are single connections; for them open is 0 or 1.
--
--   Next: churn for the turnover, connection for the course of one, keepalive for whether idle ones
--   are protected.
-- param: level text host host: all connections of a host together; service: by port and direction
-- param: top integer 5 longest connections shown for each host
-- column: host text - host, or host/network namespace
-- column: direction text - in: to a listening port of this host; out: the rest
-- column: service_port port - local port for in, the peer's port for out
-- column: seen text - once, a class of duration, or longest
-- column: connections integer connections connections of this class
-- column: percent percent % share in those of the host, or of the direction and port
-- column: open integer connections those of them still there at the end of the window
-- column: longest_s real s longest time that one was seen
-- column: local_ip address - of one of the longest
-- column: local_port port - its local port
-- column: remote_ip address - its peer
-- column: remote_port port - port of the peer
-- column: state text - state in which it was last seen
-- column: first_seen time - the first snapshot that has it
WITH numbered AS MATERIALIZED (
  SELECT host, taken_ms, ordinal, family,
    row_number() OVER (PARTITION BY host, family ORDER BY taken_ms, ordinal) AS number,
    row_number() OVER (PARTITION BY host, family ORDER BY taken_ms DESC, ordinal DESC) AS from_end
  FROM dumps
  WHERE taken_ms >= ifnull(:since, -9223372036854775808)
    AND taken_ms < ifnull(:until, 9223372036854775807)
    AND host = ifnull(:host, host)
),
last_dump AS MATERIALIZED (
  SELECT host, family, taken_ms, ordinal
  FROM numbered
  WHERE from_end = 1
),
-- Seen at least twice, and there at some time of the window; counted at once, there are millions.
filled AS MATERIALIZED (
  SELECT k.host AS host,
    iif(:level = 'service', k.direction, NULL) AS direction,
    iif(:level = 'service', k.service_port, NULL) AS service_port,
    CASE
      WHEN k.last_seen_ms - k.first_seen_ms < 10000 THEN 1
      WHEN k.last_seen_ms - k.first_seen_ms < 60000 THEN 2
      WHEN k.last_seen_ms - k.first_seen_ms < 600000 THEN 3
      WHEN k.last_seen_ms - k.first_seen_ms < 3600000 THEN 4
      ELSE 5
    END AS number,
    count(*) AS connections,
    sum(k.samples) AS samples,
    sum(k.last_seen_ms >= n.taken_ms) AS open,
    max(k.last_seen_ms - k.first_seen_ms) AS longest_ms
  FROM connections AS k
  CROSS JOIN last_dump AS n ON n.host = k.host AND n.family = k.family
  WHERE k.last_seen_ms >= ifnull(:since, -9223372036854775808)
    AND k.first_seen_ms < ifnull(:until, 9223372036854775807)
    AND k.host = ifnull(:host, k.host)
    AND k.last_state <> 'LISTEN'
  GROUP BY 1, 2, 3, 4
),
present AS MATERIALIZED (
  SELECT k.host AS host,
    iif(:level = 'service', k.direction, NULL) AS direction,
    iif(:level = 'service', k.service_port, NULL) AS service_port,
    sum(k.sockets) AS sightings,
    total(k.sockets) FILTER (WHERE n.host IS NOT NULL) AS at_end
  FROM counts AS k
  LEFT JOIN last_dump AS n ON n.host = k.host AND n.family = k.family
    AND n.taken_ms = k.taken_ms AND n.ordinal = k.ordinal
  WHERE k.taken_ms >= ifnull(:since, -9223372036854775808)
    AND k.taken_ms < ifnull(:until, 9223372036854775807)
    AND k.host = ifnull(:host, k.host)
    AND k.state <> 'LISTEN'
  GROUP BY 1, 2, 3
),
-- Sightings in the window that had another one before them in the window.
continued AS (
  SELECT k.host AS host, sum(k.sockets) AS sockets
  FROM turnover_counts AS k
  JOIN numbered AS n ON n.host = k.host AND n.taken_ms = k.taken_ms AND n.ordinal = k.ordinal
    AND n.family = k.family
  WHERE k.taken_ms >= ifnull(:since, -9223372036854775808)
    AND k.taken_ms < ifnull(:until, 9223372036854775807)
    AND k.host = ifnull(:host, k.host)
    AND k.to_state <> 'LISTEN'
    AND n.number >= 2 + k.missed
  GROUP BY k.host
),
per_group AS (
  SELECT host, direction, service_port, sum(connections) AS connections, sum(samples) AS samples,
    sum(open) AS open
  FROM filled
  GROUP BY host, direction, service_port
),
-- What is left of the sightings when those of the connections seen twice are taken away.
once AS (
  SELECT
    p.host AS host, p.direction AS direction, p.service_port AS service_port,
    CASE
      WHEN :level <> 'service'
        THEN p.sightings - ifnull(k.sockets, 0) - ifnull(g.connections, 0)
      WHEN :since IS NULL AND :until IS NULL THEN p.sightings - ifnull(g.samples, 0)
    END AS connections,
    p.at_end - ifnull(g.open, 0) AS open
  FROM present AS p
  LEFT JOIN continued AS k ON k.host = p.host
  LEFT JOIN per_group AS g ON g.host = p.host AND g.direction IS p.direction
    AND g.service_port IS p.service_port
),
part (host, direction, service_port, number, connections, open, longest_ms) AS (
  SELECT host, direction, service_port, number, connections, open, longest_ms
  FROM filled
  UNION ALL
  SELECT host, direction, service_port, 0, max(connections, 0), max(open, 0), NULL
  FROM once
  WHERE connections IS NOT NULL
),
class (number, seen, from_ms) AS (
  VALUES (0, 'once', 0), (1, '< 10 s', 0), (2, '< 1 min', 10000), (3, '< 10 min', 60000),
    (4, '< 1 h', 600000), (5, '>= 1 h', 3600000)
),
-- The longest are looked for in the highest classes only, as many as hold enough of them.
high AS MATERIALIZED (
  SELECT g.host AS host, max(k.from_ms) FILTER (
    WHERE k.number <= 1 OR (SELECT total(f.connections) FROM filled AS f
      WHERE f.host = g.host AND f.number >= k.number) >= :top) AS from_ms
  FROM (SELECT DISTINCT host FROM filled) AS g
  CROSS JOIN class AS k
  GROUP BY g.host
),
longest AS (
  SELECT
    k.host AS host, k.direction AS direction, k.service_port AS service_port,
    k.last_seen_ms - k.first_seen_ms AS seen_ms,
    k.last_seen_ms >= n.taken_ms AS is_open,
    k.first_seen_ms AS first_seen_ms,
    k.local_key AS local_key, k.local_port AS local_port,
    k.remote_key AS remote_key, k.remote_port AS remote_port,
    k.last_state AS last_state,
    row_number() OVER (
      PARTITION BY k.host
      ORDER BY k.last_seen_ms - k.first_seen_ms DESC, k.first_seen_ms, k.local_key, k.local_port,
        k.remote_key, k.remote_port, k.inode, k.last_state) AS place
  FROM connections AS k
  CROSS JOIN last_dump AS n ON n.host = k.host AND n.family = k.family
  CROSS JOIN high AS y ON y.host = k.host AND k.last_seen_ms - k.first_seen_ms >= y.from_ms
  WHERE :top > 0
    AND k.last_seen_ms >= ifnull(:since, -9223372036854775808)
    AND k.first_seen_ms < ifnull(:until, 9223372036854775807)
    AND k.host = ifnull(:host, k.host)
    AND k.last_state <> 'LISTEN'
),
line AS (
  SELECT
    g.host AS host, g.direction AS direction, g.service_port AS service_port, 0 AS is_single,
    k.number AS number, k.seen AS seen,
    ifnull(f.connections, 0) AS connections,
    CASE WHEN :level <> 'service' OR (:since IS NULL AND :until IS NULL)
      THEN 100.0 * ifnull(f.connections, 0) / nullif(total(f.connections) OVER one_group, 0)
    END AS percent,
    ifnull(f.open, 0) AS open,
    f.longest_ms AS longest_ms,
    NULL AS local_key, NULL AS local_port, NULL AS remote_key, NULL AS remote_port,
    NULL AS state, NULL AS first_seen_ms
  FROM (SELECT DISTINCT host, direction, service_port FROM present) AS g
  CROSS JOIN class AS k
  LEFT JOIN part AS f ON f.host = g.host AND f.direction IS g.direction
    AND f.service_port IS g.service_port AND f.number = k.number
  WHERE iif(:level = 'service', f.connections > 0, k.number > 0 OR f.number = 0)
  WINDOW one_group AS (PARTITION BY g.host, g.direction, g.service_port)
  UNION ALL
  SELECT
    host, direction, service_port, 1, place, 'longest', NULL, NULL, is_open, seen_ms,
    local_key, local_port, remote_key, remote_port, last_state, first_seen_ms
  FROM longest
  WHERE place <= :top
)
SELECT
  w.host AS host,
  w.direction AS direction,
  w.service_port AS service_port,
  w.seen AS seen,
  w.connections AS connections,
  w.percent AS percent,
  CAST(w.open AS INTEGER) AS open,
  w.longest_ms / 1000.0 AS longest_s,
  CASE WHEN w.local_key < 4294967296
    THEN (w.local_key >> 24) || '.' || ((w.local_key >> 16) & 255) || '.'
      || ((w.local_key >> 8) & 255) || '.' || (w.local_key & 255)
    ELSE (SELECT a.text FROM address6 AS a WHERE a.id = w.local_key - 4294967296)
  END AS local_ip,
  w.local_port AS local_port,
  CASE WHEN w.remote_key < 4294967296
    THEN (w.remote_key >> 24) || '.' || ((w.remote_key >> 16) & 255) || '.'
      || ((w.remote_key >> 8) & 255) || '.' || (w.remote_key & 255)
    ELSE (SELECT a.text FROM address6 AS a WHERE a.id = w.remote_key - 4294967296)
  END AS remote_ip,
  w.remote_port AS remote_port,
  w.state AS state,
  w.first_seen_ms AS first_seen
FROM line AS w
ORDER BY w.host, w.is_single,
  CASE w.direction WHEN 'in' THEN 0 WHEN 'out' THEN 1 END * (1 - w.is_single),
  w.service_port * (1 - w.is_single), w.number;
