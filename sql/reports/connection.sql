-- title: The timeline of one connection
-- group: who
-- description: Every snapshot in which a connection was seen, as its end on this host showed it.
--   Name it by local_ip, local_port, remote_ip and remote_port; those that are left out match
--   anything, but without any there are no rows. Where several connections match, each has its
--   own timeline, and much takes long: the peer's address or the port that is not the service's
--   make it quick. Write IPv6 addresses as the other reports show them. For the other end of a
--   connection within this host swap local and remote.
--   connection counts the connections that used these addresses and ports one after the other in
--   the window: another inode, a way out of TIME_WAIT, or TIME_WAIT still after more than its 60 s
--   begins a new one. absent are the snapshots since the row above in which it was not there (NULL
--   in the first row): it was closed in between, or the dump lost its row. A snapshot shows a
--   moment: what happened between two is not seen. Listening sockets are left out.
--   The report reads the samples of the window: give --since and --until in large databases.
--
--   Next: pairs for the other end on this host, retrans and zero-window for what its timer says,
--   listeners for a listening port.
-- param: local_ip text optional its address on this host
-- param: local_port port optional its port on this host
-- param: remote_ip text optional address of the peer
-- param: remote_port port optional port of the peer
-- param: limit integer 1000 rows for each host
-- column: host text - host, or host/network namespace
-- column: local_ip address - its address on this host
-- column: local_port port - its port on this host
-- column: remote_ip address - address of the peer
-- column: remote_port port - port of the peer
-- column: connection integer - 1, 2, ...: another number is another connection
-- column: taken_at time - time of the snapshot
-- column: absent integer snapshots snapshots without it since the row above
-- column: state text - its state
-- column: tx_queue bytes bytes written and not acknowledged
-- column: rx_queue bytes bytes arrived and not read
-- column: timer text - on: retransmission; keepalive, timewait, persist: the peer is full; off
-- column: retransmits integer retransmits sent again in a row, unanswered
-- column: probes integer probes window or keepalive probes, unanswered
-- column: owner_class text - owned, or why it has no inode: unaccepted, orphan, timewait, synrecv
-- column: uid uid - its owner; NULL where it has none
-- column: inode integer - socket:[inode] in /proc/PID/fd; 0: none
WITH
-- The text of an address as the key that the samples have: a number to compare, no text to make for
-- each of them. -1: no such address.
wanted AS MATERIALIZED (
  SELECT
    replace(lower(:local_ip), '::ffff:', '') AS local_text,
    replace(lower(:remote_ip), '::ffff:', '') AS remote_text
),
octets AS MATERIALIZED (
  SELECT
    local_text,
    remote_text,
    iif(local_text GLOB '*.*.*.*', '[' || replace(local_text, '.', ',') || ']', '') AS local_json,
    iif(remote_text GLOB '*.*.*.*', '[' || replace(remote_text, '.', ',') || ']', '')
      AS remote_json
  FROM wanted
),
name AS MATERIALIZED (
  SELECT
    CASE
      WHEN :local_ip IS NULL THEN NULL
      WHEN json_valid(local_json) THEN
        ((local_json ->> 0) << 24) | ((local_json ->> 1) << 16) | ((local_json ->> 2) << 8)
        | (local_json ->> 3)
      ELSE ifnull((SELECT a.id + 4294967296 FROM address6 AS a WHERE a.text = o.local_text), -1)
    END AS local_key,
    CASE
      WHEN :remote_ip IS NULL THEN NULL
      WHEN json_valid(remote_json) THEN
        ((remote_json ->> 0) << 24) | ((remote_json ->> 1) << 16) | ((remote_json ->> 2) << 8)
        | (remote_json ->> 3)
      ELSE ifnull((SELECT a.id + 4294967296 FROM address6 AS a WHERE a.text = o.remote_text), -1)
    END AS remote_key
  FROM octets AS o
),
numbered AS MATERIALIZED (
  SELECT host, taken_ms, ordinal,
    row_number() OVER (PARTITION BY host ORDER BY taken_ms, ordinal) AS number
  FROM snapshots
  WHERE taken_ms >= ifnull(:since, -9223372036854775808)
    AND taken_ms < ifnull(:until, 9223372036854775807)
    AND host = ifnull(:host, host)
),
-- Address and port in one integer: less to sort.
found AS (
  SELECT host, taken_ms, ordinal,
    (local_key << 16) | local_port AS local,
    (remote_key << 16) | remote_port AS remote,
    state, tx_queue, rx_queue, timer, retransmits, probes, owner_class, uid, inode
  FROM sockets
  WHERE taken_ms >= ifnull(:since, -9223372036854775808)
    AND taken_ms < ifnull(:until, 9223372036854775807)
    AND host = ifnull(:host, host)
    AND coalesce(:local_ip, :remote_ip, :local_port, :remote_port) IS NOT NULL
    AND remote_port = ifnull(:remote_port, remote_port)
    AND local_port = ifnull(:local_port, local_port)
    AND remote_key = ifnull((SELECT n.remote_key FROM name AS n), remote_key)
    AND local_key = ifnull((SELECT n.local_key FROM name AS n), local_key)
    AND state <> 'LISTEN'
),
-- Leaving TIME_WAIT begins a new one, and so does TIME_WAIT that would have lasted for more than
-- the 60 s that it does (a timer fires a little late).
after_timewait AS (
  SELECT f.host, f.taken_ms, f.local, f.remote, f.state, f.tx_queue, f.rx_queue, f.timer,
    f.retransmits, f.probes, f.owner_class, f.uid, f.inode, n.number,
    n.number - lag(n.number) OVER tuple - 1 AS absent,
    ifnull(lag(f.state) OVER tuple, '') = 'TIME_WAIT'
      AND (f.state <> 'TIME_WAIT' OR f.taken_ms - lag(f.taken_ms) OVER tuple > 61000) AS is_new,
    row_number() OVER tuple AS step
  FROM found AS f
  JOIN numbered AS n
    ON n.host = f.host AND n.taken_ms = f.taken_ms AND n.ordinal = f.ordinal
  WINDOW tuple AS (
    PARTITION BY f.host, f.local, f.remote ORDER BY n.number, f.state <> 'TIME_WAIT', f.inode)
),
counted AS (
  SELECT host, taken_ms, local, remote, state, tx_queue, rx_queue, timer, retransmits, probes,
    owner_class, uid, inode, absent, is_new, step,
    row_number() OVER (PARTITION BY host ORDER BY local, remote, step) AS place,
    sum(is_new) OVER (PARTITION BY host, local, remote ORDER BY step) AS epoch
  FROM after_timewait
),
-- And so does another inode than the last that there was since.
after_inode AS (
  SELECT host, taken_ms, local, remote, state, tx_queue, rx_queue, timer, retransmits, probes,
    owner_class, uid, inode, absent, step, place,
    is_new OR (inode <> 0 AND ifnull(inode <> lag(inode) OVER (
      PARTITION BY host, local, remote, epoch, inode <> 0 ORDER BY step), 0)) AS is_new
  FROM counted
  WHERE place <= :limit
),
timeline AS (
  SELECT host, taken_ms, local, remote, state, tx_queue, rx_queue, timer, retransmits, probes,
    owner_class, uid, inode, absent, place,
    local >> 16 AS local_key,
    remote >> 16 AS remote_key,
    1 + sum(is_new) OVER (PARTITION BY host, local, remote ORDER BY step) AS connection
  FROM after_inode
)
SELECT
  w.host AS host,
  CASE WHEN w.local_key < 4294967296
    THEN (w.local_key >> 24) || '.' || ((w.local_key >> 16) & 255) || '.'
      || ((w.local_key >> 8) & 255) || '.' || (w.local_key & 255)
    ELSE (SELECT a.text FROM address6 AS a WHERE a.id = w.local_key - 4294967296)
  END AS local_ip,
  w.local & 65535 AS local_port,
  CASE WHEN w.remote_key < 4294967296
    THEN (w.remote_key >> 24) || '.' || ((w.remote_key >> 16) & 255) || '.'
      || ((w.remote_key >> 8) & 255) || '.' || (w.remote_key & 255)
    ELSE (SELECT a.text FROM address6 AS a WHERE a.id = w.remote_key - 4294967296)
  END AS remote_ip,
  w.remote & 65535 AS remote_port,
  w.connection AS connection,
  w.taken_ms AS taken_at,
  w.absent AS absent,
  w.state AS state,
  w.tx_queue AS tx_queue,
  w.rx_queue AS rx_queue,
  w.timer AS timer,
  w.retransmits AS retransmits,
  w.probes AS probes,
  w.owner_class AS owner_class,
  CASE WHEN w.owner_class = 'owned' THEN w.uid END AS uid,
  w.inode AS inode
FROM timeline AS w
WHERE w.place <= :limit
ORDER BY w.host, w.place;
