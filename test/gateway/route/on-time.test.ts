import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { OnTimeJobs, type JobGroup } from '../../../src/gateway/route/on-time.ts';

interface Job {
  readonly value: string;
  readonly leftS: number;
  readonly workS: number;
  readonly group: string;
}

const job = (value: string, leftS: number, workS: number, group = 'g'): Job => ({ value, leftS, workS, group });

// As in routing, a single object serves all decisions: jobs that are left of an earlier one would show.
const onTime = new OnTimeJobs<string>(64);

function onTimeSet(jobs: readonly Job[], capacity: number): ReadonlySet<string> {
  const groups = new Map<string, JobGroup>();
  for (const { value, leftS, workS, group } of jobs) {
    const known = groups.get(group) ?? { jobGroup: 7 };
    groups.set(group, known);
    onTime.add(value, leftS, workS, known);
  }
  onTime.choose(capacity);
  const chosen = new Set<string>();
  for (let index = 0; index < onTime.size; index += 1) {
    const value = onTime.valueAt(index);
    if (value !== undefined && onTime.isChosen(index)) chosen.add(value);
  }
  onTime.clear();
  return chosen;
}

test('a large request gives way where it makes three short ones late', () => {
  const jobs = [job('large', 2, 1.9), job('a', 2, 0.5), job('b', 2, 0.5), job('c', 2, 0.5)];
  assert.deepEqual([...onTimeSet(jobs, 1)].toSorted(), ['a', 'b', 'c']);
  assert.equal(onTimeSet(jobs, 2).size, 4, 'two replicas serve all of them');
});

test('the largest request of the caller with most work gives way first', () => {
  const jobs = [job('greedy 1', 2, 0.9, 'x'), job('greedy 2', 2, 0.8, 'x'), job('polite', 2, 1, 'y')];
  assert.deepEqual([...onTimeSet(jobs, 1)].toSorted(), ['greedy 2', 'polite']);
});

test('the caller whose requests are most work in all gives way, also where its requests in front are the smaller ones', () => {
  const jobs = [
    job('polite', 2, 1.5, 'y'),
    job('greedy', 2, 0.6, 'x'),
    ...[1, 2, 3].map((n) => job(`greedy ${n}`, 9, 1, 'x')),
  ];
  assert.ok(onTimeSet(jobs, 1).has('polite'));
});

test('of one caller no larger set can begin in time', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ leftS: fc.integer({ min: 1, max: 20 }), workS: fc.integer({ min: 1, max: 8 }) }), {
        maxLength: 9,
      }),
      (given) => {
        const jobs = given.map(({ leftS, workS }, index) => job(String(index), leftS, workS));
        let most = 0;
        for (let mask = 0; mask < 2 ** jobs.length; mask += 1) {
          const chosen = jobs.filter((_one, index) => Math.floor(mask / 2 ** index) % 2 === 1);
          let sumS = 0;
          const fits = chosen
            .toSorted((a, b) => a.leftS - b.leftS)
            .every(({ leftS, workS }) => (sumS += workS) <= leftS);
          if (fits) most = Math.max(most, chosen.length);
        }
        assert.equal(onTimeSet(jobs, 1).size, most);
      },
    ),
    { numRuns: 200 },
  );
});
