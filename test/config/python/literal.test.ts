import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { readLiteral, type Literal } from '../../../src/config/python/literal.ts';
import { splitWords } from '../../../src/config/python/shlex.ts';

interface Recorded {
  readonly text: string;
  readonly literal?: unknown;
  readonly words?: readonly string[];
}

// Written by fixtures/record.py in this form.
const recorded = JSON.parse(
  readFileSync(join(import.meta.dirname, '../fixtures/literals.json'), 'utf8'),
) as readonly Recorded[];

/** A literal as record.py writes it. Dicts are pairs: JSON objects do not keep the order of keys such as 1. */
function recordable(value: Literal): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Map)
    return { map: [...value].map(([key, entry]: [string, Literal]) => [key, recordable(entry)]) };
  return Array.from(value as readonly Literal[], recordable);
}

test('every recorded text gives the same literal as Python, or none if Python refuses it', () => {
  assert.ok(recorded.length > 100);
  for (const { text, literal } of recorded) {
    const ours = readLiteral(text);
    assert.deepEqual(ours === undefined ? undefined : recordable(ours), literal, JSON.stringify(text));
  }
});

test('every recorded line splits into the same words as with Python’s shlex', () => {
  for (const { text, words } of recorded) {
    const ours = splitWords(text, { comments: true });
    assert.deepEqual(ours.ok ? ours.words : undefined, words, JSON.stringify(text));
  }
});

test('an integer that a number cannot hold stays text', () => {
  assert.equal(readLiteral('9007199254740993'), undefined);
  assert.equal(readLiteral('9007199254740991'), 9007199254740991);
});

test('without comments a # is an ordinary character', () => {
  assert.deepEqual(splitWords('-o X=a#b # c', { comments: false }), { ok: true, words: ['-o', 'X=a#b', '#', 'c'] });
});

test('for any text reading does not throw, and plain data is read back unchanged', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom(...'\'"\\[](){},:#ab01.-+_ Trueé'.split('')), maxLength: 24 }),
      (text) => {
        readLiteral(text);
        splitWords(text, { comments: true });
      },
    ),
    { numRuns: 2000 },
  );
  const data = fc.letrec<{ readonly value: unknown }>((tie) => ({
    value: fc.oneof({ depthSize: 'small' }, fc.string(), fc.integer(), fc.array(tie('value'), { maxLength: 3 })),
  })).value;
  // JSON of texts, integers and lists is valid Python.
  fc.assert(
    fc.property(data, (value) => {
      const read = readLiteral(JSON.stringify(value));
      assert.deepEqual(read === undefined ? undefined : recordable(read), value);
    }),
    { numRuns: 500 },
  );
});
