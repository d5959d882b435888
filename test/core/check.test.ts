import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { judgeAll, type Check } from '../../src/core/check.ts';
import { Secret } from '../../src/core/secret.ts';
import { failed, failsPhase, notApplicable, pass, unknown } from '../../src/core/verdict.ts';

const check = (id: string, after: readonly string[], judge: Check<null>['judge']): Check<null> => ({
  id,
  title: id,
  severity: 'error',
  after,
  judge,
});

test('a check after one that failed is skipped and names the first cause', () => {
  const results = judgeAll(
    [
      check('a', [], () => failed('x', 'y', 'z')),
      check('b', ['a'], () => pass('')),
      check('c', ['b'], () => pass('')),
      check('d', [], () => pass('fine')),
    ],
    null,
    'h',
  );
  assert.deepEqual(
    results.map((result) => [result.id, result.outcome]),
    [
      ['a', 'fail'],
      ['b', 'skip'],
      ['c', 'skip'],
      ['d', 'pass'],
    ],
  );
  assert.match(results[2]?.seen ?? '', /because a did not pass/);
});

test('a check that does not apply skips no later one', () => {
  const results = judgeAll(
    [check('a', [], () => notApplicable('root already')), check('b', ['a'], () => pass(''))],
    null,
    'h',
  );
  assert.equal(results[1]?.outcome, 'pass');
});

test('a judge that throws is unknown, and unknown fails the phase', () => {
  const [result] = judgeAll(
    [
      check('a', [], () => {
        throw new Error('bug');
      }),
    ],
    null,
    'h',
  );
  assert.equal(result?.outcome, 'unknown');
  assert.ok(result !== undefined && failsPhase(result));
  assert.equal(failsPhase({ id: 'w', title: 'w', severity: 'warning', host: 'h', ...unknown('?') }), false);
});

test('a secret prints as redacted everywhere and compares by value', () => {
  const secret = new Secret('sk-very-secret');
  for (const shown of [String(secret), JSON.stringify({ secret }), inspect(secret), inspect({ deep: [secret] })])
    assert.doesNotMatch(shown, /very/);
  assert.ok(secret.equals('sk-very-secret'));
  assert.ok(!secret.equals('sk-very-secreT'));
  assert.ok(!secret.equals(''));
});
