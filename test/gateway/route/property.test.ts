import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';

import { BACKENDS, STEP, Trial } from './random-fleet.ts';

test('in every run counters are exact, each request is answered once, and nothing is left at the end', () => {
  fc.assert(
    fc.property(fc.constantFrom(1, 2, undefined), fc.array(STEP, { maxLength: 80, size: 'max' }), (slots, steps) => {
      const trial = new Trial(slots);
      for (const step of steps) {
        trial.step(step);
        trial.check();
      }
      // The storm is over: backends live, loads end, and leases end in time.
      trial.step({ kind: 'replan', slots: 2, backends: [...BACKENDS], models: ['m', 'n'] });
      for (let turn = 0; turn < 200 && trial.waiting.length + trial.held.length > 0; turn += 1) {
        for (const backend of BACKENDS) trial.step({ kind: 'probe', backend, alive: true });
        trial.step({ kind: 'loaded', result: 'answered' });
        while (trial.held.length > 0)
          trial.step({ kind: 'release', which: 0, result: 'answered', abandoned: false, promptBytes: 1000 });
        trial.step({ kind: 'pass', ms: 1000 });
        trial.check();
      }
      assert.deepEqual([trial.waiting, trial.held], [[], []], 'no request starves');
      for (const backend of trial.stage.fleet.backends.values()) assert.equal(backend.inFlight, 0);
    }),
    { numRuns: 300 },
  );
});
