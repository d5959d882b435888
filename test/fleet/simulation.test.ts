import assert from 'node:assert/strict';
import { test } from 'node:test';
import { STRATEGY_NAMES } from './policies.ts';
import { resultOf, type Task } from './run.ts';
import { scoreOf } from './score.ts';
import type { SimResult } from './simulation.ts';

const TASK = { seed: 1, strategy: 'least-busy', slots: 'true' } as const;
const WORKLOADS = [
  'a_guide70',
  'c_zipf8',
  'd_turns',
  'd_turns_few_ram',
  'e_p0.95',
  'f_die',
  'f_hang',
  'f_restart',
  'f_past',
  'h_greedy',
  'h_batch',
  'z_conv',
];

function outcomesOf({ records }: SimResult): readonly unknown[] {
  return records.map(({ request, sentMs, ttftMs, outcome }) => [request.id, sentMs, ttftMs, outcome]);
}

/** The other strategies differ from `least-busy` only in the choice among free slots. */
const TESTED = STRATEGY_NAMES.filter((name: string) => name === 'fleet' || name === 'least-busy');

for (const task of TESTED.flatMap((strategy) => WORKLOADS.map((workload): Task => ({ ...TASK, strategy, workload })))) {
  test(`${task.strategy}, ${task.workload}: each request ends once, no slot is exceeded, and nothing is left`, () => {
    const { records, loads, left, mostOver } = resultOf(task);
    assert.ok(records.length > 500);
    assert.equal(new Set(records.map(({ request }) => request.id)).size, records.length, 'no request is sent twice');
    for (const { ends, outcome, ttftMs, sentMs, request } of records) {
      assert.ok(ends === 1 && outcome !== undefined, `request ${String(request.id)} ended ${String(ends)} times`);
      assert.ok(outcome !== 'served' || ttftMs !== undefined);
      assert.ok(sentMs >= request.sentMs);
    }
    assert.equal(left, 0, 'no lease and no waiter is left');
    assert.ok(mostOver <= 0, 'no request waits inside a server for a slot');
    assert.equal(loads.filter(({ cause }) => cause === 'chat').length, 0, 'no chat loads its model');
    const needless = loads.filter(({ isNeedless }) => isNeedless).length;
    assert.ok(needless <= 0.02 * loads.length, `${String(needless)} of ${String(loads.length)} loads were needless`);
  });
}

test('the same seed gives the same result, and another seed another one', () => {
  const task: Task = { ...TASK, workload: 'f_die' };
  const result = resultOf(task);
  assert.deepEqual(outcomesOf(resultOf(task)), outcomesOf(result));
  assert.notDeepEqual(scoreOf(resultOf({ ...task, seed: 2 })), scoreOf(result));
});

test('learned slots are exceeded by one trial at most', () => {
  for (const workload of ['a_30', 'e_p0.7'])
    assert.ok(resultOf({ ...TASK, workload, slots: 'none' }).mostOver <= 1, workload);
});

test('a gateway that is told of eight slots where four are true makes four requests wait inside a server', () => {
  assert.equal(resultOf({ ...TASK, workload: 'e_p0.95', slots: 8 }).mostOver, 4);
});
