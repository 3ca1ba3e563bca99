-- The views that users query. Any SQLite tool reads them, without an extension. (tcpsnap-query does
-- their printf() of addresses by a function of its own: lib/store/fast_views.h.) The commonest
-- states come first, as SQLite tries the WHENs in order.
--
-- taken_at is UTC text 'YYYY-MM-DD HH:MM:SS.mmm', always three decimals, so that it compares
-- rightly with datetime(); taken_ms is the same moment in milliseconds since 1970.

-- One row a socket a snapshot. A window over taken_at, taken_ms or host reads only the rows of its
-- snapshots: CROSS JOIN holds SQLite to that order, whatever else is asked. (The + before a column
-- keeps it from building an index over all samples for a filter like uid = 33.)
CREATE VIEW sockets AS
SELECT
  s.taken_at AS taken_at,
  s.taken_ms AS taken_ms,
  h.label AS host,
  d.family AS family,            -- 4 or 6: which file; a v4-mapped address shows as IPv4 under 6
  CASE WHEN r.local < 140737488355328
    THEN printf('%d.%d.%d.%d', (r.local >> 40) + 128, (r.local >> 32) & 255,
      (r.local >> 24) & 255, (r.local >> 16) & 255)
    ELSE (SELECT a.text FROM address6 AS a WHERE a.id = (r.local >> 16) - 2147483648)
  END AS local_ip,
  r.local & 65535 AS local_port,
  CASE WHEN r.remote < 140737488355328
    THEN printf('%d.%d.%d.%d', (r.remote >> 40) + 128, (r.remote >> 32) & 255,
      (r.remote >> 24) & 255, (r.remote >> 16) & 255)
    ELSE (SELECT a.text FROM address6 AS a WHERE a.id = (r.remote >> 16) - 2147483648)
  END AS remote_ip,
  r.remote & 65535 AS remote_port,
  CASE r.kind & 15
    WHEN 1 THEN 'ESTABLISHED' WHEN 6 THEN 'TIME_WAIT' WHEN 8 THEN 'CLOSE_WAIT' WHEN 10 THEN 'LISTEN'
    WHEN 2 THEN 'SYN_SENT' WHEN 3 THEN 'SYN_RECV' WHEN 4 THEN 'FIN_WAIT1' WHEN 5 THEN 'FIN_WAIT2'
    WHEN 7 THEN 'CLOSE' WHEN 9 THEN 'LAST_ACK' WHEN 11 THEN 'CLOSING'
  END AS state,
  CASE (r.kind >> 5) & 3 WHEN 0 THEN 'listen' WHEN 1 THEN 'in' ELSE 'out' END AS direction,
  (r.kind >> 4) & 1 AS is_local, -- 1: the remote address is an address of this host
  CASE WHEN (r.kind >> 5) & 3 = 2 THEN r.remote ELSE r.local END & 65535 AS service_port,
  r.queues & 2147483647 AS tx_queue,  -- bytes not yet acknowledged
  r.queues >> 31 AS rx_queue,    -- bytes not yet read; LISTEN: connections waiting for accept()
  CASE CASE WHEN r.timer < 0 THEN -1 - r.timer ELSE r.timer % 5 END
    WHEN 0 THEN 'off' WHEN 1 THEN 'on' WHEN 2 THEN 'keepalive' WHEN 3 THEN 'timewait'
    ELSE 'persist'
  END AS timer,
  CASE WHEN r.timer >= 0 AND r.timer % 5 <> 0
    THEN (r.timer / 5) * 1000 / h.ticks_per_second
  END AS timer_expires_ms,       -- NULL: no timer, or the kernel printed an overflow
  r.retries & 4294967295 AS retransmits,
  +r.uid AS uid,                 -- means nothing where owner_class is not 'owned'
  r.retries >> 32 AS probes,
  +r.inode AS inode,
  CASE r.kind >> 7
    WHEN 0 THEN iif(r.kind & 15 = 6, 'timewait', 'owned')
    WHEN 1 THEN 'timewait' WHEN 2 THEN 'synrecv' WHEN 3 THEN 'unaccepted' ELSE 'orphan'
  END AS owner_class,
  ((r.rto_ato & 4095) | (((r.rto_ato >> 30) & 1048575) << 12)) * 1000 / h.ticks_per_second
    AS rto_ms,                   -- this and the next five: NULL in TIME_WAIT and SYN_RECV
  (((r.rto_ato >> 12) & 255) | (((r.rto_ato >> 50) & 4095) << 8)) * 1000 / h.ticks_per_second
    AS ato_ms,
  (r.rto_ato >> 21) & 511 AS quick,
  (r.rto_ato >> 20) & 1 AS pingpong,
  (r.cwnd_ssthresh & 4095) | (((r.cwnd_ssthresh >> 23) & 1048575) << 12)
    AS cwnd,                     -- packets
  (((r.cwnd_ssthresh >> 12) & 2047) | (((r.cwnd_ssthresh >> 43) & 1048575) << 11)) - 1
    AS ssthresh,                 -- packets; -1: no loss so far
  (r.local >> 16) + 2147483648 AS local_key,    -- the addresses as integers, much quicker than the
  (r.remote >> 16) + 2147483648 AS remote_key,  -- text: 10.0.0.1 is 0x0A000001; IPv6 from 2^32 on
  s.ordinal AS ordinal           -- (host, taken_ms, ordinal) names a snapshot
