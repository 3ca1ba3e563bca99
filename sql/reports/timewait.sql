-- title: TIME_WAIT over time
-- group: change
-- description: How many sockets were in TIME_WAIT, by host and bucket of time, and which side makes
--   them. avg, min and max are over the snapshots of that host in that bucket; a snapshot without
--   any counts as 0. TIME_WAIT stays with the side that closes first: avg_in are connections that
--   others made to this host, avg_out those that it made; the two add up to avg. avg_local are
--   those of the two whose peer is this host itself. An avg that stays at the same round number
--   is the limit net.ipv4.tcp_max_tw_buckets.
--   It tells how many were waiting, not how many connections were closed: each waits 60 s.
--
--   Next: timewait-peers for who they were with.
-- column: host text - host, or host/network namespace
-- column: bucket time - start of the bucket
-- column: snapshots integer snapshots snapshots of the host in the bucket
-- column: avg real sockets average over these snapshots
-- column: min integer sockets fewest in one snapshot
-- column: max integer sockets most in one snapshot
-- column: avg_in real sockets average of those to a listening port of this host
-- column: avg_out real sockets average of the rest
-- column: avg_local real sockets average of those of both whose peer is this host
WITH per_bucket AS (
  SELECT
    host,
    bucket(taken_ms) AS bucket,
    count(*) AS snapshots,
    avg(time_wait) AS avg,
    min(time_wait) AS min,
    max(time_wait) AS max
  FROM snapshots
  WHERE taken_ms >= ifnull(:since, -9223372036854775808)
    AND taken_ms < ifnull(:until, 9223372036854775807)
    AND host = ifnull(:host, host)
  GROUP BY 1, 2
),
-- Sums over the snapshots of a bucket, good for nothing but to be divided by their number.
by_direction AS (
  SELECT
    host,
    bucket(taken_ms) AS bucket,
    sum(sockets) FILTER (WHERE direction = 'in') AS sum_in,
    sum(sockets) FILTER (WHERE direction = 'out') AS sum_out,
    sum(sockets) FILTER (WHERE is_local) AS sum_local
  FROM counts
  WHERE taken_ms >= ifnull(:since, -9223372036854775808)
    AND taken_ms < ifnull(:until, 9223372036854775807)
    AND host = ifnull(:host, host)
    AND state = 'TIME_WAIT'
  GROUP BY 1, 2
)
SELECT
  p.host AS host,
  p.bucket AS bucket,
  p.snapshots AS snapshots,
  p.avg AS avg,
  p.min AS min,
  p.max AS max,
  ifnull(d.sum_in, 0) * 1.0 / p.snapshots AS avg_in,
  ifnull(d.sum_out, 0) * 1.0 / p.snapshots AS avg_out,
  ifnull(d.sum_local, 0) * 1.0 / p.snapshots AS avg_local
FROM per_bucket AS p
LEFT JOIN by_direction AS d ON d.host = p.host AND d.bucket = p.bucket
ORDER BY host, bucket;
