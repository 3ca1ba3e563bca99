-- title: Do both ends agree?
-- group: who
-- description: Connections with both ends on this host (a proxy and its application): each end is
--   a socket of its own, and the two are put together within a snapshot. For each service port the
--   pairs of states, by how far the ends agree:
--   one end: the other doesn't exist (any more), and it isn't the usual TIME_WAIT;
--   half closed: one end has closed, the application at the other (CLOSE_WAIT) has not;
--   opening, closing: under way, or stuck where it is seen in many snapshots;
--   open: both ESTABLISHED; closed: TIME_WAIT, which only the end that closed first goes through.
--   avg is over all snapshots of the host in the window; seen says in how many there was such a
--   pair. The bytes are those of all such pairs in one snapshot, the most of them: what the client
--   wrote waits as client_unacked, then as server_unread; what the server wrote as server_unacked,
--   then as client_unread. One end's unread beside the other's unacked: it doesn't read.
--   The rows of a dump are of slightly different moments, tcp and tcp6 too: a few pairs that don't
--   agree are of that. Where a table is missing (quality) its ends are, and 'one end' may be false;
--   so it may where a dual-stack server (tcp6) and its client (tcp) use two addresses of this host.
--   Ends on two hosts are not put together: their clocks and times differ.
--   The report reads the samples of the window: give --since and --until in large databases.
--
--   Next: close-wait and half-closed for ends that hang, queues for those that don't read,
--   connection for the course of one.
-- param: limit integer 40 rows for each host
-- column: host text - host, or host/network namespace
-- column: ends text - one end, half closed, opening, closing, open or closed
-- column: service_port port - port of the server's end
-- column: client_state text - state of the end that connected; NULL: there is none
-- column: server_state text - state of the end that was connected to; NULL: there is none
-- column: snapshots integer snapshots snapshots of the host in the window
-- column: seen integer snapshots those of them with at least one
-- column: avg real connections average over all snapshots
-- column: max integer connections most in one snapshot
-- column: client_unacked bytes bytes written by the client, not acknowledged, most in one snapshot
-- column: server_unread bytes bytes not read by the server, most in one snapshot
-- column: server_unacked bytes bytes written by the server, not acknowledged, most in one snapshot
-- column: client_unread bytes bytes not read by the client, most in one snapshot
WITH moment AS MATERIALIZED (
  SELECT host, taken_ms, ordinal
  FROM snapshots
  WHERE taken_ms >= ifnull(:since, -9223372036854775808)
    AND taken_ms < ifnull(:until, 9223372036854775807)
    AND host = ifnull(:host, host)
),
total AS (
  SELECT host, count(*) AS snapshots
  FROM moment
  GROUP BY host
),
-- One snapshot at a time: a sort of all samples of the window at once would not fit in memory.
per_snapshot AS (
  SELECT
    m.host AS host,
    j.value ->> 0 AS service_port,
    j.value ->> 1 AS client_state,
    j.value ->> 2 AS server_state,
    j.value ->> 3 AS pairs,
    j.value ->> 4 AS client_unacked,
    j.value ->> 5 AS server_unread,
    j.value ->> 6 AS server_unacked,
    j.value ->> 7 AS client_unread
  FROM moment AS m
  CROSS JOIN json_each((
    WITH
      -- is_local is decided within one dump, and the ends may stand in two (a client in tcp, a
      -- dual-stack server in tcp6): 127.0.0.0/8 is local in any case. Of two sockets with the same
      -- addresses and ports the one that is not in TIME_WAIT is the newer (the others of the row
      -- come with max()).
      socket_end AS (
        SELECT
          direction, state, tx_queue, rx_queue,
          local_key << 16 | local_port AS local,
          remote_key << 16 | remote_port AS remote,
          max((state <> 'TIME_WAIT') << 62 | inode) AS newest
        FROM sockets
        WHERE taken_ms = m.taken_ms
          AND host = m.host
          AND ordinal = m.ordinal
          AND (is_local = 1 OR remote_key >> 24 = 127)
          AND direction <> 'listen'
        GROUP BY local, remote
      ),
      -- The server's end is the one with direction 'in'. Where its listener is gone, or doesn't
      -- stand in the same dump, it is the one with the lower port; where it is alone, only if its
      -- port is below those that connect() takes unless told otherwise, and its peer's is not.
      sided AS (
        SELECT
          state, tx_queue, rx_queue,
          min(local, remote) AS low,
          max(local, remote) AS high,
          CASE
            WHEN direction = 'in' THEN 3
            WHEN local & 65535 < 32768 AND remote & 65535 >= 32768 THEN 2
            WHEN local & 65535 < remote & 65535 THEN 1
            WHEN local & 65535 = remote & 65535 AND local < remote THEN 1
            ELSE 0
          END AS server_rank,
          local,
          local & 65535 AS local_port,
          remote & 65535 AS remote_port
        FROM socket_end
      ),
      ranked AS (
        SELECT
          low, high, state, tx_queue, rx_queue, server_rank, local_port, remote_port,
          row_number() OVER (
            PARTITION BY low, high ORDER BY server_rank DESC, local) AS place,
          count(*) OVER (PARTITION BY low, high) AS number
        FROM sided
      ),
      pair AS (
        SELECT
          -- Alone: from rank 2 on it is the server's end, below the client's.
          max(CASE WHEN place = 1 AND (number = 2 OR server_rank >= 2) THEN local_port
            WHEN number = 1 THEN remote_port END) AS service_port,
          max(state) FILTER (WHERE place = 1 AND (number = 2 OR server_rank >= 2)) AS server_state,
          max(state) FILTER (WHERE place = 2 OR (number = 1 AND server_rank < 2)) AS client_state,
          total(tx_queue) FILTER (WHERE place = 1 AND (number = 2 OR server_rank >= 2))
            AS server_unacked,
          total(rx_queue) FILTER (WHERE place = 1 AND (number = 2 OR server_rank >= 2))
            AS server_unread,
          total(tx_queue) FILTER (WHERE place = 2 OR (number = 1 AND server_rank < 2))
            AS client_unacked,
          total(rx_queue) FILTER (WHERE place = 2 OR (number = 1 AND server_rank < 2))
            AS client_unread
        FROM ranked
        GROUP BY low, high
      ),
      kind AS (
        SELECT
          service_port, client_state, server_state,
          count(*) AS pairs,
          sum(client_unacked) AS client_unacked,
          sum(server_unread) AS server_unread,
          sum(server_unacked) AS server_unacked,
          sum(client_unread) AS client_unread
        FROM pair
        GROUP BY service_port, client_state, server_state
      )
    SELECT json_group_array(json_array(
      service_port, client_state, server_state, pairs, client_unacked, server_unread,
      server_unacked, client_unread))
    FROM kind)) AS j
),
per_kind AS (
  SELECT
    host, service_port, client_state, server_state,
    CASE
      WHEN client_state = 'ESTABLISHED' AND server_state = 'ESTABLISHED' THEN 5
      WHEN 'TIME_WAIT' IN (client_state, server_state) THEN 6
      WHEN 'SYN_SENT' IN (client_state, server_state) THEN 3
      WHEN 'SYN_RECV' IN (client_state, server_state) THEN 3
      WHEN client_state IS NULL OR server_state IS NULL THEN 1
      WHEN 'CLOSE_WAIT' IN (client_state, server_state) THEN 2
      ELSE 4
    END AS ends,
    count(*) AS seen,
    sum(pairs) AS sum_pairs,
    max(pairs) AS max_pairs,
    max(client_unacked) AS client_unacked,
    max(server_unread) AS server_unread,
    max(server_unacked) AS server_unacked,
    max(client_unread) AS client_unread
  FROM per_snapshot
  GROUP BY host, service_port, client_state, server_state
),
placed AS (
  SELECT
    host, service_port, client_state, server_state, ends, seen, sum_pairs, max_pairs,
    client_unacked, server_unread, server_unacked, client_unread,
    row_number() OVER (
      PARTITION BY host
      ORDER BY ends, sum_pairs DESC, service_port, client_state, server_state) AS place
  FROM per_kind
)
SELECT
  k.host AS host,
  CASE k.ends
    WHEN 1 THEN 'one end' WHEN 2 THEN 'half closed' WHEN 3 THEN 'opening' WHEN 4 THEN 'closing'
    WHEN 5 THEN 'open' ELSE 'closed'
  END AS ends,
  k.service_port AS service_port,
  k.client_state AS client_state,
  k.server_state AS server_state,
  t.snapshots AS snapshots,
  k.seen AS seen,
  k.sum_pairs * 1.0 / t.snapshots AS avg,
  k.max_pairs AS max,
  CAST(k.client_unacked AS INTEGER) AS client_unacked,
  CAST(k.server_unread AS INTEGER) AS server_unread,
  CAST(k.server_unacked AS INTEGER) AS server_unacked,
  CAST(k.client_unread AS INTEGER) AS client_unread
FROM placed AS k
JOIN total AS t ON t.host = k.host
WHERE k.place <= :limit
ORDER BY k.host, k.place;
