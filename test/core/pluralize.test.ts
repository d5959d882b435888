import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pluralize } from '../../src/core/pluralize.ts';

test('one is one, and all other counts are several', () => {
  assert.deepEqual(
    [0, 1, 2].map((count) => pluralize(count, 'model')),
    ['0 models', '1 model', '2 models'],
  );
});
