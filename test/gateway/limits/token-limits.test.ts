import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import OpenAI from 'openai';
import { apiKeyHash, newApiKey } from '../../../src/core/api-key.ts';
import { answersShortly, piece, startFake } from '../fake-upstream.ts';
import { errorOf, startGateway, until } from '../running.ts';

const names = ['small', 'both', 'cut', 'sdk', 'parallel', 'dialects', 'models'] as const;
type Name = (typeof names)[number];
const keys = Object.fromEntries(names.map((name) => [name, newApiKey()]));
const entryOf = (alias: Name, more: object): object => ({ alias, hash: apiKeyHash(keys[alias] ?? ''), ...more });
/** It counts 5 tokens of a prompt and 2 of an answer. */
const fake = await startFake();
const gateway = await startGateway([fake], {
  model_list: ['m', 'other'].map((name) => ({
    model_name: name,
    litellm_params: { model: `ollama_chat/${name}`, api_base: fake.url },
  })),
  router_settings: { model_group_alias: { 'gpt-4': 'm' } },
  hxllm: {
    keys: [
      entryOf('small', { tpm_limit: 100, team: 'all' }),
      entryOf('both', { tpm_limit: 30, rpm_limit: 2 }),
      entryOf('cut', { tpm_limit: 1000 }),
      entryOf('sdk', { tpm_limit: 50 }),
      entryOf('dialects', { tpm_limit: 30 }),
      entryOf('models', { team: 'some', model_rpm_limit: { m: 2 }, model_tpm_limit: { other: 30 } }),
      entryOf('parallel', { tpm_limit: 1000, max_parallel_requests: 1 }),
    ],
    teams: [
      { alias: 'all', tpm_limit: 1000 },
      { alias: 'some', rpm_limit: 100, model_rpm_limit: { other: 3 } },
    ],
  },
});
after(async () => {
  await gateway[Symbol.asyncDispose]();
  await fake.kill();
});

const chat = (name: Name, body: object = {}, signal?: AbortSignal): Promise<Response> =>
  gateway.chat(body, {
    headers: { authorization: `Bearer ${keys[name] ?? ''}` },
    ...(signal === undefined ? {} : { signal }),
  });
const leftOf = ({ headers }: Response): readonly (string | null)[] =>
  ['limit', 'remaining'].flatMap((what) => [
    headers.get(`x-ratelimit-${what}-tokens`),
    headers.get(`anthropic-ratelimit-tokens-${what}`),
  ]);
/** Lets time pass for limits. */
const passMs = (ms: number): void => {
  const now = performance.now.bind(performance);
  performance.now = () => now() + ms;
};
const ended = async (count: number): Promise<void> => {
  await until(`${String(count)} requests have ended`, () => gateway.ended().length === count);
};

