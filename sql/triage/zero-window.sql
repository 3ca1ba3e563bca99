-- title: Receivers that are full
-- group: triage
-- description: Connections whose peer has closed its window (timer persist, bytes queued), by
--   service port and network of the peer (/24, /64 for IPv6): its application does not read. Found
--   where window_seen snapshots show one, and they are half of those that are looked into, or the
--   same socket is in all of them; and where a socket has window_probes unanswered probes: such a
--   peer does not even say that it is full.
--   window_seen 3: a slow download is full for a moment. window_probes 3: one lost probe is no
--   news.
--   window_bytes 1024: the same timer runs where this host fails to send a small packet (a firewall
--   rule, a full device queue); groups that never queue more are left to the rule retransmissions.
--   Of the snapshots with bytes to send as many as looks are looked into; of each host the worst
--   window_limit groups are told.
--
--   Next: report zero-window, queues.
-- param: window_seen integer 3 snapshots with a closed window
-- param: window_probes integer 3 unanswered probes of a socket
-- param: window_bytes integer 1024 bytes queued at least, at the worst
-- param: window_limit integer 5 groups of each host
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
      AND tx_queue > 0
  )
),
look AS MATERIALIZED (
  SELECT host, taken_ms, ordinal, count(*) OVER (PARTITION BY host) AS looks
  FROM moment
  WHERE (moments <= :looks OR number = 1
    OR (number - 1) * (:looks - 1) / (moments - 1)
      > (number - 2) * (:looks - 1) / (moments - 1))
),
full AS MATERIALIZED (
  SELECT l.host AS host, l.looks AS looks, l.taken_ms AS taken_ms, l.ordinal AS ordinal,
    k.direction AS direction, k.service_port AS service_port, k.is_local AS is_local,
    k.local_key AS local_key, k.local_port AS local_port, k.remote_key AS remote_key,
    k.remote_port AS remote_port, k.inode AS inode, k.state AS state, k.tx_queue AS tx_queue,
    k.probes AS probes,
    CASE WHEN k.remote_key < 4294967296 THEN k.remote_key & ~255
      ELSE (SELECT substr(a.bytes, 1, 8) FROM address6 AS a WHERE a.id = k.remote_key - 4294967296)
    END AS prefix
  FROM look AS l
  CROSS JOIN sockets AS k
  WHERE k.host = l.host
    AND k.taken_ms = l.taken_ms
    AND k.ordinal = l.ordinal
    AND k.tx_queue > 0
    AND k.timer = 'persist'
),
per_snapshot AS (
  SELECT host, looks, direction, service_port, prefix, taken_ms, max(is_local) AS is_local,
    count(*) AS sockets, sum(tx_queue) AS tx_queue, max(probes) AS probes,
    min(iif(remote_key < 4294967296, NULL,
      (SELECT a.text FROM address6 AS a WHERE a.id = remote_key - 4294967296))) AS text
  FROM full
  GROUP BY host, looks, direction, service_port, prefix, taken_ms, ordinal
),
stays AS (
  SELECT host, direction, service_port, prefix, max(seen) AS stays
  FROM (
    SELECT host, direction, service_port, prefix, count(*) AS seen
    FROM full
    GROUP BY host, direction, service_port, prefix, local_key, local_port, remote_key,
      remote_port, inode
  )
  GROUP BY host, direction, service_port, prefix
),
per_group AS (
  SELECT p.host AS host, p.looks AS looks, p.direction AS direction,
    p.service_port AS service_port, p.prefix AS prefix, s.stays AS stays,
    iif(typeof(p.prefix) = 'integer', (p.prefix >> 24) || '.' || ((p.prefix >> 16) & 255) || '.'
      || ((p.prefix >> 8) & 255) || '.0/24', min(p.text) || '/64') AS peer,
    max(p.is_local) AS is_local, count(*) AS seen, max(p.sockets) AS most,
    max(p.tx_queue) AS tx_most, max(p.probes) AS probes, min(p.taken_ms) AS first_ms,
    max(p.taken_ms) AS until_ms
  FROM per_snapshot AS p
  JOIN stays AS s ON s.host = p.host AND s.direction = p.direction
    AND s.service_port = p.service_port AND s.prefix = p.prefix
  GROUP BY p.host, p.looks, p.direction, p.service_port, p.prefix, s.stays
  HAVING max(p.tx_queue) >= :window_bytes
    AND (max(p.probes) >= :window_probes
      OR (count(*) >= :window_seen
        AND (count(*) * 2 >= p.looks OR s.stays >= :window_seen)))
),
found AS MATERIALIZED (
  SELECT host, looks, direction, service_port, prefix, stays, peer, is_local, seen, most, tx_most,
    probes, first_ms, until_ms,
    row_number() OVER (
      PARTITION BY host ORDER BY tx_most DESC, direction, service_port, prefix) AS place
  FROM per_group
),
socket AS (
  SELECT f.host AS host, f.place AS found, k.local_key AS local_key, k.local_port AS local_port,
    k.remote_key AS remote_key, k.remote_port AS remote_port, k.state AS state,
    k.tx_queue AS tx_queue, k.probes AS probes, k.direction AS direction,
    row_number() OVER (
      PARTITION BY f.host, f.place
      ORDER BY k.tx_queue DESC, k.probes DESC, k.remote_key, k.remote_port, k.local_key,
        k.local_port, k.ordinal, k.inode) AS place
  FROM found AS f
  JOIN full AS k ON k.host = f.host AND k.taken_ms = f.until_ms AND k.direction = f.direction
    AND k.service_port = f.service_port AND k.prefix = f.prefix
  WHERE f.place <= :window_limit
),
named AS (
  SELECT host, found, place,
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
      || ':' || remote_port || ' ' || state || ', ' || tx_queue || ' bytes queued, ' || probes
      || ' probes unanswered' AS text
  FROM socket
  WHERE place <= 5
),
evidence AS (
  SELECT host, found, json_group_array(text) AS list
  FROM (SELECT host, found, text FROM named ORDER BY host, found, place)
  GROUP BY host, found
)
SELECT
  f.host AS host,
  iif(f.seen >= :window_seen, 'warning', 'notice') AS severity,
  f.most * 1.0 AS weight,
  iif(f.direction = 'in', 'clients of port ' || f.service_port || ' in ' || f.peer,
    'port ' || f.service_port || ' of ' || f.peer)
    || iif(f.direction = 'in', ' do', ' does') || ' not read what this host sends: up to '
    || f.tx_most || ' bytes wait, in up to ' || f.most
    || iif(f.most = 1, ' connection', ' connections') AS what,
  f.first_ms AS since,
  f.until_ms AS until,
  CASE WHEN f.seen >= :window_seen AND f.stays >= :window_seen THEN 'sure'
    WHEN f.seen >= :window_seen THEN 'likely' ELSE 'possible' END AS confidence,
  'the window is closed in ' || f.seen || ' of the ' || f.looks
    || iif(f.looks = 1, ' snapshot', ' snapshots') || ' looked into, '
    || iif(f.stays >= :window_seen, 'that of one connection in ' || f.stays || ' of them',
      'though not of the same connection for long')
    || iif(f.probes >= :window_probes, '; ' || f.probes || ' probes of a connection are '
      || 'unanswered: that peer is gone, or the way to it', '')
    || iif(f.is_local, '; the reader is on this host', '') AS why,
  json_object('closed_window_sockets_max', f.most, 'queued_bytes_max', f.tx_most,
    'unanswered_probes_max', f.probes, 'snapshots_with_it', f.seen,
    'snapshots_of_one_socket', f.stays, 'snapshots_looked_into', f.looks,
    'snapshots', t.snapshots) AS numbers,
  e.list AS evidence,
  'report DB zero-window -p limit=10'
    || strftime(' --since %Y-%m-%dT%H:%M:%SZ', t.begin_ms / 1000, 'unixepoch')
    || strftime(' --until %Y-%m-%dT%H:%M:%SZ', t.last_ms / 1000 + 1, 'unixepoch') AS more
FROM found AS f
JOIN total AS t ON t.host = f.host
JOIN evidence AS e ON e.host = f.host AND e.found = f.place
ORDER BY f.host, f.place;
