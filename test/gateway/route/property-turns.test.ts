import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { VirtualFleet, type Setting } from './virtual-fleet.ts';

const SETTING = fc
  .array(
    fc.record({
      room: fc.integer({ min: 1, max: 3 }),
      slots: fc.integer({ min: 1, max: 4 }),
      loadMs: fc.constantFrom(500, 2000, 5000),
    }),
    { minLength: 1, maxLength: 3 },
  )
  .chain((servers) =>
    fc
      .array(
        fc.record({
          servers: fc.subarray(
            servers.map((_, index) => index),
            { minLength: 1 },
          ),
          clients: fc.constantFrom(1, 2, 3, 12),
          answerMs: fc.constantFrom(100, 500, 3000),
          pauseMs: fc.constantFrom(0, 200, 4000),
        }),
        { minLength: 1, maxLength: 6 },
      )
      .map((aliases): Setting => ({ servers, aliases })),
  );

test('random fleets: every alias is served within as many loads as aliases wait on its server', () => {
  fc.assert(
    fc.property(SETTING, (setting) => {
      const fleet = new VirtualFleet(setting);
      for (let minute = 0; minute < 3; minute += 1) {
        fleet.run(60_000);
        assert.ok(fleet.longestWaitMs < 90_000, `an alias has waited ${String(fleet.longestWaitMs)} ms`);
      }
      assert.ok(
        fleet.served.every((count) => count > 0),
        `every alias is served: ${fleet.served.join(' ')}`,
      );
    }),
    { numRuns: 100 },
  );
});

test('four aliases that share room for one model get the same share of its answers', () => {
  const alias = { servers: [0], clients: 2, answerMs: 100, pauseMs: 0 };
  const fleet = new VirtualFleet({
    servers: [{ room: 1, slots: 1, loadMs: 2000 }],
    aliases: [alias, alias, alias, alias],
  });
  fleet.run(20 * 60_000);
  const all = fleet.served.reduce((sum, count) => sum + count, 0);
  assert.ok(
    fleet.served.every((count) => count > all / 5),
    fleet.served.join(' '),
  );
});
