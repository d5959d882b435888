import assert from 'node:assert/strict';
import { Session } from 'node:inspector/promises';
import { after, before, test } from 'node:test';
import {
  DecisionFleet,
  EVENT_KINDS,
  type DecisionSetting,
  type EventKind,
} from '../../bench/gateway/decision-fleet.ts';

const EVENTS = 12;
const OF_A_REQUEST: ReadonlySet<EventKind> = new Set(['started', 'released', 'arrived', 'left']);
/** Blocks of code of an event before 64 servers and 8 queues: about 4,800, where 13,000 compared each of them for each queue. */
const MOST_BLOCKS = 7000;
const ROUTE = '/src/gateway/route/';

const session = new Session();
before(async () => {
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
});
after(() => {
  session.disconnect();
});

/** Blocks of routing's code that were run since the last call, as V8 counts them: no clock has a part in it. */
async function blocks(): Promise<number> {
  const { result } = await session.post('Profiler.takePreciseCoverage');
  let sum = 0;
  for (const { url, functions } of result)
    if (url.includes(ROUTE)) for (const { ranges } of functions) for (const { count } of ranges) sum += count;
  return sum;
}

/** Blocks that an event of each kind runs, in the mean. */
async function workOf(setting: DecisionSetting): Promise<ReadonlyMap<EventKind, number>> {
  const fleet = new DecisionFleet(setting);
  const work = new Map<EventKind, number>();
  for (const kind of EVENT_KINDS) {
    const events = Array.from({ length: EVENTS }, (_, time) => time);
    await blocks();
    for (const time of events) fleet.apply(fleet.next(kind, time));
    work.set(kind, (await blocks()) / EVENTS);
  }
  return work;
}

for (const state of ['reading', 'full'] as const) {
  test(`${state}: the work of a decision does not grow with the number of requests that wait`, async () => {
    const few = await workOf({ servers: 8, aliases: 8, waiting: 400, state });
    const many = await workOf({ servers: 8, aliases: 8, waiting: 6400, state });
    for (const kind of EVENT_KINDS) assertWithin(kind, few, many, 1.5);
  });

  test(`${state}: the work of a decision does not grow with queues × deployments`, async () => {
    const small = await workOf({ servers: 32, aliases: 32, waiting: 3200, state });
    // Four times the queues, and four times the deployments of each.
    const large = await workOf({ servers: 128, aliases: 128, waiting: 12_800, state });
    // Events of one request concern one queue; those of a backend, and time, concern the queues of all its models.
    for (const kind of EVENT_KINDS) assertWithin(kind, small, large, OF_A_REQUEST.has(kind) ? 1.5 : 6);
  });
}

test('the work of a decision does not grow with the number of callers beyond a thousand', async () => {
  const few = await workOf({ servers: 8, aliases: 1, waiting: 8000, state: 'full', keys: 1000 });
  const many = await workOf({ servers: 8, aliases: 1, waiting: 8000, state: 'full', keys: 8000 });
  for (const kind of EVENT_KINDS) assertWithin(kind, few, many, 1.5);
});

test('full: an event that changes one server does not compare each server for each queue that waits for a copy', async () => {
  const work = await workOf({ servers: 64, aliases: 8, waiting: 10_000, state: 'full' });
  for (const kind of ['ticked', 'probed', 'loaded'] as const) {
    const blocksOf = work.get(kind) ?? 0;
    assert.ok(blocksOf > 0 && blocksOf < MOST_BLOCKS, `${kind}: ${String(Math.round(blocksOf))} blocks`);
  }
});

function assertWithin(
  kind: EventKind,
  small: ReadonlyMap<EventKind, number>,
  large: ReadonlyMap<EventKind, number>,
  factor: number,
): void {
  const [one, other] = [small.get(kind) ?? 0, large.get(kind) ?? 0];
  if (process.env['SHOW'] !== undefined) console.log(kind, Math.round(one), Math.round(other));
  assert.ok(one > 0, `${kind} runs no code`);
  // A few hundred blocks more are no growth.
  assert.ok(
    other <= factor * one + 300,
    `${kind}: ${String(Math.round(one))} blocks, and ${String(Math.round(other))} in the larger fleet`,
  );
}
