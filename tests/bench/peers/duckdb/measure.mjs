// measure.mjs FILE ROUNDS: runs each query once to warm up and ROUNDS times, and prints JSON: name ->
// {seconds: [...], rows: [[...]]}, peak_kib and the version.
import { DuckDBInstance } from '@duckdb/node-api';
import { queries } from './queries.mjs';

const [file, rounds] = process.argv.slice(2);
const instance = await DuckDBInstance.create(file, { access_mode: 'READ_ONLY' });
const connection = await instance.connect();
const result = {};
for (const [name, sql] of Object.entries(queries)) {
  const seconds = [];
  let rows = [];
  for (let round = 0; round <= Number(rounds); ++round) {
    const begin = performance.now();
    const reader = await connection.runAndReadAll(sql);
    rows = reader.getRowsJson();
    if (round > 0) seconds.push((performance.now() - begin) / 1000);
  }
  const { maxRSS } = process.resourceUsage();  // of all so far: the order of queries.mjs
  result[name] = { seconds, rows, peak_kib: maxRSS };
}
const version = await connection.runAndReadAll('SELECT version()');
result.version = version.getRowsJson()[0][0];
console.log(JSON.stringify(result));
