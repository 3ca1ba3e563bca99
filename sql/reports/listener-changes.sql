-- title: When what listened changed
-- group: change
-- description: One row an event of a listening address, port and user, in order of time. appeared:
--   this snapshot has it and the one before has not. gone: the one before has it and this one has
--   not. restarted: both have it, but no socket of it is the same (other inodes): another process,
--   or the same one that closed and opened its port. The event came between before and taken_at.
--   What listened in the first snapshot of the window is no event.
--   What was gone and back between two snapshots shows as restarted, what kept its socket (handed
--   over, socket activation) not at all. Only snapshots that have the table of the listener's
--   family (tcp or tcp6) count, so a missing table is no event.
--
--   Next: listeners for all that listened, services for the load before and after.
-- param: limit integer 100 rows for each host, the latest ones
-- column: host text - host, or host/network namespace
-- column: before time - the snapshot before the event
-- column: taken_at time - the first snapshot that shows it
-- column: event text - appeared, gone or restarted
-- column: local_ip address - the address it listens on
-- column: port port - the port it listens on
-- column: uid uid - the user that owns the socket
-- column: sockets integer sockets that listen on it at taken_at; NULL: gone
WITH moment AS MATERIALIZED (
  SELECT host, family, taken_ms, ordinal,
    row_number() OVER (PARTITION BY host, family ORDER BY taken_ms, ordinal) AS number
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
    l.uid AS uid, m.number AS number,
    ifnull(m.number - lag(m.number) OVER (
      PARTITION BY l.host, l.family, l.local_key, l.local_port, l.uid, l.inode
      ORDER BY m.number) = 1, 0) AS is_kept
  FROM listening AS l
  JOIN moment AS m ON m.host = l.host AND m.family = l.family AND m.taken_ms = l.taken_ms
    AND m.ordinal = l.ordinal
),
per_snapshot AS (
  SELECT host, family, local_key, local_port, uid, number,
    count(*) AS sockets,
    max(is_kept) AS is_kept,
    ifnull(number - lag(number) OVER listener, number) AS step,
    lead(number) OVER listener AS next_number
  FROM per_socket
  GROUP BY host, family, local_key, local_port, uid, number
  WINDOW listener AS (PARTITION BY host, family, local_key, local_port, uid ORDER BY number)
),
event AS (
  SELECT host, family, local_key, local_port, uid, number, sockets,
    iif(step = 1, 'restarted', 'appeared') AS event
  FROM per_snapshot
  WHERE number > 1
    AND (step > 1 OR NOT is_kept)
  UNION ALL
  SELECT host, family, local_key, local_port, uid, number + 1, NULL, 'gone'
  FROM per_snapshot
  WHERE next_number IS NULL OR next_number > number + 1
),
placed AS (
  SELECT n.host AS host, f.taken_ms AS before, m.taken_ms AS taken_ms, m.number AS number,
    n.event AS event, n.family AS family, n.local_key AS local_key, n.local_port AS local_port,
    n.uid AS uid, n.sockets AS sockets,
    row_number() OVER (
      PARTITION BY n.host
      ORDER BY m.taken_ms DESC, m.ordinal DESC, n.family DESC, n.local_port DESC,
        n.local_key DESC, n.uid DESC) AS place
  FROM event AS n
  JOIN moment AS m ON m.host = n.host AND m.family = n.family AND m.number = n.number
  JOIN moment AS f ON f.host = n.host AND f.family = n.family AND f.number = n.number - 1
)
SELECT
  host,
  before,
  taken_ms AS taken_at,
  event,
  CASE WHEN local_key < 4294967296
    THEN (local_key >> 24) || '.' || ((local_key >> 16) & 255) || '.'
      || ((local_key >> 8) & 255) || '.' || (local_key & 255)
    ELSE (SELECT a.text FROM address6 AS a WHERE a.id = local_key - 4294967296)
  END AS local_ip,
  local_port AS port,
  uid,
  sockets
FROM placed
WHERE place <= :limit
ORDER BY host, place DESC;
