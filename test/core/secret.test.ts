import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { Secret } from '../../src/core/secret.ts';

test('a secret equals exactly the texts that have its bytes', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 400 }),
    fc.constantFrom('', '\0', 'a', 'a\0', 'é'.repeat(85), 'x'.repeat(255)),
  );
  fc.assert(
    fc.property(text, text, (one, other) => {
      const secret = new Secret(one);
      assert.equal(secret.equals(other), hash('sha256', one) === hash('sha256', other));
      assert.equal(secret.equals(one), true);
      assert.equal(secret.equals(`${one}\0`), false);
      assert.equal(secret.equals(`${one}x`), false);
    }),
  );
});

test('a secret of bytes equals the text that they are, at every length', () => {
  for (const length of [0, 1, 84, 85, 86, 255, 256, 1000]) {
    const text = 'k'.repeat(length);
    const secret = new Secret(Buffer.from(text));
    assert.equal(secret.equals(text), true);
    assert.equal(secret.equals(`${text}k`), false);
    if (length > 0) assert.equal(secret.equals(text.slice(1)), false);
  }
});
