import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Decision } from '../../../src/gateway/route/event.ts';
import { assertIndexes, scanAll } from './index-scan.ts';
import { RandomRun, STEP } from './random-fleet.ts';
import { FLEET_POLICY, POLICY } from './stage.ts';

for (const [name, policy] of Object.entries({ 'least-busy': POLICY, fleet: FLEET_POLICY }))
  test(`${name}, random events: the decisions are those of a scan of the whole fleet at each event`, () => {
    fc.assert(
      fc.property(
        fc.constantFrom(1, 2, 4, undefined),
        fc.constantFrom(1, 2, undefined),
        fc.array(STEP, { maxLength: 80, size: 'max' }),
        (slots, room, steps) => {
          const [indexed, scanned] = [new RandomRun(slots, policy, room), new RandomRun(slots, policy, room)];
          scanned.stage.before = scanAll;
          indexed.stage.before = assertIndexes;
          for (const step of steps) {
            for (const run of [indexed, scanned]) run.step(step);
            assert.deepEqual(indexed.stage.decisions.map(shown), scanned.stage.decisions.map(shown));
            assert.equal(indexed.stage.fleet.tickWanted, scanned.stage.fleet.tickWanted);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

// Leases refer to the fleet that gave them.
function shown(decision: Decision): unknown {
  if (decision.kind !== 'assign') return decision;
  const { lease, ...rest } = decision;
  const { deployment, position, covered, chargedS, unreadBefore, flow } = lease;
  return { ...rest, deployment: deployment.id, position, covered, chargedS, unreadBefore, caller: flow.id };
}
