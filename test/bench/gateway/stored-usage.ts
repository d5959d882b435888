import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { openSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { leastUsageId } from '../../../src/gateway/store/usage-line.ts';
import { DAY_MS, KEPT_ROWS_MS } from '../../../src/gateway/store/usage-store.ts';
import { endWithUs } from '../../children.ts';
import { installProgram } from '../deploy/workspace.ts';
import { fillStore, keyText, type StoreSize } from './large-store.ts';
import { KEY, runPlain } from './load.ts';
import { loopDelayOf } from './loop-delay-of.ts';
import { median } from './measure.ts';
import { memoryMiB } from './process-cost.ts';
import { freePort, hxllm } from './proxy.ts';
import { markdown } from './table.ts';

const STARTS = 5;
const CALLS = 20;
const COMMANDS = 10;
/** Requests a second of a client with a key, meanwhile. */
const RATE = 200;

/** A gateway with the store, and the folder where it runs. */
interface Running {
  readonly port: number;
  readonly child: ChildProcess;
  readonly folder: string;
}

/** The calls, by the words of the table. */
function calls(nowMs: number): Readonly<Record<string, string>> {
  const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
  const month = `since=${day(nowMs - 29 * DAY_MS)}`;
  const list = '/key/list?size=100&return_full_object=true';
  return {
    '/key/list': '/key/list',
    '/key/list, whole records': list,
    '… the last page': `${list}&page=1000`,
    '… by name': `${list}&sort_by=key_alias`,
    '… by change': `${list}&sort_by=updated_at`,
    '… by end': `${list}&sort_by=expires&page=50`,
    '… active ones': `${list}&status=active`,
    '… of a team': `${list}&team_id=team-00000007`,
    '… by part of a name': `${list}&search=777`,
    '/key/info': `/key/info?key=${keyText(77)}`,
    '/usage by day, 30 days': `/usage?by=day&${month}`,
    '/usage by model': `/usage?by=model&${month}`,
    '/usage by team': `/usage?by=team&${month}`,
    '/usage by key': `/usage?by=key&${month}`,
    '/global/spend': '/global/spend',
    '/spend/logs, the latest 100': '/spend/logs',
    '/spend/logs of a key': `/spend/logs?api_key=${keyText(77)}`,
    '/spend/logs, sums of 7 days': `/spend/logs?start_date=${day(nowMs - 6 * DAY_MS)}&end_date=${day(nowMs)}`,
  };
}

/** Starts and calls of a gateway with a large store, under load, and while rows that are too old are removed. */
export async function measureStoredUsage(
  folder: string,
  backends: readonly string[],
  size: StoreSize,
  kept: string | undefined,
): Promise<string> {
  const stateDir = kept ?? join(folder, 'state');
  const filledMs = performance.now();
  fillStore(stateDir, size, Date.now());
  const file = join(stateDir, 'gateway.db');
  process.stderr.write(
    `${(statSync(file).size / 2 ** 30).toFixed(2)} GiB in ${((performance.now() - filledMs) / 1000).toFixed(0)} s\n`,
  );
  const starts: (readonly string[])[] = [];
  for (const [name, state] of [
    ['without a store', join(folder, 'empty')],
    ['with it', stateDir],
  ] as const) {
    const times: number[] = [];
    let rss = 0;
    for (let round = 0; round < STARTS; round += 1) {
      const begunMs = performance.now();
      const running = await startOn(folder, state, backends);
      times.push(performance.now() - begunMs);
      rss = memoryMiB([running.child.pid ?? 0], 'Rss');
      await stop(running);
    }
    starts.push([name, median(times).toFixed(0), Math.max(...times).toFixed(0), rss.toFixed(0)]);
  }
  const running = await startOn(folder, stateDir, backends);
  try {
    const over = new AbortController();
    const load = loadUntil(running.port, over.signal);
    const removal = await measureRemoval(running, file);
    const asked: (readonly string[])[] = [['nothing', ...(await measured(running, CALLS, () => sleep(100)))]];
    for (const [name, path] of Object.entries(calls(Date.now())))
      asked.push([name, ...(await measured(running, CALLS, () => ask(running.port, path)))]);
    const command = await installedCommand(folder, running.port);
    asked.push(['`hxllm usage --by day --since 30d`', ...(await measured(running, COMMANDS, command))]);
    over.abort();
    const { requests, failures } = await load;
    return `${markdown(['start', 'ms, median', 'most', 'RSS MiB'], starts)}
${markdown(['call', 'ms, median', 'most', 'delay of the event loop, ms: p99', 'most'], [...removal, ...asked])}
${String(size.keys)} keys, ${String(size.rows)} rows; meanwhile ${String(requests)} requests with a key, ${String(failures)} of them failed\n`;
  } finally {
    await stop(running);
  }
}

async function startOn(folder: string, stateDir: string, backends: readonly string[]): Promise<Running> {
  const port = await freePort();
  const [program = '', ...args] = hxllm('ollama_chat', ['--import', join(import.meta.dirname, 'loop-delay.ts')], {
    state_dir: stateDir,
    usage: { record: 'always' },
  }).command({ folder, port, backends });
  const out = openSync(join(folder, 'gateway.log'), 'w');
  const child = spawn(program, args, { stdio: ['ignore', out, 'inherit'], cwd: folder });
  endWithUs(child);
  // Its keys are read before it listens.
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the gateway ended with ${String(child.exitCode)}`);
    const isUp = await fetch(`http://127.0.0.1:${String(port)}/health/liveliness`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isUp) break;
    await sleep(10);
  }
  return { port, child, folder };
}

