import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isLong, jsonPieces } from '../../../../src/gateway/api/dialect/json-pieces.ts';

test('the pieces of an object are together the text of JSON.stringify, one for each item', () => {
  for (const length of [0, 1, 16, 17, 500]) {
    const list = Array.from({ length }, (_, at) => [at, at / 3]);
    assert.equal(isLong(list), length > 16);
    for (const object of [
      { data: list },
      { a: undefined, b: 'x"y', data: list, usage: { n: 1 }, c: undefined },
      { data: list, z: null },
    ]) {
      const pieces = [...jsonPieces(object, 'data', list)];
      assert.equal(pieces.join(''), JSON.stringify(object));
      assert.ok(pieces.length >= length && pieces.length <= length + 6);
    }
  }
});
