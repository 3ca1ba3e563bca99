-- title: Memory held by sockets that nobody owns
-- group: leak
-- description: Orphans, by state: connections that their process has closed (or died with) and that
--   the kernel keeps because data or the FIN is not acknowledged yet. No process shows them, and
--   only the kernel ends them. avg and max are over all snapshots of the host in the window; one
--   without an orphan in that state counts as 0. The max of different states need not be of one
--   snapshot. queued are the bytes that wait for the peer, 1 of them for each unacknowledged FIN:
--   these, with some overhead, are the memory held.
--   retransmitting: the peer doesn't acknowledge, it is gone or the path loses packets.
--   zero_window: the peer acknowledges, but its receive buffer is full. oldest_run: one connection
--   was an orphan in this state through so many snapshots in a row, from oldest_since on.
--   FIN_WAIT2 that waits in the small form of TIME_WAIT holds no data and is not among them.
--
--   Next: half-closed for everything that hangs while it closes, by peer; retrans for where loss
--   is, zero-window for whose buffer is full.
-- column: host text - host, or host/network namespace
-- column: state text - name of the state
-- column: snapshots integer snapshots snapshots of the host in the window
-- column: avg real sockets orphans, average over all snapshots
-- column: max integer sockets orphans, most in one snapshot
-- column: max_at time - first snapshot with that many
-- column: queued_avg real bytes bytes not acknowledged, all of them together, average
-- column: queued_max bytes bytes not acknowledged, most in one snapshot
-- column: retransmitting_avg real sockets those with retransmits, average
-- column: retransmitting_max integer sockets those with retransmits, most in one snapshot
-- column: zero_window_avg real sockets those whose peer takes no data, average
-- column: peers integer addresses distinct addresses at the other end
-- column: oldest_run integer snapshots longest that one of them was seen, in snapshots in a row
-- column: oldest_since time - first snapshot of that run
WITH total AS (
  SELECT host, count(*) AS snapshots
  FROM snapshots
  WHERE taken_ms >= ifnull(:since, -9223372036854775808)
    AND taken_ms < ifnull(:until, 9223372036854775807)
    AND host = ifnull(:host, host)
  GROUP BY host
),
numbered AS MATERIALIZED (
  SELECT host, taken_ms, ordinal,
    row_number() OVER (PARTITION BY host ORDER BY taken_ms, ordinal) AS number
  FROM snapshots
  WHERE taken_ms >= ifnull(:since, -9223372036854775808)
    AND taken_ms < ifnull(:until, 9223372036854775807)
    AND host = ifnull(:host, host)
),
orphan AS MATERIALIZED (
  SELECT host, state, taken_ms, ordinal, local_key, local_port, remote_key, remote_port, tx_queue,
    timer = 'on' AND retransmits > 0 AS retransmitting,
    timer = 'persist' AS zero_window
  FROM sockets
  WHERE taken_ms >= ifnull(:since, -9223372036854775808)
    AND taken_ms < ifnull(:until, 9223372036854775807)
    AND host = ifnull(:host, host)
    AND owner_class = 'orphan'
),
per_snapshot AS (
  SELECT host, state, taken_ms,
    count(*) AS orphans,
    sum(tx_queue) AS queued,
    sum(retransmitting) AS retransmitting,
    sum(zero_window) AS zero_window
  FROM orphan
  GROUP BY host, state, taken_ms, ordinal
),
peak AS (
  SELECT host, state, taken_ms, orphans, queued, retransmitting, zero_window,
    row_number() OVER (PARTITION BY host, state ORDER BY orphans DESC, taken_ms) AS place
  FROM per_snapshot
),
per_state AS (
  SELECT host, state,
    sum(orphans) AS orphans_sum, max(orphans) AS orphans_max,
    min(taken_ms) FILTER (WHERE place = 1) AS max_at,
    sum(queued) AS queued_sum, max(queued) AS queued_max,
    sum(retransmitting) AS retransmitting_sum, max(retransmitting) AS retransmitting_max,
    sum(zero_window) AS zero_window_sum
  FROM peak
  GROUP BY host, state
),
peer AS (
  SELECT host, state, count(DISTINCT remote_key) AS peers
  FROM orphan
  GROUP BY host, state
),
-- Within a run of snapshots the number of the snapshot and its rank rise together. A rank and no
-- number of rows: where tables of two namespaces were mixed, a snapshot has a row twice.
stepped AS (
  SELECT o.host, o.state, o.local_key, o.local_port, o.remote_key, o.remote_port, o.taken_ms,
    n.number,
    n.number - dense_rank() OVER (
      PARTITION BY o.host, o.state, o.local_key, o.local_port, o.remote_key, o.remote_port
      ORDER BY n.number) AS island
  FROM orphan AS o
  JOIN numbered AS n ON n.host = o.host AND n.taken_ms = o.taken_ms AND n.ordinal = o.ordinal
),
runs AS (
  SELECT host, state, count(DISTINCT number) AS run, min(taken_ms) AS since
  FROM stepped
  GROUP BY host, state, local_key, local_port, remote_key, remote_port, island
),
longest AS (
  SELECT host, state, run, since,
    row_number() OVER (PARTITION BY host, state ORDER BY run DESC, since) AS place
  FROM runs
)
SELECT
  p.host AS host,
  p.state AS state,
  t.snapshots AS snapshots,
  p.orphans_sum * 1.0 / t.snapshots AS avg,
  p.orphans_max AS max,
  p.max_at AS max_at,
  p.queued_sum * 1.0 / t.snapshots AS queued_avg,
  p.queued_max AS queued_max,
  p.retransmitting_sum * 1.0 / t.snapshots AS retransmitting_avg,
  p.retransmitting_max AS retransmitting_max,
  p.zero_window_sum * 1.0 / t.snapshots AS zero_window_avg,
  q.peers AS peers,
  l.run AS oldest_run,
  l.since AS oldest_since
FROM per_state AS p
JOIN total AS t ON t.host = p.host
JOIN peer AS q ON q.host = p.host AND q.state = p.state
JOIN longest AS l ON l.host = p.host AND l.state = p.state AND l.place = 1
ORDER BY p.host, p.orphans_sum DESC, p.state;
