import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Decision, AttemptResult } from '../../../src/gateway/route/event.ts';
import type { Fleet, Lease } from '../../../src/gateway/route/fleet.ts';
import type { DeploymentSpec } from '../../../src/gateway/route/fleet-spec.ts';
import { createFleet } from '../../../src/gateway/route/reconfigure.ts';
import type { Policy } from '../../../src/gateway/route/policy.ts';
import { route } from '../../../src/gateway/route/router.ts';
import { simpleShuffle } from '../../../src/gateway/route/strategy/simple-shuffle.ts';
import { planOf, POLICY } from './stage.ts';

const PLACES = ['m@a', 'm@b', 'm@c'];

const fleetOf = (...backends: readonly string[]): Fleet => createFleet(planOf(...backends));

const placed = (id: string, weight = 1): DeploymentSpec => ({
  id,
  backend: id.slice(2),
  weight,
  model: id.slice(0, 1),
  runnerKey: '[]',
  single: false,
});
const flights: Lease[] = [];
let asked = 0;

function arrive(
  fleet: Fleet,
  options: { deployments?: readonly string[]; tried?: readonly string[]; nowMs?: number; policy?: Policy } = {},
): Decision {
  const { deployments = PLACES, tried = [], nowMs = 0, policy = POLICY } = options;
  const request = String((asked += 1));
  const [decision] = route(
    fleet,
    policy,
    {
      kind: 'arrived',
      request,
      queue: deployments.join(' '),
      deployments,
      tried,
      isRetry: false,
      sinceMs: nowMs,
      maxWaitMs: 60_000,
      untilMs: Number.POSITIVE_INFINITY,
      loadedMs: 0,
    },
    nowMs,
  );
  assert.ok(decision !== undefined);
  if (decision.kind === 'assign') flights.push(decision.lease);
  return decision;
}

const deploymentOf = (decision: Decision): string =>
  decision.kind === 'assign' ? decision.lease.deployment.id : decision.kind;

/** Releases one of the leases of a deployment. */
function release(fleet: Fleet, deployment: string, result: AttemptResult, nowMs = 0): void {
  const lease = flights.find((one) => one.deployment === fleet.deployments.get(deployment) && !one.released);
  assert.ok(lease !== undefined);
  route(fleet, POLICY, { kind: 'released', lease, result }, nowMs);
}

test('thirty consecutive requests spread evenly over three idle backends', () => {
  const fleet = fleetOf('a', 'b', 'c');
  const counts = new Map<string, number>();
  for (let turn = 0; turn < 30; turn += 1) {
    const deployment = deploymentOf(arrive(fleet));
    counts.set(deployment, (counts.get(deployment) ?? 0) + 1);
    release(fleet, deployment, 'answered');
  }
  assert.deepEqual([...counts.values()], [10, 10, 10]);
});

test('the backend with the fewest requests in flight is chosen', () => {
  const fleet = fleetOf('a', 'b');
  const [first, second] = [deploymentOf(arrive(fleet)), deploymentOf(arrive(fleet))];
  assert.deepEqual(new Set([first, second]), new Set(['m@a', 'm@b']));
  release(fleet, second, 'answered');
  assert.equal(deploymentOf(arrive(fleet)), second);
  release(fleet, first, 'answered');
  assert.equal(deploymentOf(arrive(fleet)), first);
});

test('requests in flight for other models of a backend count too', () => {
  const fleet = createFleet({ ...planOf('a', 'b'), deployments: ['x@a', 'y@a', 'y@b'].map((id) => placed(id)) });
  arrive(fleet, { deployments: ['x@a'] });
  assert.equal(deploymentOf(arrive(fleet, { deployments: ['y@a', 'y@b'] })), 'y@b');
  assert.equal(
    deploymentOf(arrive(fleet, { deployments: ['y@a', 'y@b'] })),
    'y@a',
    'the idle server is busy as well now, and so the fewest of the model there decide',
  );
});

test('a backend that failed is not used until a probe succeeds', () => {
  const fleet = fleetOf('a', 'b');
  const first = deploymentOf(arrive(fleet));
  const other = first === 'm@a' ? 'm@b' : 'm@a';
  release(fleet, first, 'backend-failed', 100);
  for (let turn = 0; turn < 4; turn += 1) assert.equal(deploymentOf(arrive(fleet, { nowMs: 200 })), other);
  const backend = first.slice(2);
  route(fleet, POLICY, { kind: 'probed', backend, alive: false }, 400);
  assert.equal(deploymentOf(arrive(fleet, { nowMs: 500 })), other);
  route(fleet, POLICY, { kind: 'probed', backend, alive: true }, 600);
  assert.equal(deploymentOf(arrive(fleet, { nowMs: 700 })), first);
});

test('probes start after 250 ms and slow down to one in 5 s', () => {
  const fleet = fleetOf('a');
  release(fleet, deploymentOf(arrive(fleet)), 'backend-failed', 1000);
  const pauses: number[] = [];
  let nowMs = 1000;
  for (let probe = 0; probe < 7; probe += 1) {
    const circuit = fleet.backends.get('a')?.circuit;
    assert.ok(circuit?.state === 'open');
    pauses.push(circuit.nextProbeMs - nowMs);
    nowMs = circuit.nextProbeMs;
    route(fleet, POLICY, { kind: 'probed', backend: 'a', alive: false }, nowMs);
  }
  assert.deepEqual(pauses, [250, 500, 1000, 2000, 4000, 5000, 5000]);
});

