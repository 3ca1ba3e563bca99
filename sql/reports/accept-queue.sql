-- title: Does a service accept too slowly?
-- group: accept
-- description: For each listening endpoint how many connections waited for accept(): done with the
--   handshake, not yet taken by the application. The longest queues come first. avg is over all
--   snapshots of the host in the window; one in which the endpoint did not listen counts as 0
--   (listening tells in how many it did). An avg that is not near 0 says that the application
--   accepts too slowly; short peaks between two snapshots are not seen.
--   plateau is a guess at a full queue: the longest queue of one listener, where it is at least 2,
--   was seen in two snapshots or more, and in at least half of those in which the queue was half
--   as long or longer. The kernel does not print the limit: a queue is full at backlog + 1, and
--   backlog is the smaller of what the application gave to listen() and net.core.somaxconn (NULL
--   where no bundle tells it). A queue that nobody serves and nobody joins stands still too, below
--   its limit.
--   imbalance: where several sockets listen on one endpoint (SO_REUSEPORT, one queue each), the
--   longest of their queues over the average one: 1 is even, as many as listeners: all connections
--   wait at one of them, a worker that hangs.
--
--   Next: unaccepted for who waits, syn-recv for handshakes that a full queue holds up, services
--   for the load of the port.
-- param: limit integer 20 rows for each host
-- column: host text - host, or host/network namespace
-- column: local_ip address - address it listens on; 0.0.0.0 and ::, all
-- column: port port - port it listens on
-- column: listeners integer sockets most that listened there in one snapshot
-- column: snapshots integer snapshots snapshots of the host in the window
-- column: listening integer snapshots those of them in which it listened
-- column: avg real connections waiting for accept(), average over all snapshots
-- column: max integer connections waiting for accept(), most in one snapshot, its listeners' sum
-- column: max_at time - first snapshot with that many; NULL: none ever waited
-- column: waiting_pct percent % share of all snapshots in which at least one waited
-- column: plateau integer connections a queue that is probably full; NULL: none seen
-- column: full_snapshots integer snapshots those with a queue at the plateau; NULL: no plateau
-- column: imbalance real - longest queue over average queue, 1 is even; NULL: nothing to compare
-- column: somaxconn integer connections net.core.somaxconn of the host; NULL: not told
WITH total AS (
  SELECT host, count(*) AS snapshots
  FROM snapshots
  WHERE taken_ms >= ifnull(:since, -9223372036854775808)
    AND taken_ms < ifnull(:until, 9223372036854775807)
    AND host = ifnull(:host, host)
  GROUP BY host
),
-- One row an endpoint and snapshot; longest is the longest queue of one listener.
per_snapshot AS MATERIALIZED (
  SELECT host, local_key, local_port, taken_ms, ordinal,
    count(*) AS listeners,
    sum(rx_queue) AS waiting,
    max(rx_queue) AS longest
  FROM sockets
  WHERE taken_ms >= ifnull(:since, -9223372036854775808)
    AND taken_ms < ifnull(:until, 9223372036854775807)
    AND host = ifnull(:host, host)
    AND state = 'LISTEN'
  GROUP BY host, local_key, local_port, taken_ms, ordinal
),
-- How often the longest queue of an endpoint was how long.
lengths AS (
  SELECT host, local_key, local_port, longest, count(*) AS seen,
    max(longest) OVER (PARTITION BY host, local_key, local_port) AS top
  FROM per_snapshot
  WHERE longest > 0
  GROUP BY host, local_key, local_port, longest
),
plateau AS (
  SELECT host, local_key, local_port, top,
    max(seen) FILTER (WHERE longest = top) AS full_snapshots
  FROM lengths
  WHERE top >= 2
    AND longest * 2 >= top
  GROUP BY host, local_key, local_port, top
  HAVING full_snapshots >= 2
    AND full_snapshots * 2 >= sum(seen)
),
per_endpoint AS (
  SELECT host, local_key, local_port,
    max(listeners) AS listeners,
    count(*) AS listening,
    sum(waiting) AS waiting_sum,
    max(waiting) AS waiting_max,
    sum(waiting > 0) AS waiting_snapshots,
    sum(longest) FILTER (WHERE listeners > 1) AS longest_sum,
    sum(waiting * 1.0 / listeners) FILTER (WHERE listeners > 1) AS even_sum
  FROM per_snapshot
  GROUP BY host, local_key, local_port
),
peak AS (
  SELECT p.host, p.local_key, p.local_port, min(p.taken_ms) AS max_at
  FROM per_snapshot AS p
  JOIN per_endpoint AS e
    ON e.host = p.host AND e.local_key = p.local_key AND e.local_port = p.local_port
      AND p.waiting = e.waiting_max
  WHERE p.waiting > 0
  GROUP BY p.host, p.local_key, p.local_port
),
named AS (
  SELECT host, local_key, local_port, listeners, listening, waiting_sum, waiting_max,
    waiting_snapshots, longest_sum, even_sum,
    CASE WHEN local_key < 4294967296
      THEN (local_key >> 24) || '.' || ((local_key >> 16) & 255) || '.'
        || ((local_key >> 8) & 255) || '.' || (local_key & 255)
      ELSE (SELECT a.text FROM address6 AS a WHERE a.id = local_key - 4294967296)
    END AS local_ip
  FROM per_endpoint
),
ranked AS (
  SELECT host, local_key, local_port, listeners, listening, waiting_sum, waiting_max,
    waiting_snapshots, longest_sum, even_sum, local_ip,
    row_number() OVER (
      PARTITION BY host
      ORDER BY waiting_sum DESC, waiting_max DESC, local_port, local_ip) AS place
  FROM named
)
SELECT
  n.host AS host,
  n.local_ip AS local_ip,
  n.local_port AS port,
  n.listeners AS listeners,
  t.snapshots AS snapshots,
  n.listening AS listening,
  n.waiting_sum * 1.0 / t.snapshots AS avg,
  n.waiting_max AS max,
  p.max_at AS max_at,
  n.waiting_snapshots * 100.0 / t.snapshots AS waiting_pct,
  l.top AS plateau,
  l.full_snapshots AS full_snapshots,
  CASE WHEN n.even_sum > 0 THEN n.longest_sum / n.even_sum END AS imbalance,
  h.somaxconn AS somaxconn
FROM ranked AS n
JOIN total AS t ON t.host = n.host
JOIN hosts AS h ON h.host = n.host
LEFT JOIN peak AS p
  ON p.host = n.host AND p.local_key = n.local_key AND p.local_port = n.local_port
LEFT JOIN plateau AS l
  ON l.host = n.host AND l.local_key = n.local_key AND l.local_port = n.local_port
WHERE n.place <= :limit
ORDER BY n.host, n.place;
