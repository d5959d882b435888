import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Decision, Observation } from '../../../src/gateway/route/event.ts';
import type { FleetSpec, DeploymentSpec } from '../../../src/gateway/route/fleet.ts';
import { latencyBased } from '../../../src/gateway/route/strategy/latency-based.ts';
import { leastBusy } from '../../../src/gateway/route/strategy/least-busy.ts';
import type { Strategy } from '../../../src/gateway/route/strategy/strategy.ts';
import { usageBased } from '../../../src/gateway/route/strategy/usage-based.ts';
import { planOf, POLICY, Stage } from './stage.ts';

/** The model `m` on each of these backends. */
function planWith(servers: Readonly<Record<string, Partial<DeploymentSpec>>>): FleetSpec {
  const { backends, deployments } = planOf(...Object.keys(servers));
  return {
    backends,
    deployments: deployments.map((deployment) => ({ ...deployment, ...servers[deployment.backend] })),
  };
}

function stageOf(strategy: Strategy, servers: Readonly<Record<string, Partial<DeploymentSpec>>>): Stage {
  return new Stage(planWith(servers), { ...POLICY, strategy, allowedFails: 1 });
}

function decisionFor(stage: Stage, request: string): Decision {
  return (
    stage.decisions.findLast((decision) => 'request' in decision && decision.request === request) ??
    assert.fail(`nothing about ${request}`)
  );
}

/** The backend of a request that arrives now. */
function ask(stage: Stage): readonly [request: string, backend: string] {
  const request = stage.arrive();
  return [request, stage.flightOf(request).backend.url];
}

function serve(stage: Stage, seenAt: (backend: string) => Partial<Observation>): string {
  const [request, backend] = ask(stage);
  stage.release(request, 'answered', { promptBytes: 10, ...seenAt(backend) });
  return backend;
}

test('by latency, everybody is tried, then the fastest is used, until it is busy enough for another to be faster', () => {
  const stage = stageOf(latencyBased, { slow: {}, fast: {} });
  const observation = (backend: string): Partial<Observation> => ({ firstMs: backend === 'slow' ? 250 : 100 });
  assert.deepEqual(new Set([serve(stage, observation), serve(stage, observation)]), new Set(['slow', 'fast']));
  for (let turn = 0; turn < 5; turn += 1) assert.equal(serve(stage, observation), 'fast');
  assert.deepEqual(
    Array.from({ length: 4 }, () => ask(stage)[1]),
    ['fast', 'fast', 'slow', 'fast'],
  );
});

test('by latency, what was slow once is tried again after a while', () => {
  const stage = stageOf(latencyBased, { a: {}, b: {} });
  let aMs = 8000;
  const observation = (backend: string): Partial<Observation> => ({ firstMs: backend === 'a' ? aMs : 100 });
  serve(stage, observation);
  serve(stage, observation);
  aMs = 10;
  const countUse: string[] = [];
  for (let second = 0; second < 600; second += 1) {
    stage.nowMs += 1000;
    countUse.push(serve(stage, observation));
  }
  assert.equal(countUse.slice(0, 100).includes('a'), false);
  assert.ok(countUse.includes('a'), 'the estimate fades');
  assert.ok(countUse.slice(-100).includes('a'), 'and then it is as fast as it is now');
});

test('by usage, the place with the fewest tokens in its minute is used', () => {
  const stage = stageOf(usageBased, { a: {}, b: {} });
  assert.deepEqual(
    [100, 10, 10, 10, 200].map((tokens) => serve(stage, () => ({ tokens }))),
    ['a', 'b', 'b', 'b', 'b'],
  );
  assert.equal(
    serve(stage, () => ({ tokens: 1 })),
    'a',
  );
  stage.nowMs += 70_000;
  assert.deepEqual(
    new Set([serve(stage, () => ({ tokens: 9 })), serve(stage, () => ({ tokens: 9 }))]),
    new Set(['a', 'b']),
    'another minute',
  );
});

test('the lowest order is used while it can be; those without come last', () => {
  const stage = stageOf(leastBusy, { none: {}, second: { order: 2 }, first: { order: 1 } });
  const fail = (): string => {
    const [request, backend] = ask(stage);
    stage.release(request, 'deployment-failed');
    return backend;
  };
  assert.deepEqual([fail(), fail(), fail()], ['first', 'second', 'none'], 'a place that rests gives way');
  stage.nowMs += 6000;
  assert.equal(ask(stage)[1], 'first');
});

test('a place over its limit is left out; when all are, it is said how long that lasts', () => {
  const stage = stageOf(leastBusy, { a: { rpm: 1 }, b: { tpm: 10 } });
  const first = serve(stage, () => ({ tokens: 10 }));
  stage.nowMs = 20_000;
  assert.deepEqual(new Set([first, serve(stage, () => ({ tokens: 10 }))]), new Set(['a', 'b']));
  stage.nowMs = 30_000;
  assert.partialDeepStrictEqual(decisionFor(stage, stage.arrive()), {
    kind: 'reject',
    reason: 'rate-limited',
    retryAfterMs: 30_000,
  });
  stage.nowMs = 60_000;
  assert.equal(decisionFor(stage, stage.arrive()).kind, 'assign');
});

test('a request that waits for a slot when the last limit is reached is refused, and does not wait for the next minute', () => {
  const plan = planWith({ a: { rpm: 1 } });
  const stage = new Stage({ ...plan, backends: [{ url: 'a', managed: false, slots: 1 }] });
  const [first] = ask(stage);
  const second = stage.arrive();
  stage.pass(200);
  assert.partialDeepStrictEqual(decisionFor(stage, second), { kind: 'reject', reason: 'rate-limited' });
  stage.release(first);
  assert.equal(stage.fleet.waiting.size, 0);
});
