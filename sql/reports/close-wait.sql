-- title: CLOSE_WAIT: leak or churn?
-- group: leak
-- description: Sockets whose peer has closed and whose own application has not, by service port,
--   direction and uid, the most of each host first. Connections still in an accept queue are not
--   among them (report unaccepted).
--   verdict: leak - the same sockets stay and there are ever more; churn - they come and go,
--   the application closes them in the end; steady - the same sockets stay, not more of them;
--   NULL - fewer than three snapshots, too few to tell.
--   still_there decides between them: of all sightings before the last snapshot, the percent whose
--   socket is still in CLOSE_WAIT in the last snapshot. A leak has nearly 100, churn little,
--   however many there are at a time. A restart of the application frees all: choose a window
--   behind it.
--   slope_per_hour is the line of least squares through the counts of all snapshots.
--   unread tells where to look in the code, for the sockets of the last snapshot (last): those with
--   unread data or an unread end (rx_queue above 0) are not read any more, the application hangs
--   or has lost them; the others have been read to the end: the application knows that the peer is
--   gone and misses a close(). unread_bytes counts 1 for an unread end.
--   A port that listened at some time of the window keeps its sockets, though the listening one may
--   be gone.
--   oldest_s is the time between the first and the last snapshot of the window that show it so: it
--   has been longer in CLOSE_WAIT than that, and a longer window may tell more.
--   The report reads the samples of the window: give --since and --until in large databases.
--
--   Next: lifetimes for how long connections live, uid for whose they are, unaccepted for those
--   that no process has taken yet.
-- param: keep real 80 still_there from which on sockets count as the same ones
-- param: growth real 3 sockets that the line must rise within the window to be a leak
-- param: limit integer 20 rows for each host
-- column: host text - host, or host/network namespace
-- column: service_port port - local port for in, the peer's port for out
-- column: direction text - in: to a listening port of this host; out: the rest
-- column: uid uid - owner of the sockets
-- column: verdict text - leak, churn or steady
-- column: snapshots integer snapshots snapshots of the host in the window
-- column: avg real sockets average over all snapshots
-- column: max integer sockets most in one snapshot
-- column: last integer sockets in the last snapshot of the window
-- column: slope_per_hour real sockets growth an hour
-- column: still_there percent % sightings whose socket is still in CLOSE_WAIT at the end
-- column: oldest_s real s the oldest of last has been in CLOSE_WAIT at least so long
-- column: unread integer sockets those of last with rx_queue above 0
-- column: unread_bytes bytes bytes their rx_queue in all
WITH numbered AS (
  SELECT
    host,
    taken_ms,
    ordinal,
    row_number() OVER (PARTITION BY host ORDER BY taken_ms DESC, ordinal DESC) AS from_end,
    (taken_ms - min(taken_ms) OVER (PARTITION BY host)) / 3600000.0 AS hours
  FROM snapshots
  WHERE taken_ms >= ifnull(:since, -9223372036854775808)
    AND taken_ms < ifnull(:until, 9223372036854775807)
    AND host = ifnull(:host, host)
),
total AS MATERIALIZED (
  SELECT
    host,
    count(*) AS snapshots,
    sum(hours) AS sum_hours,
    sum(hours * hours) AS sum_squares,
    max(hours) AS length,
    min(taken_ms) AS begin_ms,
    max(taken_ms) AS last_ms,
    max(ordinal) FILTER (WHERE from_end = 1) AS last_ordinal
  FROM numbered
  GROUP BY host
),
seen AS MATERIALIZED (
  SELECT host, service_port, direction, uid, taken_ms, ordinal, local_key, local_port, remote_key,
    remote_port, inode, rx_queue
  FROM sockets
  WHERE taken_ms >= ifnull(:since, -9223372036854775808)
    AND taken_ms < ifnull(:until, 9223372036854775807)
    AND host = ifnull(:host, host)
    AND state = 'CLOSE_WAIT'
    AND owner_class = 'owned'
),
-- A leaking process that closes its listening socket has not closed the others: without this they
-- would turn into outgoing ones, to as many ports as there are clients, and the leak into churn.
listened AS MATERIALIZED (
  SELECT DISTINCT host, local_key, local_port
  FROM seen
  WHERE direction = 'in'
),
sighting AS MATERIALIZED (
  SELECT
    w.host AS host,
    iif(l.host IS NULL, w.service_port, w.local_port) AS service_port,
    iif(l.host IS NULL, w.direction, 'in') AS direction,
    w.uid AS uid, w.taken_ms AS taken_ms, w.ordinal AS ordinal, w.local_key AS local_key,
    w.local_port AS local_port, w.remote_key AS remote_key, w.remote_port AS remote_port,
    w.inode AS inode, w.rx_queue AS rx_queue
  FROM seen AS w
  LEFT JOIN listened AS l
    ON l.host = w.host AND l.local_key = w.local_key AND l.local_port = w.local_port
),
per_snapshot AS (
  SELECT
    host, service_port, direction, uid, taken_ms, ordinal,
    count(*) AS sockets,
    count(*) FILTER (WHERE rx_queue > 0) AS unread,
    sum(rx_queue) AS unread_bytes
  FROM sighting
  GROUP BY host, service_port, direction, uid, taken_ms, ordinal
),
per_group AS (
  SELECT
    p.host AS host, p.service_port AS service_port, p.direction AS direction, p.uid AS uid,
    sum(p.sockets) AS sum_sockets,
    max(p.sockets) AS max_sockets,
    sum(p.sockets * (p.taken_ms - t.begin_ms) / 3600000.0) AS sum_products,
    total(p.sockets) FILTER (WHERE p.taken_ms = t.last_ms AND p.ordinal = t.last_ordinal) AS last,
    total(p.unread) FILTER (WHERE p.taken_ms = t.last_ms AND p.ordinal = t.last_ordinal) AS unread,
    total(p.unread_bytes) FILTER (WHERE p.taken_ms = t.last_ms AND p.ordinal = t.last_ordinal)
      AS unread_bytes
  FROM per_snapshot AS p
  JOIN total AS t ON t.host = p.host
  GROUP BY p.host, p.service_port, p.direction, p.uid
),
-- The sockets of the last snapshot, with their sightings before it.
at_end AS (
  SELECT
    w.host AS host, w.service_port AS service_port, w.direction AS direction, w.uid AS uid,
    count(*) - 1 AS sightings_before,
    min(w.taken_ms) AS first_ms
  FROM sighting AS w
  JOIN total AS t ON t.host = w.host
  GROUP BY w.host, w.service_port, w.direction, w.uid, w.local_key, w.local_port, w.remote_key,
    w.remote_port, w.inode
  HAVING total(w.taken_ms = t.last_ms AND w.ordinal = t.last_ordinal) > 0
),
held AS (
  SELECT host, service_port, direction, uid,
    sum(sightings_before) AS sightings,
    min(first_ms) AS oldest_ms
  FROM at_end
  GROUP BY host, service_port, direction, uid
),
figure AS (
  SELECT
    g.host AS host, g.service_port AS service_port, g.direction AS direction, g.uid AS uid,
    g.sum_sockets AS sum_sockets, g.max_sockets AS max_sockets, g.last AS last,
    g.unread AS unread, g.unread_bytes AS unread_bytes,
    t.snapshots AS snapshots,
    t.length AS length,
    CASE WHEN t.length > 0
      THEN (t.snapshots * g.sum_products - t.sum_hours * g.sum_sockets)
        / (t.snapshots * t.sum_squares - t.sum_hours * t.sum_hours)
    END AS slope,
    CASE WHEN g.sum_sockets > g.last
      THEN 100.0 * ifnull(k.sightings, 0) / (g.sum_sockets - g.last)
    END AS still_there,
    (t.last_ms - k.oldest_ms) / 1000.0 AS oldest_s,
    row_number() OVER (
      PARTITION BY g.host
      ORDER BY g.sum_sockets DESC, g.service_port, g.direction, g.uid) AS place
  FROM per_group AS g
  JOIN total AS t ON t.host = g.host
  LEFT JOIN held AS k ON k.host = g.host AND k.service_port = g.service_port
    AND k.direction = g.direction AND k.uid = g.uid
)
SELECT
  host,
  service_port,
  direction,
  uid,
  CASE
    WHEN snapshots < 3 OR slope IS NULL OR still_there IS NULL THEN NULL
    WHEN still_there < :keep THEN 'churn'
    WHEN round(slope * length, 6) >= :growth THEN 'leak'
    ELSE 'steady'
  END AS verdict,
  snapshots,
  sum_sockets * 1.0 / snapshots AS avg,
  max_sockets AS max,
  CAST(last AS INTEGER) AS last,
  round(slope, 6) + 0.0 AS slope_per_hour,  -- the sums leave a rest of 1e-12
  still_there,
  oldest_s,
  CAST(unread AS INTEGER) AS unread,
  CAST(unread_bytes AS INTEGER) AS unread_bytes
FROM figure
WHERE place <= :limit
ORDER BY host, place;
