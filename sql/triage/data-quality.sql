-- title: Data that is missing or was refused
-- group: triage
-- description: What keeps the other findings, and their absence, from being sure. Gaps: twice the
--   usual distance of snapshots (their median) and more, where they take gap_percent of the window
--   or are gap_times as long as usual. A table, tcp or tcp6, that is missing in all snapshots
--   (notice) or in some (warning): its sockets count as 0 there. Lines of dumps that could not be
--   read. Clocks that went back within a file. Copies of rows, copy_percent of them: the kernel
--   prints those for a slow reader, and leaves others out.
--   gap_times 5, gap_percent 10: a late snapshot or two are ordinary. copy_percent 5: a dump that
--   is written straight to a file has less than 1.
--
--   Next: report quality; SELECT * FROM rejected_lines.
-- param: gap_times real 5 longest distance over the usual one
-- param: gap_percent real 10 share of the window in gaps
-- param: copy_percent real 5 share of rows that are copies
-- column: host text - host, or host/network namespace
-- column: severity text - critical, warning or notice
-- column: weight real - orders findings of one severity: larger is worse
-- column: what text - one sentence, with the figure that matters
-- column: since time - the first snapshot that shows it
-- column: until time - the last one
-- column: confidence text - sure, likely or possible
-- column: why text - what makes it so sure, or what else it could be
-- column: numbers json - the figures
-- column: evidence json - some of the sockets or peers that show it
-- column: more text - the words behind tcpsnap-query that show more, DB for the database
WITH in_window AS MATERIALIZED (
  SELECT host, taken_ms, ordinal, family, source, row_count, duplicates, rejected,
    dump_taken_ms - lag(dump_taken_ms) OVER (PARTITION BY source, host ORDER BY byte_offset)
      AS step_ms
  FROM dumps
  WHERE taken_ms >= ifnull(:since, -9223372036854775808)
    AND taken_ms < ifnull(:until, 9223372036854775807)
    AND host = ifnull(:host, host)
),
per_snapshot AS MATERIALIZED (
  SELECT host, taken_ms, ordinal, max(family = 4) AS has_tcp, max(family = 6) AS has_tcp6,
    sum(rejected) AS rejected, sum(row_count) AS row_count, sum(duplicates) AS duplicates,
    min(step_ms) AS step_ms, min(source) AS source,
    taken_ms - lag(taken_ms) OVER (PARTITION BY host ORDER BY taken_ms, ordinal) AS gap_ms
  FROM in_window
  GROUP BY host, taken_ms, ordinal
),
total AS MATERIALIZED (
  SELECT host, count(*) AS snapshots, min(taken_ms) AS begin_ms, max(taken_ms) AS last_ms,
    sum(has_tcp) AS with_tcp, sum(has_tcp6) AS with_tcp6, sum(rejected) AS rejected,
    sum(rejected > 0) AS with_rejected, sum(row_count) AS row_count,
    sum(duplicates) AS duplicates, sum(step_ms < 0) AS steps_back,
    min(step_ms) AS most_back_ms
  FROM per_snapshot
  GROUP BY host
),
median AS (
  SELECT host, avg(gap_ms) AS gap_ms
  FROM (
    SELECT host, gap_ms,
      row_number() OVER (PARTITION BY host ORDER BY gap_ms) AS place,
      count(*) OVER (PARTITION BY host) AS gaps
    FROM per_snapshot
    WHERE gap_ms IS NOT NULL
  )
  WHERE gaps >= 4
    AND place IN ((gaps + 1) / 2, (gaps + 2) / 2)
  GROUP BY host
),
gap AS (
  SELECT s.host AS host, m.gap_ms AS usual_ms, count(*) AS gaps, max(s.gap_ms) AS longest_ms,
    sum(s.gap_ms) AS sum_ms, min(s.taken_ms - s.gap_ms) AS first_ms, max(s.taken_ms) AS until_ms
  FROM per_snapshot AS s
  JOIN median AS m ON m.host = s.host
  WHERE m.gap_ms > 0
    AND s.gap_ms > 2 * m.gap_ms
  GROUP BY s.host, m.gap_ms
),
-- One list a kind and host: its first five snapshots.
listed AS (
  SELECT host, kind, text, taken_ms,
    row_number() OVER (PARTITION BY host, kind ORDER BY taken_ms, text) AS place
  FROM (
    SELECT s.host AS host, 'gap' AS kind, s.taken_ms AS taken_ms,
      strftime('%Y-%m-%dT%H:%M:%SZ', (s.taken_ms - s.gap_ms) / 1000, 'unixepoch')
        || ' to ' || strftime('%Y-%m-%dT%H:%M:%SZ', s.taken_ms / 1000, 'unixepoch') AS text
    FROM per_snapshot AS s
    JOIN gap AS g ON g.host = s.host AND s.gap_ms > 2 * g.usual_ms
    UNION ALL
    SELECT host, iif(has_tcp, 'tcp6', 'tcp'), taken_ms,
      strftime('%Y-%m-%dT%H:%M:%SZ', taken_ms / 1000, 'unixepoch') || ' ' || source
    FROM per_snapshot
    WHERE has_tcp + has_tcp6 < 2
    UNION ALL
    SELECT host, 'rejected', taken_ms,
      strftime('%Y-%m-%dT%H:%M:%SZ', taken_ms / 1000, 'unixepoch') || ' ' || source || ': '
        || rejected
    FROM per_snapshot
    WHERE rejected > 0
    UNION ALL
    SELECT host, 'clock', taken_ms,
      strftime('%Y-%m-%dT%H:%M:%SZ', taken_ms / 1000, 'unixepoch') || ' ' || source || ': '
        || printf('%.1f s back', step_ms / -1000.0)
    FROM per_snapshot
    WHERE step_ms < 0
  )
),
evidence AS MATERIALIZED (
  SELECT host, kind, min(taken_ms) AS first_ms, max(taken_ms) AS until_ms,
    json_group_array(text) FILTER (WHERE place <= 5) AS list
  FROM (SELECT host, kind, text, taken_ms, place FROM listed ORDER BY host, kind, place)
  GROUP BY host, kind
),
problem (host, kind, severity, weight, what, confidence, why, numbers) AS (
  SELECT t.host, 'gap', 'warning', g.sum_ms / 1000.0,
    printf('%d s of %d s have no snapshots, in %d %s of up to %d s', g.sum_ms / 1000,
      (t.last_ms - t.begin_ms) / 1000, g.gaps, iif(g.gaps = 1, 'gap', 'gaps'),
      g.longest_ms / 1000),
    'sure', printf('snapshots are usually %.1f s apart; what happened in between is in no table',
      g.usual_ms / 1000.0),
    json_object('gaps', g.gaps, 'longest_seconds', g.longest_ms / 1000.0,
      'usual_seconds', g.usual_ms / 1000.0, 'snapshots', t.snapshots)
  FROM total AS t
  JOIN gap AS g ON g.host = t.host
  WHERE g.longest_ms >= :gap_times * g.usual_ms
    OR g.sum_ms * 100.0 >= :gap_percent * (t.last_ms - t.begin_ms)
  UNION ALL
  SELECT t.host, 'tcp6', iif(t.with_tcp6 = 0, 'notice', 'warning'), t.snapshots - t.with_tcp6,
    iif(t.with_tcp6 = 0, 'no snapshot has a tcp6 table',
      (t.snapshots - t.with_tcp6) || ' of ' || t.snapshots || ' snapshots have no tcp6 table')
      || ': IPv6 sockets are missing, and the IPv4 clients of dual-stack servers',
    'sure', 'the files do not hold it', json_object('snapshots_without_tcp6',
      t.snapshots - t.with_tcp6, 'snapshots', t.snapshots)
  FROM total AS t
  WHERE t.with_tcp6 < t.snapshots
  UNION ALL
  SELECT t.host, 'tcp', 'warning', t.snapshots - t.with_tcp,
    iif(t.with_tcp = 0, 'no snapshot has a tcp table',
      (t.snapshots - t.with_tcp) || ' of ' || t.snapshots || ' snapshots have no tcp table')
      || ': the sockets of IPv4 are missing',
    'sure', 'the files do not hold it', json_object('snapshots_without_tcp',
      t.snapshots - t.with_tcp, 'snapshots', t.snapshots)
  FROM total AS t
  WHERE t.with_tcp < t.snapshots
  UNION ALL
  SELECT t.host, 'rejected', 'warning', t.rejected,
    t.rejected || iif(t.rejected = 1, ' line', ' lines') || ' of the dumps could not be read, in '
      || t.with_rejected || ' of ' || t.snapshots || ' snapshots: counts there are too low',
    'sure', 'the view rejected_lines has each of them with its reason',
    json_object('rejected_lines', t.rejected, 'snapshots_with_them', t.with_rejected,
      'snapshots', t.snapshots)
  FROM total AS t
  WHERE t.rejected > 0
  UNION ALL
  SELECT t.host, 'clock', 'notice', t.steps_back,
    printf('the clock went back %s within a file, by up to %.1f s',
      iif(t.steps_back = 1, 'once', t.steps_back || ' times'), t.most_back_ms / -1000.0),
    'likely', 'times around it may be wrong; parts of a file in another order look alike',
    json_object('steps_back', t.steps_back, 'longest_seconds', t.most_back_ms / -1000.0,
      'snapshots', t.snapshots)
  FROM total AS t
  WHERE t.steps_back > 0
  UNION ALL
  SELECT t.host, 'copies', 'notice', t.duplicates,
    printf('%.1f %% of the rows are copies that the kernel printed (dropped at import): rows may '
      || 'be missing as well', t.duplicates * 100.0 / t.row_count),
    'likely', 'the tables changed while they were read slowly: write them straight to a file',
    json_object('copied_rows', t.duplicates, 'rows', t.row_count, 'snapshots', t.snapshots)
  FROM total AS t
  WHERE t.duplicates > 0
    AND t.duplicates * 100.0 >= :copy_percent * t.row_count
)
SELECT
  p.host AS host,
  p.severity AS severity,
  p.weight * 1.0 AS weight,
  p.what AS what,
  CASE p.kind WHEN 'gap' THEN g.first_ms ELSE ifnull(e.first_ms, t.begin_ms) END AS since,
  ifnull(e.until_ms, t.last_ms) AS until,
  p.confidence AS confidence,
  p.why AS why,
  p.numbers AS numbers,
  ifnull(e.list, json_array()) AS evidence,
  'report DB quality'
    || strftime(' --since %Y-%m-%dT%H:%M:%SZ', t.begin_ms / 1000, 'unixepoch')
    || strftime(' --until %Y-%m-%dT%H:%M:%SZ', t.last_ms / 1000 + 1, 'unixepoch') AS more
FROM problem AS p
JOIN total AS t ON t.host = p.host
LEFT JOIN gap AS g ON g.host = p.host
LEFT JOIN evidence AS e ON e.host = p.host AND e.kind = p.kind
ORDER BY p.host, p.severity, p.weight DESC, p.kind;