async function stop({ child }: Running): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}

async function loadUntil(port: number, over: AbortSignal): Promise<{ requests: number; failures: number }> {
  const sum = { requests: 0, failures: 0 };
  while (!over.aborted) {
    const { requests, failures } = await runPlain(port, 8, 1000, RATE, keyText(0));
    sum.requests += requests;
    sum.failures += failures;
  }
  return sum;
}

/** Runs a call several times: its times, and what it does to the event loop. */
async function measured(running: Running, times: number, act: () => Promise<void>): Promise<readonly string[]> {
  await act();
  await loopDelayOf(running.child.pid ?? 0, running.folder);
  const taken: number[] = [];
  for (let time = 0; time < times; time += 1) {
    const atMs = performance.now();
    await act();
    taken.push(performance.now() - atMs);
  }
  const { p99, most } = await loopDelayOf(running.child.pid ?? 0, running.folder);
  return [median(taken), Math.max(...taken), p99, most].map((ms) => ms.toFixed(1));
}

/** `/key/list` until all rows that are too old are removed, and the whole time of that. */
async function measureRemoval(running: Running, file: string): Promise<readonly (readonly string[])[]> {
  const database = new DatabaseSync(file, { readOnly: true, timeout: 5000 });
  const left = database.prepare('SELECT count(*) AS value FROM usage WHERE id < ?');
  const least = leastUsageId(Date.now() - KEPT_ROWS_MS);
  const count = (): number => Number(left.get(least)?.['value']);
  const before = count();
  const begunMs = performance.now();
  const rows: (readonly string[])[] = [];
  while (count() > 0)
    rows.push(await measured(running, CALLS, () => ask(running.port, '/key/list?size=100&return_full_object=true')));
  const seconds = (performance.now() - begunMs) / 1000;
  database.close();
  const most = (index: number): string => Math.max(...rows.map((row) => Number(row[index]))).toFixed(1);
  const middle = median(rows.map(([ms]) => Number(ms))).toFixed(1);
  return [
    [`/key/list while ${String(before)} rows are removed, ${seconds.toFixed(0)} s`, middle, most(1), most(2), most(3)],
  ];
}

async function ask(port: number, path: string): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${String(port)}${path}`, {
    headers: { authorization: `Bearer ${KEY}` },
  });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${path}: ${String(response.status)} ${text}`);
}

/** The command as it is installed. */
async function installedCommand(folder: string, port: number): Promise<() => Promise<void>> {
  const program = await installProgram(folder);
  const keyFile = join(folder, 'key');
  writeFileSync(keyFile, KEY, { mode: 0o600 });
  const url = `http://127.0.0.1:${String(port)}`;
  const args = [program, 'usage', '--by', 'day', '--since', '30d', '--url', url, '--key-file', keyFile];
  return async () => {
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'], cwd: folder });
    const [code] = (await once(child, 'exit')) as [number | null];
    if (code !== 0) throw new Error(`hxllm usage ended with ${String(code)}`);
  };
}
