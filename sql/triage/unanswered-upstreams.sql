-- title: Backends that do not answer
-- group: triage
-- description: Destinations whose SYN this host had to send again: no answer came within a second.
--   A first SYN under way is none of them. Found are those with silent_seen snapshots that show
--   one, or with one that was sent again three times (3 s on kernels from 6.5 on, 7 s before).
--   Critical are silent_many attempts at a time to one destination. Where no other connection to
--   it is there at the last such moment it is down, or everything to it is dropped; others,
--   TIME_WAIT among them, say that it lived a minute ago: loss, or a full accept queue there.
--   silent_seen 2: a single lost SYN shows in one snapshot. silent_many 10: a service that has ten
--   connections hanging at a time is in trouble, whatever it does with the answers.
--   Of the snapshots with such a SYN as many as looks are looked into; of each host the worst
--   silent_limit destinations are told.
--
--   Next: report syn-sent, upstreams.
-- param: silent_seen integer 2 snapshots with an unanswered SYN
-- param: silent_many integer 10 unanswered SYNs at a time from which on it is critical
-- param: silent_limit integer 5 destinations of each host
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
WITH total AS MATERIALIZED (
  SELECT host, count(*) AS snapshots, min(taken_ms) AS begin_ms, max(taken_ms) AS last_ms
  FROM snapshots
  WHERE taken_ms >= ifnull(:since, -9223372036854775808)
    AND taken_ms < ifnull(:until, 9223372036854775807)
    AND host = ifnull(:host, host)
  GROUP BY host
),
moment AS (
  SELECT host, taken_ms, ordinal,
    row_number() OVER (PARTITION BY host ORDER BY taken_ms, ordinal) AS number,
    count(*) OVER (PARTITION BY host) AS moments
  FROM (
    SELECT DISTINCT host, taken_ms, ordinal
    FROM counts
    WHERE taken_ms >= ifnull(:since, -9223372036854775808)
    AND taken_ms < ifnull(:until, 9223372036854775807)
    AND host = ifnull(:host, host)
      AND state = 'SYN_SENT'
      AND retransmitting > 0
  )
),
look AS MATERIALIZED (
  SELECT host, taken_ms, ordinal, count(*) OVER (PARTITION BY host) AS looks
  FROM moment
  WHERE (moments <= :looks OR number = 1
    OR (number - 1) * (:looks - 1) / (moments - 1)
      > (number - 2) * (:looks - 1) / (moments - 1))
),
per_snapshot AS MATERIALIZED (
  SELECT l.host AS host, l.looks AS looks, k.taken_ms AS taken_ms, k.remote_key AS remote_key,
    k.remote_port AS remote_port, max(k.is_local) AS is_local, count(*) AS silent,
    max(k.retransmits) AS retransmits
  FROM look AS l
  CROSS JOIN sockets AS k
  WHERE k.host = l.host
    AND k.taken_ms = l.taken_ms
    AND k.ordinal = l.ordinal
    AND k.state = 'SYN_SENT'
    AND k.retransmits > 0
  GROUP BY l.host, l.looks, k.taken_ms, k.ordinal, k.remote_key, k.remote_port
),
per_destination AS (
  SELECT host, remote_key, remote_port, looks,
    count(*) AS seen,
    max(silent) AS silent_max,
    sum(silent) AS silent_sum,
    max(retransmits) AS retransmits,
    max(is_local) AS is_local,
    min(taken_ms) AS first_ms,
    max(taken_ms) AS until_ms,
    row_number() OVER (
      PARTITION BY host ORDER BY sum(silent) DESC, remote_port, remote_key) AS place
  FROM per_snapshot
  GROUP BY host, remote_key, remote_port, looks
  HAVING count(*) >= :silent_seen OR max(retransmits) >= 3
),
found AS MATERIALIZED (
  SELECT host, remote_key, remote_port, looks, seen, silent_max, silent_sum, retransmits,
    is_local, first_ms, until_ms, place,
    CASE WHEN remote_key < 4294967296
      THEN (remote_key >> 24) || '.' || ((remote_key >> 16) & 255) || '.'
        || ((remote_key >> 8) & 255) || '.' || (remote_key & 255)
      ELSE '[' || (SELECT a.text FROM address6 AS a WHERE a.id = remote_key - 4294967296) || ']'
    END || ':' || remote_port AS destination
  FROM per_destination
  WHERE place <= :silent_limit
),
-- Connections to it that came through, at its last silent moment.
other AS MATERIALIZED (
  SELECT f.host AS host, f.place AS place, count(*) AS sockets
  FROM found AS f
  CROSS JOIN sockets AS k
  WHERE k.host = f.host
    AND k.taken_ms = f.until_ms
    AND k.direction = 'out'
    AND k.state <> 'SYN_SENT'
    AND k.remote_key = f.remote_key
    AND k.remote_port = f.remote_port
  GROUP BY f.host, f.place
),
attempt AS (
  SELECT f.host AS host, f.place AS found, f.destination AS destination,
    k.local_key AS local_key, k.local_port AS local_port, k.retransmits AS retransmits,
    row_number() OVER (
      PARTITION BY f.host, f.place
      ORDER BY k.retransmits DESC, k.local_port, k.local_key, k.ordinal, k.inode) AS place
  FROM found AS f
  CROSS JOIN sockets AS k
  WHERE k.host = f.host
    AND k.taken_ms = f.until_ms
    AND k.state = 'SYN_SENT'
    AND k.retransmits > 0
    AND k.remote_key = f.remote_key
    AND k.remote_port = f.remote_port
),
named AS (
  SELECT host, found, place,
    CASE WHEN local_key < 4294967296
      THEN (local_key >> 24) || '.' || ((local_key >> 16) & 255) || '.'
        || ((local_key >> 8) & 255) || '.' || (local_key & 255)
      ELSE '[' || (SELECT a.text FROM address6 AS a WHERE a.id = local_key - 4294967296) || ']'
    END
      || ':' || local_port || ' -> ' || destination || ', SYN sent again '
      || iif(retransmits = 1, 'once', retransmits || ' times') AS text
  FROM attempt
  WHERE place <= 5
),
evidence AS (
  SELECT host, found, json_group_array(text) AS list
  FROM (SELECT host, found, text FROM named ORDER BY host, found, place)
  GROUP BY host, found
)
SELECT
  f.host AS host,
  CASE WHEN f.silent_max >= :silent_many THEN 'critical'
    WHEN f.seen >= 3 THEN 'warning' ELSE 'notice' END AS severity,
  f.silent_max * 1.0 AS weight,
  f.destination || iif(ifnull(o.sockets, 0) = 0, ' does not answer: ',
    ' answers late or not at all: ') || iif(f.silent_max = 1, 'a SYN is', 'up to ' || f.silent_max
    || ' SYNs at a time are') || ' sent again, up to ' || f.retransmits || iif(f.retransmits = 1,
    ' time', ' times') || ', in ' || f.seen || ' of the ' || f.looks
    || iif(f.looks = 1, ' snapshot', ' snapshots') || ' looked into' AS what,
  f.first_ms AS since,
  f.until_ms AS until,
  iif(ifnull(o.sockets, 0) = 0, 'sure', 'likely') AS confidence,
  iif(ifnull(o.sockets, 0) = 0, 'each of these SYNs was sent again without an answer, and no other '
    || 'connection to it was there at the last of these moments',
    'each of these SYNs was sent again without an answer, but ' || o.sockets || iif(o.sockets = 1,
    ' other connection to it was', ' other connections to it were')
    || ' there at the last of these moments: packets are lost, its accept queue is full, or it '
    || 'went away within the last minute')
    || iif(f.is_local, '; it is this host itself: see its accept queue (report accept-queue)', '')
    AS why,
  json_object('unanswered_sockets_max', f.silent_max, 'retransmits_max', f.retransmits,
    'other_sockets', ifnull(o.sockets, 0), 'snapshots_with_it', f.seen,
    'snapshots_looked_into', f.looks, 'snapshots', t.snapshots) AS numbers,
  e.list AS evidence,
  'report DB syn-sent -p limit=10'
    || strftime(' --since %Y-%m-%dT%H:%M:%SZ', t.begin_ms / 1000, 'unixepoch')
    || strftime(' --until %Y-%m-%dT%H:%M:%SZ', t.last_ms / 1000 + 1, 'unixepoch') AS more
FROM found AS f
JOIN total AS t ON t.host = f.host
JOIN evidence AS e ON e.host = f.host AND e.found = f.place
LEFT JOIN other AS o ON o.host = f.host AND o.place = f.place
ORDER BY f.host, f.place;