FROM host AS h
JOIN snapshot AS s ON s.host_id = h.id
CROSS JOIN dump AS d ON d.snapshot_id = s.id
CROSS JOIN socket_row AS r ON r.id BETWEEN d.first_row AND d.last_row;

-- One row a snapshot: the sockets in each state, both families added up. Counting over time starts
-- here: a snapshot without sockets in a state has a row, with 0.
CREATE VIEW snapshots AS
SELECT
  s.taken_at AS taken_at,
  s.taken_ms AS taken_ms,
  h.label AS host,
  s.ordinal AS ordinal,          -- (host, taken_ms, ordinal) names a snapshot
  s.time_origin AS time_origin,  -- where its time came from: marker, prefix, name, date_file, ...
  d.id IS NOT NULL AS has_tcp,
  e.id IS NOT NULL AS has_tcp6,
  ifnull(d.row_count, 0) + ifnull(e.row_count, 0) AS row_count,
  ifnull(d.duplicates, 0) + ifnull(e.duplicates, 0) AS duplicates,
  ifnull(d.row_count - d.duplicates, 0) + ifnull(e.row_count - e.duplicates, 0) AS sockets,
  ifnull(d.established, 0) + ifnull(e.established, 0) AS established,
  ifnull(d.syn_sent, 0) + ifnull(e.syn_sent, 0) AS syn_sent,
  ifnull(d.syn_recv, 0) + ifnull(e.syn_recv, 0) AS syn_recv,
  ifnull(d.fin_wait1, 0) + ifnull(e.fin_wait1, 0) AS fin_wait1,
  ifnull(d.fin_wait2, 0) + ifnull(e.fin_wait2, 0) AS fin_wait2,
  ifnull(d.time_wait, 0) + ifnull(e.time_wait, 0) AS time_wait,
  ifnull(d.close, 0) + ifnull(e.close, 0) AS close,
  ifnull(d.close_wait, 0) + ifnull(e.close_wait, 0) AS close_wait,
  ifnull(d.last_ack, 0) + ifnull(e.last_ack, 0) AS last_ack,
  ifnull(d.listen, 0) + ifnull(e.listen, 0) AS listen,
  ifnull(d.closing, 0) + ifnull(e.closing, 0) AS closing,
  ifnull(d.time_wait_in, 0) + ifnull(e.time_wait_in, 0) AS time_wait_in,  -- of time_wait: to a
                                 -- listening port of this host; the rest is out
  ifnull(d.time_wait_local, 0) + ifnull(e.time_wait_local, 0) AS time_wait_local  -- with a peer on
                                 -- this host
