// The questions of five reports in DuckDB's SQL, over all samples of one host. Each is one statement
// on the tables that load.sql makes.

const HOUR = 3600000;

export const queries = {
  // A bucket and state: average over the snapshots of the bucket, fewest, most.
  states: `
    WITH per_snapshot AS (
      SELECT snapshot, state, count(*) AS sockets FROM sample GROUP BY snapshot, state),
    moment AS (SELECT id, taken_ms // ${HOUR} AS bucket FROM snapshot),
    total AS (SELECT bucket, count(*) AS snapshots FROM moment GROUP BY bucket)
    SELECT bucket, state, sum(sockets) / any_value(snapshots) AS avg,
      if(count(*) < any_value(snapshots), 0, min(sockets)) AS min, max(sockets) AS max
    FROM per_snapshot
    JOIN moment ON id = snapshot
    JOIN total USING (bucket)
    GROUP BY bucket, state
    ORDER BY bucket, state`,

  timewait: `
    WITH per_snapshot AS (
      SELECT snapshot, count(*) AS sockets,
        count(*) FILTER (direction = 1) AS incoming,
        count(*) FILTER (direction = 2) AS outgoing,
        count(*) FILTER (is_local) AS own
      FROM sample WHERE state = 6 GROUP BY snapshot)
    SELECT taken_ms // ${HOUR} AS bucket, avg(ifnull(sockets, 0)) AS avg,
      min(ifnull(sockets, 0)) AS min, max(ifnull(sockets, 0)) AS max,
      avg(ifnull(incoming, 0)) AS avg_in, avg(ifnull(outgoing, 0)) AS avg_out,
      avg(ifnull(own, 0)) AS avg_local
    FROM snapshot LEFT JOIN per_snapshot ON snapshot = id
    GROUP BY bucket
    ORDER BY bucket`,

  // A network of peers: /24, and /64 by the first eight bytes.
  remotes: `
    WITH net AS (SELECT id, min(id) OVER (PARTITION BY digits[1:16]) + 4294967296 AS net
      FROM address6),
    per_snapshot AS (
      SELECT snapshot, if(remote_key < 4294967296, remote_key & ~255::BIGINT, net) AS net,
        count(*) AS sockets,
        count(*) FILTER (state = 1) AS established,
        count(*) FILTER (state IN (2, 3)) AS opening,
        count(*) FILTER (state = 6) AS time_wait,
        count(DISTINCT service_port * 2 + direction) AS services
      FROM sample LEFT JOIN net ON id = remote_key - 4294967296
      WHERE direction <> 0
      GROUP BY ALL)
    SELECT net, sum(sockets) / (SELECT count(*) FROM snapshot) AS avg, max(sockets) AS max,
      count(*) AS seen,
      sum(established) / (SELECT count(*) FROM snapshot) AS established_avg,
      sum(opening) / (SELECT count(*) FROM snapshot) AS opening_avg,
      sum(time_wait) / (SELECT count(*) FROM snapshot) AS time_wait_avg,
      max(services) AS services_max
    FROM per_snapshot
    GROUP BY net
    ORDER BY avg DESC, net
    LIMIT 20`,

  ephemeral: `
    WITH used AS (
      SELECT DISTINCT snapshot, local_key, remote_key, remote_port, local_port FROM sample
      WHERE direction = 2 AND local_port BETWEEN 32768 AND 60999),
    per_snapshot AS (
      SELECT local_key, remote_key, remote_port, count(*) AS ports
      FROM used GROUP BY snapshot, local_key, remote_key, remote_port
      UNION ALL
      SELECT local_key, NULL, NULL, count(DISTINCT local_port)
      FROM used GROUP BY snapshot, local_key)
    SELECT remote_key IS NULL AS is_local, sum(ports) / (SELECT count(*) FROM snapshot) AS avg,
      max(ports) AS max
    FROM per_snapshot
    GROUP BY local_key, remote_key, remote_port
    QUALIFY row_number() OVER (PARTITION BY remote_key IS NULL ORDER BY max DESC, avg DESC) <= 10`,

  // What goes on: the next sighting of the same addresses and ports, at most two dumps away, with no
  // step back in its course, no other inode and no TIME_WAIT that began anew.
  lifetimes: `
    WITH ranked AS (
      SELECT family, local_key, local_port, remote_key, remote_port, number, taken_ms, state, inode,
        expires_ms,
        CASE WHEN state IN (2, 3) THEN 0 WHEN state = 1 THEN 1 WHEN state IN (4, 8) THEN 2
          WHEN state IN (5, 9, 11) THEN 3 ELSE 4 END AS rank
      FROM sample WHERE state <> 10),
    stepped AS (
      SELECT family, local_key, local_port, remote_key, remote_port, number, taken_ms,
        state <> 6 AS later,
        ifnull(number - lag(number) OVER one NOT IN (1, 2)
          OR rank < lag(rank) OVER one
          OR (inode <> 0 AND lag(inode) OVER one NOT IN (0, inode))
          OR (rank = 4 AND lag(rank) OVER one = 4
            AND abs(expires_ms - lag(expires_ms) OVER one) > 2000), true) AS is_new
      FROM ranked
      WINDOW one AS (
        PARTITION BY family, local_key, local_port, remote_key, remote_port
        ORDER BY number, state <> 6)),
    counted AS (
      SELECT family, local_key, local_port, remote_key, remote_port, taken_ms,
        sum(is_new::INT) OVER (
          PARTITION BY family, local_key, local_port, remote_key, remote_port
          ORDER BY number, later) AS connection
      FROM stepped),
    life AS (
      SELECT count(*) AS samples, max(taken_ms) - min(taken_ms) AS seen_ms
      FROM counted
      GROUP BY family, local_key, local_port, remote_key, remote_port, connection)
    SELECT CASE WHEN samples = 1 THEN 'once' WHEN seen_ms < 10000 THEN '< 10 s'
        WHEN seen_ms < 60000 THEN '< 1 min' WHEN seen_ms < 600000 THEN '< 10 min'
        WHEN seen_ms < 3600000 THEN '< 1 h' ELSE '>= 1 h' END AS seen,
      count(*) AS connections
    FROM life
    GROUP BY seen`,
};
