-- title: Memory held by sockets that nobody owns
-- group: triage
-- description: Orphans: connections that their process has closed, and that the kernel keeps until
--   the peer has acknowledged the rest (FIN_WAIT1, LAST_ACK, CLOSING without an owner). Found where
--   in two snapshots or more there are orphan_many, or they hold orphan_bytes. Above
--   net.ipv4.tcp_max_orphans, which the table does not tell, the kernel resets further ones.
--   orphan_many 1000: a busy host has tens, whose last packets are under way; the least limit of a
--   small host is some thousand. orphan_critical 4096: near it. orphan_bytes 16 MiB: more than
--   last packets, namely answers that nobody fetches.
--   The totals of all snapshots tell where; only the worst snapshot is looked into.
--
--   Next: report orphans, half-closed.
-- param: orphan_many integer 1000 orphans at a time
-- param: orphan_critical integer 4096 the same, critical
-- param: orphan_bytes integer 16777216 bytes that they hold at a time
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
-- The bytes are those of owned ones too: an upper bound, to find the moment.
per_snapshot AS MATERIALIZED (
  SELECT host, taken_ms, ordinal, sum(unowned) AS orphans, sum(tx_queue) AS bytes
  FROM counts
  WHERE taken_ms >= ifnull(:since, -9223372036854775808)
    AND taken_ms < ifnull(:until, 9223372036854775807)
    AND host = ifnull(:host, host)
    AND state IN ('FIN_WAIT1', 'LAST_ACK', 'CLOSING')
    AND unowned > 0
  GROUP BY host, taken_ms, ordinal
  HAVING sum(unowned) >= :orphan_many OR sum(tx_queue) >= :orphan_bytes
),
ranked AS (
  SELECT host, taken_ms, ordinal, orphans,
    count(*) OVER hosts AS seen,
    min(taken_ms) OVER hosts AS first_ms,
    max(taken_ms) OVER hosts AS until_ms,
    max(orphans) OVER hosts AS most,
    row_number() OVER (
      PARTITION BY host ORDER BY orphans >= :orphan_many DESC,
        iif(orphans >= :orphan_many, orphans, bytes) DESC, taken_ms, ordinal) AS place
  FROM per_snapshot
  WINDOW hosts AS (PARTITION BY host)
),
worst AS MATERIALIZED (
  SELECT host, taken_ms, ordinal, orphans, seen, first_ms, until_ms, most
  FROM ranked
  WHERE place = 1
    AND seen >= 2
),
orphan AS MATERIALIZED (
  SELECT w.host AS host, k.remote_key AS remote_key, k.service_port AS service_port,
    k.direction AS direction, count(*) AS sockets, sum(k.tx_queue) AS bytes,
    sum(k.timer = 'on' AND k.retransmits > 0) AS again, sum(k.timer = 'persist') AS full
  FROM worst AS w
  CROSS JOIN sockets AS k
  WHERE k.host = w.host
    AND k.taken_ms = w.taken_ms
    AND k.ordinal = w.ordinal
    AND k.owner_class = 'orphan'
    AND k.state IN ('FIN_WAIT1', 'LAST_ACK', 'CLOSING')
  GROUP BY w.host, k.remote_key, k.service_port, k.direction
),
figure AS (
  SELECT host, sum(sockets) AS sockets, sum(bytes) AS bytes, sum(again) AS again, sum(full) AS full
  FROM orphan
  GROUP BY host
),
ordered AS (
  SELECT host, remote_key, service_port, direction, sockets, bytes,
    row_number() OVER (
      PARTITION BY host
      ORDER BY bytes DESC, sockets DESC, service_port, direction, remote_key) AS place
  FROM orphan
),
named AS (
  SELECT host, place,
    CASE WHEN remote_key < 4294967296
      THEN (remote_key >> 24) || '.' || ((remote_key >> 16) & 255) || '.'
        || ((remote_key >> 8) & 255) || '.' || (remote_key & 255)
      ELSE '[' || (SELECT a.text FROM address6 AS a WHERE a.id = remote_key - 4294967296) || ']'
    END
      || iif(direction = 'in', ' (client of port ' || service_port || ')', ':' || service_port)
      || ': ' || sockets || ' with ' || bytes || ' bytes' AS text
  FROM ordered
  WHERE place <= 5
),
evidence AS (
  SELECT host, json_group_array(text) AS list
  FROM (SELECT host, text FROM named ORDER BY host, place)
  GROUP BY host
)
SELECT
  w.host AS host,
  CASE WHEN w.most >= :orphan_critical THEN 'critical' WHEN w.most >= :orphan_many THEN 'warning'
    ELSE 'notice' END AS severity,
  f.sockets * 1.0 AS weight,
  f.sockets || iif(f.sockets = 1, ' connection', ' connections') || ' that no process owns any '
    || 'more ' || iif(f.sockets = 1, 'holds ', 'hold ') || f.bytes || ' bytes' AS what,
  w.first_ms AS since,
  w.until_ms AS until,
  'sure' AS confidence,
  'counted at the worst moment (' || strftime('%Y-%m-%d %H:%M:%SZ', w.taken_ms / 1000, 'unixepoch')
    || '): ' || f.full || ' wait for a peer that is full, ' || f.again || ' send again; '
    || w.seen || ' of ' || t.snapshots || ' snapshots are like it. Whether the limit of the '
    || 'kernel is near the table does not tell' AS why,
  json_object('orphan_sockets', f.sockets, 'orphan_bytes', f.bytes, 'full_peer_sockets', f.full,
    'retransmitting_sockets', f.again, 'snapshots_with_it', w.seen, 'snapshots', t.snapshots)
    AS numbers,
  e.list AS evidence,
  'report DB orphans'
    || strftime(' --since %Y-%m-%dT%H:%M:%SZ', t.begin_ms / 1000, 'unixepoch')
    || strftime(' --until %Y-%m-%dT%H:%M:%SZ', t.last_ms / 1000 + 1, 'unixepoch') AS more
FROM worst AS w
JOIN total AS t ON t.host = w.host
JOIN figure AS f ON f.host = w.host
JOIN evidence AS e ON e.host = w.host
WHERE w.most >= :orphan_many
  OR f.bytes >= :orphan_bytes
ORDER BY w.host;
