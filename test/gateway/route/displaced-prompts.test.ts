import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  displacedCount,
  displacedTokens,
  keepDisplaced,
  lengthOf,
  noDisplacedPrompts,
  type KnownPrompt,
} from '../../../src/gateway/route/displaced-prompts.ts';
import type { PrefixLink } from '../../../src/gateway/route/work.ts';

// A conversation of 100-token messages in a tree: each message is one of three, so that prompts share beginnings of every length.
const PROMPT = fc
  .record({
    turns: fc.array(fc.nat(2), { minLength: 1, maxLength: 5 }),
    tokens: fc.constantFrom(100, 9000),
    response: fc.nat(150),
  })
  .map(({ turns, tokens, response }): KnownPrompt => ({
    prefix: turns.map((_turn, index) => ({
      hash: Number(`${String(tokens)}${turns.slice(0, index + 1).join('')}`),
      tokens: (index + 1) * tokens,
    })),
    responseTokens: response,
  }));

test('a displaced prompt is found as a look at each of them would find it, and as many are kept', () => {
  fc.assert(
    fc.property(fc.array(PROMPT, { maxLength: 60, size: 'max' }), PROMPT, (prompts, asked) => {
      const displaced = noDisplacedPrompts();
      let plain: readonly KnownPrompt[] = [];
      for (const prompt of prompts) {
        keepDisplaced(displaced, prompt);
        plain = newest([...plain, prompt]);
        assert.equal(displacedCount(displaced), plain.length);
        assert.equal(displacedTokens(displaced, asked.prefix), mostCovered(plain, asked.prefix));
      }
    }),
    { numRuns: 300 },
  );
});

test('ten thousand short prompts cost no more memory than those that are kept', () => {
  const displaced = noDisplacedPrompts();
  for (let index = 0; index < 10_000; index += 1)
    keepDisplaced(displaced, {
      prefix: [
        { hash: 0, tokens: 10 },
        { hash: index + 1, tokens: 20 },
      ],
      responseTokens: 44,
    });
  assert.equal(displacedCount(displaced), 1024);
  assert.ok(displaced.prompts.length <= 2048, String(displaced.prompts.length));
  assert.deepEqual([displaced.links.size, displaced.ends.size], [1025, 1024]);
});

// The shortest end of the list with 65,536 tokens.
function newest(prompts: readonly KnownPrompt[]): readonly KnownPrompt[] {
  let tokens = 0;
  let first = prompts.length;
  while (first > 0 && tokens < 65_536) {
    first -= 1;
    tokens += prompts[first] === undefined ? 0 : lengthOf(prompts[first] as KnownPrompt);
  }
  return prompts.slice(first);
}

function mostCovered(prompts: readonly KnownPrompt[], asked: readonly PrefixLink[]): number {
  let most = 0;
  for (const { prefix, responseTokens } of prompts) {
    let common = 0;
    while (common < Math.min(prefix.length, asked.length) && prefix[common]?.hash === asked[common]?.hash) common += 1;
    const tokens = asked[common - 1]?.tokens ?? 0;
    const next = asked[common];
    const isWhole = common > 0 && common === prefix.length && next !== undefined;
    most = Math.max(most, tokens + (isWhole ? Math.min(responseTokens, next.tokens - tokens) : 0));
  }
  return most;
}
