import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, mock, test } from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import { Ollama } from 'ollama';
import OpenAI from 'openai';
import { apiKeyHash } from '../../src/core/api-key.ts';
import { startFake } from '../gateway/fake-upstream.ts';
import { startGateway } from '../gateway/running.ts';

// Refusals that no wait mends: the SDKs of OpenAI and Anthropic retry 408, 409, 429 and 5xx unless they are told not to, and Ollama's nothing.

const KEYS = {
  good: 'sk-of-a-client-of-all',
  expired: 'sk-of-a-client-of-old',
  blocked: 'sk-of-a-client-blocked',
  few: 'sk-of-a-client-of-few',
} as const;
const state = mkdtempSync(join(tmpdir(), 'hxllm-sdk-refusals-'));
const fake = await startFake();
const gateway = await startGateway([fake], {
  hxllm: {
    state_dir: state,
    keys: [
      { alias: 'good', hash: apiKeyHash(KEYS.good) },
      { alias: 'expired', hash: apiKeyHash(KEYS.expired), expires: '2026-01-01' },
      { alias: 'blocked', hash: apiKeyHash(KEYS.blocked), blocked: true },
      { alias: 'few', hash: apiKeyHash(KEYS.few), models: ['no-default-models'] },
    ],
  },
});
const made = await gateway.ask('/key/generate', { method: 'POST', body: JSON.stringify({ key_type: 'read_only' }) });
const { key: reader } = (await made.json()) as { readonly key: string };
after(async () => {
  await gateway[Symbol.asyncDispose]();
  await fake.kill();
  rmSync(state, { recursive: true });
});

const messages = [{ role: 'user' as const, content: 'hi' }];
let statuses: number[] = [];
const countingFetch: typeof fetch = async (input, init) => {
  const response = await fetch(input, init);
  statuses.push(response.status);
  return response;
};
const headersOf = (key: string): Record<string, string> => ({ authorization: `Bearer ${key}` });
type Ask = (key: string, model?: string) => Promise<unknown>;
const SDKS: Readonly<Record<string, Ask>> = {
  OpenAI: (apiKey, model = 'm') =>
    new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey, maxRetries: 2, fetch: countingFetch }).chat.completions.create({
      model,
      messages,
    }),
  'OpenAI (responses)': (apiKey, model = 'm') =>
    new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey, maxRetries: 2, fetch: countingFetch }).responses.create({
      model,
      input: 'hi',
    }),
  Anthropic: (apiKey, model = 'm') =>
    new Anthropic({ baseURL: gateway.url, apiKey, maxRetries: 2, fetch: countingFetch }).messages.create({
      model,
      messages,
      max_tokens: 5,
    }),
  Ollama: (key, model = 'm') =>
    new Ollama({ host: gateway.url, headers: headersOf(key), fetch: countingFetch }).chat({ model, messages }),
};

interface Refusal {
  readonly name: string;
  readonly key: string;
  readonly model?: string;
  readonly status: number;
  readonly says: RegExp;
}
const REFUSALS: readonly Refusal[] = [
  { name: 'an unknown key', key: 'sk-of-nobody-in-particular', status: 401, says: /Incorrect API key provided/ },
  { name: 'an expired key', key: KEYS.expired, status: 401, says: /This API key has expired/ },
  { name: 'a blocked key', key: KEYS.blocked, status: 401, says: /This API key is blocked/ },
  { name: 'an unknown model', key: KEYS.good, model: 'nowhere', status: 404, says: /nowhere/ },
  { name: 'a model that the key may not use', key: KEYS.few, status: 404, says: /\bm\b/ },
  { name: 'a route that the key may not call', key: reader, status: 403, says: /not allowed to call/ },
];

for (const [sdk, ask] of Object.entries(SDKS))
  for (const { name, key, model, status, says } of REFUSALS)
    test(`the SDK of ${sdk} asks once for ${name}, and its user reads why`, async () => {
      statuses = [];
      await assert.rejects(ask(key, model), (error: Error & { status?: number; status_code?: number }) => {
        assert.equal(error.status ?? error.status_code, status);
        assert.match(error.message, says);
        return true;
      });
      assert.deepEqual(statuses, [status]);
    });

test('a gateway that cannot record for the moment is asked again after the time that it says', async () => {
  const usage = gateway.service().usage;
  assert.ok(usage !== undefined);
  const sleeps: number[] = [];
  const later = globalThis.setTimeout;
  mock.method(globalThis, 'setTimeout', (act: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) => {
    const isSleep = /utils\/sleep/.test(new Error('where').stack ?? '');
    if (isSleep) sleeps.push(ms);
    return later(act, isSleep ? 0 : ms, ...args);
  });
  try {
    // Anthropic has a status of its own for a server that has too much to do.
    for (const [name, status] of [
      ['OpenAI', 503],
      ['Anthropic', 529],
    ] as const) {
      statuses = [];
      mock.method(usage, 'isRefusing', () => true, { times: 1 });
      await SDKS[name]?.(KEYS.good);
      assert.deepEqual(statuses, [status, 200], name);
    }
    assert.deepEqual(sleeps, [10_000, 10_000]);
  } finally {
    mock.restoreAll();
  }
});
