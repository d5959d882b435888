import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, mock, test } from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import { Ollama } from 'ollama';
import OpenAI from 'openai';
import { answersShortly, startFake, type Behaviour } from '../gateway/fake-upstream.ts';
import { startGateway, until } from '../gateway/running.ts';

// Limits of keys, as the SDKs meet them. A wait is not waited for: the clock of the limits goes on by as much as the SDK sleeps.

const state = mkdtempSync(join(tmpdir(), 'hxllm-sdk-limits-'));
const fake = await startFake();
const gateway = await startGateway([fake], { hxllm: { state_dir: state } });
const clock = { now: performance.now.bind(performance), set: globalThis.setTimeout, aheadMs: 0 };
/** Runs while an SDK sleeps. */
let whileAsleep: () => Promise<void> = () => Promise.resolve();
let sleptMs: number[] = [];
let statuses: number[] = [];
mock.method(performance, 'now', () => clock.now() + clock.aheadMs);
mock.method(globalThis, 'setTimeout', (act: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) => {
  if (!/utils\/sleep/.test(new Error('where').stack ?? '')) return clock.set(act, ms, ...args);
  sleptMs.push(ms);
  void whileAsleep().then(() => {
    clock.aheadMs += ms;
    act(...args);
  });
  return clock.set(() => {}, 0);
});
after(async () => {
  mock.restoreAll();
  await gateway[Symbol.asyncDispose]();
  await fake.kill();
  rmSync(state, { recursive: true });
});

let lastRefusal = new Headers();
const countingFetch: typeof fetch = async (input, init) => {
  const response = await fetch(input, init);
  statuses.push(response.status);
  if (response.status === 429) lastRefusal = response.headers;
  return response;
};

type Ask = (key: string) => Promise<unknown>;
const messages = [{ role: 'user' as const, content: 'hi' }];
const MOST = 30;
/** One retry: the first one has to succeed. */
const RETRYING: readonly (readonly [name: string, ask: Ask])[] = [
  [
    'OpenAI',
    (apiKey) =>
      new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey, maxRetries: 1, fetch: countingFetch }).chat.completions.create(
        {
          model: 'm',
          messages,
          max_tokens: MOST,
        },
      ),
  ],
  [
    'Anthropic',
    (apiKey) =>
      new Anthropic({ baseURL: gateway.url, apiKey, maxRetries: 1, fetch: countingFetch }).messages.create({
        model: 'm',
        messages,
        max_tokens: MOST,
      }),
  ],
];
/** It never retries: that is left to its users. */
const ollama: Ask = (key) =>
  new Ollama({ host: gateway.url, headers: { authorization: `Bearer ${key}` }, fetch: countingFetch }).chat({
    model: 'm',
    messages,
    options: { num_predict: MOST },
  });

interface Limit {
  readonly name: string;
  readonly fields: object;
  /** The limit refuses while another request runs, and not because of what was used. */
  readonly whileOpen?: true;
}
const LIMITS: readonly Limit[] = [
  { name: 'requests', fields: { rpm_limit: 1 } },
  { name: 'tokens', fields: { tpm_limit: 20 } },
  { name: 'parallel requests', fields: { max_parallel_requests: 1 }, whileOpen: true },
  { name: 'a reserved budget', fields: { token_budget: 60 }, whileOpen: true },
];

async function newKey(fields: object): Promise<string> {
  const answer = await gateway.ask('/key/generate', { method: 'POST', body: JSON.stringify(fields) });
  // The gateway answers with the text of the key.
  return ((await answer.json()) as { readonly key: string }).key;
}

/** Uses a limit up; the result frees what only holds while a request runs. */
async function useUp(key: string, { whileOpen }: Limit): Promise<() => Promise<void>> {
  const first = (): Promise<Response> =>
    gateway.chat({ max_tokens: MOST }, { headers: { authorization: `Bearer ${key}` } });
  if (whileOpen === undefined) {
    await (await first()).text();
    return () => Promise.resolve();
  }
  const { promise, resolve } = Promise.withResolvers<void>();
  const held: Behaviour = async (got, outgoing) => {
    await promise;
    await answersShortly('hello')(got, outgoing);
  };
  const before = fake.requests.length;
  fake.behave(held);
  const running = first().then((response) => response.text());
  await until('the request is at the server', () => fake.requests.length > before);
  fake.behave(answersShortly('hello'));
  return async () => {
    resolve();
    await running;
    const ended = gateway.ended().length;
    await until('the request has ended', () => gateway.ended().length >= ended);
  };
}

for (const limit of LIMITS) {
  for (const [name, ask] of RETRYING)
    test(`the SDK of ${name} waits as long as the limit of ${limit.name} says, and its first retry succeeds`, async () => {
      const key = await newKey(limit.fields);
      whileAsleep = await useUp(key, limit);
      [sleptMs, statuses] = [[], []];
      await ask(key);
      assert.deepEqual(statuses, [429, 200]);
      const [ms = 0] = sleptMs;
      assert.equal(sleptMs.length, 1);
      assert.ok(ms >= 1 && ms <= 60_000, String(ms));
      assert.equal(String(ms), lastRefusal.get('retry-after-ms'), 'it heeds the gateway, not a default of its own');
    });

  test(`the SDK of Ollama is told of the limit of ${limit.name} once, and a call after retry-after succeeds`, async () => {
    const key = await newKey(limit.fields);
    const free = await useUp(key, limit);
    [sleptMs, statuses] = [[], []];
    await assert.rejects(ollama(key), { status_code: 429 });
    await free();
    clock.aheadMs += Number(lastRefusal.get('retry-after')) * 1000;
    await ollama(key);
    assert.deepEqual([statuses, sleptMs], [[429, 200], []]);
  });
}

test('a spent budget is retried by no SDK', async () => {
  for (const [name, ask] of [...RETRYING, ['Ollama', ollama] as const]) {
    const key = await newKey({ token_budget: 1 });
    [sleptMs, statuses] = [[], []];
    await assert.rejects(ask(key), name);
    assert.deepEqual([statuses, sleptMs], [[429], []], name);
    const headers = lastRefusal;
    assert.deepEqual([headers.get('x-should-retry'), headers.get('retry-after')], ['false', null], name);
  }
});