FROM host AS h
JOIN snapshot AS s ON s.host_id = h.id
LEFT JOIN dump AS d ON d.snapshot_id = s.id AND d.family = 4
LEFT JOIN dump AS e ON e.snapshot_id = s.id AND e.family = 6;

-- One row a dump: where it came from and what it holds.
CREATE VIEW dumps AS
SELECT
  s.taken_at AS taken_at,        -- of its snapshot
  s.taken_ms AS taken_ms,
  h.label AS host,
  s.ordinal AS ordinal,
  d.family AS family,
  d.taken_ms AS dump_taken_ms,   -- its own time, where it was paired with one near it
  d.time_origin AS time_origin,
  o.path AS source,
  d.line AS line,
  d.byte_offset AS byte_offset,
  d.byte_order AS byte_order,
  d.byte_order_origin AS byte_order_origin,
  d.open AS open,
  d.headers AS headers,
  d.row_count AS row_count,
  d.duplicates AS duplicates,
  d.row_count - d.duplicates AS sockets,
  (SELECT count(*) FROM rejected_line AS x
    WHERE x.dump_id = d.id AND x.source_id = d.source_id) AS rejected
FROM host AS h
JOIN snapshot AS s ON s.host_id = h.id
CROSS JOIN dump AS d ON d.snapshot_id = s.id
CROSS JOIN source AS o ON o.id = d.source_id;

-- The rollup: one row a dump, direction, is_local, service port and state. Counting over time reads
-- this and never the samples. No row means no such socket: count it as 0 (see snapshots).
CREATE VIEW counts AS
SELECT
  s.taken_at AS taken_at,
  s.taken_ms AS taken_ms,
  h.label AS host,
  s.ordinal AS ordinal,
  d.family AS family,
  CASE (c.kind >> 5) & 3 WHEN 0 THEN 'listen' WHEN 1 THEN 'in' ELSE 'out' END AS direction,
  (c.kind >> 4) & 1 AS is_local,
  +c.service_port AS service_port,
  CASE c.kind & 15
    WHEN 1 THEN 'ESTABLISHED' WHEN 6 THEN 'TIME_WAIT' WHEN 8 THEN 'CLOSE_WAIT' WHEN 10 THEN 'LISTEN'
    WHEN 2 THEN 'SYN_SENT' WHEN 3 THEN 'SYN_RECV' WHEN 4 THEN 'FIN_WAIT1' WHEN 5 THEN 'FIN_WAIT2'
    WHEN 7 THEN 'CLOSE' WHEN 9 THEN 'LAST_ACK' WHEN 11 THEN 'CLOSING'
  END AS state,
  +c.sockets AS sockets,
  +c.tx_queue AS tx_queue,
  +c.rx_queue AS rx_queue,
  +c.retransmitting AS retransmitting,
  +c.unowned AS unowned
FROM host AS h
JOIN snapshot AS s ON s.host_id = h.id
CROSS JOIN dump AS d ON d.snapshot_id = s.id
CROSS JOIN census AS c ON c.id BETWEEN d.first_census AND d.last_census;

