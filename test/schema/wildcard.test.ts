import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { workingMsOf } from '../working-time.ts';
import { matchWildcard } from '../../src/schema/wildcard.ts';

test('the parts of a name are those of a regular expression with (.*) for each star', () => {
  const letters = (...all: readonly string[]): fc.Arbitrary<string> =>
    fc.array(fc.constantFrom(...all), { maxLength: 9 }).map((list) => list.join(''));
  fc.assert(
    fc.property(letters('a', 'b', '.', '*'), letters('a', 'b', '.'), (pattern, name) => {
      const expression = new RegExp(`^${pattern.replaceAll('.', String.raw`\.`).replaceAll('*', '(.*)')}$`);
      assert.deepEqual(matchWildcard(pattern, name), expression.exec(name)?.slice(1));
    }),
    { numRuns: 5000 },
  );
});

test('a name that almost matches many stars costs no time, and a name beyond 200 characters matches none', async () => {
  const workingMs = await workingMsOf(() => {
    for (let length = 0; length < 200; length += 2)
      assert.equal(matchWildcard('*-*-*-*-*-*-*-*x', '-a'.repeat(length / 2)), undefined);
  });
  assert.ok(workingMs < 100, String(workingMs));
  assert.deepEqual(matchWildcard('claude-*', `claude-${'a'.repeat(193)}`), ['a'.repeat(193)]);
  assert.equal(matchWildcard('claude-*', `claude-${'a'.repeat(194)}`), undefined);
});
