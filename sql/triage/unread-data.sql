-- title: Applications that do not read
-- group: triage
-- description: Connections on which the peer's data lies unread, the same number of bytes in
--   unread_seen snapshots in a row: the application on this host hangs, or has forgotten them.
--   unread_bytes 4096: a request that waits while another one is served is smaller. unread_seen 3:
--   in one or two snapshots it may be about to be read. unread_many 50: critical, as with so many
--   descriptors it is no single request any more.
--   As many snapshots as looks are looked into, the first and the last among them.
--
--   Next: report queues, unaccepted.
-- param: unread_bytes integer 4096 bytes that lie unread, more than
-- param: unread_seen integer 3 snapshots in a row with the same bytes
-- param: unread_many integer 50 connections from which on it is critical
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
      AND c.rx_queue > :unread_bytes)
),
waiting AS MATERIALIZED (
  SELECT l.host AS host, l.number AS number, l.taken_ms AS taken_ms,
    k.direction AS direction, k.service_port AS service_port, k.uid AS uid,
    k.local_key AS local_key, k.local_port AS local_port, k.remote_key AS remote_key,
    k.remote_port AS remote_port, k.inode AS inode,
    k.rx_queue AS bytes, k.retransmits AS retransmits
  FROM look AS l
  CROSS JOIN sockets AS k
  WHERE k.host = l.host
    AND k.taken_ms = l.taken_ms
    AND k.ordinal = l.ordinal
    AND k.rx_queue > :unread_bytes
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
  HAVING count(*) >= max(2, :unread_seen)
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
      || ':' || remote_port || ', ' || bytes || ' bytes unread'
      || ' for ' || ((until_ms - first_ms) / 1000) || ' s' AS text
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
  iif(f.sockets >= :unread_many, 'critical', 'warning') AS severity,
  f.sockets * 1.0 AS weight,
  iif(f.direction = 'in', 'the application on port ' || f.service_port,
    'an application connected to port ' || f.service_port || ' of other hosts')
    || ' does not read: on ' || f.sockets || iif(f.sockets = 1, ' connection', ' connections')
    || ' the same bytes lie unread for up to ' || f.longest_s || ' s' AS what,
  f.first_ms AS since,
  f.until_ms AS until,
  iif(f.longest_s >= 60, 'sure', 'likely') AS confidence,
  'the same number of bytes in up to ' || f.longest || ' snapshots in a row: nothing was read, and '
    || 'nothing new came'
    || iif(f.longest_s >= 60, '', '; but the time is short: a long request looks alike') AS why,
  json_object('unread_sockets', f.sockets, 'unread_bytes_max', f.most_bytes,
    'snapshots_in_a_row', f.longest,
    'longest_seconds', f.longest_s, 'uid', f.uid, 'snapshots', t.snapshots) AS numbers,
  e.list AS evidence,
  'report DB queues -p rx_over=4096 -p limit=10'
    || strftime(' --since %Y-%m-%dT%H:%M:%SZ', t.begin_ms / 1000, 'unixepoch')
    || strftime(' --until %Y-%m-%dT%H:%M:%SZ', t.last_ms / 1000 + 1, 'unixepoch') AS more
FROM figure AS f
JOIN total AS t ON t.host = f.host
JOIN evidence AS e ON e.host = f.host AND e.direction = f.direction
  AND e.service_port = f.service_port AND e.uid = f.uid
ORDER BY f.host, f.sockets DESC, f.service_port, f.direction, f.uid;
