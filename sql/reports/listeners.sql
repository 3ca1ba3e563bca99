-- title: What listened
-- group: who
-- description: One row a listening address, port and user: when it was there in the window, and
--   how often it was restarted. status gone: not in the last snapshot. restarts counts snapshots
--   in which it listened as in the one before, but with none of its sockets (other inodes): another
--   process, or the same one that closed and opened its port. outages counts the times that it was
--   missing from one snapshot or more between two that have it. sockets above 1: several sockets
--   listen on it together (SO_REUSEPORT). wildcard 1: it listens on all addresses of its family;
--   most programs on :: take IPv4 too.
--   What happened between two snapshots is not seen: a restart that kept its socket (handed over,
--   socket activation) never is. The kernel doesn't tell the program, only its user. snapshots and
--   seen count snapshots that have the table of its family (tcp or tcp6).
--
--   Next: listener-changes for the course of events, services for their load, accept-queue for
--   those that accept too slowly.
-- column: host text - host, or host/network namespace
-- column: local_ip address - the address it listens on
-- column: port port - the port it listens on
-- column: uid uid - the user that owns the socket
-- column: wildcard integer - 1: all addresses
-- column: sockets integer sockets most in one snapshot
-- column: snapshots integer snapshots snapshots of the host in the window
-- column: seen integer snapshots those of them that have it
-- column: first_seen time - first snapshot that has it
-- column: last_seen time - last snapshot that has it
-- column: restarts integer - times that all its sockets were others than a snapshot before
-- column: outages integer - times that it was missing in between
-- column: last_change time - snapshot of the last restart, appearance or disappearance; NULL: none
-- column: status text - there or gone, in the last snapshot
WITH moment AS MATERIALIZED (
  SELECT host, family, taken_ms, ordinal,
    row_number() OVER (PARTITION BY host, family ORDER BY taken_ms, ordinal) AS number,
    count(*) OVER (PARTITION BY host, family) AS numbers
  FROM dumps
  WHERE taken_ms >= ifnull(:since, -9223372036854775808)
    AND taken_ms < ifnull(:until, 9223372036854775807)
    AND host = ifnull(:host, host)
),
listening AS (
  SELECT host, family, taken_ms, ordinal, local_key, local_port, uid, inode
  FROM sockets
  WHERE taken_ms >= ifnull(:since, -9223372036854775808)
    AND taken_ms < ifnull(:until, 9223372036854775807)
    AND host = ifnull(:host, host)
    AND state = 'LISTEN'
),
-- is_kept: the same socket listened in the snapshot before.
per_socket AS (
  SELECT l.host AS host, l.family AS family, l.local_key AS local_key, l.local_port AS local_port,
    l.uid AS uid, m.taken_ms AS taken_ms, m.number AS number, m.numbers AS numbers,
    ifnull(m.number - lag(m.number) OVER (
      PARTITION BY l.host, l.family, l.local_key, l.local_port, l.uid, l.inode
      ORDER BY m.number) = 1, 0) AS is_kept
  FROM listening AS l
  JOIN moment AS m ON m.host = l.host AND m.family = l.family AND m.taken_ms = l.taken_ms
    AND m.ordinal = l.ordinal
),
per_snapshot AS (
  SELECT host, family, local_key, local_port, uid, taken_ms, number, numbers,
    count(*) AS sockets,
    max(is_kept) AS is_kept,
    number - lag(number) OVER (
      PARTITION BY host, family, local_key, local_port, uid ORDER BY number) AS step
  FROM per_socket
  GROUP BY host, family, local_key, local_port, uid, number
),
per_listener AS (
  SELECT host, family, local_key, local_port, uid,
    max(numbers) AS numbers,
    max(sockets) AS sockets,
    count(*) AS seen,
    min(taken_ms) AS first_seen,
    max(taken_ms) AS last_seen,
    max(number) AS last_number,
    count(*) FILTER (WHERE step = 1 AND NOT is_kept) AS restarts,
    count(*) FILTER (WHERE step > 1) AS outages,
    max(taken_ms) FILTER (
      WHERE CASE WHEN step IS NULL THEN number > 1 ELSE step > 1 OR NOT is_kept END
    ) AS last_change
  FROM per_snapshot
  GROUP BY host, family, local_key, local_port, uid
)
SELECT
  p.host AS host,
  CASE WHEN p.local_key < 4294967296
    THEN (p.local_key >> 24) || '.' || ((p.local_key >> 16) & 255) || '.'
      || ((p.local_key >> 8) & 255) || '.' || (p.local_key & 255)
    ELSE (SELECT a.text FROM address6 AS a WHERE a.id = p.local_key - 4294967296)
  END AS local_ip,
  p.local_port AS port,
  p.uid AS uid,
  p.local_key = 0 OR ifnull(
    (SELECT a.text FROM address6 AS a WHERE a.id = p.local_key - 4294967296) = '::', 0) AS wildcard,
  p.sockets AS sockets,
  p.numbers AS snapshots,
  p.seen AS seen,
  p.first_seen AS first_seen,
  p.last_seen AS last_seen,
  p.restarts AS restarts,
  p.outages AS outages,
  iif(p.last_number < p.numbers, (
    SELECT m.taken_ms
    FROM moment AS m
    WHERE m.host = p.host AND m.family = p.family AND m.number = p.last_number + 1
  ), p.last_change) AS last_change,
  iif(p.last_number < p.numbers, 'gone', 'there') AS status
FROM per_listener AS p
ORDER BY p.host, p.local_port, p.family, p.local_key, p.uid;
