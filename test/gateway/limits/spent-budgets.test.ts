import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import OpenAI from 'openai';
import { apiKeyHash, newApiKey } from '../../../src/core/api-key.ts';
import { startFake } from '../fake-upstream.ts';
import { errorOf, startGateway, until, type Running } from '../running.ts';

const names = ['month', 'money', 'kept', 'free'] as const;
type Name = (typeof names)[number];
const keys = Object.fromEntries(names.map((name) => [name, newApiKey()]));
const entryOf = (alias: Name, more: object): object => ({ alias, hash: apiKeyHash(keys[alias] ?? ''), ...more });
const stateDir = mkdtempSync(join(tmpdir(), 'hxllm-budgets-'));
/** It counts 5 tokens of a prompt and 2 of an answer. */
const fake = await startFake();
const OPTIONS = {
  model_list: [
    { model_name: 'm', litellm_params: { model: 'ollama_chat/m', api_base: fake.url } },
    { model_name: 'short', litellm_params: { model: 'ollama_chat/m', api_base: fake.url, num_predict: 4 } },
    {
      model_name: 'dear',
      litellm_params: { model: 'ollama_chat/dear', api_base: fake.url, input_cost_per_token: 0.01 },
      model_info: { output_cost_per_token: 0.1 },
    },
  ],
  hxllm: {
    state_dir: stateDir,
    keys: [
      entryOf('month', { token_budget: 30, budget_duration: '1mo' }),
      entryOf('money', { max_budget: 1 }),
      entryOf('kept', { token_budget: 20 }),
      entryOf('free', { token_budget: 1_000_000 }),
    ],
  },
};
const gateway = await startGateway([fake], OPTIONS);
after(async () => {
  await gateway[Symbol.asyncDispose]();
  await fake.kill();
  rmSync(stateDir, { recursive: true, force: true });
});

const chat = (name: Name, body: object = {}, from: Running = gateway): Promise<Response> =>
  from.chat(body, { headers: { authorization: `Bearer ${keys[name] ?? ''}` } });
const endedOf = (name: Name): number => gateway.ended().filter(({ caller }) => caller === name).length;

test('a spent budget is 429 without a retry, until its next period; it is told at 80 percent and when it is spent', async () => {
  for (const time of [1, 2, 3, 4]) {
    assert.equal((await chat('month', { max_tokens: 2 })).status, 200, String(time));
    await until('it has ended', () => endedOf('month') === time);
  }
  const refused = await chat('month', { max_tokens: 5 });
  const header = (name: string): string | null => refused.headers.get(name);
  assert.deepEqual([refused.status, header('x-should-retry'), header('retry-after')], [429, 'false', null]);
  const { type, code, message } = await errorOf(refused);
  assert.deepEqual([type, code], ['insufficient_quota', 'insufficient_quota']);
  const now = new Date();
  const next = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1)).toISOString();
  assert.equal(
    message,
    `The budget of the key month is 30 tokens: 28 tokens are spent and this request may take 6 tokens. A new period begins at ${next}.`,
  );
  const client = new OpenAI({ apiKey: keys['month'] ?? '', baseURL: `${gateway.url}/v1`, maxRetries: 3 });
  const before = endedOf('month');
  await assert.rejects(
    client.chat.completions.create({ model: 'm', messages: [{ role: 'user', content: 'hi' }] }),
    OpenAI.RateLimitError,
  );
  await until('it is logged', () => endedOf('month') > before);
  assert.equal(endedOf('month'), before + 1);
  const told = (): typeof gateway.log => gateway.log.filter(({ event }) => event === 'budget');
  await until('the store knows of both lines', () => told().length === 2);
  const lines = told();
  assert.deepEqual(
    lines.map(({ owner, alias, unit, percent, spent, budget, until: end }) => [
      owner,
      alias,
      unit,
      percent,
      spent,
      budget,
      end,
    ]),
    [
      ['key', 'month', 'tokens', 80, 28, 30, next],
      ['key', 'month', 'tokens', 100, 28, 30, next],
    ],
  );
});

test('a request that says no length reserves 8,192 tokens, at most the rest of its context', async () => {
  const refused = await chat('kept');
  assert.match(
    (await errorOf(refused)).message,
    /may take 8193 tokens\. It has no period, so it holds until it is raised\./,
  );
});

test('a request that asks for an answer without a limit reserves more than its alias would answer', async () => {
  const ask = async (options: object): Promise<Response> =>
    gateway.ask('/api/chat', {
      method: 'POST',
      headers: { authorization: `Bearer ${keys['kept'] ?? ''}` },
      body: JSON.stringify({ model: 'short', stream: false, messages: [{ role: 'user', content: 'hi' }], options }),
    });
  for (const num_predict of [-1, -2]) {
    const refused = await ask({ num_predict });
    assert.equal(refused.status, 429);
    assert.match(await refused.text(), /this request may take 8193 tokens/);
  }
});

test('money is spent by the prices of the model that answered, and stops no model without a price', async () => {
  assert.equal((await chat('money', { model: 'dear', max_tokens: 9 })).status, 200);
  await until('it has ended', () => endedOf('money') === 1);
  const refused = await chat('money', { model: 'dear', max_tokens: 8 });
  assert.equal(refused.status, 429);
  // 5 tokens for a cent and 2 for ten.
  assert.match((await errorOf(refused)).message, /is \$1: \$0\.25 are spent and this request may take \$0\.81\./);
  assert.equal((await chat('money', { model: 'm' })).status, 200);
});

test('spent amounts outlive the gateway', async () => {
  assert.equal((await chat('kept', { max_tokens: 2 })).status, 200);
  await gateway[Symbol.asyncDispose]();
  const again = await startGateway([fake], OPTIONS);
  const refused = await chat('kept', { max_tokens: 13 }, again);
  const { message } = await errorOf(refused);
  await again[Symbol.asyncDispose]();
  assert.match(message, /7 tokens are spent/);
});
