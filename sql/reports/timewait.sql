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
SELECT
  host,
  bucket(taken_ms) AS bucket,
  count(*) AS snapshots,
  avg(time_wait) AS avg,
  min(time_wait) AS min,
  max(time_wait) AS max,
  avg(time_wait_in) AS avg_in,
  avg(time_wait - time_wait_in) AS avg_out,
  avg(time_wait_local) AS avg_local
FROM snapshots
WHERE taken_ms >= ifnull(:since, -9223372036854775808)
  AND taken_ms < ifnull(:until, 9223372036854775807)
  AND host = ifnull(:host, host)
GROUP BY 1, 2
ORDER BY 1, 2;
