-- title: Are idle connections protected?
-- group: network
-- description: ESTABLISHED connections by service, and whether a keepalive timer runs: without one,
--   a connection whose peer is gone (a crash, a firewall that forgot it) stays for ever if nothing
--   is sent. The services with the most unprotected ones come first. avg and max are over all
--   snapshots of the host in the window; one without such a connection counts as 0. The kernel
--   shows one timer for each connection: one that is sending (retransmit or zero-window timer)
--   hides whether it has keepalive, so it is counted apart, as hidden, and is not in
--   protected_pct. Connections that were not accepted yet are left out.
--   probing are connections whose peer has left a keepalive probe unanswered: probably dead peers.
--   longest_wait_s: the longest time to the next probe that was seen; the keepalive time is at
--   least that. Where it is 7200, the default, a firewall that forgets after minutes is faster.
--   What helps: SO_KEEPALIVE in the application, or a setting of it; net.ipv4.tcp_keepalive_time
--   alone changes only when those probe that have it already.
--   It can't tell how long a connection was idle: one that is busy most of the time looks
--   unprotected too, and needs it less.
--
--   Next: lifetimes for the connections that stay for long, zero-window and retrans for those
--   that are hidden.
-- param: limit integer 20 rows for each host
-- column: host text - host, or host/network namespace
-- column: direction text - in: to a listening port of this host; out: the rest
-- column: is_local integer - 1: the peer is this host
-- column: service_port port - local port for in, the peer's port for out
-- column: snapshots integer snapshots snapshots of the host in the window
-- column: established_avg real sockets ESTABLISHED, average: the sum of the next three
-- column: unprotected_avg real sockets no timer runs, average
-- column: keepalive_avg real sockets a keepalive timer runs, average
-- column: hidden_avg real sockets another timer runs, average
-- column: protected_pct percent % share with keepalive, of those that hide nothing
-- column: probing_avg real sockets a probe is unanswered, average
-- column: probing_max integer sockets a probe is unanswered, most in one snapshot
-- column: max_probes integer - most unanswered probes of one connection
-- column: longest_wait_s real s longest time to the next probe; NULL: no keepalive seen
WITH moment AS MATERIALIZED (
  SELECT host, taken_ms, ordinal
  FROM snapshots
  WHERE taken_ms >= ifnull(:since, -9223372036854775808)
    AND taken_ms < ifnull(:until, 9223372036854775807)
    AND host = ifnull(:host, host)
),
total AS (
  SELECT host, count(*) AS snapshots
  FROM moment
  GROUP BY host
),
-- The services of one snapshot as a list, so that no more than one snapshot is ever sorted. Port,
-- is_local and direction make one integer.
grouped AS (
  SELECT m.host AS host, (
    SELECT json_group_array(json_array(
      service, sockets, unprotected, keepalive, probing, max_probes, longest_wait_ms))
    FROM (
      SELECT service,
        count(*) AS sockets,
        sum(timer = 'off') AS unprotected,
        sum(timer = 'keepalive') AS keepalive,
        sum(timer = 'keepalive' AND probes > 0) AS probing,
        max(iif(timer = 'keepalive', probes, 0)) AS max_probes,
        max(iif(timer = 'keepalive', timer_expires_ms, NULL)) AS longest_wait_ms
      FROM (
        SELECT
          (k.service_port << 2) | (k.is_local << 1) | (k.direction = 'out') AS service,
          k.timer AS timer,
          k.probes AS probes,
          k.timer_expires_ms AS timer_expires_ms
        FROM sockets AS k
        WHERE k.taken_ms = m.taken_ms
          AND k.host = m.host
          AND k.ordinal = m.ordinal
          AND k.state = 'ESTABLISHED'
          AND k.owner_class = 'owned'
      )
      GROUP BY service
    )
  ) AS list
  FROM moment AS m
),
per_snapshot AS (
  SELECT g.host AS host,
    iif((v.value ->> 0) & 1, 'out', 'in') AS direction,
    ((v.value ->> 0) >> 1) & 1 AS is_local,
    (v.value ->> 0) >> 2 AS service_port,
    v.value ->> 1 AS sockets,
    v.value ->> 2 AS unprotected,
    v.value ->> 3 AS keepalive,
    v.value ->> 4 AS probing,
    v.value ->> 5 AS max_probes,
    v.value ->> 6 AS longest_wait_ms
  FROM grouped AS g
  CROSS JOIN json_each(g.list) AS v
),
per_service AS (
  SELECT host, direction, is_local, service_port,
    sum(sockets) AS sockets_sum,
    sum(unprotected) AS unprotected_sum,
    sum(keepalive) AS keepalive_sum,
    sum(probing) AS probing_sum, max(probing) AS probing_max,
    max(max_probes) AS max_probes,
    max(longest_wait_ms) AS longest_wait_ms,
    row_number() OVER (
      PARTITION BY host
      ORDER BY sum(unprotected) DESC, sum(sockets) DESC, direction, is_local, service_port)
      AS place
  FROM per_snapshot
  GROUP BY host, direction, is_local, service_port
)
SELECT
  p.host AS host,
  p.direction AS direction,
  p.is_local AS is_local,
  p.service_port AS service_port,
  t.snapshots AS snapshots,
  p.sockets_sum * 1.0 / t.snapshots AS established_avg,
  p.unprotected_sum * 1.0 / t.snapshots AS unprotected_avg,
  p.keepalive_sum * 1.0 / t.snapshots AS keepalive_avg,
  (p.sockets_sum - p.unprotected_sum - p.keepalive_sum) * 1.0 / t.snapshots AS hidden_avg,
  p.keepalive_sum * 100.0 / nullif(p.unprotected_sum + p.keepalive_sum, 0) AS protected_pct,
  p.probing_sum * 1.0 / t.snapshots AS probing_avg,
  p.probing_max AS probing_max,
  p.max_probes AS max_probes,
  p.longest_wait_ms / 1000.0 AS longest_wait_s
FROM per_service AS p
JOIN total AS t ON t.host = p.host
WHERE p.place <= :limit
ORDER BY p.host, p.place;
