import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readOptions } from './options.ts';

test('without flags every workload runs with three seeds and the true slots', () => {
  const { strategies, workloads, seeds, jobs, slots, trueSlots } = readOptions([]);
  assert.equal(strategies.length, 1);
  assert.equal(workloads.length, 36);
  assert.deepEqual([seeds, jobs, slots, trueSlots], [[1, 2, 3], 1, 'true', undefined]);
});

test('two strategies are compared, and workloads are chosen by a pattern', () => {
  const options = readOptions([
    '--pair',
    'least-busy',
    'simple-shuffle',
    '--only',
    '^z_',
    '--slots',
    '8',
    '--true-slots',
    '2',
    '--seeds',
    '5',
  ]);
  assert.deepEqual(options.strategies, ['least-busy', 'simple-shuffle']);
  assert.deepEqual(
    options.workloads.map(({ name }) => name),
    ['z_conv', 'z_code'],
  );
  assert.deepEqual([options.slots, options.trueSlots, options.seeds], [8, 2, [5]]);
});

test('a wrong flag or value is refused with the reason', () => {
  assert.throws(() => readOptions(['--strategy', 'nope']), /Expected one of .*least-busy.*, found nope/);
  assert.throws(() => readOptions(['--pair', 'least-busy']), /two strategies after --pair/);
  assert.throws(() => readOptions(['least-busy']), /two strategies after --pair/);
  assert.throws(() => readOptions(['--seeds', '1,x']), /whole number from 1 for --seeds, found "x"/);
  assert.throws(() => readOptions(['--without', 'luck']), /Expected one of on-time-set, .*found luck/);
  assert.throws(() => readOptions(['--true-slots', 'none']), /whole number from 1 for --true-slots, found "none"/);
  assert.throws(() => readOptions(['--jobs', '0']), /whole number from 1 for --jobs/);
  assert.throws(() => readOptions(['--only', 'zzz']), /No workload matches zzz; there are a_guide70, /);
  assert.throws(() => readOptions(['--only', '(']), /Invalid regular expression/);
  assert.throws(() => readOptions(['--unknown']), /--unknown/);
});