test('a request is rejected if every backend is down or was tried', () => {
  const fleet = fleetOf('a', 'b');
  assert.equal(arrive(fleet, { tried: ['m@a', 'm@b'] }).kind, 'reject');
  for (const deployment of ['m@a', 'm@b']) {
    arrive(fleet, { deployments: [deployment] });
    release(fleet, deployment, 'backend-failed');
  }
  assert.equal(arrive(fleet).kind, 'reject');
});

test('a deployment that fails three times in a row is in cooldown, unless it is the only one', () => {
  const fleet = fleetOf('a', 'b');
  for (let turn = 0; turn < 3; turn += 1) {
    arrive(fleet, { deployments: ['m@a'] });
    release(fleet, 'm@a', 'deployment-failed', 0);
  }
  for (let turn = 0; turn < 3; turn += 1) assert.equal(deploymentOf(arrive(fleet, { nowMs: 1000 })), 'm@b');
  assert.equal(deploymentOf(arrive(fleet, { deployments: ['m@a'], nowMs: 1000 })), 'm@a');
  release(fleet, 'm@a', 'answered');
  assert.equal(deploymentOf(arrive(fleet, { nowMs: 5000 })), 'm@a');
});

test('simple-shuffle chooses by weight', () => {
  const fleet = createFleet({ ...planOf('a', 'b'), deployments: [placed('m@a', 3), placed('m@b')] });
  const at = (random: number): string =>
    deploymentOf(arrive(fleet, { policy: { ...POLICY, strategy: simpleShuffle, random: () => random } }));
  assert.deepEqual([at(0), at(0.74), at(0.76), at(0.999)], ['m@a', 'm@a', 'm@b', 'm@b']);
});

test('random events: requests in flight are those assigned and not released', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('arrive' as const), tried: fc.subarray(PLACES) }),
    fc.record({
      kind: fc.constant('release' as const),
      which: fc.nat(),
      result: fc.constantFrom<AttemptResult>('answered', 'cancelled', 'refused', 'deployment-failed', 'backend-failed'),
    }),
    fc.record({ kind: fc.constant('probe' as const), backend: fc.constantFrom('a', 'b', 'c'), alive: fc.boolean() }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const fleet = fleetOf('a', 'b', 'c');
      const held: string[] = [];
      for (const [nowMs, one] of steps.entries()) {
        if (one.kind === 'arrive') {
          const up = PLACES.filter(
            (deployment) =>
              fleet.backends.get(deployment.slice(2))?.circuit.state === 'closed' && !one.tried.includes(deployment),
          );
          const decision = arrive(fleet, { tried: one.tried, nowMs });
          assert.equal(decision.kind === 'assign' ? up.includes(decision.lease.deployment.id) : up.length === 0, true);
          if (decision.kind === 'assign') held.push(decision.lease.deployment.id);
        } else if (one.kind === 'probe')
          route(fleet, POLICY, { kind: 'probed', backend: one.backend, alive: one.alive }, nowMs);
        else {
          const [deployment] = held.splice(one.which % Math.max(1, held.length), 1);
          if (deployment !== undefined) release(fleet, deployment, one.result, nowMs);
        }
        for (const id of PLACES)
          assert.equal(fleet.deployments.get(id)?.inFlight, held.filter((deployment) => deployment === id).length);
        for (const url of ['a', 'b', 'c'])
          assert.equal(
            fleet.backends.get(url)?.inFlight,
            held.filter((deployment) => deployment === `m@${url}`).length,
          );
      }
    }),
    { numRuns: 200 },
  );
});

test('after a reconfiguration, kept parts keep their counters, and removed parts go with their last lease', () => {
  const fleet = fleetOf('a', 'b', 'c');
  const assigned = [deploymentOf(arrive(fleet)), deploymentOf(arrive(fleet))];
  assert.deepEqual(assigned, ['m@a', 'm@b']);
  route(
    fleet,
    POLICY,
    { kind: 'reconfigured', spec: { ...planOf('b', 'd'), deployments: [placed('m@b', 3), placed('m@d')] } },
    0,
  );
  assert.deepEqual([...fleet.backends.keys()].toSorted(), ['a', 'b', 'd'], 'c had nothing in flight');
  assert.partialDeepStrictEqual(fleet.deployments.get('m@b'), { inFlight: 1, weight: 3 });
  assert.equal(deploymentOf(arrive(fleet, { deployments: ['m@b', 'm@d'] })), 'm@d', 'the lease on b still counts');
  release(fleet, 'm@a', 'answered');
  route(fleet, POLICY, { kind: 'ticked' }, 100);
  assert.deepEqual([...fleet.backends.keys(), ...fleet.deployments.keys()].toSorted(), ['b', 'd', 'm@b', 'm@d']);
  release(fleet, 'm@b', 'answered');
  release(fleet, 'm@d', 'answered');
  assert.deepEqual(
    [...fleet.backends.values()].map(({ inFlight }) => inFlight),
    [0, 0],
  );
});

test('a backend that was down stays down after a reconfiguration, and is up again once it was removed and added', () => {
  const plan = (...backends: readonly string[]): void =>
    void route(fleet, POLICY, { kind: 'reconfigured', spec: planOf(...backends) }, 0);
  const fleet = fleetOf('a', 'b');
  release(fleet, deploymentOf(arrive(fleet, { deployments: ['m@a'] })), 'backend-failed');
  plan('a', 'b');
  assert.equal(fleet.backends.get('a')?.circuit.state, 'open');
  plan('b');
  plan('a', 'b');
  assert.equal(fleet.backends.get('a')?.circuit.state, 'closed');
});