-- One row a connection (or listening socket) that was seen in at least two snapshots. What was seen
-- once is in sockets only; how many those were tells turnover. A window over last_seen,
-- last_seen_ms or host reads the connections that were last seen in it: to find those that were
-- there at some time of a window, ask for last_seen from its beginning on and first_seen before its
-- end. To join them with transitions, take what you need of one of the two first:
--   WITH c AS MATERIALIZED (SELECT ... FROM connections WHERE ...)
--   SELECT ... FROM transitions JOIN c USING (connection_id)
CREATE VIEW connections AS
SELECT
  s.taken_at AS last_seen,       -- the last snapshot that has it
  s.taken_ms AS last_seen_ms,
  t.taken_at AS first_seen,      -- the first
  t.taken_ms AS first_seen_ms,
  h.label AS host,
  d.family AS family,
  CASE WHEN c.local < 140737488355328
    THEN printf('%d.%d.%d.%d', (c.local >> 40) + 128, (c.local >> 32) & 255,
      (c.local >> 24) & 255, (c.local >> 16) & 255)
    ELSE (SELECT a.text FROM address6 AS a WHERE a.id = (c.local >> 16) - 2147483648)
  END AS local_ip,
  c.local & 65535 AS local_port,
  CASE WHEN c.remote < 140737488355328
    THEN printf('%d.%d.%d.%d', (c.remote >> 40) + 128, (c.remote >> 32) & 255,
      (c.remote >> 24) & 255, (c.remote >> 16) & 255)
    ELSE (SELECT a.text FROM address6 AS a WHERE a.id = (c.remote >> 16) - 2147483648)
  END AS remote_ip,
  c.remote & 65535 AS remote_port,
  CASE (c.last_kind >> 5) & 3 WHEN 0 THEN 'listen' WHEN 1 THEN 'in' ELSE 'out' END AS direction,
  (c.last_kind >> 4) & 1 AS is_local,
  CASE WHEN (c.last_kind >> 5) & 3 = 2 THEN c.remote ELSE c.local END & 65535 AS service_port,
  +c.samples AS samples,         -- snapshots in which it was seen
  CASE c.first_kind & 15
    WHEN 1 THEN 'ESTABLISHED' WHEN 6 THEN 'TIME_WAIT' WHEN 8 THEN 'CLOSE_WAIT' WHEN 10 THEN 'LISTEN'
    WHEN 2 THEN 'SYN_SENT' WHEN 3 THEN 'SYN_RECV' WHEN 4 THEN 'FIN_WAIT1' WHEN 5 THEN 'FIN_WAIT2'
    WHEN 7 THEN 'CLOSE' WHEN 9 THEN 'LAST_ACK' WHEN 11 THEN 'CLOSING'
  END AS first_state,
  CASE c.last_kind & 15
    WHEN 1 THEN 'ESTABLISHED' WHEN 6 THEN 'TIME_WAIT' WHEN 8 THEN 'CLOSE_WAIT' WHEN 10 THEN 'LISTEN'
    WHEN 2 THEN 'SYN_SENT' WHEN 3 THEN 'SYN_RECV' WHEN 4 THEN 'FIN_WAIT1' WHEN 5 THEN 'FIN_WAIT2'
    WHEN 7 THEN 'CLOSE' WHEN 9 THEN 'LAST_ACK' WHEN 11 THEN 'CLOSING'
  END AS last_state,
  CASE c.first_kind >> 7
    WHEN 0 THEN iif(c.first_kind & 15 = 6, 'timewait', 'owned')
    WHEN 1 THEN 'timewait' WHEN 2 THEN 'synrecv' WHEN 3 THEN 'unaccepted' ELSE 'orphan'
  END AS first_owner_class,
  CASE c.last_kind >> 7
    WHEN 0 THEN iif(c.last_kind & 15 = 6, 'timewait', 'owned')
    WHEN 1 THEN 'timewait' WHEN 2 THEN 'synrecv' WHEN 3 THEN 'unaccepted' ELSE 'orphan'
  END AS last_owner_class,
  +c.uid AS uid,
  +c.inode AS inode,             -- 0: it never had one
  NOT EXISTS (SELECT 1 FROM dump AS n WHERE n.host_id = d.host_id AND n.family = d.family
    AND (n.taken_ms, n.ordinal, n.content_hash) > (d.taken_ms, d.ordinal, d.content_hash))
    AS is_open,                  -- 1: seen in the last snapshot that there is
  (c.local >> 16) + 2147483648 AS local_key,
  (c.remote >> 16) + 2147483648 AS remote_key,
  c.id AS connection_id          -- names it in transitions; another one after a further import
FROM host AS h
JOIN snapshot AS s ON s.host_id = h.id
CROSS JOIN dump AS d ON d.snapshot_id = s.id
CROSS JOIN connection AS c ON c.id BETWEEN d.first_connection AND d.last_connection
CROSS JOIN dump AS f ON f.id = c.first_dump
CROSS JOIN snapshot AS t ON t.id = f.snapshot_id;

