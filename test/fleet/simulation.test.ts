import assert from 'node:assert/strict';
import { test } from 'node:test';
import { STRATEGY_NAMES } from './policies.ts';
import { resultOf, type Task } from './run.ts';
import { scoreOf } from '../../src/simulation/score.ts';
import type { SimResult } from '../../src/simulation/simulation.ts';

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
    assert.ok(mostOver <= 1, 'at most one request waits inside a server for a slot');
    assert.equal(loads.filter(({ cause }) => cause === 'chat').length, 0, 'no chat loads its model');
    const needless = loads.filter(({ isNeedless }) => isNeedless).length;
    assert.ok(
      needless <= Math.max(1, 0.02 * loads.length),
      `${String(needless)} of ${String(loads.length)} loads were needless`,
    );
  });
}

/** The figures of these strategies as they were measured, less 3 points: a faster decision must decide the same. */
for (const [strategy, least, mostLoads] of [
  ['least-busy', 71, 210],
  ['fleet', 82, 50],
] as const)
  test(`${strategy} meets at least ${String(least)} % of the targets where more models are asked for than fit`, () => {
    const { met, loads } = scoreOf(resultOf({ ...TASK, strategy, workload: 'c_zipf8' }));
    assert.ok(met >= least, `${String(met)} %`);
    assert.ok(loads <= mostLoads, `${String(loads)} loads`);
  });

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

/** Means over a workload of each of several classes, in points. */
function metWith(slots: Task['slots'], trueSlots?: number): number {
  const workloads = ['a_guide70', 'e_p0.7', 'e_p0.95', 'h_greedy'];
  const met = workloads.map(
    (workload) => scoreOf(resultOf({ ...TASK, strategy: 'fleet', workload, slots, trueSlots })).met,
  );
  return met.reduce((sum, one) => sum + one, 0) / met.length;
}

test('eight or two slots stated where four are true meet nearly as many targets as four', () => {
  const known = metWith('true');
  for (const stated of [8, 2]) {
    const met = metWith(stated);
    assert.ok(met > known - 3, `${String(stated)} stated: ${met.toFixed(1)}, four: ${known.toFixed(1)}`);
  }
});

test('eight slots stated where two are true are no worse than none stated', () => {
  const [met, learned] = [metWith(8, 2), metWith('none', 2)];
  assert.ok(met > learned - 3, `${met.toFixed(1)}, none stated: ${learned.toFixed(1)}`);
});
