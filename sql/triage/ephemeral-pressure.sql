-- title: Local ports that run out
-- group: triage
-- description: Destinations (local address, remote address and port) to which this host uses a
--   large part of its local ports, TIME_WAIT included; when all are used connect() fails with
--   EADDRNOTAVAIL. The totals tell at which moment a remote port has the most sockets, and only
--   that snapshot is looked into. It is a lower bound: ports that are bound but not connected are
--   in no table.
--   ports_percent 50: connect() searches the range from a random place on, odd ports last, and
--   takes longer from half on; twice the load, and it fails. ports_critical 80: ordinary swings of
--   the load reach the end.
--
--   Next: report ephemeral, timewait-peers.
-- param: ports_percent real 50 used share of the range
-- param: ports_critical real 80 the same, critical
-- column: host text - host, or host/network namespace
-- column: severity text - critical, warning or notice
-- column: weight real - orders findings of one severity: larger is worse
-- column: what text - one sentence, with the figure that matters
-- column: since time - the first snapshot that shows it
-- column: until time - the last one
-- column: confidence text - sure, likely or possible
-- column: why text - what makes it so sure, or what else it could be
-- column: numbers json - the figures
-- column: evidence json - some of the sockets or peers that show it
-- column: more text - the words behind tcpsnap-query that show more, DB for the database
WITH total AS MATERIALIZED (
  SELECT s.host AS host, count(*) AS snapshots, min(s.taken_ms) AS begin_ms,
    max(s.taken_ms) AS last_ms,
    ifnull(h.port_range_low, 32768) AS low, ifnull(h.port_range_high, 60999) AS high,
    h.port_range_low IS NOT NULL AS is_told
  FROM snapshots AS s
  JOIN hosts AS h ON h.host = s.host
  WHERE s.taken_ms >= ifnull(:since, -9223372036854775808)
    AND s.taken_ms < ifnull(:until, 9223372036854775807)
    AND s.host = ifnull(:host, s.host)
  GROUP BY s.host
),
per_snapshot AS (
  SELECT host, taken_ms, ordinal, service_port, sum(sockets) AS sockets
  FROM counts
  WHERE taken_ms >= ifnull(:since, -9223372036854775808)
    AND taken_ms < ifnull(:until, 9223372036854775807)
    AND host = ifnull(:host, host)
    AND direction = 'out'
  GROUP BY host, taken_ms, ordinal, service_port
),
ranked AS (
  SELECT p.host AS host, p.taken_ms AS taken_ms, p.ordinal AS ordinal,
    p.service_port AS service_port, t.low AS low, t.high AS high,
    row_number() OVER (
      PARTITION BY p.host, p.service_port
      ORDER BY p.sockets DESC, p.taken_ms, p.ordinal) AS place,
    total(p.sockets * 100.0 >= :ports_percent * (t.high - t.low + 1)) OVER (
      PARTITION BY p.host, p.service_port) AS near
  FROM per_snapshot AS p
  JOIN total AS t ON t.host = p.host
),
worst AS MATERIALIZED (
  SELECT host, taken_ms, ordinal, service_port, low, high
  FROM ranked
  WHERE place = 1
    AND near > 0
),
used AS MATERIALIZED (
  SELECT w.host AS host, w.taken_ms AS taken_ms, w.ordinal AS ordinal, k.local_key AS local_key,
    k.remote_key AS remote_key, k.remote_port AS remote_port,
    count(DISTINCT k.local_port) AS ports,
    count(DISTINCT iif(k.state = 'TIME_WAIT', k.local_port, NULL)) AS time_wait_ports
  FROM worst AS w
  CROSS JOIN sockets AS k
  WHERE k.host = w.host
    AND k.taken_ms = w.taken_ms
    AND k.ordinal = w.ordinal
    AND k.direction = 'out'
    AND k.remote_port = w.service_port
    AND k.local_port BETWEEN w.low AND w.high
  GROUP BY w.host, w.taken_ms, w.ordinal, k.local_key, k.remote_key, k.remote_port
),
found AS (
  SELECT u.host AS host, u.taken_ms AS taken_ms, u.remote_port AS remote_port, u.ports AS ports,
    u.time_wait_ports AS time_wait_ports, t.snapshots AS snapshots, t.low AS low, t.high AS high,
    t.is_told AS is_told, t.begin_ms AS begin_ms, t.last_ms AS last_ms,
    u.ports * 100.0 / (t.high - t.low + 1) AS percent, u.local_key AS local_key,
    u.remote_key AS remote_key,
    CASE WHEN u.local_key < 4294967296
      THEN (u.local_key >> 24) || '.' || ((u.local_key >> 16) & 255) || '.'
        || ((u.local_key >> 8) & 255) || '.' || (u.local_key & 255)
      ELSE '[' || (SELECT a.text FROM address6 AS a WHERE a.id = u.local_key - 4294967296) || ']'
    END AS source,
    CASE WHEN u.remote_key < 4294967296
      THEN (u.remote_key >> 24) || '.' || ((u.remote_key >> 16) & 255) || '.'
        || ((u.remote_key >> 8) & 255) || '.' || (u.remote_key & 255)
      ELSE '[' || (SELECT a.text FROM address6 AS a WHERE a.id = u.remote_key - 4294967296) || ']'
    END || ':' || u.remote_port AS destination
  FROM used AS u
  JOIN total AS t ON t.host = u.host
)
SELECT
  host,
  iif(percent >= :ports_critical, 'critical', 'warning') AS severity,
  ports * 1.0 AS weight,
  printf('connections from %s to %s use %d of the %d local ports (%.0f %%)', source, destination,
    ports, high - low + 1, percent) AS what,
  taken_ms AS since,
  taken_ms AS until,
  iif(is_told, 'sure', 'likely') AS confidence,
  iif(is_told, 'counted at the moment with the most; the range ' || low || '-' || high
    || ' is that of the host',
    'counted at the moment with the most; the range is not told, ' || low || '-' || high
    || ' is the default of Linux')
    || printf('; %d of the ports are in TIME_WAIT', time_wait_ports) AS why,
  json_object('used_ports', ports, 'time_wait_ports', time_wait_ports,
    'range_ports', high - low + 1, 'used_percent', round(percent, 1), 'snapshots', snapshots)
    AS numbers,
  json_array(source || ' -> ' || destination) AS evidence,
  'report DB ephemeral -p limit=5'
    || strftime(' --since %Y-%m-%dT%H:%M:%SZ', begin_ms / 1000, 'unixepoch')
    || strftime(' --until %Y-%m-%dT%H:%M:%SZ', last_ms / 1000 + 1, 'unixepoch') AS more
FROM found
WHERE percent >= :ports_percent
ORDER BY host, ports DESC, remote_port, remote_key, local_key;
