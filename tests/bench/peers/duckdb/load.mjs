// load.mjs FILE SNAPSHOTS.csv ADDRESSES.csv < SAMPLES.csv: a new DuckDB file with the tables that
// queries.mjs asks. The columns are those of export in tests/bench/reports.
import { DuckDBInstance } from '@duckdb/node-api';

const [file, snapshots, addresses] = process.argv.slice(2);
const instance = await DuckDBInstance.create(file);
const connection = await instance.connect();

const csv = (path, columns) =>
  `read_csv('${path}', header = false, auto_detect = false, delim = ',', columns = {${columns}})`;

await connection.run(`
  CREATE TABLE snapshot AS
  SELECT id, taken_ms, row_number() OVER (ORDER BY taken_ms) AS number
  FROM ${csv(snapshots, "'id': 'INTEGER', 'taken_ms': 'BIGINT'")}`);
await connection.run(`
  CREATE TABLE address6 AS SELECT id, digits
  FROM ${csv(addresses, "'id': 'INTEGER', 'digits': 'VARCHAR'")}`);
// Addresses are the keys of the view sockets; the endpoint of socket_row has them above the port.
await connection.run(`
  CREATE TABLE sample AS
  SELECT snapshot, s.number::INTEGER AS number, s.taken_ms AS taken_ms, family,
    (local >> 16) + 2147483648 AS local_key, (local & 65535)::INTEGER AS local_port,
    (remote >> 16) + 2147483648 AS remote_key, (remote & 65535)::INTEGER AS remote_port,
    (kind & 15)::TINYINT AS state, ((kind >> 4) & 1)::BOOLEAN AS is_local,
    ((kind >> 5) & 3)::TINYINT AS direction,
    (if((kind >> 5) & 3 = 2, remote, local) & 65535)::INTEGER AS service_port,
    inode, s.taken_ms + greatest(timer, 0) // 5 * 10 AS expires_ms
  FROM ${csv('/dev/stdin', `'snapshot': 'INTEGER', 'family': 'TINYINT', 'local': 'BIGINT',
    'remote': 'BIGINT', 'kind': 'INTEGER', 'inode': 'BIGINT', 'timer': 'BIGINT'`)}
  JOIN snapshot AS s ON s.id = snapshot`);
await connection.run('CHECKPOINT');
