-- title: Who talks to this host most
-- group: who
-- description: Connections of both directions by the peer's network: /24 of IPv4 and /64 of IPv6,
--   or what v4_prefix and v6_prefix say (32 and 128: each address alone). avg and max are over all
--   snapshots of the host in the window, a snapshot without such a socket counts as 0; opening are
--   SYN_SENT and SYN_RECV, closing all states that are not named. The largest of each host come
--   first. top_service in:443 is a listening port of this host, out:5432 a port of the peer.
--   It tells how many connections there are at a time, not how many bytes or requests pass.
--   Connections shorter than the distance of snapshots show by their TIME_WAIT alone, if at all.
--   The report reads the samples of the window: give --since and --until in large databases.
--
--   Next: upstreams for backends, services for the ports, timewait-peers for TIME_WAIT.
-- param: limit integer 20 rows for each host
-- param: v4_prefix integer 24 length of the IPv4 prefix, 0 to 32
-- param: v6_prefix integer 64 length of the IPv6 prefix, 0 to 128
-- column: host text - host, or host/network namespace
-- column: remote address - the peer's address or network
-- column: snapshots integer snapshots snapshots of the host in the window
-- column: seen integer snapshots those of them with at least one
-- column: avg real sockets average over all snapshots
-- column: max integer sockets most in one snapshot
-- column: established_avg real sockets ESTABLISHED, average
-- column: established_max integer sockets ESTABLISHED, most in one snapshot
-- column: opening_avg real sockets SYN_SENT and SYN_RECV, average
-- column: time_wait_avg real sockets TIME_WAIT, average
-- column: closing_avg real sockets the other states, average
-- column: top_service text - the service port with the most sockets in one snapshot
-- column: services_max integer ports different service ports in one snapshot, the most
-- column: first_seen time - first snapshot with one
-- column: last_seen time - last snapshot with one
WITH moment AS MATERIALIZED (
  SELECT host, taken_ms, ordinal, count(*) OVER (PARTITION BY host) AS snapshots
  FROM snapshots
  WHERE taken_ms >= ifnull(:since, -9223372036854775808)
    AND taken_ms < ifnull(:until, 9223372036854775807)
    AND host = ifnull(:host, host)
),
-- 2^32 addresses of IPv6 have one key: that of the first of those with the same leading bits. The
-- hexadecimal digit that the prefix ends in is cut down to its leading bits.
network6 AS MATERIALIZED (
  SELECT id, digits, min(id) OVER (PARTITION BY digits) + 4294967296 AS net_key
  FROM (
    SELECT id,
      substr(
        substr(digits, 1, length6 / 4)
          || iif(length6 % 4 = 0, '', substr('0123456789abcdef', 1 +
            ((instr('0123456789abcdef', substr(digits, length6 / 4 + 1, 1)) - 1)
              & (15 << (4 - length6 % 4))), 1))
          || '00000000000000000000000000000000', 1, 32) AS digits
    FROM (
      SELECT a.id AS id, lower(hex(a.bytes)) AS digits, max(0, min(128, :v6_prefix)) AS length6
      FROM address6 AS a
    )
  )
),
-- The groups of one snapshot as a list, so that no more than one snapshot is ever sorted. busiest
-- has the port and direction below the number of sockets.
grouped AS (
  SELECT m.host AS host, m.taken_ms AS taken_ms, m.snapshots AS snapshots, (
    SELECT json_group_array(json_array(
      net_key, sockets, established, opening, time_wait, services, busiest))
    FROM (
      SELECT net_key,
        sum(sockets) AS sockets,
        sum(established) AS established,
        sum(opening) AS opening,
        sum(time_wait) AS time_wait,
        count(*) AS services,
        max(sockets << 17 | service) AS busiest
      FROM (
        SELECT net_key, service,
          count(*) AS sockets,
          count(*) FILTER (WHERE state = 'ESTABLISHED') AS established,
          count(*) FILTER (WHERE state IN ('SYN_SENT', 'SYN_RECV')) AS opening,
          count(*) FILTER (WHERE state = 'TIME_WAIT') AS time_wait
        FROM (
          SELECT
            CASE WHEN k.remote_key < 4294967296
              THEN k.remote_key & ~((1 << (32 - max(0, min(32, :v4_prefix)))) - 1)
              ELSE (SELECT w.net_key FROM network6 AS w WHERE w.id = k.remote_key - 4294967296)
            END AS net_key,
            k.service_port * 2 + (k.direction = 'out') AS service,
            k.state AS state
          FROM sockets AS k
          WHERE k.host = m.host
            AND k.taken_ms = m.taken_ms
            AND k.ordinal = m.ordinal
            AND k.direction <> 'listen'
        )
        GROUP BY net_key, service
      )
      GROUP BY net_key
    )
  ) AS list
  FROM moment AS m
),
per_network AS MATERIALIZED (
  SELECT host, net_key, snapshots,
    count(*) AS seen,
    sum(sockets) AS sum_sockets, max(sockets) AS max_sockets,
    sum(established) AS established_sum, max(established) AS established_max,
    sum(opening) AS opening_sum,
    sum(time_wait) AS time_wait_sum,
    max(services) AS services_max,
    max(busiest) & 131071 AS service,
    min(taken_ms) AS first_seen,
    max(taken_ms) AS last_seen,
    row_number() OVER (PARTITION BY host ORDER BY sum(sockets) DESC, net_key) AS place
  FROM (
    SELECT g.host AS host, g.taken_ms AS taken_ms, g.snapshots AS snapshots,
      v.value ->> 0 AS net_key, v.value ->> 1 AS sockets, v.value ->> 2 AS established,
      v.value ->> 3 AS opening, v.value ->> 4 AS time_wait, v.value ->> 5 AS services,
      v.value ->> 6 AS busiest
    FROM grouped AS g
    JOIN json_each(g.list) AS v
  )
  GROUP BY host, net_key, snapshots
),
shown AS MATERIALIZED (
  SELECT host, net_key
  FROM per_network
  WHERE place <= :limit
),
-- RFC 5952: groups without leading zeros, the longest run of zeros is '::'.
colons6 AS (
  SELECT id + 4294967296 AS net_key,
    ':'
      || iif(substr(digits, 1, 4) = '0000', '0', ltrim(substr(digits, 1, 4), '0'))
      || ':' || iif(substr(digits, 5, 4) = '0000', '0', ltrim(substr(digits, 5, 4), '0'))
      || ':' || iif(substr(digits, 9, 4) = '0000', '0', ltrim(substr(digits, 9, 4), '0'))
      || ':' || iif(substr(digits, 13, 4) = '0000', '0', ltrim(substr(digits, 13, 4), '0'))
      || ':' || iif(substr(digits, 17, 4) = '0000', '0', ltrim(substr(digits, 17, 4), '0'))
      || ':' || iif(substr(digits, 21, 4) = '0000', '0', ltrim(substr(digits, 21, 4), '0'))
      || ':' || iif(substr(digits, 25, 4) = '0000', '0', ltrim(substr(digits, 25, 4), '0'))
      || ':' || iif(substr(digits, 29, 4) = '0000', '0', ltrim(substr(digits, 29, 4), '0'))
      || ':' AS text
  FROM network6
  WHERE id + 4294967296 IN (SELECT net_key FROM shown)
),
run6 AS (
  SELECT net_key, text,
    CASE
      WHEN instr(text, ':0:0:0:0:0:0:0:0:') THEN 17
      WHEN instr(text, ':0:0:0:0:0:0:0:') THEN 15
      WHEN instr(text, ':0:0:0:0:0:0:') THEN 13
      WHEN instr(text, ':0:0:0:0:0:') THEN 11
      WHEN instr(text, ':0:0:0:0:') THEN 9
      WHEN instr(text, ':0:0:0:') THEN 7
      WHEN instr(text, ':0:0:') THEN 5
    END AS length
  FROM colons6
),
text6 AS MATERIALIZED (
  SELECT net_key,
    CASE WHEN length IS NULL THEN trim(text, ':')
      ELSE ltrim(substr(text, 1, instr(text, substr(':0:0:0:0:0:0:0:0:', 1, length)) - 1), ':')
        || '::'
        || rtrim(substr(text, instr(text, substr(':0:0:0:0:0:0:0:0:', 1, length)) + length), ':')
    END AS text
  FROM run6
)
SELECT
  p.host AS host,
  CASE WHEN p.net_key < 4294967296
    THEN (p.net_key >> 24) || '.' || ((p.net_key >> 16) & 255) || '.'
      || ((p.net_key >> 8) & 255) || '.' || (p.net_key & 255)
      || iif(:v4_prefix < 32, '/' || max(0, :v4_prefix), '')
    ELSE (SELECT w.text FROM text6 AS w WHERE w.net_key = p.net_key)
      || iif(:v6_prefix < 128, '/' || max(0, :v6_prefix), '')
  END AS remote,
  p.snapshots AS snapshots,
  p.seen AS seen,
  p.sum_sockets * 1.0 / p.snapshots AS avg,
  p.max_sockets AS max,
  p.established_sum * 1.0 / p.snapshots AS established_avg,
  p.established_max AS established_max,
  p.opening_sum * 1.0 / p.snapshots AS opening_avg,
  p.time_wait_sum * 1.0 / p.snapshots AS time_wait_avg,
  (p.sum_sockets - p.established_sum - p.opening_sum - p.time_wait_sum) * 1.0 / p.snapshots
    AS closing_avg,
  iif(p.service & 1, 'out:', 'in:') || (p.service >> 1) AS top_service,
  p.services_max AS services_max,
  p.first_seen AS first_seen,
  p.last_seen AS last_seen
FROM per_network AS p
WHERE p.place <= :limit
ORDER BY p.host, p.place;
