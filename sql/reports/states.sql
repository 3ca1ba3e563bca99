-- title: States over time
-- group: change
-- description: How the mix of socket states changed: for each host and bucket of time, how many
--   sockets were in each state. avg, min and max are over the snapshots of that host in that
--   bucket; a snapshot without sockets in a state counts as 0, and a bucket without snapshots has
--   no row. Each state that occurs anywhere in the window has a row in every bucket.
--   The figures are of moments: what came and went between two snapshots is not seen.
--
--   Next: timewait for TIME_WAIT, services for the ports behind the other states, quality for
--   gaps between snapshots.
-- param: state state optional only these: TIME_WAIT, 06, connected, several with commas
-- column: host text - host, or host/network namespace
-- column: bucket time - start of the bucket
-- column: state text - name of the state, in the kernel's order
-- column: snapshots integer snapshots snapshots of the host in the bucket
-- column: avg real sockets average over these snapshots
-- column: min integer sockets fewest in one snapshot
-- column: max integer sockets most in one snapshot
WITH per_bucket AS MATERIALIZED (
  SELECT
    host,
    bucket(taken_ms) AS bucket,
    count(*) AS snapshots,
    avg(established) AS avg1, min(established) AS min1, max(established) AS max1,
    avg(syn_sent) AS avg2, min(syn_sent) AS min2, max(syn_sent) AS max2,
    avg(syn_recv) AS avg3, min(syn_recv) AS min3, max(syn_recv) AS max3,
    avg(fin_wait1) AS avg4, min(fin_wait1) AS min4, max(fin_wait1) AS max4,
    avg(fin_wait2) AS avg5, min(fin_wait2) AS min5, max(fin_wait2) AS max5,
    avg(time_wait) AS avg6, min(time_wait) AS min6, max(time_wait) AS max6,
    avg(close) AS avg7, min(close) AS min7, max(close) AS max7,
    avg(close_wait) AS avg8, min(close_wait) AS min8, max(close_wait) AS max8,
    avg(last_ack) AS avg9, min(last_ack) AS min9, max(last_ack) AS max9,
    avg(listen) AS avg10, min(listen) AS min10, max(listen) AS max10,
    avg(closing) AS avg11, min(closing) AS min11, max(closing) AS max11
  FROM snapshots
  WHERE taken_ms >= ifnull(:since, -9223372036854775808)
    AND taken_ms < ifnull(:until, 9223372036854775807)
    AND host = ifnull(:host, host)
  GROUP BY 1, 2
),
long (host, bucket, number, state, snapshots, avg, min, max) AS (
  SELECT host, bucket, 1, 'ESTABLISHED', snapshots, avg1, min1, max1 FROM per_bucket
  UNION ALL SELECT host, bucket, 2, 'SYN_SENT', snapshots, avg2, min2, max2 FROM per_bucket
  UNION ALL SELECT host, bucket, 3, 'SYN_RECV', snapshots, avg3, min3, max3 FROM per_bucket
  UNION ALL SELECT host, bucket, 4, 'FIN_WAIT1', snapshots, avg4, min4, max4 FROM per_bucket
  UNION ALL SELECT host, bucket, 5, 'FIN_WAIT2', snapshots, avg5, min5, max5 FROM per_bucket
  UNION ALL SELECT host, bucket, 6, 'TIME_WAIT', snapshots, avg6, min6, max6 FROM per_bucket
  UNION ALL SELECT host, bucket, 7, 'CLOSE', snapshots, avg7, min7, max7 FROM per_bucket
  UNION ALL SELECT host, bucket, 8, 'CLOSE_WAIT', snapshots, avg8, min8, max8 FROM per_bucket
  UNION ALL SELECT host, bucket, 9, 'LAST_ACK', snapshots, avg9, min9, max9 FROM per_bucket
  UNION ALL SELECT host, bucket, 10, 'LISTEN', snapshots, avg10, min10, max10 FROM per_bucket
  UNION ALL SELECT host, bucket, 11, 'CLOSING', snapshots, avg11, min11, max11 FROM per_bucket
),
occurring AS (
  SELECT host, bucket, number, state, snapshots, avg, min, max,
    max(max) OVER (PARTITION BY host, number) AS most
  FROM long
)
SELECT host, bucket, state, snapshots, avg, min, max
FROM occurring
WHERE most > 0
  AND (:state IS NULL OR state IN (SELECT value FROM json_each(:state)))
ORDER BY host, bucket, number;
