import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PrefixLink, Work } from '../../../src/gateway/route/work.ts';
import { FLEET_POLICY, managedFleet, RATES, Stage, work } from './stage.ts';

// The scenarios of `fleet` that take minutes; a load takes 6 s.
const LOAD_MS = 6000;

function stageOf(slots: number, backends: readonly string[], models: readonly string[] = ['m'], room?: number): Stage {
  const { backends: specs, deployments } = managedFleet(slots, backends, models);
  const stage = new Stage({ deployments, backends: specs.map((spec) => ({ ...spec, room })) }, FLEET_POLICY, true);
  for (const replica of stage.fleet.replicas.values()) {
    Object.assign(replica.rates, RATES);
    replica.speed.loadMs = LOAD_MS;
  }
  return stage;
}

const ask = (stage: Stage, model: string, more: Partial<Work> = {}): string =>
  stage.arrive({ queue: model, deployments: [`${model}@a`], work: work({ key: model, ...more }) });

/** A short request, from its arrival to its end. */
function chat(stage: Stage, model: string): void {
  const request = ask(stage, model);
  assert.equal(stage.outcomeOf(request), `${model}@a`, `at ${String(stage.nowMs)} ms`);
  stage.start(request);
  stage.release(request);
}

for (const streams of [1, 3])
  test(`the next turn of a conversation of 3,000 tokens goes to the server that has it beside ${String(streams)} streams`, () => {
    const stage = stageOf(4, ['a', 'b']);
    stage.list('a', 'm');
    stage.list('b', 'm');
    const first: readonly PrefixLink[] = [{ hash: 1, tokens: 3000 }];
    const turn = stage.arrive({ work: work({ promptTokens: 3000, prefix: first }) });
    const home = stage.outcomeOf(turn);
    const [homeBackend = ''] = home.split('@').slice(1);
    stage.start(turn);
    stage.release(turn, 'answered', { promptBytes: 12_000, promptTokens: 3000, outTokens: 50, prefillMs: 857 });
    for (let stream = 0; stream < streams; stream += 1)
      stage.start(stage.arrive({ deployments: [`m@${homeBackend}`], work: work() }));
    const next = { work: work({ promptTokens: 3100, prefix: [...first, { hash: 2, tokens: 3100 }] }) };
    const again = stage.arrive(next);
    assert.equal(stage.outcomeOf(again), home);
    stage.release(again, 'cancelled');
    const short = stage.arrive({ work: work({ prefix: [{ hash: 9, tokens: 300 }] }) });
    assert.notEqual(stage.outcomeOf(short), home, 'a short prompt is read anew on the idle server');
    stage.release(short, 'cancelled');
    while (stage.fleet.backends.get(homeBackend)?.inFlight !== 4)
      stage.start(stage.arrive({ deployments: [`m@${homeBackend}`], work: work() }));
    assert.notEqual(stage.outcomeOf(stage.arrive(next)), home, 'its server is full');
  });

test('a caller with thirty waiters is not refused, and another caller gets the next slot', () => {
  const stage = stageOf(1, ['a']);
  stage.list('a', 'm');
  const greedy = Array.from({ length: 31 }, () => ask(stage, 'm', { key: 'x' }));
  const next = ask(stage, 'm', { key: 'x' });
  const polite = ask(stage, 'm', { key: 'y' });
  assert.deepEqual([stage.outcomeOf(next), stage.outcomeOf(polite)], ['waits', 'waits']);
  const [running = ''] = greedy;
  stage.start(running);
  stage.release(running);
  assert.equal(stage.outcomeOf(polite), 'm@a');
});

test('a client that leaves during a load aborts nothing, and the next client has the same load', () => {
  const stage = stageOf(1, ['a']);
  stage.list('a');
  const first = ask(stage, 'm');
  assert.deepEqual(stage.loads, ['m@a']);
  stage.pass(2000);
  stage.apply({ kind: 'left', request: first });
  stage.pass(2000);
  const second = ask(stage, 'm');
  stage.pass(2000);
  assert.deepEqual([stage.loads, stage.unloads, stage.outcomeOf(second)], [['m@a'], [], 'waits']);
  stage.load();
  assert.deepEqual([stage.loads, stage.outcomeOf(second), stage.decisionFor(first)], [['m@a'], 'm@a', undefined]);
});

