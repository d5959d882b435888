import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { timeOrderedId } from '../../../src/core/id.ts';
import { readPart } from '../../../src/gateway/store/journal-part.ts';
import { openDatabase } from '../../../src/gateway/store/open-database.ts';
import { UsageRows } from '../../../src/gateway/store/usage-rows.ts';
import { quantile } from './measure.ts';
import { markdown } from './table.ts';

/** Rows of a round: as many as a loaded gateway has in a second. */
const ROWS = 5000;
/** Rounds that are not counted, in which V8 compiles. */
const WARM_UP = 5;
/** Requests that are open at the same time. */
const OPEN = 32;
/** Rows of a millisecond. */
const IN_A_MS = 9;
const HOUR_MS = 3_600_000;

/** The numbers of names that rows have. */
interface Variety {
  readonly keys: number;
  readonly models: number;
  readonly servers: number;
}

const VARIETIES: readonly Variety[] = [
  { keys: 1, models: 1, servers: 2 },
  { keys: 200, models: 5, servers: 8 },
];

/** The cost of a row in the thread of the store: its code reads the lines of a journal and stores them, here without that thread. */
export function measureRowCost(folder: string, rounds: number): string {
  return markdown(
    ['rows of', 'CPU µs / row, mean', 'reading, µs / row: median', 'storing', 'rows'],
    VARIETIES.map((variety, index) => measured(join(folder, `rows-${String(index)}`), variety, rounds)),
  );
}

function measured(file: string, variety: Variety, rounds: number): readonly string[] {
  const opened = openDatabase(`${file}.db`);
  if (!opened.ok) throw new Error(opened.problems[0].detail);
  const rows = new UsageRows(opened.value);
  const [reading, storing]: [number[], number[]] = [[], []];
  let cpuUs = 0;
  let atMs = Date.now() - HOUR_MS;
  for (let round = -WARM_UP; round < rounds; round += 1) {
    writeFileSync(`${file}.jsonl`, linesOf(variety, atMs));
    atMs += Math.ceil(ROWS / IN_A_MS);
    const before = process.cpuUsage();
    const [readMs, storedMs] = store(rows, `${file}.jsonl`);
    const { user, system } = process.cpuUsage(before);
    if (round < 0) continue;
    cpuUs += user + system;
    reading.push((readMs * 1000) / ROWS);
    storing.push((storedMs * 1000) / ROWS);
  }
  rows.sync();
  opened.value.close();
  const median = (list: readonly number[]): string =>
    quantile(
      list.toSorted((a, b) => a - b),
      0.5,
    ).toFixed(1);
  const { keys, models, servers } = variety;
  return [
    `${String(keys)} keys, ${String(models)} models, ${String(servers)} servers`,
    (cpuUs / (rounds * ROWS)).toFixed(1),
    median(reading),
    median(storing),
    String(rounds * ROWS),
  ];
}

/** Stores the rows of a file, part by part; the times of reading and storing, ms. */
function store(rows: UsageRows, file: string): readonly [readMs: number, storedMs: number] {
  let [readMs, storedMs, added] = [0, 0, 0];
  for (let from = 0; ;) {
    const beganMs = performance.now();
    const { lines, next } = readPart(file, from, false);
    const midMs = performance.now();
    readMs += midMs - beganMs;
    if (next === from) break;
    added += rows.add('bench', lines, Date.now());
    storedMs += performance.now() - midMs;
    from = next;
  }
  if (added !== ROWS) throw new Error(`${String(added)} rows were stored`);
  return [readMs, storedMs];
}

/** The lines of a loaded gateway: requests begin in the order of their ids, and end in any. */
function linesOf({ keys, models, servers }: Variety, fromMs: number): string {
  const lines: string[] = [];
  const open: string[] = [];
  const some = (most: number): number => Math.floor(most * Math.random());
  const end = (): void => {
    const [one = ''] = open.splice(some(open.length), 1);
    const key = /,"key-(\d+)"/.exec(one)?.[1] ?? '';
    const times = `${String(some(50) / 10)},0,${String(some(400) / 10)},${String(some(400) / 10)}`;
    lines.push(
      `["e",${one},200,"answered",${String(some(3000))},${String(some(900))},0,0.001,${times},[["key ${key}",1793491200000]]]`,
    );
  };
  for (let row = 0; row < ROWS; row += 1) {
    const key = some(keys);
    const owner = keys === 1 ? 'null,null' : `"team-${String(key % 10)}","user-${String(key)}"`;
    const tags = key % 3 === 0 || keys === 1 ? '[]' : `["tag-${String(key % 7)}"]`;
    const model = String(some(models));
    const server = `"alias-${model}","model-${model}","http://10.0.0.${String(some(servers))}:11434","fleet"`;
    const id = timeOrderedId(fromMs + Math.floor(row / IN_A_MS));
    const one = `"${id}","key-${String(key)}",${owner},null,${tags},"openai",null,${server}`;
    lines.push(`["b",${one}]`);
    open.push(one);
    if (open.length > OPEN) end();
  }
  while (open.length > 0) end();
  return `${lines.join('\n')}\n`;
}
