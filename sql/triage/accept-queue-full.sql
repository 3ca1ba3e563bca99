-- title: Accept queues that are full, or served too slowly
-- group: triage
-- description: Listening sockets with connections that wait for accept(). Full, as far as the
--   table shows it: the longest queue of one listener was seen in queue_full snapshots or more and
--   in at least half of those in which it was half as long or longer; below 4 also in half of all
--   snapshots, since short queues are equally long by chance. It is sure only where the limit is
--   told (net.core.somaxconn of the bundle): the kernel does not print the one of listen(). Served
--   slowly: queue_many connections or more at the worst, and some in half of all snapshots.
--   queue_full 3, queue_percent 5: a peak that some snapshots catch by chance passes. queue_many
--   5: a busy server has one or two connections between handshake and accept() at any moment.
--   The totals of all snapshots tell which have a queue; those in which one is half as long as its
--   longest, or longer, are looked into.
--
--   Next: report accept-queue, unaccepted.
-- param: queue_full integer 3 snapshots with the longest queue
-- param: queue_percent real 5 share of all snapshots with the longest queue
-- param: queue_many integer 5 connections waiting, at the worst
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
  SELECT host, count(*) AS snapshots, min(taken_ms) AS begin_ms, max(taken_ms) AS last_ms
  FROM snapshots
  WHERE taken_ms >= ifnull(:since, -9223372036854775808)
    AND taken_ms < ifnull(:until, 9223372036854775807)
    AND host = ifnull(:host, host)
  GROUP BY host
),
waiting AS MATERIALIZED (
  SELECT host, taken_ms, ordinal, service_port, sum(rx_queue) AS connections
  FROM counts
  WHERE taken_ms >= ifnull(:since, -9223372036854775808)
    AND taken_ms < ifnull(:until, 9223372036854775807)
    AND host = ifnull(:host, host)
    AND state = 'LISTEN'
    AND rx_queue > 0
  GROUP BY host, taken_ms, ordinal, service_port
),
-- Those that gave up while they waited: closed by the peer, and no process has them.
gone AS (
  SELECT host, service_port, max(sockets) AS most
  FROM (
    SELECT host, service_port, sum(unowned) AS sockets
    FROM counts
    WHERE taken_ms >= ifnull(:since, -9223372036854775808)
    AND taken_ms < ifnull(:until, 9223372036854775807)
    AND host = ifnull(:host, host)
      AND state = 'CLOSE_WAIT'
      AND direction = 'in'
      AND unowned > 0
    GROUP BY host, service_port, taken_ms, ordinal
  )
  GROUP BY host, service_port
),
per_port AS MATERIALIZED (
  SELECT host, service_port, count(*) AS snapshots, max(connections) AS most,
    sum(connections) AS connections
  FROM waiting
  GROUP BY host, service_port
),
-- Where a queue is at least half as long as its longest.
look AS MATERIALIZED (
  SELECT DISTINCT w.host AS host, w.taken_ms AS taken_ms, w.ordinal AS ordinal
  FROM waiting AS w
  JOIN per_port AS p ON p.host = w.host AND p.service_port = w.service_port
  WHERE p.most >= 2
    AND p.snapshots >= min(3, :queue_full)
    AND w.connections * 2 >= p.most
),
-- The longest queue of one listener, at each endpoint.
queue AS MATERIALIZED (
  SELECT l.host AS host, l.taken_ms AS taken_ms, l.ordinal AS ordinal, k.local_key AS local_key,
    k.local_port AS local_port, max(k.rx_queue) AS longest, sum(k.rx_queue) AS connections
  FROM look AS l
  CROSS JOIN sockets AS k
  WHERE k.host = l.host
    AND k.taken_ms = l.taken_ms
    AND k.ordinal = l.ordinal
    AND k.state = 'LISTEN'
    AND k.rx_queue > 0
  GROUP BY l.host, l.taken_ms, l.ordinal, k.local_key, k.local_port
),
top AS (
  SELECT host, local_key, local_port, max(longest) AS longest, max(connections) AS connections,
    count(*) AS seen, min(taken_ms) AS first_ms, max(taken_ms) AS last_ms
  FROM queue
  GROUP BY host, local_key, local_port
),
figure AS MATERIALIZED (
  SELECT t.host AS host, t.local_key AS local_key, t.local_port AS local_port,
    t.longest AS longest, t.connections AS connections, t.seen AS seen,
    t.first_ms AS first_ms, t.last_ms AS last_ms,
    sum(q.longest = t.longest) AS full_looks,
    sum(q.longest * 2 >= t.longest) AS long_looks,
    min(q.taken_ms) FILTER (WHERE q.longest = t.longest) AS full_ms,
    max(q.taken_ms) FILTER (WHERE q.longest = t.longest) AS full_until_ms
  FROM top AS t
  JOIN queue AS q ON q.host = t.host AND q.local_key = t.local_key AND q.local_port = t.local_port
  GROUP BY t.host, t.local_key, t.local_port
),
judged AS MATERIALIZED (
  SELECT f.host AS host, f.local_key AS local_key, f.local_port AS local_port,
    f.longest AS longest, f.connections AS connections, f.full_looks AS full_looks,
    f.long_looks AS long_looks, f.first_ms AS first_ms, f.last_ms AS last_ms,
    f.full_ms AS full_ms, f.full_until_ms AS full_until_ms,
    p.snapshots AS waiting_snapshots, n.snapshots AS snapshots, n.begin_ms AS begin_ms,
    n.last_ms AS window_ms, h.somaxconn AS somaxconn, ifnull(g.most, 0) AS gave_up,
    p.connections * 1.0 / n.snapshots AS avg,
    f.longest >= 2
      AND f.full_looks >= :queue_full
      AND f.full_looks * 2 >= f.long_looks
      AND (f.longest >= 4 OR f.full_looks * 2 >= n.snapshots)
      AND (f.full_looks * 100.0 >= :queue_percent * n.snapshots
        OR ifnull(f.longest = h.somaxconn + 1, 0)) AS is_full
  FROM figure AS f
  JOIN per_port AS p ON p.host = f.host AND p.service_port = f.local_port
  JOIN total AS n ON n.host = f.host
  JOIN hosts AS h ON h.host = f.host
  LEFT JOIN gone AS g ON g.host = f.host AND g.service_port = f.local_port
),
found AS MATERIALIZED (
  SELECT host, local_key, local_port, longest, connections, full_looks, long_looks, first_ms,
    last_ms, full_ms, full_until_ms, waiting_snapshots, snapshots, begin_ms, window_ms, somaxconn,
    gave_up, avg, is_full,
    is_full AND ifnull(longest = somaxconn + 1, 0) AS is_at_limit
  FROM judged
  WHERE is_full
    OR (connections >= :queue_many
      AND waiting_snapshots >= 3
      AND waiting_snapshots * 2 >= snapshots)
),
-- Who waits, at the last moment with the longest queue.
waiter AS (
  SELECT f.host AS host, f.local_key AS local_key, f.local_port AS local_port,
    k.local_key AS own_key, k.remote_key AS remote_key, k.remote_port AS remote_port,
    k.state AS state, k.rx_queue AS rx_queue,
    row_number() OVER (
      PARTITION BY f.host, f.local_key, f.local_port
      ORDER BY k.remote_key, k.remote_port, k.local_key, k.state, k.rx_queue) AS place
  FROM found AS f
  CROSS JOIN sockets AS k
  WHERE k.host = f.host
    AND k.taken_ms = f.full_until_ms
    AND k.local_port = f.local_port
    AND k.owner_class = 'unaccepted'
),
named AS (
  SELECT host, local_key, local_port, place,
    CASE WHEN own_key < 4294967296
      THEN (own_key >> 24) || '.' || ((own_key >> 16) & 255) || '.'
        || ((own_key >> 8) & 255) || '.' || (own_key & 255)
      ELSE '[' || (SELECT a.text FROM address6 AS a WHERE a.id = own_key - 4294967296) || ']'
    END
      || ':' || local_port || ' <- '
      || CASE WHEN remote_key < 4294967296
        THEN (remote_key >> 24) || '.' || ((remote_key >> 16) & 255) || '.'
          || ((remote_key >> 8) & 255) || '.' || (remote_key & 255)
        ELSE '[' || (SELECT a.text FROM address6 AS a WHERE a.id = remote_key - 4294967296) || ']'
      END
      || ':' || remote_port || ' waits'
      || iif(state = 'CLOSE_WAIT', ', its peer gave up', '') AS text
  FROM waiter
  WHERE place <= 5
),
evidence AS (
  SELECT host, local_key, local_port, json_group_array(text) AS list
  FROM (SELECT host, local_key, local_port, text FROM named
    ORDER BY host, local_key, local_port, place)
  GROUP BY host, local_key, local_port
)
SELECT
  f.host AS host,
  iif(f.is_full AND f.full_looks * 2 >= f.snapshots, 'critical', 'warning') AS severity,
  (f.connections + f.gave_up) * 1.0 AS weight,
  iif(f.is_full,
    'the accept queue of port ' || f.local_port || ' is full: ' || f.longest
      || ' connections wait for accept(), its limit',
    'port ' || f.local_port || ' accepts too slowly: up to ' || f.connections
      || ' connections wait for accept()')
    || ', in ' || f.waiting_snapshots || ' of ' || f.snapshots || ' snapshots' AS what,
  iif(f.is_full, f.full_ms, f.first_ms) AS since,
  iif(f.is_full, f.full_until_ms, f.last_ms) AS until,
  CASE WHEN f.is_at_limit OR NOT f.is_full THEN 'sure' ELSE 'likely' END AS confidence,
  CASE
    WHEN f.is_at_limit THEN 'the queue is one longer than net.core.somaxconn: it cannot be longer'
    WHEN f.is_full THEN 'the kernel does not print the limit, but the queue was never longer, and '
      || 'just so long in ' || f.full_looks || ' of the ' || f.long_looks
      || ' snapshots in which it was half as long or longer'
    ELSE 'the kernel counts those who wait; whether the queue is full it does not tell' END
    || iif(f.gave_up > 0, '; ' || f.gave_up || ' of those who wait have given up', '') AS why,
  json_object('longest_queue_connections', f.longest, 'waiting_avg_connections', round(f.avg, 2),
    'snapshots_with_queue', f.waiting_snapshots, 'snapshots', f.snapshots,
    'gave_up_connections', f.gave_up, 'somaxconn', f.somaxconn) AS numbers,
  ifnull(e.list, json_array()) AS evidence,
  'report DB accept-queue -p limit=5'
    || strftime(' --since %Y-%m-%dT%H:%M:%SZ', f.begin_ms / 1000, 'unixepoch')
    || strftime(' --until %Y-%m-%dT%H:%M:%SZ', f.window_ms / 1000 + 1, 'unixepoch') AS more
FROM found AS f
LEFT JOIN evidence AS e
  ON e.host = f.host AND e.local_key = f.local_key AND e.local_port = f.local_port
ORDER BY f.host, f.connections DESC, f.local_port, f.local_key;
