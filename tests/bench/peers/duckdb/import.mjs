// import.mjs FILE CAPTURE: a new DuckDB file with what tcpsnap-ingest makes of a capture with
// `date -Is` markers, tcp and tcp6. Prints one line: seconds=..., and the seconds of its parts.
//
// In DuckDB's favour it leaves out:
// - other layouts, big-endian machines, the vote on the byte order, names of hosts;
// - lines that are no rows (the first one ends it with an error, tcpsnap keeps each with its
//   reason), uid and probes wider than their columns, rows of less than 12 tokens;
// - transitions and turnover; of connections the rules for two rows of one dump with the same
//   endpoints, which part a connection in two here (listening sockets that share a port are told
//   apart by their inodes);
// - the indexes, the accounts of files and dumps, and all that importing twice needs.
import { DuckDBInstance } from '@duckdb/node-api';

const [file, capture] = process.argv.slice(2);
const instance = await DuckDBInstance.create(file);
const connection = await instance.connect();

const begin = performance.now();
let last = begin;
const parts = [];
async function part(name, ...statements) {
  for (const sql of statements) await connection.run(sql);
  const now = performance.now();
  parts.push(`${name}=${((now - last) / 1000).toFixed(2)}`);
  last = now;
}

// In memory first: then DuckDB knows that the text is ASCII, and substring() need not look for
// UTF-8. Rows of slot 10000 and above lose their first digit, so that all columns are in place.
await part('read', `
  CREATE TEMP TABLE line AS
  SELECT if(substring(line, 6, 1) = ':', substring(line, 2), line) AS line
  FROM read_csv('${capture}', auto_detect = false, header = false, delim = '\x01', quote = '',
    escape = '', columns = {'line': 'VARCHAR'})`);

await part('context', `
  CREATE TABLE dump AS
  SELECT row_number() OVER (ORDER BY first_line)::INTEGER AS id, family, taken_at,
    (row_number() OVER (PARTITION BY family ORDER BY taken_at, first_line))::INTEGER AS number,
    first_line, end_line
  FROM (
    SELECT number AS first_line, is_header,
      lead(number, 1, (SELECT count(*) FROM line)) OVER (ORDER BY number) AS end_line,
      if(contains(line, 'remote_address'), 6, 4)::UTINYINT AS family,
      last_value(if(is_header, NULL, line)::TIMESTAMP IGNORE NULLS) OVER (ORDER BY number)
        AS taken_at
    FROM (
      SELECT rowid AS number, line, starts_with(line, '  sl') AS is_header
      FROM line WHERE substring(line, 5, 1) <> ':'))
  WHERE is_header`, `
  CREATE TEMP TABLE block AS  -- of 256 lines: leads a line to its dump faster than ASOF
  SELECT unnest(range(first_line >> 8, (end_line >> 8) + 1)) AS block, id, first_line, end_line
  FROM dump`);

const MAPPED = '0000000000000000FFFF0000';  // ::ffff:0:0, as a little-endian machine prints it
const ZERO = '0'.repeat(32);
const KEY6 = '4294967296';  // an IPv4 address is its own key, IPv6 has this plus address6.id
const COLON4 = "substring(line, 5, 1) = ':' AND substring(line, 15, 1) = ':'";
const COLON6 = "substring(line, 5, 1) = ':' AND substring(line, 39, 1) = ':'";

// The text of an address (RFC 5952): ':' around each group, then '::' for the longest run of zeros.
const groups = [];
for (let i = 0; i < 32; i += 8) {
  groups.push(`digits[${i + 7}:${i + 8}] || digits[${i + 5}:${i + 6}]`,
    `digits[${i + 3}:${i + 4}] || digits[${i + 1}:${i + 2}]`);
}
const colons = `':' || ${groups.map((g) => `to_hex(('0x' || ${g})::INTEGER)`).join(" || ':' || ")}
  || ':'`;
const runs = [8, 7, 6, 5, 4, 3, 2].map((n) => {
  const run = ':0'.repeat(n) + ':';
  return `WHEN strpos(t, '${run}') > 0 THEN ltrim(left(t, strpos(t, '${run}') - 1), ':') || '::'
    || rtrim(substring(t, strpos(t, '${run}') + ${run.length}), ':')`;
}).join('\n');

await part('address6', `
  CREATE TABLE address6 AS
  SELECT row_number() OVER (ORDER BY digits) - 1 AS id, digits,
    lower(CASE ${runs} ELSE trim(t, ':') END) AS text
  FROM (
    SELECT digits, ${colons} AS t
    FROM (
      SELECT '${ZERO}' AS digits  -- its id is 0
      UNION ALL
      SELECT DISTINCT digits
      FROM (
        SELECT unnest([substring(line, 7, 32), substring(line, 45, 32)]) AS digits
        FROM line WHERE ${COLON6})
      WHERE digits <> '${ZERO}' AND NOT starts_with(digits, '${MAPPED}')))`);

