import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Lease } from '../../../src/gateway/route/fleet.ts';
import { Holders } from '../../../src/gateway/scheduler/holders.ts';

test('requests are recalled in the order of their assignments, but for one that begins meanwhile', () => {
  const holders = new Holders();
  const leases = ['a', 'b', 'c', 'd'].map((request) => ({ request }) as Lease); // no more is read of it
  const recalled: string[] = [];
  for (const lease of leases)
    holders.add(lease, (decision) => {
      recalled.push(decision.kind === 'recall' ? decision.trial : '');
      holders.remove(lease);
      // The third begins while the first is recalled.
      if (lease === leases[0] && leases[2] !== undefined) holders.remove(leases[2]);
    });
  holders.recall(({ request }) => request !== 'b');
  assert.deepEqual(recalled, ['a', 'd']);
  holders.recall(() => true);
  assert.deepEqual(recalled, ['a', 'd', 'b']);
});
