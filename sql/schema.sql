-- The tables of a tcpsnap database. Query the views (views.sql); these are compact.
-- Times are milliseconds since 1970-01-01 UTC. Ids are SQLite's own and mean nothing outside.

PRAGMA application_id = 1952673907;  -- 'tcps'
PRAGMA user_version = 3;

-- A host, or one network namespace of it.
CREATE TABLE host (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  netns TEXT NOT NULL DEFAULT '',
  label TEXT GENERATED ALWAYS AS (iif(netns = '', name, name || '/' || netns)) STORED,
  ticks_per_second INTEGER NOT NULL DEFAULT 100,  -- USER_HZ of its kernel: unit of timers, rto, ato
  uname TEXT,                                     -- this and the rest: told by a bundle, else NULL
  port_range_low INTEGER,                         -- net.ipv4.ip_local_port_range
  port_range_high INTEGER,
  somaxconn INTEGER,                              -- net.core.somaxconn
  tcp_max_tw_buckets INTEGER,
  facts_ms INTEGER,                               -- when it was so: the time of that bundle
  UNIQUE (name, netns)
);
CREATE INDEX host_label ON host (label);

-- A file that was imported, with the account of its lines: every line is counted once.
CREATE TABLE source (
  id INTEGER PRIMARY KEY,
  path TEXT NOT NULL,            -- as it was given; 'archive!member' inside an archive
  head_bytes INTEGER NOT NULL,   -- a file with the same path and the same first bytes is the same
  head_hash INTEGER NOT NULL,    -- source, grown or read again (XXH3 of those bytes)
  bytes INTEGER NOT NULL,        -- read so far
  content_hash TEXT,             -- XXH3-128 of all bytes, hex; NULL until complete
  complete INTEGER NOT NULL,     -- 0: the import was interrupted, run it again
  imported_ms INTEGER NOT NULL,  -- when the last import of it began
  version TEXT NOT NULL,         -- tcpsnap's
  layout TEXT NOT NULL,          -- how its times were found: 'date -Is', 'file name', ...
  lines INTEGER NOT NULL,        -- the sum of the eight below
  markers INTEGER NOT NULL,      -- lines that tell a time or name a file
  headers INTEGER NOT NULL,
  samples INTEGER NOT NULL,      -- rows that are in the database from this source
  duplicates INTEGER NOT NULL,   -- rows dropped as copies within their dump
  blank INTEGER NOT NULL,
  other INTEGER NOT NULL,        -- text that is no part of a tcp table
  known INTEGER NOT NULL,        -- rows of dumps that another source had brought already
  rejected INTEGER NOT NULL,     -- rows that could not be read: see rejected_line
  CHECK (lines = markers + headers + samples + duplicates + blank + other + known + rejected)
);
CREATE INDEX source_path ON source (path);

-- One moment on one host: the tcp dump, the tcp6 dump, or both. Which dumps belong together is
-- decided anew from all dumps of a host after each import.
CREATE TABLE snapshot (
  id INTEGER PRIMARY KEY,
  host_id INTEGER NOT NULL REFERENCES host (id),
  taken_ms INTEGER NOT NULL,
  ordinal INTEGER NOT NULL,      -- 0; counts up where several snapshots bear the same time
  time_origin TEXT NOT NULL,     -- marker, prefix, name, date_file, mtime, given
  taken_at TEXT GENERATED ALWAYS AS (
    strftime('%Y-%m-%d %H:%M:%S', taken_ms / 1000, 'unixepoch')
    || printf('.%03d', taken_ms % 1000)) STORED
);
CREATE INDEX snapshot_host ON snapshot (host_id, taken_ms, ordinal);
CREATE INDEX snapshot_taken_ms ON snapshot (taken_ms);
CREATE INDEX snapshot_taken_at ON snapshot (taken_at);
CREATE INDEX snapshot_host_taken_at ON snapshot (host_id, taken_at);

