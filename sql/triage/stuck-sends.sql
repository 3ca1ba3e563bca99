-- title: Sends that do not get through
-- group: triage
-- description: Connections with bytes that the peer does not acknowledge although they are sent
--   again: in stuck_seen snapshots in a row the same number of bytes, sent again in each; or
--   stuck_retries times in a row in a single snapshot. The peer is gone, or the way to it. Peers
--   that are full have a rule of their own (zero-window), and so has loss that single packets
--   suffer (retransmissions).
--   stuck_seen 3: two snapshots within a second show one and the same loss. stuck_retries 6: with
--   the least timeout of 200 ms that is silence for 12 s. stuck_many 20: critical, as it is no
--   single peer any more.
--   As many snapshots as looks are looked into, the first and the last among them.
--
--   Next: report queues, retrans.
-- param: stuck_seen integer 3 snapshots in a row with the same bytes, sent again
-- param: stuck_retries integer 6 retransmits in a row
-- param: stuck_many integer 20 connections from which on it is critical
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
  FROM snapshots
  WHERE taken_ms >= ifnull(:since, -9223372036854775808)
    AND taken_ms < ifnull(:until, 9223372036854775807)
    AND host = ifnull(:host, host)
),
looked AS (
  SELECT host, taken_ms, ordinal
  FROM moment
  WHERE (moments <= :looks OR number = 1
    OR (number - 1) * (:looks - 1) / (moments - 1)
      > (number - 2) * (:looks - 1) / (moments - 1))
),
-- Those with such bytes. Numbers are those of all: a moment without breaks a run.
look AS MATERIALIZED (
  SELECT n.host AS host, n.taken_ms AS taken_ms, n.ordinal AS ordinal, n.number AS number
  FROM (
    SELECT host, taken_ms, ordinal,
      row_number() OVER (PARTITION BY host ORDER BY taken_ms, ordinal) AS number
    FROM looked
  ) AS n
  WHERE EXISTS (
    SELECT 1
    FROM counts AS c
    WHERE c.host = n.host
      AND c.taken_ms = n.taken_ms
      AND c.ordinal = n.ordinal
      AND c.state IN ('ESTABLISHED', 'CLOSE_WAIT')
      AND c.retransmitting > 0)
),
waiting AS MATERIALIZED (
  SELECT l.host AS host, l.number AS number, l.taken_ms AS taken_ms,
    k.direction AS direction, k.service_port AS service_port, k.uid AS uid,
    k.local_key AS local_key, k.local_port AS local_port, k.remote_key AS remote_key,
    k.remote_port AS remote_port, k.inode AS inode,
    k.tx_queue AS bytes, k.retransmits AS retransmits
  FROM look AS l
  CROSS JOIN sockets AS k
  WHERE k.host = l.host
    AND k.taken_ms = l.taken_ms
    AND k.ordinal = l.ordinal
    AND k.tx_queue > 0
    AND k.retransmits > 0
    AND k.timer = 'on'
    AND k.state IN ('ESTABLISHED', 'CLOSE_WAIT')
    AND k.inode <> 0
),
-- The same socket with the same bytes in snapshots in a row keeps the difference between their
-- number and its place.
island AS (
  SELECT host, number, taken_ms, direction, service_port, uid, local_key, local_port, remote_key,
    remote_port, inode, bytes, retransmits,
    number - row_number() OVER (
      PARTITION BY host, local_key, local_port, remote_key, remote_port, inode, bytes
      ORDER BY number) AS island
  FROM waiting
),
run AS MATERIALIZED (
  SELECT host, min(direction) AS direction, min(service_port) AS service_port, max(uid) AS uid,
    local_key, local_port, remote_key, remote_port, inode, bytes, count(*) AS snapshots,
    max(retransmits) AS retransmits, min(taken_ms) AS first_ms, max(taken_ms) AS until_ms
  FROM island
  GROUP BY host, local_key, local_port, remote_key, remote_port, inode, bytes, island
  HAVING count(*) >= max(2, :stuck_seen) OR max(retransmits) >= :stuck_retries
),
ranked AS MATERIALIZED (
  SELECT host, direction, service_port, uid, local_key, local_port, remote_key, remote_port,
    bytes, snapshots, retransmits, first_ms, until_ms,
    row_number() OVER (
      PARTITION BY host, direction, service_port, uid
      ORDER BY snapshots DESC, bytes DESC, retransmits DESC, remote_key, remote_port, local_key,
        local_port, first_ms, inode) AS place
  FROM run
),
figure AS (
  SELECT host, direction, service_port, uid,
    count(DISTINCT printf('%d %d %d %d', local_key, local_port, remote_key, remote_port))
      AS sockets,
    max(bytes) AS most_bytes,
    max(snapshots) AS longest, max(retransmits) AS retransmits, min(first_ms) AS first_ms,
    max(until_ms) AS until_ms, max((until_ms - first_ms) / 1000) AS longest_s
  FROM ranked
  GROUP BY host, direction, service_port, uid
),
named AS (
  SELECT host, direction, service_port, uid, place,
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
      || ':' || remote_port || ', ' || bytes || ' bytes not acknowledged'
      || ', sent again ' || iif(retransmits = 1, 'once', retransmits || ' times') AS text
  FROM ranked
  WHERE place <= 5
),
evidence AS (
  SELECT host, direction, service_port, uid, json_group_array(text) AS list
  FROM (SELECT host, direction, service_port, uid, text FROM named
    ORDER BY host, direction, service_port, uid, place)
  GROUP BY host, direction, service_port, uid
)
SELECT
  f.host AS host,
  iif(f.sockets >= :stuck_many, 'critical', 'warning') AS severity,
  f.sockets * 1.0 AS weight,
  f.sockets || iif(f.sockets = 1, ' connection', ' connections')
    || iif(f.direction = 'in', ' of port ', ' to port ') || f.service_port
    || iif(f.direction = 'in', ' send', ' of other hosts send') || iif(f.sockets = 1, 's', '')
    || ' into the void: the same bytes are sent again, up to ' || f.retransmits
    || iif(f.retransmits = 1, ' time', ' times') || ' in a row' AS what,
  f.first_ms AS since,
  f.until_ms AS until,
  iif(f.longest >= :stuck_seen, 'sure', 'likely') AS confidence,
  iif(f.longest >= :stuck_seen, 'the peer acknowledged nothing through up to ' || f.longest
    || ' snapshots in a row (' || f.longest_s || ' s)',
    'silence for so many retransmits is longer than a burst of loss; but one '
    || 'snapshot shows it') AS why,
  json_object('stuck_sockets', f.sockets, 'unacknowledged_bytes_max', f.most_bytes,
    'retransmits_max', f.retransmits, 'snapshots_in_a_row', f.longest,
    'longest_seconds', f.longest_s, 'uid', f.uid, 'snapshots', t.snapshots) AS numbers,
  e.list AS evidence,
  'report DB queues -p tx_over=0 -p in_a_row=1 -p limit=10'
    || strftime(' --since %Y-%m-%dT%H:%M:%SZ', t.begin_ms / 1000, 'unixepoch')
    || strftime(' --until %Y-%m-%dT%H:%M:%SZ', t.last_ms / 1000 + 1, 'unixepoch') AS more
FROM figure AS f
JOIN total AS t ON t.host = f.host
JOIN evidence AS e ON e.host = f.host AND e.direction = f.direction
  AND e.service_port = f.service_port AND e.uid = f.uid
ORDER BY f.host, f.sockets DESC, f.service_port, f.direction, f.uid;
