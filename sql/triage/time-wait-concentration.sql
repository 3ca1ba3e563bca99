-- title: TIME_WAIT that one peer makes
-- group: triage
-- description: A peer and service port that hold wait_least sockets in TIME_WAIT at a time, and at
--   least wait_percent of all TIME_WAIT of that moment: a connection for each request (no
--   keep-alive, no pool). A warning where this host opens them, as each takes a local port for a
--   minute; a notice where it accepts them. Critical is a host near its
--   net.ipv4.tcp_max_tw_buckets, where a bundle tells it: from wait_limit percent on.
--   wait_least 5000: below, TIME_WAIT does no harm, and a web server with hundreds of clients a
--   second has thousands by right; it is a fifth of the local ports. wait_percent 50: what is
--   spread over many peers is the ordinary end of connections.
--   The totals of all snapshots tell the worst moment of each direction and port; only these
--   snapshots are looked into.
--
--   Next: report timewait-peers, timewait, close-rate.
-- param: wait_least integer 5000 sockets in TIME_WAIT at a time
-- param: wait_percent real 50 share of one peer and port
-- param: wait_limit real 80 percent of tcp_max_tw_buckets
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
WITH moment AS MATERIALIZED (
  SELECT host, taken_ms, ordinal, time_wait,
    count(*) OVER (PARTITION BY host) AS snapshots,
    min(taken_ms) OVER (PARTITION BY host) AS begin_ms,
    max(taken_ms) OVER (PARTITION BY host) AS last_ms,
    row_number() OVER (PARTITION BY host ORDER BY time_wait DESC, taken_ms, ordinal) AS place
  FROM snapshots
  WHERE taken_ms >= ifnull(:since, -9223372036854775808)
    AND taken_ms < ifnull(:until, 9223372036854775807)
    AND host = ifnull(:host, host)
),
total AS MATERIALIZED (
  SELECT m.host AS host, m.snapshots AS snapshots, m.begin_ms AS begin_ms, m.last_ms AS last_ms,
    m.time_wait AS most, m.taken_ms AS most_ms, h.tcp_max_tw_buckets AS buckets
  FROM moment AS m
  JOIN hosts AS h ON h.host = m.host
  WHERE m.place = 1
),
per_port AS MATERIALIZED (
  SELECT host, taken_ms, ordinal, direction, service_port, sum(sockets) AS sockets
  FROM counts
  WHERE taken_ms >= ifnull(:since, -9223372036854775808)
    AND taken_ms < ifnull(:until, 9223372036854775807)
    AND host = ifnull(:host, host)
    AND state = 'TIME_WAIT'
  GROUP BY host, taken_ms, ordinal, direction, service_port
),
ranked AS (
  SELECT host, taken_ms, ordinal, direction, service_port, sockets,
    row_number() OVER (
      PARTITION BY host, direction, service_port
      ORDER BY sockets DESC, taken_ms, ordinal) AS place,
    min(taken_ms) FILTER (WHERE sockets >= :wait_least) OVER port AS first_ms,
    max(taken_ms) FILTER (WHERE sockets >= :wait_least) OVER port AS until_ms,
    count(*) FILTER (WHERE sockets >= :wait_least) OVER port AS seen
  FROM per_port
  WINDOW port AS (PARTITION BY host, direction, service_port)
),
worst AS MATERIALIZED (
  SELECT host, taken_ms, ordinal, direction, service_port, first_ms, until_ms, seen
  FROM ranked
  WHERE place = 1
    AND sockets >= :wait_least
),
peer AS MATERIALIZED (
  SELECT w.host AS host, w.taken_ms AS taken_ms, w.ordinal AS ordinal, w.direction AS direction,
    w.service_port AS service_port, w.first_ms AS first_ms, w.until_ms AS until_ms,
    w.seen AS seen, k.remote_key AS remote_key, max(k.is_local) AS is_local,
    count(*) AS sockets
  FROM worst AS w
  CROSS JOIN sockets AS k
  WHERE k.host = w.host
    AND k.taken_ms = w.taken_ms
    AND k.ordinal = w.ordinal
    AND k.state = 'TIME_WAIT'
    AND k.direction = w.direction
    AND k.service_port = w.service_port
  GROUP BY w.host, w.taken_ms, w.ordinal, w.direction, w.service_port, w.first_ms, w.until_ms,
    w.seen, k.remote_key
  HAVING count(*) >= :wait_least
),
found AS (
  SELECT p.host AS host, p.direction AS direction, p.service_port AS service_port,
    p.remote_key AS remote_key, p.sockets AS sockets, m.time_wait AS time_wait,
    p.is_local AS is_local, p.taken_ms AS taken_ms, p.first_ms AS first_ms,
    p.until_ms AS until_ms, p.seen AS seen, m.snapshots AS snapshots, m.begin_ms AS begin_ms,
    m.last_ms AS last_ms,
    CASE WHEN p.remote_key < 4294967296
      THEN (p.remote_key >> 24) || '.' || ((p.remote_key >> 16) & 255) || '.'
        || ((p.remote_key >> 8) & 255) || '.' || (p.remote_key & 255)
      ELSE '[' || (SELECT a.text FROM address6 AS a WHERE a.id = p.remote_key - 4294967296) || ']'
    END AS address
  FROM peer AS p
  JOIN moment AS m ON m.host = p.host AND m.taken_ms = p.taken_ms AND m.ordinal = p.ordinal
  WHERE p.sockets * 100.0 >= :wait_percent * m.time_wait
),
finding AS (
  SELECT host, iif(direction = 'out', 'warning', 'notice') AS severity, sockets * 1.0 AS weight,
    sockets || ' connections ' || iif(direction = 'out', 'to ' || address || ':' || service_port,
      'of ' || address || ' to port ' || service_port) || ' are in TIME_WAIT at a time: '
      || iif(direction = 'out', 'this host opens one for each request',
      'it opens one for each request, and this host closes first') AS what,
    first_ms AS since, until_ms AS until, 'likely' AS confidence,
    printf('counted at the worst moment (%s), %.0f %% of all TIME_WAIT then; %d of %d snapshots '
      || 'have so many for the port. That a pool or keep-alive is missing is the usual cause',
      strftime('%Y-%m-%d %H:%M:%SZ', taken_ms / 1000, 'unixepoch'),
      sockets * 100.0 / time_wait, seen, snapshots)
      || iif(is_local, '; the other end is on this host', '') AS why,
    json_object('time_wait_sockets', sockets, 'time_wait_of_all_sockets', time_wait,
      'snapshots_with_so_many', seen, 'snapshots', snapshots) AS numbers,
    json_array(iif(direction = 'out', '-> ' || address || ':' || service_port,
      'port ' || service_port || ' <- ' || address) || ': ' || sockets) AS evidence,
    'timewait-peers -p limit=5' AS report, begin_ms, last_ms
  FROM found
  UNION ALL
  SELECT host, 'critical', most * 1.0,
    printf('%d connections are in TIME_WAIT, %.0f %% of the %d that the kernel keeps', most,
      most * 100.0 / buckets, buckets),
    most_ms, most_ms, 'sure',
    'net.ipv4.tcp_max_tw_buckets is that of the host; above it the kernel forgets TIME_WAIT '
      || 'at once',
    json_object('time_wait_sockets', most, 'tcp_max_tw_buckets', buckets, 'snapshots', snapshots),
    json_array(), 'timewait --bucket 1m', begin_ms, last_ms
  FROM total
  WHERE most > 0
    AND most * 100.0 >= :wait_limit * buckets
)
SELECT
  host, severity, weight, what, since, until, confidence, why, numbers, evidence,
  'report DB ' || report
    || strftime(' --since %Y-%m-%dT%H:%M:%SZ', begin_ms / 1000, 'unixepoch')
    || strftime(' --until %Y-%m-%dT%H:%M:%SZ', last_ms / 1000 + 1, 'unixepoch') AS more
FROM finding
ORDER BY host, severity, weight DESC, what;
