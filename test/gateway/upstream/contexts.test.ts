import assert from 'node:assert/strict';
import { test } from 'node:test';
import { modelContext } from '../../../src/gateway/upstream/ollama/model-context.ts';
import { Contexts } from '../../../src/gateway/upstream/contexts.ts';
import type { Deployment } from '../../../src/schema/gateway-config.ts';

const deployment = (more: Partial<Deployment> = {}): Deployment => ({
  id: 'm@http://a#m',
  provider: 'ollama',
  model: 'm',
  url: 'http://a',
  writtenUrl: 'http://a',
  mode: undefined,
  listed: { id: 'm', params: {}, info: {} },
  apiKey: undefined,
  keepAlive: undefined,
  options: { top_k: 3 },
  cooldownMs: undefined,
  weight: undefined,
  order: undefined,
  rpm: undefined,
  tpm: undefined,
  timeoutMs: undefined,
  streamTimeoutMs: undefined,
  ...more,
});

test('every entry of a model on a server that states no context gets the one that has grown', () => {
  const contexts = new Contexts(32_768);
  assert.equal(contexts.sized(deployment()).options['num_ctx'], undefined);
  contexts.set({ url: 'http://a', model: 'm' }, { tokens: 8192, from: 4096 });
  for (const model of ['m', 'M:latest', 'library/m'])
    assert.deepEqual(contexts.sized(deployment({ model })).options, { top_k: 3, num_ctx: 8192 });
  for (const other of [
    { url: 'http://b' },
    { model: 'n' },
    { provider: 'openai' as const },
    { options: { num_ctx: 2048 } },
  ])
    assert.equal(contexts.of(deployment(other)), undefined, JSON.stringify(other));
  contexts.set({ url: 'http://a', model: 'm' }, undefined);
  assert.equal(contexts.sized(deployment()).options['num_ctx'], undefined);
});

test('a shorter limit of another configuration holds, and none at all where contexts are fixed', () => {
  const contexts = new Contexts(32_768);
  contexts.set({ url: 'http://a', model: 'm' }, { tokens: 16_384, from: 4096 });
  const one = deployment();
  for (const [most, expected] of [
    [32_768, 16_384],
    [8192, 8192],
    [4096, undefined],
    [undefined, undefined],
    [16_384, 16_384],
  ] as const) {
    contexts.limit(most);
    assert.equal(contexts.sized(one).options['num_ctx'], expected, String(most));
    assert.equal(contexts.of(one)?.tokens, expected);
  }
});

test('the trained and the stated context are read from what /api/show says', () => {
  const info = { 'general.architecture': 'llama', 'llama.context_length': 65_536 };
  for (const [parameters, stated] of [
    [undefined, undefined],
    ['num_thread                     1\nstop                           "num_ctx 9"', undefined],
    ['num_thread 1\nnum_ctx                        1024', 1024],
    ['num_ctx 2048\nstop "x"', 2048],
  ] as const)
    assert.deepEqual(modelContext({ model_info: info, parameters }), { trained: 65_536, stated });
  for (const answer of [
    {},
    { model_info: null },
    { model_info: { 'general.architecture': 'llama' } },
    { model_info: { ...info, 'llama.context_length': 0 } },
    { model_info: { ...info, 'llama.context_length': '65536' } },
  ])
    assert.equal(modelContext(answer), undefined, JSON.stringify(answer));
});
