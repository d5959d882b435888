import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LegacyLogprobs } from '../../../../src/gateway/api/openai/legacy-logprobs.ts';

test('the place of a token counts characters, of which an emoji is one, and goes on from piece to piece', () => {
  const token = (text: string): object => ({ token: text, logprob: -1, bytes: null, top_logprobs: [] });
  const logprobs = new LegacyLogprobs('🌧 ');
  assert.deepEqual(logprobs.body([token('ab'), token('🌧')])['text_offset'], [2, 4]);
  assert.deepEqual(logprobs.body([token('c')])['text_offset'], [5]);
});

test('entries without a token are left out, and an unknown probability is null', () => {
  assert.deepEqual(new LegacyLogprobs('').body([null, 7, { token: 'a' }]), {
    tokens: ['a'],
    token_logprobs: [null],
    top_logprobs: [{ a: null }],
    text_offset: [0],
  });
});