test('tokens are reserved before a request, and the count of the server replaces them at its end', async () => {
  // "hi" is a token, and an alias without answers is expected to answer 200.
  const first = await chat('small', { max_tokens: 40 });
  assert.deepEqual([first.status, ...leftOf(first)], [200, '100', '100', '59', '59']);
  assert.equal(first.headers.get('x-ratelimit-reset-tokens'), '1m0s');
  assert.match(first.headers.get('anthropic-ratelimit-tokens-reset') ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  assert.equal(first.headers.get('x-ratelimit-limit-requests'), null);
  await ended(1);
  const second = await chat('small', { max_tokens: 40 });
  assert.deepEqual([second.status, ...leftOf(second)], [200, '100', '100', '52', '52']);
  await ended(2);
  const refused = await chat('small', { max_tokens: 90 });
  assert.deepEqual([refused.status, ...leftOf(refused)], [429, '100', '100', '86', '86']);
  const error = await errorOf(refused);
  assert.deepEqual([error.type, error.code], ['tokens', 'rate_limit_exceeded']);
  assert.match(
    error.message,
    /^Rate limit reached for the key small: 100 tokens per minute, 14 used, 91 requested\. Please try again in \d+s\.$/,
  );
  const waitMs = Number(refused.headers.get('retry-after-ms'));
  assert.ok(waitMs > 1000 && waitMs <= 60_000, String(waitMs));
  passMs(waitMs);
  assert.equal((await chat('small', { max_tokens: 90 })).status, 200);
  passMs(60_000);
  // Beyond the limit: the minute is unused.
  assert.equal((await chat('small', { max_tokens: 190 })).status, 200);
});

test('a request that another limit refuses takes no part of any; a malformed one counts as a request', async () => {
  assert.equal((await chat('both', { max_tokens: 20 })).headers.get('x-ratelimit-remaining-requests'), '1');
  await until('it has ended', () => gateway.ended().some(({ caller }) => caller === 'both'));
  for (let time = 0; time < 3; time += 1) {
    const refused = await chat('both', { max_tokens: 29 });
    assert.deepEqual([refused.status, refused.headers.get('x-ratelimit-remaining-requests')], [429, '1']);
    assert.equal((await errorOf(refused)).type, 'tokens');
  }
  const malformed = await chat('both', { messages: 7 });
  assert.deepEqual([malformed.status, malformed.headers.get('x-ratelimit-remaining-requests')], [400, '0']);
  const refused = await chat('both', { messages: 7 });
  assert.equal(refused.status, 429);
  assert.equal((await errorOf(refused)).type, 'requests');
  // The wait is that of both limits, so the same request passes after it.
  const waiting = await chat('both', { max_tokens: 29 });
  passMs(Number(waiting.headers.get('retry-after-ms')));
  assert.equal((await chat('both', { max_tokens: 29 })).status, 200);
});

test('an answer that is cut off costs what its client was sent', async () => {
  const held = Promise.withResolvers<void>();
  fake.behave(async (_got, outgoing) => {
    outgoing.write(piece('one ') + piece('two '));
    await held.promise;
    outgoing.destroy();
  });
  const leaving = new AbortController();
  const stream = await chat('cut', { stream: true, max_tokens: 150 }, leaving.signal);
  assert.equal(stream.headers.get('x-ratelimit-remaining-tokens'), '849');
  await stream.body?.getReader().read();
  leaving.abort();
  await until('it has ended', () => gateway.ended().some(({ caller }) => caller === 'cut'));
  held.resolve();
  fake.behave(answersShortly('hello'));
  const { prompt_tokens: prompt, completion_tokens: completion } =
    gateway.ended().find(({ caller }) => caller === 'cut') ?? {};
  const left = Number((await chat('cut', { max_tokens: 1 })).headers.get('x-ratelimit-remaining-tokens'));
  assert.equal(left, 1000 - Number(prompt) - Number(completion) - 2);
  assert.ok(left > 980, String(left));
});

test('OpenAI’s SDK waits as long as it is told, and its first retry succeeds', async () => {
  const client = new OpenAI({ apiKey: keys['sdk'] ?? '', baseURL: `${gateway.url}/v1`, maxRetries: 1 });
  const ask = { model: 'm', messages: [{ role: 'user' as const, content: 'hi' }], max_tokens: 45 };
  await client.chat.completions.create(ask);
  await until('it has ended', () => gateway.ended().some(({ caller }) => caller === 'sdk'));
  passMs(59_000);
  const answer = await client.chat.completions.create(ask);
  assert.equal(answer.choices[0]?.message.content, 'hello');
  const statuses = gateway.ended().flatMap(({ caller, status }) => (caller === 'sdk' ? [status] : []));
  assert.deepEqual(statuses.slice(0, 2), [200, 429]);
});

test('each dialect says that tokens are short in its own form', async () => {
  const ask = (path: string, body: object): Promise<Response> =>
    gateway.ask(path, {
      method: 'POST',
      headers: { authorization: `Bearer ${keys['dialects'] ?? ''}` },
      body: JSON.stringify({ model: 'm', ...body }),
    });
  assert.equal((await chat('dialects', { max_tokens: 20 })).status, 200);
  const messages = [{ role: 'user', content: 'hi '.repeat(40) }];
  const anthropic = await ask('/v1/messages', { messages, max_tokens: 20 });
  assert.equal(anthropic.status, 429);
  assert.match(
    await anthropic.text(),
    /"type":"rate_limit_error","message":"Rate limit reached for the key dialects: 30 tokens/,
  );
  const ollama = await ask('/api/chat', { messages });
  assert.deepEqual([ollama.status, /30 tokens per minute/.test(await ollama.text())], [429, true]);
  // The count of a prompt takes no tokens.
  assert.equal((await ask('/v1/messages/count_tokens', { messages })).status, 200);
});

test('a place among the parallel requests is taken before the body, and freed if the request is refused', async () => {
  for (const status of [400, 400]) assert.equal((await chat('parallel', { messages: 7 })).status, status);
  const held = Promise.withResolvers<void>();
  fake.behave(async (got, outgoing) => {
    await held.promise;
    await answersShortly('hello')(got, outgoing);
  });
  const { length } = fake.requests;
  const running = chat('parallel');
  await until('it is served', () => fake.requests.length > length);
  const refused = await chat('parallel');
  assert.match((await errorOf(refused)).message, /the key parallel: 1 request at a time/);
  held.resolve();
  assert.equal((await running).status, 200);
});

test('a key has limits for a model, which its other names do not lead around', async () => {
  const ask = (model: string, more: object = {}): Promise<Response> => chat('models', { model, ...more });
  assert.equal((await ask('gpt-4')).headers.get('x-ratelimit-remaining-requests'), '1');
  assert.equal((await ask('ollama_chat/m')).headers.get('x-ratelimit-remaining-requests'), '0');
  const refused = await ask('m');
  assert.equal(refused.status, 429);
  const { type, message } = await errorOf(refused);
  assert.equal(type, 'requests');
  assert.match(message, /^Rate limit reached for the key models and the model m: 2 requests per minute\./);
  // The other model has a limit of its own, of tokens; the team’s of requests comes behind it.
  const other = await ask('other', { max_tokens: 20 });
  const left = ['requests', 'tokens'].map((unit) => other.headers.get(`x-ratelimit-remaining-${unit}`));
  assert.deepEqual([other.status, ...left], [200, '2', '9']);
  await until('it has ended', () => gateway.ended().some(({ alias }) => alias === 'other'));
  const over = await ask('other', { max_tokens: 29 });
  assert.deepEqual([over.status, (await errorOf(over)).type], [429, 'tokens']);
  assert.match((await errorOf(await ask('other', { max_tokens: 29 }))).message, /and the model other: 30 tokens/);
  assert.equal((await ask('nowhere')).status, 404);
});
