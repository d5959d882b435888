import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shellPattern } from '../../../src/config/python/fnmatch.ts';

// Each row was tried with fnmatch.translate of Python 3.11.
const ROWS: readonly (readonly [pattern: string, text: string, isMatch: boolean])[] = [
  ['web[0-9]*', 'web01', true],
  ['web[!0]1', 'web01', false],
  ['[!]1', 'a1', false],
  ['[!]1', '[!]1', true],
  ['[]', '[]', true],
  ['[]a]', ']', true],
  ['[!]a]', 'b', true],
  ['[^a]', '^', true],
  ['[z-a]', 'm', false],
  ['[!z-a]', 'm', true],
  ['[a-]', '-', true],
  ['[a', '[a', true],
  ['?', 'ö', true],
];

for (const [pattern, text, isMatch] of ROWS)
  test(`${pattern} ${isMatch ? 'matches' : 'does not match'} ${text}`, () => {
    assert.equal(shellPattern(pattern).test(text), isMatch);
  });
