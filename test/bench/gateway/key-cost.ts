import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { apiKeyHash } from '../../../src/core/api-key.ts';
import { KEY, runPlain, runStreams } from './load.ts';
import { loopDelayOf } from './loop-delay-of.ts';
import { quantile } from './measure.ts';
import { hxllm, packInto, start, type Started } from './proxy.ts';
import { markdown } from './table.ts';

const CLIENT = 'sk-of-a-client-000000';
const SLICE_MS = 250;
/** Rows are stored once a second. */
const STORED_MS = 1500;
/** Length of a slice in which the delay of the event loop is measured at an even load. */
const EVEN_MS = 3000;
const EVEN_RATE = 1000;
const MANY = 1_000_000_000;

/** A gateway, and what it took in each slice. */
interface Side {
  readonly name: string;
  readonly key: string;
  readonly folder: string;
  readonly running: Started;
  readonly loopUs: number[];
  /** CPU time of all threads, µs, and requests: before the slices, behind half of them, and behind all. */
  readonly marks: { readonly allUs: number; readonly requests: number }[];
  readonly p99: number[];
  readonly most: number[];
  requests: number;
  failures: number;
}

/** CPU time of a process and of its main thread, µs. */
function cpuOf(pid: number): { readonly loop: number; readonly all: number } {
  const folder = `/proc/${String(pid)}/task`;
  const of = (task: string): number => Number(readFileSync(join(folder, task, 'schedstat'), 'utf8').split(' ')[0]);
  const all = readdirSync(folder).reduce((sum, task) => sum + of(task), 0);
  return { loop: of(String(pid)) / 1000, all: all / 1000 };
}

/** Two gateways, with and without a key with four limits, a budget and usage. */
async function startSides(folder: string, backends: readonly string[]): Promise<readonly Side[]> {
  const stateDir = join(folder, 'state');
  mkdirSync(stateDir, { recursive: true });
  const limits = {
    rpm_limit: MANY,
    tpm_limit: MANY * 1000,
    max_parallel_requests: 1_000_000,
    model_rpm_limit: { m: MANY },
    token_budget: MANY * 1000,
    budget_duration: '30d',
  };
  const settings = {
    off: { usage: { record: 'never' } },
    on: { state_dir: stateDir, keys: [{ alias: 'portal', hash: apiKeyHash(CLIENT), ...limits }] },
  };
  const flags = ['--import', join(import.meta.dirname, 'loop-delay.ts')];
  const sides: Side[] = [];
  for (const [name, more] of Object.entries(settings)) {
    const own = join(folder, name);
    mkdirSync(own);
    await packInto(own);
    const running = await start(hxllm('ollama_chat', flags, more), own, backends);
    const key = name === 'on' ? CLIENT : KEY;
    sides.push({
      name,
      key,
      folder: own,
      running,
      loopUs: [],
      marks: [],
      p99: [],
      most: [],
      requests: 0,
      failures: 0,
    });
  }
  return sides;
}

/** Chunks of each stream of a slice. */
const CHUNKS = { pieces: 100, gapMs: 10 };

/** The cost of a chunk of a long stream, by the same two gateways, which take turns. */
export async function measureStreamCost(
  folder: string,
  backends: readonly string[],
  { streams, slices }: { readonly streams: number; readonly slices: number },
): Promise<string> {
  const sides = await startSides(folder, backends);
  try {
    for (let slice = -1; slice < slices; slice += 1)
      for (const side of shuffled(sides)) {
        const { pid, port } = side.running;
        const { events, looks, failures } = await runStreams(
          port,
          { ...CHUNKS, streams },
          () => cpuOf(pid).loop,
          side.key,
        );
        // The first ones are not compiled yet.
        if (slice < 0) continue;
        side.loopUs.push((looks[1] - looks[0]) / events);
        side.requests += events;
        side.failures += failures;
      }
  } finally {
    for (const { running } of sides) await running.stop();
  }
  return markdown(
    ['keys, limits, usage', 'event loop, CPU µs / chunk: lower quartile', 'median', 'chunks', 'failed streams'],
    sides.map(({ name, loopUs, requests, failures }) => {
      const sorted = loopUs.toSorted((a, b) => a - b);
      const of = (q: number): string => quantile(sorted, q).toFixed(2);
      return [name, of(0.25), of(0.5), String(requests), String(failures)];
    }),
  );
}

/**
 * The cost of a key with four limits, a budget and usage: two gateways, with and without, take turns of a quarter of a second in random order, so
 * that the machine treats both alike. The time of all threads is that of all slices together, since the rows of a slice are stored behind it; in
 * the second half V8 has compiled nearly all.
 */
export async function measureKeyCost(folder: string, backends: readonly string[], slices: number): Promise<string> {
  const sides = await startSides(folder, backends);
  try {
    for (const side of sides) await runPlain(side.running.port, 32, 4000, Infinity, side.key);
    await mark(sides);
    for (let slice = 0; slice < slices; slice += 1) {
      for (const side of shuffled(sides)) {
        const before = cpuOf(side.running.pid);
        const { requests, failures } = await runPlain(side.running.port, 32, SLICE_MS, Infinity, side.key);
        const loop = cpuOf(side.running.pid).loop;
        side.loopUs.push((loop - before.loop) / requests);
        side.requests += requests;
        side.failures += failures;
      }
      if (slice + 1 === Math.floor(slices / 2)) await mark(sides);
    }
    await mark(sides);
    for (let slice = 0; slice < Math.ceil(slices / 16); slice += 1)
      for (const side of shuffled(sides)) {
        await loopDelayOf(side.running.pid, side.folder);
        const { failures } = await runPlain(side.running.port, 32, EVEN_MS, EVEN_RATE, side.key);
        const { p99, most } = await loopDelayOf(side.running.pid, side.folder);
        side.p99.push(p99);
        side.most.push(most);
        side.failures += failures;
      }
  } finally {
    for (const { running } of sides) await running.stop();
  }
  const of = (numbers: readonly number[], q: number): string =>
    quantile(
      numbers.toSorted((a, b) => a - b),
      q,
    ).toFixed(1);
  return markdown(
    [
      'keys, limits, usage',
      'event loop, CPU µs / request: lower quartile',
      'median',
      'all threads, mean',
      'of the second half',
      `loop delay at ${String(EVEN_RATE)} / s, p99 ms: median`,
      'most',
      'requests',
      'failed',
    ],
    sides.map(({ name, loopUs, marks, p99, most, requests, failures }) => [
      name,
      of(loopUs, 0.25),
      of(loopUs, 0.5),
      meanOf(marks, 0),
      meanOf(marks, 1),
      of(p99, 0.5),
      of(most, 0.5),
      String(requests),
      String(failures),
    ]),
  );
}

/** Notes the CPU time of all threads, when the rows so far are stored. */
async function mark(sides: readonly Side[]): Promise<void> {
  await sleep(STORED_MS);
  for (const { running, requests, marks } of sides) marks.push({ allUs: cpuOf(running.pid).all, requests });
}

/** CPU time of a request in all threads, from one mark on, µs. */
function meanOf(marks: Side['marks'], from: number): string {
  const [first, last] = [marks[from], marks.at(-1)];
  if (first === undefined || last === undefined) return '';
  return ((last.allUs - first.allUs) / (last.requests - first.requests)).toFixed(1);
}

function shuffled<T>(list: readonly T[]): readonly T[] {
  return list
    .map((one) => ({ one, place: Math.random() }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ one }) => one);
}
