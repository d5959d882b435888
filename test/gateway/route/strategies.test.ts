import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Decision, Observation } from '../../../src/gateway/route/event.ts';
import type { FleetSpec, DeploymentSpec } from '../../../src/gateway/route/fleet-spec.ts';
import { latencyBased } from '../../../src/gateway/route/strategy/latency-based.ts';
import { leastBusy } from '../../../src/gateway/route/strategy/least-busy.ts';
import type { Strategy } from '../../../src/gateway/route/strategy/strategy.ts';
import { usageBased } from '../../../src/gateway/route/strategy/usage-based.ts';
import { planOf, POLICY, Stage } from './stage.ts';

/** The model `m` on each of these backends. */
function fleetWith(servers: Readonly<Record<string, Partial<DeploymentSpec>>>): FleetSpec {
  const { backends, deployments } = planOf(...Object.keys(servers));
  return {
    backends,
    deployments: deployments.map((deployment) => ({ ...deployment, ...servers[deployment.backend] })),
  };
}

function stageOf(strategy: Strategy, servers: Readonly<Record<string, Partial<DeploymentSpec>>>): Stage {
  return new Stage(fleetWith(servers), { ...POLICY, strategy, allowedFails: 1 });
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
  return [request, stage.leaseOf(request).backend.url];
}

function serve(stage: Stage, seenAt: (backend: string) => Partial<Observation>): string {
  const [request, backend] = ask(stage);
  stage.release(request, 'answered', { promptBytes: 10, ...seenAt(backend) });
  return backend;
}

test('latency-based-routing tries every deployment, then uses the fastest until it is busy', () => {
  const stage = stageOf(latencyBased, { slow: {}, fast: {} });
  const measure = (backend: string): Partial<Observation> => ({ firstMs: backend === 'slow' ? 250 : 100 });
  assert.deepEqual(new Set([serve(stage, measure), serve(stage, measure)]), new Set(['slow', 'fast']));
  for (let turn = 0; turn < 5; turn += 1) assert.equal(serve(stage, measure), 'fast');
  assert.deepEqual(
    Array.from({ length: 4 }, () => ask(stage)[1]),
    ['fast', 'fast', 'slow', 'fast'],
  );
});

test('latency-based-routing tries a slow deployment again later', () => {
  const stage = stageOf(latencyBased, { a: {}, b: {} });
  let aMs = 8000;
  const measure = (backend: string): Partial<Observation> => ({ firstMs: backend === 'a' ? aMs : 100 });
  serve(stage, measure);
  serve(stage, measure);
  aMs = 10;
  const picksMade: string[] = [];
  for (let second = 0; second < 600; second += 1) {
    stage.nowMs += 1000;
    picksMade.push(serve(stage, measure));
  }
  assert.equal(picksMade.slice(0, 100).includes('a'), false);
  assert.ok(picksMade.includes('a'), 'the old estimate decays');
  assert.ok(picksMade.slice(-100).includes('a'), 'then the new latency is known');
});

test('usage-based-routing uses the deployment with the fewest tokens in its minute', () => {
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

test('the lowest order is used while possible; deployments without order come last', () => {
  const stage = stageOf(leastBusy, { none: {}, second: { order: 2 }, first: { order: 1 } });
  const fail = (): string => {
    const [request, backend] = ask(stage);
    stage.release(request, 'deployment-failed');
    return backend;
  };
  assert.deepEqual([fail(), fail(), fail()], ['first', 'second', 'none'], 'a deployment in cooldown gives way');
  stage.nowMs += 6000;
  assert.equal(ask(stage)[1], 'first');
});

test('a deployment over its rate limit is not used; with all over it, the rejection says a minute', () => {
  const stage = stageOf(leastBusy, { a: { rpm: 1 }, b: { tpm: 10 } });
  const first = serve(stage, () => ({ tokens: 10 }));
  stage.nowMs = 20_000;
  assert.deepEqual(new Set([first, serve(stage, () => ({ tokens: 10 }))]), new Set(['a', 'b']));
  stage.nowMs = 30_000;
  assert.partialDeepStrictEqual(decisionFor(stage, stage.arrive()), {
    kind: 'reject',
    reason: 'rate-limited',
    retryAfterMs: 60_000,
  });
  stage.nowMs = 60_000;
  assert.equal(decisionFor(stage, stage.arrive()).kind, 'assign');
});

test('a waiter is rejected when the last rate limit is reached, instead of waiting for the next minute', () => {
  const spec = fleetWith({ a: { rpm: 1 } });
  const stage = new Stage({ ...spec, backends: [{ url: 'a', managed: false, slots: 1 }] });
  const [first] = ask(stage);
  const second = stage.arrive();
  stage.pass(200);
  assert.partialDeepStrictEqual(decisionFor(stage, second), { kind: 'reject', reason: 'rate-limited' });
  stage.release(first);
  assert.equal(stage.fleet.waiting.size, 0);
});