/** A server with room for two: m answers once a second, n every `everyS` s, for ten minutes; then o is asked for until n goes. */
function asked(everyS: number): { readonly waitedMs: number; readonly stage: Stage } {
  const stage = stageOf(4, ['a'], ['m', 'n', 'o'], 2);
  for (const model of ['m', 'n']) {
    const request = ask(stage, model);
    stage.pass(LOAD_MS);
    stage.load();
    stage.start(request);
    stage.release(request);
  }
  for (let at = 1; at <= 600; at += 1) {
    stage.pass(1000);
    stage.list('a', 'm', 'n');
    chat(stage, 'm');
    if (at % everyS === 0) chat(stage, 'n');
  }
  const sinceMs = stage.nowMs;
  ask(stage, 'o');
  for (let tick = 1; tick < 600 && stage.unloads.length === 0; tick += 1) {
    stage.pass(100);
    if (stage.unloads.length > 0) break;
    if (tick % 10 === 0) chat(stage, 'm');
    if (tick % (10 * everyS) === 0) chat(stage, 'n');
  }
  assert.deepEqual([stage.unloads, stage.loads.at(-1)], [['n'], 'o@a'], 'n goes by name, and then o is loaded');
  return { waitedMs: stage.nowMs - sinceMs, stage };
}

test('a model that was not used for ten minutes goes by name within a second, and the one beside it meets its target', () => {
  const { waitedMs, stage } = asked(Infinity);
  assert.ok(waitedMs <= 1000, `${String(waitedMs)} ms`);
  const request = ask(stage, 'm');
  const sinceMs = stage.nowMs;
  while (stage.outcomeOf(request) === 'waits') {
    stage.pass(250);
    stage.list('a', 'm');
    assert.ok(stage.nowMs - sinceMs < 2000, 'it may have to go only until it was seen to stay');
  }
  stage.start(request);
  stage.release(request);
  stage.pass(LOAD_MS);
  stage.load();
  stage.list('a', 'm', 'o');
  chat(stage, 'm');
  assert.deepEqual(stage.unloads, ['n']);
});

test('a model that is used every three seconds goes after three loads at the latest, and not before 8 s', () => {
  const { waitedMs } = asked(3);
  assert.ok(waitedMs >= 8000 && waitedMs <= 20_000, `${String(waitedMs)} ms`);
});

test('requests that had not begun on a server that dies go elsewhere first, in their order, and none comes back before a probe', () => {
  const stage = stageOf(5, ['a', 'b']);
  stage.list('a', 'm');
  stage.list('b', 'm');
  const onlyA = { deployments: ['m@a'], work: work() };
  const [one, two] = [stage.arrive(onlyA), stage.arrive(onlyA)];
  for (const stream of [one, two]) stage.start(stream);
  const unstarted = [0, 1, 2].map(() => {
    stage.nowMs += 10;
    return { request: stage.arrive(onlyA), sinceMs: stage.nowMs };
  });
  // The other server is full, and others wait for it.
  const full = Array.from({ length: 5 }, () => stage.arrive({ deployments: ['m@b'], work: work() }));
  for (const each of full) stage.start(each);
  const waiters = [0, 1].map(() => stage.arrive({ deployments: ['m@a', 'm@b'], work: work() }));
  for (const request of [one, two, ...unstarted.map((each) => each.request)]) stage.release(request, 'backend-failed');
  const retries = unstarted.map(({ sinceMs }) =>
    stage.arrive({ deployments: ['m@a', 'm@b'], tried: ['m@a'], isRetry: true, sinceMs, work: work() }),
  );
  const order: string[] = [];
  for (const request of full.slice(0, 4)) {
    stage.release(request);
    const next = [...retries, ...waiters].filter((each) => !order.includes(each) && stage.outcomeOf(each) === 'm@b');
    for (const each of next) stage.start(each);
    order.push(...next);
  }
  assert.deepEqual(order, [...retries, waiters[0]]);
  stage.pass(5000);
  assert.equal(stage.fleet.backends.get('a')?.inFlight, 0);
  stage.apply({ kind: 'probed', backend: 'a', alive: true });
  stage.list('a');
  assert.deepEqual([stage.loads, stage.outcomeOf(waiters[1] ?? '')], [['m@a'], 'waits']);
  stage.load();
  assert.equal(stage.outcomeOf(waiters[1] ?? ''), 'm@a');
});
