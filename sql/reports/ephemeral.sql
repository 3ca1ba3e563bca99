-- title: How near this host is to running out of local ports
-- group: reach
-- description: Local ports in use by connections that this host made (direction out, TIME_WAIT
--   included), out of the range that the kernel takes them from. level destination: for each local
--   address, remote address and remote port; a range that is used up there means that connect()
--   to it fails with EADDRNOTAVAIL. level local: all ports of a local address, whatever the
--   destination; that is the limit only for programs that bind an address before they connect. Of
--   each host and level the fullest come first. avg is over all snapshots of the host in the
--   window, a snapshot without such a socket counts as 0.
--   It is a lower bound: ports that are bound but not connected are in no table, and what came
--   and went between two snapshots is not seen. Ports outside of the range are not counted. range
--   told: net.ipv4.ip_local_port_range of the bundle; assumed: none told it, these are the
--   defaults of Linux.
--   The report reads the samples of the window: give --since and --until in large databases.
--
--   Next: upstreams for the states behind it, timewait-peers for TIME_WAIT, close-rate for how
--   many a second.
-- param: limit integer 10 rows for each host and level
-- column: host text - host, or host/network namespace
-- column: level text - destination or local
-- column: local_ip address - local address
-- column: remote_ip address - address of the destination; NULL: all
-- column: remote_port port - port of the destination; NULL: all
-- column: snapshots integer snapshots snapshots of the host in the window
-- column: avg real ports different local ports in use, average
-- column: max integer ports different local ports in use, most in one snapshot
-- column: max_percent percent % the most, as a share of the range
-- column: max_at time - first snapshot with the most
-- column: port_range text - first and last port of the range
-- column: range text - told or assumed
WITH moment AS MATERIALIZED (
  SELECT
    z.host AS host,
    z.taken_ms AS taken_ms,
    z.ordinal AS ordinal,
    ifnull(y.port_range_low, 32768) AS low,
    ifnull(y.port_range_high, 60999) AS high,
    iif(y.port_range_low IS NULL, 'assumed', 'told') AS range,
    count(*) OVER (PARTITION BY z.host) AS snapshots
  FROM snapshots AS z
  JOIN hosts AS y ON y.host = z.host
  WHERE z.taken_ms >= ifnull(:since, -9223372036854775808)
    AND z.taken_ms < ifnull(:until, 9223372036854775807)
    AND z.host = ifnull(:host, z.host)
),
-- The groups of one snapshot as a list, so that no more than one snapshot is ever sorted.
grouped AS (
  SELECT m.host AS host, m.taken_ms AS taken_ms, m.low AS low, m.high AS high, m.range AS range,
    m.snapshots AS snapshots, (
    WITH port_use AS MATERIALIZED (
      SELECT k.local_key AS local_key, k.remote_key AS remote_key, k.remote_port AS remote_port,
        k.local_port AS local_port
      FROM sockets AS k
      WHERE k.host = m.host
        AND k.taken_ms = m.taken_ms
        AND k.ordinal = m.ordinal
        AND k.direction = 'out'
        AND k.local_port BETWEEN m.low AND m.high
    )
    SELECT json_group_array(json_array(local_key, remote_key, remote_port, ports))
    FROM (
      SELECT local_key, remote_key, remote_port, count(DISTINCT local_port) AS ports
      FROM port_use
      GROUP BY local_key, remote_key, remote_port
      UNION ALL
      SELECT local_key, NULL, NULL, count(DISTINCT local_port)
      FROM port_use
      GROUP BY local_key
    )
  ) AS list
  FROM moment AS m
),
-- most: the number of ports above, what is left of 2^43 ms below, so that of equal numbers the
-- earliest snapshot is the greatest.
per_group AS (
  SELECT host, low, high, range, snapshots, local_key, remote_key, remote_port,
    sum(ports) AS sum_ports,
    max(ports << 43 | 8796093022207 - taken_ms) AS most
  FROM (
    SELECT g.host AS host, g.taken_ms AS taken_ms, g.low AS low, g.high AS high,
      g.range AS range, g.snapshots AS snapshots,
      v.value ->> 0 AS local_key, v.value ->> 1 AS remote_key, v.value ->> 2 AS remote_port,
      v.value ->> 3 AS ports
    FROM grouped AS g
    JOIN json_each(g.list) AS v
  )
  GROUP BY host, low, high, range, snapshots, local_key, remote_key, remote_port
),
placed AS (
  SELECT host, low, high, range, snapshots, local_key, remote_key, remote_port, sum_ports,
    most >> 43 AS max_ports,
    8796093022207 - (most & 8796093022207) AS max_ms,
    row_number() OVER (
      PARTITION BY host, remote_key IS NULL
      ORDER BY most >> 43 DESC, sum_ports DESC, local_key, remote_key, remote_port) AS place
  FROM per_group
)
SELECT
  host,
  iif(remote_key IS NULL, 'local', 'destination') AS level,
  CASE WHEN local_key < 4294967296
    THEN (local_key >> 24) || '.' || ((local_key >> 16) & 255) || '.'
      || ((local_key >> 8) & 255) || '.' || (local_key & 255)
    ELSE (SELECT a.text FROM address6 AS a WHERE a.id = local_key - 4294967296)
  END AS local_ip,
  CASE WHEN remote_key < 4294967296
    THEN (remote_key >> 24) || '.' || ((remote_key >> 16) & 255) || '.'
      || ((remote_key >> 8) & 255) || '.' || (remote_key & 255)
    ELSE (SELECT a.text FROM address6 AS a WHERE a.id = remote_key - 4294967296)
  END AS remote_ip,
  remote_port,
  snapshots,
  sum_ports * 1.0 / snapshots AS avg,
  max_ports AS max,
  max_ports * 100.0 / (high - low + 1) AS max_percent,
  max_ms AS max_at,
  low || '-' || high AS port_range,
  range
FROM placed
WHERE place <= :limit
ORDER BY host, remote_key IS NULL, place;
