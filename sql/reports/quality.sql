-- title: Can this data be trusted?
-- group: trust
-- description: One row a snapshot: which file it came from, how its time and its byte order were
--   found, what was dropped or refused, and how far it is from the one before it. is_gap 1: more
--   than twice the usual distance (the median of the host's distances in the window), so averages
--   around it rest on fewer snapshots. clock_back_s: the file has this snapshot behind one with a
--   later time, by so many seconds: its clock was set back, or parts of it stand in another order.
--   same_time: so many other snapshots of the host have the same time but other sockets. Both are
--   kept as they are. missing names the table that is not there: its sockets
--   count as 0 in the reports. rejected are lines inside the dumps; all of them, with their
--   reasons, are in the view rejected_lines. duplicates are copies that the kernel prints while
--   the table changes; they were dropped. open 1: the last dump of a file that nothing closed,
--   it may be cut.
--   It can't tell whether the clock of the host was right. time_origin says what the time rests
--   on: prefix is the time at which the first line was written, mtime that of the file.
--
--   Next: states, once the window is known to be sound.
-- column: host text - host, or host/network namespace
-- column: taken_at time - time of the snapshot
-- column: gap_s real s since the snapshot before it in the window; NULL for the first
-- column: is_gap integer - 1: the gap is more than twice the median gap
-- column: clock_back_s real s how far the clock went back to it in its file; NULL: it did not
-- column: same_time integer snapshots other snapshots of the host with the same time
-- column: families text - tcp, tcp6, or both
-- column: missing text - the table that is missing; NULL where both are there
-- column: sockets integer sockets after dropping copies
-- column: row_count integer rows rows read, copies included
-- column: duplicates integer rows copies dropped
-- column: rejected integer lines lines of its dumps that could not be read
-- column: open integer - 1: it may be cut
-- column: time_origin text - marker, prefix, name, date_file, mtime or given
-- column: byte_order text - little or big
-- column: byte_order_origin text - given, told (by its bundle), voted or assumed
-- column: source text - the file, or both
WITH in_window AS (
  SELECT host, taken_ms, ordinal, family, source, row_count, duplicates, sockets, rejected, open,
    time_origin, byte_order, byte_order_origin,
    dump_taken_ms - lag(dump_taken_ms) OVER (PARTITION BY source, host ORDER BY byte_offset)
      AS step_ms
  FROM dumps
  WHERE taken_ms >= ifnull(:since, -9223372036854775808)
    AND taken_ms < ifnull(:until, 9223372036854775807)
    AND host = ifnull(:host, host)
),
per_snapshot AS (
  SELECT
    host,
    taken_ms,
    ordinal,
    CASE WHEN min(family) = 6 THEN 'tcp6' WHEN max(family) = 4 THEN 'tcp' ELSE 'tcp,tcp6' END
      AS families,
    CASE WHEN min(family) = 6 THEN 'tcp' WHEN max(family) = 4 THEN 'tcp6' END AS missing,
    sum(sockets) AS sockets,
    sum(row_count) AS row_count,
    sum(duplicates) AS duplicates,
    sum(rejected) AS rejected,
    max(open) AS open,
    min(time_origin) || iif(min(time_origin) <> max(time_origin), ',' || max(time_origin), '')
      AS time_origin,
    min(byte_order) || iif(min(byte_order) <> max(byte_order), ',' || max(byte_order), '')
      AS byte_order,
    min(byte_order_origin) || iif(
      min(byte_order_origin) <> max(byte_order_origin), ',' || max(byte_order_origin), '')
      AS byte_order_origin,
    min(source) || iif(min(source) <> max(source), ',' || max(source), '')
      AS source,
    CASE WHEN min(step_ms) < 0 THEN min(step_ms) / -1000.0 END AS clock_back_s
  FROM in_window
  GROUP BY host, taken_ms, ordinal
),
distance AS (
  SELECT host, taken_ms, ordinal,
    taken_ms - lag(taken_ms) OVER (PARTITION BY host ORDER BY taken_ms, ordinal) AS gap_ms
  FROM per_snapshot
),
ranked AS (
  SELECT host, gap_ms,
    row_number() OVER (PARTITION BY host ORDER BY gap_ms) AS place,
    count(*) OVER (PARTITION BY host) AS gaps
  FROM distance
  WHERE gap_ms IS NOT NULL
),
median AS (
  SELECT host, avg(gap_ms) AS gap_ms
  FROM ranked
  WHERE place IN ((gaps + 1) / 2, (gaps + 2) / 2)
  GROUP BY host
)
SELECT
  s.host AS host,
  s.taken_ms AS taken_at,
  d.gap_ms / 1000.0 AS gap_s,
  CASE WHEN d.gap_ms IS NOT NULL THEN d.gap_ms > 2 * m.gap_ms END AS is_gap,
  s.clock_back_s AS clock_back_s,
  count(*) OVER (PARTITION BY s.host, s.taken_ms) - 1 AS same_time,
  s.families AS families,
  s.missing AS missing,
  s.sockets AS sockets,
  s.row_count AS row_count,
  s.duplicates AS duplicates,
  s.rejected AS rejected,
  s.open AS open,
  s.time_origin AS time_origin,
  s.byte_order AS byte_order,
  s.byte_order_origin AS byte_order_origin,
  s.source AS source
FROM per_snapshot AS s
JOIN distance AS d ON d.host = s.host AND d.taken_ms = s.taken_ms AND d.ordinal = s.ordinal
LEFT JOIN median AS m ON m.host = s.host
ORDER BY s.host, s.taken_ms, s.ordinal;
