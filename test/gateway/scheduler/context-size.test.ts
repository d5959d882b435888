import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { mayHold, nextContext } from '../../../src/gateway/scheduler/context-size.ts';

const next = (
  prompt: number,
  answer: number | undefined,
  current: number | undefined,
  most: number,
): number | undefined => nextContext({ prompt, mostPrompt: prompt * 4, answer }, { current, most });

test('the next context is a power of two with room for prompt and answer, or the most', () => {
  for (const [prompt, answer, current, most, expected] of [
    [6000, undefined, 4096, 32_768, 16_384],
    [6000, 8, 4096, 32_768, 8192],
    // An estimate far below the count of the server: each letter may be a token.
    [10, 10, 4096, 32_768, 8192],
    [2500, 10, 4096, 32_768, 16_384],
    [3000, 10, 4096, 32_768, 8192],
    [6000, 100_000, 4096, 32_768, 32_768],
    [6000, undefined, 4096, 10_000, 10_000],
    [6000, undefined, undefined, 32_768, 16_384],
    [6000, undefined, 5000, 32_768, 16_384],
    [6000, undefined, 4096, 4096, undefined],
    [6000, undefined, 8192, 4096, undefined],
    [6000, undefined, 4096, 0, undefined],
    [40_000, undefined, 4096, 32_768, 32_768],
    [50_000, undefined, 4096, 32_768, undefined],
  ] as const)
    assert.equal(next(prompt, answer, current, most), expected, `${String(prompt)} in ${String(current)}`);
});

test('a context that is found is longer than the present one, and not longer than the most', () => {
  const tokens = fc.integer({ min: 1, max: 1_000_000 });
  fc.assert(
    fc.property(tokens, fc.option(tokens, { nil: undefined }), tokens, tokens, (prompt, answer, current, most) => {
      const found = next(prompt, answer, current, most);
      if (found === undefined) assert.ok(most <= current || !mayHold(most, { prompt }));
      else assert.ok(found > current && found <= most && (found === most || Number.isInteger(Math.log2(found))));
    }),
  );
});
