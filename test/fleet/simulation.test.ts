import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resultOf, type Task } from './run.ts';
import type { SimResult } from './simulation.ts';

const TASK = { seed: 1, strategy: 'least-busy', slots: 'true' } as const;
const WORKLOADS = ['a_guide70', 'c_zipf8', 'd_turns', 'e_p0.95', 'h_greedy', 'z_conv'];

function outcomesOf({ records }: SimResult): readonly unknown[] {
  return records.map(({ request, sentMs, ttftMs, outcome }) => [request.id, sentMs, ttftMs, outcome]);
}

for (const workload of WORKLOADS) {
  const task: Task = { ...TASK, workload };

  test(`${workload}: each request ends once, and the same seed gives the same result`, () => {
    const result = resultOf(task);
    const { records, left, mostOver } = result;
    assert.ok(records.length > 500);
    assert.equal(new Set(records.map(({ request }) => request.id)).size, records.length, 'no request is sent twice');
    assert.ok(records.every(({ ends, outcome }) => ends === 1 && outcome !== undefined));
    assert.ok(records.every(({ ttftMs, outcome }) => outcome !== 'served' || ttftMs !== undefined));
    assert.equal(left, 0, 'no lease and no waiter is left');
    assert.ok(mostOver <= 0, 'no request waits inside a server for a slot');
    if (workload === 'a_guide70') assert.deepEqual(outcomesOf(resultOf(task)), outcomesOf(result));
  });
}
