import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { StopSequences } from '../../../src/gateway/upstream/stop-sequences.ts';

const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 6 });

test('all text before a stop sequence is passed on, and nothing of the sequence, however the text is cut', () => {
  fc.assert(
    fc.property(fc.array(letters), fc.array(letters, { minLength: 1, maxLength: 3 }), (pieces, stops) => {
      let passed = '';
      const watch = new StopSequences(stops, (event) => {
        if (event.kind === 'text') passed += event.text;
      });
      const stopped = pieces.some((piece) => watch.take(piece, undefined));
      watch.release();
      const text = pieces.join('');
      assert.ok(text.startsWith(passed));
      assert.ok(stops.every((stop) => !passed.includes(stop)));
      if (stopped) assert.ok(stops.some((stop) => text.startsWith(stop, passed.length)));
      else assert.equal(passed, text);
    }),
    { numRuns: 2000 },
  );
});

test('text that cannot begin a stop sequence is not held back', () => {
  const passed: string[] = [];
  const watch = new StopSequences(['\n\n'], (event) => {
    if (event.kind === 'text') passed.push(event.text);
  });
  for (const piece of ['one', ' two\n', 'three', '\n']) assert.equal(watch.take(piece, undefined), false);
  assert.deepEqual(passed, ['one', ' two', '\nthree']);
});

test('a text whose every piece may begin a stop sequence is passed on but for its last piece', () => {
  let passed = '';
  const watch = new StopSequences(['ab'], (event) => {
    if (event.kind === 'text') passed += event.text;
  });
  for (let pieces = 1; pieces <= 100; pieces += 1) {
    watch.take('a', undefined);
    assert.equal(passed.length, pieces - 1);
  }
});

test('tokens go with the text that they are of', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(letters, { minLength: 1, maxLength: 3 })),
      fc.array(letters, { minLength: 1, maxLength: 3 }),
      (pieces, stops) => {
        const told: unknown[] = [];
        const watch = new StopSequences(stops, (event) => {
          if (event.kind !== 'text' || event.logprobs === undefined) return;
          const tokens = event.logprobs.map((entry) => (entry as { readonly token: string }).token); // as given below
          if (watch.stopped === undefined) assert.equal(tokens.join(''), event.text);
          else assert.ok(event.text.startsWith(tokens.join('')));
          told.push(...tokens);
        });
        pieces.some((tokens) =>
          watch.take(
            tokens.join(''),
            tokens.map((token) => ({ token })),
          ),
        );
        watch.release();
        const given = pieces.flat();
        assert.deepEqual(told, given.slice(0, told.length));
        if (watch.stopped === undefined) assert.equal(told.length, given.length);
      },
    ),
    { numRuns: 2000 },
  );
});

test('which stop sequence came, and what came before it, does not depend on the pieces', () => {
  const look = (pieces: readonly string[], stops: readonly string[]): readonly unknown[] => {
    let passed = '';
    const watch = new StopSequences(stops, (event) => {
      if (event.kind === 'text') passed += event.text;
    });
    pieces.some((piece) => watch.take(piece, undefined));
    watch.release();
    return [passed, watch.stopped];
  };
  fc.assert(
    fc.property(fc.array(letters), fc.array(letters, { minLength: 1, maxLength: 3 }), (pieces, stops) => {
      const text = pieces.join('');
      assert.deepEqual(look(pieces, stops), look([text], stops));
      assert.deepEqual(look(text.split(''), stops), look([text], stops));
    }),
    { numRuns: 2000 },
  );
  assert.deepEqual(look(['xabcd'], ['abcd', 'c', 'bc']), ['xa', 'bc']);
});
