import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Decision, RouteEvent } from '../../../src/gateway/route/event.ts';
import type { Backend, Fleet, Lease } from '../../../src/gateway/route/fleet.ts';
import { mayTakeCopy } from '../../../src/gateway/route/copy-places.ts';
import { placeLoads } from '../../../src/gateway/route/placement.ts';
import { waitSumMs, type Queue } from '../../../src/gateway/route/queue.ts';
import { createFleet } from '../../../src/gateway/route/reconfigure.ts';
import { route } from '../../../src/gateway/route/router.ts';
import { createPlaceFacts, leastRegretOf, regretOf } from '../../../src/gateway/route/victim.ts';
import { compareAll } from './index-scan.ts';
import { FLEET_POLICY } from './stage.ts';

const STEP = fc.record({ kind: fc.nat(9), pick: fc.nat(1000), passMs: fc.constantFrom(0, 5, 50, 400, 3000, 20_000) });
type Step = typeof STEP extends fc.Arbitrary<infer T> ? T : never;

const OBSERVATION = { promptBytes: 2000, promptTokens: 500, outTokens: 100, prefillMs: 100, decodeMs: 1000 };

/** A fleet of servers with room for two models, each with one slot, so that most of them are busy. Two aliases share the first model. */
class BusyFleet {
  readonly fleet: Fleet;
  readonly #urls: readonly string[];
  readonly #names: readonly string[];
  readonly #leases: Lease[] = [];
  readonly #loads: string[] = [];
  nowMs = 1000;
  #asked = 0;

  constructor(servers: number, aliases: number, room: number | undefined) {
    this.#urls = Array.from({ length: servers }, (_, index) => `s${String(index)}`);
    const models = Array.from({ length: aliases }, (_, index) => `m${String(index)}`);
    this.#names = [...models, 'twin'];
    this.fleet = createFleet({
      backends: this.#urls.map((url) => ({ url, managed: true, slots: 1, room })),
      deployments: this.#names.flatMap((name) =>
        this.#urls.map((url) => ({
          id: `${name}@${url}`,
          backend: url,
          weight: 1,
          model: name === 'twin' ? 'm0' : name,
          runnerKey: '[]',
          single: false,
        })),
      ),
    });
    this.#urls.forEach((backend, at) => {
      const listed = [at, at + 1].map((one) => ({
        name: models[one % aliases] ?? '',
        context: 4096,
        family: undefined,
      }));
      this.#apply({ kind: 'listed', backend, listing: { models: listed, askedMs: 0 } });
    });
  }

  step({ kind, pick, passMs }: Step): void {
    this.nowMs += passMs;
    if (kind < 6) for (let more = 0; more <= pick % 8; more += 1) this.#ask(pick + (kind < 3 ? 0 : more));
    else if (kind === 6) this.#apply({ kind: 'ticked' });
    else if (kind === 7) {
      const [lease] = this.#leases.splice(pick % Math.max(1, this.#leases.length), 1);
      if (lease !== undefined) this.#apply({ kind: 'released', lease, result: 'answered', observation: OBSERVATION });
    } else if (kind === 8) {
      const replica = this.#loads.shift();
      if (replica !== undefined) this.#apply({ kind: 'loaded', replica, result: 'answered' });
    } else for (const lease of this.#leases) if (!lease.started) this.#apply({ kind: 'started', lease });
  }

  #apply(event: RouteEvent): void {
    for (const decision of route(this.fleet, FLEET_POLICY, event, this.nowMs)) this.#take(decision);
  }

  #take(decision: Decision): void {
    if (decision.kind === 'assign') this.#leases.push(decision.lease);
    if (decision.kind === 'load') this.#loads.push(decision.replica);
  }

  #ask(pick: number): void {
    const queue = this.#names[pick % this.#names.length] ?? '';
    this.#asked += 1;
    this.#apply({
      kind: 'arrived',
      request: String(this.#asked),
      queue,
      deployments: this.#urls.map((url) => `${queue}@${url}`),
      tried: [],
      isRetry: false,
      sinceMs: this.nowMs,
      maxWaitMs: 1e9,
      untilMs: Infinity,
      loadedMs: 0,
      work: { promptTokens: 500, maxTokens: 200, prefix: [], key: 'k', user: String(pick % 3), batch: false },
    });
  }
}

/** The next load, and the backends that are waited for, as text. */
function decided(fleet: Fleet, nowMs: number): string {
  const claims = new Map<Backend, Queue>();
  const next = placeLoads(fleet, { queues: [...fleet.queues.values()], claims }, nowMs);
  return [
    next === undefined
      ? 'none'
      : `${next.deployment.id} ${next.reason} ${next.victim?.id ?? '-'} ${String(next.mayEvict)}`,
    ...[...claims].map(([{ url }, { name }]) => `${url} ${name}`),
  ].join(', ');
}

function backendsLeftOut(fleet: Fleet, nowMs: number): number {
  const facts = createPlaceFacts(nowMs);
  let count = 0;
  for (const queue of fleet.queues.values())
    for (const backend of fleet.backends.values())
      if (!mayTakeCopy(fleet, backend, waitSumMs(queue, nowMs) / 1000, facts)) count += 1;
  return count;
}

/** Asserts that no model is missed less than the look assumes at least; returns the number of models of which it assumes something. */
function assertMissed(fleet: Fleet, nowMs: number): number {
  const facts = createPlaceFacts(nowMs);
  let count = 0;
  for (const replica of fleet.replicas.values()) {
    if (replica.residency.state !== 'resident') continue;
    const least = leastRegretOf(fleet, replica, facts);
    assert.ok(least <= regretOf(fleet, replica, facts), `${replica.id}: ${String(least)}`);
    if (least > 0.5) count += 1;
  }
  return count;
}

test('the place of a load is that of a comparison of every server for every queue', () => {
  let [leftOut, missed] = [0, 0];
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 6 }),
      fc.integer({ min: 2, max: 5 }),
      fc.constantFrom(1, 2, 2, 2, undefined),
      fc.array(STEP, { minLength: 20, maxLength: 60, size: 'max' }),
      (servers, aliases, room, steps) => {
        const run = new BusyFleet(servers, aliases, room);
        for (const step of steps) {
          run.step(step);
          const { fleet, nowMs } = run;
          for (const laterMs of [0, 2000, 30_000]) {
            const fast = decided(fleet, nowMs + laterMs);
            const end = compareAll(fleet);
            assert.equal(fast, decided(fleet, nowMs + laterMs));
            end();
          }
          leftOut += backendsLeftOut(fleet, nowMs);
          missed += assertMissed(fleet, nowMs);
        }
      },
    ),
    { numRuns: 20 },
  );
  assert.ok(leftOut > 200, `${String(leftOut)} servers were left out`);
  assert.ok(missed > 200, `${String(missed)} models would be missed`);
});
