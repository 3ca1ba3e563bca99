-- title: Where packets are lost
-- group: network
-- description: Sockets that wait for the answer to a packet they had to send again (timer 'on' and
--   retransmits above 0), by prefix of the peer, those with the most first. avg is over all
--   snapshots of the host in the window: a snapshot without such a socket counts as 0; seen says
--   in how many there was one. active are the sockets of that prefix that could show it: the timer
--   'on' and bytes in flight. share is retransmitting / active. It is of moments, no rate of lost
--   packets: a socket that waits for a retransmission is seen for longer than one whose packet
--   arrives, so even small loss gives a large share. Compare prefixes and times with each other.
--   One prefix alone: loss on the way there. All of them alike: this host or its uplink.
--   SYN_SENT and SYN_RECV are left out: theirs mean loss too, but more often that nobody answers.
--   Packets that this host drops itself (a firewall rule for what it sends, a full device queue)
--   stand in zero-window, with few bytes, where nothing else of the connection is on its way.
--   The report reads the samples of the window: give --since and --until in large databases.
--
--   Next: syn-sent and syn-recv for handshakes without answer, congestion for loss that is over,
--   zero-window for receivers that are full, remotes for all sockets of a prefix.
-- param: v4_prefix integer 24 bits of a prefix of IPv4; 32: single addresses
-- param: v6_prefix integer 64 bits of a prefix of IPv6: a multiple of 4 up to 64; 128: addresses
-- param: limit integer 20 rows for each host
-- column: host text - host, or host/network namespace
-- column: peer address - prefix or address of the peer
-- column: is_local integer - 1: the peer is this host
-- column: snapshots integer snapshots snapshots of the host in the window
-- column: seen integer snapshots those of them with a retransmitting socket
-- column: avg real sockets retransmitting, average over all snapshots
-- column: max integer sockets retransmitting, most in one snapshot
-- column: active_avg real sockets with bytes in flight, average over all snapshots
-- column: share percent % retransmitting of active
-- column: most_retransmits integer retransmits most of one socket, in a row and unanswered
-- column: services text - direction and service port of those that retransmit, the first five
-- column: first_seen time - first snapshot with one
-- column: last_seen time - last snapshot with one
WITH total AS (
  SELECT host, count(*) AS snapshots
  FROM snapshots
  WHERE taken_ms >= ifnull(:since, -9223372036854775808)
    AND taken_ms < ifnull(:until, 9223372036854775807)
    AND host = ifnull(:host, host)
  GROUP BY host
),
-- Within a snapshot first, by integers. With 'persist' nothing is in flight.
per_address AS MATERIALIZED (
  SELECT
    host, taken_ms, ordinal, remote_key, is_local, direction, service_port,
    count(*) AS active,
    sum(retransmits > 0) AS retransmitting,
    max(retransmits) AS most_retransmits
  FROM sockets
  WHERE taken_ms >= ifnull(:since, -9223372036854775808)
    AND taken_ms < ifnull(:until, 9223372036854775807)
    AND host = ifnull(:host, host)
    AND tx_queue > 0
    AND timer = 'on'
    AND state IN ('ESTABLISHED', 'FIN_WAIT1', 'CLOSE_WAIT', 'LAST_ACK', 'CLOSING')
  GROUP BY host, taken_ms, ordinal, remote_key, is_local, direction, service_port
),
width (v4, v6) AS (
  SELECT
    max(0, min(32, :v4_prefix)),
    CASE WHEN :v6_prefix >= 128 THEN 128 ELSE max(0, min(64, :v6_prefix)) / 4 * 4 END
),
-- The prefix of an address as text, RFC 5952: with at most 64 bits the zeros at its end are the
-- longest run, so '::' stands there.
digits AS (
  SELECT p.remote_key AS remote_key, w.v4 AS v4, w.v6 AS v6,
    p.remote_key & ~((1 << (32 - w.v4)) - 1) AS masked,
    a.text AS text,
    rtrim(substr(lower(hex(a.bytes)), 1, w.v6 / 4), '0') AS hex
  FROM (SELECT DISTINCT remote_key FROM per_address) AS p
  CROSS JOIN width AS w
  LEFT JOIN address6 AS a ON a.id = p.remote_key - 4294967296 AND p.remote_key >= 4294967296
),
grouped AS (
  SELECT remote_key, v4, v6, masked, text,
    (length(hex) + 3) / 4 AS groups,
    ifnull(nullif(ltrim(substr(hex || '000', 1, 4), '0'), ''), '0') AS g1,
    ifnull(nullif(ltrim(substr(hex || '000', 5, 4), '0'), ''), '0') AS g2,
    ifnull(nullif(ltrim(substr(hex || '000', 9, 4), '0'), ''), '0') AS g3,
    ifnull(nullif(ltrim(substr(hex || '000', 13, 4), '0'), ''), '0') AS g4
  FROM digits
),
prefix AS MATERIALIZED (
  SELECT
    remote_key,
    CASE
      WHEN remote_key < 4294967296 THEN
        (masked >> 24) || '.' || ((masked >> 16) & 255) || '.' || ((masked >> 8) & 255) || '.'
          || (masked & 255) || iif(v4 = 32, '', '/' || v4)
      WHEN v6 = 128 THEN text
      ELSE
        CASE groups
          WHEN 0 THEN '' WHEN 1 THEN g1 WHEN 2 THEN g1 || ':' || g2
          WHEN 3 THEN g1 || ':' || g2 || ':' || g3
          ELSE g1 || ':' || g2 || ':' || g3 || ':' || g4
        END || '::/' || v6
    END AS peer
  FROM grouped
),
per_snapshot AS (
  SELECT
    p.host AS host, x.peer AS peer, p.is_local AS is_local, p.taken_ms AS taken_ms,
    sum(p.active) AS active,
    sum(p.retransmitting) AS retransmitting,
    max(p.most_retransmits) AS most_retransmits
  FROM per_address AS p
  JOIN prefix AS x ON x.remote_key = p.remote_key
  GROUP BY p.host, x.peer, p.is_local, p.taken_ms, p.ordinal
),
per_peer AS (
  SELECT
    host, peer, is_local,
    sum(retransmitting > 0) AS seen,
    sum(retransmitting) AS sum_retransmitting,
    max(retransmitting) AS max_retransmitting,
    sum(active) AS sum_active,
    max(most_retransmits) AS most_retransmits,
    min(taken_ms) FILTER (WHERE retransmitting > 0) AS first_seen,
    max(taken_ms) FILTER (WHERE retransmitting > 0) AS last_seen,
    row_number() OVER (
      PARTITION BY host
      ORDER BY sum(retransmitting) DESC, sum(active), peer, is_local) AS place
  FROM per_snapshot
  GROUP BY host, peer, is_local
  HAVING sum(retransmitting) > 0
),
service AS (
  SELECT
    p.host AS host, x.peer AS peer, p.is_local AS is_local,
    p.direction || ' ' || p.service_port AS service,
    row_number() OVER (
      PARTITION BY p.host, x.peer, p.is_local
      ORDER BY sum(p.retransmitting) DESC, p.direction, p.service_port) AS place
  FROM per_address AS p
  JOIN prefix AS x ON x.remote_key = p.remote_key
  GROUP BY p.host, x.peer, p.is_local, p.direction, p.service_port
  HAVING sum(p.retransmitting) > 0
),
services_of AS MATERIALIZED (
  SELECT host, peer, is_local,
    max(iif(place = 1, service, ''))
      || max(iif(place = 2, ', ' || service, '')) || max(iif(place = 3, ', ' || service, ''))
      || max(iif(place = 4, ', ' || service, '')) || max(iif(place = 5, ', ' || service, ''))
      || max(iif(place = 6, ', ...', '')) AS services
  FROM service
  GROUP BY host, peer, is_local
)
SELECT
  p.host AS host,
  p.peer AS peer,
  p.is_local AS is_local,
  t.snapshots AS snapshots,
  p.seen AS seen,
  p.sum_retransmitting * 1.0 / t.snapshots AS avg,
  p.max_retransmitting AS max,
  p.sum_active * 1.0 / t.snapshots AS active_avg,
  p.sum_retransmitting * 100.0 / p.sum_active AS share,
  p.most_retransmits AS most_retransmits,
  v.services AS services,
  p.first_seen AS first_seen,
  p.last_seen AS last_seen
FROM per_peer AS p
JOIN total AS t ON t.host = p.host
JOIN services_of AS v ON v.host = p.host AND v.peer = p.peer AND v.is_local = p.is_local
WHERE p.place <= :limit
ORDER BY p.host, p.place;
