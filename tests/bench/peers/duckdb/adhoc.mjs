// adhoc.mjs FILE ROUNDS < STATEMENTS.json: runs each statement of a JSON list ROUNDS times on the
// file that import.mjs wrote, and prints for each a line of JSON: {sql, seconds, rows, peak_kib};
// seconds is the median. Large integers and times are strings.
import { readFileSync } from 'node:fs';
import { DuckDBInstance } from '@duckdb/node-api';

const [file, rounds] = process.argv.slice(2);
const statements = JSON.parse(readFileSync(0, 'utf8'));
const instance = await DuckDBInstance.create(file, { access_mode: 'READ_ONLY' });
const connection = await instance.connect();
for (const sql of statements) {
  const spent = [];
  let rows = [];
  for (let round = 0; round < Number(rounds); ++round) {
    const begin = performance.now();
    const reader = await connection.runAndReadAll(sql);
    rows = reader.getRowsJson();
    spent.push((performance.now() - begin) / 1000);
  }
  spent.sort((a, b) => a - b);
  const middle = spent.length / 2;
  const seconds = (spent[Math.ceil(middle) - 1] + spent[Math.floor(middle)]) / 2;
  const { maxRSS } = process.resourceUsage();  // of all statements so far
  console.log(JSON.stringify({ sql, seconds, rows, peak_kib: maxRSS }));
}
