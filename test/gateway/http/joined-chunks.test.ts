import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { JoinedChunks } from '../../../src/gateway/http/joined-chunks.ts';

test('the bytes of chunks of all sizes stay in their order, also where they are looked at in between', () => {
  const sizes = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1000, max: 1100 }), fc.constant(70_000));
  fc.assert(
    fc.property(fc.array(fc.tuple(sizes, fc.nat({ max: 255 }), fc.boolean()), { maxLength: 200 }), (steps) => {
      const joined = new JoinedChunks();
      const given: Buffer[] = [];
      for (const [size, byte, isLookedAt] of steps) {
        const chunk = Buffer.alloc(size, byte);
        given.push(chunk);
        joined.add(chunk);
        if (isLookedAt) assert.ok(Buffer.concat(joined.all()).equals(Buffer.concat(given)));
      }
      assert.ok(Buffer.concat(joined.all()).equals(Buffer.concat(given)));
    }),
  );
});

test('a million chunks of a byte are few objects', () => {
  const joined = new JoinedChunks();
  for (let at = 0; at < 1_000_000; at += 1) joined.add(Buffer.of(at & 0xff));
  const all = joined.all();
  assert.equal(Buffer.concat(all).length, 1_000_000);
  assert.ok(all.length < 50, String(all.length));
});
