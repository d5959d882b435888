import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';

import { BACKENDS, STEP, RandomRun } from './random-fleet.ts';
import { FLEET_POLICY, POLICY } from './stage.ts';

for (const [name, policy] of Object.entries({ 'least-busy': POLICY, fleet: FLEET_POLICY }))
  test(`${name}, random events: the invariants hold, each request gets one decision, and nothing is left at the end`, () => {
    fc.assert(
      fc.property(
        fc.constantFrom(1, 2, 4, undefined),
        fc.constantFrom(1, 2, undefined),
        fc.array(STEP, { maxLength: 80, size: 'max' }),
        (slots, room, steps) => {
          const run = new RandomRun(slots, policy, room);
          for (const step of steps) {
            run.step(step);
            run.check();
          }
          // Then every backend is up, and loads and leases end.
          run.step({ kind: 'reconfigure', slots: 2, backends: [...BACKENDS], models: ['m', 'n', 'o'] });
          for (let turn = 0; turn < 200 && run.waiting.length + run.held.length > 0; turn += 1) {
            for (const backend of BACKENDS) run.step({ kind: 'probe', backend, alive: true });
            run.step({ kind: 'loaded', result: 'answered' });
            while (run.held.length > 0)
              run.step({ kind: 'release', which: 0, result: 'answered', abandoned: false, promptBytes: 1000 });
            run.step({ kind: 'pass', ms: 1000 });
            run.check();
          }
          assert.deepEqual([run.waiting, run.held], [[], []], 'no request starves');
          for (const backend of run.stage.fleet.backends.values()) assert.equal(backend.inFlight, 0);
        },
      ),
      { numRuns: 300 },
    );
  });
