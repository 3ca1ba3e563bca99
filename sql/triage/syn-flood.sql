-- title: SYN floods, and handshakes that pile up
-- group: triage
-- description: Handshakes that are not done (SYN_RECV), by the port they came to. What counts are
--   those whose answer had to be sent again: the first time after a second, so that a handshake
--   under way is none of them, however many there are on a busy host. Critical are syn_flood of
--   them at a time, a warning syn_pile; fewer than syn_least are lost packets of single clients.
--   Without any of these, syn_burst handshakes at a time are a warning: SYN cookies, or an attack
--   that has only begun, show so.
--   syn_least 3, syn_pile 20: one slow network has a handful. syn_flood 100: near the backlog of
--   128 that many programs give to listen(). syn_burst 1000: what 5000 connections a second have
--   under way at a round trip of 200 ms.
--
--   Next: report syn-recv, accept-queue.
-- param: syn_least integer 3 handshakes whose answer was sent again, at a time
-- param: syn_pile integer 20 the same, for a warning
-- param: syn_flood integer 100 the same, critical
-- param: syn_burst integer 1000 handshakes that are not done, at a time
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
half_open AS MATERIALIZED (
  SELECT host, taken_ms, ordinal, service_port, sum(sockets) AS sockets,
    sum(retransmitting) AS again
  FROM counts
  WHERE taken_ms >= ifnull(:since, -9223372036854775808)
    AND taken_ms < ifnull(:until, 9223372036854775807)
    AND host = ifnull(:host, host)
    AND state = 'SYN_RECV'
  GROUP BY host, taken_ms, ordinal, service_port
),
ranked AS (
  SELECT host, taken_ms, ordinal, service_port, sockets, again,
    row_number() OVER (
      PARTITION BY host, service_port
      ORDER BY again DESC, sockets DESC, taken_ms, ordinal) AS place,
    count(*) OVER port AS seen,
    max(sockets) OVER port AS most,
    min(taken_ms) OVER port AS first_ms,
    max(taken_ms) OVER port AS until_ms
  FROM half_open
  WINDOW port AS (PARTITION BY host, service_port)
),
-- The worst moment of each port.
worst AS MATERIALIZED (
  SELECT host, taken_ms, ordinal, service_port, sockets, again, seen, most, first_ms, until_ms
  FROM ranked
  WHERE place = 1
    AND (again >= :syn_least OR most >= :syn_burst)
),
queue AS (
  SELECT w.host AS host, w.service_port AS service_port, sum(c.rx_queue) AS connections
  FROM worst AS w
  CROSS JOIN counts AS c
  WHERE c.host = w.host
    AND c.taken_ms = w.taken_ms
    AND c.ordinal = w.ordinal
    AND c.state = 'LISTEN'
    AND c.service_port = w.service_port
  GROUP BY w.host, w.service_port
),
peer AS (
  SELECT w.host AS host, w.service_port AS service_port, k.remote_key AS remote_key,
    count(*) AS sockets,
    CASE WHEN k.remote_key < 4294967296 THEN k.remote_key & ~255
      ELSE (SELECT substr(a.bytes, 1, 8) FROM address6 AS a WHERE a.id = k.remote_key - 4294967296)
    END AS prefix
  FROM worst AS w
  CROSS JOIN sockets AS k
  WHERE k.host = w.host
    AND k.taken_ms = w.taken_ms
    AND k.ordinal = w.ordinal
    AND k.state = 'SYN_RECV'
    AND k.service_port = w.service_port
  GROUP BY w.host, w.service_port, k.remote_key
),
-- One address stands for its prefix: the least, as text for IPv6, whose numbers say nothing.
prefixes AS MATERIALIZED (
  SELECT host, service_port, prefix, sum(sockets) AS sockets, count(*) AS peers,
    iif(typeof(prefix) = 'integer',
      (prefix >> 24) || '.' || ((prefix >> 16) & 255) || '.' || ((prefix >> 8) & 255) || '.0/24',
      min((SELECT a.text FROM address6 AS a WHERE a.id = remote_key - 4294967296)) || '/64')
      AS text,
    row_number() OVER (
      PARTITION BY host, service_port ORDER BY sum(sockets) DESC, prefix) AS place
  FROM peer
  GROUP BY host, service_port, prefix
),
spread AS (
  SELECT host, service_port, count(*) AS prefixes, sum(peers) AS peers,
    max(sockets) * 100.0 / sum(sockets) AS top_percent
  FROM prefixes
  GROUP BY host, service_port
),
evidence AS (
  SELECT host, service_port, json_group_array(text || ': ' || sockets || ' from ' || peers
    || iif(peers = 1, ' address', ' addresses')) AS list
  FROM (SELECT host, service_port, text, sockets, peers FROM prefixes
    WHERE place <= 5 ORDER BY host, service_port, place)
  GROUP BY host, service_port
)
SELECT
  w.host AS host,
  CASE WHEN w.again >= :syn_flood THEN 'critical'
    WHEN w.again >= :syn_pile OR w.most >= :syn_burst THEN 'warning'
    ELSE 'notice' END AS severity,
  w.most * 1.0 AS weight,
  iif(w.again >= :syn_least,
    w.again || ' half-open handshakes to port ' || w.service_port
      || ' get no answer from their clients: the SYN-ACK was sent again',
    'up to ' || w.most || ' handshakes to port ' || w.service_port || ' are half open at a time')
    || ' (' || iif(w.again >= :syn_flood, 'a flood, as it looks; ', '')
    || 'half-open ones in ' || w.seen || ' of ' || t.snapshots || ' snapshots)' AS what,
  w.first_ms AS since,
  w.until_ms AS until,
  CASE WHEN w.again < :syn_least THEN 'possible'
    WHEN w.again >= :syn_flood AND s.prefixes >= 20 THEN 'likely'
    WHEN w.again >= :syn_flood THEN 'possible' ELSE 'sure' END AS confidence,
  CASE
    WHEN w.again < :syn_least THEN 'far more than usual, but none is old: it may be no more than '
      || 'a rush of clients'
    WHEN w.again < :syn_flood THEN 'that clients do not answer is certain; lost packets, or '
      || 'forged addresses, the table does not tell'
    WHEN s.prefixes >= 20 THEN 'they come from many networks, none of which answers: forged '
      || 'addresses; it could also be that the answers of this host are lost on their way'
    ELSE 'they come from few networks: an attacker that forges no address, or a path that loses '
      || 'what this host sends' END
    || printf('. At the worst moment (%s) %d were half open, from %d %s in %d %s',
      strftime('%Y-%m-%d %H:%M:%SZ', w.taken_ms / 1000, 'unixepoch'), w.sockets,
      s.peers, iif(s.peers = 1, 'address', 'addresses'),
      s.prefixes, iif(s.prefixes = 1, 'network', 'networks'))
    || iif(ifnull(q.connections, 0) > 0, '; ' || q.connections || ' connections wait for accept() '
      || 'there: a full queue keeps handshakes half open too', '') AS why,
  json_object('half_open_sockets', w.sockets, 'answered_again_sockets', w.again,
    'most_half_open_sockets', w.most, 'peer_addresses', s.peers, 'peer_networks', s.prefixes,
    'top_network_percent', round(s.top_percent, 1), 'snapshots_with_half_open', w.seen,
    'snapshots', t.snapshots) AS numbers,
  e.list AS evidence,
  'report DB syn-recv -p limit=5'
    || strftime(' --since %Y-%m-%dT%H:%M:%SZ', t.begin_ms / 1000, 'unixepoch')
    || strftime(' --until %Y-%m-%dT%H:%M:%SZ', t.last_ms / 1000 + 1, 'unixepoch') AS more
FROM worst AS w
JOIN total AS t ON t.host = w.host
JOIN spread AS s ON s.host = w.host AND s.service_port = w.service_port
JOIN evidence AS e ON e.host = w.host AND e.service_port = w.service_port
LEFT JOIN queue AS q ON q.host = w.host AND q.service_port = w.service_port
ORDER BY w.host, w.again DESC, w.most DESC, w.service_port;
