-- title: Listeners that were restarted or are gone
-- group: triage
-- description: Listening addresses and ports that lost their sockets within the window: gone at its
--   end (critical), gone for some snapshots and back (warning), or restarted, which is another
--   socket without a snapshot in between that shows none (notice; a warning from restart_many
--   times on). What only appears is no finding. What went wrong at such a moment the table does
--   not tell: a deployment looks like a crash.
--   listener_age 3: a listener that was in fewer snapshots before it went is one that programs open
--   for a moment (FTP, debuggers); so is one of a port of the range for local ports (from 32768 on
--   unless the host tells), which is no more than a notice. restart_many 3: a deployment restarts
--   once or twice.
--   The turnover of each snapshot tells where listening sockets changed, and only those snapshots
--   and the ones before them are looked into, the last listener_events of each host.
--
--   Next: report listener-changes, listeners.
-- param: listener_age integer 3 snapshots that it must have been in before
-- param: restart_many integer 3 restarts from which on they are a warning
-- param: listener_events integer 60 snapshots of a host looked into
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
moment AS MATERIALIZED (
  SELECT host, family, taken_ms, ordinal,
    row_number() OVER (PARTITION BY host, family ORDER BY taken_ms, ordinal) AS number,
    count(*) OVER (PARTITION BY host, family) AS moments
  FROM dumps
  WHERE taken_ms >= ifnull(:since, -9223372036854775808)
    AND taken_ms < ifnull(:until, 9223372036854775807)
    AND host = ifnull(:host, host)
),
listening AS (
  SELECT host, family, taken_ms, ordinal, sum(sockets) AS sockets
  FROM counts
  WHERE taken_ms >= ifnull(:since, -9223372036854775808)
    AND taken_ms < ifnull(:until, 9223372036854775807)
    AND host = ifnull(:host, host)
    AND state = 'LISTEN'
  GROUP BY host, family, taken_ms, ordinal
),
kept AS (
  SELECT host, family, taken_ms, ordinal, sum(sockets) AS sockets
  FROM turnover_counts
  WHERE taken_ms >= ifnull(:since, -9223372036854775808)
    AND taken_ms < ifnull(:until, 9223372036854775807)
    AND host = ifnull(:host, host)
    AND from_state = 'LISTEN'
    AND to_state = 'LISTEN'
    AND missed = 0
  GROUP BY host, family, taken_ms, ordinal
),
stepped AS (
  SELECT m.host AS host, m.family AS family, m.number AS number,
    ifnull(k.sockets, 0) AS kept,
    lag(ifnull(l.sockets, 0)) OVER (PARTITION BY m.host, m.family ORDER BY m.number) AS before
  FROM moment AS m
  LEFT JOIN listening AS l ON l.host = m.host AND l.family = m.family
    AND l.taken_ms = m.taken_ms AND l.ordinal = m.ordinal
  LEFT JOIN kept AS k ON k.host = m.host AND k.family = m.family
    AND k.taken_ms = m.taken_ms AND k.ordinal = m.ordinal
),
-- Snapshots in which a listening socket of the one before is missing.
lost AS MATERIALIZED (
  SELECT host, family, number
  FROM (
    SELECT host, family, number,
      row_number() OVER (PARTITION BY host, family ORDER BY number DESC) AS place
    FROM stepped
    WHERE kept < before
  )
  WHERE place <= :listener_events
),
-- These, the ones before them, and the last one.
look AS MATERIALIZED (
  SELECT m.host AS host, m.family AS family, m.taken_ms AS taken_ms, m.ordinal AS ordinal,
    m.number AS number, m.moments AS moments
  FROM moment AS m
  JOIN (
    SELECT host, family, number FROM lost
    UNION SELECT host, family, number - 1 FROM lost
    UNION SELECT host, family, moments FROM moment
      WHERE (host, family) IN (SELECT host, family FROM lost)
  ) AS w ON w.host = m.host AND w.family = m.family AND w.number = m.number
),
listener AS MATERIALIZED (
  SELECT l.host AS host, l.family AS family, l.number AS number, k.local_key AS local_key,
    k.local_port AS local_port, k.inode AS inode, k.uid AS uid
  FROM look AS l
  CROSS JOIN sockets AS k
  WHERE k.host = l.host
    AND k.taken_ms = l.taken_ms
    AND k.ordinal = l.ordinal
    AND k.family = l.family
    AND k.state = 'LISTEN'
),
-- An endpoint whose sockets of the snapshot before are all missing.
event AS MATERIALIZED (
  SELECT o.host AS host, o.family AS family, o.number AS number, b.local_key AS local_key,
    b.local_port AS local_port, max(b.uid) AS uid,
    NOT EXISTS (
      SELECT 1 FROM listener AS n
      WHERE n.host = o.host AND n.family = o.family AND n.number = o.number
        AND n.local_key = b.local_key AND n.local_port = b.local_port) AS is_gone
  FROM lost AS o
  JOIN listener AS b ON b.host = o.host AND b.family = o.family AND b.number = o.number - 1
  GROUP BY o.host, o.family, o.number, b.local_key, b.local_port
  HAVING NOT EXISTS (
    SELECT 1
    FROM listener AS n
    JOIN listener AS p ON p.host = n.host AND p.family = n.family AND p.number = n.number - 1
      AND p.local_key = n.local_key AND p.local_port = n.local_port AND p.inode = n.inode
    WHERE n.host = o.host AND n.family = o.family AND n.number = o.number
      AND n.local_key = b.local_key AND n.local_port = b.local_port)
),
-- In how many snapshots before its first event something listened on the port.
age AS (
  SELECT e.host AS host, e.family AS family, e.local_port AS local_port,
    count(DISTINCT printf('%d %d', c.taken_ms, c.ordinal)) AS snapshots
  FROM (SELECT host, family, local_port, min(number) AS number FROM event
    GROUP BY host, family, local_port) AS e
  JOIN moment AS m ON m.host = e.host AND m.family = e.family AND m.number = e.number
  CROSS JOIN counts AS c
  WHERE c.taken_ms >= ifnull(:since, -9223372036854775808)
    AND c.taken_ms < ifnull(:until, 9223372036854775807)
    AND c.host = e.host
    AND c.family = e.family
    AND c.state = 'LISTEN'
    AND c.service_port = e.local_port
    AND (c.taken_ms, c.ordinal) < (m.taken_ms, m.ordinal)
  GROUP BY e.host, e.family, e.local_port
),
figure AS (
  SELECT e.host AS host, e.family AS family, e.local_key AS local_key,
    e.local_port AS local_port, max(e.uid) AS uid, count(*) AS events, sum(e.is_gone) AS gone,
    min(e.number) AS first_number, max(e.number) AS last_number,
    NOT EXISTS (
      SELECT 1 FROM listener AS n
      JOIN look AS k ON k.host = n.host AND k.family = n.family AND k.number = n.number
      WHERE n.host = e.host AND n.family = e.family AND n.number = k.moments
        AND n.local_key = e.local_key AND n.local_port = e.local_port) AS is_missing
  FROM event AS e
  GROUP BY e.host, e.family, e.local_key, e.local_port
),
found AS (
  SELECT f.host AS host, f.family AS family, f.local_key AS local_key,
    f.local_port AS local_port, f.uid AS uid, f.events AS events, f.gone AS gone,
    f.is_missing AS is_missing, b.taken_ms AS before_ms, m.taken_ms AS first_ms,
    n.taken_ms AS until_ms, t.snapshots AS snapshots, t.begin_ms AS begin_ms,
    t.last_ms AS last_ms, a.snapshots AS age,
    f.local_port BETWEEN ifnull(h.port_range_low, 32768) AND ifnull(h.port_range_high, 60999)
      AS is_ephemeral,
    CASE WHEN f.local_key < 4294967296
      THEN (f.local_key >> 24) || '.' || ((f.local_key >> 16) & 255) || '.'
        || ((f.local_key >> 8) & 255) || '.' || (f.local_key & 255)
      ELSE '[' || (SELECT a.text FROM address6 AS a WHERE a.id = f.local_key - 4294967296) || ']'
    END || ':' || f.local_port AS endpoint
  FROM figure AS f
  JOIN total AS t ON t.host = f.host
  JOIN hosts AS h ON h.host = f.host
  JOIN age AS a ON a.host = f.host AND a.family = f.family AND a.local_port = f.local_port
  JOIN moment AS b ON b.host = f.host AND b.family = f.family AND b.number = f.first_number - 1
  JOIN moment AS m ON m.host = f.host AND m.family = f.family AND m.number = f.first_number
  JOIN moment AS n ON n.host = f.host AND n.family = f.family AND n.number = f.last_number
)
SELECT
  host,
  CASE WHEN is_ephemeral THEN 'notice' WHEN is_missing THEN 'critical'
    WHEN gone > 0 OR events >= :restart_many THEN 'warning' ELSE 'notice' END AS severity,
  events * 1.0 AS weight,
  CASE
    WHEN is_missing THEN 'nothing listens on ' || endpoint || ' any more'
    WHEN gone > 0 THEN 'nothing listened on ' || endpoint || ' for a while: gone '
      || iif(gone = 1, 'once', gone || ' times') || ', and back at the end'
    ELSE 'what listens on ' || endpoint || ' was restarted '
      || iif(events = 1, 'once', events || ' times') END AS what,
  first_ms AS since,
  iif(is_missing, last_ms, until_ms) AS until,
  'sure' AS confidence,
  CASE WHEN is_missing THEN 'its socket was there in the snapshots before, and the last one of the '
      || 'window has none'
    WHEN gone > 0 THEN 'its socket was there in the snapshots before, then none, then another one'
    ELSE 'another socket (inode) listens there than in the snapshot before' END
    || '; a deployment looks like a crash' AS why,
  json_object('events', events, 'gone_events', gone, 'snapshots_before', age, 'uid', uid,
    'snapshots', snapshots) AS numbers,
  json_array(endpoint || ' was last seen unchanged at '
    || strftime('%Y-%m-%dT%H:%M:%SZ', before_ms / 1000, 'unixepoch')) AS evidence,
  'report DB listener-changes'
    || strftime(' --since %Y-%m-%dT%H:%M:%SZ', begin_ms / 1000, 'unixepoch')
    || strftime(' --until %Y-%m-%dT%H:%M:%SZ', last_ms / 1000 + 1, 'unixepoch') AS more
FROM found
WHERE age >= :listener_age
ORDER BY host, is_missing DESC, events DESC, local_port, local_key, family;
