-- title: Backends that this host connects to
-- group: reach
-- description: For each address and port that this host has connections to (direction out), the
--   states they were in. avg and max are over all snapshots of the host in the window, a snapshot
--   without such a socket counts as 0. The largest of each host come first.
--   syn_sent_percent: the share of all snapshots in which a connection to it was still waiting for
--   an answer: above a few percent it answers slowly, drops, or is down. retransmitting: what was
--   sent was not acknowledged in time. close_wait that stays: it closes, this host doesn't (pool
--   that keeps dead connections). Many time_wait: a new connection for each request. local_ports:
--   different local ports in use, TIME_WAIT included.
--   Connections to a port that listened no longer when the snapshot was taken stand here too, with
--   the client's address and port. Connections shorter than the distance of snapshots are mostly
--   not seen.
--   The report reads the samples of the window: give --since and --until in large databases.
--
--   Next: syn-sent for what doesn't answer, ephemeral for local ports running out, retrans for
--   loss, close-rate for how many a second.
-- param: limit integer 20 rows for each host
-- column: host text - host, or host/network namespace
-- column: remote_ip address - address of the backend
-- column: remote_port port - its port
-- column: snapshots integer snapshots snapshots of the host in the window
-- column: established_avg real sockets ESTABLISHED, average
-- column: established_max integer sockets ESTABLISHED, most in one snapshot
-- column: syn_sent_max integer sockets SYN_SENT, most in one snapshot
-- column: syn_sent_percent percent % share of the snapshots with at least one SYN_SENT
-- column: close_wait_avg real sockets CLOSE_WAIT, average
-- column: close_wait_max integer sockets CLOSE_WAIT, most in one snapshot
-- column: time_wait_avg real sockets TIME_WAIT, average
-- column: time_wait_max integer sockets TIME_WAIT, most in one snapshot
-- column: other_max integer sockets all other states, most in one snapshot
-- column: retransmitting_max integer sockets with retransmits under way, most in one snapshot
-- column: local_ports_max integer ports different local ports, most in one snapshot
WITH moment AS MATERIALIZED (
  SELECT host, taken_ms, ordinal, count(*) OVER (PARTITION BY host) AS snapshots
  FROM snapshots
  WHERE taken_ms >= ifnull(:since, -9223372036854775808)
    AND taken_ms < ifnull(:until, 9223372036854775807)
    AND host = ifnull(:host, host)
),
-- The groups of one snapshot as a list, so that no more than one snapshot is ever sorted.
grouped AS (
  SELECT m.host AS host, m.snapshots AS snapshots, (
    SELECT json_group_array(json_array(remote_key, remote_port, sockets, established, syn_sent,
      close_wait, time_wait, retransmitting, local_ports))
    FROM (
      SELECT remote_key, remote_port,
        count(*) AS sockets,
        count(*) FILTER (WHERE state = 'ESTABLISHED') AS established,
        count(*) FILTER (WHERE state = 'SYN_SENT') AS syn_sent,
        count(*) FILTER (WHERE state = 'CLOSE_WAIT') AS close_wait,
        count(*) FILTER (WHERE state = 'TIME_WAIT') AS time_wait,
        count(*) FILTER (WHERE is_retransmitting) AS retransmitting,
        count(DISTINCT local_port) AS local_ports
      FROM (
        SELECT k.remote_key AS remote_key, k.remote_port AS remote_port, k.state AS state,
          k.local_port AS local_port, k.retransmits > 0 AND k.timer = 'on' AS is_retransmitting
        FROM sockets AS k
        WHERE k.host = m.host
          AND k.taken_ms = m.taken_ms
          AND k.ordinal = m.ordinal
          AND k.direction = 'out'
      )
      GROUP BY remote_key, remote_port
    )
  ) AS list
  FROM moment AS m
),
per_snapshot AS (
  SELECT g.host AS host, g.snapshots AS snapshots,
    v.value ->> 0 AS remote_key, v.value ->> 1 AS remote_port, v.value ->> 2 AS sockets,
    v.value ->> 3 AS established, v.value ->> 4 AS syn_sent, v.value ->> 5 AS close_wait,
    v.value ->> 6 AS time_wait, v.value ->> 7 AS retransmitting, v.value ->> 8 AS local_ports
  FROM grouped AS g
  JOIN json_each(g.list) AS v
),
per_backend AS (
  SELECT host, remote_key, remote_port, snapshots,
    sum(established) AS established_sum, max(established) AS established_max,
    max(syn_sent) AS syn_sent_max, sum(syn_sent > 0) AS syn_sent_seen,
    sum(close_wait) AS close_wait_sum, max(close_wait) AS close_wait_max,
    sum(time_wait) AS time_wait_sum, max(time_wait) AS time_wait_max,
    max(sockets - established - syn_sent - close_wait - time_wait) AS other_max,
    max(retransmitting) AS retransmitting_max,
    max(local_ports) AS local_ports_max,
    row_number() OVER (
      PARTITION BY host ORDER BY sum(sockets) DESC, remote_port, remote_key) AS place
  FROM per_snapshot
  GROUP BY host, remote_key, remote_port, snapshots
)
SELECT
  host,
  CASE WHEN remote_key < 4294967296
    THEN (remote_key >> 24) || '.' || ((remote_key >> 16) & 255) || '.'
      || ((remote_key >> 8) & 255) || '.' || (remote_key & 255)
    ELSE (SELECT a.text FROM address6 AS a WHERE a.id = remote_key - 4294967296)
  END AS remote_ip,
  remote_port,
  snapshots,
  established_sum * 1.0 / snapshots AS established_avg,
  established_max,
  syn_sent_max,
  syn_sent_seen * 100.0 / snapshots AS syn_sent_percent,
  close_wait_sum * 1.0 / snapshots AS close_wait_avg,
  close_wait_max,
  time_wait_sum * 1.0 / snapshots AS time_wait_avg,
  time_wait_max,
  other_max,
  retransmitting_max,
  local_ports_max
FROM per_backend
WHERE place <= :limit
ORDER BY host, place;