const hex = (text, type) => `('0x' || ${text})::${type}`;
const cut = (from, length) => `substring(line, ${from}, ${length})`;
const v4 = (word) => `(((${word} & 255) << 24) | ((${word} & 65280) << 8) |
  ((${word} >> 8) & 65280) | (${word} >> 24))`;

// What is printed at the same place in both families, o characters further in tcp6. A row without
// rto and the rest ends with the pointer, which is of use only where the inode is 0.
const columns = (o) => `
    ${hex(cut(35 + o, 2), 'UTINYINT')} AS state,
    ${hex(cut(38 + o, 8), 'UINTEGER')} AS tx_queue, ${hex(cut(47 + o, 8), 'UINTEGER')} AS rx_queue,
    ${hex(cut(56 + o, 2), 'UTINYINT')} AS timer, ${hex(cut(59 + o, 8), 'UINTEGER')} AS ticks,
    ${hex(cut(68 + o, 8), 'UINTEGER')} AS retransmits,
    ${cut(76 + o, 6)}::UINTEGER AS uid, ${cut(82 + o, 9)}::UINTEGER AS probes,
    CASE WHEN ${cut(92 + o, 2)} = '0 '
        AND substring(rest, strpos(rest, ' ') + 18, 1) IN ('', ' ')
      THEN ['0', '', substring(rest, strpos(rest, ' ') + 1, 16)]
      ELSE string_split(substring(line, ${92 + o}), ' ') END AS tail`;
const rows = (o, colon, keys) => `
  SELECT number, dump, local_key, local_port, remote_key, remote_port, state, tx_queue, rx_queue,
    timer, ticks, retransmits, uid, probes,
    tail[1]::BIGINT AS inode,
    CASE WHEN tail[1] = '0' THEN TRY_CAST('0x' || tail[3] AS UBIGINT) END AS pointer,
    tail[4]::UINTEGER AS rto, tail[5]::UINTEGER AS ato, tail[6]::UINTEGER AS quick_pingpong,
    tail[7]::UINTEGER AS cwnd, tail[8]::INTEGER AS ssthresh
  FROM (
    SELECT number, dump, ${keys}, ${columns(o)}
    FROM (
      SELECT line.rowid AS number, block.id AS dump, line, substring(line, ${94 + o}) AS rest
      FROM line
      JOIN block ON block.block = line.rowid >> 8
        AND line.rowid BETWEEN first_line AND end_line - 1
      WHERE ${colon})`;

await part('decode', `
  CREATE TEMP TABLE decoded AS
  ${rows(0, COLON4, `
      ${v4(hex(cut(7, 8), 'BIGINT'))} AS local_key, ${hex(cut(16, 4), 'USMALLINT')} AS local_port,
      ${v4(hex(cut(21, 8), 'BIGINT'))} AS remote_key,
      ${hex(cut(30, 4), 'USMALLINT')} AS remote_port`)})
  UNION ALL
  ${rows(48, COLON6, `
      if(starts_with(${cut(7, 32)}, '${MAPPED}'), ${v4(hex(cut(31, 8), 'BIGINT'))},
        ${KEY6} + l.id) AS local_key, ${hex(cut(40, 4), 'USMALLINT')} AS local_port,
      if(starts_with(${cut(45, 32)}, '${MAPPED}'), ${v4(hex(cut(69, 8), 'BIGINT'))},
        ${KEY6} + r.id) AS remote_key, ${hex(cut(78, 4), 'USMALLINT')} AS remote_port`)}
    LEFT JOIN address6 AS l ON l.digits = ${cut(7, 32)}
    LEFT JOIN address6 AS r ON r.digits = ${cut(45, 32)})`,
  'DROP TABLE line');

// A hash finds out that there is nothing to do, or the few rows to look at.
await part('duplicates', `
  CREATE TEMP TABLE suspect AS
  SELECT hash(dump, local_key, local_port, remote_key, remote_port, inode, pointer) AS hash
  FROM decoded GROUP BY 1 HAVING count(*) > 1`, `
  CREATE TEMP TABLE copy AS
  SELECT number
  FROM (
    SELECT number, dump, local_key, local_port, remote_key, remote_port, inode, pointer
    FROM decoded
    WHERE hash(dump, local_key, local_port, remote_key, remote_port, inode, pointer)
      IN (SELECT hash FROM suspect))
  QUALIFY number < max(number) OVER (
    PARTITION BY dump, local_key, local_port, remote_key, remote_port, inode, pointer)`, `
  DELETE FROM decoded WHERE number IN (SELECT number FROM copy)`);

