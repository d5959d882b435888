import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isObject, parseJson, parseObject } from '../../src/core/json.ts';

test('a JSON object is neither null nor a list nor a scalar', () => {
  assert.deepEqual([{}, { a: 1 }, null, undefined, [], [{}], 'text', 1, true].map(isObject), [
    true,
    true,
    ...Array.from({ length: 7 }, () => false),
  ]);
});

test('text that is not JSON is undefined', () => {
  assert.deepEqual(['{"a":[1]}', 'null', '"text"', '{', '', 'undefined'].map(parseJson), [
    { a: [1] },
    null,
    'text',
    undefined,
    undefined,
    undefined,
  ]);
});

test('JSON that is not an object is undefined', () => {
  assert.deepEqual(['{"a":1}', '[1]', 'null', '{'].map(parseObject), [{ a: 1 }, undefined, undefined, undefined]);
});
