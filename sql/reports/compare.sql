-- title: What differs from normal
-- group: change
-- description: Two windows side by side: now is --since to --until, base is base_since to
--   base_until. Unless given, base is all before now, and now is the last tenth of the time that
--   the snapshots of the host span. For each host the states, then the service ports by direction
--   and state, and with -p peers=1 the peers; in each of these first those with a change, the
--   largest differences first.
--   base_avg and avg are over all snapshots of the host in their window: a snapshot without such a
--   socket counts as 0. Both are NULL where a window has no snapshots at all, and so are delta and
--   ratio. base_min, base_max and base_sd (the standard deviation) tell how far single snapshots of
--   base lie apart, those without such a socket as 0. change says new where base has snapshots but
--   no such socket, gone the other way round. more and less are beyond the usual spread: avg is
--   outside of base_min to base_max, which no snapshot of base was, or farther from base_avg than
--   spread times base_sd; and off by at least `least` sockets. NULL is within, or unknown: a single
--   snapshot of base has no spread.
--   It can't tell whether base was normal, or the same time of day: give base_since and base_until
--   for yesterday's hour. A base of few snapshots (see quality) knows little of its own spread, and
--   what it never varied in makes any difference a change. Ports without
--   listener can be any: many small new rows with direction out are usual for them.
--   Peers need the samples: they are read in peer_snapshots of each window, evenly spread, and
--   averages of peers are over those; base_snapshots and snapshots tell how many they were.
--
--   Next: states for the course over time, services, upstreams and remotes for what has grown,
--   listeners for services that came or went, quality for gaps in either window.
-- param: base_since time optional base begins; the first snapshot where not given
-- param: base_until time optional base ends before this; where now begins unless given
-- param: peers integer 0 1: peers too
-- param: peer_snapshots integer 40 snapshots of each window that are read for peers
-- param: spread real 3 standard deviations of base that a difference must exceed
-- param: least real 1 sockets on average that a difference must reach to be more or less
-- param: changed integer 0 1: only lines with a change, or where none can be told
-- param: limit integer 20 rows for each host and subject
-- column: host text - host, or host/network namespace
-- column: subject text - what is compared: state, service or peer
-- column: state text - name of the state; NULL for a peer: all states but LISTEN
-- column: direction text - in: to a listening port of this host; out; listen. NULL for a state
-- column: service_port port - local port for in and listen, the peer's port for out
-- column: peer_ip address - address of the peer
-- column: base_avg real sockets average over the snapshots of base
-- column: base_min integer sockets least in a snapshot of base
-- column: base_max integer sockets most in a snapshot of base
-- column: base_sd real sockets standard deviation over the snapshots of base; NULL for a single one
-- column: avg real sockets average over the snapshots of now
-- column: delta real sockets avg less base_avg
-- column: ratio real - avg / base_avg; NULL where base_avg is 0
-- column: change text - new or gone, where one of the two has none; more or less beyond the spread
-- column: base_snapshots integer snapshots snapshots in base that base_avg is over
-- column: snapshots integer snapshots snapshots in now that avg is over
WITH
-- All that can belong to either window.
moment AS MATERIALIZED (
  SELECT host, taken_ms, ordinal, established, syn_sent, syn_recv, fin_wait1, fin_wait2, time_wait,
    close, close_wait, last_ack, listen, closing
  FROM snapshots
  WHERE taken_ms >= min(
      ifnull(:since, ifnull(:base_since, -9223372036854775808)),
      ifnull(:base_since, -9223372036854775808))
    AND taken_ms < max(
      ifnull(:until, 9223372036854775807),
      ifnull(:base_until, -9223372036854775808))
    AND host = ifnull(:host, host)
),
span AS (
  SELECT host, min(taken_ms) AS first_ms, max(taken_ms) AS last_ms
  FROM moment
  WHERE taken_ms < ifnull(:until, 9223372036854775807)
  GROUP BY host
),
bound AS (
  SELECT
    host,
    ifnull(:since, last_ms - (last_ms - first_ms) / 10) AS now_since,
    ifnull(:until, 9223372036854775807) AS now_until,
    ifnull(:base_since, -9223372036854775808) AS base_since,
    ifnull(:base_until, ifnull(:since, last_ms - (last_ms - first_ms) / 10)) AS base_until
  FROM span
),
-- A snapshot stands in base, in now, in both where they overlap, or in none.
placed AS MATERIALIZED (
  SELECT
    m.host, m.taken_ms, m.ordinal,
    m.taken_ms >= b.base_since AND m.taken_ms < b.base_until AS in_base,
    m.taken_ms >= b.now_since AND m.taken_ms < b.now_until AS in_now,
    m.established, m.syn_sent, m.syn_recv, m.fin_wait1, m.fin_wait2, m.time_wait, m.close,
    m.close_wait, m.last_ack, m.listen, m.closing
  FROM moment AS m
  JOIN bound AS b ON b.host = m.host
),
-- b and n: sums over base and over now; of base also q: sums of squares, l: least, h: most.
total AS MATERIALIZED (
  SELECT
    host,
    sum(in_base) AS base_snapshots,
    sum(in_now) AS now_snapshots,
    total(in_base * established) AS b1, total(in_now * established) AS n1,
    total(in_base * established * established) AS q1,
    min(established) FILTER (WHERE in_base) AS l1, max(established) FILTER (WHERE in_base) AS h1,
    total(in_base * syn_sent) AS b2, total(in_now * syn_sent) AS n2,
    total(in_base * syn_sent * syn_sent) AS q2,
    min(syn_sent) FILTER (WHERE in_base) AS l2, max(syn_sent) FILTER (WHERE in_base) AS h2,
    total(in_base * syn_recv) AS b3, total(in_now * syn_recv) AS n3,
    total(in_base * syn_recv * syn_recv) AS q3,
    min(syn_recv) FILTER (WHERE in_base) AS l3, max(syn_recv) FILTER (WHERE in_base) AS h3,
    total(in_base * fin_wait1) AS b4, total(in_now * fin_wait1) AS n4,
    total(in_base * fin_wait1 * fin_wait1) AS q4,
    min(fin_wait1) FILTER (WHERE in_base) AS l4, max(fin_wait1) FILTER (WHERE in_base) AS h4,
    total(in_base * fin_wait2) AS b5, total(in_now * fin_wait2) AS n5,
    total(in_base * fin_wait2 * fin_wait2) AS q5,
    min(fin_wait2) FILTER (WHERE in_base) AS l5, max(fin_wait2) FILTER (WHERE in_base) AS h5,
    total(in_base * time_wait) AS b6, total(in_now * time_wait) AS n6,
    total(in_base * time_wait * time_wait) AS q6,
    min(time_wait) FILTER (WHERE in_base) AS l6, max(time_wait) FILTER (WHERE in_base) AS h6,
    total(in_base * close) AS b7, total(in_now * close) AS n7,
    total(in_base * close * close) AS q7,
    min(close) FILTER (WHERE in_base) AS l7, max(close) FILTER (WHERE in_base) AS h7,
    total(in_base * close_wait) AS b8, total(in_now * close_wait) AS n8,
    total(in_base * close_wait * close_wait) AS q8,
    min(close_wait) FILTER (WHERE in_base) AS l8, max(close_wait) FILTER (WHERE in_base) AS h8,
    total(in_base * last_ack) AS b9, total(in_now * last_ack) AS n9,
    total(in_base * last_ack * last_ack) AS q9,
    min(last_ack) FILTER (WHERE in_base) AS l9, max(last_ack) FILTER (WHERE in_base) AS h9,
    total(in_base * listen) AS b10, total(in_now * listen) AS n10,
    total(in_base * listen * listen) AS q10,
    min(listen) FILTER (WHERE in_base) AS l10, max(listen) FILTER (WHERE in_base) AS h10,
    total(in_base * closing) AS b11, total(in_now * closing) AS n11,
    total(in_base * closing * closing) AS q11,
    min(closing) FILTER (WHERE in_base) AS l11, max(closing) FILTER (WHERE in_base) AS h11
  FROM placed
  GROUP BY host
),
service AS (
  SELECT
    q.host AS host, q.state AS state, q.direction AS direction, q.service_port AS service_port,
    sum(q.sockets * p.in_base) AS base_sum,
    sum(q.sockets * p.in_now) AS now_sum,
    total(q.sockets * q.sockets * p.in_base) AS base_squares,
    sum(p.in_base) AS base_seen,
    min(q.sockets) FILTER (WHERE p.in_base) AS base_least,
    max(q.sockets) FILTER (WHERE p.in_base) AS base_most
  FROM (
    SELECT host, taken_ms, ordinal, state, direction, service_port, sum(sockets) AS sockets
    FROM counts
    WHERE taken_ms >= min(
        ifnull(:since, ifnull(:base_since, -9223372036854775808)),
        ifnull(:base_since, -9223372036854775808))
      AND taken_ms < max(
        ifnull(:until, 9223372036854775807),
        ifnull(:base_until, -9223372036854775808))
      AND host = ifnull(:host, host)
    GROUP BY host, taken_ms, ordinal, state, direction, service_port
  ) AS q
  JOIN placed AS p ON p.host = q.host AND p.taken_ms = q.taken_ms AND p.ordinal = q.ordinal
  GROUP BY q.host, q.state, q.direction, q.service_port
),
-- Some snapshots of each window, evenly spread: place i of n is read where i * k / n steps up.
spread AS (
  SELECT host, taken_ms, ordinal, in_base, in_now,
    row_number() OVER (PARTITION BY host, in_base ORDER BY taken_ms, ordinal) AS base_place,
    row_number() OVER (PARTITION BY host, in_now ORDER BY taken_ms, ordinal) AS now_place,
    max(1, sum(in_base) OVER (PARTITION BY host)) AS base_count,
    max(1, sum(in_now) OVER (PARTITION BY host)) AS now_count
  FROM placed
),
chosen AS MATERIALIZED (
  SELECT host, taken_ms, ordinal,
    in_base AND base_place * :peer_snapshots / base_count
      > (base_place - 1) * :peer_snapshots / base_count AS in_base,
    in_now AND now_place * :peer_snapshots / now_count
      > (now_place - 1) * :peer_snapshots / now_count AS in_now
  FROM spread
),
chosen_total AS (
  SELECT host, sum(in_base) AS base_snapshots, sum(in_now) AS now_snapshots
  FROM chosen
  GROUP BY host
),
-- The peers of one snapshot at a time: a sort of all samples at once would not fit in memory. Peer,
-- port and direction make one integer.
peer AS (
  SELECT
    p.host AS host,
    CAST(j.key AS INTEGER) AS peer,
    sum(j.value * p.in_base) AS base_sum,
    sum(j.value * p.in_now) AS now_sum,
    total(j.value * j.value * p.in_base) AS base_squares,
    sum(p.in_base) AS base_seen,
    min(j.value) FILTER (WHERE p.in_base) AS base_least,
    max(j.value) FILTER (WHERE p.in_base) AS base_most
  FROM chosen AS p
  CROSS JOIN json_each((
    SELECT json_group_object(q.peer, q.sockets)
    FROM (
      SELECT
        (remote_key << 17) | (service_port << 1) | (direction = 'out') AS peer,
        count(*) AS sockets
      FROM sockets
      WHERE taken_ms = p.taken_ms
        AND host = p.host
        AND ordinal = p.ordinal
        AND remote_port <> 0  -- LISTEN
      GROUP BY 1
    ) AS q)) AS j
  WHERE :peers <> 0
    AND p.in_base + p.in_now > 0
  GROUP BY 1, 2
),
long (host, subject, number, state, direction, service_port, remote_key, base_sum, now_sum,
  base_squares, base_seen, base_least, base_most) AS (
  SELECT host, 'state', 1, 'ESTABLISHED', NULL, NULL, NULL, b1, n1,
    q1, base_snapshots, l1, h1 FROM total
  UNION ALL SELECT host, 'state', 1, 'SYN_SENT', NULL, NULL, NULL, b2, n2,
    q2, base_snapshots, l2, h2 FROM total
  UNION ALL SELECT host, 'state', 1, 'SYN_RECV', NULL, NULL, NULL, b3, n3,
    q3, base_snapshots, l3, h3 FROM total
  UNION ALL SELECT host, 'state', 1, 'FIN_WAIT1', NULL, NULL, NULL, b4, n4,
    q4, base_snapshots, l4, h4 FROM total
  UNION ALL SELECT host, 'state', 1, 'FIN_WAIT2', NULL, NULL, NULL, b5, n5,
    q5, base_snapshots, l5, h5 FROM total
  UNION ALL SELECT host, 'state', 1, 'TIME_WAIT', NULL, NULL, NULL, b6, n6,
    q6, base_snapshots, l6, h6 FROM total
  UNION ALL SELECT host, 'state', 1, 'CLOSE', NULL, NULL, NULL, b7, n7,
    q7, base_snapshots, l7, h7 FROM total
  UNION ALL SELECT host, 'state', 1, 'CLOSE_WAIT', NULL, NULL, NULL, b8, n8,
    q8, base_snapshots, l8, h8 FROM total
  UNION ALL SELECT host, 'state', 1, 'LAST_ACK', NULL, NULL, NULL, b9, n9,
    q9, base_snapshots, l9, h9 FROM total
  UNION ALL SELECT host, 'state', 1, 'LISTEN', NULL, NULL, NULL, b10, n10,
    q10, base_snapshots, l10, h10 FROM total
  UNION ALL SELECT host, 'state', 1, 'CLOSING', NULL, NULL, NULL, b11, n11,
    q11, base_snapshots, l11, h11 FROM total
  UNION ALL
  SELECT host, 'service', 2, state, direction, service_port, NULL, base_sum, now_sum,
    base_squares, base_seen, base_least, base_most
  FROM service
  UNION ALL
  SELECT host, 'peer', 3, NULL, iif(peer & 1, 'out', 'in'), (peer >> 1) & 65535, peer >> 17,
    base_sum, now_sum, base_squares, base_seen, base_least, base_most
  FROM peer
),
averaged AS (
  SELECT
    l.host, l.subject, l.number, l.state, l.direction, l.service_port, l.remote_key,
    t.base_snapshots, t.now_snapshots,
    l.base_sum * 1.0 / nullif(t.base_snapshots, 0) AS base_avg,
    l.now_sum * 1.0 / nullif(t.now_snapshots, 0) AS now_avg,
    iif(t.base_snapshots > 0, iif(l.base_seen < t.base_snapshots, 0, l.base_least), NULL)
      AS base_min,
    iif(t.base_snapshots > 0, ifnull(l.base_most, 0), NULL) AS base_max,
    -- Exact up to 2^53 and never below 0, whatever the rounding beyond that.
    max(0.0, t.base_snapshots * l.base_squares - l.base_sum * 1.0 * l.base_sum)
      / nullif(t.base_snapshots * (t.base_snapshots - 1.0), 0) AS base_variance
  FROM long AS l
  JOIN (
    SELECT host, 0 AS is_peer, base_snapshots, now_snapshots FROM total
    UNION ALL
    SELECT host, 1, base_snapshots, now_snapshots FROM chosen_total
  ) AS t ON t.host = l.host AND t.is_peer = (l.subject = 'peer')
  WHERE l.base_sum > 0 OR l.now_sum > 0
),
compared AS (
  SELECT
    host, subject, number, state, direction, service_port, remote_key, base_snapshots,
    now_snapshots, base_avg, now_avg, base_min, base_max,
    sqrt(base_variance) AS base_sd,
    CASE
      WHEN base_avg = 0 AND now_avg > 0 THEN 'new'
      WHEN base_avg > 0 AND now_avg = 0 THEN 'gone'
      WHEN base_snapshots < 2 OR abs(now_avg - base_avg) < :least THEN NULL
      WHEN now_avg > min(base_max, base_avg + :spread * sqrt(base_variance)) THEN 'more'
      WHEN now_avg < max(base_min, base_avg - :spread * sqrt(base_variance)) THEN 'less'
    END AS change
  FROM averaged
),
ranked AS (
  SELECT
    host, subject, number, state, direction, service_port, remote_key, base_snapshots,
    now_snapshots, base_avg, now_avg, base_min, base_max, base_sd, change,
    row_number() OVER (
      PARTITION BY host, number
      ORDER BY change IS NULL, abs(now_avg - base_avg) DESC, ifnull(now_avg, base_avg) DESC,
        direction, service_port, state, remote_key) AS place
  FROM compared
)
SELECT
  k.host AS host,
  k.subject AS subject,
  k.state AS state,
  k.direction AS direction,
  k.service_port AS service_port,
  CASE WHEN k.remote_key < 4294967296
    THEN (k.remote_key >> 24) || '.' || ((k.remote_key >> 16) & 255) || '.'
      || ((k.remote_key >> 8) & 255) || '.' || (k.remote_key & 255)
    ELSE (SELECT a.text FROM address6 AS a WHERE a.id = k.remote_key - 4294967296)
  END AS peer_ip,
  k.base_avg AS base_avg,
  k.base_min AS base_min,
  k.base_max AS base_max,
  k.base_sd AS base_sd,
  k.now_avg AS avg,
  k.now_avg - k.base_avg AS delta,
  k.now_avg / nullif(k.base_avg, 0) AS ratio,
  k.change AS change,
  k.base_snapshots AS base_snapshots,
  k.now_snapshots AS snapshots
FROM ranked AS k
WHERE k.place <= :limit
  AND (:changed = 0 OR k.change IS NOT NULL OR k.base_sd IS NULL OR k.now_avg IS NULL)
ORDER BY k.host, k.number, k.place;