await part('classes', `
  CREATE TYPE state AS ENUM ('ESTABLISHED', 'SYN_SENT', 'SYN_RECV', 'FIN_WAIT1', 'FIN_WAIT2',
    'TIME_WAIT', 'CLOSE', 'CLOSE_WAIT', 'LAST_ACK', 'LISTEN', 'CLOSING')`,
  "CREATE TYPE timer AS ENUM ('off', 'on', 'keepalive', 'timewait', 'persist')",
  "CREATE TYPE direction AS ENUM ('listen', 'in', 'out')",
  "CREATE TYPE owner_class AS ENUM ('owned', 'timewait', 'synrecv', 'unaccepted', 'orphan')", `
  CREATE TEMP TABLE state_name AS
  SELECT row_number() OVER ()::UTINYINT AS state, name
  FROM (SELECT unnest(enum_range(NULL::state)) AS name)`, `
  CREATE TEMP TABLE timer_name AS
  SELECT (row_number() OVER () - 1)::UTINYINT AS timer, name
  FROM (SELECT unnest(enum_range(NULL::timer)) AS name)`, `
  CREATE TEMP TABLE listener AS
  SELECT DISTINCT dump, local_key, local_port FROM decoded WHERE state = 10`, `
  CREATE TEMP TABLE own AS
  SELECT DISTINCT dump, local_key FROM decoded WHERE local_key NOT IN (0, ${KEY6})`, `
  CREATE TABLE socket AS
  SELECT d.dump, dump.taken_at, dump.family, d.local_key, d.local_port, d.remote_key, d.remote_port,
    state_name.name AS state,
    CASE WHEN d.state = 10 THEN 'listen'::direction
      WHEN wide.local_port IS NOT NULL OR bound.local_port IS NOT NULL THEN 'in'::direction
      ELSE 'out'::direction END AS direction,
    own.dump IS NOT NULL AS is_local,
    CASE WHEN d.state = 6 THEN 'timewait'::owner_class
      WHEN d.inode <> 0 THEN 'owned'::owner_class
      WHEN d.timer = 3 THEN 'timewait'::owner_class
      WHEN d.state = 3 AND rto IS NULL THEN 'synrecv'::owner_class
      WHEN d.state IN (1, 3, 8) THEN 'unaccepted'::owner_class
      ELSE 'orphan'::owner_class END AS owner_class,
    if(tx_queue >= 2147483648, 0, tx_queue) AS tx_queue,
    if(rx_queue >= 2147483648, 0, rx_queue) AS rx_queue,
    timer_name.name AS timer, ticks, retransmits, uid, probes, inode, rto, ato, quick_pingpong,
    cwnd, ssthresh
  FROM decoded AS d
  JOIN dump ON dump.id = d.dump
  JOIN state_name ON state_name.state = d.state
  JOIN timer_name ON timer_name.timer = d.timer
  LEFT JOIN (SELECT dump, local_port FROM listener WHERE local_key = 0 OR local_key = ${KEY6}
      GROUP BY ALL) AS wide
    ON wide.dump = d.dump AND wide.local_port = d.local_port
  LEFT JOIN listener AS bound
    ON bound.dump = d.dump AND bound.local_port = d.local_port AND bound.local_key = d.local_key
      AND bound.local_key NOT IN (0, ${KEY6})
  LEFT JOIN own ON own.dump = d.dump AND own.local_key = d.remote_key
  ORDER BY d.dump`,  // no join keeps the order, which a window of time is found by
  'DROP TABLE decoded');

await part('census', `
  CREATE TABLE census AS
  SELECT dump, state, is_local, direction,
    if(direction = 'out', remote_port, local_port) AS service_port,
    count(*) AS sockets, sum(tx_queue)::BIGINT AS tx_queue, sum(rx_queue)::BIGINT AS rx_queue,
    count(*) FILTER (timer = 'on' AND retransmits > 0) AS retransmitting,
    count(*) FILTER (owner_class <> 'owned') AS unowned
  FROM socket
  GROUP BY ALL
  ORDER BY dump, service_port, state, direction, is_local`);

