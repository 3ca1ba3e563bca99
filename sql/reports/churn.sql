-- title: Turnover: new, gone and kept sockets, and how they change
-- group: change
-- description: How much changes from one snapshot to the next, by bucket of time. A step is a
--   snapshot with one before it in the window; avg and max are over the steps of the bucket, a step
--   without counts as 0. The first three rows of a bucket are (new) -> any, any -> (gone) and any
--   -> any, the sockets that were in both; then the matrix: the state before and the state now.
--   percent is the share of those that were in from_state (of the new ones, for (new)).
--   Divide by the distance of the snapshots for a rate: it is the least there was, because what
--   came and went between two snapshots is not seen. TIME_WAIT counts as a socket too: a connection
--   that this host closed is gone only when that has run out.
--   Many new in ESTABLISHED that go soon: connections are not reused. (new) -> TIME_WAIT: whole
--   connections between two snapshots.
--   A socket that is missing in one snapshot and there again behind it is neither new nor gone.
--   Whether one that is missing in the last snapshot of the window comes back is not known: it is
--   gone.
--
--   Next: lifetimes for how long they live, close-rate for closings between the snapshots.
-- param: matrix integer 1 0: only the three rows of totals
-- column: host text - host, or host/network namespace
-- column: bucket time - start of the bucket
-- column: from_state text - state in the snapshot before, (new) or any
-- column: to_state text - state in the snapshot, (gone) or any
-- column: steps integer snapshots snapshots of the bucket with one before them
-- column: avg real sockets average over the steps
-- column: max integer sockets most in one step
-- column: percent percent % share of from_state
WITH
-- The dumps of a host and family, counted: the one before may stand two snapshots back.
numbered AS MATERIALIZED (
  SELECT host, taken_ms, ordinal, family,
    row_number() OVER (PARTITION BY host, family ORDER BY taken_ms, ordinal) AS number
  FROM dumps
  WHERE taken_ms >= ifnull(:since, -9223372036854775808)
    AND taken_ms < ifnull(:until, 9223372036854775807)
    AND host = ifnull(:host, host)
),
present AS (
  SELECT host, taken_ms, ordinal, family, state, sum(sockets) AS sockets
  FROM counts
  WHERE taken_ms >= ifnull(:since, -9223372036854775808)
    AND taken_ms < ifnull(:until, 9223372036854775807)
    AND host = ifnull(:host, host)
  GROUP BY host, taken_ms, ordinal, family, state
),
there AS MATERIALIZED (
  SELECT p.host AS host, p.family AS family, p.state AS state, p.sockets AS sockets,
    n.number AS number
  FROM present AS p
  JOIN numbered AS n ON n.host = p.host AND n.taken_ms = p.taken_ms AND n.ordinal = p.ordinal
    AND n.family = p.family
),
kept AS MATERIALIZED (
  SELECT k.host AS host, k.family AS family, k.from_state AS from_state, k.to_state AS to_state,
    k.missed AS missed, k.sockets AS sockets, n.number AS number
  FROM turnover_counts AS k
  JOIN numbered AS n ON n.host = k.host AND n.taken_ms = k.taken_ms AND n.ordinal = k.ordinal
    AND n.family = k.family
  WHERE k.taken_ms >= ifnull(:since, -9223372036854775808)
    AND k.taken_ms < ifnull(:until, 9223372036854775807)
    AND k.host = ifnull(:host, k.host)
),
-- By dump: each line adds to or takes from a cell of its matrix.
entry (host, family, number, from_state, to_state, sockets) AS (
  SELECT host, family, number, from_state, to_state, sockets FROM kept
  UNION ALL
  SELECT host, family, number, '(new)', state, sockets FROM there
  UNION ALL
  SELECT host, family, number, '(new)', to_state, -sockets FROM kept
  UNION ALL
  SELECT host, family, number + 1, state, '(gone)', sockets FROM there
  UNION ALL
  SELECT host, family, number, from_state, '(gone)', -sockets FROM kept WHERE missed = 0
  UNION ALL
  -- Hidden in the dump before, so it was not gone there.
  SELECT host, family, number - 1, from_state, '(gone)', -sockets FROM kept WHERE missed = 1
),
-- By snapshot, both families added up. Dumps without one before them in the window fall out.
per_snapshot AS MATERIALIZED (
  SELECT n.host AS host, n.taken_ms AS taken_ms, n.ordinal AS ordinal, x.from_state AS from_state,
    x.to_state AS to_state, sum(x.sockets) AS sockets
  FROM entry AS x
  JOIN numbered AS n ON n.host = x.host AND n.family = x.family AND n.number = x.number
  WHERE n.number > 1
  GROUP BY n.host, n.taken_ms, n.ordinal, x.from_state, x.to_state
  HAVING sum(x.sockets) > 0
),
step AS (
  SELECT host, bucket(taken_ms) AS bucket, count(*) AS steps
  FROM (SELECT DISTINCT host, taken_ms, ordinal FROM numbered WHERE number > 1)
  GROUP BY 1, 2
),
in_all AS (
  SELECT
    host, taken_ms, ordinal,
    iif(from_state = '(new)', '(new)', 'any') AS from_state,
    iif(to_state = '(gone)', '(gone)', 'any') AS to_state,
    sum(sockets) AS sockets
  FROM per_snapshot
  GROUP BY 1, 2, 3, 4, 5
),
cell AS (
  SELECT host, bucket(taken_ms) AS bucket, 0 AS is_matrix, from_state, to_state,
    sum(sockets) AS sum_sockets, max(sockets) AS max_sockets
  FROM in_all
  GROUP BY 1, 2, 4, 5
  UNION ALL
  SELECT host, bucket(taken_ms), 1, from_state, to_state, sum(sockets), max(sockets)
  FROM per_snapshot
  WHERE :matrix <> 0
  GROUP BY 1, 2, 4, 5
  UNION ALL
  -- The three rows of totals are there even where they are 0.
  SELECT host, bucket, 0, '(new)', 'any', 0, 0 FROM step
  UNION ALL
  SELECT host, bucket, 0, 'any', '(gone)', 0, 0 FROM step
  UNION ALL
  SELECT host, bucket, 0, 'any', 'any', 0, 0 FROM step
),
figure AS (
  SELECT host, bucket, is_matrix, from_state, to_state, sum(sum_sockets) AS sum_sockets,
    max(max_sockets) AS max_sockets
  FROM cell
  GROUP BY host, bucket, is_matrix, from_state, to_state
)
SELECT
  f.host AS host,
  f.bucket AS bucket,
  f.from_state AS from_state,
  f.to_state AS to_state,
  w.steps AS steps,
  f.sum_sockets * 1.0 / w.steps AS avg,
  f.max_sockets AS max,
  100.0 * f.sum_sockets
    / nullif(sum(f.sum_sockets) OVER (
      PARTITION BY f.host, f.bucket, f.is_matrix, f.from_state), 0) AS percent
FROM figure AS f
JOIN step AS w ON w.host = f.host AND w.bucket = f.bucket
ORDER BY f.host, f.bucket, f.is_matrix, f.from_state, f.to_state;
