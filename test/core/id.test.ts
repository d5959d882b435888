import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomId } from '../../src/core/id.ts';

test('an id has 32 hexadecimal digits, and no two are the same', () => {
  const ids = Array.from({ length: 1000 }, randomId);
  for (const id of ids) assert.match(id, /^[0-9a-f]{32}$/);
  assert.equal(new Set(ids).size, ids.length);
});