// True when `now` is the socket that was `before` (Continues() in lib/store/sighting.cc).
const continues = (before, now) => `
  ifnull(CASE
    WHEN ${now}.number - ${before}.number NOT IN (1, 2) THEN false
    WHEN ${before}.owner = 'timewait' THEN ${now}.owner = 'timewait'
      AND if(${before}.state = ${now}.state, abs(${now}.ends_ms - ${before}.ends_ms) <= 2000,
        ${now}.number - ${before}.number = 1 AND ${before}.progress <= ${now}.progress)
    WHEN ${now}.owner <> 'timewait' AND ${before}.inode <> 0 AND ${now}.inode <> 0
      THEN ${before}.inode = ${now}.inode
    WHEN ${now}.number - ${before}.number > 1 OR ${before}.progress > ${now}.progress
      OR (${before}.progress < 0) <> (${now}.progress < 0) THEN false
    WHEN ${before}.inode <> 0 THEN ${now}.owner IN ('orphan', 'timewait')
    WHEN ${now}.inode <> 0 THEN ${before}.owner IN ('unaccepted', 'synrecv')
    ELSE true END, false)`;

// Endpoints that one dump alone has are left out first. Among the rows of the others, one that does
// not go on from the row before it begins another connection. ends_ms takes a tick for 10 ms.
await part('connections', `
  CREATE TABLE connection AS
  WITH sighting AS MATERIALIZED (
    SELECT s.family, dump.number, (s.local_key << 16) | local_port AS local,
      (s.remote_key << 16) | remote_port AS remote, if(state = 'LISTEN', inode, 0) AS listener,
      state, direction, is_local, owner_class AS owner, uid,
      if(owner_class = 'timewait', 0, inode) AS inode, epoch_ms(s.taken_at) + ticks * 10 AS ends_ms,
      CASE state WHEN 'SYN_SENT' THEN 0 WHEN 'SYN_RECV' THEN 0 WHEN 'ESTABLISHED' THEN 1
        WHEN 'FIN_WAIT1' THEN 2 WHEN 'CLOSE_WAIT' THEN 2 WHEN 'TIME_WAIT' THEN 4 WHEN 'CLOSE' THEN 4
        WHEN 'LISTEN' THEN -1 ELSE 3 END::TINYINT AS progress
    FROM socket AS s JOIN dump ON dump.id = s.dump),
  often AS (
    SELECT sighting.*
    FROM sighting
    SEMI JOIN (
      SELECT family, local, remote, listener
      FROM sighting GROUP BY ALL HAVING count(*) > 1) USING (family, local, remote, listener)),
  beside AS (
    SELECT now.*, lag({'number': number, 'state': state, 'owner': owner, 'inode': inode,
      'ends_ms': ends_ms, 'progress': progress}) OVER one AS before
    FROM often AS now
    WINDOW one AS (PARTITION BY family, local, remote, listener
      ORDER BY number, state <> 'TIME_WAIT', inode, ends_ms)),
  told AS (SELECT * EXCLUDE before, ${continues('before', 'now')} AS goes_on FROM beside AS now),
  numbered AS (
    SELECT *, sum(if(goes_on, 0, 1)) OVER (PARTITION BY family, local, remote, listener
      ORDER BY number, state <> 'TIME_WAIT', inode, ends_ms ROWS UNBOUNDED PRECEDING) AS connection
    FROM told)
  SELECT family, local, remote, count(*) AS samples, min(number) AS first_number,
    max(number) AS last_number, arg_min(state, number) AS first_state,
    arg_max(state, number) AS last_state, arg_min(owner, number) AS first_owner_class,
    arg_max(owner, number) AS last_owner_class, arg_max(direction, number) AS direction,
    arg_max(is_local, number) AS is_local,
    ifnull(arg_max(uid, number) FILTER (inode <> 0), arg_max(uid, number)) AS uid,
    max(inode) AS inode
  FROM numbered
  GROUP BY family, local, remote, listener, connection
  HAVING count(*) > 1`);

await part('view', `
  CREATE MACRO ip(key) AS
  CASE WHEN key < ${KEY6}
    THEN concat(key >> 24, '.', (key >> 16) & 255, '.', (key >> 8) & 255, '.', key & 255) END`, `
  CREATE VIEW sockets AS  -- the columns of tcpsnap's view that the questions need
  SELECT taken_at, 'localhost' AS host, family,
    ifnull(ip(local_key), l.text) AS local_ip, local_port,
    ifnull(ip(remote_key), r.text) AS remote_ip, remote_port,
    state, direction, is_local, if(direction = 'out', remote_port, local_port) AS service_port,
    tx_queue, rx_queue, timer, retransmits, uid, probes, inode, owner_class, local_key, remote_key
  FROM socket
  LEFT JOIN address6 AS l ON l.id = local_key - ${KEY6}
  LEFT JOIN address6 AS r ON r.id = remote_key - ${KEY6}`);

await part('checkpoint', 'CHECKPOINT');
console.log(`seconds=${((performance.now() - begin) / 1000).toFixed(2)}`, parts.join(' '));
