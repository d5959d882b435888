import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LargeJson } from '../../../src/gateway/upstream/large-json.ts';

function parsed(text: string, size: number): unknown {
  const reader = new LargeJson();
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size));
  return reader.end();
}

const NUMBERS = fc.array(fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true })), {
  maxLength: 30,
});
const TEXT = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ minLength: 1100, maxLength: 1500 }),
  fc.constant('"\\'.repeat(800)),
  fc.constant('漢'.repeat(700)),
);
const VALUE = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 4 }, NUMBERS, TEXT, fc.constant(null), fc.boolean(), tie('list'), tie('object')),
  list: fc.array(tie('value'), { maxLength: 5 }).filter(([first]) => typeof first !== 'number'),
  object: fc.dictionary(fc.string(), tie('value'), { maxKeys: 5 }),
})).object;

test('an object comes out as JSON.parse gives it, however its bytes are cut', () => {
  fc.assert(
    fc.property(VALUE, fc.integer({ min: 1, max: 3000 }), fc.integer({ min: 0, max: 2 }), (value, size, space) => {
      const text = JSON.stringify(value, null, space);
      assert.deepEqual(parsed(text, size), JSON.parse(text));
    }),
    { numRuns: 400 },
  );
});

test('bytes that are no object, or are cut off, give none', () => {
  const whole = JSON.stringify({
    embeddings: [
      [1, 2, 3.5],
      [4e-5, -6, 7],
    ],
    model: 'm'.repeat(2000),
  });
  assert.deepEqual(parsed(whole, 7), JSON.parse(whole));
  for (let length = 0; length < whole.length; length += 1)
    for (const size of [7, 5000]) {
      let result: unknown;
      try {
        result = parsed(whole.slice(0, length), size);
      } catch (error) {
        assert.ok(error instanceof SyntaxError);
      }
      assert.equal(result, undefined, whole.slice(0, length));
    }
  for (const text of ['[1,2]', '"a"', '1', '', '{"a":[1,2}', '{"a":[1,x]}', '{"a":[1,,2]}'])
    assert.throws(() => assert.notEqual(parsed(text, 3), undefined), text);
});