-- One row a change of state or owner class of such a connection, at the snapshot that shows the new
-- one first: it came between from_taken_at and taken_at.
CREATE VIEW transitions AS
SELECT
  s.taken_at AS taken_at,
  s.taken_ms AS taken_ms,
  p.taken_at AS from_taken_at,   -- the last snapshot that shows the old one
  p.taken_ms AS from_taken_ms,
  h.label AS host,
  d.family AS family,
  CASE x.from_kind & 15
    WHEN 1 THEN 'ESTABLISHED' WHEN 6 THEN 'TIME_WAIT' WHEN 8 THEN 'CLOSE_WAIT' WHEN 10 THEN 'LISTEN'
    WHEN 2 THEN 'SYN_SENT' WHEN 3 THEN 'SYN_RECV' WHEN 4 THEN 'FIN_WAIT1' WHEN 5 THEN 'FIN_WAIT2'
    WHEN 7 THEN 'CLOSE' WHEN 9 THEN 'LAST_ACK' WHEN 11 THEN 'CLOSING'
  END AS from_state,
  CASE x.to_kind & 15
    WHEN 1 THEN 'ESTABLISHED' WHEN 6 THEN 'TIME_WAIT' WHEN 8 THEN 'CLOSE_WAIT' WHEN 10 THEN 'LISTEN'
    WHEN 2 THEN 'SYN_SENT' WHEN 3 THEN 'SYN_RECV' WHEN 4 THEN 'FIN_WAIT1' WHEN 5 THEN 'FIN_WAIT2'
    WHEN 7 THEN 'CLOSE' WHEN 9 THEN 'LAST_ACK' WHEN 11 THEN 'CLOSING'
  END AS to_state,
  CASE x.from_kind >> 7
    WHEN 0 THEN iif(x.from_kind & 15 = 6, 'timewait', 'owned')
    WHEN 1 THEN 'timewait' WHEN 2 THEN 'synrecv' WHEN 3 THEN 'unaccepted' ELSE 'orphan'
  END AS from_owner_class,
  CASE x.to_kind >> 7
    WHEN 0 THEN iif(x.to_kind & 15 = 6, 'timewait', 'owned')
    WHEN 1 THEN 'timewait' WHEN 2 THEN 'synrecv' WHEN 3 THEN 'unaccepted' ELSE 'orphan'
  END AS to_owner_class,
  CASE WHEN c.local < 140737488355328
    THEN printf('%d.%d.%d.%d', (c.local >> 40) + 128, (c.local >> 32) & 255,
      (c.local >> 24) & 255, (c.local >> 16) & 255)
    ELSE (SELECT a.text FROM address6 AS a WHERE a.id = (c.local >> 16) - 2147483648)
  END AS local_ip,
  c.local & 65535 AS local_port,
  CASE WHEN c.remote < 140737488355328
    THEN printf('%d.%d.%d.%d', (c.remote >> 40) + 128, (c.remote >> 32) & 255,
      (c.remote >> 24) & 255, (c.remote >> 16) & 255)
    ELSE (SELECT a.text FROM address6 AS a WHERE a.id = (c.remote >> 16) - 2147483648)
  END AS remote_ip,
  c.remote & 65535 AS remote_port,
  CASE (x.to_kind >> 5) & 3 WHEN 0 THEN 'listen' WHEN 1 THEN 'in' ELSE 'out' END AS direction,
  (x.to_kind >> 4) & 1 AS is_local,
  CASE WHEN (x.to_kind >> 5) & 3 = 2 THEN c.remote ELSE c.local END & 65535 AS service_port,
  +c.uid AS uid,
  +c.inode AS inode,
  (c.local >> 16) + 2147483648 AS local_key,
  (c.remote >> 16) + 2147483648 AS remote_key,
  x.connection_id AS connection_id
FROM host AS h
JOIN snapshot AS s ON s.host_id = h.id
CROSS JOIN dump AS d ON d.snapshot_id = s.id
CROSS JOIN transition AS x ON x.dump_id = d.id
CROSS JOIN connection AS c ON c.id = x.connection_id
CROSS JOIN dump AS q ON q.id = x.from_dump
CROSS JOIN snapshot AS p ON p.id = q.snapshot_id;

