-- title: Sockets by user and service
-- group: who
-- description: Which user (uid) has how many sockets, by service port: direction in are listening
--   sockets and connections that others made to them, out are connections that this host made.
--   Only sockets that a process owns are counted: in TIME_WAIT, SYN_RECV, waiting to be accepted
--   or left over after close() a socket has no owner and its uid means nothing. avg is over all
--   snapshots of the host in the window, a snapshot without such a socket counts as 0; other are
--   the states that are not named. The largest of each host come first.
--   close_wait_avg that stays: the programs of this user don't close. A uid is a number of the
--   network namespace's reader: 65534 often is a user that it can't name (containers).
--   The report reads the samples of the window: give --since and --until in large databases.
--
--   Next: close-wait for what leaks, services for the ports, listeners for who listened when.
-- param: limit integer 20 rows for each host
-- column: host text - host, or host/network namespace
-- column: uid uid - the user that owns the sockets
-- column: direction text - in: of a listening port of this host; out: the rest
-- column: service_port port - local port for in, the peer's port for out
-- column: snapshots integer snapshots snapshots of the host in the window
-- column: seen integer snapshots those of them with at least one
-- column: avg real sockets average over all snapshots
-- column: max integer sockets most in one snapshot
-- column: listen_max integer sockets LISTEN, most in one snapshot
-- column: established_avg real sockets ESTABLISHED, average
-- column: established_max integer sockets ESTABLISHED, most in one snapshot
-- column: close_wait_avg real sockets CLOSE_WAIT, average
-- column: close_wait_max integer sockets CLOSE_WAIT, most in one snapshot
-- column: other_avg real sockets the other states, average
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
    SELECT json_group_array(json_array(
      uid, is_out, service_port, sockets, listen, established, close_wait))
    FROM (
      SELECT k.uid AS uid, k.direction = 'out' AS is_out, k.service_port AS service_port,
        count(*) AS sockets,
        count(*) FILTER (WHERE k.state = 'LISTEN') AS listen,
        count(*) FILTER (WHERE k.state = 'ESTABLISHED') AS established,
        count(*) FILTER (WHERE k.state = 'CLOSE_WAIT') AS close_wait
      FROM sockets AS k
      WHERE k.host = m.host
        AND k.taken_ms = m.taken_ms
        AND k.ordinal = m.ordinal
        AND k.owner_class = 'owned'
      GROUP BY 3, 1, 2
    )
  ) AS list
  FROM moment AS m
),
per_snapshot AS (
  SELECT g.host AS host, g.snapshots AS snapshots,
    v.value ->> 0 AS uid, v.value ->> 1 AS is_out, v.value ->> 2 AS service_port,
    v.value ->> 3 AS sockets, v.value ->> 4 AS listen, v.value ->> 5 AS established,
    v.value ->> 6 AS close_wait
  FROM grouped AS g
  JOIN json_each(g.list) AS v
),
per_service AS (
  SELECT host, uid, is_out, service_port, snapshots,
    count(*) AS seen,
    sum(sockets) AS sum_sockets, max(sockets) AS max_sockets,
    max(listen) AS listen_max,
    sum(established) AS established_sum, max(established) AS established_max,
    sum(close_wait) AS close_wait_sum, max(close_wait) AS close_wait_max,
    sum(sockets - listen - established - close_wait) AS other_sum,
    row_number() OVER (
      PARTITION BY host ORDER BY sum(sockets) DESC, uid, is_out, service_port) AS place
  FROM per_snapshot
  GROUP BY host, uid, is_out, service_port, snapshots
)
SELECT
  host,
  uid,
  iif(is_out, 'out', 'in') AS direction,
  service_port,
  snapshots,
  seen,
  sum_sockets * 1.0 / snapshots AS avg,
  max_sockets AS max,
  listen_max,
  established_sum * 1.0 / snapshots AS established_avg,
  established_max,
  close_wait_sum * 1.0 / snapshots AS close_wait_avg,
  close_wait_max,
  other_sum * 1.0 / snapshots AS other_avg
FROM per_service
WHERE place <= :limit
ORDER BY host, place;