-- One read of one of the two files. Its samples are the socket_rows first_row..last_row, its
-- rollup the census rows first_census..last_census, and what was last seen in it the connections
-- first_connection..last_connection (first > last: none).
CREATE TABLE dump (
  id INTEGER PRIMARY KEY,
  snapshot_id INTEGER NOT NULL REFERENCES snapshot (id),
  host_id INTEGER NOT NULL REFERENCES host (id),
  family INTEGER NOT NULL,       -- 4: tcp, 6: tcp6
  taken_ms INTEGER NOT NULL,
  time_origin TEXT NOT NULL,
  ordinal INTEGER NOT NULL,      -- of the dumps of its source with this host, family and time
  source_id INTEGER NOT NULL REFERENCES source (id),
  line INTEGER NOT NULL,         -- of its first line, 1-based
  byte_offset INTEGER NOT NULL,
  content_hash INTEGER NOT NULL, -- XXH3-64 of the decoded rows in order
  byte_order TEXT NOT NULL,      -- little, big
  byte_order_origin TEXT NOT NULL,  -- given, told (by a bundle), voted, assumed
  open INTEGER NOT NULL,         -- 1: the last dump of a file that nothing closed; it may grow
  headers INTEGER NOT NULL,      -- 0 when its rows had no header
  row_count INTEGER NOT NULL,    -- rows read, copies included
  duplicates INTEGER NOT NULL,   -- copies dropped
  established INTEGER NOT NULL,  -- the eleven state totals, after dropping copies
  syn_sent INTEGER NOT NULL,
  syn_recv INTEGER NOT NULL,
  fin_wait1 INTEGER NOT NULL,
  fin_wait2 INTEGER NOT NULL,
  time_wait INTEGER NOT NULL,
  close INTEGER NOT NULL,
  close_wait INTEGER NOT NULL,
  last_ack INTEGER NOT NULL,
  listen INTEGER NOT NULL,
  closing INTEGER NOT NULL,
  time_wait_in INTEGER NOT NULL,     -- of time_wait, those with direction in
  time_wait_local INTEGER NOT NULL,  -- of time_wait, those with is_local
  first_row INTEGER NOT NULL,
  last_row INTEGER NOT NULL,
  first_census INTEGER NOT NULL,
  last_census INTEGER NOT NULL,
  first_connection INTEGER NOT NULL DEFAULT 1,
  last_connection INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX dump_snapshot ON dump (snapshot_id, family);
CREATE INDEX dump_identity ON dump (host_id, family, taken_ms);
CREATE INDEX dump_content ON dump (content_hash);
CREATE INDEX dump_source ON dump (source_id, byte_offset);

-- Where else a dump was seen: a later import of another file that holds it too.
CREATE TABLE dump_copy (
  dump_id INTEGER NOT NULL REFERENCES dump (id),
  source_id INTEGER NOT NULL REFERENCES source (id),
  line INTEGER NOT NULL,
  byte_offset INTEGER NOT NULL,
  row_count INTEGER NOT NULL,    -- rows of it in that source (fewer where it was cut there)
  PRIMARY KEY (dump_id, source_id, byte_offset)
) WITHOUT ROWID;
CREATE INDEX dump_copy_source ON dump_copy (source_id);

-- One socket in one snapshot. Small numbers make small rows: SQLite stores an integer in 0 to 8
-- bytes. The view sockets unpacks. All are integers, and NULL only where it says so; neither is
-- declared, and the id stands last, because SQLite then copies and checks each value once less: a
-- fifth of an import.
CREATE TABLE socket_row (
  local,          -- (address key - 2^31) << 16 | port, so that IPv4 fits 6 bytes; the key of IPv4,
  remote,         -- v4-mapped included, is the address (10.0.0.1 = 0x0A000001), that of IPv6
                  -- 2^32 + address6.id
  kind,           -- bits 0-3 state (1 ESTABLISHED .. 11 CLOSING), 4 is_local, 5-6 direction
                  -- (0 listen, 1 in, 2 out), 7-9 owner class (0 owned, or timewait in TIME_WAIT,
                  -- 1 timewait, 2 synrecv, 3 unaccepted, 4 orphan)
  queues,         -- tx_queue: 31 bits at 0, bytes; rx_queue: 31 at 31, bytes, for LISTEN
                  -- connections waiting for accept()
  timer,          -- ticks * 5 + kind (0 off, 1 on, 2 keepalive, 3 timewait, 4 persist); -1 - kind
                  -- where the kernel's ticks overflowed
  retries,        -- retransmits: 32 bits at 0; probes: 31 at 32
  uid,
  inode,
  rto_ato,        -- rto ticks: 12 bits at 0 and 20 at 30; ato ticks: 8 at 12 and 12 at 50;
                  -- quick << 1 | pingpong: 10 at 20
  cwnd_ssthresh,  -- packets; cwnd: 12 bits at 0 and 20 at 23; ssthresh + 1: 11 at 12 and 20 at 43.
                  -- Both are NULL where the kernel prints none
  id INTEGER PRIMARY KEY
);

CREATE TABLE address6 (
  id INTEGER PRIMARY KEY,
  bytes BLOB NOT NULL UNIQUE,    -- 16, network order
  text TEXT NOT NULL             -- RFC 5952
);

-- The rollup of a dump: one row for each kind of socket in it that differs in these four. Integers,
-- never NULL, declared like socket_row.
CREATE TABLE census (
  kind,            -- state, is_local and direction, bits as in socket_row
  service_port,    -- local port of listen and in, remote port of out
  sockets,
  tx_queue,        -- sums
  rx_queue,        -- for LISTEN the sum of the accept queues
  retransmitting,  -- sockets with timer 'on' and retransmits > 0
  unowned,         -- sockets whose owner class is not 'owned'
  id INTEGER PRIMARY KEY
);

-- The four tables below are derived: a pure function of the dumps, made anew where dumps came in
-- another order than that of time (lib/store/connection_follower.h tells the rules).

-- How far that is, for each host and family.
CREATE TABLE followed (
  host_id INTEGER NOT NULL REFERENCES host (id),
  family INTEGER NOT NULL,
  stale INTEGER NOT NULL,        -- 1: an import has begun to change its dumps and has not ended
  mixed INTEGER NOT NULL,        -- 1: one dump has two rows of one pair of endpoints
  PRIMARY KEY (host_id, family)
) WITHOUT ROWID;

-- A socket that was seen in at least two dumps of its host and family. Those that were last seen in
-- a dump are the range that the dump tells. Integers, never NULL, declared like socket_row.
CREATE TABLE connection (
  first_dump,  -- REFERENCES dump (id)
  last_row,    -- its socket_row in the last dump
  samples,     -- dumps in which it was seen
  local,       -- as in socket_row
  remote,
  first_kind,  -- kind in the first and in the last of them
  last_kind,
  uid,         -- the last one while it was owned, else the last one
  inode,       -- 0: it never had one
  id INTEGER PRIMARY KEY
);

-- A change of state or of owner class of such a socket, from one dump that has it to the next.
CREATE TABLE transition (
  dump_id INTEGER NOT NULL REFERENCES dump (id),  -- the dump that shows the new state
  connection_id INTEGER NOT NULL REFERENCES connection (id),
  from_dump INTEGER NOT NULL REFERENCES dump (id),
  from_kind INTEGER NOT NULL,
  to_kind INTEGER NOT NULL,
  PRIMARY KEY (dump_id, connection_id)
) WITHOUT ROWID;
CREATE INDEX transition_connection ON transition (connection_id);

-- How many sockets of a dump were in the one before it too, by their states there and here. The
-- rest of its sockets are new; the rest of those of the one before are gone.
CREATE TABLE turnover (
  dump_id INTEGER NOT NULL REFERENCES dump (id),
  missed INTEGER NOT NULL,       -- 1: not in the dump before, but in the one before that
  from_state INTEGER NOT NULL,   -- the kernel's numbers
  to_state INTEGER NOT NULL,
  sockets INTEGER NOT NULL,
  PRIMARY KEY (dump_id, missed, from_state, to_state)
) WITHOUT ROWID;

-- Lines that could not be read. Nothing that was refused is lost.
CREATE TABLE rejected_line (
  id INTEGER PRIMARY KEY,
  source_id INTEGER NOT NULL REFERENCES source (id),
  dump_id INTEGER REFERENCES dump (id),  -- the dump it stood in, if any
  line INTEGER NOT NULL,         -- 1-based
  byte_offset INTEGER NOT NULL,
  column INTEGER NOT NULL,       -- 1-based byte in the line where the reading stopped
  reason TEXT NOT NULL REFERENCES reject_reason (name),
  text NOT NULL                  -- the line; BLOB where it is no valid UTF-8
);
CREATE INDEX rejected_line_source ON rejected_line (source_id, byte_offset);
CREATE INDEX rejected_line_dump ON rejected_line (dump_id);

-- The closed list of reasons.
CREATE TABLE reject_reason (
  name TEXT PRIMARY KEY,
  sentence TEXT NOT NULL         -- what is wrong and what to do
) WITHOUT ROWID;
