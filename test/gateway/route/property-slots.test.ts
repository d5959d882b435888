import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';

import { FLEET_POLICY, planOf, POLICY, Stage } from './stage.ts';
import { STEP, RandomRun } from './random-fleet.ts';

for (const [name, policy] of Object.entries({ 'least-busy': POLICY, fleet: FLEET_POLICY }))
  test(`${name}, random events: slots are exceeded by one trial at most, abandoned prefills included`, () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.array(STEP, { maxLength: 80, size: 'max' }), (slots, steps) => {
        const run = new RandomRun(slots, policy);
        for (const step of steps) {
          if (step.kind === 'reconfigure') continue;
          const before = new Map([...run.stage.fleet.replicas.values()].map((replica) => [replica, replica.inFlight]));
          run.step(step);
          for (const replica of run.stage.fleet.replicas.values())
            assert.ok(
              replica.inFlight <= (before.get(replica) ?? 0) ||
                replica.inFlight + replica.abandonedPrefills.length <=
                  Math.max(slots, replica.slots.count) + (replica.slots.trial === undefined ? 0 : 1),
            );
        }
      }),
      { numRuns: 300 },
    );
  });

test('random events: late requests never overtake requests on time, and requests on time keep their order', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.constant('arrive' as const), fc.constant('release' as const), fc.nat(1500)), {
        maxLength: 60,
        size: 'max',
      }),
      (steps) => {
        const stage = new Stage(planOf('a'));
        stage.fleet.replicas.forEach((replica) => (replica.slots.count = 1));
        const arrivedMs = new Map<string, number>();
        const ended = new Set<string>();
        for (const step of steps) {
          const decisionsBefore = stage.decisions.length;
          if (step === 'arrive') arrivedMs.set(stage.arrive(), stage.nowMs);
          else if (step === 'release') {
            const running = [...arrivedMs.keys()].find(
              (request) => stage.outcomeOf(request) === 'm@a' && !ended.has(request),
            );
            if (running !== undefined) {
              ended.add(running);
              stage.release(running);
            }
          } else stage.nowMs += step;
          for (const decision of stage.decisions.slice(decisionsBefore)) {
            if (decision.kind !== 'assign') continue;
            const mineMs = arrivedMs.get(decision.request) ?? stage.nowMs;
            const others = [...stage.fleet.waiting.keys()]
              .map((request) => arrivedMs.get(request) ?? 0)
              .filter((sinceMs) => stage.nowMs - sinceMs <= 2000);
            if (others.length > 0)
              assert.ok(stage.nowMs - mineMs <= 2000 && others.every((sinceMs) => sinceMs >= mineMs));
          }
        }
      },
    ),
    { numRuns: 300 },
  );
});
