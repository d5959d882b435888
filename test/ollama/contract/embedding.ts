import assert from 'node:assert/strict';
import { askJson } from '../asking.ts';
import { exchange, type Case } from '../case.ts';
import { count, listOf, number } from '../pattern.ts';

const VECTOR = listOf(number, 64);

/** Embeddings: a chat model embeds too. */
export const EMBEDDINGS: readonly Case[] = [
  exchange({
    name: 'a text is embedded',
    path: '/api/embed',
    body: { model: 'tiny', input: 'hello' },
    answer: {
      model: 'tiny',
      embeddings: [VECTOR],
      total_duration: count,
      load_duration: count,
      prompt_eval_count: count,
    },
  }),
  exchange({
    name: 'several texts are embedded, in their order',
    path: '/api/embed',
    body: { model: 'tiny', input: ['hello', ''] },
    answer: {
      model: 'tiny',
      embeddings: [VECTOR, VECTOR],
      total_duration: count,
      load_duration: count,
      prompt_eval_count: count,
    },
  }),
  ...['', [], null].map((input) =>
    exchange({
      name: `nothing at all (${JSON.stringify(input)}) has no embeddings`,
      path: '/api/embed',
      body: { model: 'tiny', input },
      answer: { model: 'tiny', embeddings: [] },
    }),
  ),
  exchange({
    name: 'the older form takes one prompt',
    path: '/api/embeddings',
    body: { model: 'tiny', prompt: 'hello' },
    answer: { embedding: VECTOR },
  }),
  exchange({
    name: 'the older form without a prompt only loads',
    path: '/api/embeddings',
    body: { model: 'tiny' },
    answer: { embedding: [] },
  }),
  exchange({
    name: '/v1 embeds a list',
    path: '/v1/embeddings',
    body: { model: 'tiny', input: ['hello', 'b'] },
    answer: {
      object: 'list',
      data: [0, 1].map((index) => ({ object: 'embedding', embedding: VECTOR, index })),
      model: 'tiny',
      usage: { prompt_tokens: count, total_tokens: count },
    },
  }),
  exchange({
    name: '/v1 embeds an empty text',
    path: '/v1/embeddings',
    body: { model: 'tiny', input: '' },
    answer: {
      object: 'list',
      data: [{ object: 'embedding', embedding: VECTOR, index: 0 }],
      model: 'tiny',
      usage: { prompt_tokens: 1, total_tokens: 1 },
    },
  }),
  exchange({
    name: '/v1 gives base64 of single-precision numbers',
    path: '/v1/embeddings',
    body: { model: 'tiny', input: 'hello', dimensions: 3, encoding_format: 'base64' },
    answer: /"embedding":"[A-Za-z0-9+/]{16}"/,
  }),
  {
    name: 'dimensions cut a vector and scale it to length one again',
    check: async (server) => {
      for (const [dimensions, length] of [
        [4, 4],
        [9999, 64],
        [-1, 64],
      ] as const) {
        const answer = await askJson(server, '/api/embed', { model: 'tiny', input: 'hello', dimensions });
        const [vector] = answer['embeddings'] as readonly (readonly number[])[]; // its form is checked above
        assert.equal(vector?.length, length);
        assert.ok(Math.abs((vector ?? []).reduce((sum, value) => sum + value * value, 0) - 1) < 1e-4);
      }
    },
  },
  {
    name: 'a text that is too long is cut to the context silently',
    check: async (server) => {
      const answer = await askJson(server, '/v1/embeddings', { model: 'tiny-plain', input: 'word '.repeat(700) });
      assert.match(JSON.stringify(answer['usage']), /"prompt_tokens":512,/);
    },
  },
];
