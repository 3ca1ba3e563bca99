-- title: Small windows, past loss
-- group: network
-- description: How fast the connections with each prefix of peers may send (ESTABLISHED only).
--   Prefixes with the most connections that have lost packets come first. sockets_avg is over all
--   snapshots of the host in the window; one without such a connection counts as 0. The shares and
--   percentiles are over the sockets seen, each counted once in every snapshot that has it, so a
--   connection that stays for long weighs more than one that is soon gone. Linux 2.2 prints no
--   windows: its connections are in no row.
--   past_loss_pct: share with a slow start threshold, which the kernel sets after a loss and keeps
--   as long as the connection lives. It may also stand for an earlier connection to the same
--   address (net.ipv4.tcp_no_metrics_save=0), or for a delay that rose while the window opened
--   (HyStart of cubic), so compare prefixes rather than trust one figure.
--   cwnd is how many packets may be on the way: 10 is where a connection starts, so a median of 10
--   without past loss says only that little was sent; 1 or 2 is a connection that has just timed
--   out, or whose handshake lost a packet. rto_p90_ms is the time until a packet is sent again:
--   usually 200 and the round trip, more where that varies, and twice as much after each timeout;
--   a second or more is a sign of loss.
--
--   Next: retrans for loss at present, remotes for what else these peers do.
-- param: limit integer 20 rows for each host
-- column: host text - host, or host/network namespace
-- column: peer_prefix address - prefix of the peers: /24, and /64 for IPv6
-- column: snapshots integer snapshots snapshots of the host in the window
-- column: sockets_avg real sockets ESTABLISHED, average over all snapshots
-- column: past_loss_avg real sockets those with a slow start threshold, average
-- column: past_loss_pct percent % their share
-- column: cwnd_p10 integer packets one in ten has this window or a smaller one
-- column: cwnd_median integer packets half have this window or a smaller one
-- column: rto_p90_ms integer ms nine in ten have this retransmission timeout or a shorter one
WITH total AS (
  SELECT host, count(*) AS snapshots
  FROM snapshots
  WHERE taken_ms >= ifnull(:since, -9223372036854775808)
    AND taken_ms < ifnull(:until, 9223372036854775807)
    AND host = ifnull(:host, host)
  GROUP BY host
),
-- Samples are many, their different values few: percentiles come from counts of equal values.
-- A prefix is the number of its first address (v4) or its eight bytes (v6): unlike the keys of v6
-- these sort alike whatever was imported first.
by_prefix AS MATERIALIZED (
  SELECT host,
    CASE WHEN remote_key < 4294967296 THEN remote_key & ~255
      ELSE (SELECT substr(a.bytes, 1, 8) FROM address6 AS a WHERE a.id = remote_key - 4294967296)
    END AS prefix,
    cwnd, rto_ms,
    count(*) AS sockets,
    sum(ssthresh >= 0) AS past_loss
  FROM sockets
  WHERE taken_ms >= ifnull(:since, -9223372036854775808)
    AND taken_ms < ifnull(:until, 9223372036854775807)
    AND host = ifnull(:host, host)
    AND state = 'ESTABLISHED'
    AND cwnd IS NOT NULL
  GROUP BY host, prefix, cwnd, rto_ms
),
per_prefix AS (
  SELECT host, prefix,
    sum(sockets) AS sockets,
    sum(past_loss) AS past_loss,
    row_number() OVER (
      PARTITION BY host ORDER BY sum(past_loss) DESC, sum(sockets) DESC, prefix) AS place
  FROM by_prefix
  GROUP BY host, prefix
),
windows AS (
  SELECT host, prefix, cwnd,
    sum(sum(sockets)) OVER (PARTITION BY host, prefix ORDER BY cwnd) AS below,
    sum(sum(sockets)) OVER (PARTITION BY host, prefix) AS sockets
  FROM by_prefix
  GROUP BY host, prefix, cwnd
),
window_rank AS (
  SELECT host, prefix,
    min(cwnd) FILTER (WHERE below * 10 >= sockets) AS cwnd_p10,
    min(cwnd) FILTER (WHERE below * 2 >= sockets) AS cwnd_median
  FROM windows
  GROUP BY host, prefix
),
timeouts AS (
  SELECT host, prefix, rto_ms,
    sum(sum(sockets)) OVER (PARTITION BY host, prefix ORDER BY rto_ms) AS below,
    sum(sum(sockets)) OVER (PARTITION BY host, prefix) AS sockets
  FROM by_prefix
  GROUP BY host, prefix, rto_ms
),
timeout_rank AS (
  SELECT host, prefix, min(rto_ms) FILTER (WHERE below * 10 >= sockets * 9) AS rto_p90_ms
  FROM timeouts
  GROUP BY host, prefix
),
named AS (
  SELECT host, prefix, sockets, past_loss, place,
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
    END AS peer_prefix
  FROM per_prefix
  WHERE place <= :limit
)
SELECT
  n.host AS host,
  n.peer_prefix AS peer_prefix,
  t.snapshots AS snapshots,
  n.sockets * 1.0 / t.snapshots AS sockets_avg,
  n.past_loss * 1.0 / t.snapshots AS past_loss_avg,
  n.past_loss * 100.0 / n.sockets AS past_loss_pct,
  w.cwnd_p10 AS cwnd_p10,
  w.cwnd_median AS cwnd_median,
  o.rto_p90_ms AS rto_p90_ms
FROM named AS n
JOIN total AS t ON t.host = n.host
JOIN window_rank AS w ON w.host = n.host AND w.prefix = n.prefix
JOIN timeout_rank AS o ON o.host = n.host AND o.prefix = n.prefix
ORDER BY n.host, n.place;
