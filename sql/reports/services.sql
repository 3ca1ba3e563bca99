-- title: Load per listening port
-- group: who
-- description: For each host and service port what its connections looked like: connections that
--   others made to this host, and the listening sockets themselves. avg and max are over all
--   snapshots of the host in the window; a snapshot without such a socket counts as 0. listening
--   below snapshots: the service was down or restarted at some time.
--   accept_queue are connections that wait for the application to accept them: an avg that is not
--   near 0 says that it accepts too slowly (the limit is not printed by the kernel; a max that
--   repeats is probably limit + 1). close_wait that stays: the application doesn't close.
--   rx_queue are bytes that it has not read, tx_queue bytes that its peers have not acknowledged;
--   both count control bytes too, 1 for a connection that is being closed.
--   peers reads all samples of the window; -p peers=0 leaves that out and is fast.
--
--   Next: states for the course over time, timewait-peers for who is behind time_wait.
-- param: peers integer 1 0: don't count distinct peers
-- column: host text - host, or host/network namespace
-- column: service_port port - the listening port
-- column: snapshots integer snapshots snapshots of the host in the window
-- column: listening integer snapshots those of them in which something listened on the port
-- column: established_avg real sockets ESTABLISHED, average
-- column: established_max integer sockets ESTABLISHED, most in one snapshot
-- column: syn_recv_avg real sockets SYN_RECV, average
-- column: syn_recv_max integer sockets SYN_RECV, most in one snapshot
-- column: close_wait_avg real sockets CLOSE_WAIT, average
-- column: close_wait_max integer sockets CLOSE_WAIT, most in one snapshot
-- column: time_wait_avg real sockets TIME_WAIT, average
-- column: time_wait_max integer sockets TIME_WAIT, most in one snapshot
-- column: accept_queue_avg real connections waiting for accept(), average over its listeners' sum
-- column: accept_queue_max integer connections waiting for accept(), most in one snapshot
-- column: rx_queue_avg real bytes not read by the application, all connections, average
-- column: rx_queue_max bytes bytes not read by the application, most in one snapshot
-- column: tx_queue_avg real bytes not acknowledged by the peers, all connections, average
-- column: tx_queue_max bytes bytes not acknowledged by the peers, most in one snapshot
-- column: peers integer addresses distinct addresses that were connected in the window
WITH total AS (
  SELECT host, count(*) AS snapshots
  FROM snapshots
  WHERE taken_ms >= ifnull(:since, -9223372036854775808)
    AND taken_ms < ifnull(:until, 9223372036854775807)
    AND host = ifnull(:host, host)
  GROUP BY host
),
-- One row a snapshot and port: the families and the local and foreign peers added up.
per_snapshot AS (
  SELECT
    host,
    service_port,
    max(direction = 'listen') AS listening,
    total(sockets) FILTER (WHERE state = 'ESTABLISHED') AS established,
    total(sockets) FILTER (WHERE state = 'SYN_RECV') AS syn_recv,
    total(sockets) FILTER (WHERE state = 'CLOSE_WAIT') AS close_wait,
    total(sockets) FILTER (WHERE state = 'TIME_WAIT') AS time_wait,
    total(rx_queue) FILTER (WHERE direction = 'listen') AS accept_queue,
    total(rx_queue) FILTER (WHERE direction = 'in') AS rx_queue,
    total(tx_queue) FILTER (WHERE direction = 'in') AS tx_queue
  FROM counts
  WHERE taken_ms >= ifnull(:since, -9223372036854775808)
    AND taken_ms < ifnull(:until, 9223372036854775807)
    AND host = ifnull(:host, host)
    AND direction IN ('listen', 'in')
  GROUP BY host, service_port, taken_ms, ordinal
),
per_port AS (
  SELECT
    host,
    service_port,
    sum(listening) AS listening,
    sum(established) AS established_sum, max(established) AS established_max,
    sum(syn_recv) AS syn_recv_sum, max(syn_recv) AS syn_recv_max,
    sum(close_wait) AS close_wait_sum, max(close_wait) AS close_wait_max,
    sum(time_wait) AS time_wait_sum, max(time_wait) AS time_wait_max,
    sum(accept_queue) AS accept_queue_sum, max(accept_queue) AS accept_queue_max,
    sum(rx_queue) AS rx_queue_sum, max(rx_queue) AS rx_queue_max,
    sum(tx_queue) AS tx_queue_sum, max(tx_queue) AS tx_queue_max
  FROM per_snapshot
  GROUP BY host, service_port
),
peer AS (
  SELECT host, service_port, count(DISTINCT remote_key) AS peers
  FROM sockets
  WHERE :peers <> 0
    AND taken_ms >= ifnull(:since, -9223372036854775808)
    AND taken_ms < ifnull(:until, 9223372036854775807)
    AND host = ifnull(:host, host)
    AND direction = 'in'
  GROUP BY host, service_port
)
SELECT
  p.host AS host,
  p.service_port AS service_port,
  t.snapshots AS snapshots,
  p.listening AS listening,
  p.established_sum / t.snapshots AS established_avg,
  CAST(p.established_max AS INTEGER) AS established_max,
  p.syn_recv_sum / t.snapshots AS syn_recv_avg,
  CAST(p.syn_recv_max AS INTEGER) AS syn_recv_max,
  p.close_wait_sum / t.snapshots AS close_wait_avg,
  CAST(p.close_wait_max AS INTEGER) AS close_wait_max,
  p.time_wait_sum / t.snapshots AS time_wait_avg,
  CAST(p.time_wait_max AS INTEGER) AS time_wait_max,
  p.accept_queue_sum / t.snapshots AS accept_queue_avg,
  CAST(p.accept_queue_max AS INTEGER) AS accept_queue_max,
  p.rx_queue_sum / t.snapshots AS rx_queue_avg,
  CAST(p.rx_queue_max AS INTEGER) AS rx_queue_max,
  p.tx_queue_sum / t.snapshots AS tx_queue_avg,
  CAST(p.tx_queue_max AS INTEGER) AS tx_queue_max,
  CASE WHEN :peers <> 0 THEN ifnull(r.peers, 0) END AS peers
FROM per_port AS p
JOIN total AS t ON t.host = p.host
LEFT JOIN peer AS r ON r.host = p.host AND r.service_port = p.service_port
ORDER BY p.host, p.service_port;
