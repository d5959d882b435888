import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listInWords, pluralize } from '../../src/core/pluralize.ts';

test('one is one, and all other counts are several', () => {
  assert.deepEqual(
    [0, 1, 2].map((count) => pluralize(count, 'model')),
    ['0 models', '1 model', '2 models'],
  );
});

test('things stand in a sentence with one and', () => {
  assert.deepEqual([[], ['a'], ['a', 'b'], ['a', 'b', 'c']].map(listInWords), ['', 'a', 'a and b', 'a, b and c']);
});
