-- title: Connections closed a second
-- group: change
-- description: How many connections this host closed, by bucket of time, those too that came and
--   went between two snapshots. A socket stays in TIME_WAIT for 60 s and its timer tells how long
--   it has: so each snapshot knows the closings of the 60 s before it. Each is counted once, in
--   the second in which it happened: sightings of one connection (local and remote address and
--   port) whose times of closing lie within 2 s of each other are one closing. per_s divides by
--   covered_s, the seconds of the bucket that lie in the 60 s before a snapshot: with snapshots at
--   most a minute apart that is all of them. A bucket without such seconds has no row. A smaller
--   --bucket shows peaks. --since and --until bound the times of closing: snapshots up to 60 s
--   after --until are read too, as they tell of closings before it.
--   It counts closings where this host sent the first FIN: only that side waits in TIME_WAIT. Not
--   seen are connections that the peer closed first, resets, sockets beyond
--   net.ipv4.tcp_max_tw_buckets, and all but the last closing of a connection that was opened
--   anew within the minute: it is a lower bound. FIN_WAIT2 without owner is no closing yet. A FIN
--   that the peer sent again starts the timer anew and counts again (lossy networks). A kernel
--   that waits longer than 60 s shifts closings to later times; one that waits less leaves holes
--   in the seconds called covered. A kernel that prints no timers shows no closings at all.
--
--   Next: timewait for how many wait, timewait-peers for who they were with, quality for gaps and
--   missing tables.
-- column: host text - host, or host/network namespace
-- column: bucket time - start of the bucket
-- column: covered_s real s seconds of the bucket that the snapshots tell of
-- column: closings integer connections closings in these seconds
-- column: per_s real connections/s closings by covered_s
-- column: in_per_s real connections/s of them: to a listening port of this host
-- column: out_per_s real connections/s of them: the rest
WITH RECURSIVE
-- A closing belongs to the first dump that shows it: what was closed at before_ms or earlier was
-- in the dump before (62 s: where that is too long ago, nothing was). Rows within 2 s of it are
-- told apart below, as both times are rounded and a dump is read over some time.
told AS MATERIALIZED (
  SELECT host, taken_ms, ordinal, family, dump_taken_ms,
    max(dump_taken_ms - 62000, ifnull(lag(dump_taken_ms) OVER (
      PARTITION BY host, family ORDER BY dump_taken_ms, taken_ms, ordinal), 0)) AS before_ms
  FROM dumps
  WHERE taken_ms >= ifnull(:since - 66000, -9223372036854775808)
    AND taken_ms < ifnull(:until + 66000, 9223372036854775807)
    AND host = ifnull(:host, host)
),
bounded AS MATERIALIZED (
  SELECT host, taken_ms, ordinal, family, dump_taken_ms, before_ms,
    max(ifnull(:since - 4000, 0), dump_taken_ms - 60000,
      min(before_ms - 2000, dump_taken_ms - 4000)) AS from_ms,
    min(dump_taken_ms, ifnull(:until, dump_taken_ms)) AS to_ms
  FROM told
),
-- The time that a dump tells of, cut where buckets begin, from its end back.
piece (host, taken_ms, ordinal, family, dump_taken_ms, before_ms, from_ms, to_ms, bucket) AS (
  SELECT host, taken_ms, ordinal, family, dump_taken_ms, before_ms, from_ms, to_ms,
    bucket(to_ms - 1)
  FROM bounded
  WHERE from_ms < to_ms
  UNION ALL
  SELECT host, taken_ms, ordinal, family, dump_taken_ms, before_ms, from_ms, bucket,
    bucket(bucket - 1)
  FROM piece
  WHERE bucket > from_ms
),
-- One pass over the rows of a dump, without sorting them: certain closings are counted, those near
-- before_ms and those that may be near it in the next dump are listed. The two counts are the last
-- element of the list. (OFFSET 0 keeps SQLite from working out a time of closing again wherever it
-- is named.)
counted AS (
  SELECT
    p.host AS host,
    p.bucket AS bucket,
    (
      SELECT json_insert(
        json_group_array(json_array(local, remote, closed_ms * 2 + is_in))
          FILTER (WHERE NOT is_certain),
        '$[#]',
        json_array(
          count(*) FILTER (WHERE is_certain AND is_in),
          count(*) FILTER (WHERE is_certain AND NOT is_in)))
      FROM (
        SELECT local, remote, is_in, closed_ms,
          closed_ms > p.before_ms + 2000 AND closed_ms < p.dump_taken_ms - 4000
            AND closed_ms >= ifnull(:since + 2000, 0) AS is_certain
        FROM (
          SELECT
            k.local_key << 16 | k.local_port AS local,
            k.remote_key << 16 | k.remote_port AS remote,
            k.direction = 'in' AS is_in,
            p.dump_taken_ms - min(60000, max(1, 60000
              - ifnull(k.timer_expires_ms, iif(k.timer = 'timewait', 0, NULL)))) AS closed_ms
          FROM sockets AS k
          WHERE k.host = p.host
            AND k.taken_ms = p.taken_ms
            AND k.ordinal = p.ordinal
            AND k.family = p.family
            AND k.state = 'TIME_WAIT'
            AND ifnull(k.timer_expires_ms, 0) <= 61000
          LIMIT -1 OFFSET 0
        )
        WHERE closed_ms >= max(p.bucket, p.from_ms)
          AND closed_ms < p.to_ms
      )
    ) AS closings
  FROM piece AS p
),
listed AS (
  SELECT host, bucket, local, remote, closed,
    lag(closed) OVER (PARTITION BY remote, local, host ORDER BY closed) >> 1 AS earlier_ms
  FROM (
    SELECT g.host AS host, g.bucket AS bucket,
      v.value ->> 0 AS local, v.value ->> 1 AS remote, v.value ->> 2 AS closed
    FROM counted AS g
    JOIN json_each(g.closings) AS v
  )
),
closing AS (
  SELECT
    host,
    iif(closed IS NULL, bucket, bucket(closed >> 1)) AS bucket,
    iif(closed IS NULL, local, closed & 1) AS closed_in,
    iif(closed IS NULL, remote, NOT closed & 1) AS closed_out
  FROM listed
  WHERE closed IS NULL
    OR (closed >> 1 >= ifnull(:since, 0)
      AND (earlier_ms IS NULL OR (closed >> 1) - earlier_ms > 2000))
),
per_bucket AS (
  SELECT host, bucket, sum(closed_in) AS closed_in, sum(closed_out) AS closed_out
  FROM closing
  GROUP BY host, bucket
),
-- The seconds of each family are disjoint. Where both families tell, they tell of the same ones.
covered AS (
  SELECT host, bucket, max(covered_ms) AS covered_ms
  FROM (
    SELECT host, family, bucket, sum(to_ms - covered_from_ms) AS covered_ms
    FROM (
      SELECT host, family, bucket, to_ms,
        max(bucket, before_ms, dump_taken_ms - 60000, ifnull(:since, 0)) AS covered_from_ms
      FROM piece
    )
    WHERE to_ms > covered_from_ms
    GROUP BY host, family, bucket
  )
  GROUP BY host, bucket
)
SELECT
  x.host AS host,
  x.bucket AS bucket,
  x.covered_ms / 1000.0 AS covered_s,
  ifnull(b.closed_in + b.closed_out, 0) AS closings,
  ifnull(b.closed_in + b.closed_out, 0) * 1000.0 / x.covered_ms AS per_s,
  ifnull(b.closed_in, 0) * 1000.0 / x.covered_ms AS in_per_s,
  ifnull(b.closed_out, 0) * 1000.0 / x.covered_ms AS out_per_s
FROM covered AS x
LEFT JOIN per_bucket AS b ON b.host = x.host AND b.bucket = x.bucket
ORDER BY x.host, x.bucket;
