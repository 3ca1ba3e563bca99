-- title: Loss, by network of the peer
-- group: triage
-- description: Connections that wait for the answer to a packet sent again, by network of the
--   peer (/24, /64 for IPv6), out of those with bytes in flight. Found are networks in which
--   loss_sockets or more do so at a time and at least loss_percent of those in flight, in two
--   snapshots or in one if a packet was sent again three times. SYN_SENT and SYN_RECV have rules
--   of their own.
--   loss_sockets 3, loss_percent 20: a socket that waits for a retransmission is seen for longer
--   than one whose packet arrives, so a loss of one percent gives a share of some percent.
--   loss_many 50 at a time is critical: many users feel it.
--   Of the snapshots with a retransmission as many as looks are looked into; of each host the worst
--   loss_limit networks are told. All of them alike: this host or its uplink.
--
--   Next: report retrans, congestion.
-- param: loss_sockets integer 3 sockets with a packet sent again, at a time
-- param: loss_percent real 20 their share of those with bytes in flight
-- param: loss_many integer 50 such sockets at a time from which on it is critical
-- param: loss_limit integer 5 networks of each host
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
    SELECT host, taken_ms, ordinal
    FROM counts
    WHERE taken_ms >= ifnull(:since, -9223372036854775808)
    AND taken_ms < ifnull(:until, 9223372036854775807)
    AND host = ifnull(:host, host)
      AND retransmitting > 0
      AND state NOT IN ('SYN_SENT', 'SYN_RECV')
    GROUP BY host, taken_ms, ordinal
    HAVING sum(retransmitting) >= :loss_sockets
  )
),
look AS MATERIALIZED (
  SELECT host, taken_ms, ordinal, count(*) OVER (PARTITION BY host) AS looks
  FROM moment
  WHERE (moments <= :looks OR number = 1
    OR (number - 1) * (:looks - 1) / (moments - 1)
      > (number - 2) * (:looks - 1) / (moments - 1))
),
-- By integers first. With 'persist' nothing is in flight.
per_address AS MATERIALIZED (
  SELECT l.host AS host, l.looks AS looks, l.taken_ms AS taken_ms, l.ordinal AS ordinal,
    k.remote_key AS remote_key, max(k.is_local) AS is_local, count(*) AS active,
    sum(k.retransmits > 0) AS again, max(k.retransmits) AS retransmits
  FROM look AS l
  CROSS JOIN sockets AS k
  WHERE k.host = l.host
    AND k.taken_ms = l.taken_ms
    AND k.ordinal = l.ordinal
    AND k.tx_queue > 0
    AND k.timer = 'on'
    AND k.state IN ('ESTABLISHED', 'FIN_WAIT1', 'CLOSE_WAIT', 'LAST_ACK', 'CLOSING')
  GROUP BY l.host, l.looks, l.taken_ms, l.ordinal, k.remote_key
),
network AS MATERIALIZED (
  SELECT remote_key,
    CASE WHEN remote_key < 4294967296 THEN remote_key & ~255
      ELSE (SELECT substr(a.bytes, 1, 8) FROM address6 AS a WHERE a.id = remote_key - 4294967296)
    END AS prefix,
    (SELECT a.text FROM address6 AS a WHERE a.id = remote_key - 4294967296) AS text
  FROM (SELECT DISTINCT remote_key FROM per_address)
),
per_snapshot AS (
  SELECT p.host AS host, p.looks AS looks, p.taken_ms AS taken_ms, n.prefix AS prefix,
    min(n.text) AS text, max(p.is_local) AS is_local, sum(p.active) AS active,
    sum(p.again) AS again, max(p.retransmits) AS retransmits
  FROM per_address AS p
  JOIN network AS n ON n.remote_key = p.remote_key
  GROUP BY p.host, p.looks, p.taken_ms, p.ordinal, n.prefix
),
per_network AS (
  SELECT host, looks, prefix,
    iif(typeof(prefix) = 'integer',
      (prefix >> 24) || '.' || ((prefix >> 16) & 255) || '.' || ((prefix >> 8) & 255) || '.0/24',
      min(text) || '/64') AS peer,
    max(is_local) AS is_local, sum(again > 0) AS seen, max(again) AS most,
    sum(again) * 100.0 / sum(active) AS percent, max(retransmits) AS retransmits,
    min(taken_ms) FILTER (WHERE again > 0) AS first_ms,
    max(taken_ms) FILTER (WHERE again > 0) AS until_ms
  FROM per_snapshot
  GROUP BY host, looks, prefix
  HAVING max(again) >= :loss_sockets
    AND sum(again) * 100.0 >= :loss_percent * sum(active)
    AND (sum(again > 0) >= 2 OR max(retransmits) >= 3)
),
found AS MATERIALIZED (
  SELECT host, looks, prefix, peer, is_local, seen, most, percent, retransmits, first_ms, until_ms,
    row_number() OVER (PARTITION BY host ORDER BY most DESC, percent DESC, prefix) AS place,
    count(*) OVER (PARTITION BY host) AS networks
  FROM per_network
),
socket AS (
  SELECT f.host AS host, f.place AS found, k.local_key AS local_key, k.local_port AS local_port,
    k.remote_key AS remote_key, k.remote_port AS remote_port, k.state AS state,
    k.tx_queue AS tx_queue, k.retransmits AS retransmits, k.direction AS direction,
    row_number() OVER (
      PARTITION BY f.host, f.place
      ORDER BY k.retransmits DESC, k.tx_queue DESC, k.remote_key, k.remote_port, k.local_key,
        k.local_port, k.state, k.ordinal) AS place
  FROM found AS f
  CROSS JOIN sockets AS k
  JOIN network AS n ON n.remote_key = k.remote_key
  WHERE f.place <= :loss_limit
    AND k.host = f.host
    AND k.taken_ms = f.until_ms
    AND k.tx_queue > 0
    AND k.timer = 'on'
    AND k.retransmits > 0
    AND k.state IN ('ESTABLISHED', 'FIN_WAIT1', 'CLOSE_WAIT', 'LAST_ACK', 'CLOSING')
    AND n.prefix = f.prefix
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
      || ':' || remote_port || ' ' || state || ', ' || tx_queue || ' bytes not acknowledged, sent '
      || 'again ' || iif(retransmits = 1, 'once', retransmits || ' times') AS text
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
  CASE WHEN f.most >= :loss_many THEN 'critical' WHEN f.seen >= 3 THEN 'warning' ELSE 'notice' END
    AS severity,
  f.most * 1.0 AS weight,
  printf('packets to %s are lost: up to %d connections at a time send again, %.0f %% of those with '
    || 'bytes in flight', f.peer, f.most, f.percent) AS what,
  f.first_ms AS since,
  f.until_ms AS until,
  iif(f.seen >= 3, 'sure', 'likely') AS confidence,
  'in ' || f.seen || ' of the ' || f.looks || iif(f.looks = 1, ' snapshot', ' snapshots')
    || ' looked into, one up to ' || f.retransmits || iif(f.retransmits = 1, ' time',
    ' times') || ' in a row'
    || CASE WHEN f.networks >= 3 THEN '; ' || f.networks || ' networks show it: suspect this host '
      || 'or its uplink'
      WHEN f.is_local THEN '; its peers are on this host: a firewall rule, or a full device queue'
      ELSE '; no more than ' || f.networks || iif(f.networks = 1, ' network shows',
        ' networks show') || ' it: suspect the way there, or the peers themselves' END AS why,
  json_object('retransmitting_sockets_max', f.most, 'retransmitting_percent', round(f.percent, 1),
    'retransmits_max', f.retransmits, 'snapshots_with_it', f.seen,
    'snapshots_looked_into', f.looks, 'snapshots', t.snapshots) AS numbers,
  e.list AS evidence,
  'report DB retrans -p limit=10'
    || strftime(' --since %Y-%m-%dT%H:%M:%SZ', t.begin_ms / 1000, 'unixepoch')
    || strftime(' --until %Y-%m-%dT%H:%M:%SZ', t.last_ms / 1000 + 1, 'unixepoch') AS more
FROM found AS f
JOIN total AS t ON t.host = f.host
JOIN evidence AS e ON e.host = f.host AND e.found = f.place
ORDER BY f.host, f.place;
