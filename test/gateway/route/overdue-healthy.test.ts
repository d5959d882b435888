import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Work } from '../../../src/gateway/route/work.ts';
import { FLEET_POLICY, managedFleet, RATES, Stage, work } from './stage.ts';

/** A request whose first token comes when its prompt is read, and one of which that is not known. */
const PLAIN = work({ startsWhenRead: true });
const TOOLED = work({ startsWhenRead: false });
/** A slow CPU. */
const SLOW = { prefill: 100, decode: 10, samples: 10 };

function warmStage(rates: typeof RATES = RATES, models: readonly string[] = ['m'], backends = ['a', 'b']): Stage {
  const stage = new Stage(managedFleet(4, backends, models), FLEET_POLICY, true);
  stage.nowMs = 1000;
  stage.warm();
  for (const backend of backends) stage.list(backend, ...models);
  for (const replica of stage.fleet.replicas.values()) Object.assign(replica.rates, rates);
  return stage;
}

/** Sends a request to the first server, which is not the only one that it may use. */
function send(stage: Stage, of: Work, deployments: readonly string[] = ['m@a', 'm@b']): string {
  const b = stage.fleet.replicas.get(stage.fleet.deployments.get('m@b')?.replica ?? '');
  assert.ok(b !== undefined);
  b.pausedUntilMs = Infinity;
  const request = stage.arrive({ work: of, deployments });
  b.pausedUntilMs = 0;
  assert.match(stage.outcomeOf(request), /@a$/);
  return request;
}

function recallsOf(stage: Stage): readonly string[] {
  return [...new Set(stage.decisions.flatMap((decision) => (decision.kind === 'recall' ? [decision.trial] : [])))];
}

/** A request is taken back from the first server. */
function stall(stage: Stage): void {
  const request = send(stage, PLAIN);
  while (!recallsOf(stage).includes(request)) stage.pass(100);
  stage.release(request, 'recalled');
  assert.ok(stage.leaseOf(request).replica.stall !== undefined);
}

test('a gateway that stood still reads what came meanwhile before it takes a request back', () => {
  const stage = warmStage();
  const requests = [send(stage, PLAIN), send(stage, PLAIN)] as const;
  stage.pass(300);
  stage.nowMs += 3000;
  stage.apply({ kind: 'ticked' });
  assert.deepEqual(recallsOf(stage), []);
  stage.start(requests[0]);
  stage.pass(600);
  assert.deepEqual(recallsOf(stage), [], 'the other one has its time from then on');
  stage.pass(100);
  assert.deepEqual(recallsOf(stage), [requests[1]]);
});

test('a server that begins an answer has all of its slots again at once', () => {
  const stage = warmStage();
  const tooled = send(stage, TOOLED);
  stall(stage);
  const waiting = stage.arrive({ deployments: ['m@a'], work: TOOLED });
  assert.equal(stage.outcomeOf(waiting), 'waits');
  stage.start(tooled);
  assert.equal(stage.outcomeOf(waiting), 'm@a');
  assert.equal(stage.leaseOf(tooled).replica.stall, undefined);
});

test('the pause that its server asked for holds though it begins an answer', () => {
  const stage = warmStage();
  const tooled = send(stage, TOOLED);
  stall(stage);
  const { replica } = stage.leaseOf(tooled);
  replica.pausedUntilMs = stage.nowMs + 20_000;
  stage.start(tooled);
  assert.equal(replica.pausedUntilMs, stage.nowMs + 20_000);
});

test('a server that answers its test has its slots again', () => {
  const stage = warmStage();
  stall(stage);
  const { replica } = stage.leaseOf(stage.arrive({ deployments: ['m@b'], work: TOOLED }));
  const stalled = [...stage.fleet.replicas.values()].find((one) => one !== replica);
  while (!stage.decisions.some(({ kind }) => kind === 'test')) {
    stage.pass(2000);
    stage.list('a', 'm');
  }
  stage.apply({ kind: 'tested', replica: stalled?.id ?? '' });
  assert.equal(stalled?.stall, undefined);
});

test('a request has the time of the prompts that its server reads first', () => {
  const stage = warmStage(SLOW);
  send(stage, work({ promptTokens: 900, startsWhenRead: false }));
  const request = send(stage, work({ promptTokens: 30, startsWhenRead: true }));
  stage.pass(12_000);
  assert.deepEqual(recallsOf(stage), [], 'they take 9.3 s');
  stage.pass(24_000);
  assert.deepEqual(recallsOf(stage), [request]);
});

test('a request has the time of a prompt that its client has abandoned', () => {
  const stage = warmStage();
  const request = send(stage, PLAIN);
  const { replica } = stage.leaseOf(request);
  replica.abandonedPrefills.push({ untilMs: stage.nowMs + 2500, expectedMs: 2500 });
  const behind = send(stage, PLAIN);
  stage.release(request, 'cancelled');
  stage.pass(2400);
  assert.deepEqual(recallsOf(stage), []);
  stage.pass(1000);
  assert.deepEqual(recallsOf(stage), [behind]);
});

test('of two servers that keep requests no more go than the third one can begin', () => {
  const stage = warmStage(RATES, ['m'], ['a', 'b', 'c']);
  for (const replica of stage.fleet.replicas.values()) replica.pausedUntilMs = replica.backend === 'c' ? Infinity : 0;
  const short = work({ promptTokens: 10, startsWhenRead: true });
  const requests = Array.from({ length: 6 }, () => stage.arrive({ work: short }));
  for (const replica of stage.fleet.replicas.values()) replica.pausedUntilMs = 0;
  const kept = new Set(requests.map((request) => stage.outcomeOf(request)));
  assert.deepEqual([...kept].toSorted(), ['m@a', 'm@b']);
  while (recallsOf(stage).length === 0) stage.pass(100);
  assert.equal(recallsOf(stage).length, 4);
});

test('a server that stands still itself gets one request of another one', () => {
  const stage = warmStage();
  stall(stage);
  const { replicas } = stage.fleet;
  for (const replica of replicas.values()) replica.pausedUntilMs = replica.backend === 'a' ? Infinity : 0;
  for (let turn = 0; turn < 3; turn += 1) assert.equal(stage.outcomeOf(stage.arrive({ work: PLAIN })), 'm@b');
  for (const replica of replicas.values()) replica.pausedUntilMs = 0;
  const before = recallsOf(stage).length;
  while (recallsOf(stage).length === before) stage.pass(100);
  assert.equal(recallsOf(stage).length, before + 1);
});

test('another model of the same server is no place for its requests', () => {
  const stage = warmStage(RATES, ['m', 'n']);
  send(stage, PLAIN, ['m@a', 'n@a']);
  stage.pass(10_000);
  assert.deepEqual(recallsOf(stage), []);
});

test('a server that has failed is no place for the requests of another one', () => {
  const stage = warmStage();
  const request = send(stage, PLAIN);
  const other = stage.fleet.deployments.get('m@b');
  assert.ok(other !== undefined);
  other.cooldownUntilMs = stage.nowMs + 5000;
  stage.pass(4900);
  assert.deepEqual(recallsOf(stage), []);
  stage.pass(200);
  assert.deepEqual(recallsOf(stage), [request]);
});