-- How many sockets of a snapshot were in the one before it too, by their states there and here. The
-- rest are new. With the states' totals of two snapshots this counts every socket, those too that
-- were seen once.
CREATE VIEW turnover_counts AS
SELECT
  s.taken_at AS taken_at,
  s.taken_ms AS taken_ms,
  h.label AS host,
  s.ordinal AS ordinal,
  d.family AS family,
  +x.missed AS missed,           -- 1: not in the dump before, but in the one before that
  CASE x.from_state
    WHEN 1 THEN 'ESTABLISHED' WHEN 6 THEN 'TIME_WAIT' WHEN 8 THEN 'CLOSE_WAIT' WHEN 10 THEN 'LISTEN'
    WHEN 2 THEN 'SYN_SENT' WHEN 3 THEN 'SYN_RECV' WHEN 4 THEN 'FIN_WAIT1' WHEN 5 THEN 'FIN_WAIT2'
    WHEN 7 THEN 'CLOSE' WHEN 9 THEN 'LAST_ACK' WHEN 11 THEN 'CLOSING'
  END AS from_state,
  CASE x.to_state
    WHEN 1 THEN 'ESTABLISHED' WHEN 6 THEN 'TIME_WAIT' WHEN 8 THEN 'CLOSE_WAIT' WHEN 10 THEN 'LISTEN'
    WHEN 2 THEN 'SYN_SENT' WHEN 3 THEN 'SYN_RECV' WHEN 4 THEN 'FIN_WAIT1' WHEN 5 THEN 'FIN_WAIT2'
    WHEN 7 THEN 'CLOSE' WHEN 9 THEN 'LAST_ACK' WHEN 11 THEN 'CLOSING'
  END AS to_state,
  +x.sockets AS sockets
FROM host AS h
JOIN snapshot AS s ON s.host_id = h.id
CROSS JOIN dump AS d ON d.snapshot_id = s.id
CROSS JOIN turnover AS x ON x.dump_id = d.id;

-- One row a file that was imported, with the account of its lines.
CREATE VIEW sources AS
SELECT
  o.path AS path,
  o.bytes AS bytes,
  o.content_hash AS content_hash,
  o.complete AS complete,        -- 0: the import was interrupted, run it again
  strftime('%Y-%m-%d %H:%M:%S', o.imported_ms / 1000, 'unixepoch')
    || printf('.%03d', o.imported_ms % 1000) AS imported_at,
  o.version AS version,
  o.layout AS layout,
  (SELECT count(*) FROM dump AS d WHERE d.source_id = o.id) AS dumps,
  o.lines AS lines,              -- the sum of the eight that follow
  o.markers AS markers,
  o.headers AS headers,
  o.samples AS samples,
  o.duplicates AS duplicates,
  o.blank AS blank,
  o.other AS other,
  o.known AS known,
  o.rejected AS rejected
FROM source AS o;

-- One row a host (or network namespace of one).
CREATE VIEW hosts AS
SELECT
  h.label AS host,
  h.name AS name,
  h.netns AS netns,
  h.ticks_per_second AS ticks_per_second,
  h.uname AS uname,
  h.port_range_low AS port_range_low,
  h.port_range_high AS port_range_high,
  h.somaxconn AS somaxconn,
  h.tcp_max_tw_buckets AS tcp_max_tw_buckets,
  strftime('%Y-%m-%d %H:%M:%S', h.facts_ms / 1000, 'unixepoch')
    || printf('.%03d', h.facts_ms % 1000) AS told_at  -- when uname and the others were so
FROM host AS h;

-- One row a line that could not be read, with the reason and what to do.
CREATE VIEW rejected_lines AS
SELECT
  o.path AS source,
  x.line AS line,
  x.column AS column,
  x.byte_offset AS byte_offset,
  x.reason AS reason,
  y.sentence AS sentence,
  x.text AS text
FROM rejected_line AS x
CROSS JOIN source AS o ON o.id = x.source_id
LEFT JOIN reject_reason AS y ON y.name = x.reason;
