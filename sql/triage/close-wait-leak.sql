-- title: Connections that the application never closes
-- group: triage
-- description: Sockets whose peer has closed and whose own application has not (CLOSE_WAIT, owned
--   by a process), by service port, direction and uid: found where the same ones stay and become
--   more, as a line of least squares through the snapshots says. It is a notice where there are
--   leak_many that stay, but no more of them.
--   leak_keep 80: an application that closes late has come round to nearly all of them between two
--   snapshots; a leak keeps nearly 100 percent. leak_growth 5: fewer can be requests that take
--   long. leak_many 100: a tenth of the 1024 descriptors that a process has by default.
--   Of long windows not every snapshot is looked into: as many as looks, the first and the last
--   among them, so that a database of any size takes the same time.
--
--   Next: report close-wait.
-- param: leak_keep real 80 percent of earlier sightings whose socket is still there
-- param: leak_growth real 5 sockets that the line must rise within the window
-- param: leak_many integer 100 sockets from which on a leak is critical
-- param: looks integer 240 snapshots of a host looked into socket by socket, evenly spaced
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
WITH numbered AS MATERIALIZED (
  SELECT host, taken_ms, ordinal, close_wait,
    row_number() OVER (PARTITION BY host ORDER BY taken_ms, ordinal) AS number,
    count(*) OVER (PARTITION BY host) AS snapshots
  FROM snapshots
  WHERE taken_ms >= ifnull(:since, -9223372036854775808)
    AND taken_ms < ifnull(:until, 9223372036854775807)
    AND host = ifnull(:host, host)
),
look AS MATERIALIZED (
  SELECT host, taken_ms, ordinal, close_wait, number, snapshots,
    (taken_ms - min(taken_ms) OVER (PARTITION BY host)) / 3600000.0 AS hours
  FROM numbered
  WHERE (snapshots <= :looks OR number = 1
    OR (number - 1) * (:looks - 1) / (snapshots - 1)
      > (number - 2) * (:looks - 1) / (snapshots - 1))
),
total AS MATERIALIZED (
  SELECT host,
    max(snapshots) AS snapshots,
    count(*) AS looks,
    sum(hours) AS sum_hours,
    sum(hours * hours) AS sum_squares,
    max(hours) AS length,
    min(taken_ms) AS begin_ms,
    max(taken_ms) AS last_ms
  FROM look
  GROUP BY host
  HAVING count(*) >= 3 AND max(hours) > 0 AND max(close_wait) > 0
),
seen AS MATERIALIZED (
  SELECT l.host AS host, l.number AS number, l.number = l.snapshots AS is_last, l.hours AS hours,
    k.service_port AS service_port, k.direction AS direction, k.uid AS uid,
    k.taken_ms AS taken_ms, k.local_key AS local_key, k.local_port AS local_port,
    k.remote_key AS remote_key, k.remote_port AS remote_port, k.inode AS inode,
    k.rx_queue AS rx_queue
  FROM look AS l
  JOIN total AS t ON t.host = l.host
  CROSS JOIN sockets AS k
  WHERE l.close_wait > 0
    AND k.host = l.host
    AND k.taken_ms = l.taken_ms
    AND k.ordinal = l.ordinal
    AND k.state = 'CLOSE_WAIT'
    AND k.owner_class = 'owned'
),
-- A leaking process that closes its listening socket has not closed the others.
listened AS MATERIALIZED (
  SELECT DISTINCT host, local_key, local_port
  FROM seen
  WHERE direction = 'in'
),
-- One row a socket.
socket AS MATERIALIZED (
  SELECT w.host AS host,
    iif(l.host IS NULL, w.service_port, w.local_port) AS service_port,
    iif(l.host IS NULL, w.direction, 'in') AS direction,
    w.uid AS uid, w.local_key AS local_key, w.local_port AS local_port,
    w.remote_key AS remote_key, w.remote_port AS remote_port,
    count(*) AS sightings,
    sum(w.hours) AS sum_hours,
    max(w.is_last) AS is_last,
    total(w.is_last AND w.rx_queue > 0) AS unread,
    min(w.taken_ms) AS first_ms
  FROM seen AS w
  LEFT JOIN listened AS l
    ON l.host = w.host AND l.local_key = w.local_key AND l.local_port = w.local_port
  GROUP BY w.host, iif(l.host IS NULL, w.service_port, w.local_port),
    iif(l.host IS NULL, w.direction, 'in'), w.uid, w.local_key, w.local_port, w.remote_key,
    w.remote_port, w.inode
),
figure AS (
  SELECT s.host AS host, s.service_port AS service_port, s.direction AS direction, s.uid AS uid,
    t.snapshots AS snapshots, t.looks AS looks, t.length AS length,
    t.begin_ms AS begin_ms, t.last_ms AS last_ms,
    sum(s.is_last) AS last,
    total(s.unread) AS unread,
    min(s.first_ms) AS first_ms,
    (t.last_ms - min(s.first_ms) FILTER (WHERE s.is_last)) / 1000.0 AS oldest_s,
    (t.looks * sum(s.sum_hours) - t.sum_hours * sum(s.sightings))
      / (t.looks * t.sum_squares - t.sum_hours * t.sum_hours) AS slope,
    total(s.sightings - 1) FILTER (WHERE s.is_last) * 100.0
      / nullif(sum(s.sightings) - sum(s.is_last), 0) AS kept
  FROM socket AS s
  JOIN total AS t ON t.host = s.host
  GROUP BY s.host, s.service_port, s.direction, s.uid
  HAVING kept >= :leak_keep
    AND (round(slope * t.length, 6) >= :leak_growth OR sum(s.is_last) >= :leak_many)
),
shown AS (
  SELECT f.host AS host, f.service_port AS service_port, f.direction AS direction, f.uid AS uid,
    s.local_key AS local_key, s.local_port AS local_port, s.remote_key AS remote_key,
    s.remote_port AS remote_port, s.first_ms AS first_ms,
    row_number() OVER (
      PARTITION BY f.host, f.service_port, f.direction, f.uid
      ORDER BY s.first_ms, s.remote_key, s.remote_port, s.local_key, s.local_port) AS place
  FROM figure AS f
  JOIN socket AS s ON s.host = f.host AND s.service_port = f.service_port
    AND s.direction = f.direction AND s.uid = f.uid AND s.is_last
),
named AS (
  SELECT host, service_port, direction, uid, place,
    CASE WHEN local_key < 4294967296
      THEN (local_key >> 24) || '.' || ((local_key >> 16) & 255) || '.'
        || ((local_key >> 8) & 255) || '.' || (local_key & 255)
      ELSE '[' || (SELECT a.text FROM address6 AS a WHERE a.id = local_key - 4294967296) || ']'
    END
      || ':' || local_port || iif(direction = 'in', ' <- ', ' -> ')
      || CASE WHEN remote_key < 4294967296
        THEN (remote_key >> 24) || '.' || ((remote_key >> 16) & 255) || '.'
          || ((remote_key >> 8) & 255) || '.' || (remote_key & 255)
        ELSE '[' || (SELECT a.text FROM address6 AS a WHERE a.id = remote_key - 4294967296) || ']'
      END
      || ':' || remote_port AS text
  FROM shown
  WHERE place <= 5
),
evidence AS (
  SELECT host, service_port, direction, uid, json_group_array(text) AS list
  FROM (SELECT host, service_port, direction, uid, text FROM named
    ORDER BY host, service_port, direction, uid, place)
  GROUP BY host, service_port, direction, uid
)
SELECT
  f.host AS host,
  CASE WHEN round(f.slope * f.length, 6) < :leak_growth THEN 'notice'
    WHEN f.last >= :leak_many THEN 'critical' ELSE 'warning' END AS severity,
  f.last * 1.0 AS weight,
  f.last || ' connections to port ' || f.service_port
    || iif(f.direction = 'in', '', ' of other hosts')
    || iif(round(f.slope * f.length, 6) < :leak_growth,
      ' stay in CLOSE_WAIT: the same sockets, though not more of them',
      ' are leaked: the same sockets stay in CLOSE_WAIT, '
      || iif(f.length >= 0.25, CAST(round(f.slope) AS INTEGER) || ' more an hour',
        min(f.last, CAST(round(f.slope * f.length) AS INTEGER)) || ' more in '
        || CAST(round(f.length * 3600) AS INTEGER) || ' s')) AS what,
  f.first_ms AS since,
  f.last_ms AS until,
  CASE WHEN f.looks >= 10 AND f.oldest_s >= 300 AND f.kept >= 95 THEN 'sure' ELSE 'likely' END
    AS confidence,
  printf('%.1f %% of the earlier sightings are of sockets that are still there at the end, the '
    || 'oldest after %d s', f.kept, f.oldest_s)
    || CASE
      WHEN f.unread = 0 THEN '; all are read to their end, so the application knows that the peer '
        || 'is gone and misses a close()'
      WHEN f.unread = f.last THEN '; none is read to its end, so the application hangs or has lost '
        || 'them'
      ELSE '; ' || CAST(f.unread AS INTEGER) || ' of them are not read to their end' END
    || iif(f.looks >= 10 AND f.oldest_s >= 300, '', '; but the time is short: a slow application '
      || 'looks alike') AS why,
  json_object('close_wait_sockets', f.last, 'growth_per_hour', round(f.slope, 2),
    'still_there_percent', round(f.kept, 1), 'oldest_seconds', round(f.oldest_s, 1),
    'unread_sockets', CAST(f.unread AS INTEGER), 'uid', f.uid, 'snapshots', f.snapshots,
    'snapshots_looked_into', f.looks) AS numbers,
  e.list AS evidence,
  'report DB close-wait -p limit=5'
    || strftime(' --since %Y-%m-%dT%H:%M:%SZ', f.begin_ms / 1000, 'unixepoch')
    || strftime(' --until %Y-%m-%dT%H:%M:%SZ', f.last_ms / 1000 + 1, 'unixepoch') AS more
FROM figure AS f
JOIN evidence AS e ON e.host = f.host AND e.service_port = f.service_port
  AND e.direction = f.direction AND e.uid = f.uid
ORDER BY f.host, f.last DESC, f.service_port, f.direction, f.uid;
