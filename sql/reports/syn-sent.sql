-- title: Which destinations don't answer?
-- group: reach
-- description: Connection attempts of this host that wait for an answer (SYN_SENT), by destination;
--   most of them first. avg and max are over all snapshots of the host in the window; one without
--   such an attempt counts as 0. longest_run: in so many snapshots in a row there was an attempt,
--   from longest_since on. A run with max_retransmits above 0 says that answers don't come: no such
--   host, a firewall that drops, a full accept queue there, or a path that loses packets (then
--   other connections to the same destination get through, see upstreams). Attempts without a
--   retransmit in single snapshots are only the usual handshakes, caught on the way.
--   max_retransmits: the SYN was sent again so often; the first time after 1 s, and 3 times after
--   3 s (kernels from 6.5 on) to 7 s. local_ports: an attempt has a port of its own, so there were
--   about so many at least. A refused attempt (port closed) is gone at once and not seen, and
--   neither is which of the attempts succeeded.
--
--   Next: upstreams for what else goes to the same destinations, ephemeral for the ports that
--   this uses up.
-- param: limit integer 20 rows for each host
-- column: host text - host, or host/network namespace
-- column: remote_ip address - destination
-- column: remote_port port - port there
-- column: snapshots integer snapshots snapshots of the host in the window
-- column: seen integer snapshots those of them with an attempt
-- column: avg real sockets attempts that wait, average over all snapshots
-- column: max integer sockets attempts that wait, most in one snapshot
-- column: max_retransmits integer - most retransmits of one SYN
-- column: longest_run integer snapshots most snapshots in a row with an attempt
-- column: longest_since time - first snapshot of that run
-- column: local_ports integer ports distinct local addresses and ports of the attempts
-- column: first_seen time - first snapshot with an attempt
-- column: last_seen time - last snapshot with an attempt
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
attempt AS MATERIALIZED (
  SELECT host, remote_key, remote_port, taken_ms, ordinal, local_key, local_port, retransmits
  FROM sockets
  WHERE taken_ms >= ifnull(:since, -9223372036854775808)
    AND taken_ms < ifnull(:until, 9223372036854775807)
    AND host = ifnull(:host, host)
    AND state = 'SYN_SENT'
),
per_snapshot AS (
  SELECT host, remote_key, remote_port, taken_ms, ordinal,
    count(*) AS attempts,
    max(retransmits) AS retransmits
  FROM attempt
  GROUP BY host, remote_key, remote_port, taken_ms, ordinal
),
-- Within a run of snapshots the number of the snapshot and that of the row rise together.
stepped AS (
  SELECT p.host, p.remote_key, p.remote_port, p.taken_ms, p.attempts, p.retransmits,
    n.number - row_number() OVER (
      PARTITION BY p.host, p.remote_key, p.remote_port ORDER BY n.number) AS island
  FROM per_snapshot AS p
  JOIN numbered AS n ON n.host = p.host AND n.taken_ms = p.taken_ms AND n.ordinal = p.ordinal
),
runs AS (
  SELECT host, remote_key, remote_port,
    count(*) AS run,
    min(taken_ms) AS first_seen,
    max(taken_ms) AS last_seen,
    sum(attempts) AS attempts_sum,
    max(attempts) AS attempts_max,
    max(retransmits) AS retransmits
  FROM stepped
  GROUP BY host, remote_key, remote_port, island
),
ordered AS (
  SELECT host, remote_key, remote_port, run, first_seen, last_seen, attempts_sum, attempts_max,
    retransmits,
    row_number() OVER (
      PARTITION BY host, remote_key, remote_port ORDER BY run DESC, first_seen) AS place
  FROM runs
),
per_destination AS (
  SELECT host, remote_key, remote_port,
    sum(run) AS seen,
    sum(attempts_sum) AS attempts_sum,
    max(attempts_max) AS attempts_max,
    max(retransmits) AS retransmits,
    max(run) AS longest_run,
    min(first_seen) FILTER (WHERE place = 1) AS longest_since,
    min(first_seen) AS first_seen,
    max(last_seen) AS last_seen,
    CASE WHEN remote_key < 4294967296
      THEN (remote_key >> 24) || '.' || ((remote_key >> 16) & 255) || '.'
        || ((remote_key >> 8) & 255) || '.' || (remote_key & 255)
      ELSE (SELECT a.text FROM address6 AS a WHERE a.id = remote_key - 4294967296)
    END AS remote_ip
  FROM ordered
  GROUP BY host, remote_key, remote_port
),
ranked AS (
  SELECT host, remote_key, remote_port, seen, attempts_sum, attempts_max, retransmits, longest_run,
    longest_since, first_seen, last_seen, remote_ip,
    row_number() OVER (
      PARTITION BY host ORDER BY attempts_sum DESC, remote_ip, remote_port) AS place
  FROM per_destination
),
ports AS (
  SELECT host, remote_key, remote_port, count(DISTINCT local_key << 16 | local_port) AS local_ports
  FROM attempt
  GROUP BY host, remote_key, remote_port
)
SELECT
  k.host AS host,
  k.remote_ip AS remote_ip,
  k.remote_port AS remote_port,
  t.snapshots AS snapshots,
  k.seen AS seen,
  k.attempts_sum * 1.0 / t.snapshots AS avg,
  k.attempts_max AS max,
  k.retransmits AS max_retransmits,
  k.longest_run AS longest_run,
  k.longest_since AS longest_since,
  p.local_ports AS local_ports,
  k.first_seen AS first_seen,
  k.last_seen AS last_seen
FROM ranked AS k
JOIN total AS t ON t.host = k.host
JOIN ports AS p
  ON p.host = k.host AND p.remote_key = k.remote_key AND p.remote_port = k.remote_port
WHERE k.place <= :limit
ORDER BY k.host, k.place;
