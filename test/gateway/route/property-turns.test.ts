import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Policy } from '../../../src/gateway/route/policy.ts';
import { FLEET_POLICY, POLICY } from './stage.ts';
import { VirtualFleet } from './virtual-fleet.ts';
import type { Setting } from './virtual-setting.ts';
import { IN_JOB } from '../../job.ts';

const SETTING = fc
  .array(
    fc.record({
      room: fc.integer({ min: 1, max: 3 }),
      stated: fc.constantFrom(undefined, 1, 3),
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

function assertServed(setting: Setting, policy: Policy): void {
  const fleet = new VirtualFleet(setting, policy);
  for (let minute = 0; minute < 3; minute += 1) {
    fleet.run(60_000);
    assert.ok(fleet.longestWaitMs < 90_000, `an alias has waited ${String(fleet.longestWaitMs)} ms`);
  }
  assert.ok(
    fleet.served.every((count) => count > 0),
    `every alias is served: ${fleet.served.join(' ')}`,
  );
}

for (const [name, policy] of Object.entries({ 'least-busy': POLICY, fleet: FLEET_POLICY }))
  test(`${name}, random fleets: every alias is served within as many loads as aliases wait on its server`, () => {
    fc.assert(
      fc.property(SETTING, (setting) => {
        assertServed(setting, policy);
      }),
      { numRuns: IN_JOB ? 15 : 40 },
    );
  });

// Aliases of one model with several contexts, and of several names of the same weights: each load evicts the runner of another alias.
const SHARED_WEIGHTS = SETTING.chain(({ servers, aliases }) =>
  fc
    .uniqueArray(fc.record({ model: fc.constantFrom('x', 'y', 'z'), numCtx: fc.constantFrom(1024, 2048, 8192) }), {
      minLength: aliases.length,
      maxLength: aliases.length,
      selector: ({ model, numCtx }) => `${model} ${String(numCtx)}`,
    })
    .map((models): Setting => ({
      servers,
      aliases: aliases.map((alias, index) => ({
        ...alias,
        ...models[index],
        weights: models[index]?.model === 'z' ? 'z' : 'xy',
      })),
    })),
);

for (const [name, policy] of Object.entries({ 'least-busy': POLICY, fleet: FLEET_POLICY }))
  test(`${name}, random fleets of aliases with the same weights and other contexts: every alias is served in its turn`, () => {
    fc.assert(
      fc.property(SHARED_WEIGHTS, (setting) => {
        assertServed(setting, policy);
      }),
      { numRuns: IN_JOB ? 15 : 40 },
    );
  });

for (const [title, models] of [
  ['of one model with different contexts', ['x', 'x', 'x', 'x']],
  ['of the same weights by different names', ['x', 'y', 'x', 'z']],
] as const)
  test(`four aliases ${title} on two servers get the same share`, () => {
    const fleet = new VirtualFleet({
      servers: [0, 1].map(() => ({ room: 1, slots: 1, loadMs: 300 })),
      aliases: models.map((model, index) => ({
        servers: [0, 1],
        clients: 1,
        answerMs: 50,
        pauseMs: 0,
        model,
        weights: 'same',
        numCtx: 1024 * (index + 1),
      })),
    });
    fleet.run(10 * 60_000);
    const all = fleet.served.reduce((sum, count) => sum + count, 0);
    assert.ok(
      fleet.served.every((count) => count > all / 6),
      fleet.served.join(' '),
    );
  });

test('a load for an alias serves it first, where another alias of the same model asks more often', () => {
  const rare = { servers: [0], clients: 1, answerMs: 100, pauseMs: 0, model: 'z', weights: 'z', numCtx: 2048 };
  const fleet = new VirtualFleet({
    servers: [{ room: 1, slots: 1, loadMs: 2000 }],
    aliases: [rare, rare, { ...rare, clients: 12, answerMs: 3000, numCtx: 1024 }],
  });
  fleet.run(10 * 60_000);
  const [first = 0, second = 0] = fleet.served;
  assert.ok(Math.min(first, second) > Math.max(first, second) / 2, fleet.served.join(' '));
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
