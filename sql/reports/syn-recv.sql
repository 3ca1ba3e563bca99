-- title: SYN flood, or lossy clients?
-- group: accept
-- description: Handshakes that are not done (SYN_RECV: this host has answered the SYN, and the
--   client has not said that it got the answer), by the port they came to; most of them first.
--   avg and max are over all snapshots of the host in the window; one without such a handshake
--   counts as 0. In single snapshots a few without retransmits are usual.
--   A flood: far more than usual, many peers and prefixes, a top_prefix with a small share (or one
--   prefix with nearly all, if nobody forges addresses), and most answers sent again (retr_1_pct
--   and up). Lossy clients or a lossy path: few peers, some retransmits. A full accept queue looks
--   like this as well: the client's last step is dropped while the queue is full.
--   retr_0_pct to retr_3_pct: how often the answer was sent again, as shares of the sockets seen,
--   each counted once in every snapshot that has it; they add up to 100. top_prefix_pct is such a
--   share too. With SYN cookies the kernel keeps no socket for a handshake, so a flood can be
--   larger than what is seen here.
--
--   Next: accept-queue for whether the queue is full, retrans for loss, remotes for what else
--   comes from top_prefix.
-- param: limit integer 20 rows for each host
-- column: host text - host, or host/network namespace
-- column: port port - port that they came to
-- column: snapshots integer snapshots snapshots of the host in the window
-- column: seen_pct percent % share of the snapshots with at least one
-- column: avg real sockets handshakes not done, average over all snapshots
-- column: max integer sockets handshakes not done, most in one snapshot
-- column: peers integer addresses distinct addresses they came from
-- column: prefixes integer prefixes distinct prefixes they came from: /24, and /64 for IPv6
-- column: top_prefix address - the prefix that most came from
-- column: top_prefix_pct percent % its share
-- column: retr_0_pct percent % the answer was sent once
-- column: retr_1_pct percent % it was sent again once
-- column: retr_2_pct percent % twice
-- column: retr_3_pct percent % three times or more
WITH total AS (
  SELECT host, count(*) AS snapshots
  FROM snapshots
  WHERE taken_ms >= ifnull(:since, -9223372036854775808)
    AND taken_ms < ifnull(:until, 9223372036854775807)
    AND host = ifnull(:host, host)
  GROUP BY host
),
-- A flood is many rows: they are read twice and never kept.
per_snapshot AS (
  SELECT host, local_port,
    count(*) AS sockets,
    sum(retransmits = 0) AS retr_0,
    sum(retransmits = 1) AS retr_1,
    sum(retransmits = 2) AS retr_2
  FROM sockets
  WHERE taken_ms >= ifnull(:since, -9223372036854775808)
    AND taken_ms < ifnull(:until, 9223372036854775807)
    AND host = ifnull(:host, host)
    AND state = 'SYN_RECV'
  GROUP BY host, local_port, taken_ms, ordinal
),
per_port AS (
  SELECT host, local_port,
    count(*) AS seen,
    sum(sockets) AS sockets_sum,
    max(sockets) AS sockets_max,
    sum(retr_0) AS retr_0,
    sum(retr_1) AS retr_1,
    sum(retr_2) AS retr_2,
    row_number() OVER (PARTITION BY host ORDER BY sum(sockets) DESC, local_port) AS place
  FROM per_snapshot
  GROUP BY host, local_port
),
per_peer AS (
  SELECT host, local_port, count(*) AS sockets,
    CASE WHEN remote_key < 4294967296 THEN remote_key & ~255
      ELSE (SELECT substr(a.bytes, 1, 8) FROM address6 AS a WHERE a.id = remote_key - 4294967296)
    END AS prefix
  FROM sockets
  WHERE taken_ms >= ifnull(:since, -9223372036854775808)
    AND taken_ms < ifnull(:until, 9223372036854775807)
    AND host = ifnull(:host, host)
    AND state = 'SYN_RECV'
  GROUP BY host, local_port, remote_key
),
-- A prefix is the number of its first address (v4) or its eight bytes (v6): unlike the keys of v6
-- these sort alike whatever was imported first.
per_prefix AS (
  SELECT host, local_port, prefix,
    count(*) AS peers,
    sum(sockets) AS sockets,
    sum(count(*)) OVER (PARTITION BY host, local_port) AS all_peers,
    count(*) OVER (PARTITION BY host, local_port) AS prefixes,
    row_number() OVER (
      PARTITION BY host, local_port ORDER BY sum(sockets) DESC, count(*) DESC, prefix) AS place
  FROM per_peer
  GROUP BY host, local_port, prefix
),
named AS (
  SELECT host, local_port, sockets, all_peers, prefixes,
    CASE WHEN typeof(prefix) = 'integer'
      THEN (prefix >> 24) || '.' || ((prefix >> 16) & 255) || '.' || ((prefix >> 8) & 255)
        || '.0/24'
      ELSE iif(prefix = zeroblob(8), '',
          ifnull(nullif(ltrim(lower(hex(substr(prefix, 1, 2))), '0'), ''), '0'))
        || iif(substr(prefix, 3) = zeroblob(6), '',
          ':' || ifnull(nullif(ltrim(lower(hex(substr(prefix, 3, 2))), '0'), ''), '0'))
        || iif(substr(prefix, 5) = zeroblob(4), '',
          ':' || ifnull(nullif(ltrim(lower(hex(substr(prefix, 5, 2))), '0'), ''), '0'))
        || iif(substr(prefix, 7) = zeroblob(2), '',
          ':' || ifnull(nullif(ltrim(lower(hex(substr(prefix, 7, 2))), '0'), ''), '0'))
        || '::/64'
    END AS top_prefix
  FROM per_prefix
  WHERE place = 1
)
SELECT
  p.host AS host,
  p.local_port AS port,
  t.snapshots AS snapshots,
  p.seen * 100.0 / t.snapshots AS seen_pct,
  p.sockets_sum * 1.0 / t.snapshots AS avg,
  p.sockets_max AS max,
  n.all_peers AS peers,
  n.prefixes AS prefixes,
  n.top_prefix AS top_prefix,
  n.sockets * 100.0 / p.sockets_sum AS top_prefix_pct,
  p.retr_0 * 100.0 / p.sockets_sum AS retr_0_pct,
  p.retr_1 * 100.0 / p.sockets_sum AS retr_1_pct,
  p.retr_2 * 100.0 / p.sockets_sum AS retr_2_pct,
  (p.sockets_sum - p.retr_0 - p.retr_1 - p.retr_2) * 100.0 / p.sockets_sum AS retr_3_pct
FROM per_port AS p
JOIN total AS t ON t.host = p.host
JOIN named AS n ON n.host = p.host AND n.local_port = p.local_port
WHERE p.place <= :limit
ORDER BY p.host, p.place;
