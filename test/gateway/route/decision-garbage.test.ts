import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { costOf } from '../../bench/gateway/decisions.ts';
import { DecisionFleet } from '../../bench/gateway/decision-fleet.ts';

// Compiled code keeps most numbers in registers, and when it is compiled depends on the load of the machine. Without it each decision
// allocates the same, and much more: 4 KiB become 80, and 7 become 110. With an object for each request that is looked at the first were 160,
// with a comparison of each server for each queue the second 294, and with an iterator for each server 158.
setFlagsFromString('--no-opt');
setFlagsFromString('--no-maglev');

const ROUNDS = 100;
const MOST_BYTES = 112 * 1024;
const MOST_BYTES_OF_A_SERVER = 136 * 1024;

test('full: an event that changes one server leaves little behind', () => {
  const fleet = new DecisionFleet({ servers: 64, aliases: 8, waiting: 10_000, state: 'full' });
  for (const kind of ['ticked', 'probed', 'loaded'] as const) {
    const bytes = Array.from({ length: ROUNDS }, (_, round) => costOf(fleet, kind, round).bytes);
    const median = bytes.toSorted((a, b) => a - b)[ROUNDS >> 1] ?? Infinity;
    assert.ok(median > 1024 && median < MOST_BYTES_OF_A_SERVER, `${kind} allocates ${String(median)} bytes`);
  }
});

for (const state of ['reading', 'full'] as const)
  test(`${state}: a slot that comes free before 10,000 requests leaves little behind for the garbage collector`, () => {
    const fleet = new DecisionFleet({ servers: 64, aliases: 8, waiting: 10_000, state });
    const bytes: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      costOf(fleet, 'arrived', round);
      bytes.push(costOf(fleet, 'released', round).bytes);
      costOf(fleet, 'started', round);
    }
    const median = bytes.toSorted((a, b) => a - b)[ROUNDS >> 1] ?? Infinity;
    assert.ok(median > 1024 && median < MOST_BYTES, `it allocates ${String(median)} bytes`);
  });
